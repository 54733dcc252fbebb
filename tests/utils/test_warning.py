"""Warnings point at the user's line, through whatever of annette is between."""

from __future__ import annotations

import os
import warnings

import numpy as np
import pytest

import annette as keras

X = np.ones((4, 3), "float32")


def ends_early():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(((X, X[:, :1]) for _ in range(2)), steps_per_epoch=3, verbose=0)


def stops_for_nothing():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, X[:, :1], verbose=0, callbacks=[keras.callbacks.EarlyStopping("val_loss")])


def saves_unbuilt(tmp_path):
    keras.Sequential([keras.layers.Dense(1)]).save(tmp_path / "model.keras")


def trains_nothing():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    other = keras.Variable(1.0)
    optimizer = keras.optimizers.SGD()
    optimizer.apply([None, np.ones(())], [model.weights[0], other])


def chooses_an_unknown_mode():
    keras.callbacks.ReduceLROnPlateau(mode="up")


@pytest.mark.parametrize(
    "program",
    [ends_early, stops_for_nothing, saves_unbuilt, trains_nothing, chooses_an_unknown_mode],
)
def test_a_warning_is_of_the_users_line(program, tmp_path):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        program(*[tmp_path][: program.__code__.co_argcount])
    lines = {line for *_, line in program.__code__.co_lines()}
    assert caught and all(w.filename == __file__ and w.lineno in lines for w in caught)


@pytest.mark.parametrize("place", ["<ipython-input-3>", "<string>", "program.py", "beside"])
def test_a_program_is_the_users_wherever_it_lies(place):
    if place == "beside":  # its path begins as the package's does
        place = os.path.join(os.path.dirname(keras.__file__) + "_tutorial", "program.py")
    program = "import annette as keras\n\nkeras.callbacks.ReduceLROnPlateau(mode='up')\n"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec(compile(program, place, "exec"), {"__name__": "program"})
    assert [(w.filename, w.lineno) for w in caught] == [(place, 3)]
    with warnings.catch_warnings():
        warnings.filterwarnings("error", module="program")
        with pytest.raises(UserWarning, match="mode"):
            exec(compile(program, place, "exec"), {"__name__": "program"})
