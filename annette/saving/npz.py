"""NumPy's archives of arrays (``.npz``): a ZIP file with a ``.npy`` file for each array.

`numpy.load` reads what annette writes. The array ``__annette__`` holds, as the bytes of a JSON
text, the checksum of each member and the place of each array in the model.
"""

from __future__ import annotations

import ast
import io
import json
import math
import re
import zipfile
import zlib
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from annette.saving import archive as archives, plain_json
from annette.saving.files import Hashing
from annette.saving.hdf5.encode import is_bfloat16, pieces
from annette.saving.hdf5.types import bfloat16
from annette.saving.hdf5.values import widen

OWN = "__annette__"
_SUFFIX = ".npy"
_MAGIC = b"\x93NUMPY"
_MOST_HEADER = 10_000  # bytes
_MOST_OWN = 2**26
_MOST_DIMENSIONS = 32
_KNOWN = re.compile(r"[<>=|]?(b1|[iu][1248]|f[248])|\|V2")


def write(file: IO[bytes], arrays: Mapping[str, np.ndarray], own: dict[str, Any]) -> None:
    """Write arrays by their names, and what annette notes for itself."""
    sums = {}
    with archives.new_archive(file) as archive:
        for name, array in arrays.items():
            info = archives.member_info(name + _SUFFIX)
            with archive.open(info, "w", force_zip64=True) as part, Hashing(part) as hashing:
                _write_array(hashing, array)
                sums[name + _SUFFIX] = hashing.hexdigest()
        noted = {"annette": {**own, "checksums": sums, "sealed": True}}
        text = np.frombuffer(json.dumps(noted).encode(), np.uint8)
        with archive.open(archives.member_info(OWN + _SUFFIX), "w") as part:
            _write_array(part, text)
        archives.prepare_seal(archive)
    archives.write_seal(file, set(sums))


def _write_array(file: Any, array: np.ndarray) -> None:
    stored = array.dtype.newbyteorder("<")
    described = "|V2" if is_bfloat16(array.dtype) else np.lib.format.dtype_to_descr(stored)
    header = {"descr": described, "fortran_order": False, "shape": array.shape}
    begun = io.BytesIO()
    np.lib.format.write_array_header_1_0(begun, header)
    file.write(begun.getvalue())
    for piece in pieces(array):
        file.write(piece)


class Archive(archives.Archive):
    """A ``.npz`` file that is read."""

    def _belongs(self, name: str) -> str | None:
        return None if name.endswith(_SUFFIX) else "which is no array; arrays end in .npy"

    def _metadata(self) -> dict[str, Any]:
        if OWN + _SUFFIX not in self.members:
            return {}
        if self.members[OWN + _SUFFIX].file_size > _MOST_OWN:
            raise self._error(f"its {OWN} is larger than {_MOST_OWN} bytes")
        data = self.read(OWN + _SUFFIX)
        start, dtype, _, _ = _described(self, OWN, data)
        try:
            found = plain_json.parsed(data[start:], self.members[OWN + _SUFFIX].compress_size)
        except plain_json.JsonError as error:
            raise self._error(f"its {OWN} is no JSON text of annette's: {error}") from error
        if not isinstance(found, dict) or dtype != np.uint8:
            raise self._error(f"its {OWN} is no JSON object")
        return found

    @property
    def _own_member(self) -> str:
        return OWN + _SUFFIX

    @property
    def own(self) -> dict[str, Any] | None:
        """What annette noted; None in a file of another program."""
        found = self.metadata.get("annette")
        return found if isinstance(found, dict) else None

    def arrays(self) -> dict[str, Array]:
        """The arrays by their names; of those that annette wrote the checksums are compared."""
        names = [n for n in self.members if n != self._own_member]
        return {name.removesuffix(_SUFFIX): Array(self, name) for name in names}

    def beginning(self, name: str, count: int) -> bytes:
        """The first bytes of a member."""
        try:
            with self._zip.open(self.members[name]) as part:
                return part.read(count)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise self._error(f"its member {name!r} is damaged ({error})") from error

    def refuse(self, problem: str) -> archives.ArchiveError:
        """The error about this file."""
        return self._error(problem)


class Array:
    """An array in a file: its shape and dtype are known, its values are read when asked for."""

    def __init__(self, archive: Archive, member: str) -> None:
        self._archive = archive
        self._member = member
        # What annette wrote is compared as a whole; of other files no more is read than needed.
        self._data = archive.read(member) if archive.own is not None else None
        first = self._data or archive.beginning(member, 12 + _MOST_HEADER)
        self._start, self._stored, self.shape, self._order = _described(archive, member, first)
        self.dtype = bfloat16() if self._stored == "V2" else self._stored.newbyteorder("=")
        self.size = math.prod(self.shape)
        whole = archive.members[member].file_size - self._start
        if whole != self.size * self._stored.itemsize:
            raise archive.refuse(
                f"its array {member!r} of shape {self.shape} needs "
                f"{self.size * self._stored.itemsize} bytes, and has {whole}"
            )

    def read(self) -> np.ndarray:
        """The values, as a new array."""
        data = self._data if self._data is not None else self._archive.read(self._member)
        kind = np.dtype("<u2") if self._stored == "V2" else self._stored
        kind = np.dtype("u1") if kind.kind == "b" else kind
        raw = np.frombuffer(data, kind, self.size, self._start)
        if self._stored == "V2":
            flat = widen(raw, self.dtype)
        else:
            flat = raw != 0 if self._stored.kind == "b" else raw.astype(self.dtype)
        return flat.reshape(self.shape, order=self._order)


def _described(
    archive: Archive, member: str, data: bytes
) -> tuple[int, np.dtype[Any], tuple[int, ...], Any]:
    """Where an array's values begin, their dtype, shape and order, from its first bytes."""
    width = 2 if data[6:7] == b"\1" else 4
    if data[:6] != _MAGIC or data[6:8] not in (b"\1\0", b"\2\0", b"\3\0"):
        raise archive.refuse(f"its member {member!r} is no array of NumPy's")
    count = int.from_bytes(data[8 : 8 + width], "little")
    text = data[8 + width : 8 + width + count]
    if count > _MOST_HEADER or len(text) < count:
        raise archive.refuse(f"its array {member!r} says that its header has {count} bytes")
    try:
        header = ast.literal_eval(text.decode("latin-1").strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError) as error:
        raise archive.refuse(f"its array {member!r} has a header that cannot be read") from error
    if not isinstance(header, dict) or set(header) != {"descr", "fortran_order", "shape"}:
        raise archive.refuse(f"its array {member!r} has a header of other parts")
    shape, fortran = header["shape"], header["fortran_order"]
    if not isinstance(shape, tuple) or not all(type(n) is int and 0 <= n < 2**62 for n in shape):
        raise archive.refuse(f"its array {member!r} has no shape")
    if len(shape) > _MOST_DIMENSIONS or not isinstance(fortran, bool):
        raise archive.refuse(f"its array {member!r} has {len(shape)} dimensions")
    return 8 + width + count, _dtype(archive, member, header["descr"]), shape, "FC"[not fortran]


def _dtype(archive: Archive, member: str, described: Any) -> np.dtype[Any]:
    if isinstance(described, str) and _KNOWN.fullmatch(described):
        found: np.dtype[Any] = np.dtype(described)
        return found
    raise archive.refuse(
        f"its array {member!r} has the dtype {str(described)[:40]!r}; bool, integers, float16, "
        "bfloat16, float32 and float64 are read, and never pickled objects"
    )
