"""The same bits on any number of threads, from run to run, and for a row in any batch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers, ops
from annette.fused.normalization import layer_norm_gradient
from annette.graph import gradient
from annette.graph.primitive import apply
from annette.training.data.order import epoch_order
from tests.primitives.records import NAMES, RECORDS, needs_native

from .running import graph_of, instruction_sets, native, threads, using

pytestmark = needs_native
# Rows, inputs, hidden, hidden: the last two are large enough to be shared by threads.
SIZES = [(100, 20, 16, 3), (256, 300, 200, 70), (600, 784, 128, 64)]


def network(sizes: tuple[int, int, int, int], optimizer: str) -> Any:
    _, inputs, first, second = sizes
    keras.utils.set_random_seed(4)
    model = keras.Sequential(
        [
            layers.Input((inputs,)), layers.Dense(first, "relu"), layers.Dense(second, "tanh"),
            layers.Dense(10, "softmax"),
        ]
    )  # fmt: skip
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def trained(sizes: tuple[int, int, int, int], optimizer: str, batch: int, count: int) -> bytes:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(sizes[0], sizes[1])).astype("float32")
    y = rng.integers(0, 10, sizes[0])
    with using("native"), threads(count):
        model = network(sizes, optimizer)
        history = model.fit(x, y, batch_size=batch, epochs=2, verbose=0).history
        found = [*model.get_weights(), model.predict(x, verbose=0)]
        found.append(np.array(model.evaluate(x, y, batch_size=batch, verbose=0)))
    return b"".join(a.tobytes() for a in found) + repr(history).encode()


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop"])
@pytest.mark.parametrize("sizes", SIZES)
def test_training_on_any_number_of_threads(sizes: Any, optimizer: str) -> None:
    for batch in (32, sizes[0]):
        first = trained(sizes, optimizer, batch, 1)
        for count in (1, 2, 4):
            assert trained(sizes, optimizer, batch, count) == first, f"{count} threads"


OPERATIONS: dict[str, Any] = {
    "sum": ops.sum,
    "sum of columns": lambda x: ops.sum(x, axis=0),
    "sum of rows": lambda x: ops.sum(x, axis=1),
    "product": lambda x: ops.matmul(ops.transpose(x), x),
    "long product": lambda x: ops.matmul(ops.transpose(x), ops.tanh(x)) + ops.mean(x, axis=0),
    "softmax": ops.softmax,
    "layer norm": lambda x: ops.layer_normalization(x, x[0], x[1]),
    "gradient of layer norm": lambda x: layer_norm_gradient(x, ops.exp(x), x[1], epsilon=1e-3),
    "chain": lambda x: ops.exp(ops.tanh(x) * 0.3) / (1.0 + ops.abs(x)),
    "transposed chain": lambda x: ops.tanh(ops.transpose(x)) + 1.0,
    "cumsum": lambda x: ops.cumsum(x, axis=0),
    "prod": lambda x: ops.prod(1.0 + x * 1e-3, axis=0),
    "argmax": lambda x: ops.argmax(x, axis=0),
    "take": lambda x: ops.take(x, np.arange(700)[::-1] % 500, axis=0),
}


@pytest.mark.parametrize("isa", instruction_sets())
@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_on_any_number_of_threads(name: str, isa: str) -> None:
    for shape in ((700, 300), (3000, 64), (501, 513)):
        x = np.random.default_rng(1).normal(size=shape).astype("float32")
        program = native(isa).compile(graph_of(OPERATIONS[name], [x]))
        found = []
        for count in (1, 2, 3, 4, 1):
            with threads(count):
                found.append(program([x])[0].tobytes())
        assert len(set(found)) == 1


def repeated(arrays: list[np.ndarray], axis: int, size: int) -> list[np.ndarray] | None:
    """Samples of a record with one axis grown, or None where no array has it."""
    if not any(x.ndim > axis and x.shape[axis] for x in arrays):
        return None
    old = max(x.shape[axis] for x in arrays if x.ndim > axis)
    return [
        np.take(x, np.arange(size) % old, axis) if x.ndim > axis and x.shape[axis] == old else x
        for x in arrays
    ]


@pytest.mark.parametrize("name", NAMES)
def test_every_record_on_any_number_of_threads(name: str) -> None:
    """An operation's samples, grown along each axis in turn."""
    record = RECORDS[name]
    for arrays, params in record.samples(np.random.default_rng(0)):
        for axis in range(max((np.ndim(x) for x in arrays), default=0)):
            grown = repeated([np.asarray(x) for x in arrays], axis, 9000 if axis else 5000)
            if grown is None:
                continue
            try:
                graph = graph_of(lambda *xs, p=params: apply(record, xs, p), grown)
            except (TypeError, ValueError, IndexError):
                continue  # the sizes of such an axis are not free
            if sum(math.prod(t.shape) for n in graph.nodes for t in n.outputs) > 3_000_000:
                continue
            program = native().compile(graph)
            found = []
            for count in (1, 2, 4):
                with threads(count), np.errstate(all="ignore"):
                    results = program([np.array(x) for x in grown])
                found.append(b"".join(np.ascontiguousarray(y).tobytes() for y in results))
            assert found[0] == found[1] == found[2], f"{params}, axis {axis}"


@pytest.mark.parametrize("isa", instruction_sets())
@pytest.mark.parametrize("sizes", SIZES)
def test_a_row_alone_is_the_row_in_any_batch(sizes: Any, isa: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(sizes[0], sizes[1])).astype("float32")
    with using("native", isa):
        model = network(sizes, "sgd")
        whole = model.predict(x, batch_size=sizes[0], verbose=0)
        for batch in (1, 7, 32, 64):
            some = x[:70] if batch == 1 else x
            assert np.array_equal(
                model.predict(some, batch_size=batch, verbose=0), whole[: len(some)]
            ), batch
        for i in (0, 13, 63, 64, sizes[0] - 1):
            assert np.array_equal(model.predict(x[i : i + 1], verbose=0)[0], whole[i])
            assert np.array_equal(called(model, x[i : i + 1]), whole[i : i + 1])
            assert np.array_equal(called(model, x[i : i + 5]), whole[i : i + 5])


def convnet() -> Any:
    """A small network of all kinds of convolution and pooling."""
    keras.utils.set_random_seed(4)
    model = keras.Sequential(
        [
            layers.Input((14, 13, 3)), layers.Conv2D(24, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(), layers.Conv2D(32, 3, groups=2, activation="tanh"),
            layers.Conv2DTranspose(12, 3, strides=2), layers.DepthwiseConv2D(3, strides=2),
            layers.BatchNormalization(), layers.SeparableConv2D(20, 2, padding="same"),
            layers.AveragePooling2D(2, padding="same"), layers.Flatten(), layers.Dense(10, "softmax"),
        ]
    )  # fmt: skip
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def convnet_trained(batch: int, count: int) -> bytes:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(70, 14, 13, 3)).astype("float32"), rng.integers(0, 10, 70)
    with using("native"), threads(count):
        model = convnet()
        history = model.fit(x, y, batch_size=batch, epochs=2, verbose=0).history
        found = [*model.get_weights(), model.predict(x, verbose=0)]
    return b"".join(a.tobytes() for a in found) + repr(history).encode()


@pytest.mark.parametrize("batch", [1, 24, 70])
def test_training_a_convnet_on_any_number_of_threads(batch: int) -> None:
    first = convnet_trained(batch, 1)
    for count in (1, 2, 4):
        assert convnet_trained(batch, count) == first, f"{count} threads"


@pytest.mark.parametrize("isa", instruction_sets())
def test_a_picture_alone_is_the_picture_in_any_batch(isa: str) -> None:
    x = np.random.default_rng(0).normal(size=(70, 14, 13, 3)).astype("float32")
    with using("native", isa):
        model = convnet()
        whole = model.predict(x, batch_size=70, verbose=0)
        for batch in (1, 7, 32):
            assert np.array_equal(model.predict(x, batch_size=batch, verbose=0), whole), batch
        for i in (0, 13, 69):
            assert np.array_equal(called(model, x[i : i + 1]), whole[i : i + 1])
            assert np.array_equal(called(model, x[i : i + 5]), whole[i : i + 5])


WINDOWED: dict[str, Any] = {
    "conv": lambda x, w: ops.conv(x, w, padding="same"),
    "conv with strides": lambda x, w: ops.conv(x, w, 2),
    "conv with gaps": lambda x, w: ops.conv(x, w, padding="same", dilation_rate=2),
    "conv in groups": lambda x, w: ops.conv(x, w[:, :, :4]),
    "conv_transpose": lambda x, w: ops.conv_transpose(x, ops.swapaxes(w, 2, 3)[..., :8], 2, "same"),
    "depthwise_conv": lambda x, w: ops.depthwise_conv(x, w[..., :1], padding="same"),
    "max_pool": lambda x, w: ops.max_pool(x, 3, 2, "same"),
    "average_pool": lambda x, w: ops.average_pool(x, 2),
}


@pytest.mark.parametrize("isa", instruction_sets())
@pytest.mark.parametrize("name", WINDOWED)
def test_windows_and_their_gradients_on_any_number_of_threads(name: str, isa: str) -> None:
    rng = np.random.default_rng(2)
    w = rng.normal(size=(3, 3, 8, 12)).astype("float32")

    def function(x: Any, w: Any) -> list[Any]:
        y = WINDOWED[name](x, w)
        return [y, *(g for g in gradient([ops.sum(ops.sin(y))], [x, w]) if g is not None)]

    for shape in ((9, 30, 21, 8), (64, 12, 12, 8)):
        x = rng.normal(size=shape).astype("float32")
        program = native(isa).compile(graph_of(function, [x, w]))
        found = []
        for count in (1, 2, 4):
            with threads(count):
                found.append([y.tobytes() for y in program([x, w])])
        assert all(one == found[0] for one in found)


def called(model: Any, x: np.ndarray) -> np.ndarray:
    """Call a model until it runs as a program, which the first calls do not."""
    for _ in range(3):
        y = np.asarray(model(x))
    return y


@pytest.mark.parametrize("width", [1, 2, 3, 8, 17, 33, 64, 130])
def test_a_row_alone_whatever_the_width(width: int) -> None:
    """Widths around tiles, on an output of one number too."""
    rng = np.random.default_rng(width)
    x = rng.normal(size=(40, 600)).astype("float32")
    with using("native"):
        model = keras.Sequential([layers.Input((600,)), layers.Dense(width), layers.Dense(1)])
        whole = model.predict(x, verbose=0)
        for i in range(0, 40, 7):
            assert np.array_equal(model.predict(x[i : i + 1], verbose=0)[0], whole[i])


@pytest.mark.parametrize("rows", [1, 5, 1023, 1024, 5000])
@pytest.mark.parametrize(("seed", "epoch"), [(0, 0), (7, 3), (2**31 - 2, 1000), (2**63, 2**33)])
def test_the_core_shuffles_as_the_training_loop_does(rows: int, seed: int, epoch: int) -> None:
    order = np.empty(rows, "int64")
    native().core.module.shuffled_order(seed, epoch, order)
    assert np.array_equal(order, epoch_order(rows, seed, epoch))


def test_epochs_in_one_go_are_the_epochs_one_by_one() -> None:
    """With a callback that does nothing the loop goes epoch by epoch, without it many at once."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(75, 20)).astype("float32")
    y = rng.integers(0, 10, 75)
    runs = []
    for callbacks in ([], [keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None)]):
        with using("native"):
            model = network((75, 20, 16, 3), "adam")
            np.random.seed(1)
            history = model.fit(x, y, epochs=4, batch_size=16, verbose=0, callbacks=callbacks)
            runs.append((history.history, [w.tobytes() for w in model.get_weights()]))
    assert runs[0] == runs[1]
