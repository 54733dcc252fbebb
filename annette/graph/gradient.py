"""The gradient as a transformation: from the nodes that made a value to the nodes of its gradient.

Reverse mode (backpropagation): Linnainmaa, 1970; Rumelhart, Hinton & Williams, 1986.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from annette.graph.dtypes import is_float, numpy_dtype
from annette.graph.primitive import constant
from annette.graph.tensor import Node, Tensor, operator


def gradient(
    ys: Sequence[Any], xs: Sequence[Tensor], seeds: Sequence[Any] | None = None
) -> list[Any]:
    r"""Return :math:`\sum_k \bar y_k\, \partial y_k / \partial x` for each x; None: unconnected.

    Inside a trace or under a tape the result is recorded and can be differentiated again.

    Args:
        ys: the values to differentiate, of any shape.
        xs: the Tensors to differentiate them by.
        seeds: :math:`\bar y` for each y; ones unless given.
    """
    targets = [(y, s) for y, s in zip(ys, seeds or [None] * len(ys), strict=True)]
    targets = [(y, s) for y, s in targets if isinstance(y, Tensor)]
    order = _between([y for y, _ in targets], xs)
    total: dict[int, Any] = {}
    for y, seed in targets:
        g = np.ones(y.shape, numpy_dtype(y.dtype)) if seed is None else seed
        _accumulate(total, y, fit(g, y))
    for node in reversed(order):
        _backward(node, total)
    return [total.get(id(x)) for x in xs]


def _backward(node: Node, total: dict[int, Any]) -> None:
    """Hand the gradients of a node's results on to its inputs."""
    rule = node.primitive.vjp
    given = [_known(total.get(id(t))) for t in node.outputs]
    if rule is None or all(g is None for g in given):
        return
    if len(node.outputs) == 1:
        parts = rule(given[0], node.outputs[0], *node.inputs, **node.params)
    else:
        zeros = (_nothing(t) for t in node.outputs)
        gs = tuple(z if g is None else g for g, z in zip(given, zeros, strict=True))
        parts = rule(gs, node.outputs, *node.inputs, **node.params)
    if len(parts) != len(node.inputs):
        raise ValueError(
            f"The gradient of {node.primitive.name!r} must give one for each of its "
            f"{len(node.inputs)} inputs (None where there is none); it gave {len(parts)}."
        )
    for x, g in zip(node.inputs, parts, strict=True):
        if g is None or not is_float(x.dtype):
            continue
        try:
            _accumulate(total, x, fit(g, x))
        except ValueError as error:
            raise ValueError(f"In the gradient of {node.primitive.name!r}: {error}") from error


def _nothing(t: Tensor) -> Tensor:
    """Return zeros for a result that no gradient comes to; one number in memory."""
    return constant(np.broadcast_to(np.zeros((), numpy_dtype(t.dtype)), t.shape))


def is_nothing(g: Any) -> bool:
    """Say whether a gradient is zero because none came, so that a rule may leave it out."""
    value = g.value if isinstance(g, Tensor) and g.node is None else None
    return value is not None and not any(value.strides) and not np.any(value.flat[:1])


def _known(g: Any) -> Any:
    """Return an array as a Tensor of known value: rules see one kind of thing."""
    return constant(g) if isinstance(g, np.ndarray) else g


def _accumulate(total: dict[int, Any], x: Tensor, g: Any) -> None:
    before = total.get(id(x))
    total[id(x)] = g if before is None else operator("add")(before, g)


def fit(g: Any, x: Any) -> Any:
    """Give a gradient the shape and dtype of what it belongs to: sum what was broadcast, cast.

    Raises:
        ValueError: if it is no gradient of a value of that shape.
    """
    if not hasattr(g, "shape"):
        g = np.asarray(g, numpy_dtype(x.dtype))
    if tuple(g.shape) != tuple(x.shape):
        g = _unbroadcast(g, tuple(x.shape))
    dtype = str(g.dtype)
    return g if dtype == x.dtype else operator("cast")(g, x.dtype)


def _unbroadcast(g: Any, wanted: tuple[int, ...]) -> Any:
    given = tuple(g.shape)
    lead = len(given) - len(wanted)
    inner = range(max(lead, 0), len(given))
    # Counted from the last axis, each size must be the wanted one, or one of the two be 1.
    pairs = [(i, given[i], wanted[i - lead]) for i in inner]
    if any(n != m and 1 not in (n, m) for _, n, m in pairs):
        raise ValueError(
            f"A gradient of shape {given} cannot belong to a value of shape {wanted}: give one of "
            "the value's shape."
        )
    ones = [i for i, n, m in pairs if m == 1 and n != 1]
    if ones or lead > 0:
        g = operator("sum")(g, axis=(*range(lead), *ones), keepdims=bool(ones))
    if ones and lead > 0:
        g = operator("reshape")(g, tuple(g.shape)[lead:])
    return g if tuple(g.shape) == wanted else operator("broadcast_to")(g, wanted)


def _between(ys: list[Tensor], xs: Sequence[Tensor]) -> list[Node]:
    """Return the nodes that lie on a way from an x to a y, each after those it reads."""
    wanted = {id(x) for x in xs}
    connected: dict[int, bool] = {}
    order: list[Node] = []
    written: dict[int, Node] = {}

    def maker(t: Tensor) -> Node | None:
        """Return the node that made it; as it was written, if a shorter way passes by an x."""
        node = t.node
        if node is None or node.instead is None:
            return node
        passed, make = node.instead
        if wanted.isdisjoint(map(id, passed)):
            return node
        if id(node) not in written:
            written[id(node)] = make()
        return written[id(node)]

    for y in ys:
        stack = [(maker(y), False)]
        while stack:
            node, ready = stack.pop()
            if node is None or (id(node) in connected and not ready):
                continue
            if not ready:
                connected[id(node)] = False
                stack.append((node, True))
                stack.extend((maker(t), False) for t in node.inputs)
                continue
            connected[id(node)] = any(
                id(t) in wanted or connected.get(id(maker(t)), False) for t in node.inputs
            )
            if connected[id(node)]:
                order.append(node)
    return order
