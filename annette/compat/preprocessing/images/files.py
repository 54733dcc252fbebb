"""Batches of pictures that are read from files when their turn comes."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from annette.compat.preprocessing.images.iterator import Iterator, save_pictures

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".tif", ".tiff")
_CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}


class FilesIterator(Iterator):
    """Batches of pictures in files, changed by an `ImageDataGenerator`.

    Args:
        image_data_generator: changes the pictures.
        target_size: height and width that each is brought to.
        color_mode: "rgb", "rgba" or "grayscale".
        data_format: "channels_last" or "channels_first".
        save_to_dir: a folder into which the changed pictures are written.
        save_prefix: what their names begin with.
        save_format: of the files.
        interpolation: how sizes are changed, as in `load_img`.
        keep_aspect_ratio: whether to cut off what does not fit instead of stretching it.
        dtype: of the batches.

    Raises:
        ValueError: if `color_mode` or `target_size` is none that there is.
    """

    # What `class_mode` may be.
    allowed_class_modes: tuple[str | None, ...] = ()
    filepaths: list[str]
    classes: Any
    class_indices: dict[str, int]
    class_mode: str | None
    sample_weight: np.ndarray | None = None

    def _set_pictures(
        self,
        image_data_generator: Any,
        target_size: Any,
        color_mode: str,
        data_format: str | None,
        save_to_dir: str | None,
        save_prefix: str,
        save_format: str,
        interpolation: str,
        keep_aspect_ratio: bool,
        dtype: Any,
    ) -> None:
        from annette.preprocessing.image import check_size

        if color_mode not in _CHANNELS:
            raise ValueError(
                f"color_mode must be one of {', '.join(_CHANNELS)}; it got {color_mode!r}."
            )
        self.image_data_generator = image_data_generator
        self.target_size = check_size(target_size)
        self.color_mode = color_mode
        self.data_format = data_format or image_data_generator.data_format
        channels = (_CHANNELS[color_mode],)
        first = self.data_format == "channels_first"
        self.image_shape = (
            (*channels, *self.target_size) if first else (*self.target_size, *channels)
        )
        self.save_to_dir, self.save_prefix, self.save_format = save_to_dir, save_prefix, save_format
        self.interpolation, self.keep_aspect_ratio = interpolation, keep_aspect_ratio
        self.dtype = np.dtype(str(dtype or image_data_generator.dtype))

    def _check_class_mode(self, class_mode: Any) -> None:
        if class_mode not in self.allowed_class_modes:
            known = ", ".join(map(repr, self.allowed_class_modes))
            raise ValueError(f"class_mode must be one of {known}; it got {class_mode!r}.")
        self.class_mode = class_mode

    def _batch(self, rows: np.ndarray) -> Any:
        pictures = np.stack([self._picture(self.filepaths[row]) for row in rows])
        if self.save_to_dir:
            save_pictures(self, pictures, rows)
        targets = self._targets_of(rows, pictures)
        if targets is None:
            return pictures
        weights = () if self.sample_weight is None else (self.sample_weight[rows],)
        return (pictures, targets, *weights)

    def _picture(self, path: str) -> np.ndarray:
        from annette.preprocessing.image import img_to_array, load_img

        picture = load_img(
            path, color_mode=self.color_mode, target_size=self.target_size,
            interpolation=self.interpolation, keep_aspect_ratio=self.keep_aspect_ratio,
        )  # fmt: skip
        x = img_to_array(picture, data_format=self.data_format)
        picture.close()
        generator = self.image_data_generator
        x = generator.apply_transform(x, generator.get_random_transform(x.shape))
        made: np.ndarray = np.asarray(generator.standardize(x), self.dtype)
        return made

    def _targets_of(self, rows: np.ndarray, pictures: np.ndarray) -> Any:
        """Return what belongs to some rows, None for nothing."""
        if self.class_mode == "input":
            return pictures.copy()
        if self.class_mode in ("binary", "sparse"):
            return np.array([self.classes[row] for row in rows], self.dtype)
        if self.class_mode == "categorical":
            return self._hot(rows)
        return None

    def _hot(self, rows: np.ndarray) -> np.ndarray:
        made = np.zeros((len(rows), len(self.class_indices)), self.dtype)
        for i, row in enumerate(rows):
            made[i, self.classes[row]] = 1
        return made


def cut(count: int, subset: str | None, generator: Any) -> slice:
    """Return which of `count` rows belong to a subset: the first ones are for validation.

    Raises:
        ValueError: if there is no such subset, or the generator has no `validation_split`.
    """
    if subset is None:
        return slice(0, count)
    if subset not in ("training", "validation"):
        raise ValueError(f"subset must be 'training' or 'validation'; it got {subset!r}.")
    if not generator.validation_split:
        raise ValueError(
            f"subset={subset!r} needs ImageDataGenerator(validation_split=...), the share of the "
            "pictures for validation; it is 0."
        )
    place = int(generator.validation_split * count)
    return slice(0, place) if subset == "validation" else slice(place, count)


def is_picture(path: str) -> bool:
    """Say whether a file's name ends as pictures' names do."""
    return path.lower().endswith(ENDINGS)


def folder(path: Any) -> str:
    """Return the name of a folder.

    Raises:
        FileNotFoundError: if there is none.
    """
    name = os.fspath(path)
    if not os.path.isdir(name):
        raise FileNotFoundError(f"There is no folder {name!r} to read pictures from.")
    return str(name)
