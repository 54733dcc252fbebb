"""What the examples share: where their data lie, tables and texts made up in their stead, curves.

A data set is looked for in the folder named by the environment variable ANNETTE_DATA, in
``shared/data`` beside the checkout, and in ``$KERAS_HOME/datasets`` (``~/.keras/datasets``). Where
none has it, rows of the same shape are made up, so that every example runs; its figures then speak
of those rows. This module uses neither annette nor Keras, so an example runs on both.
"""

from __future__ import annotations

import csv
import io
import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Table = dict[str, np.ndarray]


def find(name: str) -> Path | None:
    """Return the file of a data set, or None where there is none."""
    home = os.environ.get("KERAS_HOME") or os.path.join("~", ".keras")
    folders = [
        os.environ.get("ANNETTE_DATA"),
        Path(__file__).resolve().parents[2] / "shared" / "data",
        Path(home).expanduser() / "datasets",
    ]
    found = (Path(folder) / name for folder in folders if folder)
    return next((file for file in found if file.is_file()), None)


def text_of(file: Path, member: str | None = None) -> str:
    """Return the text of a file, or of one file in a zip."""
    if member is None:
        return file.read_text(encoding="utf-8")
    with zipfile.ZipFile(file) as archive:
        return archive.read(member).decode("utf-8")


def read_table(
    file: Path, member: str | None = None, delimiter: str = ",", names: Sequence[str] = ()
) -> Table:
    """Return the columns of a table, as whole numbers, numbers (nan where empty) or text."""
    quoting = csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
    csv.field_size_limit(1 << 24)
    text = io.StringIO(text_of(file, member), newline="")
    rows = list(csv.reader(text, delimiter=delimiter, quoting=quoting))
    header = list(names) or rows.pop(0)
    columns = zip(*(row for row in rows if len(row) == len(header)), strict=True)
    return {name: typed(column) for name, column in zip(header, columns, strict=True)}


def typed(column: Sequence[str]) -> np.ndarray:
    """Return a column of a table as the plainest kind of array that holds it."""
    try:
        return np.array([int(value) for value in column], dtype="int64")
    except ValueError:
        pass
    try:
        return np.array([float(value or "nan") for value in column], dtype="float32")
    except ValueError:
        return np.array(column)


def made_table(columns: Mapping[str, Any], rows: int, seed: int = 0) -> tuple[Table, np.ndarray]:
    """Make up a table, and a score that each of its columns moves, of mean 0 and deviation 1.

    A column is a list of the texts in it, or the pair of its lowest and highest number.
    """
    random = np.random.default_rng(seed)
    table, score = {}, 0.3 * random.normal(size=rows)
    for name, kind in columns.items():
        if isinstance(kind, list):
            drawn = random.integers(len(kind), size=rows)
            table[name] = np.array(kind)[drawn]
            score = score + random.normal(size=len(kind))[drawn]
        else:
            low, high = kind
            drawn = random.random(rows)
            values = low + drawn * (high - low)
            whole = isinstance(low, int)
            table[name] = values.round().astype("int64") if whole else values.astype("float32")
            score = score + 3 * random.choice([-1, 1]) * (drawn - 0.5)
    return table, (score - score.mean()) / score.std()


def made_texts(
    rows: int, topics: Sequence[Any], words: int = 40, seed: int = 0
) -> tuple[list[str], np.ndarray]:
    """Make up texts of about `words` words and the topic of each, which tells in some of them."""
    random = np.random.default_rng(seed)
    syllables = [a + b for a in "bdfklmnprst" for b in "aeiou"]
    vocabulary = np.array(["".join(random.choice(syllables, 3)) for _ in range(600)])
    often = 1.0 / np.arange(5, len(vocabulary) + 5)
    likely = []
    for _ in topics:
        told = np.ones(len(vocabulary))
        told[random.choice(len(vocabulary), 60, replace=False)] = 4.0
        likely.append(often * told / np.sum(often * told))
    labels = random.integers(len(topics), size=rows)
    lengths = random.integers(words // 2, 2 * words, size=rows)
    texts = [
        " ".join(random.choice(vocabulary, n, p=likely[t]))
        for t, n in zip(labels, lengths, strict=True)
    ]
    return texts, np.array(topics)[labels]


def handwriting(rows: int | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return pixels in [0, 1] and digits, to train and to test: MNIST, or scikit-learn's digits."""
    file = find("mnist.npz")
    if file is not None:
        with np.load(file) as found:
            data = [found[name] for name in ("x_train", "y_train", "x_test", "y_test")]
    else:
        from sklearn.datasets import load_digits

        x, y = load_digits(return_X_y=True)
        order = np.random.default_rng(0).permutation(len(x))
        x, y = x[order].reshape(-1, 8, 8), y[order]
        data = [x[:1400], y[:1400], x[1400:], y[1400:]]
    x_train, y_train, _, y_test = data
    flat = [x.reshape(len(x), -1).astype("float32") / float(x_train.max()) for x in data[::2]]
    kept = [flat[0][:rows], y_train[:rows].astype("int64"), flat[1], y_test.astype("int64")]
    return kept[0], kept[1], kept[2][:rows], kept[3][:rows]


def as_images(pixels: np.ndarray, least: int = 8) -> np.ndarray:
    """Return rows of pixels as square images of one channel, twice as large if under `least`."""
    side = round(pixels.shape[1] ** 0.5)
    images = pixels.reshape(-1, side, side, 1)
    return images.repeat(2, axis=1).repeat(2, axis=2) if side < least else images


def ranking(truth: np.ndarray, scores: np.ndarray) -> float:
    """Return the area under the ROC curve: how often a true row scores above a false one."""
    above, below = scores[truth > 0], scores[truth <= 0]
    higher = above[:, None] > below
    return float(np.mean(higher + 0.5 * (above[:, None] == below)))


def rows_of(table: Mapping[str, np.ndarray], which: Any) -> Table:
    """Return some rows of a table."""
    return {name: column[which] for name, column in table.items()}


def folds(rows: int, count: int, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the rows to train on and to test on of each fold."""
    parts = np.array_split(np.random.default_rng(seed).permutation(rows), count)
    return [(np.concatenate(parts[:i] + parts[i + 1 :]), parts[i]) for i in range(count)]


def curves(picture: str | None, panels: Mapping[str, Mapping[str, Any]], x: str = "epoch") -> None:
    """Draw a panel of curves for each title, side by side, into a file."""
    if picture is None:
        return
    plt = pyplot()
    figure, axes = plt.subplots(1, len(panels), figsize=(6 * len(panels), 4), squeeze=False)
    for axis, (title, lines) in zip(axes[0], panels.items(), strict=True):
        for name, values in lines.items():
            axis.plot(range(1, len(values) + 1), values, label=name)
        axis.set(title=title, xlabel=x)
        axis.legend(fontsize=8)
        axis.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(picture, dpi=90)
    plt.close(figure)
    print(f"Curves: {picture}")


def pyplot() -> Any:
    """Return matplotlib's pyplot, drawing into files only."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    return plt
