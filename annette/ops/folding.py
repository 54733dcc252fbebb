"""Patches of pictures as columns, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.graph.primitive import apply
from annette.ops.common import from_python, op, rank
from annette.ops.convolution import data_format as checked_format, spatial
from annette.ops.numpy import arranging, indexing, shaping
from annette.primitives import index


class _Grid:
    """Which places of a padded picture the patches cover, along each of the two axes."""

    def __init__(
        self,
        name: str,
        size: tuple[int, int],
        kernel: Any,
        dilation: Any,
        padding: Any,
        stride: Any,
    ) -> None:
        kernels = spatial(name, "kernel_size", kernel, 2)
        steps = spatial(name, "dilation", dilation, 2)
        strides = spatial(name, "stride", stride, 2)
        self.padding = spatial(name, "padding", padding, 2, least=0)
        self.size = tuple(n + 2 * p for n, p in zip(size, self.padding, strict=True))
        self.kernel = kernels
        covered = [(k - 1) * d + 1 for k, d in zip(kernels, steps, strict=True)]
        if any(c > n for c, n in zip(covered, self.size, strict=True)):
            raise ValueError(
                f"{name}: a patch covers {tuple(covered)} places, more than the padded picture "
                f"has: {self.size}. Use a smaller kernel_size or more padding."
            )
        self.count = tuple(
            (n - c) // s + 1 for n, c, s in zip(self.size, covered, strides, strict=True)
        )
        self.places = [
            (np.arange(k)[:, None] * d + np.arange(c) * s).astype("int32")
            for k, d, c, s in zip(kernels, steps, self.count, strides, strict=True)
        ]


@op
def unfold(x: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """Return the patches of pictures as columns.

    Args:
        x: pictures, (n, c, h, w).
        kernel_size: height and width of a patch, or one number for both, as all that follow.
        dilation: how far the places of a patch lie apart.
        padding: how many zeros are put around.
        stride: how far patches lie apart.

    Returns:
        An array (n, c * height * width, patches), patches row by row.

    Raises:
        ValueError: if x has other than four axes, or a patch does not fit.
    """
    x = from_python(x)
    if rank(x) != 4:
        raise ValueError(f"unfold expects pictures (n, c, h, w); the shape is {tuple(x.shape)}.")
    n, c, h, w = x.shape
    grid = _Grid("unfold", (h, w), kernel_size, dilation, padding, stride)
    (top, left), (rows, columns) = grid.padding, grid.places
    x = arranging.pad(x, ((0, 0), (0, 0), (top, top), (left, left))) if top or left else x
    y = indexing.take(indexing.take(x, rows, axis=2), columns, axis=4)
    y = shaping.transpose(y, (0, 1, 2, 4, 3, 5))
    (a, b), (i, j) = grid.kernel, grid.count
    return shaping.reshape(y, (n, c * a * b, i * j))


@op
def fold(
    x: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Any:
    """Return the pictures whose places hold the sums of the patches' there: `unfold` transposed.

    Args:
        x: patches as columns, (n, c * height * width, patches).
        output_size: height and width of the pictures.
        kernel_size: as for `unfold`, like all that follow.
        dilation: how far the places of a patch lie apart.
        padding: how many places around are left out in the end.
        stride: how far patches lie apart.

    Returns:
        An array (n, c, h, w).

    Raises:
        ValueError: if the shape of x does not belong to these sizes.
    """
    x = from_python(x)
    h, w = spatial("fold", "output_size", output_size, 2)
    grid = _Grid("fold", (h, w), kernel_size, dilation, padding, stride)
    (a, b), (i, j) = grid.kernel, grid.count
    if rank(x) != 3 or x.shape[1] % (a * b) or x.shape[2] != i * j:
        raise ValueError(
            f"fold expects patches (n, c * {a * b}, {i * j}) for pictures of {(h, w)}; the shape is "
            f"{tuple(x.shape)}."
        )
    n, c = x.shape[0], x.shape[1] // (a * b)
    y = shaping.transpose(shaping.reshape(x, (n, c, a, b, i, j)), (0, 1, 2, 4, 3, 5))
    rows, columns = grid.places
    y = apply(index.scatter_add, (y, columns), {"axis": 4, "size": grid.size[1]})
    y = apply(index.scatter_add, (y, rows), {"axis": 2, "size": grid.size[0]})
    top, left = grid.padding
    return y[:, :, top : top + h, left : left + w]


def _blocks(name: str, x: Any, block_size: Any, data_format: Any) -> tuple[Any, int, bool]:
    """Return a picture, the block's size, and whether the channels are last."""
    x = from_python(x)
    last = checked_format(name, data_format) == "channels_last"
    (block,) = spatial(name, "block_size", block_size, 1, least=2)
    if rank(x) != 4:
        raise ValueError(
            f"{name} takes pictures (n, height, width, channels), or the channels second; the shape "
            f"is {tuple(x.shape)}."
        )
    return x, block, last


@op
def depth_to_space(x: Any, block_size: int, data_format: str = "channels_last") -> Any:
    """Return pictures whose channels have become blocks of places.

    Shapes: (n, h, w, b b c) to (n, h b, w b, c); (n, c b b, h, w) to (n, c, h b, w b) with the
    channels second, where those of a block stand together.

    Raises:
        ValueError: if there are no pictures, or b^2 does not divide the channels.
    """
    x, b, last = _blocks("depth_to_space", x, block_size, data_format)
    n, h, w, channels = x.shape if last else (x.shape[0], *x.shape[2:], x.shape[1])
    if channels % b**2:
        raise ValueError(
            f"depth_to_space with block_size={b} needs a multiple of {b**2} channels; there are "
            f"{channels}."
        )
    c = channels // b**2
    if last:
        parts = shaping.transpose(shaping.reshape(x, (n, h, w, b, b, c)), (0, 1, 3, 2, 4, 5))
        return shaping.reshape(parts, (n, h * b, w * b, c))
    parts = shaping.transpose(shaping.reshape(x, (n, c, b, b, h, w)), (0, 1, 4, 2, 5, 3))
    return shaping.reshape(parts, (n, c, h * b, w * b))


@op
def space_to_depth(x: Any, block_size: int, data_format: str = "channels_last") -> Any:
    """Return pictures whose blocks of places have become channels: `depth_to_space` undone.

    Raises:
        ValueError: if there are no pictures, or b does not divide height and width.
    """
    x, b, last = _blocks("space_to_depth", x, block_size, data_format)
    n, h, w, c = x.shape if last else (x.shape[0], *x.shape[2:], x.shape[1])
    if h % b or w % b:
        raise ValueError(
            f"space_to_depth with block_size={b} needs a height and width that it divides; they are "
            f"{h} and {w}."
        )
    h, w = h // b, w // b
    if last:
        parts = shaping.transpose(shaping.reshape(x, (n, h, b, w, b, c)), (0, 1, 3, 2, 4, 5))
        return shaping.reshape(parts, (n, h, w, c * b**2))
    parts = shaping.transpose(shaping.reshape(x, (n, c, h, b, w, b)), (0, 1, 3, 5, 2, 4))
    return shaping.reshape(parts, (n, c * b**2, h, w))
