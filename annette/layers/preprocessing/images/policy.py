"""What layers share that choose among other layers on pictures."""

from __future__ import annotations

from typing import Any

from annette import layers, ops
from annette.layers.preprocessing.images.base import (
    INTERPOLATIONS,
    RandomLayer,
    bounds,
    value_range as checked,
    word,
)

GEOMETRIC = ("random_shear", "random_translation", "random_rotation")
COLORS = ("random_brightness", "random_color_degeneration", "random_contrast", "random_sharpness")
SHADES = ("random_posterization", "solarization", "auto_contrast", "equalization")


class Policy(RandomLayer):
    """A random layer that has others at hand, each an attribute under its own name.

    Args:
        names: of the others.
        factor: (lower, upper) strength of them all, or f for (0, f); from 0 to 1.
        value_range: the least and the greatest value of pictures.
        interpolation: "nearest" or "bilinear".
    """

    def __init__(
        self,
        names: tuple[str, ...],
        factor: Any,
        value_range: Any,
        interpolation: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        own = type(self).__name__
        self.value_range = checked(own, value_range)
        self.factor = bounds(own, "factor", factor, 0.0, 1.0, 0.0)
        self.interpolation = word(own, "interpolation", interpolation, INTERPOLATIONS)
        self._names = names
        for name in names:
            setattr(self, name, self._made(name))

    def _made(self, name: str) -> Any:
        cls = getattr(layers, "".join(map(str.capitalize, name.split("_"))))
        how = {"data_format": self.data_format, "dtype": self.dtype_policy}
        if name in GEOMETRIC:
            how["interpolation"] = self.interpolation
        else:
            how["value_range"] = self.value_range
        if name not in ("auto_contrast", "equalization"):
            how["seed"] = self.seed
        return cls(**how, **self._strength(name))

    def _strength(self, name: str) -> dict[str, Any]:
        both = {
            "random_shear": ("x_factor", "y_factor"),
            "random_translation": ("height_factor", "width_factor"),
            "solarization": ("addition_factor", "threshold_factor"),
            "auto_contrast": (),
            "equalization": (),
        }
        if name == "random_posterization":  # a strength of 1 stands for all of 8 bits
            return {"factor": (1, max(int(8 * self.factor[1]), 1))}
        return dict.fromkeys(both.get(name, ("factor",)), self.factor)

    def _drawn_by(self, name: str, data: Any, seed: Any) -> Any:
        """Return what one of the layers is to do, drawn from this layer's own generator."""
        return getattr(self, name).get_random_transformation(data, seed=self._source(seed))

    def _one_of(self, index: Any, transforms: dict[str, Any], method: str, x: Any) -> Any:
        """Return what the layer at a place of `transforms` makes of `x`; behind the last, `x`.

        Where the place is not known yet, in a graph, all are computed and one is chosen.
        """

        def branch(name: str) -> Any:
            return lambda x: ops.cast(
                getattr(getattr(self, name), method)(x, transforms[name], True), ops.dtype(x)
            )

        return ops.switch(index, [*map(branch, transforms), lambda x: x], x)
