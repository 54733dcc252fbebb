"""Training that does not go on: other runs, damaged files; and kills, which do no harm."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import annette as keras
from annette.callbacks import BackupAndRestore, Callback, EarlyStopping, ModelCheckpoint
from annette.saving import archive
from annette.saving.checkpoint import read_checkpoint, write_checkpoint
from tests.saving.mutations import members
from tests.saving.resumed import signed
from tests.training.resuming import (  # noqa: F401 - two are fixtures
    Interrupt,
    Interrupted,
    X,
    Y,
    interrupted,
    kept,
    network,
    nothing_waits_for_the_disk,
    run,
    warmed_up,
)

PROGRAM = Path(__file__).with_name("interrupted.py")


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change, words",
    [
        ({"data": (X + 1, Y)}, "x: content is not the same"),
        ({"data": (X[:-3], Y[:-3])}, r"rows was 83 and is 80"),
        ({"data": (X.astype("float64"), Y)}, "x: dtype was float32 and is float64"),
        ({"batch_size": 8}, "batch size was 16 and is 8"),
        ({"shuffle": False}, "shuffle was True and is False"),
        ({"class_weight": {0: 1.0, 1: 2.0}}, "sample_weight: content was not there"),
        ({"validation_data": (X, Y)}, "the validation data was False and is True"),
        ({"make": lambda: network(units=9)}, "dense"),
        ({"make": lambda: network(keras.optimizers.Adam(beta_1=0.8))}, "beta_1 was 0.9 and is 0.8"),
        ({"make": lambda: network("sgd")}, "optimizer was Adam and is SGD"),
    ],
)
def test_another_run_is_refused_and_says_what_differs(tmp_path, change, words):
    run(epochs=1, resume=tmp_path)
    before = (tmp_path / "checkpoint.annette").read_bytes()
    words = words.replace("content was not there", "content is not the same")
    with pytest.raises(ValueError, match=f"another training run: .*{words}"):
        run(resume=tmp_path, **change)
    assert (tmp_path / "checkpoint.annette").read_bytes() == before


def test_a_learning_rate_is_that_of_the_run(tmp_path):
    expected = run(epochs=3)
    run(epochs=2, resume=tmp_path)
    found = run(epochs=3, resume=tmp_path, make=lambda: network(keras.optimizers.Adam(0.5)), seed=9)
    assert found == expected


@pytest.mark.parametrize(
    "arguments, error, words",
    [
        ({"backup_dir": ""}, ValueError, "backup_dir"),
        ({"backup_dir": 3}, ValueError, "backup_dir"),
        ({"backup_dir": "a", "save_freq": 0}, ValueError, "save_freq"),
        ({"backup_dir": "a", "save_freq": "batch"}, ValueError, "'batch'"),
        ({"backup_dir": "a", "save_freq": True}, ValueError, "True"),
    ],
)
def test_arguments_that_are_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        BackupAndRestore(**arguments)


def test_resume_is_a_folder_or_a_backup_and_one_of_them(tmp_path):
    with pytest.raises(TypeError, match="3"):
        run(resume=3)
    with pytest.raises(ValueError, match="one folder"):
        run(resume=tmp_path, callbacks=lambda: [BackupAndRestore(tmp_path)])


# --- damaged files -----------------------------------------------------------------------------


def test_a_damaged_checkpoint_is_said_and_the_model_stays(tmp_path):
    run(epochs=1, resume=tmp_path)
    path = tmp_path / "checkpoint.annette"
    whole = path.read_bytes()
    for damaged in (whole[:-40], whole[: len(whole) // 2], b"", b"no archive", _flipped(whole)):
        path.write_bytes(damaged)
        model = network()
        before = model.get_weights()
        with pytest.raises(ValueError, match="Remove the folder"):
            model.fit(X, Y, batch_size=16, resume=tmp_path, verbose=0)
        assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def _flipped(whole, at=None):
    at = len(whole) // 2 if at is None else at
    return whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :]


def test_a_model_is_no_checkpoint(tmp_path):
    network().save(tmp_path / "model.keras")
    os.rename(tmp_path / "model.keras", tmp_path / "checkpoint.annette")
    with pytest.raises(ValueError, match="not the checkpoint of a training run"):
        run(resume=tmp_path)


def test_a_flipped_bit_is_found_or_is_in_nothing_that_counts(tmp_path):
    run(epochs=1, resume=tmp_path)
    path = tmp_path / "checkpoint.annette"
    whole = path.read_bytes()
    expected = repr(read_checkpoint(path))
    places = range(0, len(whole), len(whole) // 500)
    refused = 0
    for at in places:
        path.write_bytes(_flipped(whole, at))
        try:
            assert repr(read_checkpoint(path)) == expected
        except ValueError:
            refused += 1
    assert refused > 0.9 * len(places)


def test_a_checkpoint_does_not_say_which_files_are_removed(tmp_path):
    mine = tmp_path / "mine.keras"
    mine.write_bytes(b"mine")
    saves = ModelCheckpoint(tmp_path / "runs" / "{epoch}.keras", max_to_keep=1)
    own, hostile = str(tmp_path / "runs" / "1.keras"), str(tmp_path / "runs" / ".." / "mine.keras")
    saves.set_state({**saves.get_state(), "_written": [str(mine), hostile, own, 3]})
    assert saves.get_state()["_written"] == [own]
    saves.set_model(network())
    saves.on_epoch_end(1, {})
    assert mine.read_bytes() == b"mine"


def test_a_checkpoint_without_all_its_parts_is_refused(tmp_path):
    run(epochs=1, resume=tmp_path)
    path = tmp_path / "checkpoint.annette"
    state = read_checkpoint(path)
    for changed, words in (
        ({k: v for k, v in state.items() if k != "random"}, "no random as"),
        ({**state, "epoch": "3"}, "no epoch as"),
        ({**state, "variables": {"a": 1}}, "no variables as"),
        ({**state, "begun_with": {"python": 1}}, "no begun_with as"),
        ({**state, "source": {}}, "the place in the data"),
        ({**state, "variables": {**state["variables"], "a": np.zeros(3)}}, "a is gone"),
        ({**state, "format": 99}, "format 99"),
        ([1, 2], "Remove the folder"),
    ):
        write_checkpoint(path, changed)
        with pytest.raises(ValueError, match=words):
            run(resume=tmp_path)


def test_a_forged_state_is_refused_before_callbacks_and_data_meet_it(tmp_path):
    """Each of these has right checksums and all parts; none is what a run comes to."""

    def batches():
        while True:
            yield X[:16], Y[:16]

    def go_on():
        stops = EarlyStopping("loss", restore_best_weights=True)
        model = network()
        before = model.get_weights()
        options = {"steps_per_epoch": 3, "epochs": 2, "callbacks": [stops], "verbose": 0}
        try:
            model.fit(batches(), **options, resume=kept(tmp_path))
        except ValueError:
            assert all(map(np.array_equal, before, model.get_weights()))
            raise

    go_on()
    path = tmp_path / "checkpoint.annette"
    state = read_checkpoint(path)
    names = [name for name, _ in state["callbacks"]]
    stopping = state["callbacks"][names.index("EarlyStopping")][1]

    def stop(**changed):
        callbacks = [list(c) for c in state["callbacks"]]
        callbacks[names.index("EarlyStopping")][1] = {**stopping, **changed}
        return {**state, "callbacks": callbacks, "final": None}

    def source(**changed):
        return {**state, "epoch": 1, "source": {**state["source"], **changed}, "final": None}

    chance = dict(state["begun_with"])
    for changed, words in (
        (stop(best="0.5"), "best cannot be '0.5' in EarlyStopping"),
        (stop(best=10**400), "best cannot be"),
        (stop(wait=[1]), "wait cannot be"),
        (stop(best_weights=stopping["best_weights"][:-1]), "the best weights have the shapes"),
        (stop(best_weights=7), "best_weights cannot be 7|best_weights cannot be '7'"),
        (source(given=10**15), "none that so many epochs come to"),
        (source(given=10**15, seen=10**15, passes=10**15), "none that so many epochs come to"),
        ({**state, "logs": {1: 2.0}}, "no logs as"),
        ({**state, "logs": {"loss": 10**400}}, "no logs as"),
        ({**state, "batch": 1, "logs": {"loss": "low"}}, "no numbers"),
        ({**state, "number": float("inf")}, "no state of a training run"),
        ({**state, "begun_with": {**chance, "python": [*chance["python"][:2], "x"]}}, "begun_with"),
        ({**state, "begun_with": {**chance, "numpy": [*chance["numpy"][:2], 9**30, 0.0]}}, "begun"),
        ({k: v for k, v in state.items() if k != "final"}, "no final as"),
        ({**state, "is": {1: 2}}, "no is as"),
    ):
        write_checkpoint(path, changed)
        with pytest.raises(ValueError, match=words):
            go_on()
    write_checkpoint(path, state)
    go_on()


def test_what_is_written_can_be_read_however_deep_it_is(tmp_path):
    """A callback's state may be nested; what would be too deep to be read is not written."""
    path = tmp_path / "state"
    state, deepest = 1, 0
    for depth in range(200):
        state = ({"a": [state]},)
        try:
            write_checkpoint(path, state)
        except TypeError as error:
            assert "nested too deep" in str(error)
            break
        assert read_checkpoint(path) == state
        deepest = depth
    assert 20 < deepest < 199


def test_a_run_stays_in_its_folder_where_the_program_goes_to_another(tmp_path, monkeypatch):
    class Goes(Callback):
        def on_epoch_end(self, epoch, logs=None):
            (tmp_path / "other").mkdir(exist_ok=True)
            os.chdir(tmp_path / "other")

    monkeypatch.chdir(tmp_path)
    run(epochs=2, resume=kept("mine"), callbacks=lambda: [Goes()])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine", "other"]
    assert not list((tmp_path / "other").iterdir())
    assert read_checkpoint(tmp_path / "mine" / "checkpoint.annette")["epoch"] == 2


def test_an_array_is_in_a_checkpoint_once(tmp_path):
    """A small file cannot ask for one array a million times."""
    path = tmp_path / "state"
    write_checkpoint(path, {"a": b"12", "b": b"34"})
    contents = members(path.read_bytes())
    name = archive.CONFIG
    contents[name] = contents[name].replace(b'{"bytes": "1"}', b'{"bytes": "0"}')
    path.write_bytes(signed(contents))
    with pytest.raises(ValueError, match="do not fit together"):
        read_checkpoint(path)


@pytest.mark.parametrize("newest", [True, False])
def test_with_two_checkpoints_one_may_be_damaged(tmp_path, newest):
    expected = run()
    backup = kept(tmp_path, 1, double_checkpoint=True)
    with pytest.raises(Interrupted):
        run(callbacks=lambda: [Interrupt(9)], resume=backup)
    files = sorted(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    assert len(files) == 2
    files[1 if newest else 0].write_bytes(b"damaged")
    with pytest.warns(UserWarning, match="older checkpoint"):
        assert run(seed=9, resume=backup) == expected


# --- kills -------------------------------------------------------------------------------------


def killed(folder, kills, seed):
    done = subprocess.run(
        [sys.executable, PROGRAM, folder, str(kills), str(seed)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=3000,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
@pytest.mark.parametrize("kills", [8, pytest.param(200, marks=pytest.mark.slow)])
def test_a_run_that_is_killed_again_and_again_comes_to_the_same(tmp_path, kills):
    found = killed(tmp_path, kills, seed=kills)
    assert found["kills"] == kills and found["equal"] == found["runs"] > 0
