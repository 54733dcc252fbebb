"""Golden cases: whole models: training from fixed weights, evaluation, summaries, names."""

from __future__ import annotations

from typing import Any

import numpy as np

from .cases import add_case, case, one_hot, uniform
from .cases_layers import fill

ROWS, FEATURES, CLASSES = 50, 6, 3
X = uniform(ROWS, FEATURES, seed=500, low=-2, high=2)
LABELS = np.argmax(X[:, :3] + 0.4 * X[:, 3:], axis=1).astype("int32")
ONE_HOT = one_hot(LABELS, CLASSES)
BINARY = (X[:, 0] + X[:, 1] > 0).astype("float32")
REAL = (X @ uniform(FEATURES, 2, seed=501)).astype("float32")
WEIGHTS = uniform(ROWS, seed=502, low=0, high=2)
X_VAL = uniform(20, FEATURES, seed=503, low=-2, high=2)
LABELS_VAL = np.argmax(X_VAL[:, :3] + 0.4 * X_VAL[:, 3:], axis=1).astype("int32")


def classifier(
    k: Any, normalise: bool = False, outputs: int = CLASSES, last: str = "softmax"
) -> Any:
    """A small dense network with fixed weights."""
    middle = [k.layers.BatchNormalization()] if normalise else []
    model = k.Sequential(
        [
            k.Input((FEATURES,)),
            k.layers.Dense(8, activation="tanh"),
            *middle,
            k.layers.Dense(outputs, activation=last),
        ]
    )
    fill(model.weights)
    return model


def two_inputs(k: Any) -> Any:
    """A functional model: two inputs, a shared layer, two outputs."""
    left, right = k.Input((FEATURES,), name="left"), k.Input((FEATURES,), name="right")
    shared = k.layers.Dense(5, activation="relu", name="shared")
    joined = k.layers.Concatenate()([shared(left), shared(right)])
    labels = k.layers.Dense(CLASSES, activation="softmax", name="labels")(joined)
    value = k.layers.Dense(2, name="value")(joined)
    model = k.Model(inputs=[left, right], outputs=[labels, value])
    fill(model.weights)
    return model


def _history(history: Any) -> dict[str, Any]:
    return {key: np.array(values, "float64") for key, values in history.history.items()}


def _fit(
    optimizer: Any, compile_with: dict[str, Any], fit_with: dict[str, Any], build: Any = classifier
) -> Any:
    def run(k: Any) -> Any:
        model = build(k)
        model.compile(optimizer=optimizer(k), **compile_with)
        options = {"epochs": 5, "batch_size": 16, "shuffle": False, "verbose": 0, **fit_with}
        history = model.fit(options.pop("x", X), options.pop("y", LABELS), **options)
        return {
            "history": _history(history),
            "weights": [np.asarray(w) for w in model.get_weights()],
        }

    return run


OPTIMIZERS = {
    "sgd": lambda k: "sgd",
    "momentum": lambda k: k.optimizers.SGD(0.1, momentum=0.9),
    "adam": lambda k: k.optimizers.Adam(0.01),
    "rmsprop": lambda k: k.optimizers.RMSprop(0.01),
    "adamw": lambda k: k.optimizers.AdamW(0.01, clipnorm=1.0),
    "scheduled": lambda k: k.optimizers.Adam(k.optimizers.schedules.ExponentialDecay(0.05, 5, 0.8)),
}
SPARSE = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
VARIANTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "plain": (SPARSE, {}),
    "one batch": (SPARSE, {"batch_size": 50}),
    "rows left over": (SPARSE, {"batch_size": 32}),
    "sample_weight": (SPARSE, {"sample_weight": WEIGHTS}),
    "sample_weight, weighted metrics": (
        {"loss": SPARSE["loss"], "metrics": ["accuracy"], "weighted_metrics": ["accuracy"]},
        {"sample_weight": WEIGHTS},
    ),
    "class_weight": (SPARSE, {"class_weight": {0: 1.0, 1: 2.0, 2: 0.5}}),
    "class_weight of one-hot": (
        {"loss": "categorical_crossentropy", "metrics": ["accuracy"]},
        {"y": ONE_HOT, "class_weight": {0: 1.0, 1: 2.0, 2: 0.5}},
    ),
    "validation_data": (SPARSE, {"validation_data": (X_VAL, LABELS_VAL)}),
    "validation_data weighted": (SPARSE, {"validation_data": (X_VAL, LABELS_VAL, WEIGHTS[:20])}),
    "validation_split": (SPARSE, {"validation_split": 0.3}),
    "validation every second epoch": (
        SPARSE,
        {"validation_data": (X_VAL, LABELS_VAL), "validation_freq": 2},
    ),
    "initial_epoch": (SPARSE, {"initial_epoch": 2}),
    "steps_per_epoch": (SPARSE, {"steps_per_epoch": 2}),
    "labels in a column": (SPARSE, {"y": LABELS[:, None]}),
    "one-hot": (
        {"loss": "categorical_crossentropy", "metrics": ["accuracy", "mse"]},
        {"y": ONE_HOT},
    ),
    "named acc": ({"loss": SPARSE["loss"], "metrics": ["acc"]}, {}),
    "no metrics": ({"loss": SPARSE["loss"]}, {}),
    "float64 input": (SPARSE, {"x": X.astype("float64"), "y": LABELS.astype("int64")}),
}
for _optimizer in ("sgd", "adam", "rmsprop"):
    for _variant, (_compile, _options) in VARIANTS.items():
        if _optimizer != "adam" and _variant not in (
            "plain",
            "sample_weight",
            "class_weight",
            "validation_data",
            "validation_split",
        ):
            continue  # the data's options do not depend on the optimizer
        add_case(
            "fit",
            f"{_optimizer} {_variant}",
            _fit(OPTIMIZERS[_optimizer], _compile, _options),
            tolerance="history",
        )
for _optimizer in ("momentum", "adamw", "scheduled"):
    add_case(
        "fit", f"{_optimizer} plain", _fit(OPTIMIZERS[_optimizer], SPARSE, {}), tolerance="history"
    )

add_case(
    "fit",
    "batch normalization",
    _fit(
        OPTIMIZERS["adam"],
        SPARSE,
        {"validation_data": (X_VAL, LABELS_VAL)},
        lambda k: classifier(k, normalise=True),
    ),
    tolerance="history",
)
add_case(
    "fit",
    "binary",
    _fit(
        OPTIMIZERS["adam"],
        {"loss": "binary_crossentropy", "metrics": ["accuracy", "mae"]},
        {"y": BINARY},
        lambda k: classifier(k, outputs=1, last="sigmoid"),
    ),
    tolerance="history",
)
add_case(
    "fit",
    "regression",
    _fit(
        OPTIMIZERS["momentum"],
        {"loss": "mse", "metrics": ["mae", "mean_squared_error"]},
        {"y": REAL},
        lambda k: classifier(k, outputs=2, last="linear"),
    ),
    tolerance="history",
)
add_case(
    "fit",
    "two inputs and outputs",
    _fit(
        OPTIMIZERS["adam"],
        {
            "loss": {"labels": "sparse_categorical_crossentropy", "value": "mse"},
            "loss_weights": {"labels": 1.0, "value": 0.3},
            "metrics": {"labels": ["accuracy"], "value": ["mae"]},
        },
        {
            "x": {"left": X, "right": X[::-1].copy()},
            "y": {"labels": LABELS, "value": REAL},
            "validation_split": 0.2,
        },
        two_inputs,
    ),
    tolerance="history",
)
add_case(
    "fit",
    "two outputs as lists",
    _fit(
        OPTIMIZERS["adam"],
        {
            "loss": ["sparse_categorical_crossentropy", "mse"],
            "loss_weights": [1.0, 0.3],
            "metrics": [["accuracy"], ["mae"]],
        },
        {"x": [X, X[::-1].copy()], "y": [LABELS, REAL]},
        two_inputs,
    ),
    tolerance="history",
)


@case("fit", "regularized", tolerance="history")
def _fit_regularized(k: Any) -> Any:
    def build(k: Any) -> Any:
        model = k.Sequential(
            [
                k.Input((FEATURES,)),
                k.layers.Dense(
                    8,
                    activation="relu",
                    kernel_regularizer="l2",
                    activity_regularizer=k.regularizers.L1(0.01),
                ),
                k.layers.Dense(
                    CLASSES, activation="softmax", kernel_constraint=k.constraints.MaxNorm(1.0)
                ),
            ]
        )
        fill(model.weights)
        return model

    return _fit(OPTIMIZERS["adam"], SPARSE, {"validation_split": 0.2}, build)(k)


@case("fit", "frozen layer", tolerance="history")
def _fit_frozen(k: Any) -> Any:
    def build(k: Any) -> Any:
        model = classifier(k, normalise=True)
        model.layers[0].trainable = False
        model.layers[1].trainable = False
        return model

    return _fit(OPTIMIZERS["adam"], SPARSE, {}, build)(k)


@case("fit", "metric objects", tolerance="history")
def _fit_metrics(k: Any) -> Any:
    metrics = [
        k.metrics.AUC(name="auc"),
        k.metrics.Precision(name="p"),
        k.metrics.Recall(name="r"),
        "binary_accuracy",
    ]
    model = classifier(k, outputs=1, last="sigmoid")
    model.compile("adam", k.losses.BinaryCrossentropy(), metrics=metrics)
    return _history(model.fit(X, BINARY, epochs=3, batch_size=16, shuffle=False, verbose=0))


@case("fit", "fit twice goes on", tolerance="history")
def _fit_twice(k: Any) -> Any:
    model = classifier(k)
    model.compile("adam", **SPARSE)
    first = model.fit(X, LABELS, epochs=2, batch_size=16, shuffle=False, verbose=0)
    second = model.fit(X, LABELS, epochs=2, batch_size=16, shuffle=False, verbose=0)
    return [_history(first), _history(second), np.array([first.epoch, second.epoch])]


@case("fit", "batch by batch", tolerance="history")
def _by_batch(k: Any) -> Any:
    model = classifier(k)
    model.compile(k.optimizers.SGD(0.1), **SPARSE)
    trained = [model.train_on_batch(X[i : i + 10], LABELS[i : i + 10]) for i in (0, 10, 20)]
    named = model.train_on_batch(X[:10], LABELS[:10], sample_weight=WEIGHTS[:10], return_dict=True)
    tested = model.test_on_batch(X[30:], LABELS[30:])
    return [
        np.array(trained, "float64"),
        {key: float(v) for key, v in named.items()},
        np.array(tested, "float64"),
        model.predict_on_batch(X[:3]),
    ]


@case("evaluate", "evaluate and predict")
def _evaluate(k: Any) -> Any:
    model = classifier(k)
    model.compile("sgd", **SPARSE)
    return {
        "list": np.array(model.evaluate(X, LABELS, verbose=0), "float64"),
        "batches of 7": np.array(model.evaluate(X, LABELS, batch_size=7, verbose=0), "float64"),
        "weighted": np.array(
            model.evaluate(X, LABELS, sample_weight=WEIGHTS, verbose=0), "float64"
        ),
        "dict": {
            key: np.float64(v)
            for key, v in model.evaluate(X, LABELS, return_dict=True, verbose=0).items()
        },
        "predict": model.predict(X, verbose=0),
        "predict in batches": model.predict(X, batch_size=7, verbose=0),
        "call": model(X[:3]),
    }


@case("evaluate", "two outputs")
def _evaluate_two(k: Any) -> Any:
    model = two_inputs(k)
    model.compile(
        "sgd", loss=["sparse_categorical_crossentropy", "mse"], metrics=[["accuracy"], ["mae"]]
    )
    data = [X, X[::-1].copy()]
    return [
        np.array(model.evaluate(data, [LABELS, REAL], verbose=0), "float64"),
        model.predict(data, verbose=0),
    ]


@case("evaluate", "loss only")
def _evaluate_loss(k: Any) -> Any:
    model = classifier(k)
    model.compile(loss="sparse_categorical_crossentropy")
    return np.array(model.evaluate(X, LABELS, verbose=0), "float64")


@case("evaluate", "keys in order", json=True)
def _keys(k: Any) -> Any:
    one, two = classifier(k), two_inputs(k)
    one.compile(
        "sgd", loss="categorical_crossentropy", metrics=["accuracy", "mse", k.metrics.AUC()]
    )
    two.compile(
        "sgd", loss=["sparse_categorical_crossentropy", "mse"], metrics=[["accuracy"], ["mae"]]
    )
    history = one.fit(X, ONE_HOT, validation_split=0.2, verbose=0)
    both = two.fit([X, X], [LABELS, REAL], validation_split=0.2, verbose=0)
    return {
        "history": list(history.history),
        "evaluate": list(one.evaluate(X, ONE_HOT, return_dict=True, verbose=0)),
        "two": list(both.history),
        "two evaluate": list(two.evaluate([X, X], [LABELS, REAL], return_dict=True, verbose=0)),
        "params": {key: history.params[key] for key in ("epochs", "steps", "verbose")},
    }


ACCURACIES = {
    "sigmoid of one": (1, "sigmoid", BINARY, "binary_crossentropy"),
    "sigmoid column": (1, "sigmoid", BINARY[:, None], "binary_crossentropy"),
    "one-hot": (CLASSES, "softmax", ONE_HOT, "categorical_crossentropy"),
    "labels": (CLASSES, "softmax", LABELS, "sparse_categorical_crossentropy"),
    "labels in a column": (CLASSES, "softmax", LABELS[:, None], "sparse_categorical_crossentropy"),
    "one-hot with mse": (CLASSES, "sigmoid", ONE_HOT, "mse"),
}
for _name, (_units, _last, _y, _loss) in ACCURACIES.items():

    def _accuracy(
        k: Any, units: int = _units, last: str = _last, y: Any = _y, loss: str = _loss
    ) -> Any:
        model = classifier(k, outputs=units, last=last)
        found = []
        for metric in ("accuracy", "acc"):
            model.compile("sgd", loss=loss, metrics=[metric])
            found.append(np.array(model.evaluate(X, y, verbose=0), "float64"))
        return found

    add_case("evaluate", f"accuracy resolved: {_name}", _accuracy)


# --- tables and names -----------------------------------------------------------------------------


def text_of_summary(model: Any, **kwargs: Any) -> list[str]:
    """The lines that `summary` prints, without blanks at their ends."""
    lines: list[str] = []
    model.summary(
        print_fn=lambda text, line_break=None: lines.append(text), **{"line_length": 80, **kwargs}
    )
    return [line.rstrip() for line in "\n".join(lines).splitlines()]


def _trained(k: Any) -> Any:
    model = classifier(k, normalise=True)
    model.compile("adam", **SPARSE)
    model.fit(X, LABELS, epochs=1, verbose=0)
    return model


def _frozen(k: Any) -> Any:
    model = classifier(k, normalise=True)
    model.layers[0].trainable = False
    return model


def _unbuilt(k: Any) -> Any:
    return k.Sequential(
        [
            k.layers.Flatten(),
            k.layers.Dense(12, activation="relu"),
            k.layers.Dropout(0.2),
            k.layers.Dense(3),
        ]
    )


def _nested(k: Any) -> Any:
    inner = k.Sequential([k.Input((4,)), k.layers.Dense(3), k.layers.Dense(2)], name="inner")
    return k.Sequential([k.Input((6,)), k.layers.Dense(4), inner, k.layers.Dense(1)])


def _wide(k: Any) -> Any:
    return k.Sequential(
        [
            k.Input((784,)),
            k.layers.Dense(1500, name="a_rather_long_name_for_a_dense_layer"),
            k.layers.Dense(1000),
            k.layers.Dense(10),
        ]
    )


def _subclassed(k: Any) -> Any:
    class Net(k.Model):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = k.layers.Dense(4, activation="relu")
            self.out = k.layers.Dense(2)

        def call(self, x: Any) -> Any:
            return self.out(self.hidden(x))

    model = Net()
    model(X[:2])
    return model


def _residual(k: Any) -> Any:
    inputs = k.Input((8, 4))
    x = k.layers.Flatten()(inputs)
    x = k.layers.Dense(16, activation="relu")(x)
    x = k.layers.Add()([x, k.layers.Dense(16)(x)])
    return k.Model(inputs, k.layers.Dense(1)(k.layers.BatchNormalization()(x)), name="residual")


MODELS = {
    "sequential": lambda k: classifier(k),
    "unbuilt": _unbuilt,
    "two inputs": two_inputs,
    "trained": _trained,
    "frozen": _frozen,
    "nested": _nested,
    "wide": _wide,
    "subclassed": _subclassed,
    "residual": _residual,
}
for _name, _build in MODELS.items():
    add_case("summary", _name, lambda k, build=_build: text_of_summary(build(k)), json=True)


@case("summary", "show trainable", json=True)
def _summary_trainable(k: Any) -> Any:
    return text_of_summary(_frozen(k), show_trainable=True)


@case("summary", "expand nested", json=True)
def _summary_nested(k: Any) -> Any:
    return text_of_summary(_nested(k), expand_nested=True)


@case("summary", "line length 60", json=True)
def _summary_narrow(k: Any) -> Any:
    return text_of_summary(two_inputs(k), line_length=60)


@case("summary", "empty", json=True)
def _summary_empty(k: Any) -> Any:
    return text_of_summary(k.Sequential())


def _weights_of(build: Any) -> Any:
    def run(k: Any) -> Any:
        model = build(k)
        return {
            "name": model.name,
            "layers": [layer.name for layer in model.layers],
            "weights": [[w.name, w.path, list(w.shape), str(w.dtype)] for w in model.weights],
            "trainable": [w.path for w in model.trainable_weights],
            "non-trainable": [w.path for w in model.non_trainable_weights],
            "count": model.count_params(),
            "input_shape": model.input_shape if model.name != "net" else None,
            "output_shape": model.output_shape if model.name != "net" else None,
            "shapes": [list(w.shape) for w in model.get_weights()],
        }

    return run


for _name, _build in MODELS.items():
    if _name != "unbuilt":
        add_case("weights", _name, _weights_of(_build), json=True)


@case("weights", "optimizer variables of a trained model", json=True)
def _optimizer_paths(k: Any) -> Any:
    return [[v.name, v.path, list(v.shape)] for v in _trained(k).optimizer.variables]


@case("weights", "names of models", json=True)
def _model_names(k: Any) -> Any:
    def functional() -> Any:
        x = k.Input((2,))
        return k.Model(x, k.layers.Dense(1)(x))

    class MyNet(k.Model):
        pass

    return [
        m.name
        for m in (
            k.Sequential(),
            k.Sequential(),
            functional(),
            functional(),
            MyNet(),
            MyNet(),
            k.Sequential(name="own"),
        )
    ]


@case("weights", "a built Sequential takes its input's name", json=True)
def _sequential_inputs(k: Any) -> Any:
    model = k.Sequential([k.layers.Dense(2), k.layers.Dense(1)])
    before = model.built
    model.build((None, 4))
    return [
        before,
        model.built,
        model.input_shape,
        model.output_shape,
        [layer.name for layer in model.layers],
        model.inputs[0].name,
    ]
