"""From a graph to items: each operation as the core does it, or as a call of its NumPy definition."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from annette.backends.native import windows
from annette.backends.native.core import Core
from annette.backends.native.items import Base, Item, Ref, Shape, row_major, span, squeeze
from annette.backends.native.parting import one_part, parts_of
from annette.graph.dtypes import numpy_dtype
from annette.graph.graph import Graph
from annette.graph.tensor import Node, Tensor
from annette.graph.variable import Variable

_REDUCTIONS = ("sum", "prod", "max", "min")
_ROWS = ("softmax", "log_softmax", "sparse_cross_entropy", "cross_entropy")
_NORMS = ("layer_norm", "layer_norm_gradient")
_WIDEST_NORM = 1 << 15  # numbers in a row, for which a thread has memory
_REAL = ("float32", "float64")
_SUMMED = ("bool", "int32", "uint32", "int64", "float32", "float64")
MOST_AXES = 8
_FEW_ROWS = 6  # of a product that reads its second matrix where it lies


def keeps(core: Core, node: Node) -> bool:
    """Say whether the core has a kernel for this use of a fused operation."""
    kernel, inputs = node.primitive.kernel, node.inputs
    if kernel in _ROWS:
        logits = inputs[-1]
        axis = node.params.get("axis", -1)
        last = axis in (-1, len(logits.shape) - 1)
        place = kernel != "sparse_cross_entropy" or inputs[0].dtype in ("int32", "int64")
        same = kernel != "cross_entropy" or (
            inputs[0].dtype == logits.dtype and inputs[0].shape == logits.shape
        )
        return logits.dtype in _REAL and last and place and same and logits.shape[-1] > 0
    if kernel in _NORMS:
        return _normalizes(inputs, 1 if kernel == "layer_norm" else 2)
    step = core.steps.get(str(kernel))
    if step is None or not step.fused:
        return False
    weight = inputs[0]
    arrays = all(t.shape in (weight.shape, ()) for t in inputs)
    return arrays and weight.dtype in _REAL and all(t.dtype == weight.dtype for t in inputs)


def _normalizes(inputs: tuple[Tensor, ...], arrays: int) -> bool:
    """Say whether so many arrays are alike, and the others have a number for each of the last axis."""
    x = inputs[0]
    n = x.shape[-1] if x.shape else 0
    shapes = [x.shape] * arrays + [(n,)] * (len(inputs) - arrays)
    alike = all(t.dtype == x.dtype for t in inputs) and [t.shape for t in inputs] == shapes
    return alike and x.dtype in _REAL and 0 < n <= _WIDEST_NORM


class Given(NamedTuple):
    """How the inputs of a loop's body lie, and the first of those that stay the same."""

    strides: list[Shape]
    fixed: int


class Translator:
    """Makes the items of a graph that `lower` has made ready."""

    def __init__(
        self,
        core: Core,
        graph: Graph,
        variables: list[Variable],
        plan: Callable[[Graph, Given], Any] | None = None,
        given: Given | None = None,
    ) -> None:
        self.core = core
        self.plan = plan
        self.given = given
        # Matrices that a loop packs for its body: the body's input, and the look at it.
        self.packed: list[tuple[int, Ref]] = []
        self._panels: dict[Any, Ref] = {}
        self._inputs = len(graph.inputs)
        self.items: list[Item] = []
        self.bases: list[Base] = []
        self.refs: dict[int, Ref] = {}
        self.constants: dict[Any, Ref] = {}
        for i, t in enumerate(graph.inputs):
            ref = self.fresh("input", t.shape, t.dtype, slot=i)
            if given is not None:
                ref = Ref(ref.base, t.shape, given.strides[i])
                ref.base.size = span(ref)
            self.refs[id(t)] = ref
        self.inputs = [self.refs[id(t)].base for t in graph.inputs]
        self.variables: list[Base] = []
        slots = {v: i for i, v in enumerate(variables)}
        for v in variables:
            self.variables.append(self.fresh("variable", v.shape, v.dtype, slot=slots[v]).base)
        for v, t in graph.reads.items():
            self.refs[id(t)] = Ref(self.variables[slots[v]], t.shape, row_major(t.shape))
        for t in graph.constants():
            self.refs[id(t)] = self.constant(np.asarray(t.value, numpy_dtype(t.dtype)))
        self.used = {id(t) for node in graph.nodes for t in node.inputs}
        self.used |= {id(t) for t in (*graph.outputs, *(t for _, t in graph.assigns))}
        for node in graph.nodes:
            self.node(node)

    def fresh(self, place: str, shape: Shape, dtype: str, slot: int = 0, array: Any = None) -> Ref:
        """Return a new base, looked at as a whole."""
        base = Base(len(self.bases), place, dtype, math.prod(shape), slot, array)
        self.bases.append(base)
        return Ref(base, shape, row_major(shape))

    def constant(self, array: np.ndarray) -> Ref:
        """Return a constant, one base for equal small ones."""
        array = np.ascontiguousarray(array).reshape(array.shape)
        key = (array.dtype.name, array.shape, array.tobytes() if array.size <= 16 else id(array))
        if key not in self.constants:
            self.constants[key] = self.fresh("constant", array.shape, array.dtype.name, array=array)
        return self.constants[key]

    def add(self, item: Item) -> None:
        """Append an item and note what it reads and writes."""
        item.number = len(self.items)
        self.items.append(item)
        for ref in item.reads:
            ref.base.readers.append(item)
        for ref in item.writes:
            ref.base.writers.append(item)

    def node(self, node: Node) -> None:
        """Translate one operation."""
        reads = [self.refs[id(t)] for t in node.inputs]
        rule: Callable[..., Any] | None = getattr(self, f"_{node.primitive.name}", None)
        made: list[Ref] | None = None
        if max((len(t.shape) for t in (*node.inputs, *node.outputs)), default=0) <= MOST_AXES:
            if rule is not None:
                made = rule(node, reads)
            elif node.primitive.name in _REDUCTIONS:
                made = self._reduction(node, reads)
            elif node.primitive.name in _ROWS:
                made = self._rows(node, reads)
            else:
                made = self._step(node, reads)
        if made is None:
            made = self._call(node, reads)
        self.refs.update((id(t), ref) for t, ref in zip(node.outputs, made, strict=True))

    # --- elementwise ------------------------------------------------------------------------------

    def _step(self, node: Node, reads: list[Ref]) -> list[Ref] | None:
        step = self.core.steps.get(node.primitive.name) or self.core.steps.get(
            str(node.primitive.kernel)
        )
        if step is None or len(reads) != step.inputs:
            return None
        code = self.core.codes.get(reads[-1].dtype, -1)
        if code not in step.types or (step.fused and reads[0].dtype != reads[-1].dtype):
            return None
        return self._emit_step(
            node.outputs, reads, step, code, _numbers(node) if step.fused else ()
        )

    def _emit_step(
        self, outputs: tuple[Tensor, ...], reads: list[Ref], step: Any, code: int,
        params: tuple[float, ...] = (),
    ) -> list[Ref]:  # fmt: skip
        shape = outputs[0].shape
        made = [self.fresh("temp", t.shape, t.dtype) for t in outputs]
        self.add(
            Item(
                "step", step.name, [r.broadcast(shape).squeezed() for r in reads],
                [m.squeezed() for m in made], shape=squeeze(shape), index=step.index, type=code,
                params=params,
            )
        )  # fmt: skip
        return made

    def _cast(self, node: Node, reads: list[Ref]) -> list[Ref] | None:
        step = self.core.steps.get(f"cast_{reads[0].dtype}")
        code = self.core.codes.get(node.params["dtype"], -1)
        if reads[0].dtype == node.params["dtype"]:
            return [reads[0]]
        if step is None or code not in step.types:
            return None
        return self._emit_step(node.outputs, reads, step, code)

    def copy(self, source: Ref, target: Ref) -> None:
        """Copy one look into another of the same shape."""
        self.add(
            Item("step", "copy", [source.broadcast(target.shape).squeezed()], [target.squeezed()],
                 shape=squeeze(target.shape))
        )  # fmt: skip

    def dense(self, ref: Ref) -> Ref:
        """Return the same values side by side."""
        if ref.dense:
            return ref
        made = self.fresh("temp", ref.shape, ref.dtype)
        # In the order in which it lies, so that the loop that makes it can write it there at once;
        # not where rows would become columns, which are written one number at a time.
        order = tuple(sorted(range(len(ref.shape)), key=lambda i: -ref.strides[i]))
        turned = ref.transposed(order)
        if turned.whole and order[-1] == len(order) - 1:
            self.copy(turned, made.transposed(order))
        else:
            self.copy(ref, made)
        return made

    # --- shape ------------------------------------------------------------------------------------

    def _reshape(self, node: Node, reads: list[Ref]) -> list[Ref]:
        shape = node.outputs[0].shape
        return [reads[0].reshaped(shape) or Ref(self.dense(reads[0]).base, shape, row_major(shape))]

    def _transpose(self, node: Node, reads: list[Ref]) -> list[Ref]:
        return [reads[0].transposed(node.params["axes"])]

    def _broadcast_to(self, node: Node, reads: list[Ref]) -> list[Ref]:
        return [reads[0].broadcast(node.outputs[0].shape)]

    def _slice(self, node: Node, reads: list[Ref]) -> list[Ref]:
        p = node.params
        return [reads[0].sliced(p["start"], p["stop"], p["step"])]

    def _flip(self, node: Node, reads: list[Ref]) -> list[Ref]:
        return [reads[0].flipped(node.params["axes"])]

    def _concatenate(self, node: Node, reads: list[Ref]) -> list[Ref]:
        out, axis = node.outputs[0], node.params["axis"]
        made = self.fresh("temp", out.shape, out.dtype)
        made.base.parted = True
        start = 0
        for part in reads:
            self.copy(part, _window(made, axis, start, part.shape[axis]))
            start += part.shape[axis]
        return [made]

    def _pad(self, node: Node, reads: list[Ref]) -> list[Ref]:
        out, widths = node.outputs[0], node.params["widths"]
        made = self.fresh("temp", out.shape, out.dtype)
        self.copy(self.constant(np.zeros((), numpy_dtype(out.dtype))), made)
        inside = made.sliced(
            tuple(low for low, _, _ in widths),
            tuple(
                low + (n - 1) * (gap + 1) + 1 if n else low
                for n, (low, _, gap) in zip(reads[0].shape, widths, strict=True)
            ),
            tuple(gap + 1 for _, _, gap in widths),
        )
        self.copy(reads[0], inside)
        return [made]

    # --- structured -------------------------------------------------------------------------------

    def _matmul(self, node: Node, reads: list[Ref]) -> list[Ref] | None:
        out = node.outputs[0]
        if out.dtype not in _REAL:
            return None
        made = self.fresh("temp", out.shape, out.dtype)
        a, b = (r.broadcast((*out.shape[:-2], *r.shape[-2:])) for r in reads)
        operands = [a, b, *self._ready(a, b)]
        self.add(
            Item("matmul", "matmul", operands, [made], shape=squeeze(out.shape), full=out.shape)
        )
        return [made]

    def _ready(self, a: Ref, b: Ref) -> list[Ref]:
        """Return the panels of a matrix that is the same at all steps: packed before the loop."""
        fixed = (
            self.given is not None and b.base.place == "input" and b.base.slot >= self.given.fixed
        )
        if not fixed or len(b.shape) != 2 or 0 in b.shape:
            return []
        if a.shape[0] <= _FEW_ROWS and b.strides[1] == 1:  # read where they lie
            return []
        key = (b.base, b.offset, b.shape, b.strides)
        if key not in self._panels:
            slot = self._inputs + len(self.packed)
            self._panels[key] = self.fresh("input", (self._panel_size(b),), b.dtype, slot=slot)
            self.packed.append((b.base.slot, b))
        return [self._panels[key]]

    def _panel_size(self, b: Ref) -> int:
        panel: int = self.core.panels[b.dtype]
        return -(-b.shape[1] // panel) * panel * b.shape[0]

    def _reduction(self, node: Node, reads: list[Ref]) -> list[Ref] | None:
        axes = node.params["axis"]
        if reads[0].dtype not in _SUMMED:
            return None
        made = self.fresh("temp", node.outputs[0].shape, node.outputs[0].dtype)
        self._along(node.primitive.name, reads[0], axes, made)
        return [made]

    def _along(self, kind: str, x: Ref, axes: Shape, made: Ref) -> None:
        kept = tuple(i for i in range(len(x.shape)) if i not in axes)
        self.add(
            Item(kind, kind, [x.transposed((*kept, *axes))], [made], ints=(len(kept), len(axes)))
        )

    def _argmax(self, node: Node, reads: list[Ref]) -> list[Ref] | None:
        if reads[0].dtype not in _SUMMED:
            return None
        made = self.fresh("temp", node.outputs[0].shape, "int32")
        self._along(node.primitive.name, reads[0], (node.params["axis"],), made)
        return [made]

    _argmin = _argmax

    def _cumsum(self, node: Node, reads: list[Ref]) -> list[Ref] | None:
        x, axis = reads[0], node.params["axis"]
        if x.dtype not in _SUMMED[1:]:
            return None
        made = self.fresh("temp", x.shape, x.dtype)
        order = (*(i for i in range(len(x.shape)) if i != axis), axis)
        self.add(
            Item("cumsum", "cumsum", [x.transposed(order)], [made.transposed(order)],
                 ints=(len(order) - 1, 1))
        )  # fmt: skip
        return [made]

    def _rows(self, node: Node, reads: list[Ref]) -> list[Ref]:
        made = self.fresh("temp", node.outputs[0].shape, node.outputs[0].dtype)
        name = node.primitive.name
        self.add(Item(name, name, [self.dense(r) for r in reads], [made]))
        return [made]

    def _layer_norm(self, node: Node, reads: list[Ref]) -> list[Ref]:
        made = [self.fresh("temp", t.shape, t.dtype) for t in node.outputs]
        epsilon = np.asarray(node.params["epsilon"], numpy_dtype(node.outputs[0].dtype))
        name = node.primitive.name
        self.add(Item(name, name, [*map(self.dense, reads), self.constant(epsilon)], made))
        return made

    _layer_norm_gradient = _layer_norm

    def _take(self, node: Node, reads: list[Ref]) -> list[Ref] | None:
        axis, shape = node.params["axis"], reads[0].shape
        sizes = (math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :]))
        return self._indexed("take", node, reads, (*sizes, math.prod(reads[1].shape)))

    def _within(self, node: Node, reads: list[Ref]) -> list[Ref] | None:
        x = self.dense(reads[0])
        if x.dtype not in ("int32", "int64"):
            return None
        made = self.fresh("temp", x.shape, x.dtype)
        told, size = node.params["told"], node.params["size"]
        self.add(Item("within", "within", [x], [made], ints=(size, x.base.size), call=told))
        return [made]

    def _scatter_add(self, node: Node, reads: list[Ref]) -> list[Ref] | None:
        axis, shape = node.params["axis"], node.outputs[0].shape
        sizes = (math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :]))
        return self._indexed("scatter_add", node, reads, (*sizes, math.prod(reads[1].shape)))

    def _take_along_axis(self, node: Node, reads: list[Ref]) -> list[Ref] | None:
        axis, shape = node.params["axis"], reads[0].shape
        sizes = (math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :]))
        return self._indexed("take_along_axis", node, reads, (*sizes, reads[1].shape[axis]))

    def _put_along_axis(self, node: Node, reads: list[Ref]) -> list[Ref] | None:
        axis, shape = node.params["axis"], node.outputs[0].shape
        sizes = (math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :]))
        return self._indexed("put_along_axis", node, reads, (*sizes, reads[1].shape[axis]))

    def _indexed(
        self, kind: str, node: Node, reads: list[Ref], ints: tuple[int, ...]
    ) -> list[Ref] | None:
        x, places = reads
        if kind != "take" and x.dtype not in ("int32", "int64", *_REAL):
            return None
        if places.dtype not in ("int32", "int64"):
            wide = Tensor(places.shape, "int64")
            step = self.core.steps[f"cast_{places.dtype}"]
            places = self._emit_step((wide,), [places], step, self.core.codes["int64"])[0]
        made = self.fresh("temp", node.outputs[0].shape, node.outputs[0].dtype)
        self.add(Item(kind, kind, [self.dense(x), self.dense(places)], [made], ints=ints))
        return [made]

    def _random_bits(self, node: Node, reads: list[Ref]) -> list[Ref]:
        out = node.outputs[0]
        made = self.fresh("temp", out.shape, out.dtype)
        self.add(
            Item("random_bits", "random_bits", [self.dense(reads[0])], [made], ints=(out.size,))
        )
        return [made]

    # --- windows ----------------------------------------------------------------------------------

    def _conv(self, node: Node, reads: list[Ref]) -> list[Ref] | None:
        x, w = reads
        axes = windows.forward(x.shape[1:-1], w.shape[:-2], node)
        if windows.is_depthwise(w.shape, node.params["groups"]):
            return self._windowed("depthwise", node, [self.dense(x), self.dense(w)], axes)
        return self._windowed("conv", node, [x, w], axes)

    def _conv_input(self, node: Node, reads: list[Ref]) -> list[Ref] | None:
        g, w = reads
        axes = windows.backward(node.params["sizes"], w.shape[:-2], node)
        if windows.is_depthwise(w.shape, node.params["groups"]):
            return self._windowed("depthwise", node, [self.dense(g), self.dense(w)], axes)
        return self._windowed("conv", node, [g, w], axes, turned=True)

    def _conv_filter(self, node: Node, reads: list[Ref]) -> list[Ref] | None:
        x, g = reads[0], self.dense(reads[1])
        axes = windows.forward(x.shape[1:-1], node.params["taps"], node)
        if windows.is_depthwise(node.outputs[0].shape, node.params["groups"]):
            return self._windowed("depthwise_filter", node, [self.dense(x), g], axes)
        return self._windowed("conv_filter", node, [x, g], axes)

    def _sum_pool(self, node: Node, reads: list[Ref]) -> list[Ref] | None:
        axes = windows.forward(reads[0].shape[1:-1], node.params["size"], node)
        return self._windowed("depthwise", node, [self.dense(reads[0])], axes)

    def _sum_unpool(self, node: Node, reads: list[Ref]) -> list[Ref] | None:
        axes = windows.backward(node.params["sizes"], node.params["size"], node)
        return self._windowed("depthwise", node, [self.dense(reads[0])], axes)

    def _max_pool(self, node: Node, reads: list[Ref]) -> list[Ref] | None:
        axes = windows.forward(reads[0].shape[1:-1], node.params["size"], node)
        if id(node.outputs[1]) in self.used:
            return self._windowed("max_pool", node, [self.dense(reads[0])], axes)
        # Nobody asks where the largest stand: they are found like sums.
        return self._windowed("depthwise", node, [self.dense(reads[0])], axes, turned=True)

    def _max_unpool(self, node: Node, reads: list[Ref]) -> list[Ref] | None:
        axes = windows.backward(node.params["sizes"], node.params["size"], node)
        return self._windowed("max_unpool", node, [self.dense(r) for r in reads], axes)

    def _windowed(
        self, kind: str, node: Node, reads: list[Ref], axes: windows.Axes, turned: bool = False
    ) -> list[Ref] | None:
        """Add an item of a kind that windows serve; its images and kernels get three spatial axes."""
        x, out = node.inputs[0], node.outputs[0]
        if 0 in (*x.shape, *out.shape):
            return [self.constant(np.zeros(t.shape, numpy_dtype(t.dtype))) for t in node.outputs]
        if x.dtype not in _REAL or len(axes) > windows.MOST:
            return None
        if kind in ("conv", "conv_filter") and windows.reach(axes, x) > self.core.most_box:
            return None
        filters = node.inputs[1].shape[-1] if kind == "conv_filter" else out.shape[-1]
        own = kind not in ("conv", "conv_filter")  # each channel for itself
        groups = x.shape[-1] if own else node.params["groups"]
        ints = (x.shape[0], x.shape[-1], filters, groups, int(turned), *windows.numbers(axes))
        made = [self.fresh("temp", t.shape, t.dtype) for t in node.outputs]
        kernel = kind in ("conv", "depthwise")
        wide = [windows.widened(r, 0 if i and kernel else 1) for i, r in enumerate(reads)]
        shape = squeeze(out.shape)
        kept = made[:1] if kind == "depthwise" else made
        self.add(
            Item(kind, node.primitive.name, wide, kept, shape=shape, full=out.shape, ints=ints)
        )
        return made

    # --- loops ------------------------------------------------------------------------------------

    def _scan(self, node: Node, reads: list[Ref]) -> list[Ref]:
        """Add an item whose body is a plan of its own.

        Where a carry is one of the stacked results, after a step or before it, it lies there; else
        it has two places, which a step reads and writes by turns.
        """
        p, graph = node.params, node.params["body"].graph
        n, m, length = p["carries"], p["sequences"], p["length"]
        if not length:
            ys = node.outputs[n:]
            return [
                *reads[:n],
                *(self.constant(np.zeros(t.shape, numpy_dtype(t.dtype))) for t in ys),
            ]
        given = [
            self.dense(r) if i < n or any(s < 0 for s in r.strides) else r
            for i, r in enumerate(reads)
        ]
        homes = _homes(graph, n)
        made = [self.fresh("temp", t.shape, t.dtype) for t in node.outputs]
        rooms = [
            self.fresh("temp", (2 * t.size,), t.dtype)
            for t, (home, _) in zip(node.outputs, homes, strict=False)
            if home == _ROOMS
        ]
        saved = {n + j for home, j in homes if home == _SAVED}
        outputs = [t for t, (home, _) in zip(graph.outputs, homes, strict=False) if home != _MADE]
        outputs += [t for j, t in enumerate(graph.outputs) if j >= n and j not in saved]
        body = Graph(f"{p['length']} steps", graph.inputs, {}, graph.nodes, outputs, [])
        parts = parts_of(body, n + m)
        fewer = one_part(body, n + m, parts) if parts > 1 else None
        strides = [r.strides[1:] if n <= i < n + m else r.strides for i, r in enumerate(given)]
        assert self.plan is not None
        lies = Given(strides, n + m)
        plan = None if fewer is None else self.plan(fewer, lies)
        if plan is None or plan.calls_numpy:  # which one thread does
            plan, parts = self.plan(body, lies), 1
        given += [self._pack(given[slot], look) for slot, look in plan.packed]
        homed = (i for home in homes for i in home)
        ints = (n, m, length, int(p["reverse"]), parts, *homed)
        self.add(Item("scan", "scan", given, [*made, *rooms], ints=ints, call=plan))
        return made

    def _pack(self, whole: Ref, look: Ref) -> Ref:
        """Lay a matrix out as products read it; `look` is the body's, at what `whole` looks at."""
        b = Ref(whole.base, look.shape, look.strides, whole.offset + look.offset)
        made = self.fresh("temp", (self._panel_size(b),), b.dtype)
        self.add(Item("pack", "pack", [b], [made]))
        return made

    # --- the rest ---------------------------------------------------------------------------------

    def _call(self, node: Node, reads: list[Ref]) -> list[Ref]:
        made = [self.fresh("temp", t.shape, t.dtype) for t in node.outputs]
        self.add(Item("call", node.primitive.name, reads, made, call=_numpy_call(node)))
        return made


# Where a carry lies between two steps; see native/core/scan.hpp.
_ROOMS, _MADE, _SAVED = range(3)


def _homes(graph: Graph, carries: int) -> list[tuple[int, int]]:
    """Return where each carry of a body lies, and as which of the stacked results."""
    stacked = {id(t): j for j, t in enumerate(graph.outputs[carries:])}
    homes = []
    for before, after in zip(graph.inputs, graph.outputs[:carries], strict=False):
        if id(after) in stacked:
            homes.append((_MADE, stacked[id(after)]))
        elif id(before) in stacked:
            homes.append((_SAVED, stacked[id(before)]))
        else:
            homes.append((_ROOMS, 0))
    taken = [j for home, j in homes if home == _MADE]
    return [(_ROOMS, 0) if home == _SAVED and j in taken else (home, j) for home, j in homes]


def _window(ref: Ref, axis: int, start: int, size: int) -> Ref:
    starts, stops = [0] * len(ref.shape), list(ref.shape)
    starts[axis], stops[axis] = start, start + size
    return ref.sliced(tuple(starts), tuple(stops), (1,) * len(ref.shape))


def _numpy_call(node: Node) -> Callable[[list[np.ndarray], list[np.ndarray]], None]:
    run, params = node.primitive.run, node.params

    def call(inputs: list[np.ndarray], outputs: list[np.ndarray]) -> None:
        with np.errstate(all="ignore"):
            result = run(np, *inputs, **params)
        for into, value in zip(
            outputs, result if isinstance(result, tuple) else (result,), strict=True
        ):
            into[...] = value

    return call


def _numbers(node: Node) -> tuple[float, ...]:
    """Return a fused operation's parameters in the order its composite names them."""
    composite = node.primitive.composite  # type: ignore[attr-defined]  # of a fused operation
    names = [
        p.name for p in inspect.signature(composite).parameters.values()
        if p.kind is inspect.Parameter.KEYWORD_ONLY
    ]  # fmt: skip
    return tuple(float(node.params[n]) for n in names)
