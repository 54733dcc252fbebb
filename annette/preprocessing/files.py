"""The files of a folder with a folder a class, their labels, and their parts for validation."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from annette.preprocessing.dataset import drawn_seed
from annette.utils.io import print_msg

_MODES = ("int", "categorical", "binary", None)
_SUBSETS = ("training", "validation", "both")


@dataclass
class Labelled:
    """Files, the number of each one's class, and the classes' names; no labels at all as None."""

    files: list[str]
    labels: np.ndarray | None
    class_names: list[str] | None

    def part(self, rows: slice) -> Labelled:
        """Return some of the files."""
        labels = None if self.labels is None else self.labels[rows]
        return Labelled(self.files[rows], labels, self.class_names)

    def encoded(self, label_mode: str | None) -> np.ndarray | None:
        """Return the labels as the dataset gives them.

        Output shape: (n,) int32 for ``"int"``, (n, 1) float32 for ``"binary"``, (n, classes)
        float32 for ``"categorical"``.
        """
        if self.labels is None or label_mode is None:
            return None
        if label_mode == "int":
            return self.labels
        if label_mode == "binary":
            return self.labels.astype("float32")[:, None]
        one_hot: np.ndarray = np.eye(len(self.class_names or ()), dtype="float32")[self.labels]
        return one_hot


def check_settings(
    labels: Any, label_mode: str | None, class_names: Any, validation_split: float | None,
    subset: str | None, shuffle: bool, seed: int | None, format: str,
) -> tuple[Any, str | None]:  # fmt: skip
    """Return `labels` and `label_mode`, both None if either is.

    Raises:
        ValueError: if a setting is none of those that there are, or two do not go together.
    """
    if format not in ("tf", "grain"):
        raise ValueError(f"format must be 'tf' or 'grain'; it got {format!r}.")
    if isinstance(labels, np.ndarray):
        labels = labels.tolist()
    if labels not in ("inferred", None) and not isinstance(labels, (list, tuple)):
        raise ValueError(
            "labels must be 'inferred' for the names of the folders, None for no labels, or a list "
            f"with the number of each file's class; it got {labels!r}."
        )
    if class_names and labels != "inferred":
        raise ValueError(
            f"class_names names folders, so it needs labels='inferred'; labels is {labels!r}."
        )
    if label_mode not in _MODES:
        raise ValueError(
            f"label_mode must be 'int', 'categorical', 'binary' or None; it got {label_mode!r}."
        )
    _check_split(validation_split, subset, shuffle, seed)
    if labels is None or label_mode is None:
        return None, None
    return labels, label_mode


def _check_split(
    validation_split: float | None, subset: str | None, shuffle: bool, seed: int | None
) -> None:
    if (validation_split is None) != (subset is None):
        raise ValueError(
            "validation_split and subset go together; they are "
            f"{validation_split!r} and {subset!r}."
        )
    if validation_split is None:
        return
    if not 0 < validation_split < 1:
        raise ValueError(f"validation_split must be between 0 and 1; it got {validation_split!r}.")
    if subset not in _SUBSETS:
        raise ValueError(f"subset must be 'training', 'validation' or 'both'; it got {subset!r}.")
    if shuffle and seed is None:
        raise ValueError(
            "With validation_split and shuffle=True a seed is needed, so that no file is in both "
            "parts. Pass seed=0, and the same for the other part."
        )


def labelled_files(
    directory: str | os.PathLike[str],
    labels: Any,
    endings: tuple[str, ...],
    class_names: list[str] | None,
    label_mode: str | None,
    order_seed: int | None,
    follow_links: bool,
    verbose: bool,
) -> Labelled:
    """Return the files of a folder in the order of their classes and names, or a random one.

    Args:
        directory: the folder.
        labels: ``"inferred"`` for those of the folders in it, the numbers themselves, or None.
        endings: of the names of the files that count.
        class_names: the folders that count in their order; None for all in the order of names.
        label_mode: how the labels are given in the end.
        order_seed: of the random order; None for none.
        follow_links: whether to go into folders that are links.
        verbose: whether to say how many files there are.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if there are no files, or the labels or classes do not fit them.
    """
    directory = os.path.expanduser(os.fspath(directory))
    if isinstance(labels, (list, tuple)):
        names: list[str] | None = [str(label) for label in sorted(set(labels))]
    else:
        names = _class_names(directory, class_names) if labels == "inferred" else None
    files, numbers = _walk(
        directory, names if labels == "inferred" else None, endings, follow_links
    )
    if isinstance(labels, (list, tuple)):
        if len(labels) != len(files):
            raise ValueError(
                f"labels must have a number for each file in {directory}: there are {len(files)} "
                f"files and {len(labels)} labels."
            )
        numbers = list(labels)
    if verbose:
        classes = "" if names is None else f" belonging to {len(names)} classes"
        print_msg(f"Found {len(files)} files{classes}.")
    if not files:
        raise ValueError(
            f"No files were found in {directory}. Their names must end with "
            f"{', '.join(endings)}{'' if names is None else ', in a folder for each class'}."
        )
    if label_mode == "binary" and len(names or ()) != 2:
        raise ValueError(f"label_mode='binary' needs two classes; there are {names}.")
    order = np.arange(len(files))
    if order_seed is not None:
        np.random.RandomState(order_seed).shuffle(order)
    made = None if names is None else np.array(numbers, "int32")[order]
    return Labelled([files[i] for i in order], made, names)


def _class_names(directory: str, wanted: list[str] | None) -> list[str]:
    found = sorted(
        name for name in os.listdir(directory)
        if os.path.isdir(os.path.join(directory, name)) and not name.startswith(".")
    )  # fmt: skip
    if not wanted:
        return found
    strange = [name for name in wanted if name not in found]
    if strange:
        raise ValueError(
            f"class_names has {strange}, and there is no such folder in {directory}; its folders "
            f"are {found}."
        )
    return list(wanted)


def _walk(
    directory: str, names: list[str] | None, endings: tuple[str, ...], follow_links: bool
) -> tuple[list[str], list[int]]:
    """Return the files, sorted within each class, and the number of each one's class."""
    if not os.path.isdir(directory):
        raise FileNotFoundError(f"There is no folder {directory!r}.")
    files: list[str] = []
    numbers: list[int] = []
    for number, folder in enumerate([""] if names is None else names):
        root = os.path.join(directory, folder) if folder else directory
        inner = sorted(os.walk(root, followlinks=follow_links), key=lambda entry: entry[0])
        for place, _, found in inner:
            chosen = [f for f in sorted(found) if f.lower().endswith(endings)]
            files += [os.path.join(place, f) for f in chosen]
            numbers += [number] * len(chosen)
    return files, numbers


def parts(
    whole: Labelled, validation_split: float | None, subset: str | None, verbose: bool
) -> list[Labelled]:
    """Return what was asked for: the whole, one part of it, or both.

    The last files are those for validation.

    Raises:
        ValueError: if a part that was asked for is empty.
    """
    if validation_split is None:
        return [whole]
    count = int(validation_split * len(whole.files))
    split = len(whole.files) - count
    rows = {"training": slice(None, split), "validation": slice(split, None)}
    wanted = list(rows) if subset == "both" else [str(subset)]
    found = []
    for name in wanted:
        part = whole.part(rows[name])
        if verbose:
            print_msg(f"Using {len(part.files)} files for {name}.")
        if not part.files:
            raise ValueError(
                f"validation_split={validation_split} of {len(whole.files)} files leaves none for "
                f"{name}."
            )
        found.append(part)
    return found


def order_seed(shuffle: bool, seed: int | None) -> tuple[int | None, int]:
    """Return the seed of the files' order, None if they keep theirs, and that of the batches'."""
    drawn = drawn_seed(seed)
    return (drawn if shuffle else None), drawn
