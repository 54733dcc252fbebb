"""Pictures looked up at other places: each result is a few looked-up values and their weights."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from annette.ops import numpy as n
from annette.ops.common import dtype_of, from_python, op, rank, to_dtype
from annette.ops.image.common import FILL_MODES, Pictures, as_floats, one_of, rounded

_ORDERS = {"nearest": 0, "bilinear": 1}
_FILLS = ("constant", "nearest", "wrap", "mirror", "reflect")


def _inside(places: Any, size: int, mode: str) -> tuple[Any, Any]:
    """Return whole places brought inside an axis, and where they were inside (None: everywhere)."""
    valid = None
    if mode == "constant":
        valid = n.logical_and(places >= 0, places <= size - 1)
    elif mode == "wrap":
        places = n.mod(places, float(size))
    elif mode == "reflect":
        places = n.mod(places, 2.0 * size)
        places = n.minimum(places, 2.0 * size - 1 - places)
    elif mode == "mirror" and size > 1:
        places = n.mod(places, 2.0 * (size - 1))
        places = n.minimum(places, 2.0 * (size - 1) - places)
    # Whatever came, no number or an infinite one too, the place looked at is one of the array's.
    return to_dtype(n.nan_to_num(n.clip(places, 0, size - 1)), "int32"), valid


def _taps(places: Any, size: int, order: int, mode: str) -> list[tuple[Any, Any, Any]]:
    """Return, for one axis, (places, valid, weights) of each value that counts."""
    if order == 0:
        nearest = n.trunc(places + n.sign(places) * 0.5)
        return [(*_inside(nearest, size, mode), None)]
    low = n.floor(places)
    part = places - low
    return [
        (*_inside(low, size, mode), 1.0 - part),
        (*_inside(low + 1.0, size, mode), part),
    ]


def lookup(
    flat: Any, sizes: Any, places: Any, first: Any, order: int, mode: str, fill: float
) -> Any:
    """Return the values of an array at places in between.

    Args:
        flat: (elements, channels), the last of the axes of `sizes` fastest.
        sizes: of the axes.
        places: for each axis an array of one shape.
        first: the row of `flat` where each place's array begins.
        order: 0 for the nearest value, 1 for linear interpolation.
        mode: what lies outside.
        fill: what lies outside with "constant".

    Returns:
        An array (*shape of places, channels).
    """
    dtype = dtype_of(flat)
    taps = [_taps(p, s, order, mode) for p, s in zip(places, sizes, strict=True)]
    total: Any = None
    covered: Any = None
    for corner in itertools.product(*taps):
        index: Any = first
        for stride, (at, _, _) in zip(_strides(sizes), corner, strict=True):
            index = index + at * np.int32(stride)
        value = n.take(flat, index, axis=0)
        valid = _product([v for _, v, _ in corner if v is not None], n.logical_and)
        if order == 0:
            if valid is None:
                return value
            return n.where(n.expand_dims(valid, -1), value, np.array(fill, dtype))
        weight = _product([w for _, _, w in corner], n.multiply)
        weight = weight if valid is None else n.where(valid, weight, 0.0)
        covered = weight if covered is None else covered + weight
        part = value * n.expand_dims(to_dtype(weight, dtype), -1)
        total = part if total is None else total + part
    if mode == "constant" and fill != 0:
        total = total + n.expand_dims(to_dtype((1.0 - covered) * fill, dtype), -1)
    return total


def _strides(sizes: Any) -> list[int]:
    return [math.prod(sizes[i + 1 :]) for i in range(len(sizes))]


def _product(values: list[Any], combine: Any) -> Any:
    found: Any = None
    for value in values:
        found = value if found is None else combine(found, value)
    return found


@op
def map_coordinates(
    inputs: Any, coordinates: Any, order: int, fill_mode: str = "constant", fill_value: float = 0
) -> Any:
    """Return the values of an array at places in between.

    Args:
        inputs: an array of d axes.
        coordinates: (d, *shape), the places along each axis, 0 for the first element.
        order: 0 for the nearest value, 1 for linear interpolation.
        fill_mode: what lies beyond a b c d: "constant" for the fill value, "nearest" for d d d,
            "wrap" for a b c, "mirror" for c b a, "reflect" for d c b.
        fill_value: for "constant".

    Returns:
        An array of the shape of the places, of the dtype of `inputs`; whole numbers are rounded.

    Raises:
        ValueError: if the coordinates do not belong to the axes, or an argument is not known.
    """
    name = "map_coordinates"
    x, where = from_python(inputs), as_floats(from_python(coordinates))
    if rank(where) < 1 or where.shape[0] != rank(x) or rank(x) == 0:
        raise ValueError(
            f"{name} takes coordinates with a first part for each axis of inputs; the shapes are "
            f"{tuple(where.shape)} and {tuple(x.shape)}."
        )
    if isinstance(order, bool) or order not in (0, 1):
        raise ValueError(f"{name} takes order 0 (nearest) or 1 (linear); it got {order!r}.")
    one_of(name, "fill_mode", fill_mode, FILL_MODES)
    where = to_dtype(where, "float32") if dtype_of(where) in ("float16", "bfloat16") else where
    flat = n.reshape(x if order == 0 else as_floats(x), (-1, 1))
    places = [where[i] for i in range(rank(x))]
    y = lookup(flat, tuple(x.shape), places, np.int32(0), int(order), fill_mode, fill_value)
    return rounded(n.squeeze(y, -1), dtype_of(x), halves_up=True)


def warp(
    pictures: Pictures, x: Any, y: Any, interpolation: str, fill_mode: str, fill_value: float
) -> Any:
    """Return pictures whose pixel at (row, i, j) comes from column x and row y of it.

    Args:
        pictures: to look at.
        x: columns, (rows or 1, new h, new w).
        y: rows, likewise.
        interpolation: "nearest" or "bilinear".
        fill_mode: as for `map_coordinates`.
        fill_value: likewise.
    """
    images = pictures.x if interpolation == "nearest" else pictures.floats()
    rows, height, width, channels = images.shape
    first = (np.arange(rows, dtype="int32") * np.int32(height * width)).reshape(rows, 1, 1)
    flat = n.reshape(images, (rows * height * width, channels))
    order = _ORDERS[interpolation]
    found = lookup(flat, (height, width), (y, x), first, order, fill_mode, fill_value)
    return pictures.back(found, pictures.dtype, halves_up=True)


def _grid(size: tuple[int, int], dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the columns (1, 1, w) and rows (1, h, 1) of pixels."""
    columns = np.arange(size[1], dtype=dtype).reshape(1, 1, -1)
    return columns, np.arange(size[0], dtype=dtype).reshape(1, -1, 1)


def _wide(pictures: Pictures) -> str:
    return "float64" if pictures.dtype == "float64" else "float32"


def project(
    pictures: Pictures,
    transform: Any,
    interpolation: str,
    fill_mode: str,
    fill_value: float,
    straight: bool = False,
) -> Any:
    """Return pictures whose pixels come from where a projective map sends them.

    Args:
        pictures: to look at.
        transform: (rows or 1, 8).
        interpolation: as for `affine_transform`, like what follows.
        fill_mode: likewise.
        fill_value: likewise.
        straight: whether the last two numbers are known to be 0.
    """
    columns, rows = _grid(pictures.size, _wide(pictures))
    a0, a1, a2, b0, b1, b2, c0, c1 = (n.reshape(transform[:, i], (-1, 1, 1)) for i in range(8))
    x = a0 * columns + (a1 * rows + a2)
    y = b0 * columns + (b1 * rows + b2)
    if not straight:
        depth = c0 * columns + (c1 * rows + 1.0)
        x, y = x / depth, y / depth
    return warp(pictures, x, y, interpolation, fill_mode, fill_value)


@op
def affine_transform(
    images: Any,
    transform: Any,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Any:
    r"""Return pictures whose pixel at (x, y) comes from (x', y').

    .. math:: x' = \frac{a_0 x + a_1 y + a_2}{c_0 x + c_1 y + 1}, \quad
        y' = \frac{b_0 x + b_1 y + b_2}{c_0 x + c_1 y + 1}

    Args:
        images: (h, w, channels) or (rows, h, w, channels), channels before height with
            "channels_first".
        transform: (a0, a1, a2, b0, b1, b2, c0, c1), one for all pictures or (rows, 8).
        interpolation: "nearest" or "bilinear".
        fill_mode: what lies beyond a b c d: "constant" for the fill value, "nearest" for d d d,
            "wrap" for a b c, "mirror" for c b a, "reflect" for d c b.
        fill_value: for "constant".
        data_format: where the channels are; the configured format if None.

    Returns:
        Pictures of the same shape and dtype; whole numbers are rounded.

    Raises:
        ValueError: if an argument is none of these, or the transforms are not one a picture.
    """
    name = "affine_transform"
    one_of(name, "interpolation", interpolation, tuple(_ORDERS))
    one_of(name, "fill_mode", fill_mode, _FILLS)
    pictures = Pictures(name, images, data_format)
    t = from_python(transform)
    count = pictures.x.shape[0]
    if rank(t) not in (1, 2) or t.shape[-1] != 8 or (rank(t) == 2 and t.shape[0] not in (1, count)):
        raise ValueError(
            f"{name} takes a transform of 8 numbers, or ({count}, 8) of them, one for each picture; "
            f"the shape is {tuple(t.shape)}."
        )
    t = to_dtype(n.reshape(t, (-1, 8)), _wide(pictures))
    straight = isinstance(t, np.ndarray) and not np.any(t[:, 6:])
    return project(pictures, t, interpolation, fill_mode, fill_value, straight)


@op
def perspective_transform(
    images: Any,
    start_points: Any,
    end_points: Any,
    interpolation: str = "bilinear",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Any:
    """Return pictures seen in another perspective: four points come to lie at four others.

    Args:
        images: (h, w, channels) or (rows, h, w, channels), channels before height with
            "channels_first".
        start_points: four points (x, y) of the pictures, (4, 2) or (rows, 4, 2).
        end_points: where they come to lie, of the same shape.
        interpolation: "nearest" or "bilinear".
        fill_value: what lies outside.
        data_format: where the channels are; the configured format if None.

    Returns:
        Pictures of the same shape and dtype; whole numbers are rounded.

    Raises:
        ValueError: if an argument is none of these, or the points are not four a picture.
    """
    name = "perspective_transform"
    one_of(name, "interpolation", interpolation, tuple(_ORDERS))
    pictures = Pictures(name, images, data_format)
    start, end = (from_python(v) for v in (start_points, end_points))
    shapes = tuple(start.shape), tuple(end.shape)
    counts = (1, pictures.x.shape[0])
    fits = shapes[0][-2:] == (4, 2) and (len(shapes[0]) == 2 or shapes[0][0] in counts)
    if shapes[0] != shapes[1] or len(shapes[0]) not in (2, 3) or not fits:
        raise ValueError(
            f"{name} takes start_points and end_points of one shape, (4, 2) or "
            f"({counts[1]}, 4, 2), one set for each picture; the shapes are {shapes[0]} and "
            f"{shapes[1]}."
        )
    matrix = homography(end, start, _wide(pictures))
    return project(pictures, matrix, interpolation, "constant", fill_value)


def homography(source: Any, target: Any, dtype: str) -> Any:
    """Return the eight numbers of the projective map from four points to four others, (rows, 8)."""
    from annette.ops.linalg import solve

    s, t = (to_dtype(n.reshape(v, (-1, 4, 2)), "float64") for v in (source, target))
    x, y, u, v = s[..., 0], s[..., 1], t[..., 0], t[..., 1]
    one, zero = n.ones_like(x), n.zeros_like(x)
    upper = n.stack([x, y, one, zero, zero, zero, -(x * u), -(y * u)], axis=-1)
    lower = n.stack([zero, zero, zero, x, y, one, -(x * v), -(y * v)], axis=-1)
    system = n.concatenate([upper, lower], axis=1)
    known = n.expand_dims(n.concatenate([u, v], axis=1), -1)
    return to_dtype(n.squeeze(solve(system, known), -1), dtype)


@op
def elastic_transform(
    images: Any,
    alpha: Any = 20.0,
    sigma: Any = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed: Any = None,
    data_format: str | None = None,
) -> Any:
    r"""Return pictures pulled about at random (Simard, Steinkraus & Platt, 2003).

    .. math:: y(p) = x(p + \alpha\, (g_\sigma * n)(p)), \quad n \sim N(0, \sigma)

    with a Gaussian g as wide as :math:`3 \sigma` to each side, and noise n of its own for each
    picture and direction.

    Args:
        images: (h, w, channels) or (rows, h, w, channels), channels before height with
            "channels_first".
        alpha: how far pixels are pulled.
        sigma: over how many pixels the pull is alike, a number above 0.
        interpolation: "nearest" or "bilinear".
        fill_mode: as for `affine_transform`.
        fill_value: likewise.
        seed: a whole number, a `SeedGenerator` or None.
        data_format: where the channels are; the configured format if None.

    Returns:
        Pictures of the same shape and dtype; whole numbers are rounded.

    Raises:
        ValueError: if an argument is none of these.
    """
    name = "elastic_transform"
    one_of(name, "interpolation", interpolation, tuple(_ORDERS))
    one_of(name, "fill_mode", fill_mode, _FILLS)
    if isinstance(sigma, (int, float)) and not sigma > 0:
        raise ValueError(f"{name} takes a sigma above 0; it got {sigma!r}.")
    pictures = Pictures(name, images, data_format)
    taps = int(6 * float(sigma)) | 1
    return pulled(pictures, alpha, sigma, taps, interpolation, fill_mode, fill_value, seed)


def pulled(
    pictures: Pictures,
    alpha: Any,
    sigma: Any,
    taps: int,
    interpolation: str,
    fill_mode: str,
    fill_value: float,
    seed: Any,
) -> Any:
    """Return pictures pulled about at random; `alpha` and `sigma` may be computed.

    `taps` is how many pixels of the noise count for each pull.
    """
    from annette import random
    from annette.ops.image.filters import bell, blurred

    (height, width), wide = pictures.size, _wide(pictures)
    noise = random.normal((2, pictures.x.shape[0], height, width), 0.0, 1.0, wide, seed) * sigma
    kernel = bell(taps, sigma, wide)
    pulls = blurred(blurred(noise, kernel, 2), kernel, 3) * alpha
    columns, rows = _grid((height, width), wide)
    x, y = to_dtype(columns + pulls[0], wide), to_dtype(rows + pulls[1], wide)
    return warp(pictures, x, y, interpolation, fill_mode, fill_value)
