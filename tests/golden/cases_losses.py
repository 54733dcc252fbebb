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

Y["binary3"] = (
    integers(ROWS, STEPS, CLASSES, seed=55, high=2),
    uniform(ROWS, STEPS, CLASSES, seed=56, low=0, high=1),
)
_directions = uniform(8, 3, seed=57)
Y["embeddings"] = (
    np.array([0, 1, 0, 2, 1, 0, 3, 2], "int32"),
    _directions / np.sqrt(np.sum(np.square(_directions), -1, keepdims=True)),
)
Y["embeddings_column"] = (Y["embeddings"][0][:, None], Y["embeddings"][1])
Y["nothing"] = (np.zeros((2, 3), "float32"), np.zeros((2, 3), "float32"))

Y["sequences"] = (
    np.array([[1, 2, 0], [3, 3, 1], [2, 0, 0], [0, 0, 0]], "int32"),
    uniform(4, 6, CLASSES, seed=58, low=-3, high=3),
)

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
    "CTC": ("ctc", [("sequences", {})]),
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
    "BinaryFocalCrossentropy": (
        "binary_focal_crossentropy",
        [
            ("binary", {}),
            ("binary", {"apply_class_balancing": True, "alpha": 0.3}),
            ("binary", {"gamma": 0.5, "label_smoothing": 0.1}),
            ("binary_logits", {"from_logits": True, "gamma": 3.0}),
            ("binary", {"axis": 0}),
            ("binary3", {}),
            ("binary_edge", {}),
        ],
    ),
    "CategoricalFocalCrossentropy": (
        "categorical_focal_crossentropy",
        [
            ("classes", {}),
            ("classes", {"alpha": [0.1, 0.2, 0.3, 0.4], "gamma": 1.5}),
            ("classes", {"label_smoothing": 0.1}),
            ("logits", {"from_logits": True}),
            ("classes3", {}),
            ("classes3", {"axis": 1}),
            ("classes_edge", {"gamma": 0.0}),
        ],
    ),
    "CategoricalGeneralizedCrossEntropy": (
        "categorical_generalized_cross_entropy",
        [("sparse", {"q": 0.5}), ("sparse", {"q": 0.9}), ("sparse3", {"q": 0.2})],
    ),
    "Circle": (
        "circle",
        [
            ("embeddings", {}),
            ("embeddings_column", {"gamma": 3.0, "margin": 0.1}),
            ("embeddings", {"gamma": 3.0, "remove_diagonal": False}),
        ],
    ),
    "Dice": (
        "dice",
        [
            ("binary", {}),
            ("binary3", {"axis": (1, 2)}),
            ("binary", {"axis": -1}),
            ("binary", {"axis": 0}),
            ("nothing", {}),
        ],
    ),
    "Tversky": (
        "tversky",
        [
            ("binary", {}),
            ("binary3", {"axis": (1, 2), "alpha": 0.2, "beta": 0.7}),
            ("binary", {"axis": -1, "alpha": 1.0}),
            ("nothing", {}),
        ],
    ),
}
# Losses that Keras has no name for.
NAMELESS = ("CategoricalGeneralizedCrossEntropy", "categorical_generalized_cross_entropy")


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
        shape = list(np.shape(loss.call(k.ops.convert_to_tensor(y_true), y_pred)))
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


# What the gradients of the later losses are tested with; those of others come with the models.
GRADIENTS = (
    "BinaryFocalCrossentropy CategoricalFocalCrossentropy CategoricalGeneralizedCrossEntropy Circle Dice Tversky"
).split()


def gradient(k: Any, function: Any, x: np.ndarray) -> Any:
    """The slope of a function of one array, by the means of the namespace's own backend."""
    if hasattr(k, "grad"):
        return k.grad(function)(x)
    import jax

    return jax.grad(function)(x)


def _loss_gradient(name: str, data: str, kwargs: dict[str, Any]) -> Any:
    y_true, y_pred = Y[data]

    def run(k: Any) -> Any:
        function = getattr(k.losses, name)
        return gradient(k, lambda x: k.ops.sum(function(y_true, x, **kwargs)), y_pred)

    return run


for _class in GRADIENTS:
    _function, _variants = LOSSES[_class]
    for _data, _kwargs in _variants:
        if "edge" not in _data:
            add_case(
                "losses",
                f"gradient of {_function}({_label(_data, _kwargs)})",
                _loss_gradient(_function, _data, _kwargs),
            )


@case("losses", "circle with references")
def _circle_references(k: Any) -> Any:
    labels, embeddings = Y["embeddings"]
    near, far = {"ref_labels": labels[2:6]}, {"ref_labels": labels[::-1].copy()}
    return [
        k.losses.circle(
            labels, embeddings, **near, ref_embeddings=embeddings[2:6], remove_diagonal=False
        ),
        k.losses.circle(labels, embeddings, **near, ref_embeddings=embeddings[2:6], gamma=2.0),
        k.losses.circle(labels, embeddings, **far, gamma=2.0),
    ]


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
