"""What layers on pictures share: one picture or several, labels and masks beside them, draws."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette import ops, random
from annette.graph.symbolic import KerasTensor
from annette.layers.arguments import data_format as checked_format
from annette.layers.preprocessing.base import Preprocessing, as_array

FILL_MODES = ("reflect", "wrap", "constant", "nearest")
INTERPOLATIONS = ("nearest", "bilinear")
_MASKS, _BOXES = "segmentation_masks", "bounding_boxes"


class ImageLayer(Preprocessing):
    """A layer on pictures: it draws what to do to each, and does it.

    It takes an array of pictures, or a dict with "images" and, as one likes, "labels" and
    "segmentation_masks" that are changed along with them; other entries stay as they are.

    Args:
        data_format: "channels_last" or "channels_first"; the configured one if None.

    Raises:
        ValueError: if `data_format` is not known.
    """

    _fields: tuple[str, ...] = ("data_format",)
    # Whether something is done outside training too.
    _always = False
    # What a layer that draws draws from.
    generator: random.SeedGenerator

    def __init__(
        self, data_format: str | None = None, bounding_box_format: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if bounding_box_format is not None:
            raise ValueError(
                f"{type(self).__name__} got bounding_box_format={bounding_box_format!r}; annette "
                "changes no bounding boxes. Leave it None."
            )
        self.data_format = checked_format(type(self).__name__, data_format)
        self.built = True

    # --- what a layer of its own writes ---------------------------------------------------------

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return what is to be done to each picture; None for nothing."""
        return None

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures after a transformation."""
        raise NotImplementedError(f"{type(self).__name__} has no transform_images().")

    def transform_labels(self, labels: Any, transformation: Any, training: bool = True) -> Any:
        """Return the labels that belong to the pictures after it."""
        return labels

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the masks that belong to the pictures after it."""
        return segmentation_masks

    # --- calling ------------------------------------------------------------------------------

    def _as_inputs(self, x: Any) -> Any:
        if isinstance(x, dict):
            return {k: v if k == _BOXES else as_array(v) for k, v in x.items()}
        return as_array(x)

    def call(self, data: Any, training: bool = True) -> Any:
        """Return the pictures, changed."""
        if not isinstance(data, dict):
            return self._run({"images": data}, training)["images"]
        if "images" not in data:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' takes pictures, or a dict with 'images'; it "
                f"got the entries {sorted(data)}."
            )
        if _BOXES in data:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' got 'bounding_boxes', which annette does not "
                "change along with the pictures. Leave them out."
            )
        return self._run(data, training)

    def _run(self, data: dict[str, Any], training: bool) -> dict[str, Any]:
        count = len(data["images"].shape)
        if count not in (3, 4):
            raise ValueError(
                f"{type(self).__name__} '{self.name}' takes a picture of 3 axes or a batch of them "
                f"of 4 axes; the shape is {tuple(data['images'].shape)}."
            )
        given = dict(data)
        own = [k for k in ("images", "labels", _MASKS) if k in data]
        for key in own if count == 3 else ():
            given[key] = ops.expand_dims(given[key], 0)
        given["images"] = self._prepared(given["images"])
        if training or self._always:
            drawn = self.get_random_transformation(given, training=training)
            given["images"] = self.transform_images(given["images"], drawn, training)
            if "labels" in own:
                given["labels"] = self.transform_labels(given["labels"], drawn, training)
            if _MASKS in own:
                given[_MASKS] = self.transform_segmentation_masks(given[_MASKS], drawn, training)
        given["images"] = self._finished(given["images"])
        for key in own if count == 3 else ():
            given[key] = ops.squeeze(given[key], 0)
        return given

    def _prepared(self, images: Any) -> Any:
        """Return the pictures as floats to compute with."""
        whole = "float" not in self.compute_dtype
        return ops.cast(images, "float32" if whole else self.compute_dtype)

    def _finished(self, images: Any) -> Any:
        """Return the pictures in the layer's dtype, rounded if that is one of whole numbers."""
        if "float" in self.compute_dtype:
            return ops.cast(images, self.compute_dtype)
        return ops.saturate_cast(ops.round(images), self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape for an input shape, rows first."""
        return input_shape

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return the output as a KerasTensor; of a dict, all of them."""
        if isinstance(args[0], dict):
            return self._traced_spec(args, kwargs)
        return KerasTensor(self.compute_output_shape(args[0].shape), self.output_dtype)

    # --- what layers draw and look at ---------------------------------------------------------

    @property
    def _axes(self) -> tuple[int, int, int]:
        """The axes of height, width and channels, counted from the last."""
        return (-3, -2, -1) if self.data_format == "channels_last" else (-2, -1, -3)

    def _size(self, data: Any) -> tuple[int, int, int]:
        """Return rows (1 for a single picture), height and width."""
        shape = tuple((data["images"] if isinstance(data, dict) else data).shape)
        height, width, _ = self._axes
        return (1 if len(shape) == 3 else shape[0]), shape[height], shape[width]

    def _shape(self, data: Any) -> tuple[int, ...]:
        return tuple((data["images"] if isinstance(data, dict) else data).shape)

    def _uniform(self, shape: Any, low: Any, high: Any, seed: Any) -> Any:
        return random.uniform(shape, float(low), float(high), "float32", self._source(seed))

    def _source(self, seed: Any) -> Any:
        return self.generator if seed is None else seed

    def _chosen(self, rows: int, factor: Any, seed: Any) -> Any:
        """Return which pictures are changed, (rows,), each with a probability drawn for it."""
        source = self._source(seed)
        limit = random.uniform((rows,), float(factor[0]), float(factor[1]), "float32", source)
        return random.uniform((rows,), 0.0, 1.0, "float32", source) < limit

    def _per_picture(self, values: Any, images: Any) -> Any:
        """Return a value for each picture as (rows, 1, 1, 1), in the pictures' dtype if floats."""
        values = ops.convert_to_tensor(values)
        if "float" in ops.dtype(values):
            values = ops.cast(values, ops.dtype(images))
        return ops.reshape(values, (-1, 1, 1, 1))


class RandomLayer(ImageLayer):
    """A layer on pictures that draws.

    Args:
        seed: a whole number, for the same draws in each run.
        data_format: "channels_last" or "channels_first"; the configured one if None.
    """

    _fields: tuple[str, ...] = ("data_format", "seed")

    def __init__(self, seed: Any = None, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.seed = seed
        self.generator = random.SeedGenerator(seed)


# --- arguments ------------------------------------------------------------------------------------


def number(layer: str, name: str, value: Any, low: float, high: float) -> float:
    """Return a number from `low` to `high`.

    Raises:
        ValueError: for anything else.
    """
    good = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not good or not low <= value <= high:
        raise ValueError(
            f"{layer} expects {name} to be a number from {low:g} to {high:g}, or two of them; it "
            f"got {value!r}."
        )
    return value if isinstance(value, int) else float(value)


def bounds(
    layer: str, name: str, value: Any, low: float, high: float, least: float | None = None
) -> tuple[float, float]:
    """Return (lower, upper), of a pair or of one number.

    One number f stands for (-f, f), or for (least, f) if `least` is given.

    Raises:
        ValueError: for anything else, and for numbers that are not from `low` to `high`.
    """
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            raise ValueError(
                f"{layer} expects {name} to be a number from {low:g} to {high:g}, or two of them; "
                f"it got {value!r}."
            )
        lower, upper = (number(layer, name, v, low, high) for v in value)
        if lower > upper:
            raise ValueError(
                f"{layer} expects {name} to be (lower, upper); it got {tuple(value)!r}. Swap them."
            )
        return lower, upper
    upper = number(layer, name, value, low, high)
    if least is None:
        return -abs(upper), abs(upper)
    if upper < least:
        raise ValueError(f"{layer} expects {name} to be {least:g} or more; it got {value!r}.")
    return (int(least) if float(least).is_integer() else least), upper


def value_range(layer: str, value: Any) -> Any:
    """Return the least and the greatest value of pictures, as given.

    Raises:
        ValueError: if they are no two numbers, the first below the second.
    """
    good = isinstance(value, (tuple, list)) and len(value) == 2
    if not good or not value[0] < value[1]:
        raise ValueError(
            f"{layer} expects value_range to be two numbers, the least and the greatest value of "
            f"the pictures; it got {value!r}."
        )
    return value


def word(layer: str, name: str, value: Any, known: tuple[str, ...]) -> str:
    """Return one of the known words.

    Raises:
        ValueError: if it is none of them.
    """
    if value not in known:
        raise ValueError(
            f"{layer} expects {name} to be one of {', '.join(map(repr, known))}; it got {value!r}."
        )
    return str(value)
