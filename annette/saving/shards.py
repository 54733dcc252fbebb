"""Weights in several files: ``x.weights.json`` says which part is in which ``x_00000.weights.h5``.

The layout is Keras 3's. All shards are written under names of their own before the list of them
replaces the former one, and only then get the names that Keras looks for; until they all have, they
are found under the others. So the former weights or the new ones are there at every moment.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from annette.saving import hdf5, plain_json, seal
from annette.saving.files import opened, replacing, settle
from annette.saving.weights import Store, read_state, saved_by, stores_of, write_state

ENDING, _SHARD = ".weights.json", ".weights.h5"
_DIGEST = "annette_sha256"
_MOST_LIST = 2**26  # bytes
_MOST_SHARDS = 10_000
_GIB = 2**30
_NAME = re.compile(r"[^/\\:\0]+\.weights\.h5")


def save(root: Any, path: Path, size: float, version: str) -> None:
    """Write the state of an object and its parts; `size` is the most for a shard, in GiB.

    Raises:
        ValueError: if an array is larger than a shard may be.
        OSError: if it cannot be written; what was there before is as it was then.
    """
    base = path.name.removesuffix(ENDING)
    shards, places, total = _divided(root, base, _bytes(size))
    former = _former(path)
    token = secrets.token_hex(8)
    waiting = {name: path.with_name(_waiting_name(name, token)) for name in shards}
    sums = {}
    try:
        for name, writer in shards.items():
            with replacing(waiting[name]) as file:
                sums[name] = write_state(writer, file)
        own = {"version": version, "sha256": sums, "waiting": token}
        metadata = {"total_size": float(total), "annette": own}
        listed = {"metadata": metadata, "weight_map": places, _DIGEST: seal.ZEROS}
        text = json.dumps(listed, indent=4).encode()
        with replacing(path) as file:
            file.write(seal.self_sealed(text, f'"{_DIGEST}": "'.encode()))
    except BaseException:
        _remove(waiting.values())
        raise
    for name, finished in waiting.items():
        settle(finished, path.with_name(name))
    _remove(former - {path.with_name(name) for name in shards})


def _bytes(size: Any) -> int:
    try:
        found = int(float(size) * _GIB)
    except (TypeError, ValueError, OverflowError):
        found = 0
    if found <= 0:
        raise ValueError(
            f"max_shard_size is the size of a file in GiB, a number above 0; it got {size!r}."
        )
    return found


def _divided(
    root: Any, base: str, most: int
) -> tuple[dict[str, hdf5.Writer], dict[str, list[str]], int]:
    """The shards by their names, the shards of each group, and the bytes of all values."""
    shards: dict[str, hdf5.Writer] = {}
    places: dict[str, list[str]] = {}
    total, left = 0, -1
    name = ""
    for part, owner, values in saved_by(root):
        for key, value in values.items():
            if value.nbytes > most:
                raise ValueError(
                    f"The variable {key!r} of {part.path!r} has {value.nbytes} bytes, and "
                    f"max_shard_size lets a file have {most}. Give a larger max_shard_size."
                )
            if value.nbytes > left:
                name, left = f"{base}_{len(shards):05d}{_SHARD}", most
                shards[name] = hdf5.Writer()
            left -= value.nbytes
            total += value.nbytes
            group = shards[name].group(f"{part.path}/vars")
            if owner is not None:
                group.attrs["name"] = owner
            group.dataset(key, value)
            above = "/".join(("", part.path, "vars")).replace("//", "/")
            if name not in places.setdefault(above, []):
                places[above].append(name)
    return shards, places, total


def _waiting_name(name: str, token: str) -> str:
    return f"{name.removesuffix(_SHARD)}.{token}{_SHARD}"


def _former(path: Path) -> set[Path]:
    """The shards of the list that is about to be replaced, if annette wrote it."""
    with contextlib.suppress(OSError, ValueError):
        names, own = _listed(path)
        if own is not None:
            waiting = {_waiting_name(name, own["waiting"]) for name in names}
            return {path.with_name(name) for name in (*names, *waiting)}
    return set()


def _remove(paths: Any) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            os.unlink(path)


# --- and back ---------------------------------------------------------------------------------


@contextlib.contextmanager
def read(path: Path) -> Iterator[dict[str, Store]]:
    """What the shards of a list have for each path, as long as the block lasts.

    Raises:
        ValueError: if the list or a shard is damaged, or they do not belong together.
        OSError: if one cannot be read.
    """
    names, own = _listed(path)
    found: dict[str, Store] = {}
    with contextlib.ExitStack() as stack:
        for name in names:
            place = path.with_name(name) if own is None else _written(path, name, own)
            file = stack.enter_context(read_state(place))
            for above, store in stores_of(file).items():
                known = found.setdefault(above, Store())
                twice = known.datasets.keys() & store.datasets.keys()
                if twice:
                    raise ValueError(
                        f"The shards of {str(path)!r} have {above!r} {min(twice)!r} twice."
                    )
                known.datasets.update(store.datasets)
        yield found


def _listed(path: Path) -> tuple[list[str], dict[str, Any] | None]:
    """The shards that a list names, and what annette noted in it."""
    with opened(path) as file:
        data = file.read(_MOST_LIST + 1)
    try:
        found = plain_json.parsed(data[:_MOST_LIST])
        places = [*found["weight_map"].values()]
        metadata = found.get("metadata") or {}
        names = {name for place in places for name in _several(place)}
        own = metadata.get("annette")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"The file {str(path)!r} is no list of shards, or a damaged one: {error}"
        ) from error
    if (own is not None or _DIGEST in found) and not (
        isinstance(own, dict) and seal.holds(data, found.get(_DIGEST))
    ):
        raise seal.broken(str(path))
    if len(names) > _MOST_SHARDS or not all(_NAME.fullmatch(name) for name in names):
        raise ValueError(
            f"The file {str(path)!r} names shards that are no files ending in {_SHARD!r} beside it, "
            f"or more than {_MOST_SHARDS}."
        )
    return sorted(names), own


def _several(place: Any) -> list[str]:
    names = place if isinstance(place, list) else [place]
    if not all(isinstance(name, str) for name in names):
        raise ValueError("the name of a shard is no text")
    return names


def _written(path: Path, name: str, own: dict[str, Any]) -> Path:
    """Where the shard is that was written with this list."""
    digest = own["sha256"].get(name)
    for place in (path.with_name(name), path.with_name(_waiting_name(name, own["waiting"]))):
        with contextlib.suppress(FileNotFoundError), opened(place) as file:
            size = file.seek(0, 2)
            file.seek(max(size - seal.SIZE, 0))
            if file.read() == seal.MAGIC + bytes.fromhex(digest):
                return place
    raise ValueError(
        f"The shard {name!r} of {str(path)!r} is missing, damaged, or of another time than the "
        "others. Take another copy of them all."
    )
