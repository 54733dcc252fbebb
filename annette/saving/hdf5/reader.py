"""Files, groups and datasets as a program sees them."""

from __future__ import annotations

import contextlib
import mmap
import os
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

import numpy as np

from annette.saving.hdf5 import header as kinds, superblock
from annette.saving.hdf5.attributes import Attributes
from annette.saving.hdf5.chunks import Chunk, find_chunks
from annette.saving.hdf5.errors import FormatError
from annette.saving.hdf5.filters import Filter, can_hold, read_filters, undo
from annette.saving.hdf5.header import Header, Message
from annette.saving.hdf5.heaps import GlobalHeap
from annette.saving.hdf5.layout import Layout, read_layout
from annette.saving.hdf5.links import Link, is_group, read_links
from annette.saving.hdf5.source import Source
from annette.saving.hdf5.types import Type, bfloat16, measure, read_space, read_type
from annette.saving.hdf5.values import decode, texts, widen

_DEEPEST = 100  # groups within groups
_MOST_SOFT_LINKS = 32  # on the way to one object


class _Object:
    """What groups and datasets share: a place in a file, a path and attributes."""

    def __init__(self, file: File, header: Header, path: str) -> None:
        self._file = file
        self._header = header
        self.name = path
        self._attributes: Attributes | None = None

    @property
    def attrs(self) -> Attributes:
        """The attributes, by name."""
        if self._attributes is None:
            self._attributes = Attributes(self._header, self._file._heap, self.name)
        return self._attributes


class Group(_Object, Mapping[str, Any]):
    """A group: its members by name (sorted) or by a path, `group["vars/0"]`.

    Looking a member up raises KeyError if there is none of that name, and FormatError if the file
    is damaged there, or leads out of itself.
    """

    def __init__(self, file: File, header: Header, path: str) -> None:
        super().__init__(file, header, path)
        self._found: dict[str, Link] | None = None

    @property
    def _links(self) -> dict[str, Link]:
        if self._found is None:
            self._found = read_links(self._header)
        return self._found

    def __getitem__(self, path: str) -> Any:
        return self._file._follow(self, path)

    def __iter__(self) -> Iterator[str]:
        return iter(self._links)

    def __len__(self) -> int:
        return len(self._links)

    def walk(self) -> Iterator[Dataset]:
        """All the datasets of this group and the groups in it, but for what soft links lead to."""
        pending: list[Group] = [self]
        while pending:
            group = pending.pop()
            inner = []
            for name, link in group._links.items():
                if link.kind == "soft":
                    continue
                member = group[name]
                if isinstance(member, Dataset):
                    yield member
                else:
                    inner.append(member)
            pending += reversed(inner)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}: {len(self)} members>"


class Dataset(_Object):
    """An array in the file, with its `shape` and `dtype`; `read()` gives its values.

    bfloat16 is read as such where ml_dtypes is installed, and else as float32, exactly. Strings of
    variable length are read as `str` objects, those of fixed length as NumPy's bytes.
    """

    def __init__(self, file: File, header: Header, path: str) -> None:
        super().__init__(file, header, path)
        if header.one(kinds.EXTERNAL_FILES) is not None:
            raise FormatError("its values are in other files (external storage), which is refused.")
        space = self._part(kinds.DATASPACE)
        self._space = read_space(space.cursor)
        self._type: Type = read_type(self._part(kinds.DATATYPE).cursor)
        if self._space.shape is None:
            raise FormatError("it has no values, not even an empty array (a null dataspace).")
        self.shape: tuple[int, ...] = self._space.shape
        self._count, self._stored = measure(self._space, self._type, space.cursor)
        layout = self._part(kinds.LAYOUT).cursor
        self._layout: Layout = read_layout(layout, len(self.shape), self._type.size)
        filters = header.one(kinds.FILTERS)
        self._filters: list[Filter] = read_filters(filters.cursor) if filters else []
        self._check()
        self._chunks: list[Chunk] | None = None
        self._bfloat16 = self._type.stored == np.dtype("V2") and self._named_bfloat16()

    def _part(self, kind: int) -> Message:
        found = self._header.one(kind)
        if found is None and self._header.one(kinds.DATATYPE) is not None and kind != kinds.LAYOUT:
            raise FormatError("it is a committed datatype, which is refused.")
        if found is None:
            raise FormatError("it is neither a group nor a whole dataset.")
        return found

    def _check(self) -> None:
        layout, source = self._layout, self._file._source
        what = f"the dataset {self.name!r}"
        if layout.kind != "chunked":
            if self._filters:
                raise FormatError("it has filters, but no chunks.")
            if layout.size != self._stored:
                raise FormatError(
                    f"its shape {self.shape} needs {self._stored} bytes, and it has {layout.size}."
                )
        if layout.kind == "contiguous" and self._stored:
            if layout.address is None:
                raise FormatError("it has never been written; annette reads what is written.")
            source.claim(layout.address, self._stored, self._header.at, f"the values of {what}")
        source.declare(max(self.nbytes, self._stored), what)

    def _named_bfloat16(self) -> bool:
        """Whether bytes without a meaning are said to be bfloat16, in the way of Keras."""
        return "dtype" in self.attrs and str(self.attrs["dtype"]) == "bfloat16"

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype that `read()` gives."""
        return bfloat16() if getattr(self, "_bfloat16", False) else self._type.dtype

    @property
    def size(self) -> int:
        """How many values there are."""
        return self._count

    @property
    def ndim(self) -> int:
        """How many dimensions there are."""
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """The bytes of the array that `read()` gives."""
        return self._count * self.dtype.itemsize

    def read(self) -> np.ndarray:
        """The values, as a new array.

        Raises:
            FormatError: if they are damaged, or have never been written.
        """
        return self._values(looked_at=False)

    def look(self) -> np.ndarray:
        """The values, maybe as a view of the file, which is not to be used when that is closed.

        Raises:
            FormatError: as `read`.
        """
        return self._values(looked_at=True)

    def _values(self, looked_at: bool) -> np.ndarray:
        """The values: a new array, unless they are only looked at and lie as they are in the file."""
        self._file._open()
        source = self._file._source
        if self._layout.kind == "chunked":
            raw = self._gather() if self._count else np.empty(0, self._type.stored)
        elif self._layout.kind == "compact":
            raw = np.frombuffer(self._layout.data, self._type.stored, self._count)
        else:
            at = self._layout.address or 0
            view = source.view[at : at + self._stored]
            raw = np.frombuffer(view, self._type.stored, self._count)
        if self._type.kind == "text":
            flat = texts(source, self._file._heap, raw.tobytes(), self._count)
        elif self._bfloat16:
            flat = widen(raw.view("<u2"), self.dtype)
        else:
            flat = decode(raw, self._type, own=looked_at or self._layout.kind == "chunked")
        return flat.reshape(self.shape)

    def _gather(self) -> np.ndarray:
        """The values of all chunks, put together; each chunk is checked before there is any."""
        source, chunk = self._file._source, self._layout.chunk
        size = self._type.size
        for n in chunk:
            size *= n
        what = f"the dataset {self.name!r}"
        if size > source.limit:
            raise FormatError(f"{what} has chunks of {size} bytes, above the limit {source.limit}.")
        if self._chunks is None:
            self._chunks = self._find(size, what)
        whole = np.empty(self.shape, self._type.stored)
        for found in self._chunks:
            named = f"The chunk {found.place} of {what}"
            data = bytes(source.view[found.address : found.address + found.size])
            values = undo(self._applied(found), found.mask, data, size, named)
            start = [p * n for p, n in zip(found.place, chunk, strict=True)]
            place = tuple(slice(s, s + n) for s, n in zip(start, chunk, strict=True))
            part = whole[place]
            inside = tuple(slice(0, n) for n in part.shape)
            part[...] = np.frombuffer(values, self._type.stored).reshape(chunk)[inside]
        return whole.reshape(-1)

    def _find(self, size: int, what: str) -> list[Chunk]:
        source = self._file._source
        try:
            chunks = find_chunks(
                source, self._layout, self.shape, self._type.size, bool(self._filters)
            )
        except FormatError as error:
            raise FormatError(f"{what}: {error}") from error
        for found in chunks:
            named = f"the chunk {found.place} of {what}"
            source.check(found.address, found.size, named)
            if not can_hold(self._applied(found), found.size, size):
                raise FormatError(
                    f"{named} has {found.size} bytes, of which no {size} can be decompressed."
                )
        pieces = [(found.address, found.size) for found in chunks]
        source.claim_all(pieces, self._header.at, f"a chunk of {what}")
        return chunks

    def _applied(self, found: Chunk) -> list[Filter]:
        """The filters of a chunk, which one that passes the dataset's edge may do without."""
        places = zip(found.place, self._layout.chunk, self.shape, strict=True)
        if not self._layout.whole_edges and any((p + 1) * n > m for p, n, m in places):
            return []
        return self._filters

    def __repr__(self) -> str:
        return f"<Dataset {self.name!r}: shape {self.shape}, dtype {self.dtype}>"


class File(Group):
    """An HDF5 file that is read; what it holds is a mapping from names to groups and datasets.

    Arguments:
        source: the path of a file, which is mapped into memory, or a file's bytes.
        limit: how many bytes the values of all the datasets that are looked at may have in all;
            None is 16 times the file's size, and at least 1 GiB.

    Opening a file reads its first bytes; groups, attributes and values are read when they are asked
    for. Nothing outside of the file is ever read, and nothing in it is run.

    Raises:
        FormatError: here and in all that is reached from here, if the file is damaged, larger than
            `limit`, or uses a part of the format that is refused: links to other files, values in
            other files, virtual datasets, committed datatypes, filters other than gzip, shuffle and
            fletcher32, links that make a group be in two places.
        OSError: if the file cannot be opened.
    """

    def __init__(
        self, source: str | os.PathLike[str] | bytes | bytearray | memoryview,
        limit: int | None = None,
    ) -> None:  # fmt: skip
        self._map: mmap.mmap | None = None
        self._view = self._mapped(source)
        try:
            base = superblock.find(self._view)
            self._source = Source(self._view[base:], limit)
            self._heap = GlobalHeap(self._source)
            self._objects: dict[int, Group | Dataset] = {}
            root = Header(self._source, superblock.read(self._source, base))
            if not is_group(root):
                raise FormatError("The root of the file is no group.")
            super().__init__(self, root, "/")
            self._objects[root.at] = self
        except BaseException:
            self.close()
            raise

    def _mapped(self, source: Any) -> memoryview:
        if isinstance(source, (bytes, bytearray, memoryview)):
            return memoryview(source).cast("B")
        with open(source, "rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise FormatError("This is no HDF5 file: it is empty.")
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return memoryview(self._map)

    def close(self) -> None:
        """Let go of the file; what was read from it stays."""
        with contextlib.suppress(BufferError):  # an error's traceback may still hold a look
            if hasattr(self, "_source"):
                self._source.view.release()
            self._view.release()
        if self._map is not None:
            with contextlib.suppress(
                BufferError
            ):  # another thread reads; it goes when that is done
                self._map.close()

    def _open(self) -> None:
        try:
            self._view.nbytes  # noqa: B018
        except ValueError:
            raise ValueError("The file is closed; read from it before you close it.") from None

    def __enter__(self) -> File:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _follow(self, group: Group, path: str, followed: int = 0) -> Any:
        """The object at a path that begins at a group, or at the root if it begins with "/".

        So many soft links have been `followed` on the way.
        """
        self._open()
        here: Group | Dataset = self if path.startswith("/") else group
        for part in path.split("/"):
            if part in ("", "."):
                continue
            link = here._links.get(part) if isinstance(here, Group) else None
            if not isinstance(here, Group) or link is None:
                raise KeyError(f"{here.name!r} has no member {part!r} (of the path {path!r}).")
            named = here.name.rstrip("/") + "/" + part
            if link.kind == "refused":
                raise FormatError(f"{named!r} is {link.path}, which is refused.")
            if link.kind == "hard":
                here = self._object(link.address, named)
            else:
                here = self._soft(here, link, named, followed + 1)
        return here

    def _soft(self, group: Group, link: Link, named: str, followed: int) -> Dataset:
        """The dataset to which a soft link in a group leads."""
        if followed > _MOST_SOFT_LINKS:
            raise FormatError(f"{named!r} leads through more than {_MOST_SOFT_LINKS} soft links.")
        found = self._follow(group, link.path, followed)
        if not isinstance(found, Dataset):
            raise FormatError(
                f"{named!r} is a soft link to the group {found.name!r}: such links can make groups "
                "contain themselves, so only those to datasets are followed."
            )
        return found

    def _object(self, at: int, path: str) -> Group | Dataset:
        known = self._objects.get(at)
        if known is not None:
            if isinstance(known, Group) and known.name != path:
                raise FormatError(
                    f"The group {known.name!r} is also {path!r}: links can make groups contain "
                    "themselves, so a group in two places is refused."
                )
            return known
        if path.count("/") > _DEEPEST:
            raise FormatError(f"{path[:60]!r}... is deeper than {_DEEPEST} groups.")
        try:
            header = Header(self._source, at)
            made = Group(self, header, path) if is_group(header) else Dataset(self, header, path)
        except FormatError as error:
            raise FormatError(f"{path!r}: {error}") from error
        self._objects[at] = made
        return made
