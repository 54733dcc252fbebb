"""Pictures in files, a folder for each class."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from annette import config
from annette.preprocessing.dataset import Dataset, check_batch_size, of_rows
from annette.preprocessing.files import (
    Labelled,
    check_settings,
    labelled_files,
    order_seed,
    parts,
)
from annette.preprocessing.image import _check_format, check_size, pillow
from annette.preprocessing.resizing import check_interpolation, cropped, padded, resize

_ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
_MODES = {"rgb": "RGB", "rgba": "RGBA", "grayscale": "L"}


def image_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: list[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: tuple[int, int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Return the pictures in a folder (bmp, gif, jpg, png), in batches, with their labels.

    The classes are the folders in it, sorted by name: ``class_names`` of the dataset. The files
    are read, with Pillow, when their batch is wanted.

    Args:
        directory: the folder.
        labels: ``"inferred"`` from the folders; None for pictures alone; or a list with the number
            of the class of each file, in the order of the sorted paths.
        label_mode: ``"int"``, ``"binary"`` for two classes, ``"categorical"``, or None for no
            labels.
        class_names: the folders that count, in the order of their numbers.
        color_mode: ``"rgb"``, ``"rgba"`` or ``"grayscale"``.
        batch_size: pictures in a batch, None for single pictures.
        image_size: height and width that all pictures are brought to.
        shuffle: whether the pictures come in a new random order each time; sorted otherwise.
        seed: of these orders and of what is for validation; None draws one.
        validation_split: the fraction of the files for validation, between 0 and 1.
        subset: ``"training"``, ``"validation"``, or ``"both"`` for a tuple of the two.
        interpolation: ``"bilinear"``, ``"nearest"``, ``"bicubic"``, ``"area"``, ``"lanczos3"``,
            ``"lanczos5"``, ``"gaussian"`` or ``"mitchellcubic"``.
        follow_links: whether to go into folders that are links.
        crop_to_aspect_ratio: whether to cut off what does not fit instead of stretching it.
        pad_to_aspect_ratio: whether to put black around the picture instead of stretching it.
        data_format: ``"channels_last"`` or ``"channels_first"``; None for that of `config`.
        format: ``"tf"`` or ``"grain"``, as in Keras; the dataset is annette's own with both.
        verbose: whether to print how many files and classes there are.

    Output shape: pictures (n, h, w, c) or (n, c, h, w), 0 to 255, float32 (uint8 with
    ``"nearest"``); labels (n,) int32, (n, 1) or (n, classes) float32.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if there are no files in it, or an argument does not fit them or another one.
        ImportError: if Pillow is not installed.
    """
    labels, label_mode = check_settings(
        labels, label_mode, class_names, validation_split, subset, shuffle, seed, format
    )
    if color_mode not in _MODES:
        raise ValueError(f"color_mode must be one of {', '.join(_MODES)}; it got {color_mode!r}.")
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError("crop_to_aspect_ratio and pad_to_aspect_ratio cannot both be True.")
    if batch_size is not None:
        check_batch_size(batch_size)
    fit = "crop" if crop_to_aspect_ratio else "pad" if pad_to_aspect_ratio else None
    data_format = config.image_data_format() if data_format is None else data_format
    _check_format(data_format)
    pillow()
    reader = _Reader(
        color_mode, check_size(image_size), check_interpolation(interpolation), fit, data_format
    )
    first, seed = order_seed(shuffle, seed)
    whole = labelled_files(
        directory, labels, _ENDINGS, class_names, label_mode, first, follow_links, verbose
    )
    chosen = parts(whole, validation_split, subset, verbose)
    # Of both, the part for validation keeps its order, as in Keras.
    made = [
        _dataset(part, reader, label_mode, batch_size, shuffle and i == 0, seed)
        for i, part in enumerate(chosen)
    ]
    return made[0] if len(made) == 1 else tuple(made)


class _Reader:
    """Reads a file as a picture of one size."""

    def __init__(
        self,
        color_mode: str,
        size: tuple[int, int],
        interpolation: str,
        fit: str | None,
        data_format: str,
    ) -> None:
        self.mode = _MODES[color_mode]
        self.size = size
        self.interpolation = interpolation
        self.fit = fit
        self.first = data_format == "channels_first"

    def __call__(self, file: str) -> np.ndarray:
        """Return the picture.

        Raises:
            ValueError: if the file is no picture, naming it.
        """
        try:
            with pillow().open(file) as picture:
                if picture.mode.startswith("I"):  # grey in 16 bits: the upper 8 are kept
                    values = (np.asarray(picture) >> 8).astype("uint8")
                    picture = pillow().fromarray(values)
                x = np.asarray(picture.convert(self.mode))
        except (OSError, SyntaxError) as error:
            raise ValueError(f"{file} cannot be read as a picture: {error}") from error
        x = x[..., None] if x.ndim == 2 else x
        if self.fit == "pad":
            x = padded(x, self.size, self.interpolation)
        else:
            x = cropped(x, self.size) if self.fit == "crop" else x
            x = resize(x, self.size, self.interpolation)
        return np.moveaxis(x, -1, 0) if self.first else x


def _dataset(
    part: Labelled, reader: _Reader, label_mode: str | None, batch_size: int | None, shuffle: bool,
    seed: int,
) -> Dataset:  # fmt: skip
    labels = part.encoded(label_mode)

    def rows(which: np.ndarray) -> Any:
        pictures = np.stack([reader(part.files[number]) for number in which])
        return pictures if labels is None else (pictures, labels[which])

    return of_rows(
        len(part.files), rows, batch_size, shuffle, seed,
        class_names=part.class_names, file_paths=part.files,
    )  # fmt: skip
