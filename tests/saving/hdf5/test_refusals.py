"""What is damaged, hostile or outside of the file is refused, with a message that says which."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest

from annette.saving import hdf5
from annette.saving.hdf5.checksum import fletcher32, lookup3
from tests.saving.hdf5 import contents as c

MIB = 2**20


def refused(name, limit=None):
    return hdf5.File(c.FIXTURES / "refused" / f"{name}.h5", limit=limit)


@pytest.mark.parametrize(
    ("name", "path", "message"),
    [
        (
            "external_link",
            "x",
            "'/x' is an external link, to the file '/etc/passwd', which is",
        ),
        ("external_link_dense", "x7", "external link, to the file 'secret.h5'"),
        ("external_storage", "x", "'/x': its values are in other files"),
        ("virtual", "x", "'/x': .*virtual dataset"),
        ("cycle", "a/b/a", "'/a' is also '/a/b/a'"),
        ("cycle_root", "x", "'/' is also '/x'"),
        ("soft_cycle", "x", "more than 32 soft links"),
        ("committed", "type", "committed datatype"),
        ("committed", "x", "'/x': .*committed datatype"),
        ("lzf", "x", r"filter 32000 \(lzf\) is refused"),
        ("scaleoffset", "x", r"filter 6 \(scaleoffset\) is refused"),
        ("unwritten", "x", "never been written"),
        ("unwritten_chunks", "x", "above the limit of 1073741824"),
        ("compound", "x", "datatype 'compound'"),
        ("complex", "x", "datatype 'compound'"),
        ("sequences", "x", "sequences of variable length"),
        ("reference", "x", "datatype 'reference'"),
        ("enumeration", "x", "enumeration other than"),
        ("empty", "x", "null dataspace"),
        ("deep", "a" + "/a" * 149, "deeper than 100 groups"),
    ],
)
def test_refused_when_it_is_looked_at(name, path, message):
    with refused(name) as file, pytest.raises(hdf5.FormatError, match=message):
        file[path]


@pytest.mark.parametrize("name", ["cycle", "cycle_root", "deep"])
def test_walking_ends(name):
    with refused(name) as file, pytest.raises(hdf5.FormatError):
        list(file.walk())


def test_missing_chunks_are_refused_when_values_are_read():
    with refused("partly_written") as file, pytest.raises(hdf5.FormatError, match="1 are found"):
        file["x"].read()
    with refused("unwritten_chunks", limit=2**60) as file:
        assert file["x"].shape == (2**20, 2**20)
        with pytest.raises(hdf5.FormatError, match="chunks"):
            file["x"].read()


def test_the_limit_counts_what_all_datasets_declare():
    with hdf5.File(c.FIXTURES / "plain_old.h5", limit=90) as file:
        file["kinds/f8"]
        file["kinds/f8"]
        with pytest.raises(hdf5.FormatError, match=r"'/kinds/i8'.* above the limit of 90"):
            file["kinds/i8"]


def test_a_bomb_within_the_limit_is_read_and_above_it_refused():
    with refused("bomb", limit=2**25) as file:
        assert not file["x"].read().any()
    with refused("bomb", limit=2**25 - 1) as file, pytest.raises(hdf5.FormatError, match="limit"):
        file["x"].read()


# --- files made by hand --------------------------------------------------------------------------


def swapped(raw, old, new):
    """The file with one place of `old` bytes replaced by `new` ones."""
    assert raw.count(old) == 1, raw.count(old)
    assert len(old) == len(new)
    return raw.replace(old, new)


def one_chunk(data, shape=(1000,), chunk=(1000,), times=1):
    """A file of one dataset 'x' of bytes, of one gzip chunk with these stored bytes."""
    root, end = 96, 4096
    tree = b"TREE" + struct.pack("<BBHQQ", 1, 0, 1, 2**64 - 1, 2**64 - 1)
    tree += struct.pack("<IIQQ", len(data), 0, 0, 0) + struct.pack("<Q", end)
    space = struct.pack("<BB6xQ", 1, 1, *shape)
    kind = struct.pack("<BBBBIHH4x", 0x10, 0, 0, 0, 1, 0, 8)
    layout = struct.pack("<BBBQII", 3, 2, 2, 2048, *chunk, 1).ljust(24, b"\0")
    filters = struct.pack("<BB6x", 1, times) + struct.pack("<HHHHII", 1, 0, 0, 1, 6, 0) * times
    x = header([(1, space), (3, kind), (8, layout), (11, filters)])
    link = b"\1\0\1x" + struct.pack("<Q", 1024) + bytes(4)
    raw = superblock(root, end + len(data)).ljust(root, b"\0") + header([(6, link)])
    raw = raw.ljust(1024, b"\0") + x
    return raw.ljust(2048, b"\0") + tree.ljust(end - 2048, b"\0") + data


def header(messages):
    body = b"".join(struct.pack("<HHB3x", kind, len(m), 0) + m for kind, m in messages)
    return struct.pack("<BxHII4x", 1, len(messages), 1, len(body)) + body


def superblock(root, end):
    start = (
        b"\x89HDF\r\n\x1a\n" + bytes([2, 8, 8, 0]) + struct.pack("<QQQQ", 0, 2**64 - 1, end, root)
    )
    return start + struct.pack("<I", lookup3(start))


def test_the_hand_made_file_is_a_good_one():
    data = np.arange(1000).astype("u1")
    with hdf5.File(one_chunk(zlib.compress(data.tobytes()))) as file:
        np.testing.assert_array_equal(file["x"].read(), data)


@pytest.mark.parametrize(
    ("data", "shape", "chunk", "message"),
    [
        (zlib.compress(bytes(8 * MIB)), (1000,), (1000,), "grows past the 1000 bytes"),
        (zlib.compress(bytes(999)), (1000,), (1000,), "999 bytes, where 1000"),
        (zlib.compress(bytes(1000))[:-4], (1000,), (1000,), "its end is missing"),
        (b"not zlib", (1000,), (1000,), "cannot be decompressed"),
        (zlib.compress(b"x"), (2**30,), (2**30,), "no 1073741824 can be decompressed"),
        (zlib.compress(b"x"), (1,), (2**31,), "above the limit"),
        (zlib.compress(b"x"), (2**29,), (1,), "536870912 chunks in a file of"),
    ],
)
def test_a_chunk_that_is_not_what_is_declared(data, shape, chunk, message):
    """Little memory is taken, whatever the file declares, or the chunk would become."""
    raw = one_chunk(data, shape, chunk)
    tracemalloc.start()
    with hdf5.File(raw) as file, pytest.raises(hdf5.FormatError, match=message):
        file["x"].read()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < MIB


def made(**arrays):
    """A file of ours, as bytes."""
    writer = hdf5.Writer()
    for name, values in arrays.items():
        writer.dataset(name, values)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def test_a_huge_shape_over_few_bytes():
    raw = made(x=np.arange(12347, dtype="u1"))
    size = struct.pack("<Q", 12347)
    wrong = raw.replace(size, struct.pack("<Q", 2**29))
    assert raw.count(size) == 2
    with hdf5.File(wrong) as file, pytest.raises(hdf5.FormatError, match="ends at byte"):
        file["x"]


def test_a_shape_that_overflows():
    raw = made(x=np.zeros((3, 5), "f8"))
    shape = struct.pack("<QQ", 3, 5)
    for huge in ((2**62, 2**62), (0, 2**62), (2**64 - 1, 1), (2**32, 2**32)):
        file = hdf5.File(swapped(raw, shape, struct.pack("<QQ", *huge)))
        with pytest.raises(hdf5.FormatError, match="shape"):
            file["x"]


def test_a_filter_applied_twice():
    data = zlib.compress(zlib.compress(bytes(1000)))
    file = hdf5.File(one_chunk(data, times=2))
    with pytest.raises(hdf5.FormatError, match="applied twice"):
        file["x"]


def test_chunks_on_the_same_bytes():
    raw = (c.FIXTURES / "chunked_old.h5").read_bytes()
    with hdf5.File(raw) as file:
        chunks = file["growing"]
        chunks.read()
        first, second = (found.address for found in chunks._chunks[:2])
    for at in (first, first + 8):
        wrong = swapped(raw, struct.pack("<Q", second), struct.pack("<Q", at))
        with hdf5.File(wrong) as file, pytest.raises(hdf5.FormatError, match="overlaps"):
            file["growing"].read()


@pytest.mark.parametrize("padding", [0, 1, 2])
def test_empty_arrays_of_the_widest_strings(padding):
    """They are possible, and take no memory."""
    raw = made(x=np.zeros((0, 5), "S7"))
    kind = struct.pack("<BBBBI", 0x13, 1, 0, 0, 7)
    wide = struct.pack("<BBBBI", 0x13, padding, 0, 0, 2**31 - 1)
    with hdf5.File(swapped(raw, kind, wide)) as file:
        assert file["x"].read().shape == (0, 5)


def test_empty_arrays_of_the_longest_shape():
    raw = made(x=np.zeros((0, 5), "u1"))
    shape = struct.pack("<QQ", 0, 5)
    with hdf5.File(swapped(raw, shape, struct.pack("<QQ", 0, 2**61))) as file:
        assert file["x"].read().shape == (0, 2**61)


def test_two_datasets_on_the_same_bytes():
    raw = made(x=np.full(100, 7, "u1"), y=np.full(100, 9, "u1"))
    x, y = raw.index(bytes([7] * 100)), raw.index(bytes([9] * 100))
    for at in (x, x + 50, x - 50):
        with hdf5.File(swapped(raw, struct.pack("<Q", y), struct.pack("<Q", at))) as file:
            file["x"]
            with pytest.raises(hdf5.FormatError, match=r"values of the dataset '/y'.* overlaps"):
                file["y"]


def test_values_that_lie_on_the_structure():
    raw = made(x=np.full(100, 7, "u1"), y=np.zeros(1))
    at = raw.index(bytes([7] * 100))
    file = hdf5.File(swapped(raw, struct.pack("<Q", at), struct.pack("<Q", 100)))
    with pytest.raises(hdf5.FormatError, match="overlaps"):
        file["x"]


def test_a_user_defined_link():
    link = b"\1\10\101\1x\3\0abc"
    raw = superblock(96, 400).ljust(96, b"\0") + header([(6, link.ljust(16, b"\0"))])
    with hdf5.File(raw.ljust(400, b"\0")) as file:
        assert list(file) == ["x"]
        with pytest.raises(
            hdf5.FormatError, match=r"user-defined link \(of kind 65\), which is refused"
        ):
            file["x"]


@pytest.mark.parametrize("target", ["/", "."])
def test_a_soft_link_to_the_group_it_is_in(target):
    """Else a program that goes down all groups would never end."""
    link = b"\1\10\1\1x" + struct.pack("<H", len(target)) + target.encode()
    raw = superblock(96, 400).ljust(96, b"\0") + header([(6, link.ljust(16, b"\0"))])
    file = hdf5.File(raw.ljust(400, b"\0"))
    with pytest.raises(hdf5.FormatError, match="'/x' is a soft link to the group '/'"):
        file["x"]


@pytest.mark.parametrize("name", ["a/b", ".", ""])
def test_a_link_of_no_name(name):
    link = b"\1\0" + bytes([len(name)]) + name.encode() + struct.pack("<Q", 96)
    raw = superblock(96, 400).ljust(96, b"\0") + header([(6, link.ljust(16, b"\0"))])
    with (
        hdf5.File(raw.ljust(400, b"\0")) as file,
        pytest.raises(hdf5.FormatError, match="link named"),
    ):
        list(file)


def test_a_tree_that_comes_back_to_itself():
    raw = made(**{f"x{i:03}": np.int8(1) for i in range(300)})
    root = raw.index(b"TREE\0\1")
    child = raw[root + 32 : root + 40]
    wrong = bytearray(raw)
    wrong[root + 48 : root + 56] = child
    with hdf5.File(wrong) as file, pytest.raises(hdf5.FormatError, match="twice"):
        list(file)
    wrong[root + 32 : root + 40] = struct.pack("<Q", root)
    with hdf5.File(wrong) as file, pytest.raises(hdf5.FormatError, match=r"twice|level"):
        list(file)


def test_a_header_that_continues_in_itself():
    continuation = struct.pack("<QQ", 96 + 16, 24)
    raw = superblock(96, 400).ljust(96, b"\0") + header([(0x10, continuation)])
    with pytest.raises(hdf5.FormatError, match="overlaps"):
        hdf5.File(raw.ljust(400, b"\0"))


def test_an_enumeration_of_enumerations_ends():
    nested = struct.pack("<BBBBI", 0x18, 2, 0, 0, 1) * 3000
    attribute = (
        struct.pack("<BBHHH", 2, 0, 2, len(nested), 8) + b"a\0" + nested + bytes([1]) + bytes(7)
    )
    link_info = bytes(2) + b"\xff" * 16
    raw = superblock(96, 65536).ljust(96, b"\0") + header([(2, link_info), (12, attribute)])
    file = hdf5.File(raw.ljust(65536, b"\0"))
    with pytest.raises(hdf5.FormatError, match="no integers"):
        file.attrs["a"]


def test_many_strings_on_the_same_bytes():
    """A file of 500 kB whose strings would be 80 GB: the work is bounded by the file's size."""
    writer = hdf5.Writer()
    writer.attrs["s"] = "a" * 400_000
    writer.dataset("x", ["b"] * 4000)
    file = io.BytesIO()
    writer.write(file)
    raw = bytearray(file.getvalue())
    at = raw.index(b"GCOL")
    reference = struct.pack("<IQI", 400_000, at, 1)
    assert raw.count(reference) == 1
    place = raw.rindex(struct.pack("<IQI", 1, at, 2))
    for i in range(4000):
        assert raw[place : place + 16] == struct.pack("<IQI", 1, at, i + 2)
        raw[place : place + 16] = reference
        place += 16
    with hdf5.File(raw) as opened, pytest.raises(hdf5.FormatError, match="share their bytes"):
        opened["x"].read()


def test_attributes_of_the_same_strings_are_bounded_by_the_work():
    writer = hdf5.Writer()
    for i in range(40):
        writer.attrs[f"s{i:02}"] = "a" * 200_000 if i == 0 else "b"
    file = io.BytesIO()
    writer.write(file)
    raw = bytearray(file.getvalue())
    at = raw.index(b"GCOL")
    for i in range(1, 40):
        one = struct.pack("<IQI", 1, at, i + 1)
        raw[raw.index(one) : raw.index(one) + 16] = struct.pack("<IQI", 200_000, at, 1)
    with hdf5.File(raw) as opened, pytest.raises(hdf5.FormatError, match="far more work"):
        dict(opened.attrs)


@pytest.mark.parametrize("name", ["plain_old", "plain_latest", "chunked_latest"])
def test_a_file_that_was_cut_short(name):
    raw = (c.FIXTURES / f"{name}.h5").read_bytes()
    for size in (0, 7, 8, 40, 95, len(raw) // 2, len(raw) - 1):
        with pytest.raises(hdf5.FormatError, match=r"no HDF5 file|cut short|more bytes"):
            hdf5.File(raw[:size])


def test_what_is_no_hdf5_file(tmp_path):
    for content in (b"", b"PK\3\4 not this", bytes(5000)):
        path = tmp_path / "x.h5"
        path.write_bytes(content)
        with pytest.raises(hdf5.FormatError, match="no HDF5 file"):
            hdf5.File(path)
    with pytest.raises(FileNotFoundError):
        hdf5.File(tmp_path / "none.h5")


@pytest.mark.parametrize("place", [100, 5000, 12000])
def test_damage_in_the_newest_format_is_noticed(place):
    """Structure carries checksums there."""
    raw = bytearray((c.FIXTURES / "many_latest.h5").read_bytes())
    places = [
        i for i in range(place, len(raw) - 4) if raw[i : i + 4] in (b"OHDR", b"FHDB", b"BTLF")
    ]
    raw[places[0] + 12] ^= 1
    with pytest.raises(hdf5.FormatError), hdf5.File(raw) as file:
        for dataset in file.walk():
            dict(dataset.attrs)
        for name in ("many", "ordered"):
            dict(file[name].attrs), dict(file[name])


def test_a_changed_value_fails_its_checksum():
    raw = bytearray((c.FIXTURES / "chunked_old.h5").read_bytes())
    raw[raw.index(bytes([0, 1, 2]) + fletcher32(bytes([0, 1, 2])).to_bytes(4, "little"))] ^= 1
    with hdf5.File(raw) as file, pytest.raises(hdf5.FormatError, match="checksum is wrong"):
        file["odd"].read()


def test_checksums_of_known_bytes():
    """Of lookup3's own description, and of Fletcher's sums done by hand."""
    assert lookup3(b"") == 0xDEADBEEF
    assert lookup3(b"Four score and seven years ago") == 0x17770551
    assert fletcher32(b"\x01\x02") == 0x01020102
    assert fletcher32(b"\x00\x01\x00\x02") == 0x00040003
    assert fletcher32(b"\xff\xff") == 0xFFFFFFFF
    assert fletcher32(bytes(8)) == 0
