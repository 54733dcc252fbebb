"""The state of a model in an HDF5 file, in the layout of Keras 3 (``.weights.h5``)."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any, NamedTuple

import numpy as np

from annette.saving import hdf5, seal
from annette.saving.files import Hashing, mapped
from annette.saving.state import as_array, matched, put
from annette.saving.walk import Part, parts_of
from annette.utils.warning import warn

# How many bytes of values a file may hold by compression: so many, and so many times its size.
_LEAST, _TIMES = 2**24, 16


class Saved(NamedTuple):
    """What one part of an object saves: its path, its name if it has one, and values by key."""

    part: Part
    name: str | None
    values: dict[str, np.ndarray]


def saved_by(root: Any) -> list[Saved]:
    """What an object and all its parts save, in their order.

    Raises:
        ValueError: if an object's `save_own_variables` uses a name that is no name.
    """
    found = []
    for part in parts_of(root):
        store: dict[str, Any] = {}
        part.owner.save_own_variables(store)
        for key in store:
            if not isinstance(key, str) or not key or "/" in key or key == ".":
                raise ValueError(
                    f"{type(part.owner).__name__}.save_own_variables used the name {key!r}; names "
                    "are texts without '/'."
                )
        name = getattr(part.owner, "name", None)
        values = {key: as_array(value) for key, value in store.items()}
        found.append(Saved(part, name if isinstance(name, str) else None, values))
    return found


def state_of(root: Any) -> hdf5.Writer:
    """The file that the state of an object and of all its parts makes.

    Raises:
        ValueError: if an object's `save_own_variables` uses a name that is no name.
    """
    writer = hdf5.Writer()
    for part, name, values in saved_by(root):
        group = writer.group(f"{part.path}/vars")
        if name is not None:
            group.attrs["name"] = name
        for key, value in values.items():
            group.dataset(key, value)
    return writer


def write_state(writer: hdf5.Writer, file: IO[bytes]) -> str:
    """Write the file, and a checksum of all its bytes behind it; return that as text."""
    writer.attrs[seal.MARK] = "at the end"
    with Hashing(file) as hashing:
        writer.write(hashing)  # type: ignore[arg-type]  # it only writes
        digest = hashing.digest()
    file.write(seal.MAGIC + digest)
    return digest.hex()


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
    end, sealed = seal.body_of(view, named)
    body = view[:end]
    try:
        with hdf5.File(body, limit=_LEAST + _TIMES * end) as file:
            if seal.MARK in file.attrs and not sealed:
                raise seal.broken(named)
            yield file
    except hdf5.FormatError as error:
        raise ValueError(f"The file {named!r} cannot be read: {error}") from error
    finally:
        with contextlib.suppress(BufferError):  # an error's traceback may still hold a look
            body.release()


class Store(Mapping[str, Any]):
    """The saved variables of one object, read when they are asked for."""

    def __init__(self) -> None:
        self.datasets: dict[str, Any] = {}  # of any format: with shape, dtype and read()

    def __getitem__(self, key: str) -> np.ndarray:
        values: np.ndarray = self.datasets[key].read()
        return values

    def shape_of(self, key: str) -> tuple[int, ...]:
        """The shape of a variable, which is known before its values are read."""
        return tuple(self.datasets[key].shape)

    def look(self, key: str) -> np.ndarray:
        """The same, maybe as a view of the file that is good while the file is open."""
        dataset = self.datasets[key]
        values: np.ndarray = getattr(dataset, "look", dataset.read)()
        return values

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


def total(stores: dict[str, Store]) -> int:
    """How many numbers there are for all paths."""
    return sum(dataset.size for store in stores.values() for dataset in store.datasets.values())


def load_state(root: Any, file: hdf5.File, skip_mismatch: bool = False) -> None:
    """Set the variables of an object and of all its parts to what the file has for them.

    Raises:
        ValueError: as `load_stores`.
    """
    load_stores(root, stores_of(file), skip_mismatch)


def load_stores(
    root: Any,
    stores: dict[str, Store],
    skip_mismatch: bool = False,
    skipped: Sequence[Any] = (),
    whole: bool = False,
) -> None:
    """Set the variables of an object and of all its parts to what there is for their paths.

    Names, numbers and shapes are compared and values read before anything changes; should a
    `load_own_variables` of the program's own fail after that, all is set back. The parts in
    `skipped` are left out, and what is there for no part with a warning: Keras passes it by. Where
    a `whole` model comes from one file, it is an error.

    Raises:
        ValueError: if something does not fit (with `skip_mismatch` it is left out, with a warning).
    """
    stores = dict(stores)
    plain: list[tuple[Any, np.ndarray]] = []
    own: list[tuple[Part, Store]] = []
    failures: list[tuple[str, Exception]] = []
    left_out = tuple(p.path for p in parts_of(root) if any(p.owner is s for s in skipped))
    # Optimizers last: what they warn of does not matter when the weights do not fit.
    for part in sorted(parts_of(root), key=lambda p: hasattr(p.owner, "_starts_afresh")):
        store = stores.pop(part.path, Store())
        if any(f"{part.path}/".startswith(f"{path}/") for path in left_out):
            continue
        loader = type(part.owner).load_own_variables
        if not getattr(loader, "_compares", False):
            own.append((part, store))
            continue
        starts_afresh = getattr(part.owner, "_starts_afresh", None)
        if starts_afresh and ((failures and not skip_mismatch) or starts_afresh(store)):
            continue
        try:
            plain += matched(part.owner, part.owner._saved_variables(), store)
        except (ValueError, KeyError) as error:
            failures.append((_named(part), error))
    unused = _unused(stores, root)
    if whole and unused:
        failures += [(path, ValueError(_UNUSED.format(repr(path)))) for path in unused]
    _report(failures, skip_mismatch)
    if unused:
        names = ", ".join(map(repr, unused[:10])) + (", ..." if unused[10:] else "")
        warn(_UNUSED.format(names) + " They are left out.")
    _load_own(root, own, skip_mismatch)
    for variable, value in plain:
        put(variable, value)


def _named(part: Part) -> str:
    return part.path or type(part.owner).__name__


_UNUSED = "The file has variables for {}, which the model has not."


def _unused(stores: dict[str, Store], root: Any) -> list[str]:
    """The paths in the file that no part of the object takes; seeds and an optimizer may be there."""
    has_optimizer = getattr(root, "optimizer", None) is not None
    return [
        path
        for path in stores
        if not any(p.startswith("seed_generator") for p in path.split("/"))
        and (has_optimizer or path.split("/")[0] != "optimizer")
    ]


def _report(failures: list[tuple[str, Exception]], warn_only: bool) -> None:
    if not failures:
        return
    names = ", ".join(name for name, _ in failures[:10]) + (", ..." if failures[10:] else "")
    message = f"{failures[0][1]} {len(failures)} part(s) do not fit the file: {names}."
    if not warn_only:
        raise ValueError(f"{message} Nothing was changed.")
    warn(message)


def _load_own(root: Any, own: list[tuple[Part, Store]], skip_mismatch: bool) -> None:
    """Call the `load_own_variables` of the program's classes; undo all if one fails."""
    if not own:
        return
    known = [v for part in parts_of(root) for v in _variables(part.owner) if not v.waits]
    before = [(v, v.numpy()) for v in known]
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
            warn(f"{_named(part)} was left out: {error}")


def _variables(owner: Any) -> list[Any]:
    found = getattr(owner, "_saved_variables", None)
    return list(found()) if found is not None else []
