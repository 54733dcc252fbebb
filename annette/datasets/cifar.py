"""What CIFAR-10 and CIFAR-100 share: where their files lie, and how they are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from annette.datasets.common import unpickled
from annette.utils.files import cache_folder, get_file

_ORIGIN = "https://www.cs.toronto.edu/~kriz/"
_PIXELS = 3 * 32 * 32

Part = tuple[np.ndarray, np.ndarray]


def folder_of(name: str, archive: str, files: tuple[str, ...], file_hash: str) -> Path:
    """Return the folder with the data set's files, unpacked or downloaded where it is needed.

    Args:
        name: of the folder within the archive.
        archive: the archive's name at its origin.
        files: the files that must be in the folder.
        file_hash: SHA-256 of the archive.

    Raises:
        OSError: if there is no archive and none can be downloaded; it says where to put one.
        ValueError: if the archive is not the one that is expected.
    """
    cache = cache_folder() / "datasets"
    target = f"{name}-target"
    for folder in (cache / f"{target}_extracted" / name, cache / name):
        if all((folder / file).is_file() for file in files):
            return folder
    # An archive that was put there by hand keeps its own name.
    fname = archive if (cache / archive).is_file() else target
    found = get_file(fname, _ORIGIN + archive, file_hash=file_hash, extract=True)
    return Path(found) / name


def read_part(file: Path, labels: str) -> Part:
    """Return the pictures of one file and their labels.

    Args:
        file: a pickled dict with ``data``, a row of 3072 bytes a picture (red, green and blue,
            each row by row), and a list of labels.
        labels: the list's name.

    Output shape: pictures (n, 32, 32, 3) uint8; labels (n, 1) uint8.

    Raises:
        ValueError: if the file holds anything else.
    """
    with file.open("rb") as opened:
        content = unpickled(opened, encoding="bytes")
    if not isinstance(content, dict):
        raise _wrong(file, f"it holds a {type(content).__name__}")
    named = {k.decode() if isinstance(k, bytes) else k: v for k, v in content.items()}
    if "data" not in named or labels not in named:
        raise _wrong(file, f"it has no {'data' if 'data' not in named else labels!r}")
    x = _pictures(file, named["data"])
    y = np.asarray(named[labels], "uint8").reshape(-1, 1)
    if len(x) != len(y):
        raise _wrong(file, f"it has {len(x)} pictures and {len(y)} labels")
    return x, y


def _pictures(file: Path, data: Any) -> np.ndarray:
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.size % _PIXELS:
        raise _wrong(file, "its data are no bytes of pictures with 32 x 32 x 3 values")
    return data.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)


def _wrong(file: Path, what: str) -> ValueError:
    return ValueError(
        f"{file} is expected to hold pictures and labels: {what}. Remove its folder, and the data "
        "set is unpacked or downloaded anew."
    )
