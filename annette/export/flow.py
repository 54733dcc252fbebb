"""A model's operations with sizes that may move: what several traces of it have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from annette.export.errors import Refused
from annette.export.sizes import Size, size_of
from annette.graph.body import Body
from annette.graph.graph import Graph
from annette.graph.primitive import Primitive
from annette.graph.tensor import Node, Tensor
from annette.graph.variable import Variable


class Value:
    """A value of known dtype whose sizes may move.

    `arrays` holds a constant: one array, or one for each trace where the constant moves too. `users`
    are the steps that read it, None for being an output.
    """

    __slots__ = ("arrays", "dtype", "index", "name", "node", "shape", "users", "variable")

    def __init__(self, shape: Sequence[Size], dtype: str, name: str | None = None) -> None:
        self.shape = tuple(shape)
        self.dtype = dtype
        self.name = name
        self.node: Step | None = None
        self.index = 0
        self.variable: Variable | None = None
        self.arrays: tuple[np.ndarray, ...] = ()
        self.users: list[Step | None] = []

    @property
    def known(self) -> np.ndarray | None:
        """The array of a constant that does not move."""
        return self.arrays[0] if len(self.arrays) == 1 else None

    @property
    def stored(self) -> bool:
        """Whether the numbers are known when the model is exported."""
        return self.variable is not None or len(self.arrays) == 1

    @property
    def array(self) -> np.ndarray | None:
        """The numbers that are known when the model is exported: a constant's or a weight's."""
        return self.known if self.variable is None else np.asarray(self.variable._known())


class Step:
    """One operation; its parameters hold sizes that may move."""

    __slots__ = ("inputs", "layer", "outputs", "params", "primitive")

    def __init__(
        self,
        primitive: Primitive,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        params: dict[str, Any],
        layer: str,
    ) -> None:
        self.primitive = primitive
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        self.params = params
        self.layer = layer


class Flow:
    """Inputs, steps in order, outputs; for a whole model and for the body of a loop."""

    def __init__(
        self, inputs: list[Value], steps: list[Step], outputs: list[Value], weights: list[Value]
    ) -> None:
        self.inputs, self.steps, self.outputs, self.weights = inputs, steps, outputs, weights

    def all_steps(self) -> list[Step]:
        """Return the steps, those of loops' bodies included."""
        found = []
        for step in self.steps:
            found.append(step)
            body = step.params.get("body")
            if isinstance(body, Flow):
                found += body.all_steps()
        return found


class Unlike(Exception):
    """Traces of different sizes that do different things."""


def joined(graphs: Sequence[Graph], layer_of: Callable[[Node], str]) -> Flow:
    """Return what traces of one function for different sizes have in common.

    Raises:
        Unlike: if they differ in more than sizes.
    """
    values: dict[int, Value] = {}
    inputs = [_made(ts, values) for ts in _rows(g.inputs for g in graphs)]
    weights = []
    for variable, symbol in graphs[0].reads.items():
        others = [g.reads.get(variable) for g in graphs]
        if any(t is None for t in others):
            raise Unlike("it reads other weights")
        value = values[id(symbol)] = Value(symbol.shape, symbol.dtype, variable.path)
        value.variable = variable
        weights.append(value)
    if any(len(g.nodes) != len(graphs[0].nodes) for g in graphs):
        raise Unlike("it takes another number of operations")
    places = [_places(g) for g in graphs]
    steps = []
    for nodes in zip(*(g.nodes for g in graphs), strict=True):
        steps.append(_step(nodes, values, places, layer_of(nodes[0])))
        for value in steps[-1].inputs:
            value.users.append(steps[-1])
    outputs = [_seen(ts, values, places) for ts in _rows(g.outputs for g in graphs)]
    for value in outputs:
        value.users.append(None)
    return Flow(inputs, steps, outputs, weights)


def _rows(lists: Any) -> list[tuple[Tensor, ...]]:
    return list(zip(*lists, strict=True))


def _places(graph: Graph) -> dict[int, Any]:
    """Return what each Tensor of a graph is called, alike in all traces."""
    names: dict[int, Any] = {id(t): ("input", i) for i, t in enumerate(graph.inputs)}
    names.update((id(t), ("weight", id(v))) for v, t in graph.reads.items())
    for i, node in enumerate(graph.nodes):
        names.update((id(t), ("step", i, j)) for j, t in enumerate(node.outputs))
    return names


def _made(tensors: Sequence[Tensor], values: dict[int, Value]) -> Value:
    value = values[id(tensors[0])] = _value(tensors)
    return value


def _value(tensors: Sequence[Tensor]) -> Value:
    first = tensors[0]
    if any(t.dtype != first.dtype or len(t.shape) != len(first.shape) for t in tensors):
        raise Unlike("a value has another dtype or rank")
    shape = [size_of(sizes) for sizes in zip(*(t.shape for t in tensors), strict=True)]
    return Value(shape, first.dtype, first.name)


def _seen(
    tensors: Sequence[Tensor], values: dict[int, Value], places: list[dict[int, Any]]
) -> Value:
    """Return the value that the traces read: one made before, or a constant."""
    names = {p.get(id(t)) for p, t in zip(places, tensors, strict=True)}
    if len(names) > 1:
        raise Unlike("an operation reads another value")
    first = tensors[0]
    if id(first) in values:
        return values[id(first)]
    if any(t.value is None for t in tensors):
        raise Unlike("an operation reads another value")
    # A number in one trace may be a table in another: as many axes broadcast alike.
    rank = max(len(t.shape) for t in tensors)
    arrays = [np.asarray(t.value) for t in tensors]
    arrays = [a.reshape((1,) * (rank - a.ndim) + a.shape) for a in arrays]
    value = _value([Tensor(a.shape, t.dtype) for a, t in zip(arrays, tensors, strict=True)])
    values[id(first)] = value
    alike = all(a.shape == arrays[0].shape and _same(a, arrays[0]) for a in arrays)
    value.arrays = (arrays[0],) if alike else tuple(arrays)
    return value


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.tobytes() == b.tobytes()


def _step(
    nodes: Sequence[Node], values: dict[int, Value], places: list[dict[int, Any]], layer: str
) -> Step:
    first = nodes[0]
    if any(
        n.primitive is not first.primitive
        or len(n.inputs) != len(first.inputs)
        or n.params.keys() != first.params.keys()
        for n in nodes
    ):
        raise Unlike("an operation is another one")
    inputs = [_seen(ts, values, places) for ts in _rows(n.inputs for n in nodes)]
    params = {k: _param([n.params[k] for n in nodes], layer) for k in first.params}
    outputs = [_made(ts, values) for ts in _rows(n.outputs for n in nodes)]
    step = Step(first.primitive, inputs, outputs, params, layer)
    for i, value in enumerate(outputs):
        value.node, value.index = step, i
    return step


def _param(given: Sequence[Any], layer: str) -> Any:
    first = given[0]
    if isinstance(first, (tuple, list)):
        if any(len(g) != len(first) for g in given):
            raise Unlike("an operation has parameters of another length")
        return tuple(_param(part, layer) for part in zip(*given, strict=True))
    if isinstance(first, bool) or first is None or isinstance(first, (str, float)):
        if any(g != first for g in given):
            raise Unlike("an operation has another parameter")
        return first
    if isinstance(first, (int, np.integer)):
        return size_of([int(g) for g in given])
    if isinstance(first, Body):
        return joined([g.graph for g in given], lambda node: layer)
    if callable(first):
        return first
    raise Refused(f"An operation of {layer!r} has a parameter that no file can hold: {first!r}.")
