"""`config.set_max_epochs` and `set_max_steps_per_epoch` cut trainings short, for a quick try."""

import os
import subprocess
import sys

import numpy as np
import pytest

import annette as keras
from annette import config

X, Y = np.ones((40, 2), "float32"), np.ones((40, 1), "float32")


class Count(keras.callbacks.Callback):
    """Counts batches."""

    def __init__(self):
        super().__init__()
        self.trained = self.tested = self.predicted = 0

    def on_train_batch_end(self, batch, logs=None):
        self.trained += 1

    def on_test_batch_end(self, batch, logs=None):
        self.tested += 1

    def on_predict_batch_end(self, batch, logs=None):
        self.predicted += 1


@pytest.fixture
def model():
    config.set_max_epochs(2)
    config.set_max_steps_per_epoch(3)
    made = keras.Sequential([keras.layers.Dense(1)])
    made.compile("sgd", "mse")
    yield made
    config.set_max_epochs(None)
    config.set_max_steps_per_epoch(None)


def test_fit_obeys(model):
    history = model.fit(X, Y, batch_size=4, epochs=5, verbose=0)
    assert history.epoch == [0, 1] and int(model.optimizer.iterations) == 6
    model.fit(X, Y, batch_size=4, epochs=1, steps_per_epoch=2, verbose=0)
    assert int(model.optimizer.iterations) == 8
    assert model.fit(X, Y, epochs=5, initial_epoch=3, verbose=0).epoch == []


def test_callbacks_validation_evaluate_and_predict_obey(model):
    count = Count()
    model.fit(
        X, Y, batch_size=4, epochs=5, verbose=0, callbacks=[count], validation_data=(X, Y),
        validation_batch_size=4,
    )  # fmt: skip
    assert (count.trained, count.tested) == (6, 6)
    assert count.params["epochs"] == 2 and count.params["steps"] == 3
    model.evaluate(X, Y, batch_size=4, verbose=0, callbacks=[count])
    assert count.tested == 9
    assert model.predict(X, batch_size=4, verbose=0, callbacks=[count]).shape == (12, 1)
    assert model.predict(X, batch_size=4, verbose=0).shape == (12, 1)
    assert count.predicted == 3


def test_generators_obey(model):
    def batches():
        while True:
            yield X[:4], Y[:4]

    assert len(model.fit(batches(), epochs=5, verbose=0).epoch) == 2
    assert int(model.optimizer.iterations) == 6


@pytest.mark.parametrize("setter", [config.set_max_epochs, config.set_max_steps_per_epoch])
@pytest.mark.parametrize("value", [0, -1, 2.5, "two", True])
def test_a_limit_is_a_whole_number_above_nothing(setter, value):
    with pytest.raises(ValueError, match="at least 1"):
        setter(value)


def test_limits_come_from_the_environment():
    program = "from annette import config; print(config.max_epochs(), config.max_steps_per_epoch())"

    environment = {**os.environ, "KERAS_MAX_EPOCHS": "7"}
    found = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == ["7", "None"]


def test_switches_and_backend():
    assert config.is_nnx_enabled() is False
    config.enable_flash_attention()
    assert config.is_flash_attention_enabled() is True
    config.disable_flash_attention()
    assert config.is_flash_attention_enabled() is False
    before = config.backend()
    config.set_backend("numpy")
    try:
        assert config.backend() == "numpy"
        with pytest.raises(ValueError, match="tensorflow"):
            config.set_backend("tensorflow")
    finally:
        config.set_backend(before)
