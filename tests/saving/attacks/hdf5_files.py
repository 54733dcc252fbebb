"""HDF5 files that read others, run filters, go round in circles, or declare what is not there."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Callable
from typing import Any

from tests.saving import mutations as m
from tests.saving.attacks.raw import (
    FLOAT,
    NOWHERE,
    Raw,
    attribute,
    chunk_tree,
    chunked,
    contiguous,
    filters,
    header,
    other_link,
    space,
)
from tests.saving.attacks.table import BIAS, KERNEL, Attack, archive, config, weights


def made(
    bias: Callable[[Raw], Any] | None = None,
    top: Callable[[Raw], dict[str, Any]] | None = None,
) -> bytes:
    """A file of weights: `bias` makes the second variable (an address, or a link's bytes)."""
    raw = Raw()
    kernel = raw.dataset(KERNEL)
    second = raw.dataset(BIAS) if bias is None else bias(raw)
    if _whole:
        return _old(raw, {"0": kernel, "1": second}, top)
    inner = raw.group({"0": kernel, "1": second})
    above = raw.group({"dense": raw.group({"vars": inner})})
    root = raw.group({"layers": above, **(top(raw) if top else {})})
    return raw.finish(root)


_whole: list[bool] = []  # not empty where a whole model of Keras 2 is made


def _old(raw: Raw, variables: dict[str, Any], top: Any) -> bytes:
    """The same in the layout of Keras 2, the model's description with it."""

    def texts(name: str, *values: bytes) -> tuple[int, bytes]:
        kind = struct.pack("<BBBBI", 0x13, 0, 0, 0, len(values[0]))
        return (12, attribute(name, b"".join(values), kind, space(len(values))))

    dense = raw.group(variables, [texts("weight_names", b"0", b"1")])
    layers = raw.group({"dense": dense}, [texts("layer_names", b"dense")])
    described = (12, attribute("model_config", json.dumps(config()).encode()))
    return raw.finish(
        raw.group({"model_weights": layers, **(top(raw) if top else {})}, [described])
    )


def whole(build: Callable[[], bytes]) -> bytes:
    """What is built, as a whole model of Keras 2."""
    _whole.append(True)
    try:
        return build()
    finally:
        _whole.pop()


def twin() -> bytes:
    return made()


def in_chunks(raw: Raw, data: bytes = b"", **changed: Any) -> int:
    """The second variable, in one chunk."""
    data = data or BIAS.tobytes()
    at = raw.put(data)
    tree = raw.put(chunk_tree([(len(data), at, (0,))]))
    return raw.dataset(BIAS, layout=chunked(tree, 2, 4), **changed)


def packed_twin() -> bytes:
    return made(lambda raw: in_chunks(raw, zlib.compress(BIAS.tobytes()), more=[(11, filters(1))]))


def elsewhere(raw: Raw) -> int:
    """Values that are in another file, as a list of files says."""
    heap = raw.put(b"HEAP\0\0\0\0" + struct.pack("<QQQ", 16, 1, len(raw.data) + 32)
                   + b"/etc/passwd\0\0\0\0\0")  # fmt: skip
    files = struct.pack("<B3xHHQ", 1, 1, 1, heap) + struct.pack("<QQQ", 0, 0, 8)
    return raw.dataset(BIAS, layout=contiguous(NOWHERE, 8), more=[(7, files)])


def virtual(raw: Raw) -> int:
    return raw.dataset(BIAS, layout=struct.pack("<BBQI", 4, 3, NOWHERE, 0))


def bomb(raw: Raw) -> int:
    """Zeros that are packed a thousand times."""
    count = 2**26
    data = zlib.compress(bytes(4 * count), 9)
    at = raw.put(data)
    tree = raw.put(chunk_tree([(len(data), at, (0,))]))
    return raw.dataset(
        BIAS, layout=chunked(tree, count, 4), space=space(count), more=[(11, filters(1))]
    )


def packed_beyond(raw: Raw) -> int:
    """A chunk that unpacks to more than is declared."""
    return in_chunks(raw, zlib.compress(bytes(2**27)), more=[(11, filters(1))])


def shared_chunks(raw: Raw) -> int:
    """A thousand chunks on the same bytes."""
    at = raw.put(bytes(4096))
    tree = raw.put(chunk_tree([(4096, at, (1024 * i,)) for i in range(1000)]))
    return raw.dataset(BIAS, layout=chunked(tree, 1024, 4), space=space(1024 * 1000))


def circle_of_chunks(raw: Raw) -> int:
    """A tree whose node is its own child."""
    at = raw.put(bytes(8))
    here = len(raw.data) + -len(raw.data) % 8
    tree = raw.put(chunk_tree([(8, here, (0,))], level=1))
    assert tree == here
    raw.put(struct.pack("<Q", at))
    return raw.dataset(BIAS, layout=chunked(tree, 2, 4))


def missing_chunks(raw: Raw) -> int:
    tree = raw.put(chunk_tree([(8, raw.put(bytes(8)), (0,))]))
    return raw.dataset(BIAS, layout=chunked(tree, 2, 4), space=space(2**22))


def itself(raw: Raw) -> dict[str, Any]:
    """A group in which it is itself."""
    at = len(raw.data) + -len(raw.data) % 8
    found = raw.group({"again": at})
    assert found == at
    return {"circle": found}


def deep(count: int) -> Callable[[Raw], dict[str, Any]]:
    def top(raw: Raw) -> dict[str, Any]:
        inner = raw.group({})
        for _ in range(count):
            inner = raw.group({"a": inner})
        return {"deep": inner}

    return top


def crowd(count: int) -> Callable[[Raw], dict[str, Any]]:
    """Many groups that are one."""

    def top(raw: Raw) -> dict[str, Any]:
        inner = raw.group({})
        return {f"g{i}": inner for i in range(count)}

    return top


def continued(raw: Raw) -> int:
    """A header that goes on in itself."""
    at = len(raw.data) + -len(raw.data) % 8
    return raw.object([(0x10, struct.pack("<QQ", at + 16, 24))])


def shared_type(raw: Raw) -> int:
    return raw.put(header([(1, space(2)), (3, struct.pack("<BBQ", 3, 2, 96)),
                           (8, contiguous(96, 8))], flags=2))  # fmt: skip


def kind(message: bytes, size: int = 8) -> Callable[[Raw], int]:
    def bias(raw: Raw) -> int:
        at = raw.put(bytes(size))
        return raw.dataset(BIAS, kind=message, layout=contiguous(at, size))

    return bias


def shape(*sizes: int) -> Callable[[Raw], int]:
    """A shape over the bytes of two numbers."""
    return lambda raw: raw.dataset(
        BIAS, space=space(*sizes), layout=contiguous(raw.put(BIAS.tobytes()), 8)
    )


def fits(*sizes: int) -> Callable[[Raw], int]:
    """A shape whose layout declares as many bytes, which the file has not."""
    count = 4
    for n in sizes:
        count *= n
    return lambda raw: raw.dataset(BIAS, space=space(*sizes), layout=contiguous(96, count % 2**64))


def never_written(*sizes: int) -> Callable[[Raw], int]:
    return lambda raw: raw.dataset(
        BIAS, space=space(*sizes), layout=chunked(NOWHERE, *[2**20] * len(sizes), 4)
    )


def overlapping(raw: Raw) -> int:
    return raw.dataset(BIAS, layout=contiguous(96, 8))


def superblock(place: int, value: bytes) -> bytes:
    """A file whose first bytes say something else, their checksum made right again."""
    from annette.saving.hdf5.checksum import lookup3

    raw = bytearray(made())
    raw[place : place + len(value)] = value
    raw[44:48] = struct.pack("<I", lookup3(bytes(raw[:44])))
    return bytes(raw)


def signed(data: bytes) -> bytes:
    return data + m.TRAILER + hashlib.sha256(data).digest()


def torn(data: bytes) -> bytes:
    found = bytearray(signed(data))
    found[-100] ^= 1
    return bytes(found)


SOFT = other_link("1", 1, b"/layers/dense/vars/0")
ROWS: dict[str, tuple[Callable[[], bytes], Callable[[], bytes], str]] = {
    "a link to another file": (
        lambda: made(lambda raw: other_link("1", 64, b"\0/etc/passwd\0/x\0")), twin, "external link",
    ),
    "a link to a file beside it": (
        lambda: made(lambda raw: other_link("1", 64, b"\0secret.txt\0/x\0")), twin, "external link",
    ),
    "a link of the program's own": (
        lambda: made(lambda raw: other_link("1", 70, b"abc")), twin, "user-defined link",
    ),
    "a link along a path": (lambda: made(lambda raw: SOFT), twin, "the file has 1|no such part"),
    "a link along a path to itself": (
        lambda: made(lambda raw: other_link("1", 1, b"/layers/dense/vars/1")), twin, "the file has 1|soft links|no such part",
    ),
    "values in another file": (lambda: made(elsewhere), twin, "values are in other files"),
    "values in other datasets": (lambda: made(virtual), twin, "virtual dataset"),
    "a filter of a plug-in": (
        lambda: made(lambda raw: in_chunks(raw, more=[(11, filters(32015))])), packed_twin,
        "one of a plug-in",
    ),
    "a filter twice": (
        lambda: made(lambda raw: in_chunks(raw, more=[(11, filters(1, 1))])), packed_twin,
        "applied twice",
    ),
    "zeros packed a thousand times": (lambda: made(bomb), packed_twin, "above the limit"),
    "a chunk that grows": (lambda: made(packed_beyond), packed_twin, "grows past|can be decomp"),
    "chunks on the same bytes": (
        lambda: made(shared_chunks), packed_twin, "overlaps|shape",
    ),
    "a tree of chunks in a circle": (
        lambda: made(circle_of_chunks), packed_twin, "twice|level",
    ),
    "chunks that are missing": (lambda: made(missing_chunks), packed_twin, "shape|chunks"),
    "chunks that were never written": (
        lambda: made(never_written(2**30)), twin, "limit|written",
    ),
    "a group in itself": (
        lambda: made(top=itself), lambda: made(top=lambda raw: {"g": raw.group({})}), "is also",
    ),
    "groups within groups": (
        lambda: made(top=deep(3000)), lambda: made(top=deep(50)), "deeper than 100",
    ),
    "a thousand names of a group": (
        lambda: made(top=crowd(1000)), lambda: made(top=crowd(1)), "is also",
    ),
    "a header that goes on in itself": (lambda: made(continued), twin, "overlaps"),
    "a shared message": (lambda: made(shared_type), twin, "shared"),
    "a huge shape over few bytes": (lambda: made(shape(10**9)), twin, "needs 4000000000 bytes"),
    "a shape past the file": (lambda: made(fits(10**9)), twin, "the file ends"),
    "a shape that overflows": (lambda: made(fits(2**32, 2**32)), twin, "larger than any array"),
    "a shape of too many dimensions": (lambda: made(shape(*[1] * 33)), twin, "33 dimensions"),
    "no values": (
        lambda: made(lambda raw: raw.dataset(BIAS, space=struct.pack("<BBBB", 2, 0, 0, 2))), twin,
        "null dataspace",
    ),
    "values on the structure": (lambda: made(overlapping), twin, "overlaps"),
    "a compound of types": (
        lambda: made(kind(struct.pack("<BBBBI", 0x16, 1, 0, 0, 4))), twin, "compound",
    ),
    "references": (
        lambda: made(kind(struct.pack("<BBBBI", 0x17, 0, 0, 0, 4))), twin, "reference",
    ),
    "sequences of variable length": (
        lambda: made(kind(struct.pack("<BBBBI", 0x19, 0, 0, 0, 16) + FLOAT, 32)), twin, "sequences",
    ),
    "values of two gigabytes": (
        lambda: made(kind(struct.pack("<BBBBI", 0x15, 0, 0, 0, 2**31 - 1))), twin, "needs 4294967294",
    ),
    "texts for weights": (
        lambda: made(kind(struct.pack("<BBBBI", 0x13, 0, 0, 0, 4))), twin, "dtype",
    ),
    "odd numbers": (
        lambda: made(kind(struct.pack("<BBBBIHH4x", 0x10, 0, 0, 0, 4, 3, 29))), twin, "integers of",
    ),
    "an enumeration of enumerations": (
        lambda: made(kind(struct.pack("<BBBBI", 0x18, 2, 0, 0, 1) * 3000, 2)), twin, "no integers",
    ),
    "a beginning elsewhere": (
        lambda: superblock(12, struct.pack("<Q", 512)), twin, "base address",
    ),
    "an end past the file": (
        lambda: superblock(28, struct.pack("<Q", 2**40)), twin, "cut short",
    ),
    "a root nowhere": (lambda: superblock(36, struct.pack("<Q", 2**50)), twin, "the file ends"),
    "offsets of three bytes": (lambda: superblock(9, b"\3"), twin, "of 4 and 8"),
    "a file cut short": (lambda: made()[:-40], twin, "cut short"),
    "a wrong checksum at its end": (
        lambda: torn(weights()), lambda: signed(weights()), "checksum",
    ),
    "no HDF5 at all": (lambda: b"\x80\4\x95cos\nsystem\n", twin, "no HDF5 file"),
}  # fmt: skip

ATTACKS = [
    Attack(
        f"{name}: {suffix}",
        entry,
        suffix,
        lambda a=attack, f=made_of: f(a),
        lambda t=twin_, f=made_of: f(t),
        message,
    )
    for name, (attack, twin_, message) in ROWS.items()
    for entry, suffix, made_of in (
        ("load_weights", ".weights.h5", lambda build: build()),
        ("load_model", ".keras", lambda build: archive(data=build())),
        ("load_model", ".h5", whole),
    )
    if suffix != ".h5" or name not in ("a wrong checksum at its end",)
]
