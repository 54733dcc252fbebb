"""A function of scalars as a function of arrays."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from annette.ops.common import from_python, rank
from annette.ops.numpy import shaping


def vectorize(
    pyfunc: Callable[..., Any],
    *,
    excluded: Collection[int | str] | None = None,
    signature: str | None = None,
) -> Callable[..., Any]:
    """Return a function that applies `pyfunc` element by element, the arguments broadcast.

    Args:
        pyfunc: a function of scalars, or of arrays as the signature says.
        excluded: places or names of arguments to be handed on as they are.
        signature: such as ``"(n),(n)->()"``: the last axes that each call of `pyfunc` takes.

    Raises:
        TypeError: if `pyfunc` is no function.
    """
    if not callable(pyfunc):
        raise TypeError(f"vectorize expects a function; it got {pyfunc!r}.")
    kept = set(excluded or ())

    def vectorized(*args: Any, **kwargs: Any) -> Any:
        from annette.utils import tree

        places = [i for i in range(len(args)) if i not in kept]
        arrays = [from_python(args[i]) for i in places]
        inner = _inner_ranks(signature, len(arrays))
        lead = np.broadcast_shapes(
            *(tuple(a.shape)[: rank(a) - n] for a, n in zip(arrays, inner, strict=True))
        )
        rows = []
        for a, n in zip(arrays, inner, strict=True):
            rest = tuple(a.shape)[rank(a) - n :]
            rows.append(shaping.reshape(shaping.broadcast_to(a, (*lead, *rest)), (-1, *rest)))
        results = []
        for i in range(int(np.prod(lead, dtype=int))):
            given = list(args)
            for place, row in zip(places, rows, strict=True):
                given[place] = row[i]
            results.append(pyfunc(*given, **kwargs))
        if not results:
            raise ValueError("vectorize needs one element or more to know what its function gives.")
        return tree.map_structure(
            lambda *ys: shaping.reshape(shaping.stack(ys), (*lead, *np.shape(ys[0]))), *results
        )

    return vectorized


def _inner_ranks(signature: str | None, count: int) -> list[int]:
    """Return how many last axes of each argument one call takes."""
    if signature is None:
        return [0] * count
    left = signature.replace(" ", "").partition("->")[0]
    groups = [g.partition(")")[0] for g in left.split("(")[1:]]
    if len(groups) != count:
        raise ValueError(
            f"vectorize: signature {signature!r} names {len(groups)} arguments; it got {count}."
        )
    return [len([s for s in g.split(",") if s]) for g in groups]
