"""The derivative of a function along a direction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from annette.graph.array import wrap
from annette.graph.context import state
from annette.graph.dtypes import is_float, numpy_dtype
from annette.graph.gradient import gradient
from annette.graph.primitive import WATCHED, apply, constant, read
from annette.graph.tensor import Node, Tensor
from annette.ops.common import dtype_of, from_python, to_dtype
from annette.primitives import shape as s


class _Recorder:
    """What makes operations on arrays leave a record: in a tape's place, with a tape's methods."""

    def __init__(self) -> None:
        self.symbols: list[Tensor] = []
        self._read: list[Any] = []

    def note(self, variable: Any, symbol: Any) -> None:
        """Remember a variable that is read, to have it forget that later."""
        self._read.append(variable)

    def __enter__(self) -> _Recorder:
        state.tapes.append(self)
        return self

    def __exit__(self, *exception: object) -> None:
        state.tapes.remove(self)
        # They are known values from now on, and what reads them needs no record.
        for symbol in self.symbols:
            symbol.name = None
        if not state.tapes:
            for variable in self._read:
                variable._leaf = None


def _symbol(x: Any, recorder: _Recorder) -> Tensor:
    """Return a Tensor of its own for `x`, that operations record and fold into no constant."""
    x = read(x)
    if isinstance(x, Tensor) and (x.value is None or state.trace is None):
        own: Tensor = apply(s.identity, (x,), {})
        return own
    known = x if isinstance(x, Tensor) else constant(np.asarray(x))
    if state.trace is None:
        known.name = WATCHED
        recorder.symbols.append(known)
        return known
    node = Node(s.identity, (known,), {})
    node.outputs = (Tensor(known.shape, known.dtype, node=node),)
    state.trace.nodes.append(node)
    return node.outputs[0]


def _leaf(like: Tensor, recorder: _Recorder) -> Tensor:
    """Return zeros of the shape of a Tensor, to be differentiated by."""
    return _symbol(np.zeros(like.shape, numpy_dtype(like.dtype)), recorder)


def _check(primals: Any, tangents: Any) -> None:
    for word, values in (("primals", primals), ("tangents", tangents)):
        if not isinstance(values, (tuple, list)):
            raise TypeError(
                f"jvp expects {word} to be a tuple or list with an entry for each argument of fun; "
                f"it got {type(values).__name__}. Write jvp(fun, (x,), (dx,))."
            )
    if len(primals) != len(tangents):
        raise TypeError(
            f"jvp expects a tangent for each primal; it got {len(primals)} primals and "
            f"{len(tangents)} tangents."
        )


def _tangent(x: Tensor, dx: Any) -> Any:
    dx = from_python(dx)
    if tuple(dx.shape) != tuple(x.shape):
        raise ValueError(
            f"jvp expects each tangent to have the shape of its primal; they are "
            f"{tuple(dx.shape)} and {tuple(x.shape)}."
        )
    return to_dtype(dx, x.dtype) if dtype_of(dx) != x.dtype else dx


def _along(
    ys: list[Any], xs: list[Tensor], directions: list[Any], recorder: _Recorder
) -> list[Any]:
    """Return the derivative of each y.

    The gradient of the ys weighted by u is linear in u; its gradient by u is the derivative.
    """
    symbols = [(i, y) for i, y in enumerate(ys) if isinstance(y, Tensor) and is_float(y.dtype)]
    us = [_leaf(y, recorder) for _, y in symbols]
    backwards = gradient([y for _, y in symbols], xs, us)
    pairs = [(g, d) for g, d in zip(backwards, directions, strict=True) if g is not None]
    found = gradient([g for g, _ in pairs], us, [d for _, d in pairs])
    along: list[Any] = [np.zeros(tuple(y.shape), numpy_dtype(dtype_of(y))) for y in ys]
    for (i, _), dy in zip(symbols, found, strict=True):
        if dy is not None:
            along[i] = dy
    return along


def jvp(fun: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    r"""Return ``fun(*primals)`` and its derivative :math:`\sum_i \partial f / \partial x_i\, t_i`.

    It is found by differentiating the gradient by what it is weighted with (Townsend, 2017).

    Args:
        fun: a function of arrays, that gives an array or a nested structure of them.
        primals: a tuple or list, an entry for each argument.
        tangents: the direction: for each primal an array of its shape.
        has_aux: whether `fun` gives (values, something else to hand on).

    Returns:
        (values, derivatives), with `has_aux` (values, derivatives, the other thing).

    Raises:
        TypeError: if primals or tangents are no tuples or lists of one length.
        ValueError: if a tangent has another shape than its primal.
    """
    from annette.utils import tree

    _check(primals, tangents)
    primals = [from_python(x) for x in primals]
    with _Recorder() as recorder:
        xs = [_symbol(x, recorder) for x in primals]
        directions = [_tangent(x, dx) for x, dx in zip(xs, tangents, strict=True)]
        result = fun(*xs)
        values, rest = (result[0], result[1:]) if has_aux else (result, ())
        flat = [from_python(y) for y in tree.flatten(values)]
        along = _along(flat, xs, directions, recorder)
    plain = tree.pack_sequence_as(values, [_plain(y) for y in flat])
    derivatives = tree.pack_sequence_as(values, [_plain(dy) for dy in along])
    return plain, derivatives, *tree.map_structure(_plain, rest)


def _plain(x: Any) -> Any:
    """Return the array in a Tensor, where nobody goes on recording."""
    if isinstance(x, Tensor):
        known = state.trace is None and not state.tapes
        return wrap(np.asarray(x.value)) if known else x
    return wrap(x) if isinstance(x, np.ndarray) else x
