"""The archive of Keras 3 (``.keras``): a ZIP file with a configuration, weights and assets.

What is read is checked before anything of it is taken: names, sizes, overlaps, checksums.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any

from annette.saving.files import Hashing, fingerprint

CONFIG, METADATA, WEIGHTS, ASSETS = "config.json", "metadata.json", "model.weights.h5", "assets/"
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
_MOST_MEMBERS = 100_000
_MOST_JSON = 2**28  # bytes
_MOST_PACKED = 1100  # times that deflate makes anything smaller
_EPOCH = (1980, 1, 1, 0, 0, 0)
_METHODS = {zipfile.ZIP_STORED: "stored", zipfile.ZIP_DEFLATED: "deflate"}


class ArchiveError(ValueError):
    """An archive is damaged, hostile, or none that Keras or annette made."""


def write_archive(
    file: Any,
    config: str,
    metadata: dict[str, Any],
    write_weights: Callable[[Any], None],
    assets: list[tuple[str, bytes]],
) -> None:
    """Write an archive; its metadata gets the checksum of each member."""
    sums: dict[str, str] = {}
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in [(CONFIG, config.encode()), *((ASSETS + n, d) for n, d in assets)]:
            archive.writestr(_info(name), data)
            sums[name] = fingerprint(data)[0].hex()
        with archive.open(_info(WEIGHTS), "w", force_zip64=True) as member:
            hashing = Hashing(member)
            write_weights(hashing)
        sums[WEIGHTS] = hashing.hexdigest()
        own = {**metadata.get("annette", {}), "checksums": sums}
        archive.writestr(_info(METADATA), json.dumps({**metadata, "annette": own}).encode())


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.external_attr = 0o644 << 16
    return info


def _number_of(file: Any) -> int | None:
    """The system's number of a regular file that is open; None for other file objects."""
    try:
        return int(file.fileno())
    except (OSError, AttributeError, ValueError):
        return None


class Archive:
    """An archive that is read: its members' names are checked when it is opened.

    Raises:
        ArchiveError: here and in all that is read, if it is damaged or hostile.
    """

    def __init__(self, file: IO[bytes], named: str) -> None:
        self._file = file
        self._named = named
        self._size = file.seek(0, 2)
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError) as error:
            raise self._error(f"it is no ZIP archive that can be read ({error})") from error
        self.members = self._checked(self._zip.infolist())
        self.metadata = self._metadata()
        self._compare_names()

    def _error(self, problem: str) -> ArchiveError:
        return ArchiveError(f"The file {self._named!r} is refused: {problem}.")

    def _checked(self, infos: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
        if len(infos) > _MOST_MEMBERS:
            raise self._error(f"it has {len(infos)} members, more than {_MOST_MEMBERS}")
        found: dict[str, zipfile.ZipInfo] = {}
        for info in infos:
            name = info.orig_filename
            self._check_name(name)
            if name in found:
                raise self._error(f"it has two members called {name!r}")
            self._check_kind(info)
            found[name] = info
        self._check_places(infos)
        known = {n: i for n, i in found.items() if not n.endswith("/")}
        for name in known:
            if name not in (CONFIG, METADATA, WEIGHTS) and not name.startswith(ASSETS):
                raise self._error(
                    f"it has a member {name!r}, which is no part of a saved model; models have "
                    f"{CONFIG}, {METADATA}, {WEIGHTS} and what is in {ASSETS}"
                )
        return known

    def _check_name(self, name: str) -> None:
        parts = name.removesuffix("/").split("/")
        bad = any(p in ("", ".", "..") or len(p.encode("utf-8", "replace")) > 255 for p in parts)
        if bad or any(c in name for c in "\\:\0") or len(name) > 4096:
            raise self._error(f"it has a member called {name[:99]!r}, which leads out of it")

    def _check_kind(self, info: zipfile.ZipInfo) -> None:
        name, mode = info.filename, info.external_attr >> 16
        folder = name.endswith("/")
        if stat.S_IFMT(mode) not in (0, stat.S_IFDIR if folder else stat.S_IFREG):
            raise self._error(f"its member {name!r} is a link or another thing than a file")
        if info.flag_bits & 0x1:
            raise self._error(f"its member {name!r} is encrypted")
        if info.compress_type not in _METHODS:
            raise self._error(f"its member {name!r} is compressed by method {info.compress_type}")
        if info.compress_type == zipfile.ZIP_STORED:
            possible = info.file_size == info.compress_size
        else:
            possible = info.file_size <= _MOST_PACKED * (info.compress_size + 1)
        if not possible:
            raise self._error(
                f"its member {name!r} says that {info.compress_size} bytes hold {info.file_size}"
            )

    def _check_places(self, infos: list[zipfile.ZipInfo]) -> None:
        """Members that share bytes would let a small file hold enormous ones."""
        end = 0
        for info in sorted(infos, key=lambda i: i.header_offset):
            if info.header_offset < end:
                raise self._error(f"its member {info.filename!r} overlaps another")
            self._file.seek(info.header_offset)
            header = self._file.read(_LOCAL_HEADER.size)
            if len(header) < _LOCAL_HEADER.size or header[:4] != b"PK\3\4":
                raise self._error(f"its member {info.filename!r} is not where it should be")
            *_, name_size, extra_size = _LOCAL_HEADER.unpack(header)
            start = info.header_offset + len(header) + name_size + extra_size
            end = start + info.compress_size
            if end > self._size:
                raise self._error(f"it was cut short within its member {info.filename!r}")

    def _metadata(self) -> dict[str, Any]:
        if METADATA not in self.members:
            return {}
        found = self.json(METADATA)
        if not isinstance(found, dict):
            raise self._error(f"its {METADATA} is no JSON object")
        return found

    @property
    def _sums(self) -> dict[str, Any] | None:
        own = self.metadata.get("annette")
        sums = own.get("checksums") if isinstance(own, dict) else None
        return sums if isinstance(sums, dict) else None

    def _compare_names(self) -> None:
        sums = self._sums
        if sums is not None and set(sums) != set(self.members) - {METADATA}:
            differ = sorted(set(sums) ^ (set(self.members) - {METADATA}))
            raise self._error(f"its members are not those it was saved with: {differ[:5]}")

    def __contains__(self, name: str) -> bool:
        return name in self.members

    def read(self, name: str) -> bytes:
        """The bytes of a member, their checksums compared."""
        info = self.members.get(name)
        if info is None:
            raise self._error(f"it has no {name}")
        try:
            data = self._zip.read(info)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise self._error(f"its member {name!r} is damaged ({error})") from error
        if len(data) != info.file_size:
            raise self._error(f"its member {name!r} has {len(data)} of {info.file_size} bytes")
        sums = self._sums if name != METADATA else None
        if sums is not None and fingerprint(data)[0].hex() != sums.get(name):
            raise self._error(f"its member {name!r} is damaged: its checksum is another")
        return data

    @contextlib.contextmanager
    def look(self, name: str) -> Iterator[bytes | memoryview]:
        """The bytes of a member, without a copy where the file has them as they are."""
        info, sums = self.members.get(name), self._sums
        number = _number_of(self._file)
        plain = info is not None and info.compress_type == zipfile.ZIP_STORED and info.file_size
        if not plain or sums is None or number is None or info is None:
            yield self.read(name)
            return
        try:
            self._zip.open(info).close()  # which compares the two descriptions of the member
        except (zipfile.BadZipFile, NotImplementedError) as error:
            raise self._error(f"its member {name!r} is damaged ({error})") from error
        self._file.seek(info.header_offset)
        *_, name_size, extra_size = _LOCAL_HEADER.unpack(self._file.read(_LOCAL_HEADER.size))
        start = info.header_offset + _LOCAL_HEADER.size + name_size + extra_size
        held = mmap.mmap(number, 0, access=mmap.ACCESS_READ)
        view = memoryview(held)[start : start + info.file_size]
        try:
            found, crc = fingerprint(view, zlib.crc32)
            if found.hex() != sums.get(name) or crc != info.CRC:
                raise self._error(f"its member {name!r} is damaged: its checksum is another")
            yield view
        finally:
            with contextlib.suppress(BufferError):  # an error's traceback may still hold a look
                view.release()
                held.close()

    def json(self, name: str) -> Any:
        """A member that is JSON text."""
        if name in self.members and self.members[name].file_size > _MOST_JSON:
            raise self._error(f"its member {name!r} is larger than {_MOST_JSON} bytes")
        try:
            return json.loads(self.read(name).decode())
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
            if isinstance(error, ArchiveError):
                raise
            raise self._error(f"its member {name!r} is no JSON text ({error})") from error

    def assets(self) -> dict[str, bytes]:
        """The assets, by their paths below the folder of assets."""
        return {
            name.removeprefix(ASSETS): self.read(name)
            for name in self.members
            if name.startswith(ASSETS)
        }

    def close(self) -> None:
        """Let go of the archive, but not of its file object."""
        with contextlib.suppress(OSError):
            self._zip.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
