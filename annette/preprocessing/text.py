"""Texts in files, a folder for each class."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from annette.preprocessing.dataset import Dataset, check_batch_size, of_rows
from annette.preprocessing.files import (
    Labelled,
    check_settings,
    labelled_files,
    order_seed,
    parts,
)


def text_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: list[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Return the texts of the ``.txt`` files in a folder, in batches, with their labels.

    The classes are the folders in it, sorted by name: ``class_names`` of the dataset. A text is
    the file's bytes, as `TextVectorization` and ``text.numpy()[0].decode()`` take them; the files
    are read when their batch is wanted.

    Args:
        directory: the folder.
        labels: ``"inferred"`` from the folders; None for texts alone; or a list with the number
            of the class of each file, in the order of the sorted paths.
        label_mode: ``"int"``, ``"binary"`` for two classes, ``"categorical"``, or None for no
            labels.
        class_names: the folders that count, in the order of their numbers.
        batch_size: texts in a batch, None for single texts.
        max_length: bytes at which a text is cut off.
        shuffle: whether the texts come in a new random order each time; sorted otherwise.
        seed: of these orders and of what is for validation; None draws one.
        validation_split: the fraction of the files for validation, between 0 and 1.
        subset: ``"training"``, ``"validation"``, or ``"both"`` for a tuple of the two.
        follow_links: whether to go into folders that are links.
        format: ``"tf"`` or ``"grain"``, as in Keras; the dataset is annette's own with both.
        verbose: whether to print how many files and classes there are.

    Output shape: texts (n,) of bytes; labels (n,) int32, (n, 1) or (n, classes) float32.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if there are no files in it, or an argument does not fit them or another one.
    """
    labels, label_mode = check_settings(
        labels, label_mode, class_names, validation_split, subset, shuffle, seed, format
    )
    if batch_size is not None:
        check_batch_size(batch_size)
    first, seed = order_seed(shuffle, seed)
    whole = labelled_files(
        directory, labels, (".txt",), class_names, label_mode, first, follow_links, verbose
    )
    chosen = parts(whole, validation_split, subset, verbose)
    # Of both, the part for validation keeps its order, as in Keras.
    made = [
        _dataset(part, label_mode, batch_size, max_length, shuffle and i == 0, seed)
        for i, part in enumerate(chosen)
    ]
    return made[0] if len(made) == 1 else tuple(made)


def _dataset(
    part: Labelled, label_mode: str | None, batch_size: int | None, max_length: int | None,
    shuffle: bool, seed: int,
) -> Dataset:  # fmt: skip
    labels = part.encoded(label_mode)

    def rows(which: np.ndarray) -> Any:
        texts = np.empty(len(which), object)
        for place, number in enumerate(which):
            with open(part.files[number], "rb") as file:
                texts[place] = file.read(-1 if max_length is None else max_length)
        return texts if labels is None else (texts, labels[which])

    return of_rows(
        len(part.files), rows, batch_size, shuffle, seed,
        class_names=part.class_names, file_paths=part.files,
    )  # fmt: skip
