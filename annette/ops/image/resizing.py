"""Pictures of another size: each axis is a product with a constant matrix of weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.graph.context import count_constant
from annette.ops import numpy as n
from annette.ops.common import dtype_of, from_python, op, rank, to_dtype
from annette.ops.image.common import Pictures, as_floats, one_of, rounded, two, whole


def _triangle(xp: Any, t: Any) -> Any:
    return xp.maximum(0.0, 1.0 - t)


def _cubic(xp: Any, t: Any) -> Any:
    near = (1.5 * t - 2.5) * t * t + 1.0
    far = ((-0.5 * t + 2.5) * t - 4.0) * t + 2.0
    return xp.where(t <= 1.0, near, xp.where(t < 2.0, far, 0.0))


def _lanczos(lobes: int) -> Any:
    return lambda xp, t: xp.where(t < lobes, xp.sinc(t) * xp.sinc(t / lobes), 0.0)


# The kernels of distance: Keys (1981) with a = -1/2; Lanczos's windowed sinc (Duchon, 1979).
KERNELS = {
    "bilinear": _triangle,
    "bicubic": _cubic,
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
}
_METHODS = {
    **dict.fromkeys(("linear", "bilinear", "trilinear", "triangle"), _triangle),
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), _cubic),
    "lanczos3": KERNELS["lanczos3"],
    "lanczos5": KERNELS["lanczos5"],
}


def weights(
    xp: Any, size: int, new: int, scale: Any, shift: Any, kernel: Any, antialias: bool
) -> Any:
    """Return by how much each of `size` places counts for each of `new` ones, (size, new).

    With antialias the kernel is as wide as the new places where these are further apart.
    """
    step = 1.0 / scale
    wide = xp.maximum(step, 1.0) if antialias else 1.0
    count_constant(size, new)
    places = (np.arange(new) + 0.5) * step - shift * step - 0.5
    w = kernel(xp, xp.abs(places - np.arange(size)[:, None]) / wide)
    total = xp.sum(w, axis=0, keepdims=True)
    small = xp.abs(total) <= 1000.0 * np.finfo("float32").eps
    w = xp.where(small, 0.0, w / xp.where(small, 1.0, total))
    return xp.where(xp.logical_and(places >= -0.5, places <= size - 0.5), w, 0.0)


def along(x: Any, axis: int, w: Any) -> Any:
    """Return `x` with its axis multiplied by a matrix (old size, new size)."""
    shape = tuple(x.shape)
    after = int(np.prod(shape[axis + 1 :], dtype=np.int64))
    if 0 in shape:
        return n.zeros((*shape[:axis], w.shape[1], *shape[axis + 1 :]), dtype_of(x))
    if after < 16:
        # Few numbers lie side by side: the sums are taken along the last axis instead.
        return n.moveaxis(n.matmul(n.moveaxis(x, axis, -1), w), -1, axis)
    before = int(np.prod(shape[:axis], dtype=np.int64))
    y = n.matmul(n.transpose(w), n.reshape(x, (before, shape[axis], after)))
    return n.reshape(y, (*shape[:axis], w.shape[1], *shape[axis + 1 :]))


def _nearest(x: Any, axis: int, new: int) -> Any:
    size = x.shape[axis]
    count_constant(new)
    places = np.floor((np.arange(new) + 0.5) * size / new)
    return n.take(x, np.minimum(places, size - 1).astype("int32"), axis=axis)


def scaled(x: Any, axis: int, new: int, interpolation: str, antialias: bool) -> Any:
    """Return floats with an axis of another size."""
    size = x.shape[axis]
    if new == size:
        return x
    if interpolation == "nearest":
        return _nearest(x, axis, new)
    w = weights(np, size, new, new / size, 0.0, KERNELS[interpolation], antialias)
    wide = "float64" if dtype_of(x) == "float64" else "float32"
    return to_dtype(along(to_dtype(x, wide), axis, w.astype(wide)), wide)


@op
def resize(
    images: Any,
    size: Any,
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Any:
    r"""Return pictures of another size.

    .. math:: y_i = \sum_j \frac{k(|s_i - j| / w)}{\sum_l k(|s_i - l| / w)} x_j, \quad
        s_i = (i + 1/2)\, r - 1/2

    along height and then width, where r is old size over new size, k the kernel of the
    interpolation, and w = 1, or max(r, 1) with `antialias`.

    Args:
        images: (h, w, channels) or (rows, h, w, channels), channels before height with
            "channels_first".
        size: (height, width) of the result.
        interpolation: "nearest", "bilinear", "bicubic" (Keys, 1981), "lanczos3" or "lanczos5"
            (Duchon, 1979).
        antialias: whether the kernel is widened where pictures become smaller.
        crop_to_aspect_ratio: whether the largest part in the middle that has the new proportions is
            taken first.
        pad_to_aspect_ratio: whether pictures are put in the middle of a frame of the new
            proportions first.
        fill_mode: "constant".
        fill_value: what the frame is filled with.
        data_format: where the channels are; the configured format if None.

    Returns:
        Pictures of that size, of the dtype of `images`; whole numbers are rounded.

    Raises:
        ValueError: if an argument is none of these, or both crop and pad are asked for.
    """
    known = ("bilinear", "nearest", "lanczos3", "lanczos5", "bicubic")
    method = one_of("resize", "interpolation", interpolation, known)
    one_of("resize", "fill_mode", fill_mode, ("constant",))
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError(
            "resize takes crop_to_aspect_ratio or pad_to_aspect_ratio, not both; both are True."
        )
    new = tuple(whole("resize", "size", v, 1) for v in two("resize", "size", size, "numbers"))
    pictures = Pictures("resize", images, data_format)
    x = pictures.x
    if crop_to_aspect_ratio:
        x = _cropped(x, new)
    elif pad_to_aspect_ratio:
        x = _padded(x, new, fill_value)
    floats = x if method == "nearest" else as_floats(x)
    for axis in (1, 2):
        floats = scaled(floats, axis, new[axis - 1], method, bool(antialias))
    return pictures.back(floats, pictures.dtype)


def _cropped(x: Any, new: tuple[int, ...]) -> Any:
    """Return the largest part in the middle with the proportions of the new size."""
    (height, width), (h, w) = x.shape[1:3], new
    rows = min(height, int(float(width * h) / w))
    columns = min(width, int(float(height * w) / h))
    top, left = int((height - rows) / 2), int((width - columns) / 2)
    return x[:, top : top + max(rows, 1), left : left + max(columns, 1)]


def _padded(x: Any, new: tuple[int, ...], fill: float) -> Any:
    """Return pictures in the middle of a frame with the proportions of the new size."""
    (height, width), (h, w) = x.shape[1:3], new
    rows = max(height, int(float(width * h) / w))
    columns = max(width, int(float(height * w) / h))
    top, left = int((rows - height) / 2), int((columns - width) / 2)
    # As much on either side, though the frame may come to be one short.
    frame = ((0, 0), (top, top), (left, left), (0, 0))
    return n.pad(x, frame, constant_values=fill)


@op
def scale_and_translate(
    images: Any,
    output_shape: Any,
    scale: Any,
    translation: Any,
    spatial_dims: Any,
    method: str,
    antialias: bool = True,
) -> Any:
    r"""Return pictures scaled and moved, along any of their axes.

    A place x of the input comes to :math:`s x + t`, places being counted from the edge of the first
    pixel, whose middle is at 1/2. What comes from outside is 0.

    Args:
        images: an array.
        output_shape: the shape of the result.
        scale: s, a number for each of `spatial_dims`; may be computed.
        translation: t, likewise.
        spatial_dims: the axes to scale and move.
        method: "linear" ("bilinear", "trilinear", "triangle"), "cubic" ("bicubic", "tricubic"),
            "lanczos3" or "lanczos5".
        antialias: whether the kernel is widened where pictures become smaller.

    Returns:
        An array of that shape, of floats.

    Raises:
        ValueError: if the numbers of axes do not agree, or the method is not known.
    """
    name = "scale_and_translate"
    kernel = _METHODS[one_of(name, "method", method, tuple(_METHODS))]
    x = as_floats(from_python(images))
    shape, axes = tuple(int(v) for v in output_shape), [int(v) for v in spatial_dims]
    if len(shape) != rank(x):
        raise ValueError(
            f"{name} takes an output_shape with a size for each axis of images, whose shape is "
            f"{tuple(x.shape)}; it got {shape}."
        )
    scales, shifts = (as_floats(from_python(v)) for v in (scale, translation))
    if tuple(scales.shape) != (len(axes),) or tuple(shifts.shape) != (len(axes),):
        raise ValueError(
            f"{name} takes a scale and a translation with {len(axes)} numbers, one for each of "
            f"spatial_dims; their shapes are {tuple(scales.shape)} and {tuple(shifts.shape)}."
        )
    wide, dtype = "float64" if dtype_of(x) == "float64" else "float32", dtype_of(x)
    x = to_dtype(x, wide)
    for i, axis in enumerate(axes):
        axis %= rank(x)
        w = weights(n, x.shape[axis], shape[axis], scales[i], shifts[i], kernel, bool(antialias))
        x = along(x, axis, to_dtype(w, wide))
    return rounded(x, dtype)
