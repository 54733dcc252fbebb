"""The NumPy backend: a graph becomes a straight-line Python function of NumPy calls.

The reference, and what serves where nothing faster is built. Results of universal functions go into
buffers whose last reader is done, and into a variable's own array where that is assigned.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from annette.backends.base import Backend, Program
from annette.graph.dtypes import numpy_dtype
from annette.graph.graph import Graph
from annette.graph.lower import lower
from annette.graph.tensor import Node, Tensor
from annette.graph.variable import Variable

# Below this size (bytes) a fresh array from NumPy's cache is as fast as a buffer.
_SMALL = 2048


class NumpyProgram(Program):
    """A graph as a Python function; `source` is its text."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        changed = {v: None for v, _ in graph.assigns}
        self._kept = [v for v in graph.reads if v not in changed]
        self._changed = list(changed)
        writer = _Writer(lower(graph), [*self._kept, *changed])
        self.source, names = writer.write()
        exec(compile(self.source, f"<graph {graph.name}>", "exec"), names)
        self._run: Callable[..., tuple[Any, ...]] = names["run"]
        self._lock = threading.Lock()

    def __call__(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Run once; return the outputs, which are the caller's to keep."""
        with self._lock, np.errstate(all="ignore"):
            kept = [v.array for v in self._kept]
            return list(self._run(*inputs, *kept, *[v.own() for v in self._changed]))


class NumpyBackend(Backend):
    """NumPy, on one thread but for its matrix products."""

    name = "numpy"

    def compile(self, graph: Graph) -> Program:
        """Make a program of `graph`."""
        return NumpyProgram(graph)

    def describe(self) -> dict[str, Any]:
        """Return what `annette info` says of it."""
        return {"name": self.name, "version": np.__version__}


def _loop(node: Node) -> Callable[..., Any]:
    """Return what runs a loop: its body a function of its own, whose buffers serve every step."""
    params = node.params
    graph, n, length = params["body"].graph, params["carries"], params["length"]
    m = n + params["sequences"]
    # What a step stacks is copied at once; a carry must outlive the buffers.
    source, names = _Writer(graph, [], range(n)).write()
    exec(compile(source, "<step>", "exec"), names)
    step: Callable[..., tuple[Any, ...]] = names["run"]
    places = range(length - 1, -1, -1) if params["reverse"] else range(length)
    stacked = [((length, *t.shape), numpy_dtype(t.dtype)) for t in graph.outputs[n:]]

    def loop(*operands: Any) -> Any:
        state: Sequence[Any] = operands[:n] if places else [np.array(x) for x in operands[:n]]
        xs, constants = operands[n:m], operands[m:]
        ys = [np.empty(shape, dtype) for shape, dtype in stacked]
        for t in places:
            made = step(*state, *[x[t] for x in xs], *constants)
            state = made[:n]
            for y, value in zip(ys, made[n:], strict=True):
                y[t] = value
        results = (*state, *ys)
        return results if len(results) > 1 else results[0]

    return loop


class _Writer:
    """Writes the function: one line an operation, buffers chosen by who still reads them."""

    def __init__(
        self, graph: Graph, variables: list[Variable], copied: range | None = None
    ) -> None:
        self.graph = graph
        self.variables = variables
        self.copied = range(len(graph.outputs)) if copied is None else copied
        self.globals: dict[str, Any] = {"copy": np.array, "copyto": np.copyto}
        self.names: dict[int, str] = {}
        self.lines: list[str] = []
        self.free: dict[tuple[tuple[int, ...], str], list[str]] = defaultdict(list)
        # Which array a Tensor's values lie in: views share that of what they look at.
        self.home: dict[int, str] = {}
        self.buffers = 0

    def write(self) -> tuple[str, dict[str, Any]]:
        graph = self.graph
        arguments = [f"x{i}" for i in range(len(graph.inputs))]
        arguments += [f"v{i}" for i in range(len(self.variables))]
        number = {v: i for i, v in enumerate(self.variables)}
        for i, t in enumerate(graph.inputs):
            self._settle(t, f"x{i}", f"x{i}")
        for v, t in graph.reads.items():
            self._settle(t, f"v{number[v]}", f"v{number[v]}")
        for i, t in enumerate(graph.constants()):
            value = np.asarray(t.value, dtype=numpy_dtype(t.dtype))
            self.globals[f"c{i}"] = value[()] if value.ndim == 0 else value
            self._settle(t, f"c{i}", f"c{i}")
        self._plan_homes()
        targets = self._direct_targets(number)
        for place, node in enumerate(graph.nodes):
            self._emit(place, node, targets)
        values = [self.names[id(t)] for t in graph.outputs]
        outputs = [f"copy({v})" if i in self.copied else v for i, v in enumerate(values)]
        for i, text in enumerate(outputs):
            self.lines.append(f"o{i} = {text}")
        self._store(number, targets)
        self.lines.append(f"return ({''.join(f'o{i}, ' for i in range(len(outputs)))})")
        body = "\n    ".join(self.lines)
        return f"def run({', '.join(arguments)}):\n    {body}\n", self.globals

    def _settle(self, tensor: Tensor, name: str, home: str) -> None:
        self.names[id(tensor)] = name
        self.home[id(tensor)] = home

    def _plan_homes(self) -> None:
        """Note for each array the last node that reads it, views included."""
        self.last: dict[str, int] = {}
        place_of: dict[int, str] = dict(self.home)
        for place, node in enumerate(self.graph.nodes):
            for i, t in enumerate(node.outputs):
                shared = node.primitive.view and node.inputs
                place_of[id(t)] = (
                    place_of[id(node.inputs[min(i, len(node.inputs) - 1)])]
                    if shared
                    else f"t{id(t)}"
                )
            for t in (*node.inputs, *node.outputs):
                self.last[place_of[id(t)]] = place
        for t in (*self.graph.outputs, *(t for _, t in self.graph.assigns)):
            self.last[place_of[id(t)]] = len(self.graph.nodes)
        self.place_of = place_of

    def _direct_targets(self, number: dict[Variable, int]) -> dict[int, str]:
        """Return the results that may be computed straight into the variable they are for."""
        made = {
            id(t): (place, node)
            for place, node in enumerate(self.graph.nodes)
            for t in node.outputs
        }
        targets: dict[int, str] = {}
        ends = [id(t) for t in (*self.graph.outputs, *(t for _, t in self.graph.assigns))]
        for variable, tensor in self.graph.assigns:
            if id(tensor) not in made or ends.count(id(tensor)) > 1:
                continue
            place, node = made[id(tensor)]
            array = f"v{number[variable]}"
            written_late = self.last.get(array, -1) <= place
            elementwise = node.primitive.ufunc is not None and node.primitive.name != "matmul"
            if elementwise and written_late and variable.shape == tensor.shape:
                targets[id(tensor)] = array
        return targets

    def _emit(self, place: int, node: Node, targets: dict[int, str]) -> None:
        primitive = node.primitive
        given = [self.names[id(t)] for t in node.inputs]
        out = node.outputs[0]
        self.names.update({id(t): f"t{len(self.names)}_{i}" for i, t in enumerate(node.outputs)})
        if primitive.ufunc is not None:
            self.globals[primitive.name] = primitive.ufunc
            is_product = primitive.name == "matmul"
            if not is_product:
                self._release(place, node)
            # NumPy multiplies matrices of bfloat16 in single precision, and leaves them there.
            widened = is_product and out.dtype == "bfloat16"
            buffer = None if widened else targets.get(id(out)) or self._buffer(out)
            call = f"{primitive.name}({', '.join(given)}{', out=' + buffer if buffer else ''})"
            if widened:
                self.globals["bfloat16"] = numpy_dtype("bfloat16")
                call += ".astype(bfloat16, copy=False)"
            if buffer:
                self.home[id(out)] = buffer
            if is_product:
                self._release(place, node)
        else:
            function = f"{primitive.name}_{place}"
            self.globals[function] = (
                _loop(node) if "body" in node.params else partial(primitive.run, np, **node.params)
            )
            call = f"{function}({', '.join(given)})"
            if primitive.view and node.inputs:
                for t in node.outputs:
                    self.home[id(t)] = self.home.get(id(node.inputs[0]), "")
            self._release(place, node)
        left = ", ".join(self.names[id(t)] for t in node.outputs)
        self.lines.append(f"{left} = {call}")

    def _buffer(self, tensor: Tensor) -> str | None:
        dtype = numpy_dtype(tensor.dtype)
        if tensor.size * dtype.itemsize < _SMALL:
            return None
        key = (tensor.shape, tensor.dtype)
        if self.free[key]:
            return self.free[key].pop()
        name = f"b{self.buffers}"
        self.buffers += 1
        self.globals[name] = np.empty(tensor.shape, dtype)
        return name

    def _release(self, place: int, node: Node) -> None:
        """Give back the buffers that this node is the last to read."""
        for t in {id(t): t for t in node.inputs}.values():
            where = self.place_of[id(t)]
            buffer = self.home.get(id(t), "")
            if self.last[where] == place and buffer.startswith("b"):
                array = self.globals[buffer]
                free = self.free[(array.shape, array.dtype.name)]
                if buffer not in free:
                    free.append(buffer)

    def _store(self, number: dict[Variable, int], targets: dict[int, str]) -> None:
        """Write the new values of the variables, none before another's old value was read."""
        rest = [(v, t) for v, t in self.graph.assigns if id(t) not in targets]
        arrays = {f"v{number[v]}" for v, _ in rest}
        late = []
        for v, t in rest:
            value = self.names[id(t)]
            # A value that lies in a variable's array may be overwritten below: take it first.
            if self.place_of[id(t)] in arrays and len(rest) > 1:
                self.lines.append(f"s{number[v]} = copy({value})")
                value = f"s{number[v]}"
            late.append(f"copyto(v{number[v]}, {value})")
        self.lines.extend(late)
