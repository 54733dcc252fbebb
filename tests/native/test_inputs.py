"""Rows of any dtype and layout: the native backend gives what NumPy gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers
from tests.primitives.records import needs_native

from .running import using

pytestmark = needs_native

ROWS, WIDTH = 70, 12


def plain(dtype: str) -> np.ndarray:
    rng = np.random.default_rng(5)
    if dtype == "bool":
        return rng.integers(0, 2, (ROWS, WIDTH)).astype(bool)
    if np.dtype(dtype).kind in "iu":
        return rng.integers(0, 100, (ROWS, WIDTH)).astype(dtype)
    return rng.normal(size=(ROWS, WIDTH)).astype(dtype)


def _mapped(x: np.ndarray, folder: Path) -> np.ndarray:
    path = folder / f"{len(list(folder.iterdir()))}.npy"
    np.save(path, x)
    return np.load(path, mmap_mode="r")


def _locked(x: np.ndarray) -> np.ndarray:
    x = x.copy()
    x.flags.writeable = False
    return x


def _shifted(x: np.ndarray) -> np.ndarray:
    """Return a copy that starts at an odd address."""
    room = np.empty(x.nbytes + 1, "uint8")[1:]
    room[:] = np.frombuffer(x.tobytes(), "uint8")
    return room.view(x.dtype).reshape(x.shape)


LAYOUTS: dict[str, Any] = {
    "plain": lambda x, _: x,
    "memory-mapped": _mapped,
    "read-only": lambda x, _: _locked(x),
    "columns first": lambda x, _: np.asfortranarray(x),
    "every second row": lambda x, _: np.repeat(x, 2, axis=0)[::2],
    "every second column": lambda x, _: np.repeat(x, 2, axis=1)[:, ::2],
    "part of wider rows": lambda x, _: np.concatenate([x, x], axis=1)[:, :WIDTH],
    "upside down": lambda x, _: np.flip(x, 0).copy()[::-1],
    "one row again and again": lambda x, _: np.broadcast_to(x[:1], x.shape),
    "byte-swapped": lambda x, _: x.astype(x.dtype.newbyteorder(">")),
    "at an odd address": lambda x, _: _shifted(x),
}
DTYPES = [
    "bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16",
    "float32", "float64",
]  # fmt: skip


def small() -> Any:
    return keras.initializers.RandomNormal(stddev=0.01)


def everything(x: Any, y: Any, loss: str = "mse", width: int = WIDTH) -> dict[str, np.ndarray]:
    keras.utils.set_random_seed(2)
    model = keras.Sequential(
        [
            layers.Input((width,)), layers.Dense(9, "tanh", kernel_initializer=small()),
            layers.Dense(4, "softmax" if loss != "mse" else None),
        ]
    )  # fmt: skip
    model.compile("adam", loss, metrics=["accuracy"] if loss != "mse" else ["mae"])
    history = model.fit(x, y, batch_size=16, epochs=2, verbose=0, validation_split=0.2).history
    found = {k: np.array(v) for k, v in history.items()}
    found["evaluated"] = np.array(model.evaluate(x, y, verbose=0))
    found["predicted"] = model.predict(x, batch_size=16, verbose=0)
    return found


def compare(x: Any, y: Any, **more: Any) -> None:
    with using("numpy"):
        expected = everything(x, y, **more)
    with using("native"):
        actual = everything(x, y, **more)
    for name, e in expected.items():
        np.testing.assert_allclose(actual[name], e, rtol=2e-4, atol=2e-6, err_msg=name)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype: str) -> None:
    compare(plain(dtype), np.random.default_rng(1).normal(size=(ROWS, 4)))


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout: str, dtype: str, tmp_path: Path) -> None:
    x = LAYOUTS[layout](plain(dtype), tmp_path)
    y = LAYOUTS[layout](np.random.default_rng(1).normal(size=(ROWS, WIDTH)), tmp_path)[:, :4]
    compare(x, y)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "int64", "uint32", "float32"])
def test_classes_of_any_dtype(dtype: str) -> None:
    y = np.random.default_rng(3).integers(0, 4, ROWS).astype(dtype)
    for shape in ((ROWS,), (ROWS, 1)):
        compare(plain("float32"), y.reshape(shape), loss="sparse_categorical_crossentropy")


def test_fewer_rows_than_a_batch() -> None:
    x, y = plain("float64")[:10], np.zeros((10, 4))
    compare(x, y)


def test_weights_of_samples_and_classes() -> None:
    x, y = plain("float32"), np.random.default_rng(3).integers(0, 4, ROWS)
    found = {}
    for backend in ("numpy", "native"):
        with using(backend):
            keras.utils.set_random_seed(2)
            model = keras.Sequential([layers.Input((WIDTH,)), layers.Dense(4, "softmax")])
            model.compile("sgd", "sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
            weights = np.linspace(0, 2, ROWS)
            one = model.fit(x, y, sample_weight=weights, epochs=2, verbose=0).history
            two = model.fit(x, y, class_weight={0: 0.5, 1: 2.0, 2: 1.0, 3: 1.0}, verbose=0).history
            found[backend] = [*one.values(), *two.values()]
    for a, e in zip(found["native"], found["numpy"], strict=True):
        np.testing.assert_allclose(a, e, rtol=1e-5)


def test_two_inputs_and_two_outputs() -> None:
    rng = np.random.default_rng(0)
    data = [plain("uint8"), plain("float64")[:, :3]]
    targets = [rng.normal(size=(ROWS, 2)), rng.integers(0, 3, ROWS)]
    found = {}
    for backend in ("numpy", "native"):
        with using(backend):
            keras.utils.set_random_seed(2)
            a, b = keras.Input((WIDTH,)), keras.Input((3,))
            joined = layers.Concatenate()([layers.Dense(5, kernel_initializer=small())(a), b])
            outputs = [
                layers.Dense(2, name="p")(joined),
                layers.Dense(3, "softmax", name="q")(joined),
            ]
            model = keras.Model([a, b], outputs)
            model.compile("adam", ["mse", "sparse_categorical_crossentropy"])
            history = model.fit(data, targets, batch_size=16, epochs=2, verbose=0).history
            found[backend] = [*history.values(), *model.predict(data, verbose=0)]
    for x, e in zip(found["native"], found["numpy"], strict=True):
        np.testing.assert_allclose(x, e, rtol=1e-4, atol=1e-6)
