"""What errors say of wrong arguments, and which errors stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers, ops

X = np.arange(12, dtype="float32").reshape(3, 4)

NAMED: list[tuple[Callable[[], Any], str]] = [
    (lambda: ops.roll(X, "much"), "roll.*'much'"),
    (lambda: ops.sum(X, axis=object()), "axis.*object"),
    (lambda: ops.round(X, decimals=None), "decimals to be a whole number.*decimals=None"),
    (lambda: ops.zeros((2, "a")), "zeros.*'a'"),
    (lambda: keras.optimizers.Adam(beta_1="x"), "Adam expects beta_1 to be a number.*'x'"),
    (lambda: keras.optimizers.SGD(momentum=[]), r"momentum.*\[\]"),
    (lambda: keras.metrics.Recall(class_id=1.5), "Recall expects class_id.*1.5"),
    (lambda: keras.losses.Huber(delta="x"), "Huber expects delta to be a number.*'x'"),
    (lambda: keras.initializers.RandomNormal(mean="x"), "RandomNormal expects mean.*'x'"),
    (lambda: layers.LeakyReLU("x"), "negative_slope.*'x'"),
    (lambda: keras.metrics.AUC(num_thresholds=2**40), "num_thresholds.*at most 1,048,576"),
]


@pytest.mark.parametrize(("call", "says"), NAMED, ids=[n[1] for n in NAMED])
def test_the_argument_and_what_came_are_named(call: Callable[[], Any], says: str) -> None:
    with pytest.raises((ValueError, TypeError), match=says):
        call()


def test_the_outermost_operation_is_the_one_that_is_named() -> None:
    with pytest.raises(ValueError, match=r"std expects x.*'text'"):
        ops.std("text")


@pytest.mark.parametrize("error", [KeyError("mine"), IndexError("mine"), ValueError("mine")])
def test_errors_of_the_users_own_code_stay_as_they_are(error: Exception) -> None:
    def fail(_: Any) -> Any:
        raise error

    with pytest.raises(type(error)) as caught:
        ops.map(fail, X)
    assert caught.value is error

    class Failing(layers.Dense):
        def __init__(self) -> None:
            raise error

    with pytest.raises(type(error)) as caught:
        Failing()
    assert caught.value is error


def test_a_loop_over_an_array_ends() -> None:
    assert len(list(iter(ops.convert_to_tensor(X)))) == 3
    with pytest.raises(IndexError):
        ops.convert_to_tensor(X)[7]


def test_constructors_take_every_kind_of_number() -> None:
    for number in (np.float32(0.5), np.array(0.5), 0.5):
        assert keras.optimizers.Adam(beta_1=number).get_config()["beta_1"] == 0.5
    assert layers.Dense(np.int64(3)).units == 3
    assert layers.Dropout(0).rate == 0
