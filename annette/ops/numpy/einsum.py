"""Einstein's summation, done as a chain of matrix products."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from annette.ops import common
from annette.ops.common import op, rank
from annette.ops.numpy import elementwise as el, linear, reduction, shaping as sh, triangular


class _Term(NamedTuple):
    """An array and the name of each of its axes."""

    array: Any
    labels: tuple[str, ...]


def _expand(labels: str, ndim: int, subscripts: str) -> tuple[str, ...]:
    """Return the labels of an operand; those of an ellipsis are counted from the last, as "-1"."""
    if "..." not in labels:
        if len(labels) != ndim:
            raise ValueError(
                f"einsum {subscripts!r} names {len(labels)} axes, {labels!r}, of an operand that "
                f"has {ndim}."
            )
        return tuple(labels)
    before, after = labels.split("...", 1)
    hidden = ndim - len(before) - len(after)
    if hidden < 0:
        raise ValueError(
            f"einsum {subscripts!r} names more axes in {labels!r} than the {ndim} of its operand."
        )
    return (*before, *(str(i - hidden) for i in range(hidden)), *after)


def _parse(subscripts: str, arrays: list[Any]) -> tuple[list[tuple[str, ...]], tuple[str, ...]]:
    """Return the labels of each operand and of the result."""
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    given = left.split(",")
    if not all(c.isalpha() or c in ".,->" for c in text) or text.count("->") > 1:
        raise ValueError(
            f"einsum expects letters, commas, '...' and one '->'; it got {subscripts!r}."
        )
    if len(given) != len(arrays):
        raise ValueError(
            f"einsum {subscripts!r} names {len(given)} operands; it got {len(arrays)}."
        )
    inputs = [_expand(t, rank(a), subscripts) for t, a in zip(given, arrays, strict=True)]
    hidden = max((sum(len(s) > 1 for s in labels) for labels in inputs), default=0)
    ellipsis = tuple(str(i - hidden) for i in range(hidden))
    if not arrow:
        counts = Counter(s for labels in inputs for s in labels if len(s) == 1)
        return inputs, (*ellipsis, *sorted(s for s, n in counts.items() if n == 1))
    before, dots, after = right.partition("...")
    result = (*before, *(ellipsis if dots else ()), *after)
    known = {s for labels in inputs for s in labels}
    if len(set(result)) != len(result) or not set(result) <= known:
        raise ValueError(
            f"einsum {subscripts!r}: each axis of the result must be one of an operand's, once."
        )
    return inputs, result


def _diagonals(term: _Term) -> _Term:
    """Take the diagonal where one operand names an axis twice."""
    array, labels = term
    while len(set(labels)) != len(labels):
        twice = next(s for s in labels if labels.count(s) > 1)
        i, j = [k for k, s in enumerate(labels) if s == twice][:2]
        if array.shape[i] != array.shape[j]:
            raise ValueError(
                f"einsum names axes of sizes {array.shape[i]} and {array.shape[j]} both {twice!r}."
            )
        array = triangular.diagonal(array, 0, i, j)
        labels = (*(s for k, s in enumerate(labels) if k not in (i, j)), twice)
    return _Term(array, labels)


def _check_sizes(terms: list[_Term], subscripts: str) -> None:
    sizes: dict[str, int] = {}
    for array, labels in terms:
        for s, n in zip(labels, array.shape, strict=True):
            if sizes.setdefault(s, n) not in (n, 1) and n != 1:
                raise ValueError(
                    f"einsum {subscripts!r}: axis {s!r} has size {sizes[s]} in one operand and {n} "
                    "in another."
                )
            sizes[s] = max(sizes[s], n)


def _sum_out(term: _Term, keep: set[str]) -> _Term:
    """Sum over the axes that are not to be kept."""
    gone = tuple(i for i, s in enumerate(term.labels) if s not in keep)
    if not gone:
        return term
    return _Term(reduction.sum(term.array, axis=gone), tuple(s for s in term.labels if s in keep))


def _without_ones(term: _Term, other: _Term) -> _Term:
    """Drop the axes of size 1 that broadcast against the other operand's."""
    sizes = dict(zip(other.labels, other.array.shape, strict=True))
    gone = tuple(
        i
        for i, (s, n) in enumerate(zip(term.labels, term.array.shape, strict=True))
        if n == 1 and sizes.get(s, 1) != 1
    )
    if not gone:
        return term
    return _Term(
        sh.squeeze(term.array, gone), tuple(s for i, s in enumerate(term.labels) if i not in gone)
    )


def _arranged(term: _Term, batch: list[str], groups: list[list[str]]) -> Any:
    """Return the array with the axes of `batch` first, then each group as one axis.

    Those of `batch` stay apart: joined they would need a copy where they are not neighbours.
    """
    sizes = dict(zip(term.labels, term.array.shape, strict=True))
    order = [term.labels.index(s) for group in (batch, *groups) for s in group]
    joined = (math.prod(sizes[s] for s in group) for group in groups)
    return sh.reshape(sh.transpose(term.array, order), (*(sizes[s] for s in batch), *joined))


def _contract(a: _Term, b: _Term, keep: set[str]) -> _Term:
    """Multiply two operands and sum over the axes that nothing else names."""
    a, b = _without_ones(a, b), _without_ones(b, a)
    a = _sum_out(a, keep | set(b.labels))
    b = _sum_out(b, keep | set(a.labels))
    shared = [s for s in a.labels if s in b.labels]
    batch = [s for s in shared if s in keep]
    summed = [s for s in shared if s not in keep]
    rows = [s for s in a.labels if s not in shared]
    columns = [s for s in b.labels if s not in shared]
    left = _arranged(a, batch, [rows, summed])
    right = _arranged(b, batch, [summed, columns])
    product = linear.matmul(left, right) if summed else el.multiply(left, right)
    sizes = dict(zip(b.labels, b.array.shape, strict=True))
    sizes.update(zip(a.labels, a.array.shape, strict=True))
    labels = (*batch, *rows, *columns)
    return _Term(sh.reshape(product, tuple(sizes[s] for s in labels)), labels)


def _path(terms: list[_Term], result: tuple[str, ...]) -> list[tuple[int, ...]]:
    """Return which operands to multiply first, by NumPy's greedy search."""
    if len(terms) < 3:
        return [tuple(range(len(terms)))]
    letters: dict[str, str] = {}
    for s in (s for t in terms for s in t.labels):
        letters.setdefault(
            s, chr(ord("a") + len(letters)) if len(letters) < 26 else chr(192 + len(letters))
        )
    if len(letters) > 26:
        return [(0, 1)] * (len(terms) - 1)
    text = ",".join("".join(letters[s] for s in t.labels) for t in terms)
    stand_ins = [np.broadcast_to(np.float32(0), t.array.shape) for t in terms]
    text = f"{text}->{''.join(letters[s] for s in result)}"
    return np.einsum_path(text, *stand_ins, optimize="greedy")[0][1:]


@op
def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Any:
    """Return sums of products by Einstein's notation, as ``einsum("ij,jk->ik", a, b)``.

    A letter names an axis; axes of one name are multiplied in step, and summed over if the result
    does not name them. ``...`` stands for axes without names, which broadcast.

    Raises:
        ValueError: if the names do not fit the operands.
    """
    unknown = set(kwargs) - {"optimize"}
    if unknown or not isinstance(subscripts, str):
        raise ValueError(
            "einsum takes a text, the operands, and optimize; it got "
            f"{subscripts!r} and {', '.join(sorted(unknown)) or 'nothing else'}."
        )
    arrays = common.operands(*operands)
    inputs, result = _parse(subscripts, arrays)
    terms = [_diagonals(_Term(a, labels)) for a, labels in zip(arrays, inputs, strict=True)]
    _check_sizes(terms, subscripts)
    for places in _path(terms, result):
        chosen = [terms[i] for i in places]
        terms = [t for i, t in enumerate(terms) if i not in places]
        merged = chosen[0]
        for position, following in enumerate(chosen[1:], 2):
            later = [*terms, *chosen[position:]]
            keep = {*result, *(s for t in later for s in t.labels)}
            merged = _contract(merged, following, keep)
        terms.append(merged)
    (last,) = terms
    last = _sum_out(last, set(result))
    return sh.transpose(last.array, [last.labels.index(s) for s in result])
