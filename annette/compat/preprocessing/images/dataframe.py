"""Batches of pictures whose files and targets stand in a table."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from annette.compat.preprocessing.images.files import FilesIterator, cut, is_picture
from annette.utils.warning import warn

_CLASSES = ("categorical", "binary", "sparse")


class DataFrameIterator(FilesIterator):
    """Batches of the pictures in a table; see `ImageDataGenerator.flow_from_dataframe`.

    Attributes:
        class_indices: class name -> its number.
        classes: the number of each picture's class, a list of them for several.
        filenames: the files as the table names them; `filepaths` has the folder in front.
        samples: how many there are.
    """

    allowed_class_modes = (
        "binary", "categorical", "input", "multi_output", "raw", "sparse", None
    )  # fmt: skip

    def __init__(
        self,
        dataframe: Any,
        directory: Any = None,
        image_data_generator: Any = None,
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
        data_format: str | None = "channels_last",
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        dtype: Any = "float32",
        validate_filenames: bool = True,
    ) -> None:
        self._set_pictures(
            image_data_generator, target_size, color_mode, data_format, save_to_dir, save_prefix,
            save_format, interpolation, keep_aspect_ratio, dtype,
        )  # fmt: skip
        self._check_class_mode(class_mode)
        self.directory = "" if directory is None else os.fspath(directory)
        self.subset = subset
        table = _columns(dataframe, x_col, y_col if class_mode not in ("input", None) else (),
                         weight_col)  # fmt: skip
        rows = list(range(len(table[x_col])))
        if validate_filenames:
            rows = self._valid(table[x_col], rows, x_col)
        if class_mode in _CLASSES:
            table[y_col], names = self._labels(table[y_col], rows, y_col, classes)
            rows = [row for row in rows if table[y_col][row] is not None]
            self.num_classes = len(names)
            self.class_indices = {name: i for i, name in enumerate(names)}
        rows = rows[cut(len(rows), subset, image_data_generator)]
        self._keep(table, rows, x_col, y_col, weight_col)
        which = "validated" if validate_filenames else "non-validated"
        of = f" belonging to {self.num_classes} classes" if class_mode in _CLASSES else ""
        print(f"Found {self.samples} {which} image filenames{of}.")
        super().__init__(self.samples, batch_size, shuffle, seed)

    def _keep(self, table: Any, rows: list[int], x_col: str, y_col: Any, weight: Any) -> None:
        self.filenames = [table[x_col][row] for row in rows]
        self.filepaths = [os.path.join(self.directory, name) for name in self.filenames]
        self.samples = len(rows)
        if weight is not None:
            self.sample_weight = np.array([table[weight][row] for row in rows])
        if self.class_mode in _CLASSES:
            number = self.class_indices
            self.classes = [
                [number[v] for v in label] if isinstance(label, (list, tuple)) else number[label]
                for label in (table[y_col][row] for row in rows)
            ]
        elif self.class_mode == "raw":
            columns = [y_col] if isinstance(y_col, str) else list(y_col)
            parts = [np.array([table[c][row] for row in rows]) for c in columns]
            self._targets: Any = parts[0] if isinstance(y_col, str) else np.stack(parts, axis=1)
        elif self.class_mode == "multi_output":
            self._targets = [np.array([table[c][row] for row in rows]) for c in y_col]

    @property
    def labels(self) -> Any:
        """The number of each picture's class, or its targets."""
        return self.classes if self.class_mode in _CLASSES else self._targets

    def _targets_of(self, rows: np.ndarray, pictures: np.ndarray) -> Any:
        if self.class_mode == "raw":
            return self._targets[rows]
        if self.class_mode == "multi_output":
            return [column[rows] for column in self._targets]
        return super()._targets_of(rows, pictures)

    def _valid(self, names: list[Any], rows: list[int], x_col: str) -> list[int]:
        """Return the rows whose files are there and are pictures."""
        wrong = next((n for n in names if not isinstance(n, str)), None)
        if wrong is not None:
            raise TypeError(
                f"The column x_col={x_col!r} must hold the names of files as strings; it holds "
                f"{wrong!r}."
            )
        kept = [
            row for row in rows
            if is_picture(names[row]) and os.path.isfile(os.path.join(self.directory, names[row]))
        ]  # fmt: skip
        if len(kept) < len(rows):
            first = next(names[row] for row in rows if row not in set(kept))
            warn(
                f"{len(rows) - len(kept)} of {len(rows)} names in x_col={x_col!r} are no pictures "
                f"that are there, such as {first!r}; they are left out."
            )
        return kept

    def _labels(
        self, given: list[Any], rows: list[int], y_col: Any, classes: Any
    ) -> tuple[list[Any], list[str]]:
        """Return the labels, None for rows without one, and the names of the classes."""
        kinds: tuple[type, ...] = (str, list, tuple) if self.class_mode == "categorical" else (str,)
        labels = [None if _missing(v) else v for v in given]
        wrong = next((v for v in labels if v is not None and not isinstance(v, kinds)), None)
        if wrong is not None:
            raise TypeError(
                f"With class_mode={self.class_mode!r} the column y_col={y_col!r} must hold "
                f"strings{' or lists of them' if len(kinds) > 1 else ''}; it holds {wrong!r}. "
                "Convert it with .astype(str), or take class_mode='raw'."
            )
        if classes:
            if isinstance(classes, str):
                raise ValueError(f"classes must be a list of names; it got {classes!r}.")
            labels = [_only(v, set(classes)) for v in labels]
            names = sorted(set(classes))
        else:
            names = sorted({n for row in rows for n in _several(labels[row])})
        if self.class_mode == "binary" and len(names) != 2:
            raise ValueError(
                f"class_mode='binary' needs two classes; y_col={y_col!r} has {len(names)}: {names}."
            )
        return labels, names


def _columns(dataframe: Any, x_col: str, y_col: Any, weight: Any) -> dict[str, list[Any]]:
    wanted = [x_col, *([y_col] if isinstance(y_col, str) else y_col)]
    wanted += [weight] if weight is not None else []
    there = list(getattr(dataframe, "columns", dataframe))
    lacking = [name for name in wanted if name not in there]
    if lacking:
        raise KeyError(f"The table has no column {lacking[0]!r}; it has {there}.")
    return {name: list(dataframe[name]) for name in wanted}


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value)


def _several(label: Any) -> list[Any]:
    if label is None:
        return []
    return list(label) if isinstance(label, (list, tuple)) else [label]


def _only(label: Any, classes: set[str]) -> Any:
    """Return a label, or those of several that are among the classes; None for none."""
    if isinstance(label, (list, tuple)):
        return [v for v in label if v in classes] or None
    return label if label in classes else None
