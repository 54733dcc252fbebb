"""Getting a graph ready for a backend: fused operations expanded, repetitions taken out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from annette.graph.body import pruned
from annette.graph.graph import Graph
from annette.graph.tensor import Node, Tensor

_NOTHING = ("identity", "stop_gradient")


def lower(graph: Graph, keeps: Callable[[Node], bool] | None = None) -> Graph:
    """Return an equal graph, made ready.

    - A fused operation is replaced by its composite, unless `keeps` says that the backend has a
      kernel for this use of it.
    - An operation that does nothing is passed by.
    - An operation done before on the same inputs is not done again.
    - A loop loses the carries and results that nobody needs, and its body is made ready too.
    """
    replaced: dict[int, Tensor] = {}
    known: dict[Any, Node] = {}
    nodes: list[Node] = []

    def now(t: Tensor) -> Tensor:
        while id(t) in replaced:
            t = replaced[id(t)]
        return t

    # `replaced` and `known` go by identity: what they name must stay alive.
    alive: list[Node] = []

    def add(node: Node) -> None:
        alive.append(node)
        inputs = tuple(now(t) for t in node.inputs)
        primitive = node.primitive
        expand = getattr(primitive, "expand", None)
        if expand is not None and not (keeps is not None and keeps(node)):
            inner, outputs = expand(inputs, node.params)
            for child in inner:
                add(child)
            replaced.update((id(t), now(o)) for t, o in zip(node.outputs, outputs, strict=True))
            return
        if primitive.name in _NOTHING or primitive.name == "custom_gradient":
            replaced.update((id(t), inputs[i]) for i, t in enumerate(node.outputs))
            return
        key = (primitive.name, tuple(map(_identity, inputs)), _hashable(node.params))
        if key in known:
            same = zip(node.outputs, known[key].outputs, strict=True)
            replaced.update((id(t), o) for t, o in same)
            return
        fresh = Node(primitive, inputs, node.params)
        fresh.outputs = tuple(
            Tensor(t.shape, t.dtype, node=fresh, index=i) for i, t in enumerate(node.outputs)
        )
        replaced.update((id(t), o) for t, o in zip(node.outputs, fresh.outputs, strict=True))
        known[key] = fresh
        nodes.append(fresh)

    for node in graph.nodes:
        add(node)
    outputs = [now(t) for t in graph.outputs]
    assigns = [(v, now(t)) for v, t in graph.assigns]
    if any("body" in node.params for node in nodes):
        nodes = _loops(nodes, [*outputs, *(t for _, t in assigns)], keeps)
    return Graph(graph.name, graph.inputs, graph.reads, nodes, outputs, assigns)


def _loops(
    nodes: list[Node], ends: list[Tensor], keeps: Callable[[Node], bool] | None
) -> list[Node]:
    """Return the nodes with loops that do what is needed; from the last to the first."""
    wanted = {id(t) for t in ends}
    ready: list[Node] = []
    for node in reversed(nodes):
        if not any(id(t) in wanted for t in node.outputs):
            continue
        if "body" in node.params:
            node = pruned(node, lambda t: id(t) in wanted, lambda body: lower(body, keeps))
        wanted.update(id(t) for t in node.inputs)
        ready.append(node)
    return ready[::-1]


def _identity(t: Tensor) -> Any:
    """Return what makes two Tensors the same value: small constants compare by value."""
    if t.node is None and t.value is not None and t.value.size == 1:
        return t.dtype, t.shape, np.asarray(t.value).tobytes()
    return id(t)


def _hashable(params: dict[str, Any]) -> Any:
    return tuple((k, v if v.__hash__ else id(v)) for k, v in sorted(params.items()))
