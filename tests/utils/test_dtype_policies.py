"""Dtype policies, maps of them, and the module `mixed_precision`."""

import warnings

import numpy as np
import pytest

import annette as keras
from annette import dtype_policies
from annette.dtype_policies import DTypePolicy, DTypePolicyMap, FloatDTypePolicy


@pytest.fixture
def policy():
    """Sets the global policy for a test."""
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy("float32")


def test_a_mixed_policy_computes_in_half_with_full_weights():
    mixed = DTypePolicy("mixed_float16")
    assert (mixed.compute_dtype, mixed.variable_dtype) == ("float16", "float32")
    assert DTypePolicy().name == keras.config.floatx()
    assert FloatDTypePolicy("float16") == DTypePolicy("float16")
    assert mixed.quantization_mode is None


@pytest.mark.parametrize(
    ("x", "autocast", "expected"),
    [
        (np.ones(2, "float32"), True, "float16"),
        (np.ones(2, "float32"), False, "float32"),
        (np.ones(2, "int32"), True, "int32"),
        (np.ones(2, "float16"), True, "float16"),
        (3.0, True, None),
        (None, True, None),
    ],
)
def test_inputs_are_cast_where_they_are_floats(x, autocast, expected):
    y = DTypePolicy("mixed_float16").convert_input(x, autocast, "float16")
    assert y is x if expected is None else str(y.dtype) == expected


def test_the_global_policy_is_that_of_new_layers(policy):
    policy("mixed_bfloat16")
    assert keras.layers.Dense(1).compute_dtype == "bfloat16"
    assert keras.mixed_precision.global_policy() == keras.config.dtype_policy()
    keras.mixed_precision.set_global_policy(keras.mixed_precision.Policy("float64"))
    assert keras.layers.Dense(1).variable_dtype == "float64"


def test_a_map_gives_each_layer_its_policy():
    policies = DTypePolicyMap("float32", {"half": "float16", "deep/.*": DTypePolicy("float64")})
    assert policies["deep/er"].name == "float64"
    assert policies["very/deep/er"].name == policies["deep"].name == "float32"
    half = keras.layers.Dense(2, dtype=policies, name="half")
    half.build((None, 3))
    assert half.kernel.dtype == half.compute_dtype == "float16"
    assert keras.layers.Dense(2, dtype=policies, name="other").compute_dtype == "float32"
    again = keras.layers.Dense.from_config(half.get_config())
    assert again.compute_dtype == "float16"
    assert again.dtype_policy.get_config() == policies.get_config()


def test_a_map_without_default_follows_the_global_policy(policy):
    policies = DTypePolicyMap()
    policy("float16")
    assert policies["anything"].name == policies.compute_dtype == "float16"
    assert len(policies) == 0 and "anything" not in policies


def test_a_map_is_a_dict_of_keys_given_once():
    policies = DTypePolicyMap("float32", {"a.*": "float16"})
    with pytest.raises(ValueError, match="already"):
        policies["a.*"] = "float64"
    policies["ab"] = "float64"
    assert policies["ab"].name == "float64" and policies["abc"].name == "float16"
    policies["ab.+"] = "float64"
    with pytest.raises(ValueError, match="Several keys"):
        _ = policies["abc"]
    assert policies.pop("ab.+").name == "float64" and list(policies) == ["a.*", "ab"]


@pytest.mark.parametrize(
    "made", [DTypePolicy("mixed_float16"), FloatDTypePolicy("float64"), DTypePolicyMap("float16")]
)
def test_policies_come_back_from_their_configuration(made):
    again = dtype_policies.deserialize(dtype_policies.serialize(made))
    assert type(again) is type(made) and again.get_config() == made.get_config()


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: DTypePolicy("float33"), ValueError, "mixed_float16"),
        (lambda: DTypePolicy(3), TypeError, "3"),
        (lambda: dtype_policies.get("mixed_float32"), ValueError, "mixed_float16"),
        (lambda: dtype_policies.get(3), ValueError, "dtype"),
        (lambda: keras.config.set_dtype_policy(None), ValueError, "None"),
        (lambda: DTypePolicyMap("float32", 3), TypeError, "policy_map"),
        (lambda: DTypePolicyMap("float32", {"a": 3}), ValueError, "'a'"),
        (lambda: dtype_policies.deserialize({"class_name": "Foo"}), ValueError, "Foo"),
    ],
)
def test_wrong_policies_are_named(make, error, says):
    with pytest.raises(error, match=says):
        make()


def _regression():
    x = np.random.default_rng(0).normal(size=(128, 2)).astype("float32")
    return x, x.sum(1, keepdims=True)


def _network():
    layers = [keras.Input((2,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(1)]
    return keras.Sequential(layers)


def test_float16_is_trained_with_a_loss_scale_unless_told_otherwise(policy):
    policy("mixed_float16")
    model = _network()
    model.compile(keras.optimizers.Adam(0.05), "mse")
    assert type(model.optimizer) is keras.mixed_precision.LossScaleOptimizer
    model.optimizer.initial_scale = 2.0**40  # far more than float16 holds
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # NumPy tells of the overflow
        history = model.fit(*_regression(), epochs=30, verbose=0).history["loss"]
    assert history[-1] < 0.3 * history[0]
    assert model.optimizer.dynamic_scale.numpy() < 2.0**40
    assert 0 < int(model.optimizer.iterations) < 120
    assert all(v.dtype == "float32" and np.isfinite(v.numpy()).all() for v in model.weights)
    wrapped = model.optimizer
    model.compile(wrapped, "mse")
    assert model.optimizer is wrapped
    model.compile("adam", "mse", auto_scale_loss=False)
    assert type(model.optimizer) is keras.optimizers.Adam


@pytest.mark.parametrize("name", ["float32", "mixed_bfloat16"])
def test_other_policies_need_no_loss_scale(policy, name):
    policy(name)
    model = _network()
    model.compile("adam", "mse")
    assert type(model.optimizer) is keras.optimizers.Adam
