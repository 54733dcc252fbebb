"""A model as a folder, with the files that an archive has as its members (``zipped=False``)."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import itertools
import json
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from annette.saving import direct, files, plain_json, seal
from annette.saving.archive import (
    ASSETS,
    CONFIG,
    METADATA,
    WEIGHTS,
    ArchiveError,
    Contents,
    Members,
)
from annette.saving.files import Hashing

_DIGEST = "annette_sha256"
_MOST_FILES = 100_000
_EXCHANGE, _HERE = 2, -100  # RENAME_EXCHANGE and AT_FDCWD of Linux


def is_model(path: str | os.PathLike[str]) -> bool:
    """Whether there is a folder with the configuration of a model."""
    return os.path.isdir(path) and os.path.isfile(os.path.join(path, CONFIG))


def write(path: str, contents: Contents) -> None:
    """Write a folder, which takes its place when it is whole.

    Raises:
        OSError: if it cannot be written, or something is there that is no model's folder; what was
            there is as it was then.
    """
    target = Path(os.path.realpath(path))
    replaces = _replaceable(target)
    unfinished = target.with_name(f".annette-{secrets.token_hex(8)}.unfinished")
    try:
        outcome = "the folder was not written; what was there before is as it was"
        with files.explained(target, outcome):
            _fill(unfinished, contents)
        if replaces:
            _exchange(unfinished, target)
        else:
            os.rename(unfinished, target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    files.sync_folder(target.parent)


def _fill(unfinished: Path, contents: Contents) -> None:
    os.mkdir(unfinished)
    sums: dict[str, str] = {}
    for name, data in contents.small_members():
        sums[name] = _written(unfinished / name, data)
    with open(unfinished / WEIGHTS, "x+b") as file:
        with direct.streaming(file, unfinished / WEIGHTS) as stream, Hashing(stream) as hashing:
            contents.write_weights(hashing)
            sums[WEIGHTS] = hashing.hexdigest()
        files.bring_to_disk(file)
    text = json.dumps({**contents.noted(checksums=sums), _DIGEST: seal.ZEROS}).encode()
    _written(unfinished / METADATA, seal.self_sealed(text, f'"{_DIGEST}": "'.encode()))
    for folder, _, _ in os.walk(unfinished):
        files.sync_folder(Path(folder))


def _written(path: Path, data: bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "xb") as file:
        file.write(data)
        files.bring_to_disk(file)
    return files.fingerprint(data)[0].hex()


def _replaceable(target: Path) -> bool:
    """Whether there is a model's folder to be replaced; OSError if there is something else."""
    if not os.path.lexists(target):
        return False
    try:
        found = set(os.listdir(target))
    except NotADirectoryError:
        found = {"a file"}
    if not found:
        return False  # an empty folder gives way to a rename
    if CONFIG not in found or not found <= {CONFIG, METADATA, WEIGHTS, ASSETS.rstrip("/")}:
        raise OSError(
            errno.EEXIST, "There is something other than a model's folder, which is left",
            str(target),
        )  # fmt: skip
    return True


def _exchange(one: Path, other: Path) -> None:
    """Let two folders change their names at once; OSError where the system has no way to."""
    function = None
    with contextlib.suppress(OSError, AttributeError):
        function = ctypes.CDLL(None, use_errno=True).renameat2
    if function is None:
        raise OSError(
            errno.ENOTSUP, "A folder cannot be replaced at once here: remove it before saving",
            str(other),
        )  # fmt: skip
    if function(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) != 0:
        code = ctypes.get_errno()
        raise OSError(
            code, f"{os.strerror(code)}: the folder was not replaced; remove it before saving",
            str(other),
        )  # fmt: skip


class Folder(Members):
    """A folder that is read, as `archive.Archive` reads an archive.

    Raises:
        ArchiveError: here and in all that is read, if it is damaged or hostile.
        OSError: if it cannot be read.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._named = path
        self.members = dict(self._walk(self._path, ""))
        self.metadata = self._metadata()
        sums = self._sums
        if sums is not None and set(sums) != set(self.members) - {METADATA}:
            raise self._error("its files are not those it was saved with")

    def _error(self, problem: str) -> ArchiveError:
        return ArchiveError(f"The folder {self._named!r} is refused: {problem}.")

    def _walk(self, folder: Path, above: str) -> Iterator[tuple[str, int]]:
        with os.scandir(folder) as inside:
            entries = list(itertools.islice(inside, _MOST_FILES + 1))
        if len(entries) > _MOST_FILES or above.count("/") > 99:
            raise self._error(f"it has more than {_MOST_FILES} files, or is too deep")
        for entry in entries:
            name = above + entry.name
            found = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(found.st_mode):
                if not (name + "/").startswith(ASSETS):
                    raise self._error(f"it has a folder {name!r}, which is no part of a model")
                yield from self._walk(folder / entry.name, name + "/")
            elif not stat.S_ISREG(found.st_mode):
                raise self._error(f"its member {name!r} is a link or another thing than a file")
            elif name not in (CONFIG, METADATA, WEIGHTS) and not name.startswith(ASSETS):
                raise self._error(f"it has a file {name!r}, which is no part of a model")
            else:
                yield name, found.st_size

    def _metadata(self) -> dict[str, Any]:
        if METADATA not in self.members:
            return {}
        found = self.json(METADATA)
        if not isinstance(found, dict):
            raise self._error(f"its {METADATA} is no JSON object")
        if "annette" in found or _DIGEST in found:
            whole = seal.holds(self._bytes(METADATA), found.get(_DIGEST))
            if not whole or not isinstance(found.get("annette"), dict):
                raise seal.broken(f"{self._named}/{METADATA}")
        return found

    def _bytes(self, name: str) -> bytes:
        if name not in self.members:
            raise self._error(f"it has no {name}")
        with files.opened(self._path / name, follow=False) as file:
            return file.read()

    def read(self, name: str) -> bytes:
        """The bytes of a file, their checksum compared."""
        data = self._bytes(name)
        sums = self._sums if name != METADATA else None
        if sums is not None and files.fingerprint(data)[0].hex() != sums.get(name):
            raise self._error(f"its file {name!r} is damaged: its checksum is another")
        return data

    @contextlib.contextmanager
    def look(self, name: str) -> Iterator[bytes]:
        """The same while the block lasts."""
        yield self.read(name)

    def json(self, name: str) -> Any:
        """A file that is JSON text."""
        data = self._bytes(name) if name == METADATA else self.read(name)
        try:
            return plain_json.parsed(data)
        except plain_json.JsonError as error:
            raise self._error(f"its file {name!r} is no JSON text of a model: {error}") from error
