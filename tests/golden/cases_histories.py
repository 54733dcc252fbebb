"""Golden cases: what `compile` may be given, and the names and values of an epoch's history then."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .cases import add_case, one_hot, uniform
from .cases_layers import fill
from .cases_models import BINARY, CLASSES, FEATURES, LABELS, ONE_HOT, REAL, ROWS, WEIGHTS, X

STEPS = 4
SERIES = uniform(ROWS, STEPS, FEATURES, seed=510)
STEP_LABELS = np.argmax(SERIES[..., :CLASSES], axis=-1).astype("int32")
STEP_WEIGHTS = uniform(ROWS, STEPS, seed=511, low=0, high=2)
SPARSE = "sparse_categorical_crossentropy"


def one(units: int = CLASSES, last: str = "softmax", **options: Any) -> Callable[[Any], Any]:
    """A Sequential with one output, its last layer called "out"."""

    def build(k: Any) -> Any:
        return k.Sequential(
            [
                k.Input((FEATURES,)),
                k.layers.Dense(7, activation="tanh", **options),
                k.layers.Dense(units, activation=last, name="out"),
            ]
        )

    return build


def functional(k: Any) -> Any:
    """A functional model with one output."""
    inputs = k.Input((FEATURES,), name="features")
    return k.Model(inputs, k.layers.Dense(CLASSES, activation="softmax", name="out")(inputs))


def heads(kind: str) -> Callable[[Any], Any]:
    """Two outputs as a list, a tuple or a dict (whose keys are not the layers' names)."""

    def build(k: Any) -> Any:
        inputs = k.Input((FEATURES,), name="features")
        hidden = k.layers.Dense(6, activation="tanh", name="hidden")(inputs)
        kinds = k.layers.Dense(CLASSES, activation="softmax", name="kind")(hidden)
        place = k.layers.Dense(2, name="place")(hidden)
        if kind == "dict":
            return k.Model(inputs, {"k": kinds, "p": place})
        return k.Model(inputs, [kinds, place] if kind == "list" else (kinds, place))

    return build


def three(k: Any) -> Any:
    """Three outputs."""
    inputs = k.Input((FEATURES,))
    hidden = k.layers.Dense(6, activation="tanh")(inputs)
    return k.Model(
        inputs,
        [
            k.layers.Dense(CLASSES, activation="softmax", name="c")(hidden),
            k.layers.Dense(1, activation="sigmoid", name="b")(hidden),
            k.layers.Dense(2, name="a")(hidden),
        ],
    )


def nested(k: Any) -> Any:
    """Outputs in a dict of a list."""
    inputs = k.Input((FEATURES,))
    left = k.layers.Dense(CLASSES, activation="softmax", name="left")(inputs)
    right = k.layers.Dense(CLASSES, activation="softmax", name="right")(inputs)
    return k.Model(inputs, {"both": [left, right], "place": k.layers.Dense(2, name="pl")(inputs)})


def subclassed(k: Any) -> Any:
    """A model by subclassing that gives a tuple."""

    class Net(k.Model):
        def __init__(self) -> None:
            super().__init__()
            self.kind = k.layers.Dense(CLASSES, activation="softmax")
            self.place = k.layers.Dense(2)

        def call(self, x: Any) -> Any:
            return self.kind(x), self.place(x)

    model = Net()
    model(X[:2])
    return model


def subclassed_dict(k: Any) -> Any:
    """A model by subclassing that gives a dict."""

    class Net(k.Model):
        def __init__(self) -> None:
            super().__init__()
            self.kind = k.layers.Dense(CLASSES, activation="softmax")
            self.place = k.layers.Dense(2)

        def call(self, x: Any) -> Any:
            return {"place": self.place(x), "kind": self.kind(x)}

    model = Net()
    model(X[:2])
    return model


def adding(k: Any) -> Any:
    """A layer that adds a loss, and one that is regularized."""

    class Adds(k.layers.Layer):
        def call(self, x: Any) -> Any:
            self.add_loss(0.1 * k.ops.mean(k.ops.square(x)))
            return x

    return k.Sequential(
        [
            k.Input((FEATURES,)),
            k.layers.Dense(7, activity_regularizer="l1", kernel_regularizer="l2"),
            Adds(),
            k.layers.Dense(CLASSES, activation="softmax"),
        ]
    )


def series(k: Any) -> Any:
    """An output for every step of a sequence."""
    return k.Sequential(
        [k.Input((STEPS, FEATURES)), k.layers.Dense(CLASSES, activation="softmax", name="out")]
    )


def masked(k: Any) -> Any:
    """The same with steps masked that are all zero."""
    return k.Sequential(
        [
            k.Input((STEPS, FEATURES)),
            k.layers.Masking(),
            k.layers.Dense(CLASSES, activation="softmax", name="out"),
        ]
    )


def worst(y_true: Any, y_pred: Any) -> Any:
    """A metric that is a function: one number a row."""
    return (y_true - y_pred)[..., 0]


def always(y_true: Any, y_pred: Any) -> float:
    """A metric that gives one number a batch."""
    return 0.25


def cubic(y_true: Any, y_pred: Any) -> Any:
    """A loss that is a function and gives no mean."""
    return (y_true - y_pred) ** 2 * 3.0


PAIR = [LABELS, REAL]
NAMED = {"kind": LABELS, "place": REAL}
KEYED = {"k": LABELS, "p": REAL}
ZEROED = np.where(np.arange(STEPS)[:, None] < 2, SERIES, 0).astype("float32")

# name: (model, compile, fit); compile's values may be functions of k.
FORMS: dict[str, tuple[Callable[[Any], Any], Any, dict[str, Any]]] = {
    "loss alone": (one(), lambda k: {"loss": SPARSE}, {}),
    "nothing but the defaults": (adding, lambda k: {}, {"y": None}),
    "loss object": (one(), lambda k: {"loss": k.losses.SparseCategoricalCrossentropy()}, {}),
    "loss by class": (
        one(2, "linear"),
        lambda k: {"loss": k.losses.MeanSquaredError()},
        {"y": REAL},
    ),
    "loss function": (one(2, "linear"), lambda k: {"loss": cubic}, {"y": REAL}),
    "loss with reduction sum": (
        one(2, "linear"),
        lambda k: {"loss": k.losses.MeanSquaredError(reduction="sum")},
        {"y": REAL},
    ),
    "loss in a list": (one(), lambda k: {"loss": [SPARSE], "metrics": ["accuracy"]}, {}),
    "loss in a dict": (
        functional,
        lambda k: {"loss": {"out": SPARSE}, "metrics": {"out": "acc"}},
        {},
    ),
    "loss weighted": (one(), lambda k: {"loss": SPARSE, "loss_weights": [0.5]}, {}),
    "two metrics": (one(), lambda k: {"loss": SPARSE, "metrics": ["acc", SPARSE]}, {}),
    "metric short names": (
        one(2, "linear"),
        lambda k: {"loss": "mae", "metrics": ["mse", "MAE", "mean_squared_error", "mape"]},
        {"y": REAL},
    ),
    "metric objects and names": (
        one(1, "sigmoid"),
        lambda k: {
            "loss": "binary_crossentropy",
            "metrics": [k.metrics.AUC(name="area"), "Precision", k.metrics.Recall(), "accuracy"],
        },
        {"y": BINARY},
    ),
    "metric functions": (
        one(2, "linear"),
        lambda k: {"loss": "mse", "metrics": [worst, k.losses.mean_absolute_error]},
        {"y": REAL},
    ),
    "metric that is a number": (
        one(2, "linear"),
        lambda k: {"loss": "mse", "metrics": [always]},
        {"y": REAL},
    ),
    "a metric twice": (
        one(2, "linear"),
        lambda k: {"loss": "mse", "metrics": ["mae", k.metrics.MeanAbsoluteError(name="mae")]},
        {"y": REAL},
    ),
    "metrics in a list of a list": (
        one(2, "linear"),
        lambda k: {"loss": "mse", "metrics": [["mae"]]},
        {"y": REAL},
    ),
    "metrics weighted and not": (
        one(),
        lambda k: {"loss": SPARSE, "metrics": ["accuracy"], "weighted_metrics": ["accuracy"]},
        {"sample_weight": WEIGHTS},
    ),
    "weighted metrics alone": (
        one(2, "linear"),
        lambda k: {"loss": "mse", "weighted_metrics": ["mae", "mse"]},
        {"y": REAL, "sample_weight": WEIGHTS},
    ),
    "weighted metrics without weights": (
        one(2, "linear"),
        lambda k: {"loss": "mse", "weighted_metrics": ["mae"]},
        {"y": REAL},
    ),
    "class weights": (
        one(),
        lambda k: {"loss": SPARSE, "metrics": ["accuracy"], "weighted_metrics": ["accuracy"]},
        {"class_weight": {0: 2.0, 1: 0.5}},
    ),
    "accuracy of labels with logits": (
        one(CLASSES, "linear"),
        lambda k: {
            "loss": k.losses.SparseCategoricalCrossentropy(from_logits=True),
            "metrics": ["accuracy", "sparse_top_k_categorical_accuracy"],
        },
        {},
    ),
    "binary accuracy of a column": (
        one(1, "sigmoid"),
        lambda k: {"loss": "mse", "metrics": ["accuracy"]},
        {"y": BINARY[:, None]},
    ),
    "accuracy of a sequence": (
        series,
        lambda k: {"loss": SPARSE, "metrics": ["accuracy"]},
        {"x": SERIES, "y": STEP_LABELS},
    ),
    "accuracy of a sequence of one-hot": (
        series,
        lambda k: {"loss": "categorical_crossentropy", "metrics": ["accuracy"]},
        {"x": SERIES, "y": one_hot(STEP_LABELS, CLASSES)},
    ),
    "weights of steps": (
        series,
        lambda k: {"loss": SPARSE, "metrics": ["accuracy"], "weighted_metrics": ["accuracy"]},
        {"x": SERIES, "y": STEP_LABELS, "sample_weight": STEP_WEIGHTS},
    ),
    "masked steps": (
        masked,
        lambda k: {"loss": SPARSE, "metrics": ["accuracy"], "weighted_metrics": ["accuracy"]},
        {"x": ZEROED, "y": STEP_LABELS},
    ),
    "masked steps with weights": (
        masked,
        lambda k: {"loss": SPARSE, "metrics": ["accuracy"], "weighted_metrics": ["accuracy"]},
        {"x": ZEROED, "y": STEP_LABELS, "sample_weight": STEP_WEIGHTS},
    ),
    "added losses": (adding, lambda k: {"loss": SPARSE, "metrics": ["accuracy"]}, {}),
    "two outputs, one loss": (heads("list"), lambda k: {"loss": "mse"}, {"y": [ONE_HOT, REAL]}),
    "two outputs, one loss in a tuple": (
        heads("tuple"),
        lambda k: {"loss": ("mse", "mae")},
        {"y": (ONE_HOT, REAL)},
    ),
    "two outputs, losses listed": (
        heads("list"),
        lambda k: {"loss": [SPARSE, "mse"], "loss_weights": [0.7, 0.2]},
        {"y": PAIR},
    ),
    "two outputs, losses and metrics named": (
        heads("list"),
        lambda k: {
            "loss": {"place": "mse", "kind": SPARSE},
            "loss_weights": {"place": 0.2, "kind": 1.0},
            "metrics": {"place": "mae", "kind": ["accuracy"]},
        },
        {"y": PAIR},
    ),
    "two outputs, targets named": (
        heads("list"),
        lambda k: {"loss": {"place": "mse", "kind": SPARSE}, "metrics": {"kind": ["accuracy"]}},
        {"y": NAMED},
    ),
    "two outputs, metrics of one": (
        heads("list"),
        lambda k: {"loss": [SPARSE, "mse"], "metrics": [["accuracy"], None]},
        {"y": PAIR},
    ),
    "two outputs, metrics for each": (
        heads("list"),
        lambda k: {"loss": [SPARSE, "mse"], "metrics": [["accuracy", SPARSE], "mae"]},
        {"y": PAIR},
    ),
    "two outputs, one without loss": (
        heads("list"),
        lambda k: {"loss": [SPARSE, None]},
        {"y": PAIR},
    ),
    "two outputs, one without loss by name": (
        heads("list"),
        lambda k: {"loss": {"kind": SPARSE, "place": None}, "metrics": {"kind": "accuracy"}},
        {"y": NAMED},
    ),
    "two outputs, one weight for all": (
        heads("list"),
        lambda k: {"loss": [SPARSE, "mse"], "weighted_metrics": [["accuracy"], ["mae"]]},
        {"y": PAIR, "sample_weight": WEIGHTS},
    ),
    "two outputs, weights listed": (
        heads("list"),
        lambda k: {"loss": [SPARSE, "mse"], "weighted_metrics": [["accuracy"], ["mae"]]},
        {"y": PAIR, "sample_weight": [WEIGHTS, WEIGHTS[::-1].copy()]},
    ),
    "dict of outputs": (
        heads("dict"),
        lambda k: {"loss": {"k": SPARSE, "p": "mse"}, "metrics": {"k": ["acc"], "p": ["mae"]}},
        {"y": KEYED},
    ),
    "dict of outputs, weighted": (
        heads("dict"),
        lambda k: {
            "loss": {"k": SPARSE, "p": "mse"},
            "loss_weights": {"k": 2.0, "p": 0.5},
            "weighted_metrics": {"p": ["mae"]},
        },
        {"y": KEYED, "sample_weight": {"k": WEIGHTS, "p": WEIGHTS[::-1].copy()}},
    ),
    "dict of outputs, one loss": (
        heads("dict"),
        lambda k: {"loss": "mse"},
        {"y": {"k": ONE_HOT, "p": REAL}},
    ),
    "dict of outputs, losses listed": (
        heads("dict"),
        lambda k: {"loss": [SPARSE, "mse"]},
        {"y": KEYED},
    ),
    "three outputs, out of alphabet": (
        three,
        lambda k: {
            "loss": [SPARSE, "binary_crossentropy", "mse"],
            "metrics": [["acc"], ["acc"], ["mae"]],
        },
        {"y": [LABELS, BINARY[:, None], REAL]},
    ),
    "three outputs, two losses": (
        three,
        lambda k: {"loss": {"a": "mse", "b": None, "c": SPARSE}, "metrics": {"b": "mae"}},
        {"y": {"a": REAL, "b": BINARY[:, None], "c": LABELS}},
    ),
    "nested outputs": (
        nested,
        lambda k: {
            "loss": {"both": [SPARSE, "categorical_crossentropy"], "place": "mse"},
        },
        {"y": {"both": [LABELS, ONE_HOT], "place": REAL}},
    ),
    "subclass that gives a tuple": (
        subclassed,
        lambda k: {"loss": [SPARSE, "mse"], "metrics": [["acc"], ["mae"]]},
        {"y": tuple(PAIR)},
    ),
    "subclass that gives a dict": (
        subclassed_dict,
        lambda k: {"loss": {"kind": SPARSE, "place": "mse"}, "metrics": {"kind": ["acc"]}},
        {"y": NAMED},
    ),
    "a dict of one output": (
        lambda k: k.Model(i := k.Input((FEATURES,)), {"z": k.layers.Dense(2)(i)}),
        lambda k: {"loss": {"z": "mse"}, "metrics": {"z": ["mae"]}},
        {"y": {"z": REAL}},
    ),
    "nested outputs, weighted": (
        nested,
        lambda k: {
            "loss": {"both": [SPARSE, "categorical_crossentropy"], "place": "mse"},
            "loss_weights": {"both": [0.5, 2.0], "place": 0.1},
            "weighted_metrics": {"both": [["acc"], ["acc"]], "place": ["mae"]},
        },
        {"y": {"both": [LABELS, ONE_HOT], "place": REAL}, "sample_weight": WEIGHTS},
    ),
    "subclass, the same losses and metrics": (
        subclassed,
        lambda k: {"loss": "mse", "metrics": [["mae"], ["mae"]]},
        {"y": (ONE_HOT, REAL)},
    ),
    "validation with weights": (
        one(),
        lambda k: {"loss": SPARSE, "metrics": ["acc"], "weighted_metrics": ["acc"]},
        {"validation_data": (X[:20], LABELS[:20], WEIGHTS[:20])},
    ),
    "validation in batches": (
        one(),
        lambda k: {"loss": SPARSE, "metrics": ["acc"]},
        {"validation_split": 0.5, "validation_batch_size": 4, "validation_steps": 3},
    ),
    "steps run together": (
        one(),
        lambda k: {"loss": SPARSE, "metrics": ["acc"], "steps_per_execution": 2},
        {},
    ),
    "run eagerly": (
        one(),
        lambda k: {"loss": SPARSE, "metrics": ["acc"], "run_eagerly": True},
        {},
    ),
    "not compiled": (one(), lambda k: {"loss": SPARSE, "jit_compile": False}, {}),
}


# Keras lists a metric twice where two have the same name, so that evaluate's list has one too many.
TWICE = [
    form
    for form in FORMS
    if form == "a metric twice"
    or "masked" in form
    or form in ("metrics weighted and not", "class weights", "weights of steps")
    or form in ("validation with weights", "subclass, the same losses and metrics")
]


def _run(form: str) -> Callable[[Any], Any]:
    build, compile_with, options = FORMS[form]

    def run(k: Any) -> Any:
        model = build(k)
        fill(model.weights)
        model.compile(optimizer=k.optimizers.SGD(0.1), **compile_with(k))
        given = {"epochs": 1, "batch_size": 16, "shuffle": False, "verbose": 0, **options}
        x, y = given.pop("x", X), given.pop("y", LABELS)
        with warnings.catch_warnings():
            # Both say so where an output has no loss.
            warnings.filterwarnings("ignore", "(There is no gradient|Gradients do not exist)")
            history = model.fit(x, y, **given).history
        if "masked" in form:
            # On JAX, Keras's training step loses the mask before the metrics are counted.
            history = {"loss": history["loss"]}
        measured = {"sample_weight": given.get("sample_weight"), "batch_size": 16, "verbose": 0}
        results = model.evaluate(x, y, return_dict=True, **measured)
        listed = [] if form in TWICE else model.evaluate(x, y, **measured)
        return {
            "names": np.array(list(history)),
            "history": {key: np.array(value, "float64") for key, value in history.items()},
            "evaluate names": np.array(list(results)),
            "evaluate": {key: np.float64(value) for key, value in results.items()},
            "listed": np.array(listed, "float64"),
        }

    return run


for _form in FORMS:
    add_case("histories", _form, _run(_form), tolerance="history")
