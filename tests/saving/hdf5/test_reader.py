"""Files of h5py and of real Keras are read as they were written."""

from __future__ import annotations

import tracemalloc
import zipfile

import numpy as np
import pytest

from annette.saving import hdf5
from tests.saving.hdf5 import contents as c


def same(found, expected):
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype.newbyteorder("=")
    np.testing.assert_array_equal(found, expected)


def fixture(name):
    return hdf5.File(c.FIXTURES / f"{name}.h5")


@pytest.fixture(params=["old", "v108", "latest"])
def form(request):
    return request.param


def test_arrays_of_every_kind(form):
    with fixture(f"plain_{form}") as file:
        for name, values in {**c.PLAIN, **c.TEXTS}.items():
            dataset = file[name]
            assert dataset.shape == values.shape, name
            assert dataset.dtype == values.dtype.newbyteorder("="), name
            assert dataset.nbytes == values.size * dataset.dtype.itemsize
            same(dataset.read(), values)


def test_values_can_be_changed_and_outlive_the_file(form):
    with fixture(f"plain_{form}") as file:
        read = file["a/b/c/d"].read()
        compact = file["compact"].read()
    read += 1
    np.testing.assert_array_equal(read, c.PLAIN["a/b/c/d"] + 1)
    same(compact, np.arange(5.0))


def test_fixed_strings_end_where_their_padding_begins(form):
    with fixture(f"plain_{form}") as file:
        np.testing.assert_array_equal(file["spaced"].read(), c.SPACED)
        np.testing.assert_array_equal(file["ended"].read(), c.SPACED)


@pytest.mark.parametrize("name", ["brain", "native_brain"])
def test_bfloat16_by_itself(form, name):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    with fixture(f"plain_{form}") as file:
        read = file[name].read()
        assert file[name].dtype == read.dtype == ml_dtypes.bfloat16
    np.testing.assert_array_equal(read.view("u2"), c.bfloat16_bits())


@pytest.mark.parametrize("name", ["brain", "native_brain"])
def test_bfloat16_as_float32_where_ml_dtypes_is_missing(form, name, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    with fixture(f"plain_{form}") as file:
        read = file[name].read()
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read.view("u4"), c.bfloat16_bits().astype("u4") << 16)


@pytest.mark.parametrize("place", ["/", "a/b", "scalar"])
def test_attributes(form, place):
    with fixture(f"plain_{form}") as file:
        attrs = file[place].attrs if place != "/" else file.attrs
        assert set(attrs) == set(c.ATTRIBUTES)
        for name, value in c.ATTRIBUTES.items():
            found = attrs[name]
            assert type(found) is type(value), name
            np.testing.assert_array_equal(found, value)
            assert getattr(found, "dtype", None) == getattr(value, "dtype", None), name
        assert attrs.joined("layer_names").tolist() == ["dense", "dense_1"]
        with pytest.raises(KeyError, match="no attribute 'missing'"):
            attrs.joined("missing")
        with pytest.raises(KeyError, match="missing"):
            attrs["missing"]


def test_an_attribute_that_is_changed_is_whole_when_asked_again(form):
    with fixture(f"plain_{form}") as file:
        file.attrs["matrix"][:] = 0
        np.testing.assert_array_equal(file.attrs["matrix"], c.ATTRIBUTES["matrix"])


def test_a_group_is_a_mapping(form):
    with fixture(f"plain_{form}") as file:
        assert list(file["a/b"]) == ["c"]
        assert list(file["empty"]) == ["inside"] and len(file["empty/inside"]) == 0
        assert "a/b/c" in file and "a/x" not in file and "scalar/x" not in file
        assert file["a"]["/flag"].name == "/flag"
        assert file["a/b"] is file["/a/b/"]
        assert sorted(file) == list(file)
        with pytest.raises(KeyError, match="'/a' has no member 'x'"):
            file["a/x/y"]


def test_soft_links_lead_within_the_file(form):
    with fixture(f"plain_{form}") as file:
        assert file["soft"] is file["a/b/c/d"]
        assert file["again"] is file["scalar"]
        with pytest.raises(KeyError):
            file["lost"]
        for path in ("a/near", "a/near/d"):
            with pytest.raises(
                hdf5.FormatError, match="'/a/near' is a soft link to the group '/a/b/c'"
            ):
                file[path]


def test_walking_comes_to_all_datasets(form):
    with fixture(f"plain_{form}") as file:
        found = [dataset.name.lstrip("/") for dataset in file.walk()]
    extra = {"compact", "spaced", "ended", "brain", "native_brain"}
    assert {*found} - {"again"} >= {*c.PLAIN, *c.TEXTS, *extra} - {"scalar"}
    assert "soft" not in found


@pytest.mark.parametrize("form", ["old", "latest", "v200"])
def test_chunks_by_every_index(form):
    cases = {"old": c.CHUNKED, "latest": {**c.CHUNKED, **c.PAGED}}.get(form)
    cases = cases or {name: c.CHUNKED[name] for name in c.NEWEST}
    with fixture(f"chunked_{form}") as file:
        for name, (values, _, _) in cases.items():
            same(file[name].read(), values)
            same(file[name].read(), values)
        same(file["implicit"].read(), c.EARLY)
        same(file["edges"].read(), c.EDGES)


def test_groups_of_many_members(form):
    with fixture(f"many_{form}") as file:
        assert list(file["many"]) == c.MANY
        for name in c.MANY:
            same(file["many"][name].read(), np.arange(3, dtype="i1"))
        attributes = dict(file["many"].attrs)
        same(attributes.pop("large"), c.LARGE_ATTRIBUTE)
        assert attributes == c.MANY_ATTRIBUTES
        same(file["one"].attrs["large"], c.LARGE_ATTRIBUTE)
        assert [file["ordered"][name].attrs["own"] for name in "xyz"] == ["x", "y", "z"]


def test_a_user_block_is_passed_over():
    with fixture("userblock") as file:
        same(file["x"].read(), np.arange(3))


def test_bytes_are_read_as_files_are():
    raw = (c.FIXTURES / "plain_old.h5").read_bytes()
    for source in (raw, bytearray(raw), memoryview(raw)):
        with hdf5.File(source) as file:
            same(file["a/b/c/d"].read(), c.PLAIN["a/b/c/d"])


def test_nothing_is_read_from_a_closed_file():
    with fixture("plain_old") as file:
        dataset = file["edge"]
    with pytest.raises(ValueError, match="closed"):
        dataset.read()
    with pytest.raises(ValueError, match="closed"):
        file["edge"]


@pytest.mark.parametrize("dtype", ["f4", "bool"])
def test_values_are_copied_once(dtype, tmp_path):
    writer = hdf5.Writer()
    writer.dataset("x", np.zeros((512, 1024), dtype))
    writer.save(tmp_path / "x.h5")
    with hdf5.File(tmp_path / "x.h5") as file:
        dataset = file["x"]
        tracemalloc.start()
        read = dataset.read()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert most < 1.1 * read.nbytes + 2**16


def test_objects_say_what_they_are():
    with fixture("plain_old") as file:
        assert file["a/b/c/d"].shape == (2, 2)
        assert "shape (2, 2)" in repr(file["a/b/c/d"]) and "'/a'" in repr(file["a"])


def _keras_values():
    with np.load(c.FIXTURES / "keras_values.npz") as values:
        layers = {}
        for name in values:
            layer, number, weight = name.split("/")
            layers.setdefault(layer, {})[int(number)] = weight, values[name]
        return layers


def _weights(file):
    """The weights of the saved model by layer, as Keras 3 numbers them."""
    kinds = {"first": "dense", "norm": "batch_normalization", "second": "dense_1"}
    for layer, weights in _keras_values().items():
        group = file["layers"][kinds[layer] if kinds[layer] in file["layers"] else layer]["vars"]
        assert len(group) == len(weights)
        for number, (_, values) in weights.items():
            yield group[str(number)].read(), values


def test_weights_of_keras():
    with fixture("keras.weights") as file:
        for found, expected in _weights(file):
            same(found, expected)


def test_weights_in_an_archive_of_keras():
    with zipfile.ZipFile(c.FIXTURES / "model.keras") as archive:
        raw = archive.read("model.weights.h5")
    with hdf5.File(raw) as file:
        for found, expected in _weights(file):
            same(found, expected)


def test_a_whole_model_of_keras_2():
    with fixture("whole_model") as file:
        assert file.attrs["backend"] == "jax"
        assert '"Sequential"' in file.attrs["model_config"]
        assert "mse" in file.attrs["training_config"]
        weights = file["model_weights"]
        assert weights.attrs.joined("layer_names").tolist() == [*_keras_values()]
        for layer, expected in _keras_values().items():
            names = weights[layer].attrs.joined("weight_names")
            assert len(names) == len(expected)
            for name, (_, values) in zip(
                names, (expected[i] for i in sorted(expected)), strict=True
            ):
                same(weights[layer][name].read(), values)
