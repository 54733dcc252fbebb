"""Pictures moved, turned, sheared and zoomed."""

from __future__ import annotations

from typing import Any

import numpy as np

FILL_MODES = ("constant", "nearest", "reflect", "wrap")


def affine(x: np.ndarray, matrix: np.ndarray, fill_mode: str, cval: float, order: int) -> Any:
    """Return pictures (h, w, c) sampled at ``matrix @ (row, column, 1)`` for each place.

    Args:
        x: the picture, rows and columns first.
        matrix: 3 by 3, from places of the result to places of `x`.
        fill_mode: what is outside: "constant", "nearest", "reflect" or "wrap".
        cval: the value outside, for "constant".
        order: 0 takes the nearest pixel, 1 mixes the four around; higher orders are splines, which
            SciPy computes.
    """
    if order > 1:
        return _splines(x, matrix, fill_mode, cval, order)
    h, w = x.shape[:2]
    rows, columns = np.meshgrid(np.arange(h), np.arange(w), indexing="ij")
    places = np.tensordot(matrix[:2, :2], np.stack([rows, columns]), axes=1)
    places = places + matrix[:2, 2].reshape(2, 1, 1)
    places = np.round(places, 10)  # so that a place that is meant to be a pixel is one
    outside = np.zeros((h, w), bool)
    if fill_mode == "constant":
        for place, n in zip(places, (h, w), strict=True):
            outside |= (place < 0) | (place > n - 1)
    y, z = (_inside(p, n, fill_mode) for p, n in zip(places, (h, w), strict=True))
    if order == 0:
        made = x[_index(np.floor(y + 0.5), h, fill_mode), _index(np.floor(z + 0.5), w, fill_mode)]
    else:
        made = _bilinear(x, y, z, fill_mode)
    made[outside] = cval
    return made.astype(x.dtype, copy=False)


def _bilinear(x: np.ndarray, y: np.ndarray, z: np.ndarray, fill_mode: str) -> Any:
    h, w = x.shape[:2]
    top, left = np.floor(y), np.floor(z)
    down, right = (y - top)[..., None], (z - left)[..., None]
    t, b = (_index(i, h, fill_mode) for i in (top, top + 1))
    l, r = (_index(i, w, fill_mode) for i in (left, left + 1))  # noqa: E741  # left, beside r
    upper = x[t, l] * (1 - right) + x[t, r] * right
    lower = x[b, l] * (1 - right) + x[b, r] * right
    made: np.ndarray = upper * (1 - down) + lower * down
    return made


def _inside(place: np.ndarray, n: int, fill_mode: str) -> Any:
    """Return where each place is found inside of a row of n pixels."""
    if fill_mode == "reflect":  # d c b a | a b c d | d c b a
        turned = np.mod(place + 0.5, 2 * n)
        return np.where(turned > n, 2 * n - turned, turned) - 0.5
    if fill_mode == "wrap":  # the last pixel is the first of the next round, as SciPy has it
        period = max(n - 1, 1)
        return np.where((place < 0) | (place > n - 1), np.mod(place, period), place)
    return np.clip(place, 0, n - 1)


def _index(place: np.ndarray, n: int, fill_mode: str) -> Any:
    whole = place.astype(int)
    if fill_mode == "reflect":
        whole = np.mod(whole, 2 * n)
        return np.where(whole >= n, 2 * n - 1 - whole, whole)
    return np.clip(whole, 0, n - 1)


def _splines(x: np.ndarray, matrix: np.ndarray, fill_mode: str, cval: float, order: int) -> Any:
    try:
        from scipy import ndimage
    except ImportError as error:
        raise ImportError(
            f"interpolation_order={order} needs SciPy. Install it (pip install scipy), or take "
            "order 0 or 1."
        ) from error
    channels = [
        ndimage.affine_transform(
            x[..., c], matrix[:2, :2], matrix[:2, 2], order=order, mode=fill_mode, cval=cval
        )
        for c in range(x.shape[-1])
    ]
    return np.stack(channels, axis=-1)


def matrix_of(
    theta: float, tx: float, ty: float, shear: float, zx: float, zy: float, h: int, w: int
) -> Any:
    """Return the matrix of a turn, a shift, a shear and a zoom about the middle, None for none.

    `theta` and `shear` are in degrees, `tx` and `ty` in pixels. As in Keras, the first coordinate
    of all this is the column and the second the row, while the middle is (h, w) / 2 - 1/2.
    """
    if (theta, tx, ty, shear, zx, zy) == (0, 0, 0, 0, 1, 1):
        return None
    a, s = np.deg2rad(theta), np.deg2rad(shear)
    parts: list[Any] = [
        [[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]],
        [[1, 0, tx], [0, 1, ty], [0, 0, 1]],
        [[1, -np.sin(s), 0], [0, np.cos(s), 0], [0, 0, 1]],
        [[zx, 0, 0], [0, zy, 0], [0, 0, 1]],
    ]
    middle = np.array([[1, 0, h / 2 - 0.5], [0, 1, w / 2 - 0.5], [0, 0, 1]])
    product = np.linalg.multi_dot([middle, *map(np.array, parts), np.linalg.inv(middle)])
    return product[np.ix_([1, 0, 2], [1, 0, 2])]
