"""Changes of files that reach the parsers behind their checksums."""

from __future__ import annotations

import hashlib
import io
import json
import random
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import annette as keras
from annette.saving import hdf5

INTERESTING = [0, 1, 2, 7, 8, 16, 0x7F, 0x80, 0xFE, 0xFF]
TRAILER = b"ANNETTE-SHA256\r\n"


# --- bytes ----------------------------------------------------------------------------------------


def some_bytes(raw: bytes, chance: random.Random) -> bytes:
    """Some bytes changed, mostly where there is structure."""
    data = bytearray(raw)
    used = [i for i in range(0, len(data) - 8, 8) if any(data[i : i + 8])] or [0]
    for _ in range(chance.choice([1, 1, 1, 2, 4, 16])):
        at = min(chance.choice(used) + chance.randrange(8), max(len(data) - 8, 0))
        kind = chance.randrange(6)
        if kind == 0:
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            data[at] = chance.choice(INTERESTING)
        elif kind == 2:
            data[at] = chance.randrange(256)
        elif kind == 3:  # an address or a length that means something elsewhere
            at -= at % 8
            data[at : at + 8] = struct.pack("<Q", chance.randrange(len(data)))
        elif kind == 4:
            at, source = at - at % 8, chance.choice(used)
            data[at : at + 8] = data[source : source + 8].ljust(8, b"\0")
        else:
            size = chance.choice([1, 2, 4, 8])
            huge = chance.choice([0, 2**31, 2**63, 2**64 - 1, 2**32]) + chance.randrange(3)
            data[at : at + size] = (huge & 2**64 - 1).to_bytes(8, "little")[:size]
    if chance.random() < 0.05:
        del data[chance.randrange(len(data)) :]
    elif chance.random() < 0.05:
        start = chance.randrange(len(data))
        del data[start : start + chance.randrange(1, 65)]
    return bytes(data) or b"\0"


def hdf5_bytes(raw: bytes, chance: random.Random) -> bytes:
    """The bytes of an HDF5 file changed; its structure's checksums are the reader's to leave out."""
    return some_bytes(raw, chance)


def weights_file(raw: bytes, chance: random.Random) -> bytes:
    """A file of weights changed, the checksum behind its last byte made right again."""
    body, _, _ = raw.rpartition(TRAILER)
    changed = some_bytes(body or raw, chance)
    if chance.random() < 0.1:
        return changed
    return changed + TRAILER + hashlib.sha256(changed).digest()


# --- JSON -----------------------------------------------------------------------------------------

VALUES: list[Callable[[], Any]] = [
    lambda: None, lambda: True, lambda: -1, lambda: 0, lambda: 1, lambda: 2**31, lambda: 2**63,
    lambda: 10**9, lambda: 10**12, lambda: 10**30, lambda: -(10**12), lambda: 1e308,
    lambda: float("nan"), lambda: float("inf"), lambda: -0.5, lambda: "", lambda: "x",
    lambda: "/etc/passwd", lambda: "../../x", lambda: "http://localhost:9/x", lambda: "\0",
    lambda: "\ud800", list, dict, lambda: [None], lambda: [10**9, 10**9],
    lambda: [[[[[[]]]]]], lambda: {"class_name": "Dense", "config": {"units": 10**9}},
    lambda: {"class_name": "__lambda__", "config": {"code": "4wAAAA=="}},
    lambda: {"class_name": "function", "config": "get_file", "module": "keras.utils"},
    lambda: {"class_name": "__tensor__", "config": {"value": [1, 2], "dtype": "float32"}},
    lambda: {"class_name": "__slice__", "config": {"start": 0, "stop": 10**12, "step": 1}},
]  # fmt: skip
_MODULES = [
    "keras.layers",
    "keras",
    "keras.optimizers",
    "os",
    "builtins",
    "keras.utils",
    "__main__",
]


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a structure, as what it is in and where."""
    found: list[tuple[Any, Any]] = []
    pending = [value]
    while pending:
        item = pending.pop()
        keys = list(item) if isinstance(item, dict) else list(range(len(item)))
        found += [(item, key) for key in keys]
        pending += [item[key] for key in keys if isinstance(item[key], (dict, list)) and item[key]]
    return found


def json_value(value: Any, chance: random.Random) -> Any:
    """A structure with some of its values changed."""
    value = json.loads(json.dumps(value))
    for _ in range(chance.choice([1, 1, 1, 2, 5])):
        found = places(value)
        if not found:
            return chance.choice(VALUES)()
        holder, key = chance.choice(found)
        kind = chance.randrange(9)
        if kind < 4:
            holder[key] = chance.choice(VALUES)()
        elif kind == 4:
            del holder[key]
        elif kind == 5:
            other, there = chance.choice(found)
            holder[key] = json.loads(json.dumps(other[there]))
        elif kind == 6 and isinstance(holder, list):
            holder += json.loads(json.dumps(holder[key : key + 1])) * chance.choice([1, 40])
        elif kind == 7 and isinstance(holder[key], (int, float)):
            holder[key] = holder[key] * chance.choice([-1, 2, 10**6, 10**10]) + chance.choice(
                [0, 1]
            )
        else:
            named = [(h, k) for h, k in found if k in ("class_name", "module", "registered_name")]
            holder, key = chance.choice(named or [(holder, key)])
            names = _MODULES if key == "module" else keras.layers.__all__
            holder[key] = chance.choice(list(names))
    return value


def json_text(raw: bytes, chance: random.Random) -> bytes:
    """A text of JSON with values changed, and now and then its bytes."""
    if chance.random() < 0.1:
        return some_bytes(raw, chance)
    text = json.dumps(json_value(json.loads(raw), chance))
    if chance.random() < 0.05:
        text = chance.choice(["[" * 5000, text[:-9], text + text, "{" + text, text * 2])
    return text.encode()


# --- archives -------------------------------------------------------------------------------------


def members(raw: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def packed(contents: Any, method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(file, "w", method) as archive:
            for name, data in contents.items() if isinstance(contents, dict) else contents:
                archive.writestr(name, data)
    return file.getvalue()


def unsigned(contents: dict[str, bytes]) -> dict[str, bytes]:
    """The members without annette's checksums, as Keras writes them."""
    metadata = json.loads(contents["metadata.json"])
    metadata.pop("annette", None)
    return {**contents, "metadata.json": json.dumps(metadata).encode()}


def keras_file(raw: bytes, chance: random.Random) -> bytes:
    """An archive with its bytes, a member or its own fields changed, all checksums right."""
    kind = chance.randrange(10)
    if kind == 0:
        return some_bytes(raw, chance)
    contents = unsigned(members(raw))
    if kind < 5:
        contents["config.json"] = json_text(contents["config.json"], chance)
    elif kind < 7:
        contents["model.weights.h5"] = some_bytes(contents["model.weights.h5"], chance)
    elif kind == 7:
        name = chance.choice(sorted(contents))
        change = json_text if name.endswith(".json") else some_bytes
        contents[name] = change(contents[name], chance)
    method = chance.choice([zipfile.ZIP_STORED, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    made = packed(contents, method)
    return zip_fields(made, chance) if kind > 7 else made


def zip_fields(raw: bytes, chance: random.Random) -> bytes:
    """An archive whose directory, ends and local headers say something else."""
    data = bytearray(raw)
    marks = [
        i for i in range(len(data) - 22) if data[i : i + 2] == b"PK" and data[i + 2] in (1, 3, 5)
    ]
    for _ in range(chance.choice([1, 1, 2, 4])):
        at = chance.choice(marks) + chance.randrange(4, 46)
        size = chance.choice([1, 2, 4])
        value = chance.choice([0, 1, 8, 20, 0xFFFF, 0xFFFFFFFF, chance.randrange(2**16), len(data)])
        data[at : at + size] = value.to_bytes(8, "little")[:size]
    return bytes(data[: len(raw)])


# --- whole models of Keras 2 ----------------------------------------------------------------------


def old_file(raw: bytes, chance: random.Random) -> bytes:
    """A file of Keras 2 with its bytes changed, or with another description of the model in it."""
    if chance.random() < 0.4:
        return some_bytes(raw, chance)
    writer = hdf5.Writer()
    with hdf5.File(raw) as file:
        _copied(file, writer, chance)
    made = io.BytesIO()
    try:
        writer.write(made)
    except ValueError:  # a text that no file can hold
        return some_bytes(raw, chance)
    return made.getvalue()


def _copied(group: Any, into: Any, chance: random.Random) -> None:
    for name, value in group.attrs.items():
        changed = value
        if name in ("model_config", "training_config") and chance.random() < 0.6:
            changed = json_text(str(value).encode(), chance).decode("utf-8", "replace")
        elif chance.random() < 0.02:
            changed = chance.choice([b"x", 7, "dense", ["a", "b"], 10**12])
        into.attrs[name] = changed
    for name, member in group.items():
        if isinstance(member, hdf5.Dataset):
            into.dataset(name, member.read())
        else:
            _copied(member, into.group(name), chance)


def deflated(data: bytes) -> bytes:
    """A raw stream of deflate, as archives have it."""
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return engine.compress(data) + engine.flush()
