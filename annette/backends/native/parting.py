"""Loops over rows that have nothing to do with each other: threads each take some of them.

A batch of sequences is stepped through row by row alike, so a thread can go through all steps with
its rows and meets the others at the end only.
"""

from __future__ import annotations

import math
from typing import Any

from annette.graph.graph import Graph
from annette.graph.tensor import Node, Tensor

# Rows of a part at least, and parts at most: smaller products are slower.
_LEAST_ROWS = 16
_MOST_PARTS = 16
# A body of fewer operations on numbers is not worth a meeting of threads.
_LEAST_WORK = 1 << 16
# Operations of other families that do at each place the same.
_PLACE_BY_PLACE = ("identity", "stop_gradient", "lstm_slopes")


def parts_of(graph: Graph, moving: int) -> int:
    """Return into how many parts the rows of a loop's body are split; 1 for those that are not.

    Args:
        graph: one step.
        moving: how many of its inputs are carries and elements of sequences, which have rows.
    """
    rows = graph.inputs[0].shape[0] if moving and graph.inputs[0].shape else 0
    if _work(graph) < _LEAST_WORK:
        return 1
    fitting = (n for n in range(2, _MOST_PARTS + 1) if rows % n == 0 and rows // n >= _LEAST_ROWS)
    return max(fitting, default=1)


def _work(graph: Graph) -> int:
    work = 0
    for node in graph.nodes:
        inner = node.inputs[0].shape[-1] if node.primitive.name == "matmul" else 1
        work += sum(math.prod(t.shape) for t in node.outputs) * inner
    return work


def one_part(graph: Graph, moving: int, parts: int) -> Graph | None:
    """Return the step for one of `parts` equal parts of the rows; None where rows meet.

    Args:
        graph: one step.
        moving: how many of its inputs have rows, along their first axis; so must all outputs.
        parts: divides the rows.
    """
    parting = _Parting(graph.inputs[0].shape[0], parts)
    for t in graph.inputs[:moving]:
        if not parting.has_rows(t.shape):
            return None
        parting.now[id(t)] = Tensor(parting.smaller(t.shape), t.dtype, name=t.name)
    nodes = []
    for node in graph.nodes:
        if any(id(t) in parting.now for t in node.inputs) or _makes_rows(node):
            params = parting.params(node)
            if params is None:
                return None
            node = parting.node(node, params)
        nodes.append(node)
    if not all(id(t) in parting.now for t in graph.outputs):
        return None
    inputs = [parting.now.get(id(t), t) for t in graph.inputs]
    return Graph(graph.name, inputs, {}, nodes, [parting.now[id(t)] for t in graph.outputs], [])


def _makes_rows(node: Node) -> bool:
    return node.primitive.name == "broadcast_to"


class _Parting:
    """The Tensors of a part, by those of the whole that they are of."""

    def __init__(self, rows: int, parts: int) -> None:
        self.rows, self.few = rows, rows // parts
        self.now: dict[int, Tensor] = {}

    def has_rows(self, shape: tuple[int, ...]) -> bool:
        return bool(shape) and shape[0] == self.rows

    def smaller(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return (self.few, *shape[1:])

    def node(self, node: Node, params: dict[str, Any]) -> Node:
        """Return an operation on the part."""
        inputs = tuple(self.now.get(id(t), t) for t in node.inputs)
        made = Node(node.primitive, inputs, params)
        made.outputs = tuple(
            Tensor(self.smaller(t.shape), t.dtype, node=made, index=i)
            for i, t in enumerate(node.outputs)
        )
        self.now.update((id(t), y) for t, y in zip(node.outputs, made.outputs, strict=True))
        return made

    def params(self, node: Node) -> dict[str, Any] | None:
        """Return an operation's parameters for the part; None where it does more than row by row."""
        params, out = node.params, node.outputs[0].shape
        if not all(self.has_rows(t.shape) for t in node.outputs):
            return None
        first = node.inputs[0]
        rowed = [id(t) in self.now for t in node.inputs]
        name, family = node.primitive.name, node.primitive.family
        if family == "elementwise" or name in _PLACE_BY_PLACE:
            return params if self._broadcasts(node, rowed) else None
        if name == "matmul":
            ranks = len(first.shape), len(node.inputs[1].shape)
            return params if rowed == [True, False] and ranks[0] == 2 and ranks[1] <= 2 else None
        if name == "layer_norm":
            return params if rowed == [True, False, False] and len(out) > 1 else None
        if name == "broadcast_to" and self._broadcasts(node, rowed):
            return {"shape": self.smaller(out)}
        if name == "reshape" and rowed[0]:
            return {"shape": self.smaller(out)}
        if name == "slice" and (params["start"][0], params["stop"][0]) == (0, self.rows):
            return {**params, "stop": (self.few, *params["stop"][1:])}
        if name == "concatenate" and all(rowed):
            return params if params["axis"] % len(out) else None
        if family == "reduce" and name != "cumsum" and rowed[0]:
            return params if _leaves_rows(params["axis"], len(first.shape)) else None
        return None

    def _broadcasts(self, node: Node, rowed: list[bool]) -> bool:
        """Say whether rows stay rows, and what has none is the same for all of them."""
        rank = len(node.outputs[0].shape)
        return all(
            len(t.shape) == rank if has else len(t.shape) < rank or t.shape[0] == 1
            for t, has in zip(node.inputs, rowed, strict=True)
        )


def _leaves_rows(axis: Any, rank: int) -> bool:
    axes = range(rank) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return all(a % rank for a in axes)
