"""Archives that lead out of themselves, lie about themselves, or grow."""

from __future__ import annotations

import io
import json
import stat
import struct
import zipfile
from collections.abc import Callable
from typing import Any

from tests.saving import mutations as m
from tests.saving.attacks.table import HARMLESS, Attack, archive, config, weights


def _zip(members: list[tuple[Any, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    return m.packed(members, method)


def parts() -> dict[str, bytes]:
    return m.members(archive())


def with_member(name: str, data: bytes = b"x") -> bytes:
    return _zip([*parts().items(), (name, data)])


def special(mode: int, target: bytes) -> bytes:
    """A vocabulary that is no regular file."""
    info = zipfile.ZipInfo("assets/layers/string_lookup/vocabulary.txt")
    info.external_attr = mode << 16
    return _zip([*parts().items(), (info, target)])


def lying(size: int) -> bytes:
    """Compressed weights that say they have another size."""
    found = bytearray(_zip([*parts().items()], zipfile.ZIP_DEFLATED))
    for mark, place in ((b"PK\1\2", 24), (b"PK\3\4", 22)):
        at = _entry(found, mark, b"model.weights.h5")
        found[at + place : at + place + 4] = struct.pack("<I", size)
    return bytes(found)


def _entry(data: bytearray, mark: bytes, name: bytes) -> int:
    distance = 46 if mark == b"PK\1\2" else 30
    at = data.find(name)
    while data[at - distance : at - distance + 4] != mark:
        at = data.index(name, at + 1)
    return at - distance


def field(place: int, value: bytes, name: bytes = b"model.weights.h5") -> bytes:
    """An archive in whose directory a field of an entry says something else."""
    found = bytearray(archive())
    at = _entry(found, b"PK\1\2", name) + place
    found[at : at + len(value)] = value
    return bytes(found)


def ends(place: int, value: bytes) -> bytes:
    """An archive whose last record says something else."""
    found = bytearray(archive())
    at = found.rindex(b"PK\5\6") + place
    found[at : at + len(value)] = value
    return bytes(found)


def bomb(name: str, data: Callable[[], bytes]) -> bytes:
    """A member that is enormous when it is unpacked."""
    contents = {**parts(), name: data()}
    return _zip([*contents.items()], zipfile.ZIP_DEFLATED)


def deflate_beyond(count: int) -> bytes:
    """Weights whose stream gives far more than they are said to have."""
    honest = _zip([("model.weights.h5", weights())], zipfile.ZIP_DEFLATED)
    engine_out = m.deflated(bytes(count))
    info = zipfile.ZipFile(io.BytesIO(honest)).infolist()[0]
    others = _zip([(k, v) for k, v in parts().items() if k != "model.weights.h5"])
    return _spliced(others, "model.weights.h5", engine_out, info.CRC, info.file_size)


def _spliced(whole: bytes, name: str, stream: bytes, crc: int, size: int) -> bytes:
    """An archive with one more member: a raw stream, described as one likes."""
    end = whole.rindex(b"PK\5\6")
    count, length, start = struct.unpack_from("<HII", whole, end + 10)
    local = struct.pack(
        "<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 0x21, crc, len(stream), size, len(name), 0
    )
    entry = struct.pack(
        "<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 8, 0, 0x21, crc, len(stream), size, len(name),
        0, 0, 0, 0, 0o644 << 16, start,
    )  # fmt: skip
    added = local + name.encode() + stream
    directory = whole[start : start + length] + entry + name.encode()
    last = struct.pack(
        "<4s4H2IH", b"PK\5\6", 0, 0, count + 1, count + 1, len(directory), start + len(added), 0
    )
    return whole[:start] + added + directory + last


def text(json_text: str | bytes) -> bytes:
    return archive(json_text if isinstance(json_text, bytes) else json_text.encode())


GOOD = json.dumps(config())
SCALE = json.dumps(config(HARMLESS))
NUMBER = '"scale": 2.0'


def overlapping() -> bytes:
    found = bytearray(with_member("assets/a", b"abc"))
    first = _entry(found, b"PK\1\2", b"config.json")
    second = _entry(found, b"PK\1\2", b"assets/a")
    found[second + 42 : second + 46] = found[first + 42 : first + 46]
    return bytes(found)


def many(count: int) -> bytes:
    return _zip([*parts().items(), *((f"assets/{i}", b"") for i in range(count))])


ROWS: dict[str, tuple[Callable[[], bytes], Callable[[], bytes], str]] = {
    "a member above the folder": (lambda: with_member("../evil"), archive, "leads out of it"),
    "a member at the root": (lambda: with_member("/etc/evil"), archive, "leads out of it"),
    "an asset above the folder": (
        lambda: with_member("assets/../../evil"), lambda: with_member("assets/good"), "leads out",
    ),
    "a member with backslashes": (
        lambda: with_member("assets\\..\\..\\evil"), lambda: with_member("assets/good"),
        "leads out|no part",
    ),
    "a member on a drive": (lambda: with_member("c:evil"), archive, "leads out of it"),
    "a member of no name": (
        lambda: with_member("assets//evil"), lambda: with_member("assets/good"), "leads out of it",
    ),
    "a name that ends early": (
        lambda: field(46, b"config.jso\0", b"config.json"), archive, ".",
    ),
    "a very long name": (
        lambda: with_member("assets/" + "a" * 300), lambda: with_member("assets/" + "a" * 200),
        "leads out of it",
    ),
    "a program": (lambda: with_member("run.py"), archive, "no part of a saved model"),
    "a pickle": (lambda: with_member("model.pkl", b"cos\nsystem\n"), archive, "no part"),
    "a symbolic link": (
        lambda: special(stat.S_IFLNK | 0o777, b"/etc/passwd"), lambda: with_member("assets/a"),
        "a link",
    ),
    "a device": (
        lambda: special(stat.S_IFCHR | 0o777, b""), lambda: with_member("assets/a"), "a link",
    ),
    "two configurations": (
        lambda: _zip([*parts().items(), ("config.json", GOOD.encode())]), archive, "two members",
    ),
    "members on the same bytes": (overlapping, lambda: with_member("assets/a"), "overlap|twice"),
    "too many members": (lambda: many(25_000), lambda: many(500), "more than models have"),
    "a directory of another length": (
        lambda: ends(12, struct.pack("<I", 2**31)), archive, "directory|cannot be read",
    ),
    "more members than there are": (
        lambda: ends(8, struct.pack("<HH", 60_000, 60_000)), archive, "more than models|cannot hold",
    ),
    "fewer members than there are": (
        lambda: ends(8, struct.pack("<HH", 1, 1)), archive, "says that it has 1",
    ),
    "one of several parts": (lambda: ends(4, b"\1\0"), archive, "several parts"),
    "an encrypted member": (lambda: field(8, b"\1\0"), archive, "encrypted|two ways"),
    "a member compressed by lzma": (
        lambda: _zip([*parts().items()], zipfile.ZIP_LZMA),
        lambda: _zip([*parts().items()], zipfile.ZIP_DEFLATED), "compressed by method 14",
    ),
    "a member compressed by bzip2": (
        lambda: _zip([*parts().items()], zipfile.ZIP_BZIP2),
        lambda: _zip([*parts().items()], zipfile.ZIP_DEFLATED), "compressed by method 12",
    ),
    "two ways to unpack a member": (lambda: field(10, b"\x08\0"), archive, "two ways"),
    "another size than its bytes": (
        lambda: field(24, struct.pack("<I", 2**31 - 1)), archive, "says that",
    ),
    "a wrong checksum": (lambda: field(16, b"abcd"), archive, "damaged"),
    "weights that say they are enormous": (
        lambda: lying(2**31 - 1), lambda: _zip([*parts().items()], zipfile.ZIP_DEFLATED),
        "says that|grow from",
    ),
    "weights that unpack to more than they say": (
        lambda: deflate_beyond(2**28), lambda: _zip([*parts().items()], zipfile.ZIP_DEFLATED),
        "damaged|refused|cannot be read",
    ),
    "weights that are zeros": (
        lambda: bomb("model.weights.h5", lambda: bytes(2**26)),
        lambda: _zip([*parts().items()], zipfile.ZIP_DEFLATED), "grow from",
    ),
    "a configuration that is blanks": (
        lambda: bomb("config.json", lambda: b" " * 2**26 + GOOD.encode()),
        lambda: bomb("config.json", lambda: b" " * 2**10 + GOOD.encode()), "grow from",
    ),
    "assets that are zeros": (
        lambda: bomb("assets/a", lambda: bytes(2**26)),
        lambda: bomb("assets/a", lambda: bytes(2**10)), "grow from",
    ),
    "a file cut short": (lambda: archive()[:-100], archive, "ZIP|end is missing"),
    "no archive at all": (lambda: b"\x80\4\x95cos\nsystem\n", archive, "ZIP"),
    "an archive for weights": (
        lambda: archive(data=archive()), archive, "no HDF5 file",
    ),
    "lists within lists": (
        lambda: text("[" * 100_000 + "]" * 100_000), archive, "nested deeper|lists",
    ),
    "a value within 300 lists": (
        lambda: text(SCALE.replace(NUMBER, '"scale": ' + "[" * 300 + "2" + "]" * 300)),
        lambda: text(SCALE), "nested deeper",
    ),
    "a million empty lists": (
        lambda: bomb("config.json", lambda: b"[" + b"[]," * 10**6 + b"0]"), archive,
        "bytes of memory",
    ),
    "a list of lists without end": (
        lambda: text("[" + "[]," * 10**6 + "0]"), archive, "bytes of memory|no model",
    ),
    "a number of 5,000 digits": (
        lambda: text(SCALE.replace(NUMBER, '"scale": ' + "9" * 5000)), lambda: text(SCALE), "digits",
    ),
    "a key twice": (
        lambda: text(SCALE.replace(NUMBER, '"scale": 1.0, "scale": 2.0')), lambda: text(SCALE),
        "'scale' twice",
    ),
    "a class twice": (
        lambda: text(GOOD.replace('"class_name": "Dense"',
                                  '"class_name": "Dense", "class_name": "Popen"')),
        lambda: text(GOOD), "'class_name' twice",
    ),
    "a text in UTF-16": (lambda: text(GOOD.encode("utf-16")), lambda: text(GOOD), "no JSON"),
    "a text of no encoding": (lambda: text(b"\xff\xfe" + GOOD.encode()), lambda: text(GOOD), "JSON"),
    "two texts in one": (lambda: text(GOOD + GOOD), lambda: text(GOOD), "no JSON"),
    "units that are no number": (
        lambda: text(GOOD.replace('"units": 2', '"units": NaN')), lambda: text(GOOD), "units",
    ),
    "units without end": (
        lambda: text(GOOD.replace('"units": 2', '"units": Infinity')), lambda: text(GOOD), "units",
    ),
    "units below zero": (
        lambda: text(GOOD.replace('"units": 2', '"units": -2')), lambda: text(GOOD), "units",
    ),
    "metadata that is a list": (
        lambda: _zip([*{**parts(), "metadata.json": b"[]"}.items()]), archive, "no JSON object",
    ),
    "checksums of other members": (
        lambda: _zip(
            [*{**parts(), "metadata.json": b'{"annette": {"sha256": {"x": "0"}}}'}.items()]
        ),
        archive, "not those it was saved with",
    ),
}  # fmt: skip

ATTACKS = [
    Attack(f"{name}: archive", "load_model", ".keras", attack, twin, message)
    for name, (attack, twin, message) in ROWS.items()
]
