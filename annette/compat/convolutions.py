"""The layers of convolution under the names of Keras 1, whose windows had their sides one by one."""

from __future__ import annotations

from typing import Any

from annette import layers as _layers
from annette.compat import hints as _hints
from annette.compat.spellings import join_sides as _join_sides

__all__ = [
    "AtrousConvolution1D",
    "AtrousConvolution2D",
    "Convolution1D",
    "Convolution2D",
    "Convolution2DTranspose",
    "Convolution3D",
    "Convolution3DTranspose",
    "Deconvolution2D",
    "Deconvolution3D",
    "SeparableConvolution2D",
]


class _OldName(type):
    """The type of names that stand for a layer of today."""

    today: str
    sides: int

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, getattr(_layers, cls.today))

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Return a layer of today, whose window may have been given side by side."""
        kwargs = _join_sides(cls.__name__, kwargs)
        if len(args) == 2 and cls.sides == 2 and "nb_col" in kwargs:
            args = (*args, kwargs.pop("nb_col"))
        window = args[1 : 1 + cls.sides]
        if cls.sides > 1 and len(window) == cls.sides and all(isinstance(n, int) for n in window):
            n = ", ".join("n" * cls.sides)
            _hints.note(f"{cls.__name__}(filters, {n}, ...)", f"{cls.today}(filters, ({n}), ...)")
            args = (args[0], window, *_rest(cls, args[1 + cls.sides :]))
        else:
            _hints.note(cls.__name__, cls.today)
        return getattr(_layers, cls.today)(*args, **kwargs)


def _rest(cls: _OldName, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what follows the window: only the output's shape, which is known without."""
    if args and not (cls.today.endswith("Transpose") and len(args) == 1):
        raise TypeError(
            f"{cls.__name__} takes filters and the sides of the window without names; it got "
            f"{len(args)} more: {args!r}. Give them with their names."
        )
    return ()


class AtrousConvolution1D(metaclass=_OldName):
    """`Conv1D` with `atrous_rate` for its dilation."""

    today, sides = "Conv1D", 1


class AtrousConvolution2D(metaclass=_OldName):
    """`Conv2D` with `atrous_rate` for its dilation."""

    today, sides = "Conv2D", 2


class Convolution1D(metaclass=_OldName):
    """`Conv1D`."""

    today, sides = "Conv1D", 1


class Convolution2D(metaclass=_OldName):
    """`Conv2D`, also called with ``(filters, rows, columns)``."""

    today, sides = "Conv2D", 2


class Convolution3D(metaclass=_OldName):
    """`Conv3D`, also called with ``(filters, n, n, n)``."""

    today, sides = "Conv3D", 3


class SeparableConvolution2D(metaclass=_OldName):
    """`SeparableConv2D`, also called with ``(filters, rows, columns)``."""

    today, sides = "SeparableConv2D", 2


class Deconvolution2D(metaclass=_OldName):
    """`Conv2DTranspose`, also called with ``(filters, rows, columns, output_shape)``."""

    today, sides = "Conv2DTranspose", 2


class Deconvolution3D(metaclass=_OldName):
    """`Conv3DTranspose`, also called with ``(filters, n, n, n, output_shape)``."""

    today, sides = "Conv3DTranspose", 3


Convolution2DTranspose, Convolution3DTranspose = Deconvolution2D, Deconvolution3D
