"""Datatypes and dataspaces: what a value is, and how many there are."""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple

import numpy as np

from annette.saving.hdf5.source import Cursor

Kind = Literal["number", "bool", "bytes", "text", "opaque", "bfloat16"]

_CLASSES = {
    2: "time",
    4: "bit field",
    6: "compound",
    7: "reference",
    10: "array",
    11: "complex",
}
# exponent's place and size, mantissa's size, bias: of IEEE's formats and of bfloat16
_FLOATS: dict[tuple[int, ...], np.dtype[Any]] = {
    (2, 10, 5, 10, 15): np.dtype("<f2"),
    (4, 23, 8, 23, 127): np.dtype("<f4"),
    (8, 52, 11, 52, 1023): np.dtype("<f8"),
}
_BFLOAT16 = (2, 7, 8, 7, 127)
_LARGEST = 2**31 - 1
_MAX_RANK = 32


class Type(NamedTuple):
    """How a value is stored (`stored`) and what it is read as (`dtype`)."""

    kind: Kind
    stored: np.dtype[Any]
    dtype: np.dtype[Any]
    padding: int = 0

    @property
    def size(self) -> int:
        """The bytes that a value takes in the file; of a text, those of the reference to it."""
        return self.stored.itemsize


class Space(NamedTuple):
    """The shape of what is stored; None for a null dataspace, which holds nothing."""

    shape: tuple[int, ...] | None


def read_space(cursor: Cursor) -> Space:
    """The dataspace that a message describes."""
    version = cursor.version(1, 2)
    rank, flags = cursor.uint(1), cursor.uint(1)
    kind = cursor.uint(1) if version == 2 else min(rank, 1)
    if version == 1:
        cursor.skip(5)  # reserved
    if rank > _MAX_RANK:
        raise cursor.fail(f"it has {rank} dimensions; {_MAX_RANK} are the most")
    if kind > 2 or (kind != 1 and rank):
        raise cursor.fail(f"kind {kind} with {rank} dimensions is not defined")
    if kind == 2:
        return Space(None)
    shape = tuple(cursor.length() for _ in range(rank))
    if flags & 1:
        most = [cursor.length() for _ in range(rank)]
        if any(m < n for m, n in zip(most, shape, strict=True)):
            raise cursor.fail(f"the shape {shape} passes its own maximum {tuple(most)}")
    return Space(shape)


def measure(space: Space, kind: Type, cursor: Cursor) -> tuple[int, int]:
    """How many values there are, and their bytes; `cursor` says where, if they are too many."""
    width = max(kind.size, kind.dtype.itemsize)
    if math.prod(n or 1 for n in space.shape or ()) * width >= 2**62:
        raise cursor.fail(f"the shape {space.shape} is larger than any array can be")
    count = 0 if space.shape is None else math.prod(space.shape)
    return count, count * kind.size


def read_type(cursor: Cursor, nested: bool = False) -> Type:
    """The datatype that a message describes; a `nested` one may only be an integer.

    Raises:
        FormatError: if it is not one of those that models are saved in.
    """
    first = cursor.uint(1)
    bits, size = cursor.uint(3), cursor.uint(4)
    if first >> 4 not in (1, 2, 3, 4, 5):
        raise cursor.fail(f"a datatype of version {first >> 4} is not known")
    if not 0 < size <= _LARGEST:
        raise cursor.fail(f"a value of {size} bytes is not possible")
    if nested and first & 15:
        raise cursor.fail("an enumeration of what are no integers is not possible")
    match first & 15:
        case 0:
            return _integer(cursor, bits, size)
        case 1:
            return _float(cursor, bits, size)
        case 3:
            return _string(cursor, bits, size)
        case 5:
            void = np.dtype((np.void, size))
            return Type("opaque", void, void)
        case 8:
            return _bool(cursor, bits, size, first >> 4)
        case 9:
            return _variable(cursor, bits, size)
        case other:
            name = _CLASSES.get(other, f"class {other}")
            raise cursor.fail(f"values of the datatype {name!r} are refused")


def _integer(cursor: Cursor, bits: int, size: int) -> Type:
    place, precision = cursor.uint(2), cursor.uint(2)
    if size not in (1, 2, 4, 8) or place or precision != 8 * size:
        raise cursor.fail(f"integers of {precision} bits in {size} bytes are refused")
    native = np.dtype(f"{'i' if bits & 8 else 'u'}{size}")
    return Type("number", native.newbyteorder(">" if bits & 1 else "<"), native)


def _float(cursor: Cursor, bits: int, size: int) -> Type:
    place, precision = cursor.uint(2), cursor.uint(2)
    exponent, width, low, mantissa = (cursor.uint(1) for _ in range(4))
    bias = cursor.uint(4)
    usual = not place and precision == 8 * size and low == 0 and bits & 0x40 == 0
    usual = usual and (bits >> 4) & 3 == 2 and bits >> 8 == precision - 1
    layout = (size, exponent, width, mantissa, bias)
    order: Literal[">", "<"] = ">" if bits & 1 else "<"
    if usual and layout in _FLOATS:
        stored = _FLOATS[layout]
        return Type("number", stored.newbyteorder(order), stored.newbyteorder("="))
    if usual and layout == _BFLOAT16:
        return Type("bfloat16", np.dtype("u2").newbyteorder(order), bfloat16())
    raise cursor.fail(
        f"floating-point numbers of {size} bytes with {width} bits of exponent and {mantissa} of "
        "mantissa are refused; float16, bfloat16, float32 and float64 are read"
    )


def bfloat16() -> np.dtype[Any]:
    """What bfloat16 is read as: itself where ml_dtypes is installed, else float32."""
    try:
        import ml_dtypes
    except ImportError:
        return np.dtype("float32")
    wide: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
    return wide


def _string(cursor: Cursor, bits: int, size: int) -> Type:
    if bits & 15 > 2:
        raise cursor.fail(f"strings padded in the way {bits & 15} are not defined")
    stored = np.dtype(f"S{size}")
    return Type("bytes", stored, stored, bits & 15)


def _bool(cursor: Cursor, bits: int, size: int, version: int) -> Type:
    base = read_type(cursor, nested=True)
    names = []
    for _ in range(min(bits & 0xFFFF, 3)):
        name = cursor.data[cursor.position :].split(b"\0", 1)[0]
        used = len(name) + 1
        cursor.skip(used if version >= 3 else used + -used % 8)
        names.append(name)
    values = cursor.take(size * len(names))
    if base.stored.kind not in "iu" or base.size != 1 or size != 1:
        raise cursor.fail("an enumeration that is not a boolean of one byte is refused")
    if dict(zip(names, values, strict=True)) != {b"FALSE": 0, b"TRUE": 1}:
        raise cursor.fail("an enumeration other than {FALSE: 0, TRUE: 1} is refused")
    return Type("bool", np.dtype("u1"), np.dtype("bool"))


def _variable(cursor: Cursor, bits: int, size: int) -> Type:
    if bits & 15 != 1:
        raise cursor.fail("sequences of variable length are refused; strings of such are read")
    expected = 4 + cursor.source.offset_size + 4
    if size != expected:
        raise cursor.fail(f"a string of variable length takes {expected} bytes here, not {size}")
    return Type("text", np.dtype((np.void, size)), np.dtype(object))
