"""`ImageDataGenerator`: pictures in memory or files, changed at random and standardized."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.compat.preprocessing.images.affine import FILL_MODES, affine, matrix_of
from annette.compat.preprocessing.images.dataframe import DataFrameIterator
from annette.compat.preprocessing.images.directory import DirectoryIterator
from annette.compat.preprocessing.images.iterator import NumpyArrayIterator
from annette.utils.warning import warn

_TINY = 1e-6


class ImageDataGenerator:
    """Batches of pictures, each turned, moved, zoomed, ... by chance.

    Args:
        featurewise_center: subtract the mean of the data; see `fit`.
        samplewise_center: subtract each picture's mean.
        featurewise_std_normalization: divide by the deviation of the data.
        samplewise_std_normalization: divide by each picture's deviation.
        zca_whitening: make the pixels uncorrelated.
        zca_epsilon: added to the variances in that.
        rotation_range: turn by up to so many degrees.
        width_shift_range: move by up to this share of the width (below 1) or so many pixels; an
            int or a list draws whole pixels.
        height_shift_range: the same with the height.
        brightness_range: (least, most) factor of the brightness.
        shear_range: shear by up to so many degrees.
        zoom_range: zoom by a factor from 1 - zoom_range to 1 + zoom_range, or in (least, most).
        channel_shift_range: add up to so much to the channels.
        fill_mode: what comes from outside: "constant", "nearest", "reflect" or "wrap".
        cval: the value outside, for "constant".
        horizontal_flip: turn left and right by chance.
        vertical_flip: turn up and down by chance.
        rescale: multiply by it, before all other standardizing.
        preprocessing_function: called with each picture before that.
        data_format: "channels_last" or "channels_first".
        validation_split: the share of the rows, the first ones, that `flow` gives with
            ``subset="validation"``.
        interpolation_order: 0 for the nearest pixel, 1 for a mixture, more for splines.
        dtype: of the batches.

    Raises:
        ValueError: for settings that do not make sense.
    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: Any = 0.0,
        height_shift_range: Any = 0.0,
        brightness_range: Any = None,
        shear_range: float = 0.0,
        zoom_range: Any = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Any = None,
        data_format: str | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: Any = None,
    ) -> None:
        from annette import config

        self.featurewise_center = featurewise_center or zca_whitening
        self.featurewise_std_normalization = featurewise_std_normalization
        self.samplewise_center = samplewise_center or samplewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening, self.zca_epsilon = zca_whitening, zca_epsilon
        self.rotation_range, self.shear_range = rotation_range, shear_range
        self.width_shift_range, self.height_shift_range = width_shift_range, height_shift_range
        self.brightness_range, self.channel_shift_range = brightness_range, channel_shift_range
        self.zoom_range = _zoom(zoom_range)
        self.fill_mode, self.cval = fill_mode, cval
        self.horizontal_flip, self.vertical_flip = horizontal_flip, vertical_flip
        self.rescale, self.preprocessing_function = rescale, preprocessing_function
        self.data_format = data_format or config.image_data_format()
        self.validation_split, self.interpolation_order = validation_split, interpolation_order
        self.dtype = str(dtype or config.floatx())
        self.mean: Any = None
        self.std: Any = None
        self.zca_whitening_matrix: Any = None
        self._check()

    def _check(self) -> None:
        if self.fill_mode not in FILL_MODES:
            raise ValueError(
                f"fill_mode must be one of {', '.join(FILL_MODES)}; it got {self.fill_mode!r}."
            )
        if self.data_format not in ("channels_last", "channels_first"):
            raise ValueError(
                "data_format must be 'channels_last' or 'channels_first'; it got "
                f"{self.data_format!r}."
            )
        if self.validation_split and not 0 < self.validation_split < 1:
            raise ValueError(
                f"validation_split must be between 0 and 1; it got {self.validation_split!r}."
            )
        if self.brightness_range is not None and np.shape(self.brightness_range) != (2,):
            raise ValueError(
                f"brightness_range must be (least, most); it got {self.brightness_range!r}."
            )

    # --- going through ------------------------------------------------------------------------

    def flow(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Any = None,
        seed: int | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        ignore_class_split: bool = False,
        subset: str | None = None,
    ) -> NumpyArrayIterator:
        """Return batches of changed pictures; see `NumpyArrayIterator`."""
        return NumpyArrayIterator(
            x, y, self, batch_size=batch_size, shuffle=shuffle, sample_weight=sample_weight,
            seed=seed, data_format=self.data_format, save_to_dir=save_to_dir,
            save_prefix=save_prefix, save_format=save_format, subset=subset,
            ignore_class_split=ignore_class_split, dtype=self.dtype,
        )  # fmt: skip

    def flow_from_directory(
        self,
        directory: Any,
        target_size: Any = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
    ) -> DirectoryIterator:
        """Return batches of the pictures in a folder that has a folder for each class.

        Args:
            directory: the folder.
            target_size: height and width that each picture is brought to.
            color_mode: "rgb", "rgba" or "grayscale".
            classes: names of the classes' folders in order; all, sorted, if None.
            class_mode: what targets are: "categorical" for a row with a one, "binary" or "sparse"
                for numbers, "input" for the pictures themselves, None for none.
            batch_size: pictures in a batch.
            shuffle: whether their order is drawn.
            seed: of NumPy's generator before each batch.
            save_to_dir, save_prefix, save_format: where the changed pictures are written, if so.
            follow_links: whether to go into folders that are links.
            subset: "training" or "validation", with `validation_split`: of each class the first
                pictures are for validation.
            interpolation: how sizes are changed, as in `keras.utils.load_img`.
            keep_aspect_ratio: whether to cut off what does not fit instead of stretching it.

        Raises:
            FileNotFoundError: if there is no such folder.
            ValueError: if an argument is none that there is.
        """
        return DirectoryIterator(
            directory, self, target_size=target_size, color_mode=color_mode, classes=classes,
            class_mode=class_mode, batch_size=batch_size, shuffle=shuffle, seed=seed,
            data_format=self.data_format, save_to_dir=save_to_dir, save_prefix=save_prefix,
            save_format=save_format, follow_links=follow_links, subset=subset,
            interpolation=interpolation, keep_aspect_ratio=keep_aspect_ratio, dtype=self.dtype,
        )  # fmt: skip

    def flow_from_dataframe(
        self,
        dataframe: Any,
        directory: Any = None,
        x_col: str = "filename",
        y_col: Any = "class",
        weight_col: str | None = None,
        target_size: Any = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        validate_filenames: bool = True,
        has_ext: Any = None,
        drop_duplicates: Any = None,
    ) -> DataFrameIterator:
        """Return batches of the pictures whose files and targets stand in a table.

        Args:
            dataframe: of pandas, polars, or a dict of columns.
            directory: a folder that the files' names are seen from, None for whole paths.
            x_col: the column of files' names.
            y_col: the column of classes or targets, or several.
            weight_col: a column of weights, if any.
            classes: the names of classes that count; all if None. They are sorted.
            class_mode: as in `flow_from_directory`, where "categorical" also takes lists of
                classes, and "raw" for the numbers of `y_col`, "multi_output" for a list of columns.
            validate_filenames: whether rows without a picture are left out.
            has_ext, drop_duplicates: no longer of use.

        The other arguments are those of `flow_from_directory`; of all rows the first ones are for
        validation.

        Raises:
            KeyError: if there is no such column.
            TypeError: if a column holds something else than strings where it has to.
            ValueError: if an argument is none that there is.
        """
        return DataFrameIterator(
            dataframe, directory, self, x_col=x_col, y_col=y_col, weight_col=weight_col,
            target_size=target_size, color_mode=color_mode, classes=classes,
            class_mode=class_mode, batch_size=batch_size, shuffle=shuffle, seed=seed,
            data_format=self.data_format, save_to_dir=save_to_dir, save_prefix=save_prefix,
            save_format=save_format, subset=subset, interpolation=interpolation,
            validate_filenames=validate_filenames, dtype=self.dtype,
        )  # fmt: skip

    # --- one picture --------------------------------------------------------------------------

    def standardize(self, x: Any) -> Any:
        """Return pictures rescaled, centred and so on, as the settings say."""
        if self.preprocessing_function:
            x = self.preprocessing_function(x)
        if self.rescale:
            x = x * np.asarray(self.rescale, x.dtype)
        if self.samplewise_center:
            x = x - np.mean(x, keepdims=True)
        if self.samplewise_std_normalization:
            x = x / (np.std(x, keepdims=True) + _TINY)
        if self.featurewise_center and self._fitted("featurewise_center", self.mean):
            x = x - self.mean
        if self.featurewise_std_normalization and self._fitted(
            "featurewise_std_normalization", self.std
        ):
            x = x / (self.std + _TINY)
        if self.zca_whitening and self._fitted("zca_whitening", self.zca_whitening_matrix):
            x = (x.reshape(-1, x.size) @ self.zca_whitening_matrix).reshape(x.shape)
        return x

    def _fitted(self, setting: str, value: Any) -> bool:
        if value is None:
            warn(f"{setting} needs what `fit` learns of the data, and fit was not called.")
        return value is not None

    def get_random_transform(
        self, img_shape: tuple[int, ...], seed: int | None = None
    ) -> dict[str, Any]:
        """Draw a change from NumPy's generator: angles in degrees, shifts in pixels."""
        if seed is not None:
            np.random.seed(seed)
        first = 1 if self.data_format == "channels_first" else 0
        h, w = img_shape[first : first + 2]
        theta = np.random.uniform(-self.rotation_range, self.rotation_range) if (
            self.rotation_range
        ) else 0  # fmt: skip
        tx = _shift(self.height_shift_range, h)
        ty = _shift(self.width_shift_range, w)
        shear = np.random.uniform(-self.shear_range, self.shear_range) if self.shear_range else 0
        zx, zy = (1, 1) if self.zoom_range == (1, 1) else np.random.uniform(*self.zoom_range, 2)
        flips = [bool((np.random.random() < 0.5) * flip)
                 for flip in (self.horizontal_flip, self.vertical_flip)]  # fmt: skip
        channels = self.channel_shift_range
        intensity = np.random.uniform(-channels, channels) if channels else None
        bright = self.brightness_range
        brightness = np.random.uniform(*bright) if bright is not None else None
        return {
            "theta": theta, "tx": tx, "ty": ty, "shear": shear, "zx": zx, "zy": zy,
            "flip_horizontal": flips[0], "flip_vertical": flips[1],
            "channel_shift_intensity": intensity, "brightness": brightness,
        }  # fmt: skip

    def apply_transform(self, x: Any, transform_parameters: dict[str, Any]) -> np.ndarray:
        """Return a picture changed as the parameters (those of `get_random_transform`) say."""
        given = transform_parameters
        channels_first = self.data_format == "channels_first"
        x = np.asarray(x)
        x = np.moveaxis(x, 0, -1) if channels_first else x
        values = [given.get(k, d) for k, d in
                  (("theta", 0), ("tx", 0), ("ty", 0), ("shear", 0), ("zx", 1), ("zy", 1))]  # fmt: skip
        matrix = matrix_of(*values, *x.shape[:2])
        if matrix is not None:
            x = affine(x, matrix, self.fill_mode, self.cval, self.interpolation_order)
        if given.get("channel_shift_intensity") is not None:
            x = apply_channel_shift(x, given["channel_shift_intensity"])
        x = x[:, ::-1] if given.get("flip_horizontal", False) else x
        x = x[::-1] if given.get("flip_vertical", False) else x
        if given.get("brightness") is not None:
            x = apply_brightness_shift(x, given["brightness"], scale=False)
        return np.moveaxis(x, -1, 0) if channels_first else x

    def random_transform(self, x: Any, seed: int | None = None) -> np.ndarray:
        """Return a picture changed by chance."""
        return self.apply_transform(x, self.get_random_transform(np.shape(x), seed))

    # --- the data -----------------------------------------------------------------------------

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Learn mean, deviation and whitening of pictures (n, h, w, c).

        Args:
            x: the pictures.
            augment: whether to learn them of changed pictures.
            rounds: how many changed ones of each.
            seed: of NumPy's generator.

        Raises:
            ValueError: if `x` is no array of pictures.
        """
        x = np.array(x, self.dtype)
        if x.ndim != 4:
            raise ValueError(
                "fit expects pictures (n, height, width, channels); it got an array of shape "
                f"{x.shape}."
            )
        if seed is not None:
            np.random.seed(seed)
        if augment:
            x = np.stack([self.random_transform(row) for _ in range(rounds) for row in x])
        channel = 1 if self.data_format == "channels_first" else 3
        axes = tuple(a for a in range(4) if a != channel)
        if self.featurewise_center:
            self.mean = np.mean(x, axis=axes, keepdims=True)[0]
            x -= self.mean
        if self.featurewise_std_normalization:
            self.std = np.std(x, axis=axes, keepdims=True)[0]
            x /= self.std + _TINY
        if self.zca_whitening:
            flat = x.reshape(len(x), -1)
            _, scale, basis = np.linalg.svd(flat / np.sqrt(len(flat)))
            wide = np.zeros(basis.shape[0], scale.dtype)
            wide[: len(scale)] = scale
            self.zca_whitening_matrix = basis.T / np.sqrt(wide**2 + self.zca_epsilon) @ basis


def apply_channel_shift(x: np.ndarray, intensity: float, channel_axis: int = -1) -> np.ndarray:
    """Return a picture with a number added, kept between its least and its largest value."""
    made: np.ndarray = np.clip(x + np.asarray(intensity, x.dtype), x.min(), x.max())
    return made


def apply_brightness_shift(x: Any, brightness: float, scale: bool = True) -> np.ndarray:
    """Return a picture with its values multiplied, as whole numbers from 0 to 255.

    Args:
        x: the picture.
        brightness: the factor.
        scale: whether the values are spread over 0 to 255 first.
    """
    x = np.asarray(x)
    low, high = float(x.min()), float(x.max())
    wide = low < 0 or high > 255
    levels = x
    if wide or scale:
        levels = x - low
        levels = levels / levels.max() * 255 if levels.max() else levels
    levels = np.trunc(np.clip(np.trunc(levels) * brightness, 0, 255))
    if not scale and wide:
        levels = levels / 255 * (high - low) + low
    made: np.ndarray = levels.astype(x.dtype)
    return made


def _shift(given: Any, length: int) -> float:
    """Draw a shift in pixels."""
    if not np.any(given):
        return 0
    if np.ndim(given) or (isinstance(given, (int, np.integer)) and given >= 1):
        shift = float(np.random.choice(given)) * float(np.random.choice([-1, 1]))
    else:
        shift = float(np.random.uniform(-given, given))
    return shift * length if np.max(given) < 1 else shift


def _zoom(given: Any) -> tuple[float, float]:
    if np.ndim(given) == 0:
        return 1 - given, 1 + given
    if np.shape(given) != (2,):
        raise ValueError(f"zoom_range must be a number or (least, most); it got {given!r}.")
    return given[0], given[1]
