"""Recurrent layers: states and masks, cells of one's own, models of them, learning, refusals."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers, ops
from annette.backends import available_backends
from tests.native.running import using

ROWS, STEPS, FEATURES, UNITS = 4, 6, 3, 5
X = np.random.default_rng(0).normal(size=(ROWS, STEPS, FEATURES)).astype("float32")
MASK = np.array(
    [[0, 1, 1, 0, 1, 0], [1, 1, 1, 1, 1, 1], [1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]], bool
)


@keras.saving.register_keras_serializable("tests")
class Decay(layers.Layer):
    """A cell of one's own: a running mean of its inputs, of which it gives the square."""

    def __init__(self, units: int, rate: float = 0.5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.rate = units, rate
        self.state_size = units
        self.inner = layers.Dense(units)  # built when the cell is called

    def call(self, inputs: Any, states: Any) -> Any:
        state = self.rate * states[0] + (1 - self.rate) * self.inner(inputs)
        return ops.square(state), [state]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units, "rate": self.rate}


class Sum:
    """A cell that is no layer."""

    state_size = FEATURES

    def call(self, inputs: Any, states: Any) -> Any:
        return states[0] + inputs, [states[0] + inputs]


MAKERS: dict[str, Callable[..., Any]] = {
    "SimpleRNN": lambda **kw: layers.SimpleRNN(UNITS, **kw),
    "LSTM": lambda **kw: layers.LSTM(UNITS, **kw),
    "GRU": lambda **kw: layers.GRU(UNITS, **kw),
    "GRU before": lambda **kw: layers.GRU(UNITS, reset_after=False, **kw),
    "cells": lambda **kw: layers.RNN([layers.LSTMCell(4), layers.GRUCell(UNITS)], **kw),
    "own": lambda **kw: layers.RNN(Decay(UNITS), **kw),
    "own in a list": lambda **kw: layers.RNN([layers.LSTMCell(4), Decay(UNITS)], **kw),
}
every = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())


def flat(found: Any) -> list[np.ndarray]:
    return [np.asarray(x) for x in keras.tree.flatten(found)]


def alike(make: Callable[..., Any], other: Any, **kwargs: Any) -> Any:
    """A layer with other arguments and the weights of `other`."""
    layer = make(**kwargs)
    layer(X)
    layer.set_weights(other.get_weights())
    return layer


def masked_by_hand(layer: Any, row: int, mask: np.ndarray) -> list[np.ndarray]:
    """What the layer makes of a row from which the masked steps were cut out."""
    kept = X[row : row + 1, mask]
    return flat(layer(kept))


# --- masks ----------------------------------------------------------------------------------------


@every
def test_masked_steps_are_as_if_they_were_not_there(make: Any) -> None:
    layer = make(return_state=True)
    found = flat(layer(X, mask=MASK))
    for row in range(3):
        for a, b in zip(found, masked_by_hand(layer, row, MASK[row]), strict=True):
            np.testing.assert_allclose(a[row], b[0], rtol=1e-5, atol=1e-6)
    for a in found:
        np.testing.assert_array_equal(a[3], 0)  # nothing happened in a row without a step


@every
def test_the_output_of_a_masked_step_is_the_one_before_or_zero(make: Any) -> None:
    layer = make(return_sequences=True)
    held = np.asarray(layer(X, mask=MASK))
    zeroed = np.asarray(alike(make, layer, return_sequences=True, zero_output_for_mask=True)(
        X, mask=MASK
    ))  # fmt: skip
    for row in range(ROWS):
        before = np.zeros(UNITS, "float32")
        for step in range(STEPS):
            if MASK[row, step]:
                np.testing.assert_array_equal(zeroed[row, step], held[row, step])
                before = held[row, step]
            np.testing.assert_array_equal(held[row, step], before)
    np.testing.assert_array_equal(zeroed[~MASK], 0)


def test_masks_of_masking_and_embedding_go_on_while_there_are_steps() -> None:
    ids = np.array([[1, 2, 0], [3, 0, 0]], "int32")
    x = layers.Embedding(4, 3, mask_zero=True)(ids)
    y = layers.LSTM(2, return_sequences=True)(x)
    z = layers.TimeDistributed(layers.Dense(2))(
        layers.Bidirectional(layers.GRU(2, return_sequences=True))(y)
    )
    for value in (x, y, z):
        np.testing.assert_array_equal(value._keras_mask, ids != 0)
    last, h, c = layers.LSTM(2, return_state=True)(z)
    assert all(getattr(v, "_keras_mask", None) is None for v in (last, h, c))
    marked = layers.Masking(mask_value=-1.0)(np.array([[[-1.0], [2.0]]]))
    np.testing.assert_array_equal(
        layers.SimpleRNN(1, return_sequences=True)(marked)._keras_mask, [[False, True]]
    )


def test_padding_with_zeros_that_are_masked_changes_no_prediction() -> None:
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            layers.Embedding(9, 4, mask_zero=True),
            layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
            layers.GRU(3),
            layers.Dense(1),
        ]
    )
    ids = np.array([[3, 1, 4], [1, 5, 8]], "int32")
    padded = np.pad(ids, [(0, 0), (2, 3)])
    np.testing.assert_allclose(
        model.predict(padded, verbose=0), model.predict(ids, verbose=0), rtol=1e-5, atol=1e-6
    )


# --- states ---------------------------------------------------------------------------------------


@every
def test_a_stateful_layer_goes_on_where_it_stopped(make: Any) -> None:
    layer = make(return_sequences=True)
    whole = np.asarray(layer(X))
    kept = make(return_sequences=True, stateful=True)
    kept(X[:, :2])
    kept.set_weights(layer.get_weights())
    kept.reset_state()
    parts = [np.asarray(kept(X[:, a:b])) for a, b in ((0, 2), (2, 3), (3, STEPS))]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, rtol=1e-5, atol=1e-6)
    kept.reset_states()
    np.testing.assert_allclose(kept(X[:, :2]), parts[0], rtol=1e-6)


@every
def test_states_that_are_returned_can_be_given(make: Any) -> None:
    layer = make(return_sequences=True, return_state=True)
    whole = flat(layer(X))
    _, *states = layer(X[:, :4])
    after = flat(layer(X[:, 4:], initial_state=states))
    np.testing.assert_allclose(after[0], whole[0][:, 4:], rtol=1e-5, atol=1e-6)
    for a, b in zip(after[1:], whole[1:], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@every
@pytest.mark.parametrize("mask", [None, MASK])
@pytest.mark.parametrize("back", [False, True])
def test_unrolled_is_the_loop(make: Any, mask: Any, back: bool) -> None:
    given = {"return_sequences": True, "return_state": True, "go_backwards": back}
    layer = make(**given)
    want = flat(layer(X, mask=mask))
    found = flat(alike(make, layer, unroll=True, **given)(X, mask=mask))
    for a, b in zip(found, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@every
def test_backwards_is_the_turned_sequence(make: Any) -> None:
    layer = make(return_sequences=True)
    want = np.asarray(layer(X[:, ::-1], mask=MASK[:, ::-1]))
    back = alike(make, layer, return_sequences=True, go_backwards=True)
    np.testing.assert_allclose(back(X, mask=MASK), want, rtol=1e-6)


@every
def test_the_last_output_is_the_last_of_all(make: Any) -> None:
    layer = make(return_sequences=True)
    want = np.asarray(layer(X, mask=MASK))[:, -1]
    np.testing.assert_allclose(alike(make, layer)(X, mask=MASK), want, rtol=1e-6)


@pytest.mark.parametrize("name", available_backends())
@every
def test_every_backend_trains_and_predicts_alike(make: Any, name: str) -> None:
    y = np.random.default_rng(1).normal(size=(ROWS, 1)).astype("float32")

    def run() -> list[np.ndarray]:
        keras.utils.set_random_seed(3)
        model = keras.Sequential(
            [keras.Input((None, FEATURES)), layers.Masking(), make(), layers.Dense(1)]
        )
        model.compile("sgd", "mse")
        x = X * MASK[..., None]
        losses = model.fit(x, y, batch_size=2, epochs=2, shuffle=False, verbose=0).history["loss"]
        return [np.asarray(losses), model.predict(x, verbose=0)]

    with using("numpy"):
        want = run()
    with using(name):
        found = run()
    for a, b in zip(found, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_a_stateful_model_keeps_its_states_through_fit_and_predict() -> None:
    def build(**kwargs: Any) -> Any:
        keras.utils.set_random_seed(1)
        return keras.Sequential(
            [keras.Input(**kwargs), layers.LSTM(3, stateful="batch_shape" in kwargs)]
        )

    model = build(batch_shape=(2, None, FEATURES))
    plain = build(shape=(None, FEATURES))
    # Batches of two rows follow each other: rows 0 and 2 are one sequence, and 1 and 3.
    long = np.concatenate([X[:2], X[2:]], axis=1)
    found = model.predict(X, batch_size=2, verbose=0)
    np.testing.assert_allclose(found[2:], plain.predict(long, verbose=0), rtol=1e-5, atol=1e-6)
    again = model.predict(X, batch_size=2, verbose=0)
    assert (again != found).any()
    model.layers[0].reset_state()
    np.testing.assert_allclose(model.predict(X, batch_size=2, verbose=0), found, rtol=1e-6)


def test_sequences_of_other_lengths_from_batch_to_batch() -> None:
    model = keras.Sequential([keras.Input((None, 1)), layers.GRU(8), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.02), "mse")
    rng = np.random.default_rng(0)

    def batches() -> Any:
        for i in range(60):
            x = rng.uniform(0, 1, size=(16, 2 + i % 3, 1)).astype("float32")
            yield x, x.sum(axis=1)

    losses = [model.train_on_batch(x, y) for x, y in batches()]
    assert np.mean(losses[-6:]) < 0.3 * np.mean(losses[:6])


# --- dropout --------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", [layers.SimpleRNN, layers.LSTM, layers.GRU])
def test_one_mask_serves_all_steps_and_each_call_draws_anew(cell: Any) -> None:
    layer = cell(40, dropout=0.5, return_sequences=True, seed=1, use_bias=False,
                 recurrent_initializer="zeros", kernel_initializer="ones")  # fmt: skip
    x = np.zeros((1, 3, 8), "float32")
    x[:, :, :4] = 1.0
    # Without a way back, steps of equal inputs differ only where their masks do.
    first, second = (np.asarray(layer(x, training=True)) for _ in range(2))
    if cell is layers.SimpleRNN:
        np.testing.assert_array_equal(first[:, 0], first[:, 2])
    assert (first != second).any()
    np.testing.assert_array_equal(layer(x), layer(x))


def test_recurrent_dropout_drops_states_only_while_training() -> None:
    layer = layers.SimpleRNN(
        200, "linear", recurrent_dropout=0.5, seed=2, recurrent_initializer="identity",
        kernel_initializer="ones",
    )  # fmt: skip
    x = np.ones((1, 2, 1), "float32")
    np.testing.assert_array_equal(layer(x), np.full((1, 200), 2.0))
    found = np.asarray(layer(x, training=True))
    assert set(np.unique(found)) == {1.0, 3.0}  # h is dropped, or doubled
    assert 60 < (found == 1).sum() < 140


def test_a_cell_by_itself_keeps_its_mask_until_it_is_told() -> None:
    cell = layers.LSTMCell(3, dropout=0.5, seed=3)
    x = np.ones((2, 50), "float32")
    masks = [np.asarray(cell.get_dropout_mask(x)) for _ in range(2)]
    np.testing.assert_array_equal(masks[0], masks[1])
    cell.reset_dropout_mask()
    assert (np.asarray(cell.get_dropout_mask(x)) != masks[0]).any()
    assert len(layers.GRUCell(2, recurrent_dropout=0.5).get_recurrent_dropout_mask(x)) == 3


# --- cells of one's own ---------------------------------------------------------------------------


def test_a_cell_that_is_no_layer() -> None:
    layer = layers.RNN(Sum(), return_sequences=True)
    np.testing.assert_allclose(layer(X), np.cumsum(X, axis=1), rtol=1e-5, atol=1e-6)


def test_a_cell_of_ones_own_comes_back_from_its_configuration() -> None:
    model = keras.Sequential(
        [
            keras.Input((None, FEATURES)),
            layers.RNN([Decay(4, rate=0.2), layers.GRUCell(3)], return_sequences=True),
            layers.Bidirectional(layers.RNN(Decay(2))),
        ]
    )
    again = keras.Sequential.from_config(model.get_config())
    again.set_weights(model.get_weights())
    np.testing.assert_allclose(again(X), model(X), rtol=1e-6)
    other = keras.models.clone_model(model)
    assert [w.shape for w in other.weights] == [w.shape for w in model.weights]
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(twin(X), model(X))


def test_a_derived_cell_computes_what_its_call_says() -> None:
    class Doubled(layers.SimpleRNNCell):
        def call(self, sequence: Any, states: Any, training: bool = False) -> Any:
            output, states = super().call(sequence, states, training)
            return output * 2.0, states

    layer = layers.RNN(Doubled(UNITS), return_sequences=True)
    plain = layers.SimpleRNN(UNITS, return_sequences=True)
    layer(X), plain(X)
    plain.set_weights(layer.get_weights())
    np.testing.assert_allclose(layer(X), 2 * np.asarray(plain(X)), rtol=1e-6)


# --- in functional models -------------------------------------------------------------------------


def test_an_encoder_hands_its_states_to_a_decoder() -> None:
    source, target = keras.Input((None, 3)), keras.Input((None, 2))
    _, h, c = layers.LSTM(4, return_state=True, name="encoder")(source)
    decoder = layers.LSTM(4, return_sequences=True, return_state=True, name="decoder")
    y, *_ = decoder(target, initial_state=[h, c])
    model = keras.Model([source, target], layers.Dense(1)(y))
    b = np.random.default_rng(2).normal(size=(ROWS, 5, 2)).astype("float32")
    found = np.asarray(model([X, b]))
    encoded = model.get_layer("encoder")(X)[1:]
    want = model.layers[-1](decoder(b, initial_state=list(encoded))[0])
    np.testing.assert_allclose(found, want, rtol=1e-5, atol=1e-6)
    assert model.predict([X, b], verbose=0).shape == (ROWS, 5, 1)
    again = keras.Model.from_config(model.get_config())
    again.set_weights(model.get_weights())
    np.testing.assert_allclose(again([X, b]), found, rtol=1e-6)
    model.compile("adam", "mse")
    model.fit([X, b], np.zeros((ROWS, 5, 1)), verbose=0)


@pytest.mark.parametrize("mode", ["concat", "sum", "mul", "ave", None])
def test_bidirectional_is_two_layers(mode: str | None) -> None:
    both = layers.Bidirectional(
        layers.GRU(UNITS, return_sequences=True, return_state=True), merge_mode=mode
    )
    found = flat(both(X))
    y, h = flat(both.forward_layer(X))
    back, end = flat(both.backward_layer(X))
    back = back[:, ::-1]
    want = {
        "concat": [np.concatenate([y, back], axis=-1)], "sum": [y + back], "mul": [y * back],
        "ave": [(y + back) / 2], None: [y, back],
    }[mode]  # fmt: skip
    for a, b in zip(found, [*want, h, end], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_bidirectional_takes_weights() -> None:
    first = layers.Bidirectional(layers.LSTM(2))
    first(X)
    second = layers.Bidirectional(layers.LSTM(2), weights=first.get_weights())
    np.testing.assert_array_equal(second(X), first(X))


def test_time_distributed_is_the_layer_step_by_step() -> None:
    inner = layers.Dense(2, activation="softmax")
    y = np.asarray(layers.TimeDistributed(inner)(X))
    for step in range(STEPS):
        np.testing.assert_allclose(y[:, step], inner(X[:, step]), rtol=1e-6)
    norm = layers.BatchNormalization()
    each = np.asarray(layers.TimeDistributed(norm)(X, training=True))
    np.testing.assert_allclose(each.mean(axis=0), 0, atol=1e-5)  # each step for itself


def test_a_frame_by_frame_network_learns() -> None:
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((4, 6, 6, 1)),
            layers.ConvLSTM2D(4, 3, padding="same", return_sequences=True),
            layers.TimeDistributed(layers.Conv2D(1, 3, padding="same")),
        ]
    )
    model.compile(keras.optimizers.Adam(0.02), "mse")
    x = np.zeros((8, 5, 6, 6, 1), "float32")
    for i in range(8):
        for t in range(5):
            x[i, t, i % 6, (i + t) % 6] = 1.0  # a dot that moves on
    losses = model.fit(x[:, :-1], x[:, 1:], epochs=30, verbose=0).history["loss"]
    assert losses[-1] < 0.6 * losses[0]


@pytest.mark.parametrize("cell", [layers.LSTM, layers.GRU])
def test_long_sums_are_learnt(cell: Any) -> None:
    """The adding problem: of two marked numbers in a sequence, the sum."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x = np.zeros((256, 10, 2), "float32")
    x[:, :, 0] = rng.uniform(size=(256, 10))
    marks = np.array([rng.choice(10, 2, replace=False) for _ in range(256)])
    x[np.arange(256)[:, None], marks, 1] = 1.0
    y = (x[:, :, 0] * x[:, :, 1]).sum(axis=1, keepdims=True)
    model = keras.Sequential([keras.Input((10, 2)), cell(16), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.02), "mse")
    losses = model.fit(x, y, epochs=25, verbose=0).history["loss"]
    assert losses[-1] < 0.25 * y.var()  # the mean alone leaves the variance


# --- what is refused ------------------------------------------------------------------------------

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "mask": (lambda: layers.LSTM(2)(X, mask=MASK[:, :3]), r"mask of shape \(4, 6\).*\(4, 3\)"),
    "mask of one axis": (lambda: layers.GRU(2)(X, mask=MASK[0]), r"mask of shape \(4, 6\)"),
    "steps": (lambda: layers.LSTM(2)(X[:, :0]), r"without a step, of shape \(4, 0, 3\)"),
    "axes": (lambda: layers.SimpleRNN(2)(X[:, 0]), "expects inputs of 3 axes"),
    "axes of RNN": (lambda: layers.RNN(layers.GRUCell(2))(X[:, 0]), "3 axes or more"),
    "rows": (lambda: layers.LSTM(2, stateful=True)(keras.Input((3, 2))), "number of rows must be"),
    "states": (lambda: layers.LSTM(2)(X, initial_state=[np.zeros((4, 2))]), "has 2 states"),
    "state": (lambda: layers.GRU(2)(X, initial_state=np.zeros((4, 3))), r"\(4, 2\).*\(4, 3\)"),
    "units": (lambda: layers.LSTM(0), "LSTM expects units to be a whole number above 0"),
    "rate": (lambda: layers.GRU(2, dropout=20), "dropout to be a number from 0 to 1"),
    "cell": (lambda: layers.RNN(layers.Dense(2)), "Dense has no state_size"),
    "a class": (lambda: layers.RNN(layers.LSTMCell), "Make an instance"),
    "cells": (lambda: layers.StackedRNNCells([]), "expects a list of cells"),
    "layer": (lambda: layers.Bidirectional(layers.Dense(2)), "Dense 'dense.*' has no go_backwards"),
    "mode": (lambda: layers.Bidirectional(layers.LSTM(2), merge_mode="add"), "got 'add'"),
    "way": (
        lambda: layers.Bidirectional(layers.LSTM(2), backward_layer=layers.LSTM(2)),
        "go_backwards=True",
    ),
    "unlike": (
        lambda: layers.Bidirectional(
            layers.LSTM(2), backward_layer=layers.LSTM(2, go_backwards=True, return_sequences=True)
        ),
        "same return_sequences",
    ),
    "wrapped": (lambda: layers.TimeDistributed(layers.Dense(2))(X[:, 0]), "3 axes or more"),
    "places": (lambda: layers.ConvLSTM1D(2, 3)(keras.Input((4, None, 2))), "size of the pictures"),
}


@pytest.mark.parametrize(("call", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"(?s){message}"):
        call()


def test_a_stateful_layer_refuses_another_number_of_rows() -> None:
    layer = layers.LSTM(2, stateful=True)
    layer(X)
    with pytest.raises(ValueError, match="keeps states of 4 rows; it got inputs of 3 rows"):
        layer(X[:3])


def test_a_cell_whose_states_change_their_shape_is_refused() -> None:
    class Growing(Sum):
        def call(self, inputs: Any, states: Any) -> Any:
            return inputs, [ops.concatenate([states[0], inputs])]

    with pytest.raises(ValueError, match="states of the shapes that it was given"):
        layers.RNN(Growing())(X)


@pytest.mark.parametrize("name", available_backends())
@pytest.mark.parametrize("wrong", [-1, 9, 2**31 - 1])
def test_numbers_without_a_vector_are_refused(name: str, wrong: int) -> None:
    ids = np.array([[1, wrong, 2]], "int32")
    with pytest.raises(ValueError, match=f"0 to 8; it got {wrong}"):
        layers.Embedding(9, 2)(ids)
    model = keras.Sequential(
        [keras.Input((3,), dtype="int32"), layers.Embedding(9, 2), layers.GRU(2)]
    )
    # A program of JAX's cannot look at its numbers: it reads the nearest vector.
    with using(name):
        if name == "jax":
            assert model.predict(ids, verbose=0).shape == (1, 2)
            return
        with pytest.raises(ValueError, match=f"0 to 8; it got {wrong}"):
            model.predict(ids, verbose=0)


@pytest.mark.parametrize("kind", [layers.SimpleRNN, layers.GRU, layers.LSTM])
def test_a_layer_made_frozen_is_not_trained_in_a_model(kind):
    model = keras.Sequential([keras.Input((4, 3)), kind(2, trainable=False), layers.Dense(1)])
    assert len(model.trainable_weights) == 2
    model.compile("sgd", "mse")
    before = model.get_weights()
    x = np.random.default_rng(0).normal(size=(6, 4, 3))
    model.fit(x, x[:, 0, :1], verbose=0)
    same = [(a == b).all() for a, b in zip(before, model.get_weights(), strict=True)]
    assert same == [True, True, True, False, False]
    model.layers[0].trainable = True
    assert len(model.trainable_weights) == 5


def test_losses_that_a_cell_adds_at_each_step_count():
    class Cell(layers.Layer):
        state_size = 3

        def __init__(self):
            super().__init__()
            self.inner = layers.Dense(3, activity_regularizer="l2")

        def call(self, x, states):
            y = self.inner(x) + states[0]
            return y, [y]

    found = []
    for unroll in (False, True):
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((5, 4)), layers.RNN(Cell(), unroll=unroll)])
        model.compile("sgd", "mse")
        found.append(model.fit(np.ones((6, 5, 4)), np.ones((6, 3)), verbose=0).history["loss"])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-6)
