"""Golden cases: `ops` of the nn, math, core and linalg kinds for dense networks; control flow."""

from __future__ import annotations

import numpy as np

from .cases import add_case, integers, one_hot, probabilities, uniform
from .cases_functions import ACTIVATIONS, ALONE, GRID
from .cases_ops import CUBE, FLAGS, ROW, SCALAR, SQUARE, STRANGE, TIES, WHOLE, Recorder, V, X, Y

op = Recorder("ops_nn")
LABELS = integers(4, seed=700, high=3)
DEFINITE = (SQUARE @ SQUARE.T + 3 * np.eye(4)).astype("float32")

for _name, _variants in ACTIVATIONS.items():
    if _name in ("linear", "exponential", "mish", "threshold"):
        continue
    for _kwargs in _variants:
        if _name == "relu" and _kwargs:
            continue  # ops.relu has no options
        getattr(op, _name)(
            GRID if "axis" not in _kwargs else uniform(4, 4, seed=701, low=-3, high=3), **_kwargs
        )
op.threshold(GRID, 0.5, -1.0)
op.sparsemax(ALONE)
for (
    _name
) in "relu relu6 leaky_relu elu selu celu silu sigmoid softplus hard_sigmoid hard_tanh".split():
    getattr(op, _name)(SCALAR)
    getattr(op, _name)(CUBE.astype("float64"))
for _name in "relu sigmoid softplus softmax log_softmax".split():
    getattr(op, _name)(np.array([-1e4, -100, 0, 100, 1e4], "float32"))
for _axis in (0, 1, -1, (1, 2), None):
    op.softmax(CUBE, axis=_axis)
    op.log_softmax(CUBE, axis=_axis)

for _kwargs in ({}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": (0, 1)}):
    op.logsumexp(CUBE, **_kwargs)
op.logsumexp(np.array([[1e4, 1e4], [-1e4, -np.inf]], "float32"), axis=1)
op.erf(GRID)
op.erfc(np.array([-2, -0.5, 0, 0.5, 2], "float32"))
op.erfinv(np.array([-0.9, -0.3, 0.0, 0.4, 0.99], "float32"), tolerance="approximate")
op.rsqrt(np.array([0.25, 1, 7], "float32"))
for _k in (1, 2, 4):
    op.top_k(X, _k)
op.top_k(TIES, 2)
op.top_k(WHOLE[:, :3], 2)
op.in_top_k(np.array([0, 2, 1], "int32"), X, 1)
op.in_top_k(np.array([0, 2, 1], "int32"), X, 2)
op.in_top_k(np.array([2, 3], "int32"), TIES, 1)
op.segment_sum(X, np.array([0, 1, 1], "int32"))
op.segment_sum(X, np.array([2, 0, 2], "int32"), num_segments=4)
op.segment_max(X, np.array([0, 0, 1], "int32"), num_segments=2)
op.segment_min(X, np.array([0, 0, 1], "int32"), num_segments=2)
op.segment_prod(X, np.array([0, 0, 1], "int32"), num_segments=2)
op.extract_sequences(V, 3, 1)
op.cdist(X, Y)

for _kwargs in ({}, {"axis": 0}, {"axis": 1}, {"dtype": "int32"}, {"dtype": "bool"}):
    op.one_hot(LABELS, 3, **_kwargs)
op.one_hot(np.array([0, 5, -1], "int32"), 3)
op.one_hot(np.array([[0, 1], [2, 0]], "int64"), 3)
op.one_hot(1, 3)
op.multi_hot(np.array([[0, 2], [1, 1]], "int32"), 4)
op.multi_hot(np.array([0, 2], "int32"), 3)

_soft, _sure = probabilities(4, 3, seed=702), one_hot(LABELS, 3)
_logits = uniform(4, 3, seed=703, low=-9, high=9)
op.categorical_crossentropy(_sure, _soft)
op.categorical_crossentropy(_sure, _logits, from_logits=True)
op.categorical_crossentropy(_sure.T.copy(), _soft.T.copy(), axis=0)
op.sparse_categorical_crossentropy(LABELS, _soft)
op.sparse_categorical_crossentropy(LABELS, _logits, from_logits=True)
op.sparse_categorical_crossentropy(LABELS[:, None], _soft)
op.binary_crossentropy(_sure, _soft)
op.binary_crossentropy(_sure, _logits, from_logits=True)
op.binary_crossentropy(np.array([0, 1, 0, 1], "float32"), np.array([0, 1, 1, 0], "float32"))

op.moments(CUBE, axes=0)
op.moments(CUBE, axes=(0, 2))
op.moments(CUBE, axes=(0, 1), keepdims=True)
op.batch_normalization(CUBE, ROW, np.abs(ROW) + 0.1, -1)
op.batch_normalization(
    CUBE, ROW, np.abs(ROW) + 0.1, axis=-1, offset=ROW, scale=2 * ROW, epsilon=0.01
)
op.batch_normalization(CUBE, X[:, 0], np.abs(X[:, 1]), axis=1)
op.layer_normalization(CUBE)
op.layer_normalization(CUBE, ROW, ROW + 1, axis=-1)
op.rms_normalization(CUBE)
op.rms_normalization(CUBE, scale=ROW)
op.normalize(X)
op.normalize(X, axis=0)
op.normalize(X, axis=-1, order=1)
op.normalize(X, axis=1, order=3)
op.normalize(np.zeros((2, 3), "float32"))
op.psnr(X, Y, 4.0)

# --- core -----------------------------------------------------------------------------------------

op.cast(X * 3, "int32")
op.cast(WHOLE, "float32")
op.cast(WHOLE, "bool")
op.cast(FLAGS, "float32")
op.cast(X, "float16")
op.cast(X, "float64")
op.cast(WHOLE, "uint8")
op.cast(np.array([0.9, -0.9, 1.5], "float32"), "int64")
op.saturate_cast(np.array([-300.0, 3.7, 300.0], "float32"), "uint8")
op.saturate_cast(np.array([-300, 3, 300], "int32"), "int8")
op.scatter(np.array([[0], [2]], "int32"), np.array([5.0, 6.0], "float32"), (4,))
op.scatter(np.array([[0, 1], [0, 1]], "int32"), np.array([5.0, 6.0], "float32"), (2, 3))
op.scatter_update(X, np.array([[0, 1], [2, 3]], "int32"), np.array([9.0, 8.0], "float32"))
op.scatter_update(X, np.array([[1]], "int32"), ROW[None])
op.slice(CUBE, (0, 1, 2), (2, 2, 1))
op.slice(X, np.array([1, 1], "int32"), (2, 2))
op.slice_update(X, (1, 2), np.ones((2, 2), "float32"))
op.shape(CUBE)
add_case("ops_nn", "dtype", lambda k: [k.ops.dtype(x) == x.dtype.name for x in (X, WHOLE, FLAGS)])
op.convert_to_numpy(WHOLE)
op.stop_gradient(X)
op.isnan(STRANGE)

FLOW = {
    "cond": lambda k: [
        k.ops.cond(True, lambda: V + 1, lambda: V - 1),
        k.ops.cond(False, lambda: V + 1, lambda: V - 1),
    ],
    "switch": lambda k: [
        k.ops.switch(i, [lambda x: x + 1, lambda x: x * 2, lambda x: -x], V) for i in (0, 1, 2)
    ],
    "fori_loop": lambda k: k.ops.fori_loop(
        0, 5, lambda i, total: total * 2.0 + k.ops.cast(i, "float32"), SCALAR
    ),
    "while_loop": lambda k: k.ops.while_loop(
        lambda i, x: i < 4, lambda i, x: (i + 1, x * 1.5), (np.int32(0), V)
    ),
    "while_loop limited": lambda k: k.ops.while_loop(
        lambda i, x: i < 40, lambda i, x: (i + 1, x * 1.5), (np.int32(0), V), maximum_iterations=3
    ),
    "map": lambda k: k.ops.map(lambda row: k.ops.sum(row) * 2.0, X),
    "vectorized_map": lambda k: k.ops.vectorized_map(lambda row: k.ops.sum(row * row), X),
    "scan": lambda k: k.ops.scan(lambda carry, x: (carry + x, carry * x), np.float32(1.0), V),
    "associative_scan": lambda k: k.ops.associative_scan(lambda a, b: a + b, V),
    "is_tensor": lambda k: [
        k.ops.is_tensor(k.ops.ones((2,))),
        k.ops.is_tensor(3),
        k.ops.is_tensor([1]),
    ],
    "operators": lambda k: [
        k.ops.convert_to_tensor(X) + 1,
        2 - k.ops.convert_to_tensor(X),
        k.ops.convert_to_tensor(X) * Y,
        k.ops.convert_to_tensor(X) / 2,
        k.ops.convert_to_tensor(X) ** 2,
        k.ops.convert_to_tensor(X) @ SQUARE,
        -k.ops.convert_to_tensor(X),
        k.ops.convert_to_tensor(X) > 0,
        k.ops.convert_to_tensor(X)[1:, ::2],
        k.ops.convert_to_tensor(WHOLE) // 2,
        k.ops.convert_to_tensor(WHOLE) % 3,
        abs(k.ops.convert_to_tensor(X)),
    ],
    "variables as arguments": lambda k: [
        k.ops.add(k.Variable(X), Y),
        k.Variable(X) * 2.0,
        k.ops.mean(k.Variable(X), axis=0),
    ],
}
for _name, _run in FLOW.items():
    add_case("ops_nn", _name, _run)

# --- norms -------------------------------------------------------------------------------

for _kwargs in (
    {},
    {"axis": 0},
    {"axis": 1, "keepdims": True},
    {"ord": 1, "axis": 1},
    {"ord": np.inf, "axis": 0},
    {"ord": 3, "axis": -1},
):
    op.norm(X, **_kwargs)
for _ord in ("fro", 1, -1, np.inf, -np.inf):
    op.norm(X, ord=_ord, axis=(0, 1))
op.norm(ROW)
op.norm(ROW, ord=0)
add_case("ops_nn", "where of flags", lambda k: k.ops.where(FLAGS, X, k.ops.zeros_like(X)))

_frames = uniform(3, 6, 4, seed=710, low=-3, high=3)
_written = np.array([[1, 2, 0], [3, 3, 1], [2, 0, 0]], "int32")
_letters, _times = np.array([2, 3, 1], "int32"), np.array([6, 6, 3], "int32")
op.ctc_loss(_written, _frames, _letters, _times)
op.ctc_loss(_written, _frames, _letters, _times, mask_index=0)
op.ctc_loss(np.maximum(_written - 1, 0), _frames, _letters, _times, mask_index=3)
op.ctc_loss(_written, _frames.astype("float64"), _letters, _times)
op.ctc_loss(_written.astype("int64"), _frames, np.array([0, 1, 2], "int32"), _times)
for _kwargs in ({}, {"merge_repeated": False}, {"mask_index": 3}, {"mask_index": None}):
    op.ctc_decode(_frames, _times, **_kwargs)
    op.ctc_decode(_frames, _times, strategy="beam_search", top_paths=3, **_kwargs)
op.ctc_decode(_frames, _times, "beam_search", beam_width=2, top_paths=2)
op.ctc_decode(_frames, _times, "beam_search", beam_width=1)

_queries, _keys = uniform(2, 4, 4, 3, seed=720), uniform(2, 5, 4, 3, seed=721)
_values = uniform(2, 5, 4, 3, seed=722)
_looks = integers(2, 1, 4, 5, seed=723, high=2).astype(bool)
_looks[0, 0, 1] = False
for _kwargs in (
    {},
    {"scale": 0.3},
    {"is_causal": True},
    {"mask": _looks},
    {"mask": _looks, "is_causal": True},
    {"bias": uniform(1, 4, 4, 5, seed=724)},
    {"bias": uniform(2, 1, 4, 5, seed=725), "mask": _looks, "is_causal": True},
):
    op.dot_product_attention(_queries, _keys, _values, **_kwargs)
op.dot_product_attention(*(x.astype("float16") for x in (_queries, _keys, _values)), mask=_looks)
