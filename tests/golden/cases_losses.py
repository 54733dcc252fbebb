"""Golden cases: loss classes with every reduction and rank of weights, and the loss functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from .cases import add_case, case, integers, one_hot, probabilities, uniform

ROWS, STEPS, CLASSES = 5, 3, 4
LABELS = integers(ROWS, seed=21, high=CLASSES)
STEP_LABELS = integers(ROWS, STEPS, seed=22, high=CLASSES)

Y = {
    "real": (
        uniform(ROWS, CLASSES, seed=23, low=-2, high=2),
        uniform(ROWS, CLASSES, seed=24, low=-2, high=2),
    ),
    "real3": (uniform(ROWS, STEPS, CLASSES, seed=25), uniform(ROWS, STEPS, CLASSES, seed=26)),
    "positive": (
        uniform(ROWS, CLASSES, seed=27, low=0, high=3),
        uniform(ROWS, CLASSES, seed=28, low=0.1, high=3),
    ),
    "binary": (
        integers(ROWS, CLASSES, seed=29, high=2),
        uniform(ROWS, CLASSES, seed=30, low=0, high=1),
    ),
    "binary_logits": (
        integers(ROWS, CLASSES, seed=31, high=2),
        uniform(ROWS, CLASSES, seed=32, low=-9, high=9),
    ),
    "sign": (
        2 * integers(ROWS, CLASSES, seed=33, high=2) - 1,
        uniform(ROWS, CLASSES, seed=34, low=-2, high=2),
    ),
    "classes": (one_hot(LABELS, CLASSES), probabilities(ROWS, CLASSES, seed=35)),
    "classes3": (one_hot(STEP_LABELS, CLASSES), probabilities(ROWS, STEPS, CLASSES, seed=36)),
    "logits": (one_hot(LABELS, CLASSES), uniform(ROWS, CLASSES, seed=37, low=-8, high=8)),
    "soft": (probabilities(ROWS, CLASSES, seed=38), probabilities(ROWS, CLASSES, seed=39)),
    "sparse": (LABELS, probabilities(ROWS, CLASSES, seed=40)),
    "sparse_column": (LABELS[:, None], probabilities(ROWS, CLASSES, seed=40)),
    "sparse3": (STEP_LABELS, probabilities(ROWS, STEPS, CLASSES, seed=41)),
    "sparse_logits": (LABELS, uniform(ROWS, CLASSES, seed=42, low=-8, high=8)),
    "sparse_logits3": (STEP_LABELS, uniform(ROWS, STEPS, CLASSES, seed=43, low=-8, high=8)),
}
# Labels -1 and probabilities 0 and 1: the edges.
Y["sparse_ignored"] = (np.where(LABELS[0] == LABELS, -1, LABELS).astype("int32"), Y["sparse"][1])
Y["sparse_ignored3"] = (
    np.where(STEP_LABELS == 1, 255, STEP_LABELS).astype("int32"),
    Y["sparse3"][1],
)
Y["binary_edge"] = (
    np.array([[0, 1, 0, 1]], "float32"),
    np.array([[0, 1, 1, 0]], "float32"),
)
Y["classes_edge"] = (
    np.eye(3, dtype="float32"),
    np.array([[1, 0, 0], [1, 0, 0], [2, 1, 1]], "float32"),
)
Y["scalar_rows"] = (uniform(ROWS, seed=44), uniform(ROWS, seed=45))
Y["column_to_row"] = (uniform(ROWS, seed=46), uniform(ROWS, 1, seed=47))
Y["integers"] = (integers(ROWS, CLASSES, seed=48), integers(ROWS, CLASSES, seed=49))
Y["float64"] = (Y["real"][0].astype("float64"), Y["real"][1].astype("float64"))
Y["mixed"] = (integers(ROWS, CLASSES, seed=48, dtype="int64"), Y["real"][1])

# class name, function name, aliases, [(data, arguments)]
LOSSES: dict[str, tuple[str, list[tuple[str, dict[str, Any]]]]] = {
    "MeanSquaredError": (
        "mean_squared_error",
        [
            ("real", {}),
            ("real3", {}),
            ("scalar_rows", {}),
            ("column_to_row", {}),
            ("integers", {}),
            ("mixed", {}),
        ],
    ),
    "MeanAbsoluteError": (
        "mean_absolute_error",
        [("real", {}), ("real3", {}), ("integers", {}), ("column_to_row", {})],
    ),
    "MeanAbsolutePercentageError": (
        "mean_absolute_percentage_error",
        [("real", {}), ("positive", {})],
    ),
    "MeanSquaredLogarithmicError": (
        "mean_squared_logarithmic_error",
        [("positive", {}), ("real", {})],
    ),
    "LogCosh": ("log_cosh", [("real", {}), ("real3", {})]),
    "Huber": ("huber", [("real", {}), ("real", {"delta": 0.4}), ("real3", {"delta": 0.4})]),
    "Hinge": ("hinge", [("sign", {}), ("binary", {})]),
    "SquaredHinge": ("squared_hinge", [("sign", {}), ("binary", {})]),
    "CategoricalHinge": ("categorical_hinge", [("classes", {}), ("logits", {})]),
    "KLDivergence": ("kl_divergence", [("soft", {}), ("classes", {}), ("classes3", {})]),
    "Poisson": ("poisson", [("positive", {})]),
    "CosineSimilarity": (
        "cosine_similarity",
        [("real", {}), ("real3", {"axis": 1}), ("real", {"axis": 0})],
    ),
    "BinaryCrossentropy": (
        "binary_crossentropy",
        [
            ("binary", {}),
            ("binary", {"label_smoothing": 0.1}),
            ("binary_logits", {"from_logits": True}),
            ("binary_logits", {"from_logits": True, "label_smoothing": 0.2}),
            ("binary", {"axis": 0}),
            ("binary_edge", {}),
        ],
    ),
    "CategoricalCrossentropy": (
        "categorical_crossentropy",
        [
            ("classes", {}),
            ("classes", {"label_smoothing": 0.1}),
            ("logits", {"from_logits": True}),
            ("logits", {"from_logits": True, "label_smoothing": 0.2}),
            ("soft", {}),
            ("classes3", {}),
            ("classes3", {"axis": 1}),
            ("classes_edge", {}),
        ],
    ),
    "SparseCategoricalCrossentropy": (
        "sparse_categorical_crossentropy",
        [
            ("sparse", {}),
            ("sparse_column", {}),
            ("sparse3", {}),
            ("sparse_logits", {"from_logits": True}),
            ("sparse_logits3", {"from_logits": True}),
            ("sparse_ignored", {"ignore_class": -1}),
            ("sparse_ignored3", {"ignore_class": 255}),
        ],
    ),
}


def _label(data: str, kwargs: dict[str, Any]) -> str:
    return ",".join([data, *(f"{key}={value}" for key, value in kwargs.items())])


def _weights(shape: list[int]) -> dict[str, Any]:
    """A weight of each rank that fits losses of this shape."""
    allowed: dict[str, Any] = {"none": None, "scalar": np.float32(0.7), "python": 0.7}
    if shape:
        allowed["column"] = uniform(shape[0], 1, seed=53, low=0, high=2)
    if len(shape) == 1:
        allowed["rows"] = uniform(shape[0], seed=51, low=0, high=2)
        allowed["zeros"] = np.zeros(shape[0], "float32")
        allowed["integers"] = integers(shape[0], seed=52, high=3)
    if len(shape) == 2:  # Keras refuses weights of rank 1 here
        allowed["full"] = uniform(*shape, seed=54, low=0, high=2)
        allowed["full_column"] = uniform(*shape, 1, seed=54, low=0, high=2)
    return allowed


def _loss_class(name: str, data: str, kwargs: dict[str, Any], reduction: Any) -> Any:
    y_true, y_pred = Y[data]

    def run(k: Any) -> Any:
        loss = getattr(k.losses, name)(reduction=reduction, **kwargs)
        shape = list(y_pred.shape)
        del shape[kwargs.get("axis", -1)]
        return {key: loss(y_true, y_pred, weight) for key, weight in _weights(shape).items()}

    return run


def _loss_function(name: str, data: str, kwargs: dict[str, Any]) -> Any:
    y_true, y_pred = Y[data]
    return lambda k: getattr(k.losses, name)(y_true, y_pred, **kwargs)


for _class, (_function, _variants) in LOSSES.items():
    for _position, (_data, _kwargs) in enumerate(_variants):
        for _reduction in (
            "sum_over_batch_size",
            "sum",
            "mean",
            "mean_with_sample_weight",
            "none",
            None,
        ):
            if _position > 1 and _reduction not in ("sum_over_batch_size", "none"):
                continue  # what a reduction does does not depend on the loss's options
            add_case(
                "losses",
                f"{_class}({_label(_data, _kwargs)}) {_reduction}",
                _loss_class(_class, _data, _kwargs, _reduction),
            )
        add_case(
            "losses",
            f"{_function}({_label(_data, _kwargs)})",
            _loss_function(_function, _data, _kwargs),
        )


@case("losses", "sparse_categorical_crossentropy(axis=2)")
def _sparse_axis(k: Any) -> Any:
    return k.losses.sparse_categorical_crossentropy(*Y["sparse3"], axis=2)


@case("losses", "float64 data")
def _loss_float64(k: Any) -> Any:
    return k.losses.MeanSquaredError()(*Y["float64"])


@case("losses", "dtype float16")
def _loss_dtype(k: Any) -> Any:
    loss = k.losses.MeanSquaredError(dtype="float16")
    return loss(*Y["real"])


@case("losses", "subclass")
def _loss_subclass(k: Any) -> Any:
    class Cubic(k.losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return k.ops.mean(k.ops.abs(y_true - y_pred) ** 3, axis=-1)

    return [Cubic()(*Y["real"]), Cubic(reduction="sum")(*Y["real"], sample_weight=np.arange(ROWS))]


@case("losses", "names", json=True)
def _loss_names(k: Any) -> Any:
    return {
        name: [getattr(k.losses, name)().name, getattr(k.losses, name)().reduction]
        for name in LOSSES
    }
