"""The data: made once with a fixed seed, saved as plain arrays, loaded by every system alike."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

Arrays = tuple[np.ndarray, np.ndarray]
DIGITS = Path(__file__).resolve().parent.parent / "annette" / "datasets" / "digits.npz"


def clustered(rows: int, width: int = 784, seed: int = 0) -> Arrays:
    """Return ten patterns of MNIST's size under noise, mean 0, and which pattern each row shows.

    They overlap and have mean 0 so that no unit dies: the averages that Adam keeps of a gradient
    that has become 0 shrink to subnormal numbers, which processors are slow at.
    """
    rng = np.random.default_rng(seed)
    patterns = rng.standard_normal((10, width), dtype="float32")
    y = rng.integers(0, 10, rows)
    x = 0.07 * patterns[y] + rng.standard_normal((rows, width), dtype="float32")
    return x, y


def sequences(rows: int, steps: int, width: int, seed: int = 0) -> Arrays:
    """Return noisy waves of ten lengths, and which length each row has."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 10, rows)
    time = np.arange(steps)[:, None] * (y[:, None, None] + 1) + rng.random((rows, 1, width)) * steps
    x = np.sin(time * np.pi / 40) + 0.3 * rng.standard_normal((rows, steps, width))
    return x.astype("float32"), y


def two_classes(rows: int = 1000, width: int = 20, seed: int = 0) -> Arrays:
    """Return rows of two classes that a curved border parts."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, width), dtype="float32")
    y = (x[:, 0] * x[:, 1] + 0.5 * x[:, 2] > 0).astype("float32")
    return x, y


def digits() -> Arrays:
    """Return the 1,797 digits of the package, the 359 for testing last."""
    with np.load(DIGITS) as arrays:
        x, y = arrays["x"].reshape(-1, 64), arrays["y"]
    test = np.arange(len(x)) % 5 == 4
    order = np.concatenate([np.flatnonzero(~test), np.flatnonzero(test)])
    return (x[order] / 16).astype("float32"), y[order].astype("int64")


def xor() -> Arrays:
    """Return the four rows of exclusive or."""
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    return x, np.array([0, 1, 1, 0], "float32")


def save(folder: Path) -> None:
    """Make all data and save it into the folder."""
    images, labels = clustered(10_000)
    colours, names = clustered(1_280, 32 * 32 * 3)
    made = {
        "images": (images.reshape(-1, 28, 28, 1), labels),
        "colours": (colours.reshape(-1, 32, 32, 3), names),
        "lines": (images.reshape(-1, 28, 28), labels),
        "series": sequences(1_280, 60, 8),
        "vectors": sequences(1_280, 80, 64),
        "mnist": clustered(60_000),
        "wide": clustered(20_480, 1024),
        "binary": two_classes(),
        "digits": digits(),
        "xor": xor(),
    }
    for name, (x, y) in made.items():
        np.save(folder / f"{name}_x.npy", x)
        np.save(folder / f"{name}_y.npy", y)


def load(folder: Path, job: str, width: int, rows: int) -> Arrays:
    """Return the data for a job on rows of this width; rows beyond those saved repeat."""
    name = job if job in ("binary", "digits", "xor") else "wide" if width == 1024 else "mnist"
    name = {28: "images", 32: "colours"}.get(width, name)
    name = {"recurrent": "lines", "stacked": "series", "transformer": "vectors"}.get(job, name)
    if job in ("product", "copy", "flush", "save", "load", "load_weights"):
        return np.empty((0, 0), "float32"), np.empty(0, "int64")
    x, y = np.load(folder / f"{name}_x.npy"), np.load(folder / f"{name}_y.npy")
    if name in ("binary", "digits", "xor") or rows == len(x):
        return x, y
    if rows < len(x):
        return x[:rows].copy(), y[:rows].copy()
    many = np.empty((rows, x.shape[1]), x.dtype)
    for begin in range(0, rows, len(x)):
        many[begin : begin + len(x)] = x[: rows - begin]
    return many, np.resize(y, rows)


if __name__ == "__main__":
    save(Path(sys.argv[1]))
