"""Training that was interrupted comes to the same bits as if it had not been."""

from __future__ import annotations

import itertools
import json
import os

import numpy as np
import pytest

import annette as keras
from annette.callbacks import BackupAndRestore, EarlyStopping, LambdaCallback
from annette.compat.dataset import Dataset
from annette.training import resume as resuming
from tests.training.resuming import (  # noqa: F401 - two are fixtures
    Interrupt,
    Interrupted,
    X,
    Y,
    everything,
    interrupted,
    kept,
    network,
    nothing_waits_for_the_disk,
    run,
    warmed_up,
)

# --- the same bits -----------------------------------------------------------------------------


@pytest.mark.parametrize("save_freq", ["epoch", 1, 4, "auto"])
@pytest.mark.parametrize("batches", [3, 14])
def test_a_run_goes_on_with_the_same_bits(tmp_path, save_freq, batches):
    options = {"validation_split": 0.2}
    expected = run(**options)
    assert interrupted(batches, kept(tmp_path, save_freq), **options) == expected


def test_a_folder_is_enough(tmp_path, monkeypatch):
    monkeypatch.setattr(resuming, "_PAUSE", 0.0)
    monkeypatch.setattr(resuming, "_SHARE", 0.0)
    expected = run()
    assert interrupted(9, tmp_path / "run") == expected
    assert os.listdir(tmp_path / "run") == ["checkpoint.annette"]


@pytest.mark.parametrize("freq", ["epoch", "auto"])
def test_epochs_that_the_core_runs_by_itself_go_on_too(tmp_path, freq, monkeypatch):
    monkeypatch.setattr(resuming, "_PAUSE", 0.0)
    monkeypatch.setattr(resuming, "_SHARE", 0.0)
    expected = run(epochs=30)

    saved = []

    class Stops(BackupAndRestore):
        def save(self, state, place):
            super().save(state, place)
            saved.append(state["epoch"])
            if len(saved) == 8:
                raise Interrupted
            return place

    with pytest.raises(Interrupted):
        run(epochs=30, resume=Stops(tmp_path, freq, delete_checkpoint=False))
    assert 0 < saved[-1] < 30
    assert run(epochs=30, seed=9, resume=kept(tmp_path, freq)) == expected


def test_keras_way_with_a_callback_that_removes_its_folder(tmp_path):
    expected = run()
    backup = BackupAndRestore(tmp_path / "run")
    with pytest.raises(Interrupted):
        run(callbacks=lambda: [backup, Interrupt(15)])
    assert (tmp_path / "run").exists()
    assert run(seed=9, callbacks=lambda: [backup]) == expected
    assert not (tmp_path / "run").exists()


def test_the_same_model_goes_on_in_the_same_program(tmp_path):
    expected = run()
    keras.utils.set_random_seed(0)
    model = network()
    options = {"epochs": 4, "batch_size": 16, "verbose": 0, "resume": kept(tmp_path, 2)}
    with pytest.raises(Interrupted):
        model.fit(X, Y, callbacks=[Interrupt(9)], **options)
    assert everything(model, model.fit(X, Y, **options)) == expected


STEPS = {"steps_per_epoch": 3}


@pytest.mark.parametrize("options", [STEPS, {"shuffle": False}, {"run_eagerly": True}])
def test_whatever_way_the_batches_come(tmp_path, options):
    options = dict(options)
    eager = options.pop("run_eagerly", False)

    def make():
        model = network()
        model.run_eagerly = eager
        return model

    expected = run(make=make, **options)
    assert interrupted(7, kept(tmp_path, 3), make=make, **options) == expected


class Sequence(keras.utils.PyDataset):
    def __init__(self):
        super().__init__()
        self.epoch = 0

    def __len__(self):
        return 6

    def __getitem__(self, i):
        rows = slice(16 * i, 16 * i + 16)
        noise = np.random.rand(*X[rows].shape).astype("float32")
        return X[rows] + self.epoch + 0.1 * noise, Y[rows]

    def on_epoch_end(self):
        self.epoch += 1


class Loader:
    """Batches in an order that depends on how often one went through them."""

    def __init__(self):
        self.passes = 0

    def __iter__(self):
        self.passes += 1
        order = np.random.default_rng(self.passes).permutation(len(X))
        for i in range(0, 83, 16):
            rows = order[i : i + 16]
            yield X[rows] + 0.1 * np.random.rand(len(rows), 5).astype("float32"), Y[rows]


def stream():
    for turn in itertools.count():
        for i in range(0, 80, 16):
            yield X[i : i + 16] * (1 + 0.1 * turn), Y[i : i + 16]


def shuffled():
    return Dataset.from_tensor_slices((X, Y)).shuffle(83, seed=3).batch(16)


@pytest.mark.parametrize("options", [{}, {"steps_per_epoch": 3}], ids=["whole", "steps"])
@pytest.mark.parametrize("batches", [2, 10])
@pytest.mark.parametrize("data", [Sequence, Loader, shuffled])
def test_streams_are_taken_back_to_where_they_were(tmp_path, data, batches, options):
    def made():
        return (data(),)

    expected = run(made, **options)
    assert interrupted(batches, kept(tmp_path, 1), made, **options) == expected


def test_a_generator_gives_its_batches_again(tmp_path):
    options = {"steps_per_epoch": 3}
    expected = run(lambda: (stream(),), **options)
    assert interrupted(8, kept(tmp_path, 1), lambda: (stream(),), **options) == expected


def test_a_dataset_of_its_own_accord(tmp_path):
    class Drawing(Sequence):
        """Its order comes from a generator of its own, which nothing but its state tells."""

        def __init__(self):
            super().__init__()
            self.random = np.random.default_rng(5)
            self.order = self.random.permutation(6)

        def __getitem__(self, i):
            return super().__getitem__(int(self.order[i]))

        def on_epoch_end(self):
            self.order = self.random.permutation(6)

        def get_state(self):
            state = self.random.bit_generator.state
            return {"order": self.order, "random": json.dumps(state)}

        def set_state(self, state):
            self.order = state["order"]
            self.random.bit_generator.state = json.loads(state["random"])

    expected = run(lambda: (Drawing(),))
    for batches in (7, 10):
        folder = tmp_path / str(batches)
        assert interrupted(batches, kept(folder, 1), lambda: (Drawing(),)) == expected


def test_a_stream_that_gives_other_batches_is_said(tmp_path):
    def noise():
        generator = np.random.default_rng()
        while True:
            yield generator.random((16, 5)), Y[:16]

    with pytest.warns(UserWarning, match="generator gives other batches.*seed"):
        interrupted(4, kept(tmp_path, 1), lambda: (noise(),), steps_per_epoch=3)


def test_variables_outside_of_the_model_are_kept(tmp_path):
    class Counting(keras.Sequential):
        def train_step(self, data):
            calls.assign_add(1.0)
            return super().train_step(data)

    def make():
        calls.assign(0.0)
        model = Counting([keras.Input((5,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        return model

    calls = keras.Variable(0.0, trainable=False)
    expected = run(make=make), float(calls)
    assert (interrupted(7, kept(tmp_path, 2), make=make), float(calls)) == expected
    assert float(calls) == 24


class Two(keras.Model):
    """Two networks that learn against each other, each with an optimizer of its own."""

    def __init__(self):
        super().__init__()
        self.maker = keras.Sequential([keras.layers.Dense(5)])
        self.judge = keras.Sequential([keras.layers.Dropout(0.3), keras.layers.Dense(1)])
        self.first, self.second = keras.optimizers.Adam(), keras.optimizers.RMSprop()
        self.mean = keras.metrics.Mean(name="mean")

    def train_step(self, data):
        x, y = data
        noise = keras.random.normal((x.shape[0], 5))
        with keras.GradientTape() as tape:
            real = keras.ops.square(self.judge(x, training=True) - y)
            loss = keras.ops.mean(real + keras.ops.square(self.judge(self.maker(noise))))
        weights = self.judge.trainable_weights
        self.first.apply(tape.gradient(loss, weights), weights)
        with keras.GradientTape() as tape:
            other = keras.ops.mean(keras.ops.square(self.judge(self.maker(noise)) - 1.0))
        weights = self.maker.trainable_weights
        self.second.apply(tape.gradient(other, weights), weights)
        self.mean.update_state(other)
        return {"loss": loss, "mean": self.mean.result()}


class Counting(keras.layers.Layer):
    """Keeps something that is no weight, and saves it itself."""

    def build(self, input_shape):
        self.scale = self.add_weight((5,))
        self.loads = np.zeros(1)

    def call(self, x):
        return x * self.scale

    def save_own_variables(self, store):
        store["scale"], store["loads"] = self.scale.numpy(), self.loads

    def load_own_variables(self, store):
        self.scale.assign(store["scale"])
        self.loads = np.array(store["loads"]) + 1


def two(eager=False):
    model = Two()
    model.compile(run_eagerly=eager)
    return model


def of_layers(*layers, optimizer="adam"):
    model = keras.Sequential([*layers, keras.layers.Dense(1)])
    model.compile(optimizer, "mse")
    return model


def scaled():
    inner = keras.optimizers.SGD(0.1, momentum=0.9)
    return keras.optimizers.LossScaleOptimizer(inner, dynamic_growth_steps=3)


def accumulating():
    return keras.optimizers.Adam(0.01, gradient_accumulation_steps=4)


MODELS = {
    "two optimizers": two,
    "eager, built by its first batch": lambda: two(eager=True),
    "built by its data": lambda: of_layers(keras.layers.GaussianNoise(0.1)),
    "a layer that saves itself": lambda: of_layers(keras.Input((5,)), Counting()),
    "loss scale": lambda: of_layers(keras.Input((5,)), optimizer=scaled()),
    "gradients gathered": lambda: of_layers(keras.Input((5,)), optimizer=accumulating()),
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_whatever_is_trained(tmp_path, make):
    expected = run(make=make, epochs=3)
    assert interrupted(9, kept(tmp_path, 4), make=make, epochs=3) == expected


def test_validation_data_that_draws(tmp_path):
    def drawing():
        while True:
            yield X[:16] * np.random.rand(), Y[:16]

    def data():
        return X, Y

    options = {"validation_steps": 2, "validation_freq": 2}
    expected = run(data, validation_data=drawing(), **options)
    with pytest.raises(Interrupted):
        run(
            data, validation_data=drawing(), callbacks=lambda: [Interrupt(15)],
            resume=kept(tmp_path, 4), **options,
        )  # fmt: skip
    found = run(data, seed=9, validation_data=drawing(), resume=kept(tmp_path, 4), **options)
    assert found == expected


def test_it_says_that_training_goes_on(tmp_path, capsys):
    with pytest.raises(Interrupted):
        run(callbacks=lambda: [Interrupt(9)], resume=kept(tmp_path, 4), verbose=2)
    run(resume=kept(tmp_path, 4), verbose=2)
    assert "goes on in epoch 2, after 2 of its batches" in capsys.readouterr().out
    run(resume=kept(tmp_path, 4), verbose=2)
    assert "ended after epoch 4" in capsys.readouterr().out


# --- when it is over ---------------------------------------------------------------------------


def make_averaging():
    return network(keras.optimizers.Adam(0.01, use_ema=True))


@pytest.mark.parametrize("make", [network, make_averaging])
def test_a_run_that_ended_is_not_run_again_and_can_be_made_longer(tmp_path, make):
    short, long = run(make=make), run(make=make, epochs=7)
    seen = []
    watch = LambdaCallback(on_train_begin=lambda logs: seen.append(1))
    assert run(make=make, resume=tmp_path) == short
    assert run(make=make, resume=tmp_path, seed=9, callbacks=lambda: [watch]) == short
    assert run(make=make, resume=tmp_path, seed=9, epochs=2, callbacks=lambda: [watch]) == short
    assert not seen
    assert run(make=make, resume=tmp_path, seed=9, epochs=7) == long
    assert run(make=make, resume=tmp_path, seed=9, epochs=7) == long


def test_a_run_that_stopped_early_has_its_best_weights_again(tmp_path):
    def callbacks():
        return [EarlyStopping(monitor="loss", min_delta=9, restore_best_weights=True)]

    expected = run(callbacks=callbacks, epochs=9)
    assert len(expected[2]) == 2
    assert run(callbacks=callbacks, epochs=9, resume=tmp_path) == expected
    assert run(callbacks=callbacks, epochs=9, resume=tmp_path, seed=9) == expected


def test_the_first_epoch_counts_for_a_run_that_begins(tmp_path):
    expected = run(initial_epoch=2)
    assert expected[2] == [2, 3]
    assert interrupted(7, kept(tmp_path, 2), initial_epoch=2) == expected
