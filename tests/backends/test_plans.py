"""A plan prints itself, and `Model.profile` times it and leaves the model alone."""

from __future__ import annotations

import numpy as np
import pytest

import annette as keras
from annette.backends import current_backend, make_backend, set_backend
from annette.graph import trace
from tests.primitives.records import needs_native

L = keras.layers


@pytest.fixture
def native():
    before = current_backend()
    set_backend("native")
    yield current_backend()
    set_backend(before.name)


@pytest.fixture(params=["dense", "mixed"])
def job(request, native):
    """Return a compiled model with data for it."""
    rng = np.random.default_rng(1)
    if request.param == "dense":
        model = keras.Sequential(
            [keras.Input((12,)), L.Dense(8, activation="relu"), L.Dense(3, activation="softmax")]
        )
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model, rng.random((50, 12), dtype="float32"), rng.integers(0, 3, 50)
    model = keras.Sequential(
        [
            keras.Input((4,), dtype="int32"),
            L.Embedding(9, 5),
            L.Flatten(),
            L.Dense(6),
            L.BatchNormalization(),
            L.Activation("gelu"),
            L.Dropout(0.3, seed=1),
            L.Dense(1),
        ]
    )
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse")
    return model, rng.integers(0, 9, (50, 4)), rng.random((50, 1))


def plan_of(backend, function, specs):
    graph, _ = trace(function, specs, "work")
    return backend.compile(graph).plan


@needs_native
def test_a_plan_has_a_line_an_instruction(native):
    weight = keras.Variable(np.ones((3, 2), "float32"), name="weight")

    def function(x):
        y = keras.ops.relu(x @ weight)
        weight.assign_sub(0.5 * weight)
        return y

    plan = plan_of(native, function, [((4, 3), "float32")])
    text = str(plan).splitlines()
    assert text[0] == f"plan work ({native.core.isa})"
    assert len(text) == len(plan.units) + 3
    product = next(line for line in text if " matmul " in line)
    assert "[4,3] x [3,2]" in product and "x0, weight -> y0" in product and "104 B" in product
    assert any(line.endswith("in place") and "weight" in line for line in text[2:-1])
    assert text[-1].startswith("2 instructions, arena ") and text[-1].endswith("none in NumPy")


@needs_native
def test_a_plan_names_what_runs_in_numpy(native):
    plan = plan_of(native, lambda x: keras.ops.sort(keras.ops.exp(x)), [((5, 7), "float32")])
    text = str(plan).splitlines()
    calls = [line for line in text if line.endswith(" NumPy")]
    assert calls, text
    assert f"{len(calls)} in NumPy (" in text[-1]


@needs_native
def test_a_plan_not_built_prints_too(native):
    from annette.backends.native.plan import Plan

    graph, _ = trace(lambda x: x + 1.0, [((4,), "float32")], "work")
    assert "x0 -> y0" in str(Plan(native.core, graph, []))


@needs_native
def test_plans_fit_into_120_columns(job):
    model, x, y = job
    model.fit(x, y, verbose=0)
    steps = [s for key, s in model._programs.items() if key[0] == "train"]
    assert steps
    for step in steps:
        lines = str(step.quiet.plan).splitlines()
        assert max(map(len, lines)) <= 120
        assert any(line.endswith("in place") for line in lines)


def everything(model):
    """Return copies of all that training changes."""
    kept = [*model.variables, *model.optimizer.variables]
    kept += [v for m in model.metrics for v in m.variables]
    return [np.array(v.numpy()) for v in kept]


@needs_native
@pytest.mark.parametrize("with_targets", [True, False])
def test_profile_leaves_the_model_as_it_was(job, with_targets, capsys):
    model, x, y = job
    model.fit(x, y, verbose=0)
    before = everything(model)
    random = np.asarray(keras.random.uniform((3,), seed=5))
    found = model.profile(x, y if with_targets else None, batch_size=16, seconds=0.05)
    for a, b in zip(before, everything(model), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(random, np.asarray(keras.random.uniform((3,), seed=5)))
    assert found.kind == ("train" if with_targets else "predict")
    assert found.batch_size == 16 and found.steps > 0 and found.step_seconds > 0
    assert all(c.seconds > 0 and c.tasks >= 1 for c in found.costs)
    assert found.peaks.flops > 1e8 and found.peaks.bytes > 1e8
    printed = capsys.readouterr().out
    assert found.title() in printed and found.totals() in printed and found.limits() in printed
    assert "µs a step" in printed and "[16" in printed
    assert len(found.rows()) == len(found.costs)


@needs_native
def test_profile_trains_on_as_if_nothing_had_been(native):
    def train(profiled):
        keras.utils.set_random_seed(3)
        model = keras.Sequential([keras.Input((5,)), L.Dense(4), L.Dropout(0.5), L.Dense(1)])
        model.compile("adam", "mse")
        x, y = np.ones((20, 5), "float32"), np.ones((20, 1), "float32")
        model.fit(x, y, epochs=2, verbose=0)
        if profiled:
            model.profile(x, y, seconds=0.02, verbose=0)
        model.fit(x, y, epochs=2, verbose=0)
        return model.get_weights()

    for a, b in zip(train(False), train(True), strict=True):
        np.testing.assert_array_equal(a, b)


@needs_native
def test_profile_takes_batches_and_few_rows_and_big_endian_numbers(native):
    model = keras.Sequential([keras.Input((3,)), L.Dense(2)])
    assert model.profile(np.ones((1, 3)), seconds=0.01, verbose=0).batch_size == 1
    assert model.profile(np.ones((40, 3), ">f4"), seconds=0.01, verbose=0).batch_size == 32
    model.compile("sgd", "mse")
    batches = [(np.ones((6, 3)), np.ones((6, 2)))]
    assert model.profile(iter(batches), seconds=0.01, verbose=0).kind == "predict"


@needs_native
def test_profile_says_what_is_wrong(native):
    model = keras.Sequential([keras.Input((3,)), L.Dense(2)])
    with pytest.raises(ValueError, match="must be compiled before its training step"):
        model.profile(np.ones((4, 3)), np.ones((4, 2)))
    with pytest.raises(ValueError, match="profile expects x"):
        model.profile(None)
    for seconds in (0, -1, "1", True, float("nan")):
        with pytest.raises(ValueError, match="seconds must be a number above 0"):
            model.profile(np.ones((4, 3)), seconds=seconds)
    model.compile("sgd", "mse", run_eagerly=True)
    with pytest.raises(ValueError, match="run_eagerly"):
        model.profile(np.ones((4, 3)))


def test_profile_on_another_backend_says_what_to_do():
    before = current_backend()
    set_backend("numpy")
    try:
        with pytest.raises(RuntimeError, match="Set ANNETTE_BACKEND=native"):
            keras.Sequential([L.Dense(2)]).profile(np.ones((4, 3)))
    finally:
        set_backend(before.name)


@needs_native
def test_peaks_are_of_both_floats(native):
    from annette.backends.native.measuring import peaks

    single, double = peaks(native.core), peaks(native.core, "float64")
    assert single.flops > double.flops > 0
    assert make_backend("native").core.isa == native.core.isa
