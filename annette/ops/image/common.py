"""What operations on pictures share: one picture or several, channels first or last, dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.ops import numpy as n
from annette.ops.common import dtype_of, from_python, rank, to_dtype
from annette.ops.convolution import as_given, channels_last, data_format

FILL_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")


class Pictures:
    """Pictures as (rows, h, w, channels), and how to give a result the form of what came.

    Raises:
        ValueError: for other than three or four axes, or a data format that is not known.
    """

    def __init__(self, name: str, images: Any, form: Any) -> None:
        self.name, self.form = name, data_format(name, form)
        x = from_python(images)
        if rank(x) not in (3, 4):
            raise ValueError(
                f"{name} takes a picture of 3 axes or a batch of them of 4 axes; the shape of "
                f"images is {tuple(x.shape)}."
            )
        self.single = rank(x) == 3
        self.dtype = dtype_of(x)
        x = n.expand_dims(x, 0) if self.single else x
        self.x = channels_last(x, self.form)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.x.shape[1], self.x.shape[2]

    def floats(self) -> Any:
        """Return the pictures as floats to compute with."""
        return as_floats(self.x)

    def back(self, y: Any, dtype: str | None = None, halves_up: bool = False) -> Any:
        """Return pictures (rows, h, w, channels) in the form that came, in its dtype if given."""
        y = as_given(y, self.form)
        y = n.squeeze(y, 0) if self.single else y
        return y if dtype is None else rounded(y, dtype, halves_up)


def as_floats(x: Any) -> Any:
    """Return `x` as floats, whole numbers as float32."""
    name = dtype_of(x)
    return x if "float" in name else to_dtype(x, "float32")


def rounded(x: Any, dtype: str, halves_up: bool = False) -> Any:
    """Return floats in another dtype: for whole numbers the nearest ones that it holds.

    What is halfway between two becomes the even one, or the one further from 0.
    """
    if "float" in dtype or dtype_of(x) == dtype:
        return to_dtype(x, dtype)
    if dtype == "bool":
        return n.not_equal(x, 0)
    info, wide = np.iinfo(dtype), dtype_of(x)
    top = np.array(info.max, wide)
    if float(top) > info.max:
        top = np.nextafter(top, np.array(0, wide))
    x = n.trunc(x + n.sign(x) * 0.5) if halves_up else n.round(x)
    return to_dtype(n.clip(x, np.array(info.min, wide), top), dtype)


def one_of(name: str, argument: str, value: Any, known: tuple[str, ...]) -> str:
    """Return a word.

    Raises:
        ValueError: if it is none of those known.
    """
    if value not in known:
        raise ValueError(
            f"{name} takes for {argument} one of {', '.join(map(repr, known))}; it got {value!r}."
        )
    return str(value)


def two(name: str, argument: str, value: Any, what: str) -> tuple[Any, Any]:
    """Return a pair (of height and width).

    Raises:
        ValueError: if it is none.
    """
    if not isinstance(value, (tuple, list, np.ndarray)) or len(value) != 2:
        raise ValueError(
            f"{name} takes for {argument} two {what}, (height, width); it got {value!r}."
        )
    return value[0], value[1]


def whole(name: str, argument: str, value: Any, least: int) -> int:
    """Return a whole number.

    Raises:
        ValueError: if it is none, or too small.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < least:
        raise ValueError(
            f"{name} takes for {argument} a whole number of {least} or more; it got {value!r}."
        )
    return int(value)
