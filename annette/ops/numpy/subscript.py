"""``x[key]`` on a Tensor: slices and numbers become slices, arrays one flat gather."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from annette.graph.primitive import read
from annette.graph.tensor import Tensor
from annette.ops.common import dtype_of, rank
from annette.ops.numpy import elementwise as el, indexing, shaping as sh


def is_array(key: Any) -> bool:
    """Say whether a part of a key is an array, a list or something that stands for one."""
    return isinstance(key, (Tensor, np.ndarray, list)) or hasattr(key, "_read")


def read_key(key: Any) -> Any:
    """Return a key with arrays or Tensors for everything that stands for one."""
    if isinstance(key, tuple):
        return tuple(read_key(k) for k in key)
    if isinstance(key, (list, range)):
        array = np.asarray(key)
        return array if array.size else array.astype("int32")
    if not is_array(key):
        return key
    key = read(key)
    return key if isinstance(key, Tensor) else np.asarray(key)


def subscript(x: Any, key: Any) -> Any:
    """Return ``x[key]`` as NumPy means it.

    Raises:
        IndexError: if the key has too many parts or a place is outside.
        ValueError: if it is a mask whose truth is not known yet.
        TypeError: if a part is nothing that can be a place.
    """
    keys = _spelled(list(key) if isinstance(key, tuple) else [key], x)
    if any(is_array(k) for k in keys):
        # Beside arrays a number is an array of no axes: NumPy's rule.
        keys = [np.asarray(k, "int32") if isinstance(k, int) else k for k in keys]
    x = _sliced(x, keys)
    if any(is_array(k) for k in keys):
        return _gathered(x, keys)
    shape = iter(x.shape)
    final = []
    for k in keys:
        if k is None:
            final.append(1)
        elif isinstance(k, slice):
            final.append(next(shape))
        else:
            next(shape)
    return sh.reshape(x, tuple(final))


def _spelled(keys: list[Any], x: Any) -> list[Any]:
    """Write out Ellipsis as full slices and masks as the places where they hold; check the rest."""
    spelled: list[Any] = []
    axis = 0
    for k in keys:
        if is_array(k) and dtype_of(k) == "bool":
            spelled.extend(_places_of(k))
        elif is_array(k) and "int" not in dtype_of(k):
            raise TypeError(f"An index is a whole number; it got an array of {dtype_of(k)}.")
        elif isinstance(k, (bool, np.bool_)):
            raise TypeError("An index of just True or False is not supported: use ops.where.")
        elif isinstance(k, np.ndarray) and not k.ndim:
            spelled.append(int(k))
        elif k is None or k is Ellipsis or isinstance(k, slice) or is_array(k):
            spelled.append(k)
        elif hasattr(k, "__index__"):
            spelled.append(k.__index__())
        else:
            raise TypeError(
                "An index is a whole number, a slice, None, ... or an array of whole numbers; it "
                f"got {k!r}."
            )
    used = sum(k is not None and k is not Ellipsis for k in spelled)
    if used > rank(x) or sum(k is Ellipsis for k in spelled) > 1:
        raise IndexError(
            f"An array of shape {tuple(x.shape)} has {rank(x)} axes; it was given {used} indices"
            f"{' and more than one ...' if used <= rank(x) else ''}."
        )
    place = next((i for i, k in enumerate(spelled) if k is Ellipsis), None)
    fill = [slice(None)] * (rank(x) - used)
    if place is None:
        spelled += fill
    else:
        spelled[place : place + 1] = fill
    for k in spelled:
        if k is not None:
            _check_inside(k, axis, x)
            axis += 1
    return spelled


def _places_of(mask: Any) -> list[Any]:
    if isinstance(mask, Tensor):
        raise ValueError(
            "An array taken by a mask has a size that depends on the values, which a traced "
            "function cannot have. Use ops.where(mask, x, other), or compile the model with "
            "run_eagerly=True."
        )
    if not mask.ndim:
        raise TypeError("A mask of no axes is not supported as an index: use ops.where.")
    return list(np.nonzero(mask))


def _check_inside(k: Any, axis: int, x: Any) -> None:
    n = x.shape[axis]
    known = k if isinstance(k, (int, np.ndarray)) else None
    if known is None or not np.size(known):
        return
    low, high = np.min(known), np.max(known)
    if low < -n or high >= n:
        raise IndexError(
            f"Index {high if high >= n else low} is outside axis {axis} of an array of shape "
            f"{tuple(x.shape)}: it has {n} elements."
        )


def _sliced(x: Any, keys: list[Any]) -> Any:
    """Do the slices and whole numbers; a number leaves an axis of size 1."""
    start, stop, step, flips = [], [], [], []
    axis = 0
    for k in keys:
        if k is None:
            continue
        n = x.shape[axis]
        a, b, c = 0, n, 1
        if isinstance(k, slice):
            a, b, c = k.indices(n)
            if c < 0:
                count = len(range(a, b, c))
                a, b, c = (a + (count - 1) * c, a + 1, -c) if count else (0, 0, 1)
                flips.append(axis)
        elif isinstance(k, int):
            a = k % n
            b = a + 1
        start.append(a)
        stop.append(max(a, b))
        step.append(c)
        axis += 1
    bounds = zip(start, stop, step, x.shape, strict=True)
    if any(a or b != n or c != 1 for a, b, c, n in bounds):
        x = sh.slice_static(x, start, stop, step)
    return sh.flip(x, tuple(flips)) if flips else x


def _gathered(x: Any, keys: list[Any]) -> Any:
    """Read at the places of the index arrays: one flat index into the axes that have one."""
    places = [i for i, k in enumerate(keys) if is_array(k)]
    together = places == list(range(places[0], places[0] + len(places)))
    axis_of = np.cumsum([k is not None for k in keys]) - 1
    axes = [int(axis_of[i]) for i in places]
    sizes = [x.shape[a] for a in axes]
    to = axes[0] if together else 0
    x = sh.moveaxis(x, axes, list(range(to, to + len(axes))))
    flat: Any = 0
    for i, n in zip(places, sizes, strict=True):
        flat = el.add(indexing._whole(keys[i], n), el.multiply(flat, n))
    merged = (*x.shape[:to], math.prod(sizes), *x.shape[to + len(axes) :])
    y = indexing.take(sh.reshape(x, merged), flat, axis=to)
    # What the arrays give stands where they stood if they stood together, else in front.
    found = list(flat.shape)
    rest = iter([*y.shape[:to], *y.shape[to + len(found) :]])
    final: list[int] = [] if together else found
    for i, k in enumerate(keys):
        if is_array(k):
            final += found if together and i == places[0] else []
        else:
            final.append(1 if k is None else next(rest))
    return sh.reshape(y, tuple(final))
