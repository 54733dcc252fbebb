"""ContrastLimitedAdaptiveHistogramEqualization: values spread tile by tile, but not too far."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette import ops
from annette.layers.preprocessing.images.base import ImageLayer, value_range as checked

_BINS = 256
_OWN = "ContrastLimitedAdaptiveHistogramEqualization"


class ContrastLimitedAdaptiveHistogramEqualization(ImageLayer):
    r"""Spreads the values of each tile of a picture, flat parts only so far (Zuiderveld, 1994).

    A tile of n pixels counts its values in 256 bins. No count is more than
    :math:`c\,n / 256` with the clip limit c; what lies above is shared out among all bins. With the
    sums N of these counts up to each bin,

    .. math:: f(x) = l + (h - l)\,\frac{N(x) - N(l)}{n - N(l)}

    for the value range (l, h), and a pixel becomes what the four tiles around it make of its value,
    mixed by how near their middles are. It does so outside training too.

    Args:
        value_range: the least and the greatest value of pictures.
        clip_limit: c, how many times the mean a count may be; 0 or less for any.
        tile_grid_size: how many tiles there are in a column and in a row; sides that cannot be cut
            so are continued by their mirror image.
        data_format: "channels_last" or "channels_first"; the configured one if None.

    Call arguments:
        data: pictures, or a dict with "images", "labels" and "segmentation_masks".

    Input shape: (rows, h, w, channels), or one picture; channels before height with
        "channels_first".
    Output shape: that of the input.

    Raises:
        ValueError: if `value_range` is no such range, `clip_limit` no number, or `tile_grid_size`
            no two whole numbers above 0.
    """

    _fields = ("data_format", "value_range", "clip_limit", "tile_grid_size")
    _always = True

    def __init__(
        self,
        value_range: Any = (0, 255),
        clip_limit: float = 4.0,
        tile_grid_size: Any = (8, 8),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.value_range = checked(_OWN, value_range)
        if isinstance(clip_limit, bool) or not isinstance(clip_limit, (int, float, np.number)):
            raise ValueError(f"{_OWN} expects clip_limit to be a number; it got {clip_limit!r}.")
        self.clip_limit = clip_limit
        self.tile_grid_size = _grid(tile_grid_size)

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures with their values spread."""
        low, high = (float(v) for v in self.value_range)
        first = self.data_format == "channels_first"
        x = images if first else ops.transpose(images, (0, 3, 1, 2))
        shape = tuple(x.shape)
        x = ops.reshape(ops.cast(x, "float32"), (shape[0] * shape[1], *shape[2:]))
        levels = ops.clip((x - low) / (high - low), 0.0, 1.0) * (_BINS - 1.0)
        bins = ops.cast(ops.floor(levels), "int32")
        found = ops.reshape(self._equalized(bins), shape) / (_BINS - 1.0) * (high - low) + low
        found = ops.cast(found, ops.dtype(images))
        return found if first else ops.transpose(found, (0, 2, 3, 1))

    def _equalized(self, bins: Any) -> Any:
        """Return bins (planes, h, w) after equalization, from 0 to 255."""
        planes, height, width = bins.shape
        rows, columns = self.tile_grid_size
        sides = (-(-height // rows), -(-width // columns))
        table = self._tables(bins, sides)
        over, down = (
            _neighbours(size, side, count)
            for size, side, count in zip((height, width), sides, (rows, columns), strict=True)
        )
        plane = np.arange(planes, dtype="int32").reshape(-1, 1, 1) * np.int32(rows * columns)
        found: Any = 0.0
        for row, high_part in over:
            for column, wide_part in down:
                tile = plane + row.reshape(-1, 1) * np.int32(columns) + column
                values = ops.take(table, tile * np.int32(_BINS) + bins)
                found = found + values * (high_part.reshape(-1, 1) * wide_part)
        return found

    def _tables(self, bins: Any, sides: tuple[int, int]) -> Any:
        """Return what each tile makes of each bin, (planes * tiles * 256,)."""
        planes = bins.shape[0]
        (rows, columns), (high, wide) = self.tile_grid_size, sides
        for axis, total in ((1, rows * high), (2, columns * wide)):
            bins = ops.take(bins, _mirrored(bins.shape[axis], total), axis=axis)
        tiles, pixels = planes * rows * columns, high * wide
        bins = ops.reshape(bins, (planes, rows, high, columns, wide))
        bins = ops.reshape(ops.transpose(bins, (0, 1, 3, 2, 4)), (tiles, pixels))
        first = np.arange(tiles, dtype="int32").reshape(-1, 1) * np.int32(_BINS)
        counts = ops.segment_sum(
            ops.ones((tiles * pixels,), "float32"),
            ops.reshape(bins + first, (-1,)),
            num_segments=tiles * _BINS,
        )
        counts = ops.reshape(counts, (tiles, _BINS))
        if self.clip_limit > 0:
            limit = float(self.clip_limit) * pixels / _BINS
            kept = ops.minimum(counts, limit)
            counts = kept + ops.sum(counts - kept, axis=1, keepdims=True) / _BINS
        sums = ops.cumsum(counts, axis=1)
        rest = sums[:, -1:] - sums[:, :1]
        spread = (sums - sums[:, :1]) * (_BINS - 1.0) / ops.where(rest > 0, rest, 1.0)
        return ops.reshape(spread, (-1,))


def _grid(given: Any) -> tuple[int, int]:
    good = isinstance(given, (tuple, list)) and len(given) == 2
    whole = good and all(
        isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in given
    )
    if not whole or min(given) < 1:
        raise ValueError(
            f"{_OWN} expects tile_grid_size to be two whole numbers above 0, the tiles in a column "
            f"and in a row; it got {given!r}."
        )
    return int(given[0]), int(given[1])


def _mirrored(size: int, total: int) -> np.ndarray:
    """Return which of `size` places stand at `total` ones: a b c c b a a b ..."""
    places = np.arange(total, dtype="int32") % (2 * size)
    return np.where(places < size, places, 2 * size - 1 - places).astype("int32")


def _neighbours(size: int, side: int, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the tiles before and behind each of `size` pixels, each with its share."""
    place = np.arange(size) / side - 0.5
    before = np.floor(place)
    share = (place - before).astype("float32")
    tiles = (np.clip(before + i, 0, count - 1).astype("int32") for i in (0, 1))
    return list(zip(tiles, (np.float32(1) - share, share), strict=True))
