"""Optimizers that hold others: loss scaling for float16, and several optimizers in one."""

import numpy as np
import pytest

import annette as keras
from annette import Variable, optimizers
from annette.backends import current_backend
from annette.graph.trace import trace

G = np.array([3.0, -4.0], "float32")


def weight(name="w", value=(1.0, 2.0)):
    return Variable(np.array(value, "float32"), name=name)


def scaled(**kwargs):
    return optimizers.LossScaleOptimizer(optimizers.SGD(0.1, momentum=0.5), **kwargs)


def test_a_step_that_is_not_finite_is_left_out_and_the_scale_halved():
    optimizer, w = scaled(initial_scale=8.0), weight()
    optimizer.apply([G * 8], [w])
    np.testing.assert_allclose(w.numpy(), [0.7, 2.4], rtol=1e-6)
    before = [v.numpy() for v in optimizer.inner_optimizer.variables]
    for bad in (np.inf, -np.inf, np.nan):
        optimizer.apply([np.array([bad, 1.0], "float32")], [w])
    np.testing.assert_allclose(w.numpy(), [0.7, 2.4], rtol=1e-6)
    for variable, old in zip(optimizer.inner_optimizer.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), old)
    assert float(optimizer.dynamic_scale) == 1.0
    assert int(optimizer.iterations) == 1


def test_the_scale_doubles_after_enough_finite_steps():
    optimizer, w = scaled(initial_scale=4.0, dynamic_growth_steps=2), weight()
    seen = []
    for g in (1.0, 1.0, np.inf, 1.0, np.inf, 1.0, 1.0):
        optimizer.apply([np.full(2, g, "float32")], [w])
        seen.append(float(optimizer.dynamic_scale))
    assert seen == [4.0, 8.0, 4.0, 4.0, 2.0, 2.0, 4.0]


def test_the_loss_is_multiplied_by_the_scale():
    optimizer = scaled(initial_scale=8.0)
    assert float(optimizer.scale_loss(3.0)) == 24.0
    optimizer.build([weight()])
    optimizer.apply([np.full(2, np.nan, "float32")])
    assert float(optimizer.scale_loss(3.0)) == 12.0


def test_learning_rate_averages_and_decay_are_those_of_the_inner_one():
    inner = optimizers.SGD(1.0, weight_decay=0.5, use_ema=True, ema_momentum=0.5)
    optimizer, w = optimizers.LossScaleOptimizer(inner, initial_scale=1.0), weight(value=(0.0, 0.0))
    optimizer.exclude_from_weight_decay(var_names=["w"])
    for _ in range(3):
        optimizer.apply([np.ones(2, "float32")], [w])
    optimizer.finalize_variable_values([w])
    np.testing.assert_allclose(w.numpy(), [-2.25, -2.25])
    optimizer.learning_rate = 0.25
    assert float(inner.learning_rate) == float(optimizer.learning_rate) == 0.25


def _several(**kwargs):
    shares = optimizers.OptimizerMap(optimizers.SGD(0.1))
    shares["dense/.*"] = optimizers.Adam(0.1, clipnorm=1.0)
    return optimizers.MultiOptimizer(shares, **kwargs)


@pytest.mark.parametrize("make", [scaled, _several], ids=["loss scale", "several"])
def test_traced_equals_eager(make):
    eager, traced = make(), make()
    mine, theirs = ([weight(), weight("dense/kernel")] for _ in range(2))
    for variables in (mine, theirs):
        variables[1].path = "dense/kernel"
    eager.build(mine)
    traced.build(theirs)
    graph, _ = trace(lambda *gs: traced.apply(list(gs), theirs), [((2,), "float32")] * 2)
    program = current_backend().compile(graph)
    for factor in (1.0, np.inf, 2.0, -1.0) if make is scaled else (1.0, 2.0, -1.0):
        gs = [G * np.float32(factor), G[::-1] * np.float32(factor)]
        eager.apply(gs, mine)
        program(gs)
    for a, b in zip([*mine, *eager.variables], [*theirs, *traced.variables], strict=True):
        np.testing.assert_allclose(b.numpy(), a.numpy(), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("make", [scaled, _several], ids=["loss scale", "several"])
def test_config_and_state_come_back(make):
    first, w = make(), weight()
    for _ in range(3):
        first.apply([G], [w])
    again = optimizers.deserialize(optimizers.serialize(first))
    assert type(again) is type(first) and again.get_config() == first.get_config()
    store = {}
    first.save_own_variables(store)
    v = weight(value=w.numpy())
    again.build([v])
    again.load_own_variables(store)
    first.apply([G], [w])
    again.apply([G], [v])
    np.testing.assert_array_equal(v.numpy(), w.numpy())
    again.set_weights([x.numpy() for x in first.variables])


def test_each_weight_has_its_optimizer():
    optimizer, w, kernel = _several(), weight(), weight()
    kernel.path = "dense/kernel"
    optimizer.apply([G, G], [w, kernel])
    np.testing.assert_allclose(w.numpy(), [0.7, 2.4], rtol=1e-6)
    np.testing.assert_allclose(kernel.numpy(), [0.9, 2.1], rtol=1e-4)
    assert [type(o).__name__ for o in optimizer.optimizers] == ["Adam", "SGD"]
    assert int(optimizer.iterations) == 1
    with pytest.raises(AttributeError, match="optimizers"):
        _ = optimizer.learning_rate
    with pytest.raises(AttributeError, match="optimizers"):
        optimizer.learning_rate = 0.1


def test_optimizers_chosen_by_a_function_train_a_model():
    adam, sgd = optimizers.Adam(0.05), optimizers.SGD(0.05)
    model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(1)])
    model.compile(
        optimizers.MultiOptimizer(lambda v: adam if "kernel" in v.path else sgd), loss="mse"
    )
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 3)).astype("float32")
    history = model.fit(x, x.sum(1, keepdims=True), epochs=15, verbose=0).history["loss"]
    assert history[-1] < 0.3 * history[0]
    assert int(adam.iterations) == int(sgd.iterations) == 30


def test_map_of_optimizers():
    a, b = optimizers.SGD(), optimizers.Adam()
    shares = optimizers.OptimizerMap(a, {"dense/kernel": b})
    shares["(enc|dec)/.*"] = b
    assert shares["dense/kernel"] is shares["enc/kernel"] is b
    assert shares["my/enc/kernel"] is shares["dense/kernel/x"] is a
    assert list(shares) == ["dense/kernel", "(enc|dec)/.*"] and len(shares) == 2
    shares["enc.*"] = a
    with pytest.raises(ValueError, match="Several keys"):
        _ = shares["enc/kernel"]
    del shares["enc.*"]
    with pytest.raises(ValueError, match="already"):
        shares["dense/kernel"] = a


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: optimizers.LossScaleOptimizer("sgd"), TypeError, "inner_optimizer"),
        (lambda: scaled(clipnorm=1.0), ValueError, "clipnorm=...."),
        (lambda: scaled(learning_rate=1.0), ValueError, "learning_rate"),
        (lambda: optimizers.MultiOptimizer(3), TypeError, "optimizer_map"),
        (lambda: optimizers.MultiOptimizer(optimizers.SGD()), TypeError, "OptimizerMap"),
        (lambda: optimizers.MultiOptimizer(lambda v: 3).build([weight()]), ValueError, "'w'"),
        (lambda: optimizers.OptimizerMap("sgd"), TypeError, "default_optimizer"),
        (lambda: optimizers.OptimizerMap(optimizers.SGD(), 3), TypeError, "optimizer_map"),
        (lambda: optimizers.OptimizerMap(optimizers.SGD(), {"a": 3}), ValueError, "'a'"),
        (lambda: optimizers.OptimizerMap(optimizers.SGD(), {3: 3}), ValueError, "string"),
        (lambda: optimizers.Lion(beta_1=0.0), ValueError, "beta_1"),
        (lambda: optimizers.Ftrl(learning_rate_power=1.0), ValueError, "learning_rate_power"),
        (lambda: optimizers.Ftrl(l1_regularization_strength=-1.0), ValueError, "l1_regular"),
        (lambda: optimizers.get("lossscaleoptimizer"), ValueError, "instance"),
    ],
)
def test_wrong_arguments_are_named(make, error, says):
    with pytest.raises(error, match=says):
        make()
