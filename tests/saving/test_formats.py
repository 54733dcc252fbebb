"""Each format keeps the same, and reads what other programs write in it."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest

import annette as keras
from annette import layers
from annette.saving import files, npz, safetensors, sharing

from . import programs, zoo

HERE = Path(__file__).parent / "fixtures"
X = np.linspace(-1, 1, 20, dtype="float32").reshape(5, 4)
WHOLE = ("m.keras", "m.h5", "m.hdf5", "m.safetensors", "folder")
WEIGHTS = ("w.weights.h5", "w.weights.json", "w.safetensors", "w.npz")


def two(units=3, names=("first", "second")):
    row = [layers.Dense(units, name=names[0]), layers.Dense(2, name=names[1])]
    return keras.Sequential([keras.Input((4,)), *row])


def trained(units=3, optimizer="adam"):
    keras.utils.set_random_seed(1)
    model = two(units)
    model.compile(optimizer, "mse", metrics=["mae"])
    model.fit(X, np.ones((5, 2)), verbose=0)
    return model


def save(model, path, **kwargs):
    if path.name in WHOLE:
        model.save(path, **({"zipped": False} if path.name == "folder" else {}), **kwargs)
    else:
        shards = {"max_shard_size": 80 / 2**30} if path.suffix == ".json" else {}
        model.save_weights(path, **shards, **kwargs)


def same(model, other):
    pairs = zip(model.get_weights(), other.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def state(model):
    return [v.numpy() for v in model.optimizer.variables]


# --- every format -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_model_goes_on_bit_for_bit(name, tmp_path):
    model = trained(optimizer=keras.optimizers.AdamW(0.01, use_ema=True))
    save(model, tmp_path / name)
    loaded = keras.models.load_model(tmp_path / name)
    for a, b in zip(state(model), state(loaded), strict=True):
        np.testing.assert_array_equal(a, b)
    for _ in range(2):
        assert model.train_on_batch(X, X[:, :2]) == loaded.train_on_batch(X, X[:, :2])
    assert same(model, loaded)
    apart = keras.models.load_model(tmp_path / name, compile=False)
    assert apart.optimizer is None and not apart.compiled


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_fit_a_model_with_other_names(name, tmp_path):
    model, other = trained(), two(names=("a", "b"))
    other.compile("adam", "mse")
    other.optimizer.build(other.trainable_variables)
    save(model, tmp_path / name)
    other.load_weights(tmp_path / name)
    assert same(model, other)
    for a, b in zip(state(model), state(other), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_of_other_shapes_change_nothing(name, tmp_path):
    save(trained(5), tmp_path / name)
    other = two(3)
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"shape \(4, 3\).*\(4, 5\).*Nothing was changed"):
        other.load_weights(tmp_path / name)
    for a, b in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.warns(UserWarning, match="do not fit"):
        other.load_weights(tmp_path / name, skip_mismatch=True)


@pytest.mark.parametrize("name", WEIGHTS)
def test_more_layers_than_the_model_has_are_left_out_with_a_warning(name, tmp_path):
    model = trained()
    save(model, tmp_path / name)
    other = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    with pytest.warns(UserWarning, match="which the model has not. They are left out"):
        other.load_weights(tmp_path / name)
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])


@pytest.mark.parametrize("name", WEIGHTS)
def test_objects_to_skip_stay_as_they_are(name, tmp_path):
    model, other = trained(), two()
    save(model, tmp_path / name)
    before = other.layers[0].get_weights()
    other.load_weights(tmp_path / name, objects_to_skip=[other.layers[0]])
    np.testing.assert_array_equal(before[0], other.get_weights()[0])
    np.testing.assert_array_equal(model.get_weights()[2], other.get_weights()[2])


@keras.saving.register_keras_serializable(package="formats")
class Counting(layers.Layer):
    """A layer with weights of several dtypes."""

    def build(self, shape):
        self.count = self.add_weight((3,), "ones", dtype="int64", trainable=False)
        self.flags = self.add_weight((2,), "zeros", dtype="bool", trainable=False)
        self.small = self.add_weight((2,), "zeros", dtype="int8", trainable=False)

    def call(self, x):
        return x


@pytest.mark.parametrize("dtype", ["float16", "float64", "bfloat16"])
@pytest.mark.parametrize("name", WHOLE + WEIGHTS)
def test_dtypes_stay(name, dtype, tmp_path):
    if dtype == "bfloat16":
        pytest.importorskip("ml_dtypes")
    rows = [keras.Input((4,)), layers.Dense(2, dtype=dtype), Counting()]
    model = keras.Sequential(rows)
    model.layers[1].count.assign(np.array([1, -(2**40), 3]))
    model.layers[1].flags.assign(np.array([True, False]))
    model.layers[1].small.assign(np.array([-128, 127]))
    save(model, tmp_path / name)
    if name in WHOLE:
        other = keras.models.load_model(tmp_path / name)
    else:
        other = keras.models.clone_model(model)
        other.load_weights(tmp_path / name)
    for a, b in zip(model.weights, other.weights, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a.numpy(), b.numpy())


@keras.saving.register_keras_serializable(package="formats")
class Kept(layers.Layer):
    """A layer that keeps a text of its own in a file."""

    text = "nothing"

    def call(self, x):
        return x

    def save_assets(self, folder):
        Path(folder, "kept.txt").write_text(self.text, "utf-8")

    def load_assets(self, folder):
        self.text = Path(folder, "kept.txt").read_text("utf-8")


@pytest.mark.parametrize("name", WHOLE)
def test_what_layers_keep_in_files_is_there_or_refused(name, tmp_path):
    model = keras.Sequential([keras.Input((4,)), Kept(), Kept()])
    model.layers[1].text = "grüße\n"
    if name in ("m.h5", "m.hdf5"):
        with pytest.raises(ValueError, match=r"no place.*\.keras"):
            save(model, tmp_path / name)
        return
    save(model, tmp_path / name)
    loaded = keras.models.load_model(tmp_path / name)
    assert [layer.text for layer in loaded.layers] == ["nothing", "grüße\n"]


@pytest.mark.parametrize("name", [*WHOLE, *WEIGHTS])
def test_a_model_of_every_layer(name, tmp_path):
    path = tmp_path / name
    for layer in zoo.names(keras):
        model = zoo.make(keras, layer)
        if name == "w.weights.json":
            model.save_weights(path, max_shard_size=1e-3)
        else:
            save(model, path)
        if name in WHOLE:
            other = keras.models.load_model(path)
        else:
            other = zoo.make(keras, layer)
            other.set_weights([np.zeros_like(w) for w in other.get_weights()])
            other.load_weights(path)
        assert same(model, other), layer


def test_options_that_are_not_known(tmp_path):
    with pytest.raises(ValueError, match="'signatures'"):
        two().save(tmp_path / "m.keras", signatures=1)
    with pytest.raises(ValueError, match="'by_nome'"):
        two().load_weights(tmp_path / "m.keras", by_nome=1)
    two().save(tmp_path / "m.keras", include_optimizer=False, save_format="keras")


# --- .h5 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", programs.OLD)
def test_an_h5_file_of_keras_3_goes_on_as_in_keras(name):
    expected = json.loads((HERE / "trained.json").read_text("utf-8"))[name]
    model = keras.models.load_model(HERE / f"{name}.h5")
    x, y = programs.data(model)
    loss = model.train_on_batch(x, y, return_dict=True)["loss"]
    np.testing.assert_allclose(loss, expected["loss"], rtol=2e-5)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected["after"], rtol=1e-4, atol=1e-5)


def test_an_h5_file_may_do_without_the_optimizer(tmp_path):
    trained().save(tmp_path / "m.h5", include_optimizer=False)
    assert not keras.models.load_model(tmp_path / "m.h5").compiled


@keras.saving.register_keras_serializable(package="formats")
class Own(keras.Model):
    """A model with a weight of its own, and layers in attributes."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inside = layers.Dense(2)
        self.factor = self.add_weight((), "ones", name="factor")

    def call(self, x):
        return self.inside(x) * self.factor


@pytest.mark.parametrize("name", WHOLE)
def test_a_model_of_ones_own(name, tmp_path):
    model = Own()
    model(X)
    model.factor.assign(3.0)
    save(model, tmp_path / name)
    loaded = keras.models.load_model(tmp_path / name)
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


def test_layers_of_one_name_have_no_place_in_h5(tmp_path):
    class Twins(keras.Model):
        def __init__(self):
            super().__init__()
            self.a, self.b = layers.Dense(2, name="twin"), layers.Dense(2, name="twin")

        def call(self, x):
            return self.a(x) + self.b(x)

    model = Twins()
    model(X)
    with pytest.raises(ValueError, match="'twin' would be there twice"):
        model.save(tmp_path / "m.h5")
    assert os.listdir(tmp_path) == []


# --- safetensors --------------------------------------------------------------------------------


def test_a_file_of_the_safetensors_package(tmp_path):
    with open(HERE / "plain.safetensors", "rb") as file:
        arrays, metadata, own = safetensors.parse(memoryview(file.read()), "plain")
    assert own is None and metadata == {"made by": "the safetensors package"}
    for name in ("bool", "int8", "uint16", "int64", "uint64", "float16", "float64"):
        values = arrays[name].read()
        assert values.dtype == np.dtype(name)
        np.testing.assert_array_equal(values, np.array([0, 1, 3]).astype(name))
    np.testing.assert_array_equal(arrays["brain"].read().astype("float32"), [1, -3.5, 0.0078125])
    assert arrays["empty"].read().shape == (0, 3) and arrays["one"].read() == 2.5
    model = two()
    with pytest.warns(UserWarning, match="'brain'"):
        model.load_weights(HERE / "plain.safetensors")
    expected = np.arange(12, dtype="float32").reshape(4, 3) / 8
    np.testing.assert_array_equal(model.layers[0].kernel.numpy(), expected)
    np.testing.assert_array_equal(model.layers[1].kernel.numpy(), expected[:3, :2] - 1)
    with pytest.raises(ValueError, match="no model"):
        keras.models.load_model(HERE / "plain.safetensors")


def test_what_others_read_in_our_safetensors(tmp_path):
    model = trained()
    model.save_weights(tmp_path / "w.safetensors")
    data = (tmp_path / "w.safetensors").read_bytes()
    count = struct.unpack("<Q", data[:8])[0]
    assert count % 8 == 0
    header = json.loads(data[8 : 8 + count])
    entry = header["first/kernel"]
    assert entry["dtype"] == "F32" and entry["shape"] == [4, 3]
    start, end = (8 + count + n for n in entry["data_offsets"])
    found = np.frombuffer(data[start:end], "<f4").reshape(4, 3)
    np.testing.assert_array_equal(found, model.layers[0].kernel.numpy())
    assert all(isinstance(text, str) for text in header["__metadata__"].values())


@pytest.mark.skipif(
    "ANNETTE_SAFETENSORS_PYTHON" not in os.environ,
    reason="ANNETTE_SAFETENSORS_PYTHON names no Python",
)
def test_the_safetensors_package_reads_our_files(tmp_path):
    model = trained()
    model.save(tmp_path / "m.safetensors")
    script = Path(__file__).parent / "make_safetensors.py"
    found = subprocess.run(
        [os.environ["ANNETTE_SAFETENSORS_PYTHON"], script, tmp_path / "m.safetensors"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    arrays = json.loads(found.stdout)["arrays"]
    shape, dtype, total = arrays["first/kernel"]
    assert (shape, dtype) == ([4, 3], "float32")
    np.testing.assert_allclose(total, model.layers[0].kernel.numpy().astype("float64").sum())


def tensors(header, body=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def entry(shape, start, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


HOSTILE = {
    "nothing": b"",
    "cut short": b"\x10\0\0\0\0\0\0\0{",
    "a header as long as memory": tensors({}, length=2**62),
    "no JSON": tensors(b"{]"),
    "a list": tensors(b"[1]"),
    "depth": tensors(b'{"a":' + b"[" * 100_000),
    "many lists": tensors(b'{"a":[' + b"[]," * 500_000 + b"[]]}"),
    "a name twice": tensors(b'{"a":' + json.dumps(entry([1], 0, 4)).encode() + b',"a":'
                            + json.dumps(entry([1], 0, 4)).encode() + b"}", bytes(4)),
    "past the end": tensors({"a": entry([2], 0, 8)}, bytes(4)),
    "before the beginning": tensors({"a": entry([1], -4, 0)}, bytes(4)),
    "a product past 64 bits": tensors({"a": entry([2**33, 2**33, 0, 2**33], 0, 4)}, bytes(4)),
    "a shape of more": tensors({"a": entry([1000], 0, 4)}, bytes(4)),
    "sharing": tensors({"a": entry([1], 0, 4), "b": entry([1], 0, 4)}, bytes(4)),
    "a gap": tensors({"a": entry([1], 4, 8)}, bytes(8)),
    "bytes behind": tensors({"a": entry([1], 0, 4)}, bytes(8)),
    "a dtype of nobody": tensors({"a": entry([1], 0, 8, "PICKLE")}, bytes(8)),
    "true for a number": tensors({"a": entry([True], 0, 4)}, bytes(4)),
    "many dimensions": tensors({"a": entry([1] * 1000, 0, 4)}, bytes(4)),
    "metadata of numbers": tensors({"__metadata__": {"a": 1}}),
    "an entry too much": tensors({"a": {**entry([1], 0, 4), "more": 1}}, bytes(4)),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_safetensors_that_are_refused(name, tmp_path):
    (tmp_path / "bad.safetensors").write_bytes(HOSTILE[name])
    for load in (keras.models.load_model, two().load_weights):
        with pytest.raises(ValueError, match="cannot be read as safetensors"):
            load(tmp_path / "bad.safetensors")


# --- npz ----------------------------------------------------------------------------------------


def test_numpy_reads_our_npz(tmp_path):
    model = trained()
    model.save_weights(tmp_path / "w.npz")
    with np.load(tmp_path / "w.npz", allow_pickle=False) as found:
        np.testing.assert_array_equal(found["first/kernel"], model.layers[0].kernel.numpy())
        assert int(found[model.optimizer.variables[0].path]) == 1
        assert "checksums" in json.loads(found["__annette__"].tobytes())["annette"]


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("by", ["path", "place"])
def test_npz_files_of_numpy(write, by, tmp_path):
    rng = np.random.default_rng(0)
    kernels = [rng.normal(size=shape) for shape in ((4, 3), (3,), (3, 2), (2,))]
    paths = ["first/kernel", "first/bias", "second/kernel", "second/bias"]
    if by == "place":
        paths = [f"layers/dense{n}/vars/{i}" for n in ("", "_1") for i in "01"]
    kernels[0] = np.asfortranarray(kernels[0])
    kernels[2] = kernels[2].astype(">f4")
    write(tmp_path / "w.npz", **dict(zip(paths, kernels, strict=True)))
    model = two()
    model.load_weights(tmp_path / "w.npz")
    for a, b in zip(model.get_weights(), kernels, strict=True):
        np.testing.assert_array_equal(a, b.astype("float32"))


def npz_file(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def npy(descr="'<f4'", shape="(4, 3)", body=bytes(48), more=""):
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}{more}}}\n".encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text + body


def test_the_harmless_twin_of_what_is_refused(tmp_path):
    npz_file(tmp_path / "w.npz", {"first/kernel.npy": npy()})
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, use_bias=False, name="first")])
    model.load_weights(tmp_path / "w.npz")
    assert not model.get_weights()[0].any()


@pytest.mark.parametrize(
    "data",
    [
        npy("'|O'"), npy("[('a', '<f4')]"), npy("'<f4' if 1 else 2"), npy("__import__('os')"),
        npy(shape="(4, 3"), npy(shape="(-4, 3)"), npy(shape="(2**40,)"), npy(shape="[4, 3]"),
        npy(shape="(4, 3000000000)"), npy(body=bytes(40)), npy(body=bytes(56)), npy("'<U12'"),
        npy(more=", 'x': 1"), b"", b"\x93NUMPY\1\0\xff\xff{", b"\x80\x04pickle", npy("'<f16'"),
        npy(shape="(" * 9000),
    ],
)  # fmt: skip
def test_npz_members_that_are_refused(data, tmp_path):
    npz_file(tmp_path / "w.npz", {"first/kernel.npy": data})
    with pytest.raises(ValueError, match=r"'.*w\.npz' is refused"):
        two().load_weights(tmp_path / "w.npz")


@pytest.mark.parametrize("name", ["../first/kernel.npy", "/first.npy", "run.py", "a\\b.npy"])
def test_npz_members_of_odd_names_are_refused(name, tmp_path):
    npz_file(tmp_path / "w.npz", {name: npy()})
    with pytest.raises(ValueError, match="is refused"):
        two().load_weights(tmp_path / "w.npz")


def test_no_more_of_an_npz_is_unpacked_than_fits(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "w.npz", **{"first/kernel": np.zeros((4, 10**6), "float32")})
    monkeypatch.setattr(npz.Archive, "read", lambda self, name: pytest.fail("it was unpacked"))
    with pytest.raises(ValueError, match="shape"):
        keras.Sequential(
            [keras.Input((4,)), layers.Dense(3, use_bias=False, name="first")]
        ).load_weights(tmp_path / "w.npz")


# --- shards -------------------------------------------------------------------------------------


def test_shards_are_as_large_as_they_may_be(tmp_path):
    model = keras.Sequential([keras.Input((100,)), layers.Dense(30), layers.Dense(20)])
    model.save_weights(tmp_path / "w.weights.h5", max_shard_size=13_000 / 2**30)
    assert sorted(os.listdir(tmp_path)) == [
        "w.weights.json", "w_00000.weights.h5", "w_00001.weights.h5",
    ]  # fmt: skip
    listed = json.loads((tmp_path / "w.weights.json").read_text())
    assert listed["weight_map"] == {
        "/layers/dense/vars": ["w_00000.weights.h5"],
        "/layers/dense_1/vars": ["w_00001.weights.h5"],
    }
    assert listed["metadata"]["total_size"] == 4.0 * (3000 + 30 + 600 + 20)
    with pytest.raises(ValueError, match="larger max_shard_size"):
        model.save_weights(tmp_path / "w.weights.json", max_shard_size=1000 / 2**30)
    for size in (0, -1, "much", float("nan")):
        with pytest.raises(ValueError, match="a number above 0"):
            model.save_weights(tmp_path / "w.weights.json", max_shard_size=size)
    with pytest.raises(ValueError, match="needs max_shard_size"):
        model.save_weights(tmp_path / "w.weights.json")
    with pytest.raises(ValueError, match=r"must end in `\.weights\.json`"):
        model.save_weights(tmp_path / "w.npz", max_shard_size=1)


@pytest.fixture
def sharded(tmp_path):
    path = tmp_path / "w.weights.json"
    first, second = trained(), trained(optimizer="sgd")
    second.set_weights([w + 1 for w in second.get_weights()])
    save(first, path)
    return path, first, second


def test_at_every_failure_the_former_shards_or_the_new_ones_are_there(sharded, monkeypatch):
    path, first, second = sharded
    calls = 0
    while True:
        left = [calls]

        def failing(*args, left=left, real=os.replace):
            left[0] -= 1
            if left[0] < 0:
                raise OSError(28, "No space left on device")
            return real(*args)

        monkeypatch.setattr(files, "_replace", failing)
        try:
            save(second, path)
            failed = False
        except OSError:
            failed = True
        monkeypatch.undo()
        loaded = two()
        loaded.load_weights(path)
        assert same(loaded, first) or same(loaded, second)
        if not failed:
            break
        save(first, path)
        assert not [n for n in os.listdir(path.parent) if n.count(".") > 2]
        calls += 1
    assert calls > 4 and same(loaded, second)
    shards = json.loads(path.read_text())["metadata"]["annette"]["checksums"]
    assert sorted(os.listdir(path.parent)) == sorted([path.name, *shards])


def test_shards_that_do_not_belong_together_are_refused(sharded, tmp_path):
    path, _, second = sharded
    before = (tmp_path / "w_00000.weights.h5").read_bytes()
    save(second, path)
    (tmp_path / "w_00000.weights.h5").write_bytes(before)
    with pytest.raises(ValueError, match="of another time than the others"):
        two().load_weights(path)
    os.unlink(tmp_path / "w_00000.weights.h5")
    with pytest.raises(ValueError, match="missing"):
        two().load_weights(path)


@pytest.mark.parametrize(
    "name", ["../w.weights.h5", "/w.weights.h5", "w.keras", "a\0.weights.h5", 1, None],
)  # fmt: skip
def test_lists_of_shards_name_files_beside_them(name, tmp_path):
    text = json.dumps({"metadata": {}, "weight_map": {"/vars": [name]}})
    (tmp_path / "w.weights.json").write_text(text)
    with pytest.raises(ValueError, match=r"w\.weights\.json"):
        two().load_weights(tmp_path / "w.weights.json")


def test_a_list_of_shards_without_checksums_loads(sharded):
    path, first, _ = sharded
    listed = json.loads(path.read_text())
    del listed["annette_sha256"], listed["metadata"]["annette"]
    path.write_text(json.dumps(listed))
    loaded = two()
    loaded.load_weights(path)
    assert same(loaded, first)


# --- folders ------------------------------------------------------------------------------------


def test_a_folder_is_replaced_whole(tmp_path):
    first, second = trained(), trained(5)
    first.save(tmp_path / "model", zipped=False)
    second.save(tmp_path / "model", zipped=False)
    assert same(keras.models.load_model(tmp_path / "model"), second)
    assert os.listdir(tmp_path) == ["model"]
    with pytest.raises(FileExistsError, match="overwrite"):
        first.save(tmp_path / "model", overwrite=False, zipped=False)
    with pytest.raises(ValueError, match=r"must not end in \.keras"):
        first.save(tmp_path / "model.keras", zipped=False)


def test_a_failing_write_leaves_the_former_folder(tmp_path, monkeypatch):
    first = trained()
    first.save(tmp_path / "model", zipped=False)
    for call in ("_open", "_fsync"):

        def fail(*args, **kwargs):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(files, call, fail)
        with pytest.raises(OSError, match=r"No space.*folder was not written.*as it was") as info:
            trained(5).save(tmp_path / "model", zipped=False)
        assert str(tmp_path / "model") in str(info.value)
        monkeypatch.undo()
        assert same(keras.models.load_model(tmp_path / "model"), first)
        assert os.listdir(tmp_path) == ["model"]


def test_what_is_no_folder_of_a_model_stays(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    with pytest.raises(OSError, match="something other than a model's folder"):
        trained().save(tmp_path / "home", zipped=False)
    (tmp_path / "file").write_text("dear")
    with pytest.raises(OSError, match="something other than a model's folder"):
        trained().save(tmp_path / "file", zipped=False)
    assert (tmp_path / "home" / "letter.txt").read_text() == "dear"


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5", "assets", "run.py"])
def test_links_and_strangers_in_a_folder_are_refused(name, tmp_path):
    trained().save(tmp_path / "model", zipped=False)
    inside, outside = tmp_path / "model" / name, tmp_path / "outside"
    if inside.exists():
        inside.rename(outside)
    else:
        outside.mkdir()
    inside.symlink_to(outside)
    with pytest.raises(ValueError, match=r"is a link|no part of a model"):
        keras.models.load_model(tmp_path / "model")


# --- what is shared -----------------------------------------------------------------------------


@keras.saving.register_keras_serializable(package="formats")
class Around(layers.Layer):
    """A layer around another one, which may be around others too."""

    def __init__(self, inside, **kwargs):
        super().__init__(**kwargs)
        self.inside = inside

    def call(self, x):
        return self.inside(x)

    def get_config(self):
        inside = keras.saving.serialize_keras_object(self.inside)
        return {**super().get_config(), "inside": inside}

    @classmethod
    def from_config(cls, config):
        inside = keras.saving.deserialize_keras_object(config["inside"])
        return cls(**{**config, "inside": inside})


def around_one():
    one = layers.Dense(4, name="one")
    return keras.Sequential([keras.Input((4,)), *(Around(one) for _ in range(3))])


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.safetensors"])
def test_a_layer_in_several_layers_is_one_again(name, tmp_path):
    model = around_one()
    save(model, tmp_path / name)
    loaded = keras.models.load_model(tmp_path / name)
    assert len({id(layer.inside) for layer in loaded.layers}) == 1
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


def test_numbers_of_shared_objects_as_keras_writes_them(tmp_path):
    """Keras numbers an object from the second time on."""
    model = around_one()
    model.save(tmp_path / "m", zipped=False)
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    inner = [layer["config"]["inside"] for layer in config["config"]["layers"][1:]]
    assert inner[0].pop(sharing.KEY) == inner[1][sharing.KEY] == inner[2][sharing.KEY]
    (tmp_path / "m" / "config.json").write_text(json.dumps(config))
    (tmp_path / "m" / "metadata.json").write_text("{}")
    loaded = keras.models.load_model(tmp_path / "m")
    assert len({id(layer.inside) for layer in loaded.layers}) == 1


def test_one_number_for_two_things_makes_two(tmp_path):
    rows = [Around(layers.Dense(n, name="d")) for n in (4, 2)]
    model = keras.Sequential([keras.Input((4,)), *rows])
    model.save(tmp_path / "m", zipped=False)
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    for layer in config["config"]["layers"][1:]:
        layer["config"]["inside"][sharing.KEY] = 7
    (tmp_path / "m" / "config.json").write_text(json.dumps(config))
    (tmp_path / "m" / "metadata.json").write_text("{}")
    loaded = keras.models.load_model(tmp_path / "m")
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
