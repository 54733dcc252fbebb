"""Layer normalization on the native backend: one kernel each way, of any width and number of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers, ops
from annette.backends.native.printing import lines
from annette.backends.native.program import NativeProgram
from tests.primitives.records import needs_native

from .running import check, graph_of, instruction_sets, native, run, using

pytestmark = needs_native
SETS = instruction_sets()
# Around the widths of vectors, the vectors of a sum, and the rows of a part.
SHAPES = [(3, 1), (5, 7), (2, 3, 16), (65, 17), (130, 64), (2, 80), (1, 1025), (3, 3000), (0, 5)]


def given(shape: tuple[int, ...]) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(2.0, 3.0, shape)
    return [x, rng.normal(size=shape[-1]), rng.normal(size=shape[-1]), rng.normal(size=shape)]


def both_ways(x: Any, gamma: Any, beta: Any, g: Any) -> Any:
    with keras.GradientTape() as tape:
        for each in (x, gamma, beta):
            tape.watch(each)
        y = ops.layer_normalization(x, gamma, beta, epsilon=1e-3)
        loss = ops.sum(y * g)
    return y, *tape.gradient(loss, [x, gamma, beta])


@pytest.mark.parametrize("isa", SETS)
@pytest.mark.parametrize("shape", SHAPES)
def test_as_numpy(shape: tuple[int, ...], isa: str) -> None:
    check(both_ways, given(shape), isa)


def test_one_instruction_each_way() -> None:
    arrays = [x.astype("float32") for x in given((4, 6))]
    program = native().compile(graph_of(both_ways, arrays))
    assert isinstance(program, NativeProgram)
    names = [line.what for line in lines(program.plan)]
    assert names.count("layer_norm") == names.count("layer_norm_gradient") == 1
    assert not any("sqrt" in name for name in names)


@pytest.mark.parametrize("isa", SETS)
def test_each_row_has_the_bits_that_it_has_alone(isa: str) -> None:
    x, gamma, beta, _ = (a.astype("float32") for a in given((600, 81)))
    several = [x, gamma, beta]
    whole = run(graph_of(ops.layer_normalization, several), several, isa)[0]
    alone = [x[311:312], gamma, beta]
    np.testing.assert_array_equal(
        run(graph_of(ops.layer_normalization, alone), alone, isa)[0], whole[311:312]
    )


@pytest.mark.parametrize("isa", SETS)
def test_a_row_that_holds_no_number_spoils_no_other(isa: str) -> None:
    x, gamma, beta, _ = given((4, 9))
    x[1, 8] = np.nan
    y = run(graph_of(ops.layer_normalization, [x, gamma, beta]), [x, gamma, beta], isa)[0]
    assert np.isnan(y).any(axis=-1).tolist() == [False, True, False, False]


@pytest.mark.parametrize("options", [{}, {"center": False}, {"scale": False}, {"axis": (1, 2)}])
def test_layers_of_every_kind_train_as_on_numpy(options: dict[str, Any]) -> None:
    x = np.random.default_rng(3).normal(size=(40, 5, 6)).astype("float32")
    y = x.sum(axis=(1, 2), keepdims=False)[:, None]
    losses = []
    for backend in ("native", "numpy"):
        with using(backend):
            keras.utils.set_random_seed(0)
            model = keras.Sequential(
                [layers.Input((5, 6)), layers.LayerNormalization(**options), layers.Flatten(),
                 layers.Dense(1)]
            )  # fmt: skip
            model.compile(keras.optimizers.SGD(0.02), "mse")
            losses.append(model.fit(x, y, epochs=3, batch_size=8, verbose=0).history["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)
    assert losses[0][-1] < losses[0][0]
