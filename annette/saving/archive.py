"""The archive of Keras 3 (``.keras``): a ZIP file with a configuration, weights and assets.

What is read is checked before anything of it is taken: names, sizes, overlaps, checksums.
"""

from __future__ import annotations

import abc
import contextlib
import json
import mmap
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any, NamedTuple, Self

from annette.saving import plain_json, seal
from annette.saving.files import Hashing, fingerprint

CONFIG, METADATA, WEIGHTS, ASSETS = "config.json", "metadata.json", "model.weights.h5", "assets/"
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
_END = struct.Struct("<4s4H2IH")  # what stands at the end of the directory
_END64 = struct.Struct("<4sQ2H2I4Q")
_ENTRY = 46  # bytes that an entry of the directory has at least
_MOST_MEMBERS = 20_000
_MOST_DIRECTORY = 2**22  # bytes
_MOST_PACKED = 1100  # times that deflate makes anything smaller
# What all compressed members may become: so many bytes, and so many times their compressed size.
_LEAST, _TIMES = 2**24, 16
_EPOCH = (1980, 1, 1, 0, 0, 0)
_METHODS = {zipfile.ZIP_STORED: "stored", zipfile.ZIP_DEFLATED: "deflate"}


class ArchiveError(ValueError):
    """An archive is damaged, hostile, or none that Keras or annette made."""


class Contents(NamedTuple):
    """What is saved, as an archive or as a folder."""

    config: str
    metadata: dict[str, Any]
    write_weights: Callable[[Any], None]  # to a file object
    assets: list[tuple[str, bytes]]  # by their paths below the folder of assets

    def small_members(self) -> list[tuple[str, bytes]]:
        """The configuration and the assets, by their names as members."""
        return [(CONFIG, self.config.encode()), *((ASSETS + n, d) for n, d in self.assets)]

    def noted(self, **own: Any) -> dict[str, Any]:
        """The metadata, with what annette notes besides."""
        return {**self.metadata, "annette": {**self.metadata.get("annette", {}), **own}}


def write_archive(file: Any, contents: Contents) -> None:
    """Write an archive; its metadata gets the checksum of each member."""
    sums: dict[str, str] = {}
    with new_archive(file) as archive:
        for name, data in contents.small_members():
            archive.writestr(member_info(name), data)
            sums[name] = fingerprint(data)[0].hex()
        info = member_info(WEIGHTS)
        with archive.open(info, "w", force_zip64=True) as member, Hashing(member) as hashing:
            contents.write_weights(hashing)
            sums[WEIGHTS] = hashing.hexdigest()
        metadata = contents.noted(checksums=sums, sealed=True)
        archive.writestr(member_info(METADATA), json.dumps(metadata).encode())
        prepare_seal(archive)
    write_seal(file, set(sums))


@contextlib.contextmanager
def new_archive(file: Any) -> Iterator[zipfile.ZipFile]:
    """A ZIP file to be written; after an error, or an interrupt, nothing more is written to it."""
    archive = zipfile.ZipFile(file, "w")
    try:
        yield archive
    except BaseException:
        archive.fp = None  # else it would be finished, which can fail in other ways
        raise
    archive.close()


def member_info(name: str) -> zipfile.ZipInfo:
    """The entry of a member that is a plain file of no date, so that equal contents are equal."""
    info = zipfile.ZipInfo(name, _EPOCH)
    info.external_attr = 0o644 << 16
    return info


def prepare_seal(archive: zipfile.ZipFile) -> None:
    """Give an archive the comment that will hold its seal."""
    archive.comment = seal.MAGIC + bytes(32)


def write_seal(file: Any, summed: set[str]) -> None:
    """Write the checksum of an archive's bytes, but for those of members with one, at its end."""
    end = file.seek(0, 2) - 32
    with zipfile.ZipFile(file) as archive:
        places = [_place(file, info) for info in archive.infolist() if info.filename in summed]
    digest = seal.digest_around(file, end, places)
    file.seek(end)
    file.write(digest)


def _place(file: Any, info: zipfile.ZipInfo) -> tuple[int, int]:
    """Where a member's bytes begin and end."""
    file.seek(info.header_offset)
    *_, name_size, extra_size = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    start = info.header_offset + _LOCAL_HEADER.size + name_size + extra_size
    return start, start + info.compress_size


def _number_of(file: Any) -> int | None:
    """The system's number of a regular file that is open; None for other file objects."""
    try:
        return int(file.fileno())
    except (OSError, AttributeError, ValueError):
        return None


class Members(abc.ABC):
    """What an archive and a folder have in common: members by name, some with checksums."""

    members: Mapping[str, Any]
    metadata: dict[str, Any]

    @property
    def _sums(self) -> dict[str, Any] | None:
        own = self.metadata.get("annette")
        sums = own.get("checksums") if isinstance(own, dict) else None
        return sums if isinstance(sums, dict) else None

    def __contains__(self, name: str) -> bool:
        return name in self.members

    @abc.abstractmethod
    def read(self, name: str) -> bytes:
        """The bytes of a member, their checksum compared."""

    def assets(self) -> dict[str, bytes]:
        """The assets, by their paths below the folder of assets."""
        return {
            name.removeprefix(ASSETS): self.read(name)
            for name in self.members
            if name.startswith(ASSETS)
        }


class Archive(Members):
    """An archive that is read: its members' names are checked when it is opened.

    Raises:
        ArchiveError: here and in all that is read, if it is damaged or hostile.
    """

    def __init__(self, file: IO[bytes], named: str) -> None:
        self._file = file
        self._named = named
        self._size = file.seek(0, 2)
        self._check_directory()
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError) as error:
            raise self._error(f"it is no ZIP archive that can be read ({error})") from error
        self.members = self._checked(self._zip.infolist())
        self.metadata = self._metadata()
        self._compare_names()
        self._compare_seal()

    def _error(self, problem: str) -> ArchiveError:
        return ArchiveError(f"The file {self._named!r} is refused: {problem}.")

    def _check_directory(self) -> None:
        """Compare what the end of the file says of the directory before that is parsed."""
        at = max(self._size - _END.size - 0xFFFF, 0)
        self._file.seek(at)
        tail = self._file.read(self._size - at)
        place = tail.rfind(b"PK\5\6")
        if place < 0 or len(tail) - place < _END.size:
            raise self._error("it is no ZIP archive that can be read (its end is missing)")
        _, disk, first, here, count, size, start, _ = _END.unpack_from(tail, place)
        if 0xFFFF in (count, here) or 0xFFFFFFFF in (size, start):
            before = place - 20 - _END64.size  # the locator of 20 bytes stands between
            if before < 0 or tail[before : before + 4] != b"PK\6\6":
                raise self._error("its directory is said to be elsewhere, and is not")
            *_, disk, first, here, count, size, start = _END64.unpack_from(tail, before)
        if disk or first or here != count:
            raise self._error("it is one of several parts")
        if count > _MOST_MEMBERS or size > _MOST_DIRECTORY:
            raise self._error(
                f"it has {count} members in a directory of {size} bytes, more than models have "
                f"({_MOST_MEMBERS} members, {_MOST_DIRECTORY} bytes)"
            )
        if size < _ENTRY * count or start + size > self._size:
            raise self._error(f"its directory cannot hold {count} members in {size} bytes")
        self._count = count

    def _checked(self, infos: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
        if len(infos) != self._count:
            raise self._error(f"it has {len(infos)} members and says that it has {self._count}")
        found: dict[str, zipfile.ZipInfo] = {}
        for info in infos:
            name = info.orig_filename
            self._check_name(name)
            if name in found:
                raise self._error(f"it has two members called {name!r}")
            self._check_kind(info)
            found[name] = info
        self._check_places(infos)
        self._check_growth(infos)
        known = {n: i for n, i in found.items() if not n.endswith("/")}
        for name in known:
            problem = self._belongs(name)
            if problem is not None:
                raise self._error(f"it has a member {name!r}, {problem}")
        return known

    def _belongs(self, name: str) -> str | None:
        """Why a member cannot be part of such a file; None if it can."""
        if name in (CONFIG, METADATA, WEIGHTS) or name.startswith(ASSETS):
            return None
        return (
            f"which is no part of a saved model; models have {CONFIG}, {METADATA}, {WEIGHTS} and "
            f"what is in {ASSETS}"
        )

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

    def _check_growth(self, infos: list[zipfile.ZipInfo]) -> None:
        packed = [i for i in infos if i.compress_type != zipfile.ZIP_STORED]
        size, most = sum(i.file_size for i in packed), sum(i.compress_size for i in packed)
        if size > _LEAST + _TIMES * most:
            raise self._error(
                f"its compressed members would grow from {most} to {size} bytes; if they are meant "
                "to, pack it without compression"
            )

    def _check_places(self, infos: list[zipfile.ZipInfo]) -> None:
        """Members that share bytes would let a small file hold enormous ones."""
        end = 0
        self._places: dict[str, tuple[int, int]] = {}
        for info in sorted(infos, key=lambda i: i.header_offset):
            if info.header_offset < end:
                raise self._error(f"its member {info.filename!r} overlaps another")
            self._file.seek(info.header_offset)
            header = self._file.read(_LOCAL_HEADER.size)
            if len(header) < _LOCAL_HEADER.size or header[:4] != b"PK\3\4":
                raise self._error(f"its member {info.filename!r} is not where it should be")
            _, _, flags, method, *_, name_size, extra_size = _LOCAL_HEADER.unpack(header)
            if method != info.compress_type or (flags ^ info.flag_bits) & 0x801:
                raise self._error(f"its member {info.filename!r} is described in two ways")
            start = info.header_offset + len(header) + name_size + extra_size
            end = start + info.compress_size
            if end > self._size:
                raise self._error(f"it was cut short within its member {info.filename!r}")
            self._places[info.orig_filename] = start, end

    def _metadata(self) -> dict[str, Any]:
        if METADATA not in self.members:
            return {}
        found = self.json(METADATA)
        if not isinstance(found, dict):
            raise self._error(f"its {METADATA} is no JSON object")
        return found

    @property
    def _own_member(self) -> str:
        """The member that has the checksums of the others."""
        return METADATA

    def _compare_names(self) -> None:
        sums = self._sums
        if sums is not None and set(sums) != set(self.members) - {self._own_member}:
            differ = sorted(set(sums) ^ (set(self.members) - {self._own_member}))
            raise self._error(f"its members are not those it was saved with: {differ[:5]}")

    def _compare_seal(self) -> None:
        """Compare the checksum of what belongs to no member with a checksum: of ZIP's own parts."""
        own = self.metadata.get("annette")
        said = isinstance(own, dict) and own.get("sealed") is True
        comment = self._zip.comment
        if not said and not comment.startswith(seal.MAGIC):
            return
        places = [self._places[name] for name in self._sums or {}]
        self._file.seek(self._size - 32)
        stored = self._file.read(32)
        whole = len(comment) == seal.SIZE and comment == seal.MAGIC + stored
        if not whole or stored != seal.digest_around(self._file, self._size - 32, places):
            raise seal.broken(self._named)

    def read(self, name: str) -> bytes:
        """The bytes of a member, their checksums compared."""
        info = self.members.get(name)
        if info is None:
            raise self._error(f"it has no {name}")
        try:
            # No more than it is said to have is decompressed, whatever the stream would give.
            with self._zip.open(info) as member:
                data = member.read(info.file_size)
        except (
            zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError
        ) as error:  # fmt: skip
            raise self._error(f"its member {name!r} is damaged ({error})") from error
        if len(data) != info.file_size:
            raise self._error(f"its member {name!r} has {len(data)} of {info.file_size} bytes")
        sums = self._sums if name != self._own_member else None
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
        start, _ = self._places[name]
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
        text = self.read(name)
        try:
            return plain_json.parsed(text, self.members[name].compress_size)
        except plain_json.JsonError as error:
            raise self._error(f"its member {name!r} is no JSON text of a model: {error}") from error

    def close(self) -> None:
        """Let go of the archive, but not of its file object."""
        with contextlib.suppress(OSError):
            self._zip.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
