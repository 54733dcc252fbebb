"""Changes of files of arrays that reach the parsers behind their checksums."""

from __future__ import annotations

import json
import random
import struct
import zipfile
from typing import Any

from tests.saving import mutations as m

_DTYPES = ["F32", "F64", "BF16", "BOOL", "I64", "U8", "F16", "C64", "f32", ""]


def safetensors_file(raw: bytes, chance: random.Random) -> bytes:
    """A file with its bytes, the values in its header or the places of arrays changed."""
    if chance.random() < 0.2:
        return m.some_bytes(raw, chance)
    count = struct.unpack("<Q", raw[:8])[0]
    header, body = json.loads(raw[8 : 8 + count]), raw[8 + count :]
    header["__metadata__"].pop("annette_sha256")
    places = json.loads(header["__metadata__"].pop("annette"))["places"]
    header = {places.get(name, name): entry for name, entry in header.items()}
    if "config" in header["__metadata__"] and chance.random() < 0.4:
        config = json.loads(header["__metadata__"]["config"])
        header["__metadata__"]["config"] = json.dumps(m.json_value(config, chance))
    elif chance.random() < 0.5:
        header = m.json_value(header, chance)
    else:
        _entry(header, chance)
    if chance.random() < 0.1:
        body = m.some_bytes(body, chance)
    text = json.dumps(header).encode("utf-8", "surrogatepass")
    size = len(text) if chance.random() < 0.95 else chance.choice([0, 1, 2**63, len(raw)])
    return struct.pack("<Q", size) + text + body


def _entry(header: dict[str, Any], chance: random.Random) -> None:
    entry = header[chance.choice([name for name in header if name != "__metadata__"])]
    kind = chance.randrange(4)
    if kind == 0:
        entry["dtype"] = chance.choice(_DTYPES)
    elif kind == 1:
        entry["shape"] = [chance.choice([0, 1, 2, 3, 4, 2**31, 2**62]) for _ in range(3)]
    elif kind == 2:
        entry["data_offsets"][chance.randrange(2)] += chance.choice([-4, 1, 4, 8, 2**40])
    else:
        entry["shape"] = entry["shape"][::-1]


def npz_file(raw: bytes, chance: random.Random) -> bytes:
    """An archive with its bytes, a member or its own fields changed, all checksums right."""
    kind = chance.randrange(8)
    if kind == 0:
        return m.some_bytes(raw, chance)
    contents = m.members(raw)
    noted = contents.pop("__annette__.npy")
    places = json.loads(noted[noted.index(b"\n") :])["annette"]["places"]
    contents = {f"{places[name[:-4]]}.npy": data for name, data in contents.items()}
    for name in chance.sample(sorted(contents), chance.choice([1, 1, 3])):
        if kind < 4:
            contents[name] = m.some_bytes(contents[name], chance)
        elif kind < 6:
            contents[name] = _header(contents[name], chance)
    method = chance.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    made = m.packed(contents, method)
    return m.zip_fields(made, chance) if kind > 6 else made


def list_of_shards(raw: bytes, chance: random.Random) -> bytes:
    """A list of shards without its checksums, with values changed."""
    listed = json.loads(raw)
    del listed["annette_sha256"], listed["metadata"]["annette"]
    return m.json_text(json.dumps(listed).encode(), chance)


def _header(data: bytes, chance: random.Random) -> bytes:
    """An array of NumPy's that says something else of itself."""
    described = chance.choice(
        ["'<f4'", "'>f8'", "'|O'", "'<U9'", "'|V2'", "'|b1'", "[('a', 'f4')]"]
    )
    sizes = [chance.choice([0, 1, 3, 4, -1, 2**40]) for _ in range(chance.randrange(4))]
    shape = "(" + "".join(f"{n}," for n in sizes) + ")"
    text = f"{{'descr': {described}, 'fortran_order': {chance.random() < 0.5}, 'shape': {shape}}}"
    if chance.random() < 0.1:
        text = chance.choice(
            ["(" * 9000, "{}", "__import__('os')", "1" * 9000, text[:-3], "{[]: 1}"]
        )
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode() + data[128:]
