"""What the writer writes, its own reader, h5py and real Keras read."""

from __future__ import annotations

import hashlib
import io
import tracemalloc

import numpy as np
import pytest

from annette.saving import hdf5
from tests.saving.hdf5 import contents as c

ATTRIBUTES = {
    "text": "né",
    "bytes": b"ascii",
    "nothing": "",
    "fixed": np.array([b"dense", b"dense_1"]),
    "names": ["a", "", "日本"],
    "number": 7,
    "rate": 0.25,
    "small": np.int8(-3),
    "on": True,
    "flags": np.array([True, False]),
    "matrix": np.arange(6.0).reshape(2, 3),
    "none": np.zeros(0),
    "größe": 1,
}


def written(writer):
    file = io.BytesIO()
    assert writer.write(file) == len(file.getvalue())
    return file.getvalue()


def example():
    writer = hdf5.Writer()
    for name, values in {**c.PLAIN, **c.TEXTS}.items():
        writer.dataset(name, values)
    writer.attrs.update(ATTRIBUTES)
    writer.group("a/b").attrs.update(ATTRIBUTES)
    writer.dataset("scalar_too", 3.5, attrs=ATTRIBUTES)
    writer.group("empty/inside")
    for name in c.MANY:
        writer.dataset(f"many/{name}", np.int16(len(name)))
    return writer


def check_values(values, expected):
    assert values.shape == expected.shape
    assert values.dtype == expected.dtype.newbyteorder("=")
    np.testing.assert_array_equal(values, expected)


def test_our_reader_reads_it_back():
    with hdf5.File(written(example())) as file:
        for name, values in {**c.PLAIN, **c.TEXTS}.items():
            check_values(file[name].read(), values)
        assert file["scalar_too"].read() == 3.5
        assert list(file["many"]) == c.MANY and file["many/member_299"].read() == 10
        assert len(file["empty/inside"]) == 0
        for thing in (file, file["a/b"], file["scalar_too"]):
            assert set(thing.attrs) == set(ATTRIBUTES)
            for name, value in ATTRIBUTES.items():
                expected = value.decode() if isinstance(value, bytes) else value
                if name == "fixed":
                    expected = expected.astype(str)
                np.testing.assert_array_equal(thing.attrs[name], expected)
            assert type(thing.attrs["text"]) is str and thing.attrs["on"].dtype == bool
            assert thing.attrs["number"].dtype == np.int64
            assert thing.attrs["matrix"].dtype == np.float64


def test_the_same_contents_give_the_same_bytes():
    first = written(example())
    assert first == written(example())
    backwards = hdf5.Writer()
    backwards.dataset("b", np.arange(3))
    backwards.dataset("a", np.ones(2))
    backwards.attrs.update(z=1, y="x")
    forwards = hdf5.Writer()
    forwards.attrs.update(y="x", z=1)
    forwards.dataset("a", np.ones(2))
    forwards.dataset("b", np.arange(3))
    assert written(forwards) == written(backwards)


def test_the_bytes_of_a_file_are_those_of_today():
    """Files are compared by their checksums; a change of the bytes is one that users see."""
    writer = hdf5.Writer()
    writer.attrs["text"] = "a"
    writer.dataset("x/y", np.arange(4, dtype="f4"))
    digest = hashlib.sha256(written(writer)).hexdigest()
    assert digest == "9082a51edcea05fda7a29aa77d30cedc2ee544fb74af5d558f204cd0bb2b6482"


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 255, 256, 257, 8192, 8193])
def test_groups_of_any_size(count):
    """Whole symbol tables and whole nodes of the tree, one less and one more."""
    writer = hdf5.Writer()
    names = [f"{i:05}" for i in range(count)]
    for name in names:
        writer.group(f"group/{name}")
    writer.group("group")
    with hdf5.File(written(writer)) as file:
        assert list(file["group"]) == names
        assert not names or len(file["group"][names[-1]]) == 0


@pytest.mark.parametrize(
    "values",
    [
        np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1),
        np.arange(200_000, dtype="i4")[::2],
        np.arange(6, dtype=">f8").reshape(2, 3),
        np.arange(150_000, dtype=">u2")[::-1],
        np.asfortranarray(np.arange(12.0).reshape(3, 4)),
        np.broadcast_to(np.float32(1.5), (3, 2)),
        np.zeros((0, 3), "i2"),
        np.array(True),
        np.array([b"", b""]),
        np.array(["a", "bc"]),
    ],
    ids=lambda values: f"{values.dtype.str}{values.shape}",
)
def test_arrays_in_any_order_of_memory(values):
    writer = hdf5.Writer()
    writer.dataset("x", values)
    with hdf5.File(written(writer)) as file:
        found = file["x"].read()
    np.testing.assert_array_equal(found, values)
    assert found.shape == values.shape


def test_bfloat16_in_the_way_of_keras():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    writer = hdf5.Writer()
    values = c.BFLOAT16.astype(ml_dtypes.bfloat16)
    writer.dataset("x", values)
    writer.dataset("y", values.reshape(2, 2).T)
    with hdf5.File(written(writer)) as file:
        assert file["x"].attrs["dtype"] == "bfloat16"
        check_values(file["x"].read(), values)
        check_values(file["y"].read(), values.reshape(2, 2).T)


def test_long_lists_of_names_are_split_as_keras_does():
    names = np.array([f"a_layer_with_a_long_name_{i}".encode() for i in range(9000)])
    texts = [name.decode() for name in names]
    writer = hdf5.Writer()
    writer.attrs["layer_names"] = names
    writer.attrs["texts"] = texts
    with hdf5.File(written(writer)) as file:
        assert "layer_names" not in file.attrs and "layer_names4" in file.attrs
        assert file.attrs.joined("layer_names").tolist() == texts
        assert file.attrs.joined("texts").tolist() == texts


def test_an_attribute_may_not_be_longer_than_the_format_allows():
    writer = hdf5.Writer()
    writer.attrs["a"] = np.zeros(10_000)
    with pytest.raises(ValueError, match=r"'a' has 80000 bytes.*Write it as a dataset"):
        written(writer)


@pytest.mark.parametrize("name", ["", "a\0b"])
def test_an_attribute_needs_a_name(name):
    writer = hdf5.Writer()
    writer.attrs[name] = 1
    with pytest.raises(ValueError, match="no name of an attribute"):
        written(writer)


def test_a_long_text_is_an_attribute():
    writer = hdf5.Writer()
    writer.attrs["model_config"] = "ü" * 3_000_000
    writer.attrs["other"] = "after"
    with hdf5.File(written(writer)) as file:
        assert file.attrs["model_config"] == "ü" * 3_000_000 and file.attrs["other"] == "after"


def test_more_strings_than_one_heap_has_numbers_for():
    texts = [str(i) for i in range(70_000)]
    writer = hdf5.Writer()
    writer.dataset("x", texts)
    with hdf5.File(written(writer)) as file:
        assert file["x"].read().tolist() == texts


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        (np.zeros(2, "c8"), TypeError, "'x' has the dtype complex64"),
        (np.zeros(2, "M8[s]"), TypeError, "dtype datetime64"),
        ([{}], TypeError, "can only hold strings"),
        (np.zeros(2, [("a", "f4")]), TypeError, "not written"),
        ("a\0b", ValueError, "zero byte"),
    ],
)
def test_values_that_cannot_be_written(values, error, message):
    with pytest.raises(error, match=message):
        hdf5.Writer().dataset("x", values)
    writer = hdf5.Writer()
    writer.attrs["x"] = values
    with pytest.raises(error, match=message):
        written(writer)


def test_names_are_taken_once():
    writer = hdf5.Writer()
    writer.dataset("a/x", 1)
    for path in ("a/x", "a", "/a/x/", "", "/"):
        with pytest.raises(ValueError, match="needs a name that is not taken"):
            writer.dataset(path, 1)
    with pytest.raises(ValueError, match="'x' is a dataset"):
        writer.dataset("a/x/y", 1)
    with pytest.raises(ValueError, match="no name"):
        writer.group("a/./b")


class Pipe:
    """A file object that can only be written to, a little at a time."""

    def __init__(self):
        self.data = bytearray()

    def write(self, data):
        part = bytes(data[:1000])
        self.data += part
        return len(part)


def test_a_pipe_is_enough():
    pipe = Pipe()
    writer = example()
    writer.write(pipe)
    assert bytes(pipe.data) == written(writer)


def test_large_arrays_are_not_copied():
    class Nowhere:
        def write(self, data):
            return len(data)

    values = np.ones((1024, 1024), "f8")
    writer = hdf5.Writer()
    writer.dataset("plain", values)
    writer.dataset("turned", values.T)
    writer.dataset("swapped", values.astype(">f8"))
    tracemalloc.start()
    writer.write(Nowhere())
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < values.nbytes / 4


def test_a_file_is_replaced_when_all_is_written(tmp_path):
    path = tmp_path / "x.h5"
    writer = example()
    writer.save(path)
    before = path.read_bytes()
    assert before == written(writer)
    writer.attrs["long"] = np.zeros(10_000)
    with pytest.raises(ValueError, match="long"):
        writer.save(path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_h5py_reads_it(tmp_path):
    h5py = pytest.importorskip("h5py")
    example().save(tmp_path / "x.h5")
    with h5py.File(tmp_path / "x.h5") as file:
        for name, values in c.PLAIN.items():
            assert file[name].dtype == values.dtype.newbyteorder("="), name
            np.testing.assert_array_equal(file[name][()], values)
        for name, values in c.TEXTS.items():
            found = file[name].asstr()[()]
            np.testing.assert_array_equal(found, values)
        assert list(file["many"]) == c.MANY and file["many/member_299"][()] == 10
        assert len(file["empty/inside"]) == 0
        for thing in (file, file["a/b"], file["scalar_too"]):
            assert set(thing.attrs) == set(ATTRIBUTES)
            for name, value in ATTRIBUTES.items():
                expected = value.decode() if isinstance(value, bytes) else value
                np.testing.assert_array_equal(thing.attrs[name], expected)


def test_h5py_changes_it(tmp_path):
    """What libhdf5 takes for granted when it changes a file is there, too."""
    h5py = pytest.importorskip("h5py")
    example().save(tmp_path / "x.h5")
    with h5py.File(tmp_path / "x.h5", "r+") as file:
        for i in range(100):
            file[f"many/more_{i:03}"] = i
            file[f"empty/new_{i}"] = i
        file.attrs["added"] = "a" * 100
        file.attrs["number"] = 8
        del file["a/b/c/d"]
        file["scalar_too"][()] = 4.5
    with hdf5.File(tmp_path / "x.h5") as file:
        assert list(file["many"]) == [*c.MANY, *(f"more_{i:03}" for i in range(100))]
        assert file["empty/new_99"].read() == 99 and file["scalar_too"].read() == 4.5
        assert file.attrs["added"] == "a" * 100 and file.attrs["number"] == 8
        assert list(file["a/b/c"]) == []


def test_h5py_reads_bfloat16(tmp_path):
    h5py, ml_dtypes = pytest.importorskip("h5py"), pytest.importorskip("ml_dtypes")
    writer = hdf5.Writer()
    writer.dataset("x", c.BFLOAT16.astype(ml_dtypes.bfloat16))
    writer.save(tmp_path / "x.h5")
    with h5py.File(tmp_path / "x.h5") as file:
        assert file["x"].attrs["dtype"] == "bfloat16"
        np.testing.assert_array_equal(file["x"][()].view("u2"), c.bfloat16_bits())


def copied(file):
    """All of a file that was read, to be written again."""
    writer = hdf5.Writer()
    pending = [(file, writer)]
    while pending:
        old, new = pending.pop()
        new.attrs.update(old.attrs)
        for name in old:
            if isinstance(old[name], hdf5.Dataset):
                new.dataset(name, old[name].read(), attrs=dict(old[name].attrs))
            else:
                pending.append((old[name], new.group(name)))
    return writer


@pytest.mark.parametrize("name", ["keras.weights", "whole_model"])
def test_keras_reads_what_was_read_and_written(name, tmp_path):
    keras = pytest.importorskip("keras")
    pytest.importorskip("ml_dtypes")
    with hdf5.File(c.FIXTURES / f"{name}.h5") as file:
        path = tmp_path / f"{name}.h5"
        copied(file).save(path)
    if name == "whole_model":
        model = keras.saving.load_model(path, compile=False)
    else:
        model = keras.saving.load_model(c.FIXTURES / "model.keras", compile=False)
        for weight in model.weights:
            weight.assign(np.zeros(weight.shape))
        model.load_weights(path)
    with np.load(c.FIXTURES / "keras_values.npz") as expected:
        names = list(expected)
        for key, weight in zip(
            names, (w for layer in model.layers for w in layer.weights), strict=True
        ):
            np.testing.assert_array_equal(np.asarray(weight), expected[key])
