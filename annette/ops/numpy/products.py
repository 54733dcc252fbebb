"""Products of arrays with NumPy's names: dot, outer, einsum and their kind."""

from __future__ import annotations

import math
from typing import Any

from annette.ops.common import dtype_of, normal_axis, op, operands, rank, to_dtype
from annette.ops.numpy import elementwise as el
from annette.ops.numpy import reduction
from annette.ops.numpy import shaping as sh
from annette.ops.numpy.linear import matmul


@op
def dot(x1: Any, x2: Any) -> Any:
    """Return the sum of products over the last axis of x1 and the second-last of x2."""
    a, b = operands(x1, x2)
    if rank(a) == 0 or rank(b) == 0:
        return el.multiply(a, b)
    return tensordot(a, b, axes=([rank(a) - 1], [max(rank(b) - 2, 0)]))


@op
def inner(x1: Any, x2: Any) -> Any:
    """Return the sum of products over the last axis of both."""
    a, b = operands(x1, x2)
    if rank(a) == 0 or rank(b) == 0:
        return el.multiply(a, b)
    return tensordot(a, b, axes=([rank(a) - 1], [rank(b) - 1]))


@op
def outer(x1: Any, x2: Any) -> Any:
    """Return the products of each element of x1 with each of x2."""
    a, b = operands(x1, x2)
    return el.multiply(sh.reshape(a, (-1, 1)), sh.reshape(b, (1, -1)))


@op
def vdot(x1: Any, x2: Any) -> Any:
    """Return the sum of products of all elements."""
    a, b = operands(x1, x2)
    return matmul(sh.ravel(a), sh.ravel(b))


@op
def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    """Return the sum of products over axes of x1 and of x2.

    Args:
        x1: an array.
        x2: an array.
        axes: how many last axes of x1 and first of x2, or the axes of each.

    Raises:
        ValueError: if the axes differ in number or size.
    """
    a, b = operands(x1, x2)
    if isinstance(axes, int):
        first, second = list(range(rank(a) - axes, rank(a))), list(range(axes))
    else:
        pair = [list(v) if isinstance(v, (list, tuple)) else [v] for v in axes]
        first = [normal_axis(i, rank(a), "axes") for i in pair[0]]
        second = [normal_axis(i, rank(b), "axes") for i in pair[1]]
    sizes = [a.shape[i] for i in first]
    if sizes != [b.shape[i] for i in second]:
        raise ValueError(
            f"tensordot sums over axes of equal size; x1 of shape {tuple(a.shape)} and x2 of shape "
            f"{tuple(b.shape)} differ along axes={axes!r}."
        )
    free_a = [i for i in range(rank(a)) if i not in first]
    free_b = [i for i in range(rank(b)) if i not in second]
    size = math.prod(sizes)
    shape = (*(a.shape[i] for i in free_a), *(b.shape[i] for i in free_b))
    left = sh.reshape(sh.transpose(a, (*free_a, *first)), (math.prod(a.shape[i] for i in free_a), size))
    right = sh.reshape(sh.transpose(b, (*second, *free_b)), (size, math.prod(b.shape[i] for i in free_b)))
    return sh.reshape(matmul(left, right), shape)


@op
def kron(x1: Any, x2: Any) -> Any:
    """Return the Kronecker product: each element of x1 times all of x2."""
    a, b = operands(x1, x2)
    n = max(rank(a), rank(b))
    shape_a = (1,) * (n - rank(a)) + tuple(a.shape)
    shape_b = (1,) * (n - rank(b)) + tuple(b.shape)
    wide_a = tuple(v for size in shape_a for v in (size, 1))
    wide_b = tuple(v for size in shape_b for v in (1, size))
    y = el.multiply(sh.reshape(a, wide_a), sh.reshape(b, wide_b))
    return sh.reshape(y, tuple(i * j for i, j in zip(shape_a, shape_b, strict=True)))


@op
def cross(
    x1: Any, x2: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    """Return the cross product of vectors of 3 (or 2) along an axis.

    Raises:
        ValueError: if a vector has another length.
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = operands(x1, x2)
    a, b = sh.moveaxis(a, axisa, -1), sh.moveaxis(b, axisb, -1)
    if a.shape[-1] not in (2, 3) or b.shape[-1] not in (2, 3):
        raise ValueError(
            f"cross takes vectors of 2 or 3; they have {a.shape[-1]} and {b.shape[-1]} elements."
        )
    flat = a.shape[-1] == b.shape[-1] == 2
    a0, a1, *a2 = sh.unstack(a, axis=-1)
    b0, b1, *b2 = sh.unstack(b, axis=-1)
    last = el.subtract(el.multiply(a0, b1), el.multiply(a1, b0))
    if flat:
        return last
    third_a = a2[0] if a2 else el.multiply(a0, 0)
    third_b = b2[0] if b2 else el.multiply(b0, 0)
    first = el.subtract(el.multiply(a1, third_b), el.multiply(third_a, b1))
    second = el.subtract(el.multiply(third_a, b0), el.multiply(a0, third_b))
    return sh.moveaxis(sh.stack([first, second, last], axis=-1), -1, axisc)


# --- einsum -----------------------------------------------------------------------------------


@op
def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Any:
    """Return the sums of products that `subscripts` names, such as ``"bij,bjk->bik"``.

    Raises:
        ValueError: if the subscripts do not fit the operands.
    """
    arrays = _einsum_operands(operands)
    terms, result = _parse(subscripts, arrays)
    sizes = _sizes(subscripts, terms, arrays)
    y, letters = _diagonal_sum(arrays[0], terms[0], _later(terms[1:], result))
    for i, (array, term) in enumerate(zip(arrays[1:], terms[1:], strict=True), start=1):
        later = _later(terms[i + 1 :], result)
        other, other_letters = _diagonal_sum(array, term, later | set(letters))
        y, letters = _pair(y, letters, other, other_letters, later, sizes)
    gone = tuple(i for i, c in enumerate(letters) if c not in result)
    y = reduction.sum(y, axis=gone) if gone else y
    letters = [c for c in letters if c in result]
    return sh.transpose(y, [letters.index(c) for c in result])


def _einsum_operands(given: tuple[Any, ...]) -> list[Any]:
    arrays = operands(*given)
    if dtype_of(arrays[0]) in ("bool", "int8", "uint8"):
        arrays = [to_dtype(a, "int32") for a in arrays]
    return arrays


def _later(terms: list[str], result: str) -> set[str]:
    return set("".join(terms)) | set(result)


def _parse(subscripts: str, arrays: list[Any]) -> tuple[list[str], str]:
    """Return the letters of each operand and of the result, ``...`` spelled out."""
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(arrays):
        raise ValueError(
            f"einsum {subscripts!r} names {len(terms)} operands; it got {len(arrays)}."
        )
    spare = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in text]
    counts = [rank(a) - len(t.replace("...", "")) for t, a in zip(terms, arrays, strict=True)]
    most = max([c for c, t in zip(counts, terms, strict=True) if "..." in t], default=0)
    dots = "".join(spare[:most])
    spelled = []
    for term, count in zip(terms, counts, strict=True):
        if (count != 0 and "..." not in term) or count < 0:
            raise ValueError(
                f"einsum {subscripts!r}: the operand {term!r} has {rank(arrays[len(spelled)])} axes."
            )
        spelled.append(term.replace("...", dots[most - count :] if count else ""))
    if arrow:
        result = right.replace("...", dots)
    else:
        every = "".join(spelled)
        result = dots + "".join(sorted(c for c in set(every) - set(dots) if every.count(c) == 1))
    if set(result) - set("".join(spelled)) or len(set(result)) != len(result):
        raise ValueError(f"einsum {subscripts!r}: the result {right!r} has letters of its own.")
    return spelled, result


def _sizes(subscripts: str, terms: list[str], arrays: list[Any]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for term, array in zip(terms, arrays, strict=True):
        for letter, n in zip(term, array.shape, strict=True):
            known = sizes.setdefault(letter, n)
            if known == 1:
                sizes[letter] = n
            elif n not in (1, known):
                raise ValueError(
                    f"einsum {subscripts!r}: axis {letter!r} is {known} in one operand and {n} in "
                    "another."
                )
    return sizes


def _diagonal_sum(x: Any, term: str, needed: set[str]) -> tuple[Any, list[str]]:
    """Take the diagonal of a letter that comes twice; sum over letters nobody else needs."""
    from annette.ops.numpy.triangular import diagonal

    letters = list(term)
    for letter in dict.fromkeys(term):
        while letters.count(letter) > 1:
            i = letters.index(letter)
            j = letters.index(letter, i + 1)
            x = diagonal(x, axis1=i, axis2=j)
            letters = [c for k, c in enumerate(letters) if k not in (i, j)] + [letter]
    gone = tuple(i for i, c in enumerate(letters) if c not in needed)
    x = reduction.sum(x, axis=gone) if gone else x
    return x, [c for c in letters if c in needed]


def _pair(
    a: Any, la: list[str], b: Any, lb: list[str], later: set[str], sizes: dict[str, int]
) -> tuple[Any, list[str]]:
    """Multiply two operands and sum over the letters that nothing later needs, as one matmul."""
    shared = [c for c in la if c in lb]
    batch = [c for c in shared if c in later]
    summed = [c for c in shared if c not in later]
    only_a, only_b = [c for c in la if c not in shared], [c for c in lb if c not in shared]

    def arranged(x: Any, letters: list[str], groups: list[list[str]]) -> Any:
        order = [letters.index(c) for g in groups for c in g]
        x = sh.transpose(x, order)
        x = sh.broadcast_to(x, [sizes[c] for g in groups for c in g])
        lead = [sizes[c] for c in groups[0]]
        return sh.reshape(x, (*lead, *(math.prod(sizes[c] for c in g) for g in groups[1:])))

    left = arranged(a, la, [batch, only_a, summed])
    right = arranged(b, lb, [batch, summed, only_b])
    y = matmul(left, right)
    letters = batch + only_a + only_b
    return sh.reshape(y, [sizes[c] for c in letters]), letters


