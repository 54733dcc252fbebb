"""Golden cases: metrics over several weighted updates, their resets, and the metric functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from .cases import add_case, case, integers, one_hot, probabilities, uniform

UPDATES, ROWS, CLASSES = 3, 6, 5


def _real(i: int) -> tuple[Any, Any]:
    return uniform(ROWS, 2, seed=60 + i, high=2), uniform(ROWS, 2, seed=70 + i, high=2)


def _labels(i: int) -> tuple[Any, Any]:
    return integers(ROWS, 1, seed=80 + i, high=3), integers(ROWS, 1, seed=90 + i, high=3)


def _binary(i: int) -> tuple[Any, Any]:
    return integers(ROWS, seed=100 + i, high=2), uniform(ROWS, seed=110 + i, low=0, high=1)


def _binary_columns(i: int) -> tuple[Any, Any]:
    return integers(ROWS, 3, seed=100 + i, high=2), uniform(ROWS, 3, seed=110 + i, low=0, high=1)


def _binary_logits(i: int) -> tuple[Any, Any]:
    return integers(ROWS, 1, seed=100 + i, high=2), uniform(ROWS, 1, seed=110 + i, low=-4, high=4)


def _ties(i: int) -> tuple[Any, Any]:
    return integers(20, seed=120 + i, high=2), integers(
        20, seed=130 + i, high=6, dtype="float32"
    ) / np.float32(5)


def _classes(i: int) -> tuple[Any, Any]:
    return one_hot(integers(ROWS, seed=140 + i, high=CLASSES), CLASSES), probabilities(
        ROWS, CLASSES, seed=150 + i
    )


def _sparse(i: int) -> tuple[Any, Any]:
    return integers(ROWS, seed=140 + i, high=CLASSES), probabilities(ROWS, CLASSES, seed=150 + i)


def _sparse_column(i: int) -> tuple[Any, Any]:
    return integers(ROWS, 1, seed=140 + i, high=CLASSES), probabilities(ROWS, CLASSES, seed=150 + i)


def _sparse_steps(i: int) -> tuple[Any, Any]:
    return integers(ROWS, 4, seed=140 + i, high=CLASSES), probabilities(
        ROWS, 4, CLASSES, seed=150 + i
    )


def _logits(i: int) -> tuple[Any, Any]:
    return _classes(i)[0], uniform(ROWS, CLASSES, seed=160 + i, low=-5, high=5)


def _sparse_logits(i: int) -> tuple[Any, Any]:
    return _sparse(i)[0], uniform(ROWS, CLASSES, seed=160 + i, low=-5, high=5)


def _sign(i: int) -> tuple[Any, Any]:
    return 2 * integers(ROWS, 2, seed=170 + i, high=2) - 1, uniform(
        ROWS, 2, seed=180 + i, low=-2, high=2
    )


def _positive(i: int) -> tuple[Any, Any]:
    return uniform(ROWS, 2, seed=190 + i, low=0, high=3), uniform(
        ROWS, 2, seed=200 + i, low=0.1, high=3
    )


def _soft(i: int) -> tuple[Any, Any]:
    return probabilities(ROWS, CLASSES, seed=210 + i), probabilities(ROWS, CLASSES, seed=220 + i)


def _scores(i: int) -> tuple[Any, Any]:
    return integers(ROWS, 4, seed=250 + i, high=2), uniform(ROWS, 4, seed=260 + i, low=0, high=1)


def _wide(i: int) -> tuple[Any, Any]:
    return uniform(ROWS, 5, seed=270 + i), uniform(ROWS, 5, seed=280 + i)


def _blocks(i: int) -> tuple[Any, Any]:
    return uniform(ROWS, 2, 3, seed=270 + i), uniform(ROWS, 2, 3, seed=280 + i)


def _outputs(i: int) -> tuple[Any, Any]:
    y = uniform(ROWS, 3, seed=290 + i, low=-2, high=2)
    return y, y + uniform(ROWS, 3, seed=300 + i, low=-0.7, high=0.7)


def _row_to_column(i: int) -> tuple[Any, Any]:
    y, p = _outputs(i)
    return y[:, 0], p[:, :1]


def _regions(i: int) -> tuple[Any, Any]:
    return integers(ROWS, seed=310 + i, high=4), integers(ROWS, seed=320 + i, high=4)


def _some_regions(i: int) -> tuple[Any, Any]:
    return np.minimum(_regions(i)[0], 2), np.minimum(_regions(i)[1], 1)


METRICS: dict[str, list[tuple[Any, dict[str, Any]]]] = {
    "Accuracy": [(_labels, {})],
    "BinaryAccuracy": [
        (_binary_columns, {}),
        (_binary, {}),
        (_binary_columns, {"threshold": 0.3}),
        (_binary_logits, {"threshold": 0.0}),
    ],
    "CategoricalAccuracy": [(_classes, {}), (_logits, {})],
    "SparseCategoricalAccuracy": [(_sparse, {}), (_sparse_column, {}), (_sparse_steps, {})],
    "TopKCategoricalAccuracy": [(_classes, {}), (_classes, {"k": 2}), (_logits, {"k": 3})],
    "SparseTopKCategoricalAccuracy": [
        (_sparse, {}),
        (_sparse_column, {"k": 2}),
        (_sparse_steps, {"k": 2}),
    ],
    "MeanSquaredError": [(_real, {})],
    "RootMeanSquaredError": [(_real, {})],
    "MeanAbsoluteError": [(_real, {})],
    "MeanAbsolutePercentageError": [(_real, {})],
    "MeanSquaredLogarithmicError": [(_positive, {})],
    "LogCoshError": [(_real, {})],
    "CosineSimilarity": [(_real, {}), (_soft, {"axis": 1})],
    "Poisson": [(_positive, {})],
    "KLDivergence": [(_soft, {})],
    "Hinge": [(_sign, {})],
    "SquaredHinge": [(_sign, {})],
    "CategoricalHinge": [(_classes, {})],
    "BinaryCrossentropy": [
        (_binary_columns, {}),
        (_binary_logits, {"from_logits": True, "label_smoothing": 0.1}),
    ],
    "CategoricalCrossentropy": [
        (_classes, {}),
        (_logits, {"from_logits": True, "label_smoothing": 0.1}),
    ],
    "SparseCategoricalCrossentropy": [
        (_sparse, {}),
        (_sparse_logits, {"from_logits": True}),
        (_sparse_steps, {}),
    ],
    "Precision": [
        (_binary, {}),
        (_binary_columns, {}),
        (_binary, {"thresholds": [0.2, 0.5, 0.9]}),
        (_binary, {"thresholds": 0.3}),
        (_classes, {"top_k": 2}),
        (_classes, {"class_id": 1}),
        (_classes, {"top_k": 2, "class_id": 3}),
        (_classes, {"thresholds": 0.15, "class_id": 2}),
    ],
    "AUC": [
        (_binary, {}),
        (_ties, {}),
        (_ties, {"curve": "PR"}),
        (_ties, {"curve": "PR", "summation_method": "minoring"}),
        (_ties, {"curve": "PR", "summation_method": "majoring"}),
        (_ties, {"summation_method": "minoring"}),
        (_ties, {"summation_method": "majoring"}),
        (_ties, {"num_thresholds": 5}),
        (_ties, {"num_thresholds": 11, "curve": "PR"}),
        (_ties, {"thresholds": [0.1, 0.35, 0.6, 0.8]}),
        (_ties, {"thresholds": [0.0, 0.5, 1.0]}),
        (_binary_columns, {"multi_label": True}),
        (_binary_columns, {"multi_label": True, "num_labels": 3, "curve": "PR"}),
        (_binary_columns, {"multi_label": True, "label_weights": [0.2, 0.5, 0.3]}),
        (_binary_columns, {"multi_label": True, "thresholds": [0.3, 0.6]}),
        (_binary_columns, {}),
        (_binary_logits, {"from_logits": True}),
    ],
    "TruePositives": [
        (_binary, {}),
        (_binary, {"thresholds": [0.2, 0.5, 0.9]}),
        (_binary_columns, {"thresholds": 0.4}),
    ],
}
METRICS["Recall"] = METRICS["Precision"]
METRICS["F1Score"] = [
    (_scores, {}),
    (_scores, {"threshold": 0.4}),
    *((_scores, {"average": average}) for average in ("micro", "macro", "weighted")),
    (_scores, {"average": "micro", "threshold": 0.6}),
    (_scores, {"average": "weighted", "threshold": 0.6}),
    (_logits, {}),
]
METRICS["FBetaScore"] = [
    (_scores, {}),
    (_scores, {"beta": 2.0, "threshold": 0.5}),
    (_scores, {"beta": 0.5, "average": "macro"}),
]
METRICS["R2Score"] = [
    (_outputs, {}),
    (_row_to_column, {}),
    (_outputs, {"class_aggregation": None}),
    (_outputs, {"class_aggregation": "variance_weighted_average"}),
    (_outputs, {"num_regressors": 2}),
    (_outputs, {"num_regressors": 20, "class_aggregation": None}),
]
METRICS["PearsonCorrelation"] = [(_wide, {}), (_wide, {"axis": 1}), (_blocks, {"axis": (1, 2)})]
METRICS["ConcordanceCorrelation"] = METRICS["PearsonCorrelation"]
for _name, _argument in {
    "SensitivityAtSpecificity": "specificity",
    "SpecificityAtSensitivity": "sensitivity",
    "PrecisionAtRecall": "recall",
    "RecallAtPrecision": "precision",
}.items():
    METRICS[_name] = [
        (_binary, {_argument: 0.5}),
        (_ties, {_argument: 0.6}),
        (_ties, {_argument: 0.8, "num_thresholds": 7}),
        (_binary, {_argument: 1.0, "num_thresholds": 1}),
        (_binary_columns, {_argument: 0.3, "num_thresholds": 20}),
        (_classes, {_argument: 0.4, "class_id": 2}),
    ]
METRICS["IoU"] = [
    (_regions, {"num_classes": 4, "target_class_ids": (0, 2)}),
    (_regions, {"num_classes": 4, "target_class_ids": [1], "dtype": "float32"}),
    (_regions, {"num_classes": 3, "target_class_ids": [1, 2]}),
    (_regions, {"num_classes": 4, "target_class_ids": [0, 2], "ignore_class": 1}),
    (_sparse, {"num_classes": 5, "target_class_ids": [0, 4], "sparse_y_pred": False}),
    (
        _classes,
        {
            "num_classes": 5,
            "target_class_ids": [0, 4],
            "sparse_y_true": False,
            "sparse_y_pred": False,
            "dtype": "float32",
        },
    ),
]
METRICS["MeanIoU"] = [
    (_regions, {"num_classes": 4}),
    (_some_regions, {"num_classes": 6, "dtype": "float32"}),
    (_regions, {"num_classes": 4, "ignore_class": 0}),
]
METRICS["OneHotIoU"] = [
    (_classes, {"num_classes": CLASSES, "target_class_ids": (0, 2)}),
    (_logits, {"num_classes": CLASSES, "target_class_ids": (3,), "dtype": "float32"}),
    (_logits, {"num_classes": CLASSES, "target_class_ids": (3, 1), "ignore_class": 2}),
]
METRICS["OneHotMeanIoU"] = [
    (_classes, {"num_classes": CLASSES}),
    (_logits, {"num_classes": CLASSES, "dtype": "float32"}),
]
METRICS["BinaryIoU"] = [
    (_binary, {}),
    (_binary, {"target_class_ids": (1,), "threshold": 0.3, "dtype": "float32"}),
]
# The arguments that have no default.
REQUIRED: dict[str, dict[str, Any]] = {
    "IoU": {"num_classes": 3, "target_class_ids": (0, 1)},
    "OneHotIoU": {"num_classes": 3, "target_class_ids": (0, 1)},
    "MeanIoU": {"num_classes": 3},
    "OneHotMeanIoU": {"num_classes": 3},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
}
for _name in ("TrueNegatives", "FalsePositives", "FalseNegatives"):
    METRICS[_name] = METRICS["TruePositives"]


def _label(data: Any, kwargs: dict[str, Any]) -> str:
    return ",".join(
        [data.__name__.strip("_"), *(f"{key}={value}" for key, value in kwargs.items())]
    )


def _run_metric(name: str, data: Any, kwargs: dict[str, Any], weighted: bool) -> Any:
    def run(k: Any) -> Any:
        metric = getattr(k.metrics, name)(**kwargs)
        results: dict[str, Any] = {}
        for i in range(UPDATES):
            y_true, y_pred = data(i)
            weight = uniform(len(y_true), seed=230 + i, low=0, high=2) if weighted and i else None
            metric.update_state(y_true, y_pred, sample_weight=weight)
            results[f"after {i + 1}"] = metric.result()
        results["state"] = [variable.numpy() for variable in metric.variables]
        metric.reset_state()
        results["reset"] = metric.result()
        results["called"] = metric(*data(0))
        return results

    return run


for _name, _variants in METRICS.items():
    for _data, _kwargs in _variants:
        for _weighted in (False, True):
            add_case(
                "metrics",
                f"{_name}({_label(_data, _kwargs)})" + (" weighted" if _weighted else ""),
                _run_metric(_name, _data, _kwargs, _weighted),
            )


def _run_reduction(name: str) -> Any:
    def run(k: Any) -> Any:
        metric, results = getattr(k.metrics, name)(), {}
        for label, values, weight in (
            ("scalar", 3.0, None),
            ("row", [1.0, 2.0, 4.0], None),
            ("weighted", [1.0, 2.0, 4.0], [1.0, 0.0, 2.0]),
            ("matrix", uniform(3, 4, seed=240), None),
            ("matrix by rows", uniform(3, 4, seed=241), [0.5, 0.0, 2.0]),
            ("matrix by values", uniform(3, 4, seed=242), uniform(3, 4, seed=243)),
            ("integers", np.arange(5), None),
        ):
            metric.update_state(
                np.asarray(values), sample_weight=None if weight is None else np.asarray(weight)
            )
            results[label] = metric.result()
        metric.reset_state()
        return {**results, "reset": metric.result()}

    return run


for _name in ("Mean", "Sum"):
    add_case("metrics", _name, _run_reduction(_name))


@case("metrics", "MeanMetricWrapper")
def _wrapper(k: Any) -> Any:
    def worst(y_true: Any, y_pred: Any, power: int = 1) -> Any:
        return k.ops.max(k.ops.abs(y_true - y_pred) ** power, axis=-1)

    metric = k.metrics.MeanMetricWrapper(worst, name="worst", power=2)
    metric.update_state(*_real(0))
    metric.update_state(*_real(1), sample_weight=uniform(ROWS, seed=244, low=0, high=1))
    return metric.result()


@case("metrics", "subclass")
def _subclass(k: Any) -> Any:
    class Largest(k.metrics.Metric):
        def __init__(self) -> None:
            super().__init__(name="largest")
            self.top = self.add_variable(shape=(), initializer="zeros", name="top")

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            self.top.assign(k.ops.maximum(self.top, k.ops.max(k.ops.abs(y_true - y_pred))))

        def result(self) -> Any:
            return self.top

    metric = Largest()
    return [metric(*_real(i)) for i in range(3)]


@case("metrics", "names of state", json=True)
def _state_names(k: Any) -> Any:
    found = {}
    for name in [*METRICS, "Mean", "Sum"]:
        metric = getattr(k.metrics, name)(**REQUIRED.get(name, {}))
        found[name] = [
            metric.name,
            str(metric.dtype),
            [[v.name, list(v.shape), str(v.dtype)] for v in metric.variables],
        ]
    return found


@case("metrics", "names in sequence", json=True)
def _sequence_names(k: Any) -> Any:
    names = []
    for name in [*METRICS, "Mean", "Sum"]:
        arguments = REQUIRED.get(name, {})
        names += [getattr(k.metrics, name)(**arguments).name for _ in range(2)]
    return names


FUNCTIONS: dict[str, list[tuple[Any, dict[str, Any]]]] = {
    "binary_accuracy": [(_binary_columns, {}), (_binary_columns, {"threshold": 0.3})],
    "categorical_accuracy": [(_classes, {})],
    "sparse_categorical_accuracy": [(_sparse, {}), (_sparse_column, {}), (_sparse_steps, {})],
    "top_k_categorical_accuracy": [(_classes, {}), (_classes, {"k": 2})],
    "sparse_top_k_categorical_accuracy": [(_sparse, {"k": 2}), (_sparse_steps, {"k": 2})],
    "binary_crossentropy": [(_binary_columns, {})],
    "categorical_crossentropy": [(_classes, {})],
    "sparse_categorical_crossentropy": [(_sparse, {})],
    "mean_squared_error": [(_real, {})],
    "mean_absolute_error": [(_real, {})],
    "mean_absolute_percentage_error": [(_real, {})],
    "mean_squared_logarithmic_error": [(_positive, {})],
    "kl_divergence": [(_soft, {})],
    "poisson": [(_positive, {})],
    "hinge": [(_sign, {})],
    "squared_hinge": [(_sign, {})],
    "categorical_hinge": [(_classes, {})],
    "huber": [(_real, {})],
    "log_cosh": [(_real, {})],
    "binary_focal_crossentropy": [(_binary_columns, {})],
    "categorical_focal_crossentropy": [(_classes, {})],
    "pearson_correlation": [(_wide, {}), (_wide, {"axis": 0}), (_blocks, {"axis": (1, 2)})],
    "concordance_correlation": [(_wide, {}), (_wide, {"axis": 0}), (_blocks, {"axis": (1, 2)})],
}
for _name, _variants in FUNCTIONS.items():
    for _data, _kwargs in _variants:
        add_case(
            "metrics",
            f"{_name}({_label(_data, _kwargs)})",
            lambda k, name=_name, data=_data, kwargs=_kwargs: getattr(k.metrics, name)(
                *data(0), **kwargs
            ),
        )
