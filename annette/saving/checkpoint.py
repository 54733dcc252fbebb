"""The state of a training run in one file: plain values and arrays, whole and checked or not at all.

It is an archive like that of a model (``archive.py``): values as JSON text, arrays as an HDF5 file,
and checksums of both. What is read is data alone; nothing in it is run or looked up by name.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import numpy as np

from annette.saving import archive as archives, hdf5, weights
from annette.saving.files import opened, replacing

_KIND = "training run"
_MOST_DEPTH = 240  # of JSON, of which `plain_json` reads no more than 256 levels


def write_checkpoint(path: str | os.PathLike[str], state: Any) -> None:
    """Write a state, nested dicts, lists and tuples of plain values and arrays, to a file.

    Raises:
        TypeError: for a value of another kind, saying where in the state it is.
        OSError: if it cannot be written; a file that was there is as it was.
    """
    writer = hdf5.Writer()
    config = json.dumps(_packed(state, writer, "state", 0))
    version = getattr(sys.modules.get("annette"), "__version__", "")
    metadata = {"annette": {"version": version, "kind": _KIND}}
    with replacing(path) as file:
        contents = archives.Contents(config, metadata, lambda member: _send(writer, member), [])
        archives.write_archive(file, contents)


def read_checkpoint(path: str | os.PathLike[str]) -> Any:
    """Return the state that is in a file.

    Raises:
        ValueError: if the file is damaged or none of a training run.
        OSError: if it cannot be read.
    """
    named = os.fspath(path)
    with opened(path) as file, archives.Archive(file, str(named)) as archive:
        about = archive.metadata.get("annette")
        if not isinstance(about, dict) or about.get("kind") != _KIND or "checksums" not in about:
            raise archives.ArchiveError(
                f"The file {named!r} is refused: it is not the checkpoint of a training run."
            )
        config = archive.json(archives.CONFIG)
        data = archive.read(archives.WEIGHTS)
    with weights.parsed_state(data, f"{named}: {archives.WEIGHTS}") as found:
        arrays = {dataset.name.strip("/"): dataset.read() for dataset in found.walk()}
    try:
        return _unpacked(config, arrays)
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise archives.ArchiveError(
            f"The file {named!r} is refused: its parts do not fit together ({error})."
        ) from error


def _send(writer: hdf5.Writer, member: Any) -> None:
    writer.write(member)


def _packed(value: Any, writer: hdf5.Writer, where: str, depth: int) -> Any:
    """Return a value as JSON has it; arrays go to the writer, and their names stand for them."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if depth > _MOST_DEPTH:
        raise TypeError(f"{where[:200]} is nested too deep for a checkpoint.")
    if hasattr(value, "numpy") and not isinstance(value, (np.ndarray, np.generic)):
        value = value.numpy()  # a variable or tensor
    if isinstance(value, np.generic):
        return {"number": _kept(np.asarray(value), writer, where)}
    if isinstance(value, np.ndarray):
        return {"array": _kept(value, writer, where)}
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": _kept(np.frombuffer(bytes(value), "uint8"), writer, where)}
    if isinstance(value, (list, tuple)):
        items = [_packed(v, writer, f"{where}[{i}]", depth + 2) for i, v in enumerate(value)]
        return items if isinstance(value, list) else {"tuple": items}
    if isinstance(value, dict):
        pairs = [
            [_packed(k, writer, where, depth + 3), _packed(v, writer, f"{where}[{k!r}]", depth + 3)]
            for k, v in value.items()
        ]
        return {"dict": pairs}
    if isinstance(value, (bool, int, float, str)):  # of a class of its own, such as an enumeration
        plain = next(t for t in (bool, int, float, str) if isinstance(value, t))
        return plain(value)
    raise TypeError(
        f"{where} is of type {type(value).__name__}, which no checkpoint holds. A state is made of "
        "None, booleans, numbers, texts, bytes, arrays, and of lists, tuples and dicts of them."
    )


def _kept(array: np.ndarray, writer: hdf5.Writer, where: str) -> str:
    name = str(len(writer.members))
    try:
        writer.dataset(name, array)
    except TypeError as error:
        raise TypeError(f"{where} cannot be kept in a checkpoint: {error}") from error
    return name


def _unpacked(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, list):
        return [_unpacked(v, arrays) for v in value]
    if not isinstance(value, dict):
        return value
    mark, held = next(iter(value.items())) if len(value) == 1 else ("", "")
    if mark == "array":
        return arrays.pop(held)  # each is there once: a file is not to grow by saying it again
    if mark == "number":
        return arrays.pop(held)[()]
    if mark == "bytes":
        return arrays.pop(held).tobytes()
    if mark == "tuple":
        return tuple(_unpacked(v, arrays) for v in held)
    if mark == "dict":
        unpacked = [[_unpacked(part, arrays) for part in pair] for pair in held]
        return dict(unpacked)
    raise TypeError(f"{mark!r} is no kind of value")
