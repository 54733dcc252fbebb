"""What `compile` is given for models of several outputs, and the functions it makes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers

X = np.random.default_rng(0).normal(size=(24, 4)).astype("float32")
Y = X[:, :2]


def several(structure: str = "list") -> Any:
    inputs = keras.Input((4,))
    a, b, c = (layers.Dense(2, name=name)(inputs) for name in "abc")
    outputs = {"list": [a, b, c], "deep": [a, [b, c]], "dict": {"k": a, "l": {"m": b, "n": c}}}
    return keras.Model(inputs, outputs[structure])


def logs(model: Any, y: Any, sample_weight: Any = None, **options: Any) -> list[str]:
    model.compile("sgd", **options)
    return list(model.fit(X, y, sample_weight=sample_weight, verbose=0).history)


def test_losses_follow_structures_in_structures() -> None:
    names = logs(several("deep"), [Y, [Y, Y]], loss=["mse", ["mae", "mse"]])
    assert names == ["1/b_loss", "1/c_loss", "a_loss", "loss"]
    y = {"k": Y, "l": {"m": Y, "n": Y}}
    assert logs(several("dict"), y, loss="mse") == ["k_loss", "l/m_loss", "l/n_loss", "loss"]


def test_one_loss_alone_has_no_name_of_its_own() -> None:
    metrics = [None, None, ["mae"]]
    with pytest.warns(UserWarning, match="no gradient"):
        names = logs(several(), [Y, Y, Y], loss=[None, "mse", None], metrics=metrics)
    assert names == ["c_mae", "loss"]


def test_one_target_is_for_the_only_output_with_a_loss() -> None:
    model = several()
    before = [np.asarray(w) for w in model.get_weights()]
    with pytest.warns(UserWarning, match="no gradient"):
        assert logs(model, Y, loss=[None, "mse", None]) == ["loss"]
    moved = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    assert moved == [False, False, True, True, False, False]


def test_weights_by_name_weigh_their_output_alone() -> None:
    model = several()
    weights = {"a": np.zeros(24), "b": np.ones(24), "c": np.ones(24)}
    model.compile("sgd", "mse", weighted_metrics={"a": ["mae"], "b": ["mae"]})
    named = {"a": Y, "b": Y, "c": Y}
    found = model.evaluate(X, named, sample_weight=weights, return_dict=True, verbose=0)
    assert found["a_loss"] == found["a_mae"] == 0
    assert found["loss"] == pytest.approx(found["b_loss"] + found["c_loss"])


def test_metrics_names_are_what_evaluate_returns_in_order() -> None:
    model = several()
    model.compile("sgd", "mse", metrics=[["mae"], ["mse"], None])
    listed = model.evaluate(X, [Y, Y, Y], verbose=0)
    named = model.evaluate(X, [Y, Y, Y], return_dict=True, verbose=0)
    assert model.metrics_names == ["loss", "a_loss", "b_loss", "c_loss", "a_mae", "b_mse"]
    assert listed == pytest.approx([named[name] for name in model.metrics_names])


REFUSED = [
    ({"loss": {"x": "mse"}}, "key 'x'.*'a', 'b', 'c'"),
    ({"loss": ["mse"] * 2}, "loss has 2 entries.*3 outputs"),
    ({"loss": "mse", "metrics": ["mae"]}, "metrics has 1 entry.*3 outputs"),
    ({"loss": "mse", "loss_weights": "heavy"}, "loss_weights.*'heavy'"),
    ({"loss": "mse", "loss_weights": [1, 2]}, "loss_weights has 2 entries"),
    ({"loss": "mse", "steps_per_execution": 0}, "steps_per_execution.*0"),
    ({"loss": ["mse", "nonsense", None]}, "nonsense"),
]


@pytest.mark.parametrize(("options", "says"), REFUSED, ids=[r[1] for r in REFUSED])
def test_what_does_not_fit_the_outputs_is_refused(options: dict[str, Any], says: str) -> None:
    model = several()
    before = model.get_weights()
    with pytest.raises(ValueError, match=says):
        logs(model, [Y, Y, Y], **options)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_functions_of_one_step_take_an_iterator() -> None:
    model = several()
    model.compile("sgd", "mse")
    model.make_train_function()
    model.make_test_function()
    model.make_predict_function()
    batches = iter([(X, [Y, Y, Y])] * 3)
    first = model.test_function(batches)["loss"]
    model.reset_metrics()
    model.train_function(batches)
    model.reset_metrics()
    assert model.test_function(batches)["loss"] < first
    outputs = model.predict_function(iter([(X,)]))
    np.testing.assert_allclose(outputs[0], model.predict(X, verbose=0)[0], rtol=1e-6)
    with pytest.raises(StopIteration):
        model.train_function(batches)


class Failing(keras.callbacks.Callback):
    """Raises in one of its methods."""

    def __init__(self, where: str, error: BaseException) -> None:
        super().__init__()

        def fail(*_: Any) -> None:
            raise error

        setattr(self, where, fail)


@pytest.mark.parametrize("where", ["on_epoch_begin", "on_train_batch_end", "on_test_end"])
@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), RuntimeError("mine")], ids=["ctrl-c", "own"]
)
def test_a_run_that_is_broken_off_leaves_the_model_usable(where: str, error: BaseException) -> None:
    model = several()
    model.compile("adam", "mse")
    y = [Y, Y, Y]
    with pytest.raises(type(error)):
        model.fit(X, y, validation_data=(X, y), callbacks=[Failing(where, error)], verbose=0)
    assert np.isfinite(model.predict(X, verbose=0)).all()
    history = model.fit(X, y, epochs=2, verbose=0)
    assert history.epoch == [0, 1]
    assert history.history["loss"][1] < history.history["loss"][0]


@pytest.mark.parametrize("value", [None, "x"])
def test_a_function_that_gives_no_numbers_is_named(value: Any) -> None:
    def nothing(y_true: Any, y_pred: Any) -> Any:
        return value

    for options in ({"loss": nothing}, {"loss": "mse", "metrics": [[nothing], None, None]}):
        with pytest.raises(ValueError, match="'nothing' must return numbers"):
            logs(several(), [Y, Y, Y], **options)


def test_weighted_metrics_beside_plain_ones_of_their_name_are_told_apart() -> None:
    both = {"metrics": [["mae"], None, None], "weighted_metrics": [["mae", "mse"], ["mae"], None]}
    names = logs(several(), [Y, Y, Y], loss="mse", **both)
    assert {"a_mae", "a_weighted_mae", "a_mse", "b_mae"} < set(names)
    single = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    assert "weighted_mae" in logs(single, Y, loss="mse", metrics=["mae"], weighted_metrics=["mae"])


def test_losses_of_a_dict_of_outputs_are_listed_as_they_were_given() -> None:
    inputs = keras.Input((4,))
    named = {name: layers.Dense(2, name=name)(inputs) for name in ("b", "a")}
    model = keras.Model(inputs, named)
    model.compile("sgd", {"b": "mse", "a": "mae"}, metrics={"b": ["mae"], "a": ["mse"]})
    values = model.evaluate(X, {"a": Y, "b": Y}, verbose=0)
    told = model.evaluate(X, {"a": Y, "b": Y}, verbose=0, return_dict=True)
    assert values == [told[k] for k in ("loss", "b_loss", "a_loss", "a_mse", "b_mae")]
