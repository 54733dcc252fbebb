"""timeseries_dataset_from_array: the windows, targets and orders that Keras's has."""

from __future__ import annotations

import numpy as np
import pytest

import annette as keras
from annette.utils import timeseries_dataset_from_array

X = np.arange(20)
Y = X * 10


def rows(dataset):
    """Return the windows and targets of all batches."""
    found = [b if isinstance(b, tuple) else (b,) for b in dataset]
    return [np.concatenate(part) for part in zip(*found, strict=True)]


# begins of the windows and the shape of each batch, as Keras 3 gives them
@pytest.mark.parametrize(
    ("settings", "begins", "batches"),
    [
        ({}, range(16), [16]),
        ({"batch_size": 6}, range(16), [6, 6, 4]),
        ({"start_index": 3}, range(3, 16), [13]),
        ({"start_index": 3, "end_index": 12}, range(3, 8), [5]),
        ({"end_index": 8}, range(4), [4]),
        ({"sampling_rate": 2, "sequence_stride": 3}, [0, 3, 6, 9], [4]),
        ({"sequence_stride": 5}, [0, 5, 10, 15], [4]),
        ({"sequence_length": 30}, [], []),
    ],
)
def test_windows_are_those_of_keras(settings, begins, batches):
    settings = {"sequence_length": 5, **settings}
    dataset = timeseries_dataset_from_array(X, Y, **settings)
    assert len(dataset) == len(batches) == dataset.cardinality()
    assert [len(x) for x, _ in dataset] == batches
    if not batches:
        return
    windows, targets = rows(dataset)
    rate = settings.get("sampling_rate", 1)
    expected = [X[b : b + 5 * rate : rate] for b in begins]
    np.testing.assert_array_equal(windows, expected)
    np.testing.assert_array_equal(targets, Y[list(begins)])


def test_windows_alone_and_targets_that_end_earlier():
    (windows,) = rows(timeseries_dataset_from_array(X, None, 5))
    assert windows.shape == (16, 5)
    windows, targets = rows(timeseries_dataset_from_array(X, Y[:3], 5))
    np.testing.assert_array_equal(windows[:, 0], [0, 1, 2])
    np.testing.assert_array_equal(targets, [0, 10, 20])


def test_features_and_dtypes_stay():
    x = np.random.default_rng(0).normal(size=(10, 3))
    windows, targets = rows(timeseries_dataset_from_array(x, x[2:, :1].astype("float32"), 2))
    assert windows.shape == (8, 2, 3) and windows.dtype == np.float64
    assert targets.shape == (8, 1) and targets.dtype == np.float32
    (windows,) = rows(timeseries_dataset_from_array([1, 2, 3], None, 2))
    assert windows.dtype == np.int32


def test_single_windows():
    dataset = timeseries_dataset_from_array(X, Y, 5, batch_size=None)
    assert len(dataset) == 16
    x, y = next(iter(dataset))
    assert x.shape == (5,) and y.shape == () and y.numpy() == 0


def test_a_shuffled_dataset_has_all_windows_each_time_in_a_new_order():
    def make(seed):
        return timeseries_dataset_from_array(X, Y, 5, batch_size=4, shuffle=True, seed=seed)

    dataset = make(1)
    (first, y), (second, _) = rows(dataset), rows(dataset)
    np.testing.assert_array_equal(first[:, 0] * 10, y)
    assert first[:, 0].tolist() != list(range(16)) and first.tolist() != second.tolist()
    assert sorted(first[:, 0]) == sorted(second[:, 0]) == list(range(16))
    np.testing.assert_array_equal(rows(make(1))[0], first)
    assert rows(make(2))[0].tolist() != first.tolist()


def test_without_a_seed_the_order_follows_set_random_seed():
    def order():
        keras.utils.set_random_seed(5)
        return rows(timeseries_dataset_from_array(X, None, 5, shuffle=True))[0].tolist()

    assert order() == order()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"start_index": -1}, "start_index must be 0 or greater"),
        ({"start_index": 20}, "start_index must be less than"),
        ({"start_index": 5, "end_index": 5}, "end_index must be greater"),
        ({"end_index": 20}, "end_index must be less than.*None"),
        ({"end_index": 0}, "end_index must be greater"),
        ({"sampling_rate": 0}, "sampling_rate must be at least 1"),
        ({"sampling_rate": 20}, "sampling_rate must be less than"),
        ({"sequence_stride": 0}, "sequence_stride must be at least 1"),
        ({"sequence_stride": 20}, "sequence_stride must be less than"),
        ({"sequence_length": 0}, "sequence_length must be at least 1"),
        ({"batch_size": 0}, "batch_size"),
        ({"format": "other"}, "format must be"),
        ({"targets": Y[:10], "start_index": 8}, "targets must reach"),
    ],
)
def test_numbers_that_do_not_fit(settings, says):
    with pytest.raises(ValueError, match=says):
        timeseries_dataset_from_array(
            **{"data": X, "targets": None, "sequence_length": 5, **settings}
        )


def test_numbers_that_are_none():
    with pytest.raises(TypeError, match=r"sequence_length must be a whole number; it got 2\.5"):
        timeseries_dataset_from_array(X, None, 2.5)


def test_a_model_is_trained_measured_and_predicts_on_it():
    x = np.sin(np.arange(120) / 5).astype("float32")
    data = timeseries_dataset_from_array(x[:-8], x[8:], 8, batch_size=16, shuffle=True, seed=0)
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.05), "mse")
    history = model.fit(data, epochs=30, verbose=0, validation_data=data).history
    assert history["loss"][-1] < 0.1 * history["loss"][0]
    assert history["val_loss"][-1] == pytest.approx(model.evaluate(data, verbose=0), rel=1e-3)
    assert model.predict(data, verbose=0).shape == (105, 1)


def test_fit_keeps_the_order_of_the_windows():
    """The data set says whether to shuffle, not fit."""
    seen = []

    class Watch(keras.Model):
        def train_step(self, data):
            seen.append(np.asarray(data[0])[0, 0])
            return {"loss": 0.0}

    model = Watch()
    model.compile("sgd", "mse", run_eagerly=True)
    model.fit(timeseries_dataset_from_array(X, Y, 5, batch_size=4), epochs=2, verbose=0)
    assert [int(s) for s in seen] == [0, 4, 8, 12] * 2
