"""No torn file, no half-loaded model, and nothing in a file that runs or leads out of it."""

from __future__ import annotations

import builtins
import errno
import io
import json
import os
import stat
import zipfile

import numpy as np
import pytest

import annette as keras
from annette.saving import files

X = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)


def make(units=2, seed=0):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(units), keras.layers.ReLU()])
    model.compile("adam", "mse")
    model.fit(X, np.ones((4, units)), verbose=0)
    return model


WHOLE = ("model.keras", "model.h5", "model.safetensors")
WEIGHTS = ("w.weights.h5", "w.safetensors", "w.npz")


def save(model, path, **kwargs):
    (model.save if path.name in WHOLE else model.save_weights)(path, **kwargs)


@pytest.fixture(params=WHOLE + WEIGHTS)
def saved(request, tmp_path):
    """A file that is there, its bytes, and what would replace it."""
    path = tmp_path / request.param
    save(make(), path)
    return path, path.read_bytes(), lambda: save(make(seed=1), path)


# --- writing ------------------------------------------------------------------------------------


def left_as_it_was(path, before):
    return path.read_bytes() == before and os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("call", ["_open", "_fsync", "_replace"])
def test_a_failing_call_leaves_the_former_file(saved, monkeypatch, call, code):
    path, before, save = saved

    def fail(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(files, call, fail)
    with pytest.raises(OSError, match="what was there before is as it was") as info:
        save()
    assert info.value.errno == code and str(path) in str(info.value)
    assert left_as_it_was(path, before)


class FullDisk(io.FileIO):
    """A file that takes so many writes, and no more."""

    left = 0

    def write(self, data):
        if FullDisk.left == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        FullDisk.left -= 1
        return super().write(data)


def test_a_full_disk_leaves_the_former_file_at_each_write(saved, monkeypatch):
    path, before, save = saved
    monkeypatch.setattr(files, "_created", FullDisk)
    failures = 0
    while True:
        FullDisk.left = failures
        try:
            save()
        except OSError as error:
            assert error.errno == errno.ENOSPC
            assert left_as_it_was(path, before)
            failures += 1
        else:
            break
    monkeypatch.undo()
    assert failures > 5
    assert path.read_bytes() != before
    assert os.listdir(path.parent) == [path.name]


def test_what_a_model_raises_while_it_is_saved_leaves_the_former_file(tmp_path):
    @keras.saving.register_keras_serializable(package="safety")
    class Broken(keras.layers.Layer):
        def call(self, x):
            return x

        def save_own_variables(self, store):
            raise RuntimeError("not today")

    path = tmp_path / "model.keras"
    make().save(path)
    before = path.read_bytes()
    with pytest.raises(RuntimeError, match="not today"):
        keras.Sequential([keras.Input((3,)), Broken()]).save(path)
    assert left_as_it_was(path, before)


def test_the_folder_is_synced_after_the_file_is_renamed(tmp_path, monkeypatch):
    calls = []
    for name in ("_fsync", "_replace"):
        real = getattr(files, name)
        monkeypatch.setattr(
            files, name, lambda *a, n=name, f=real: (calls.append((n, a[0])), f(*a))[1]
        )
    folders = []
    real_open = files._open
    monkeypatch.setattr(
        files, "_open", lambda p, *a, **k: (folders.append(str(p)), real_open(p, *a, **k))[1]
    )
    make().save(tmp_path / "model.keras")
    assert [name for name, _ in calls] == ["_fsync", "_replace", "_fsync"]
    assert folders[-1] == str(tmp_path)


def test_permissions_and_links_stay(tmp_path):
    path, link = tmp_path / "model.keras", tmp_path / "newest.keras"
    make().save(path)
    path.chmod(0o640)
    link.symlink_to(path)
    make(seed=1).save(link)
    assert link.is_symlink() and stat.S_IMODE(path.stat().st_mode) == 0o640


def test_overwrite_false_keeps_what_is_there(saved):
    path, before, _ = saved
    with pytest.raises(FileExistsError, match="overwrite"):
        save(make(seed=1), path, overwrite=False)
    assert left_as_it_was(path, before)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_only_regular_files_are_read_and_replaced(tmp_path):
    for name, load in (("p.keras", keras.models.load_model), ("p.weights.h5", make().load_weights)):
        os.mkfifo(tmp_path / name)
        with pytest.raises(OSError, match="no regular file"):
            load(tmp_path / name)
        os.remove(tmp_path / name)
        os.mkdir(tmp_path / name)
        with pytest.raises(OSError):
            load(tmp_path / name)
    with pytest.raises(OSError, match="other than a regular file"):
        make().save(tmp_path / "p.keras")


# --- loading is all or nothing ------------------------------------------------------------------


def test_nothing_changes_when_a_shape_differs(tmp_path):
    make(2).save_weights(tmp_path / "two.weights.h5")
    other = make(3)
    before = [w.copy() for w in other.get_weights()]
    with pytest.raises(ValueError, match=r"shape \(3, 3\).*\(3, 2\).*Nothing was changed"):
        other.load_weights(tmp_path / "two.weights.h5")
    for a, b in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_nothing_changes_when_the_last_layer_differs(tmp_path):
    def two(units):
        return keras.Sequential(
            [keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dense(units)]
        )

    two(2).save_weights(tmp_path / "two.weights.h5")
    other = two(5)
    before = other.get_weights()
    with pytest.raises(ValueError, match="layers/dense_1"):
        other.load_weights(tmp_path / "two.weights.h5")
    for a, b in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.warns(UserWarning, match="layers/dense_1"):
        other.load_weights(tmp_path / "two.weights.h5", skip_mismatch=True)
    assert not np.array_equal(before[0], other.get_weights()[0])
    np.testing.assert_array_equal(before[2], other.get_weights()[2])


def test_weights_that_the_model_has_no_place_for_are_named(tmp_path):
    def rows(*units):
        return keras.Sequential([keras.Input((3,)), *map(keras.layers.Dense, units)])

    model, other = rows(2, 4), rows(2)
    model.save_weights(tmp_path / "two.weights.h5")
    with pytest.warns(UserWarning, match="'layers/dense_1', which the model has not"):
        other.load_weights(tmp_path / "two.weights.h5")
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])


@keras.saving.register_keras_serializable(package="safety")
class Picky(keras.layers.Layer):
    """A layer that loads itself, and may fail after it has begun."""

    fails = False

    def build(self, input_shape):
        self.a = self.add_weight((2,), "zeros", name="a")
        self.b = self.add_weight((2,), "zeros", name="b")

    def call(self, x):
        return x

    def save_own_variables(self, store):
        store["both"] = np.stack([self.a.numpy(), self.b.numpy()])

    def load_own_variables(self, store):
        self.a.assign(store["both"][0])
        if self.fails:
            raise KeyError("b")
        self.b.assign(store["both"][1])


def test_a_failing_load_own_variables_is_undone(tmp_path):
    def own():
        return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), Picky()])

    model, other = own(), own()
    model.set_weights([w + 7 for w in model.get_weights()])
    model.save_weights(tmp_path / "own.weights.h5")
    before = other.get_weights()
    Picky.fails = True
    try:
        with pytest.raises(ValueError, match=r"Picky\.load_own_variables.*Nothing was changed"):
            other.load_weights(tmp_path / "own.weights.h5")
    finally:
        Picky.fails = False
    for a, b in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    other.load_weights(tmp_path / "own.weights.h5")
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


# --- damaged files ------------------------------------------------------------------------------


def outcome(path):
    """The weights that a file gives, None if it is refused."""
    try:
        if path.name in WHOLE:
            model = keras.models.load_model(path)
        else:
            model = make(seed=2)
            model.load_weights(path)
    except (ValueError, TypeError):
        return None
    return [*model.get_weights(), *(v.numpy() for v in model.optimizer.variables)]


def test_a_file_cut_short_is_refused(saved):
    path, whole, _ = saved
    for end in range(0, len(whole), 523):
        path.write_bytes(whole[:end])
        assert outcome(path) is None


# --- hostile archives ---------------------------------------------------------------------------


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


@pytest.fixture
def parts(tmp_path):
    make().save(tmp_path / "good.keras")
    found = members(tmp_path / "good.keras")
    metadata = json.loads(found["metadata.json"])
    del metadata["annette"]  # as Keras writes it
    return {**found, "metadata.json": json.dumps(metadata).encode()}


def pack(path, contents, **kwargs):
    with zipfile.ZipFile(path, "w", **kwargs) as archive:
        for name, data in contents.items() if isinstance(contents, dict) else contents:
            archive.writestr(name, data)
    return path


def test_an_archive_without_checksums_loads(parts, tmp_path):
    assert keras.models.load_model(pack(tmp_path / "plain.keras", parts)).count_params() == 8
    packed = pack(tmp_path / "packed.keras", parts, compression=zipfile.ZIP_DEFLATED)
    assert keras.models.load_model(packed).count_params() == 8


@pytest.mark.parametrize(
    "name", ["../evil.txt", "/etc/evil", "assets/../../evil", "assets\\..\\evil", "c:evil", "a//b",
             "assets/./x", "run.py"],
)  # fmt: skip
def test_members_that_lead_elsewhere_are_refused(parts, tmp_path, name):
    pack(tmp_path / "bad.keras", {**parts, name: b"x"})
    with pytest.raises(ValueError, match=r"leads out of it|no part of a saved model"):
        keras.models.load_model(tmp_path / "bad.keras")


def test_a_member_twice_is_refused(parts, tmp_path):
    with pytest.warns(UserWarning, match="Duplicate"):
        pack(tmp_path / "bad.keras", [*parts.items(), ("config.json", parts["config.json"])])
    with pytest.raises(ValueError, match="two members"):
        keras.models.load_model(tmp_path / "bad.keras")


def test_a_link_is_refused(parts, tmp_path):
    link = zipfile.ZipInfo("assets/vocabulary.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    pack(tmp_path / "bad.keras", [*parts.items(), (link, b"/etc/passwd")])
    with pytest.raises(ValueError, match="a link"):
        keras.models.load_model(tmp_path / "bad.keras")


def test_sizes_that_cannot_be_are_refused_before_they_are_read(parts, tmp_path):
    path = pack(tmp_path / "bad.keras", parts, compression=zipfile.ZIP_DEFLATED)
    raw = bytearray(path.read_bytes())
    place = raw.rindex(b"model.weights.h5") - 46  # its entry in the directory at the end
    raw[place + 24 : place + 28] = (0xFFFF0000).to_bytes(4, "little")
    path.write_bytes(raw)
    with pytest.raises(ValueError, match="says that"):
        keras.models.load_model(path)


def test_members_that_share_bytes_are_refused(parts, tmp_path):
    path = pack(tmp_path / "bad.keras", {**parts, "assets/a": b"abc", "assets/b": b"abc"})
    raw = bytearray(path.read_bytes())
    first, second = (raw.rindex(name) - 46 for name in (b"assets/a", b"assets/b"))
    raw[second + 42 : second + 46] = raw[first + 42 : first + 46]
    path.write_bytes(raw)
    with pytest.raises(ValueError, match="overlaps"):
        keras.models.load_model(path)


def test_members_that_were_added_or_taken_are_noticed(tmp_path):
    make().save(tmp_path / "good.keras")
    found = members(tmp_path / "good.keras")
    pack(tmp_path / "more.keras", {**found, "assets/new.txt": b"x"})
    with pytest.raises(ValueError, match=r"assets/new\.txt"):
        keras.models.load_model(tmp_path / "more.keras")
    other = found["config.json"].replace(b'"units": 2', b'"units": 3')
    pack(tmp_path / "other.keras", {**found, "config.json": other})
    with pytest.raises(ValueError, match="checksum"):
        keras.models.load_model(tmp_path / "other.keras")


# --- hostile configurations ---------------------------------------------------------------------


def with_layer(parts, path, layer):
    config = json.loads(parts["config.json"])
    config["config"]["layers"].append(layer)
    return pack(path, {**parts, "config.json": json.dumps(config).encode()})


@pytest.mark.parametrize(
    "layer",
    [
        {"module": "os", "class_name": "system", "config": "true", "registered_name": None},
        {"module": "builtins", "class_name": "eval", "config": {}, "registered_name": "eval"},
        {"module": "subprocess", "class_name": "Popen", "config": {"args": "true"}},
        {"module": "builtins", "class_name": "function", "config": "exec"},
        {"module": "annette.saving.files", "class_name": "Hashing", "config": {}},
        {"module": "keras.__main__", "class_name": "main", "config": {}},
        {"module": "antigravity", "class_name": "Layer", "config": {}},
    ],
    ids=lambda layer: f"{layer['module']}.{layer['class_name']}",
)
def test_a_configuration_reaches_for_nothing_else(parts, tmp_path, monkeypatch, layer):
    real = builtins.__import__

    def watched(name, *args, **kwargs):
        assert name != "antigravity"
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", watched)
    monkeypatch.setattr(os, "system", lambda *a: pytest.fail("it ran"))
    with_layer(parts, tmp_path / "bad.keras", layer)
    with pytest.raises((ValueError, TypeError)):
        keras.models.load_model(tmp_path / "bad.keras")


@pytest.mark.parametrize("safe_mode", [True, False])
def test_code_in_a_lambda_never_runs(parts, tmp_path, safe_mode):
    code = {"class_name": "__lambda__", "config": {"code": "4wEAAAA=", "defaults": None}}
    layer = {
        "module": "keras.layers", "class_name": "Lambda", "registered_name": None,
        "config": {"name": "lambda", "function": code},
    }  # fmt: skip
    with_layer(parts, tmp_path / "bad.keras", layer)
    with pytest.raises(ValueError, match="lambda, which is code"):
        keras.models.load_model(tmp_path / "bad.keras", safe_mode=safe_mode)


def test_a_configuration_names_no_files(parts, tmp_path):
    (tmp_path / "words.txt").write_text("a\nb\n")
    layer = {
        "module": "keras.layers", "class_name": "StringLookup", "registered_name": None,
        "config": {"name": "words", "vocabulary": str(tmp_path / "words.txt")},
    }  # fmt: skip
    with_layer(parts, tmp_path / "bad.keras", layer)
    with pytest.raises(ValueError, match="safe_mode=False"):
        keras.models.load_model(tmp_path / "bad.keras")
    own = keras.Sequential([keras.Input((1,), dtype="string")])
    own.add(keras.layers.StringLookup(vocabulary=str(tmp_path / "words.txt")))
    own.save(tmp_path / "own.keras")
    loaded = keras.models.load_model(tmp_path / "own.keras", safe_mode=False)
    assert loaded.layers[0].get_vocabulary() == ["[UNK]", "a", "b"]


def test_layers_far_larger_than_the_file_are_refused_before_they_are_made(parts, tmp_path):
    layer = {
        "module": "keras.layers", "class_name": "Dense", "registered_name": None,
        "config": {"name": "huge", "units": 10**12},
    }  # fmt: skip
    with_layer(parts, tmp_path / "bad.keras", layer)
    with pytest.raises(ValueError, match="the file has nothing for it"):
        keras.models.load_model(tmp_path / "bad.keras")


@pytest.mark.parametrize("text", ["[" * 100_000, "{}", "null", "\xff", '{"class_name": "Model"}'])
def test_a_configuration_that_is_none_is_refused(parts, tmp_path, text):
    pack(tmp_path / "bad.keras", {**parts, "config.json": text.encode("latin-1")})
    with pytest.raises((ValueError, TypeError)):
        keras.models.load_model(tmp_path / "bad.keras")
