"""Axes split, joined and put in another order, as a pattern says (Rogozhnikov, einops, 2022)."""

from __future__ import annotations

import math
from typing import Any

from annette.ops.common import from_python, op, rank
from annette.ops.numpy import shaping

Groups = list[list[str]]


def _groups(side: str, pattern: str) -> Groups:
    """Return the names of each axis of one side: several where they are joined, none for a 1."""
    spaced = side.replace("...", " ... ").replace("(", " ( ").replace(")", " ) ")
    groups: Groups = []
    inside = False
    for word in spaced.split():
        if word in "()":
            if inside == (word == "("):
                raise ValueError(f"rearrange: parentheses in {pattern!r} do not pair up.")
            inside = word == "("
            if inside:
                groups.append([])
        elif word != "1" and word != "..." and not word.isidentifier():
            raise ValueError(f"rearrange: {word!r} in {pattern!r} is no name of an axis.")
        elif inside:
            groups[-1].extend([] if word == "1" else [word])
        else:
            groups.append([] if word == "1" else [word])
    if inside:
        raise ValueError(f"rearrange: parentheses in {pattern!r} do not pair up.")
    return groups


def _parsed(pattern: str, ndim: int) -> tuple[Groups, Groups]:
    """Return both sides, an ellipsis written out as names of axes."""
    sides = pattern.split("->") if isinstance(pattern, str) else []
    if len(sides) != 2:
        raise ValueError(
            "rearrange expects a pattern such as 'b h w c -> b (h w) c', with one '->'; it got "
            f"{pattern!r}."
        )
    left, right = (_groups(side, pattern) for side in sides)
    if ["..."] in left:
        between = [f"...{i}" for i in range(ndim - len(left) + 1)]
        left, right = (_written_out(side, between) for side in (left, right))
    if len(left) != ndim:
        raise ValueError(
            f"rearrange: {pattern!r} names {len(left)} axes on its left; the array has {ndim}."
        )
    names = [sorted(n for group in side for n in group) for side in (left, right)]
    if names[0] != names[1] or len(set(names[0])) != len(names[0]):
        raise ValueError(
            f"rearrange: both sides of {pattern!r} must have the same names, each of them once."
        )
    return left, right


def _written_out(side: Groups, between: list[str]) -> Groups:
    groups: Groups = []
    for group in side:
        if group == ["..."]:
            groups += [[name] for name in between]
        else:
            groups.append([n for name in group for n in (between if name == "..." else [name])])
    return groups


def _sizes(
    left: Groups, shape: tuple[int, ...], given: dict[str, int], pattern: str
) -> dict[str, int]:
    """Return the size of each name; one of each joined axis may be left open."""
    sizes = dict(given)
    for group, n in zip(left, shape, strict=True):
        unknown = [name for name in group if name not in sizes]
        known = math.prod(sizes[name] for name in group if name in sizes)
        if len(unknown) > 1:
            raise ValueError(
                f"rearrange: the sizes of {', '.join(unknown)} in {pattern!r} are open. Give all "
                f"but one, as in rearrange(x, pattern, {unknown[0]}=2)."
            )
        if (known == 0 or n % known) if unknown else known != n:
            raise ValueError(
                f"rearrange: an axis of size {n} does not split into ({' '.join(group)}) of "
                f"{pattern!r} with {given}."
            )
        sizes.update((name, n // known) for name in unknown)
    return sizes


@op
def rearrange(tensor: Any, pattern: str, **axes_lengths: int) -> Any:
    """Return the array with its axes split, joined and ordered as the pattern says.

    ``rearrange(x, "b (h w) c -> b c h w", h=2)``: names stand for axes, parentheses for one axis
    made of several, the last of them moving fastest, ``1`` for an axis of that size and ``...``
    for any axes.

    Args:
        tensor: the array.
        pattern: the axes as they are, an arrow, and the axes as they are to be.
        **axes_lengths: sizes of names that the shape leaves open.

    Raises:
        ValueError: if the pattern cannot be read, or does not fit the shape.
    """
    x = from_python(tensor)
    left, right = _parsed(pattern, rank(x))
    unused = sorted(set(axes_lengths) - {name for group in left for name in group})
    if unused:
        raise ValueError(f"rearrange: {pattern!r} has no axis named {', '.join(unused)}.")
    sizes = _sizes(left, tuple(x.shape), axes_lengths, pattern)
    names = [name for group in left for name in group]
    order = [names.index(name) for group in right for name in group]
    x = shaping.reshape(x, tuple(sizes[name] for name in names))
    x = shaping.transpose(x, order) if order != sorted(order) else x
    return shaping.reshape(x, tuple(math.prod(sizes[n] for n in group) for group in right))
