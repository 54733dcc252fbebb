"""A row or more for the operations of neural networks, mathematics and control: formulas judge."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from annette import ops

from .cases_numpy import (
    CUBE,
    FLAGS,
    POSITIVE,
    ROW,
    UNIT,
    VECTOR,
    WHOLE,
    X,
    Y,
)
from .table import Static as S, case, spread

erf = np.vectorize(math.erf, otypes=["float64"])


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def softplus(x: Any) -> Any:
    return np.logaddexp(x, 0)


def softmax(x: Any, axis: Any = -1) -> Any:
    y = np.exp(x - x.max(axis, keepdims=True))
    return y / y.sum(axis, keepdims=True)


def elu(x: Any, alpha: float = 1.0) -> Any:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


# --- activations ----------------------------------------------------------------------------------

Z = 3 * X + 0.02
FORMULAS = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "sigmoid": sigmoid,
    "sparse_sigmoid": lambda x: np.clip((x + 1) / 2, 0, 1),
    "softplus": softplus,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "silu": lambda x: x * sigmoid(x),
    "swish": lambda x: x * sigmoid(x),
    "log_sigmoid": lambda x: -softplus(-x),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "hard_silu": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "hard_swish": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "elu": elu,
    "selu": lambda x: 1.0507009873554805 * elu(x, 1.6732632423543772),
    "celu": elu,
    "tanh_shrink": lambda x: x - np.tanh(x),
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "hard_shrink": lambda x: np.where(np.abs(x) > 0.5, x, 0),
    "soft_shrink": lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0),
    "squareplus": lambda x: (x + np.sqrt(x * x + 4)) / 2,
    "sparse_plus": lambda x: np.where(x <= -1, 0, np.where(x < 1, (x + 1) ** 2 / 4, x)),
    "gelu": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
}
for _name, _formula in FORMULAS.items():
    case(_name, Z, want=_formula)
for _name in "sigmoid softplus silu log_sigmoid elu selu celu gelu squareplus tanh_shrink".split():
    # At 0, where formulas are put together from two sides.
    _order = (
        2 if _name in ("sigmoid", "softplus", "silu", "log_sigmoid", "gelu", "squareplus") else 0
    )
    case(_name, np.zeros(2), want=FORMULAS[_name], order=_order)
case(
    "leaky_relu", Z, negative_slope=0.3, want=lambda x, negative_slope: np.where(x > 0, x, 0.3 * x)
)
case(
    "celu",
    Z,
    alpha=0.7,
    want=lambda x, alpha: np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0) / alpha),
)
case(
    "gelu", Z, approximate=False, want=lambda x, approximate: 0.5 * x * (1 + erf(x / math.sqrt(2)))
)
case("glu", Z, want=lambda x: x[:, :2] * sigmoid(x[:, 2:]))
case("threshold", Z, 0.5, -1.0, want=lambda x, t, d: np.where(x > t, x, d))
for _axis in (-1, 0, (0, 1)):
    case("softmax", Z, axis=_axis, want=softmax)
    case("log_softmax", Z, axis=_axis, want=lambda x, axis: np.log(softmax(x, axis)))


def _sparsemax(x: Any) -> Any:
    z = np.sort(x)[:, ::-1]
    k = np.arange(1, z.shape[1] + 1)
    count = (1 + k * z > np.cumsum(z, 1)).sum(1)
    tau = (np.cumsum(z, 1)[np.arange(len(z)), count - 1] - 1) / count
    return np.maximum(x - tau[:, None], 0)


case("sparsemax", spread(3, 3, seed=21, unit=True), want=_sparsemax)

# --- classes, losses, normalization ---------------------------------------------------------------

LABELS = np.array([0, 2, 1])
P = softmax(X[:, :3])
case("one_hot", LABELS, 3, want=lambda x, n: np.eye(n)[x])
case("one_hot", LABELS, 3, axis=0, want=lambda x, n, axis: np.eye(n)[x].T)
case("multi_hot", np.array([[0, 2], [1, 1]]), 4, want=np.array([[1.0, 0, 1, 0], [0, 1, 0, 0]]))
case(
    "categorical_crossentropy", S(np.eye(3)[LABELS]), P, want=lambda t, p: -(t * np.log(p)).sum(-1)
)
case(
    "categorical_crossentropy",
    S(np.eye(3)[LABELS]),
    X[:, :3],
    from_logits=True,
    want=lambda t, z, from_logits: -(t * np.log(softmax(z))).sum(-1),
)
case("sparse_categorical_crossentropy", LABELS, P, want=lambda t, p: -np.log(p[np.arange(3), t]))
case(
    "sparse_categorical_crossentropy",
    LABELS,
    X[:, :3],
    from_logits=True,
    want=lambda t, z, from_logits: -np.log(softmax(z)[np.arange(3), t]),
)
case(
    "binary_crossentropy",
    FLAGS[:, :3].astype(float),
    np.abs(UNIT),
    want=lambda t, p: -(t * np.log(p) + (1 - t) * np.log(1 - p)),
)
case(
    "binary_crossentropy",
    S(FLAGS.astype(float)),
    X,
    from_logits=True,
    want=lambda t, z, from_logits: softplus(z) - t * z,
)
case("moments", CUBE, axes=(0, 2), want=lambda x, axes: (x.mean(axes), x.var(axes)))
case(
    "moments",
    X,
    axes=0,
    keepdims=True,
    want=lambda x, axes, keepdims: (x.mean(0, keepdims=True), x.var(0, keepdims=True)),
)
case(
    "batch_normalization",
    CUBE,
    ROW,
    np.abs(ROW) + 0.5,
    -1,
    want=lambda x, m, v, a: (x - m) / np.sqrt(v + 1e-3),
)
case(
    "batch_normalization",
    X,
    X[:, 0] + 0.1,
    np.abs(X[:, 1]) + 0.5,
    0,
    Y[:, 0],
    Y[:, 1],
    want=lambda x, m, v, a, b, g: (
        (x - m[:, None]) / np.sqrt(v[:, None] + 1e-3) * g[:, None] + b[:, None]
    ),
)


def _normal(x: Any, axis: Any = -1) -> Any:
    return (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + 1e-7)


case("layer_normalization", CUBE, want=_normal)
case("layer_normalization", CUBE, ROW, ROW + 1, want=lambda x, g, b: _normal(x) * g + b)
case("layer_normalization", CUBE, X, axis=(1, 2), want=lambda x, g, axis: _normal(x, axis) * g)
case("rms_normalization", CUBE, want=lambda x: x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-7))
case(
    "rms_normalization",
    CUBE,
    ROW,
    want=lambda x, g: g * x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-7),
)
case("normalize", X, want=lambda x: x / np.sqrt((x * x).sum(-1, keepdims=True)))
case("psnr", X, Y, 4.0, want=lambda x, y, m: 10 * np.log10(m * m / ((x - y) ** 2).mean()))

ONE = np.array([1, 1, 1])
# In a single frame there is one way only.
case(
    "ctc_loss",
    S(np.array([[1], [3], [2]])),
    X[:, None],
    S(ONE),
    S(ONE),
    want=lambda t, x, *_: np.log(np.exp(x[:, 0]).sum(-1)) - np.take_along_axis(x[:, 0], t, 1)[:, 0],
)
case(
    "ctc_decode",
    X[:, None],
    ONE,
    mask_index=None,
    want=lambda x, n, mask_index: (
        np.where(x[:, 0].argmax(-1) == 3, -1, x[:, 0].argmax(-1))[None, :, None],
        -x.max(-1),
    ),
    order=0,
)

# --- mathematics ----------------------------------------------------------------------------------

case("erf", X, want=erf)
case("erfc", X, want=np.vectorize(math.erfc))
case("erfc", np.array([5.0, 20.0, -5.0]), want=np.vectorize(math.erfc), order=0)
case("erfinv", erf(UNIT), want=UNIT)
case("rsqrt", POSITIVE, want=lambda x: 1 / np.sqrt(x))
case("logsumexp", CUBE, want=lambda x: np.log(np.exp(x).sum()))
case(
    "logsumexp",
    CUBE,
    axis=(0, 2),
    keepdims=True,
    want=lambda x, axis, keepdims: np.log(np.exp(x).sum(axis, keepdims=True)),
)
case(
    "logsumexp",
    np.array([[1e4, 1e4], [-1e4, -np.inf]]),
    axis=1,
    want=np.array([1e4 + math.log(2), -1e4]),
    order=0,
)
case("top_k", X, 2, want=lambda x, k: (-np.sort(-x)[:, :k], np.argsort(-x)[:, :k]))
case(
    "in_top_k",
    LABELS,
    X[:, :3],
    2,
    want=lambda t, x, k: (x > x[np.arange(3), t][:, None]).sum(1) < k,
    order=0,
)
IDS = np.array([2, 0, 2])
case("segment_sum", X, IDS, 4, want=np.stack([X[1], 0 * X[0], X[0] + X[2], 0 * X[0]]))
case("segment_sum", X, S(np.array([0, -1, 7])), 2, want=np.stack([X[0], 0 * X[0]]))
case("segment_sum", X, S(IDS), want=np.stack([X[1], 0 * X[0], X[0] + X[2]]))
case(
    "segment_max",
    X,
    IDS,
    4,
    want=np.stack([X[1], X[0] - np.inf, np.maximum(X[0], X[2]), X[0] - np.inf]),
    order=0,
)
case("segment_max", X, S(np.array([1, 0, 1])), want=np.stack([X[1], np.maximum(X[0], X[2])]))
case("segment_min", X, S(np.array([1, 0, 1])), want=np.stack([X[1], np.minimum(X[0], X[2])]))
case(
    "segment_min",
    WHOLE,
    S(np.array([1, 1, 1])),
    want=np.stack([np.full(4, 2**31 - 1), WHOLE.min(0)]),
)
case("segment_prod", X, IDS, 4, want=np.stack([X[1], 0 * X[0] + 1, X[0] * X[2], 0 * X[0] + 1]))
case(
    "segment_prod",
    spread(7, seed=31),
    S(np.array([1, 0, 1, 1, 0, 1, 1])),
    2,
    want=lambda x, i, n: (
        [x[i == k].prod() for k in range(n)] and np.array([x[i == k].prod() for k in range(n)])
    ),
)
case("extract_sequences", VECTOR, 3, 1, want=np.stack([VECTOR[i : i + 3] for i in range(3)]))
case("extract_sequences", VECTOR, 2, 2, want=np.stack([VECTOR[0:2], VECTOR[2:4]]))
case("extract_sequences", VECTOR, 9, 2, want=np.zeros((0, 9)))
case("cdist", X, Y[:2], want=lambda x, y: np.linalg.norm(x[:, None] - y[None], axis=-1))
for _kwargs in ({}, {"axis": 0}, {"axis": 1, "keepdims": True}, {"ord": 1, "axis": 1}, {"ord": np.inf, "axis": 0},
                {"ord": -np.inf, "axis": 0}, {"ord": 3, "axis": -1}, {"ord": "fro", "axis": (0, 1)}, {"ord": 1, "axis": (0, 1)},
                {"ord": -1, "axis": (1, 0)}, {"ord": np.inf, "axis": (0, 1), "keepdims": True}):  # fmt: skip
    case("norm", X, want=np.linalg.norm, **_kwargs)
case("norm", X, ord=0, axis=0, want=np.linalg.norm, order=0)

# --- core and control -----------------------------------------------------------------------------

case("cast", X, "float32", want=lambda x, d: x.astype(d), order=0)
case("cast", X, "int32", want=lambda x, d: x.astype(d), order=0)
case("cast", X, "float64", want=lambda x, d: x)
case("cast", WHOLE, "bool", want=lambda x, d: x.astype(d))
case("saturate_cast", np.array([-300.0, 3.7, 300.0]), "uint8", want=np.array([0, 3, 255]), order=0)
case("convert_to_tensor", X, want=lambda x: x)
case("convert_to_tensor", [1, 2.5], want=np.array([1, 2.5]))
case("convert_to_numpy", X, want=lambda x: x, traced=False)
case("stop_gradient", X, want=lambda x: x, order=0)
case("scatter", np.array([[0], [2]]), np.array([5.2, 6.1]), (4,), want=np.array([5.2, 0, 6.1, 0]))
case(
    "scatter",
    S(np.array([[0, 1], [0, 1]])),
    np.array([5.2, 6.1]),
    (2, 3),
    want=np.array([[0, 11.3, 0], [0, 0, 0]]),
)


def _put(x: Any, value: Any, *place: Any) -> Any:
    x = x.copy()
    x[place] = value
    return x


case(
    "scatter_update",
    X,
    S(np.array([[0, 1], [2, 3]])),
    np.array([9.1, 8.2]),
    want=lambda x, i, u: _put(x, u, [0, 2], [1, 3]),
)
case(
    "scatter_update",
    X,
    np.array([[0, 1], [2, 3]]),
    np.array([9.1, 8.2]),
    want=lambda x, i, u: _put(x, u, [0, 2], [1, 3]),
)
case("scatter_update", X, np.array([[1]]), ROW[None], want=lambda x, i, u: _put(x, u, 1))
case(
    "scatter_update",
    X,
    S(np.array([[1], [1]])),
    Y[:2],
    "add",
    want=lambda x, i, u, r: _put(x, x[1] + u.sum(0), 1),
)
case("slice", CUBE, S((0, 1, 2)), (2, 2, 1), want=lambda x, s, n: x[:, 1:3, 2:3])
case("slice", X, np.array([1, 1]), (2, 2), want=lambda x, s, n: x[1:3, 1:3])
case(
    "slice_update",
    X,
    S((1, 2)),
    Y[:2, :2],
    want=lambda x, s, u: _put(x, u, slice(1, 3), slice(2, 4)),
)
case("shape", CUBE, want=(2, 3, 4))
case("is_tensor", X, want=True)
case("dtype", X, want="float64", traced=False)
case("cond", S(True), S(lambda: 1.5), S(lambda: 2.5), want=1.5)
case("switch", 1, S([lambda x: x + 1, lambda x: x * x]), X, want=lambda i, b, x: x * x)
case("switch", np.array(7), S([lambda x: x + 1, lambda x: x * x]), X, want=lambda i, b, x: x * x)
case("switch", np.array(-2), S([lambda x: x + 1, lambda x: x * x]), X, want=lambda i, b, x: x + 1)
case("fori_loop", 0, 3, S(lambda i, t: t * (i + 2)), X, want=24 * X)
case(
    "while_loop",
    S(lambda i, x: i < 4),
    S(lambda i, x: (i + 1, x * 1.5)),
    (0, X),
    want=(np.array(4), X * 1.5**4),
)
case(
    "while_loop",
    S(lambda i, x: i < 9),
    S(lambda i, x: (i + 1, x * 1.5)),
    (0, X),
    maximum_iterations=2,
    want=(np.array(2), X * 1.5**2),
)
case("map", S(lambda row: ops.sum(row * row)), X, want=(X * X).sum(1))
case("vectorized_map", S(lambda row: ops.sum(row * row)), X, want=(X * X).sum(1))
case(
    "scan",
    S(lambda c, x: (c + x, c * x)),
    X[0],
    Y,
    want=(X[0] + Y.sum(0), (X[0] + np.cumsum(Y, 0) - Y) * Y),
)
case(
    "scan",
    S(lambda c, x: (c + x, c)),
    X[0],
    Y,
    reverse=True,
    want=(X[0] + Y.sum(0), X[0] + np.cumsum(Y[::-1], 0)[::-1] - Y),
)
case(
    "scan",
    S(lambda c, x: (c * 1.1, c)),
    X[0],
    None,
    2,
    want=(X[0] * 1.21, np.stack([X[0], X[0] * 1.1])),
)
case(
    "associative_scan",
    S(lambda a, b: a * b),
    spread(5, 2, seed=41),
    want=np.cumprod(spread(5, 2, seed=41), 0),
)
case(
    "associative_scan",
    S(lambda a, b: a + b),
    X,
    axis=1,
    reverse=True,
    want=np.cumsum(X[:, ::-1], 1)[:, ::-1],
)


# --- attention ------------------------------------------------------------------------------------

_DRAWN = np.random.default_rng(40)
_QUERIES, _KEYS = _DRAWN.normal(size=(2, 3, 2, 2)), _DRAWN.normal(size=(2, 4, 2, 2))
_VALUES = _DRAWN.normal(size=(2, 4, 2, 3))
_LOOKS = np.array([[True, False, True, True], [True] * 4, [False] * 4])


def _attend(
    q: Any, k: Any, v: Any, mask: Any = True, bias: Any = 0.0, is_causal: bool = False
) -> Any:
    scores = np.einsum("btnh,bsnh->bnts", q, k) / np.sqrt(q.shape[-1]) + bias
    kept = np.broadcast_to(mask, scores.shape[2:])
    kept = np.tril(kept) if is_causal else kept
    return np.einsum("bnts,bsnh->btnh", softmax(np.where(kept, scores, -1e30)), v)


for _options in ({}, {"is_causal": True}, {"mask": _LOOKS}, {"mask": _LOOKS, "is_causal": True},
                 {"bias": _DRAWN.normal(size=(2, 1, 3, 4)), "mask": _LOOKS}):  # fmt: skip
    case("dot_product_attention", _QUERIES, _KEYS, _VALUES, want=_attend, order=2, **_options)
