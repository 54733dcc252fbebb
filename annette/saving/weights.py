"""The state of a model in an HDF5 file, in the layout of Keras 3 (``.weights.h5``)."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator, Mapping
from typing import IO, Any

import numpy as np

from annette.saving import hdf5
from annette.saving.files import Hashing, fingerprint, mapped
from annette.saving.state import as_array, matched, put
from annette.saving.walk import Part, parts_of

# What annette puts behind the last byte of a file: readers of HDF5 do not look there.
_MAGIC = b"ANNETTE-CHECKED\n"
_TRAILER = len(_MAGIC) + 32


def state_of(root: Any) -> hdf5.Writer:
    """The file that the state of an object and of all its parts makes.

    Raises:
        ValueError: if an object's `save_own_variables` uses a name that is no name.
    """
    writer = hdf5.Writer()
    for path, owner in parts_of(root):
        store: dict[str, Any] = {}
        owner.save_own_variables(store)
        group = writer.group(f"{path}/vars")
        if isinstance(getattr(owner, "name", None), str):
            group.attrs["name"] = owner.name
        for key, value in store.items():
            if not isinstance(key, str) or not key or "/" in key or key == ".":
                raise ValueError(
                    f"{type(owner).__name__}.save_own_variables used the name {key!r}; names are "
                    "texts without '/'."
                )
            group.dataset(key, as_array(value))
    return writer


def write_state(writer: hdf5.Writer, file: IO[bytes]) -> None:
    """Write the file, and a checksum of all its bytes behind it."""
    hashing = Hashing(file)
    writer.write(hashing)  # type: ignore[arg-type]  # it only writes
    file.write(_MAGIC + hashing.digest())


@contextlib.contextmanager
def read_state(path: str | os.PathLike[str]) -> Iterator[hdf5.File]:
    """A file of weights, open, its checksum compared if it has one.

    Raises:
        ValueError: if it is damaged or no HDF5 file.
        OSError: if it cannot be read or is no regular file.
    """
    with mapped(path) as view, _parsed(view, str(path)) as file:
        yield file


@contextlib.contextmanager
def parsed_state(data: bytes | memoryview, named: str) -> Iterator[hdf5.File]:
    """The same of a file's bytes."""
    with _parsed(memoryview(data), named) as file:
        yield file


@contextlib.contextmanager
def _parsed(view: memoryview, named: str) -> Iterator[hdf5.File]:
    end = len(view)
    if view[-_TRAILER : -len(_MAGIC) - 16] == _MAGIC and end > _TRAILER:
        end -= _TRAILER
        if fingerprint(view[:end])[0] != view[end + len(_MAGIC) :]:
            raise ValueError(
                f"The file {named!r} is damaged: its checksum is another than when it was written. "
                "Take another copy of it."
            )
    body = view[:end]
    try:
        with hdf5.File(body) as file:
            yield file
    except hdf5.FormatError as error:
        raise ValueError(f"The file {named!r} cannot be read: {error}") from error
    finally:
        with contextlib.suppress(BufferError):  # an error's traceback may still hold a look
            body.release()


class Store(Mapping[str, Any]):
    """The saved variables of one object, read when they are asked for."""

    def __init__(self) -> None:
        self.datasets: dict[str, hdf5.Dataset] = {}

    def __getitem__(self, key: str) -> np.ndarray:
        return self.datasets[key].read()

    def look(self, key: str) -> np.ndarray:
        """The same, maybe as a view of the file that is good while the file is open."""
        return self.datasets[key].look()

    def __iter__(self) -> Iterator[str]:
        return iter(self.datasets)

    def __len__(self) -> int:
        return len(self.datasets)


def stores_of(file: hdf5.File) -> dict[str, Store]:
    """What a file has for each path.

    Raises:
        ValueError: for a dataset that is the variable of nothing.
    """
    found: dict[str, Store] = {}
    for dataset in file.walk():
        above, _, key = dataset.name.strip("/").rpartition("/")
        path, _, last = above.rpartition("/")
        if last != "vars":
            raise ValueError(
                f"The file has {dataset.name!r} where Keras 3 puts nothing: variables are in "
                "groups called 'vars'."
            )
        found.setdefault(path, Store()).datasets[key] = dataset
    return _as_keras_3(found)


def _as_keras_3(stores: dict[str, Store]) -> dict[str, Store]:
    """The stores under the paths of Keras 3, if they are those of Keras 2.12 to 2.15."""
    from annette.saving.keras2_config import is_old_layout, renewed_paths

    if not is_old_layout(list(stores)):
        return stores
    return {new: stores[old] for old, new in renewed_paths(list(stores)).items()}


def size_of(file: hdf5.File) -> int:
    """How many numbers a file has."""
    return sum(dataset.size for dataset in file.walk())


def load_state(root: Any, file: hdf5.File, skip_mismatch: bool = False) -> set[int]:
    """Set the variables of an object and of all its parts to what the file has for them.

    Names, numbers and shapes are compared and values read before anything changes; should a
    `load_own_variables` of the program's own fail after that, all is set back. The ids of the
    variables that were set are returned.

    Raises:
        ValueError: if something does not fit (with `skip_mismatch` it is left out, with a warning).
    """
    stores = stores_of(file)
    plain: list[tuple[Any, np.ndarray]] = []
    own: list[tuple[Part, Store]] = []
    failures: list[tuple[str, Exception]] = []
    for part in parts_of(root):
        store = stores.pop(part.path, Store())
        loader = type(part.owner).load_own_variables
        if not getattr(loader, "_compares", False):
            own.append((part, store))
            continue
        if getattr(part.owner, "_starts_afresh", _never)(store):
            continue  # an optimizer, which has warned
        try:
            plain += matched(part.owner, part.owner._saved_variables(), store)
        except (ValueError, KeyError) as error:
            failures.append((_named(part), error))
    failures += _unused(stores, root)
    _report(failures, skip_mismatch)
    _load_own(root, own, skip_mismatch)
    for variable, value in plain:
        put(variable, value)
    return {id(variable) for variable, _ in plain}


def _never(store: Any) -> bool:
    return False


def _named(part: Part) -> str:
    return part.path or type(part.owner).__name__


def _unused(stores: dict[str, Store], root: Any) -> list[tuple[str, Exception]]:
    """The variables in the file that no part of the object takes, as failures."""
    has_optimizer = getattr(root, "optimizer", None) is not None
    left = [
        path
        for path in stores
        if not any(p.startswith("seed_generator") for p in path.split("/"))
        and (has_optimizer or path.split("/")[0] != "optimizer")
    ]
    return [
        (path, ValueError(f"The file has variables for {path!r}, which the model has not."))
        for path in left
    ]


def _report(failures: list[tuple[str, Exception]], warn_only: bool) -> None:
    if not failures:
        return
    names = ", ".join(name for name, _ in failures[:10]) + (", ..." if failures[10:] else "")
    message = f"{failures[0][1]} {len(failures)} part(s) do not fit the file: {names}."
    if not warn_only:
        raise ValueError(f"{message} Nothing was changed.")
    warnings.warn(message, stacklevel=5)


def _load_own(root: Any, own: list[tuple[Part, Store]], skip_mismatch: bool) -> None:
    """Call the `load_own_variables` of the program's classes; undo all if one fails."""
    if not own:
        return
    before = [(v, v.numpy()) for part in parts_of(root) for v in _variables(part.owner)]
    for part, store in own:
        try:
            part.owner.load_own_variables(store)
        except Exception as error:
            for variable, value in before:
                variable.assign(value)
            if not skip_mismatch:
                raise ValueError(
                    f"{type(part.owner).__name__}.load_own_variables of {_named(part)!r} failed: "
                    f"{type(error).__name__}: {error} Nothing was changed."
                ) from error
            warnings.warn(f"{_named(part)} was left out: {error}", stacklevel=4)


def _variables(owner: Any) -> list[Any]:
    found = getattr(owner, "_saved_variables", None)
    return list(found()) if found is not None else []
