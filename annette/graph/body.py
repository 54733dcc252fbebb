"""Body: what a loop does at each step, recorded once as a graph of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from annette.graph.context import state
from annette.graph.dtypes import numpy_dtype, standardize
from annette.graph.graph import Graph
from annette.graph.primitive import WATCHED, apply, constant, read
from annette.graph.tensor import Node, Tensor
from annette.graph.trace import Trace
from annette.graph.variable import Variable


class Body:
    """A graph that a loop runs at each step; its inputs are carries, elements of xs and constants.

    Its outputs are the new carries and what the step adds to each of the stacked results. It reads
    and assigns no variables: those are among the carries and the constants.
    """

    __slots__ = ("graph",)

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def __call__(self, xp: Any, arrays: Sequence[Any]) -> list[Any]:
        """Run one step, operation after operation, with NumPy or ``jax.numpy`` for `xp`."""
        graph = self.graph
        at: dict[int, Any] = {id(t): x for t, x in zip(graph.inputs, arrays, strict=True)}
        for t in graph.constants():
            at[id(t)] = xp.asarray(t.value, dtype=numpy_dtype(t.dtype))
        for node in graph.nodes:
            primitive, given = node.primitive, [at[id(t)] for t in node.inputs]
            if xp is not np and primitive.jax is not None:
                result = primitive.jax(*given, **node.params)
            else:
                result = primitive.run(xp, *given, **node.params)
            results = result if isinstance(result, tuple) else (result,)
            for t, value in zip(node.outputs, results, strict=True):
                at[id(t)] = xp.asarray(value, dtype=numpy_dtype(t.dtype))
        return [at[id(t)] for t in graph.outputs]

    def replay(self, values: Sequence[Any]) -> list[Any]:
        """Record one step on `values` where operations are being recorded; return its results."""
        graph = self.graph
        at: dict[int, Any] = {id(t): x for t, x in zip(graph.inputs, values, strict=True)}
        for node in graph.nodes:
            result = apply(node.primitive, [at.get(id(t), t) for t in node.inputs], node.params)
            results = result if isinstance(result, tuple) else (result,)
            at.update((id(t), y) for t, y in zip(node.outputs, results, strict=True))
        return [at.get(id(t), t) for t in graph.outputs]

    def __repr__(self) -> str:
        return f"<{len(self.graph.nodes)} operations>"


class Recorded(NamedTuple):
    """A body, and what it is run on: carries and constants as they are outside, stacked xs."""

    body: Body
    operands: list[Any]
    carries: int
    sequences: int
    ys: int  # results that the function asked for
    assigned: list[Variable]  # whose values are the last carries


class _Inner(Trace):
    """Records a step. A variable read is read outside; one that is assigned becomes a carry."""

    def __init__(self, carried: dict[Variable, Tensor]) -> None:
        super().__init__()
        self.reads.update(carried)
        self.current.update(carried)
        self.assigned: dict[Variable, None] = {}
        self.losses: list[list[Any]] = []  # of layers that added one to them in the step

    def read(self, variable: Variable) -> Tensor:
        if variable not in self.current:
            with self.outside():
                symbol = constant_or_tensor(variable._held())
            self.reads[variable] = self.current[variable] = symbol
        return super().read(variable)

    def assign(self, variable: Variable, value: Any) -> None:
        self.assigned[variable] = None
        super().assign(variable, value)

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Be where the loop stands, not in its step."""
        inside = state.trace, state.tapes, state.watched
        state.trace, state.tapes, state.watched = self._before
        try:
            yield
        finally:
            state.trace, state.tapes, state.watched = inside


def constant_or_tensor(value: Any) -> Tensor:
    """Return what an operation sees of `value`, a known one as a constant."""
    value = read(value)
    return value if isinstance(value, Tensor) else constant(value)


def record(
    step: Callable[[list[Any], list[Any], list[Any]], tuple[list[Any], list[Any]]],
    carries: Sequence[Any],
    xs: Sequence[Any],
    constants: Sequence[Any] = (),
    save: bool = True,
) -> Recorded | None:
    """Record one step of a loop.

    What the step reads besides its arguments becomes a constant of the body. What depends on no
    carry and no element of xs is computed once, before the loop.

    Args:
        step: ``step(carries, elements, constants)`` gives the new carries and the step's results.
        carries: their first values.
        xs: arrays or Tensors whose first axis the loop goes along.
        constants: handed to the step as they are.
        save: whether the carries before each step are results too, for the gradient; those that no
            one asks for are left out of what runs.

    Returns:
        None if that is no loop over one body: a carry changes its shape or dtype on the way, or a
        layer adds a loss at each step.
    """
    assigned: list[Variable] = []
    while True:
        first = [*carries, *(v._held() for v in assigned)]
        stand_ins = [_like(x, x.shape) for x in first]
        elements = [_like(x, x.shape[1:]) for x in xs]
        given = [_like(x, x.shape) for x in constants]
        count = len(carries)
        inner = _Inner(dict(zip(assigned, stand_ins[count:], strict=True)))
        lent = _lent()
        with inner:
            new, ys = step(stand_ins[:count], elements, given)
            new = [constant_or_tensor(x) for x in new]
            ys = [constant_or_tensor(y) for y in ys]
            new += [inner.current[v] for v in assigned]
        if inner.losses:
            for losses in inner.losses:
                losses.pop()
            return None
        if lent != _lent():  # a StatelessScope took an assignment
            assert state.scope is not None
            state.scope._values = lent
            return None
        more = [v for v in inner.assigned if v not in assigned]
        if not more:
            break
        assigned += more
    if [(t.shape, t.dtype) for t in new] != [(t.shape, t.dtype) for t in stand_ins]:
        return None
    asked = len(ys)
    if save:
        made = {id(y) for y in ys}
        ys += [c for c, n in zip(stand_ins, new, strict=True) if id(n) not in made]
    inputs = [*stand_ins, *elements]
    known = {id(t): x for t, x in zip(given, constants, strict=True)}
    body, captured = _closed(inputs, known, inner.nodes, [*new, *ys])
    return Recorded(body, [*first, *xs, *captured], len(first), len(xs), asked, assigned)


def _lent() -> dict[int, Any]:
    return {} if state.scope is None else dict(state.scope._values)


def _like(x: Any, shape: Sequence[int]) -> Tensor:
    return Tensor(tuple(shape), standardize(x.dtype))


def _closed(
    inputs: list[Tensor], known: dict[int, Any], nodes: list[Node], outputs: list[Tensor]
) -> tuple[Body, list[Any]]:
    """Return a body that reads nothing but its inputs, and what the inputs added for that are.

    Args:
        inputs: the carries and elements.
        known: the values outside of Tensors that stand for the same at every step.
        nodes: the recorded operations.
        outputs: what the body gives.
    """
    needed = Graph("step", inputs, {}, nodes, outputs, []).nodes
    now: dict[int, Tensor] = {id(t): t for t in inputs}  # what changes from step to step
    captured: dict[int, tuple[Tensor, Any]] = {}

    def inside(t: Tensor) -> Tensor:
        """Return the body's Tensor for one of the recording."""
        if id(t) in now:
            return now[id(t)]
        value = known.get(id(t), t)
        if not isinstance(value, Tensor):
            return constant(np.asarray(value))
        if value is t and t.node is None and t.value is not None and t.name != WATCHED:
            return t
        if id(value) not in captured:
            captured[id(value)] = (Tensor(value.shape, value.dtype), value)
        return captured[id(value)][0]

    kept = []
    for node in needed:
        if not any(id(t) in now for t in node.inputs):
            result = apply(node.primitive, [known.get(id(t), t) for t in node.inputs], node.params)
            results = result if isinstance(result, tuple) else (result,)
            known.update((id(t), y) for t, y in zip(node.outputs, results, strict=True))
            continue
        fresh = Node(node.primitive, tuple(inside(t) for t in node.inputs), node.params)
        fresh.outputs = tuple(
            Tensor(t.shape, t.dtype, node=fresh, index=i) for i, t in enumerate(node.outputs)
        )
        now.update((id(t), y) for t, y in zip(node.outputs, fresh.outputs, strict=True))
        kept.append(fresh)
    ends = [inside(t) for t in outputs]
    given = [t for t, _ in captured.values()]
    graph = Graph("step", [*inputs, *given], {}, kept, ends, [])
    return Body(graph), [value for _, value in captured.values()]


def pruned(node: Node, wanted: Callable[[Tensor], bool], lower: Callable[[Graph], Graph]) -> Node:
    """Return a node of a loop without the carries, elements and results that nobody needs.

    Args:
        node: of the primitive ``scan``; its results are taken over.
        wanted: says whether somebody reads one of its results.
        lower: makes the body ready in turn.
    """
    params = node.params
    graph, n, m = params["body"].graph, params["carries"], params["sequences"]
    ys = [j for j in range(n, len(node.outputs)) if wanted(node.outputs[j])]
    kept = {i for i in range(n) if wanted(node.outputs[i])}
    while True:
        ends = [graph.outputs[i] for i in (*sorted(kept), *ys)]
        part = Graph(graph.name, graph.inputs, {}, graph.nodes, ends, [])
        used = {id(t) for one in part.nodes for t in one.inputs} | {id(t) for t in ends}
        read_now = {i for i in range(n) if id(graph.inputs[i]) in used}
        if read_now <= kept:
            break
        kept |= read_now
    places = [i for i, t in enumerate(graph.inputs) if i in kept or (i >= n and id(t) in used)]
    part.inputs = [graph.inputs[i] for i in places]
    results = [*sorted(kept), *ys]
    fresh = Node(
        node.primitive,
        tuple(node.inputs[i] for i in places),
        {
            **params,
            "body": Body(lower(part)),
            "carries": len(kept),
            "sequences": sum(n <= i < n + m for i in places),
        },
    )
    fresh.outputs = tuple(node.outputs[i] for i in results)
    for index, t in enumerate(fresh.outputs):
        t.node, t.index = fresh, index
    return fresh
