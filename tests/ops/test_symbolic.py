"""Operations on KerasTensors: the shape of the result, unknown where it moves with the input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from annette import ops
from annette.graph import KerasTensor

N = None
F = "float32"
SPECS: list[tuple[str, Any, Any, str]] = [
    # what is called on x (N, 4), what comes out, of which dtype
    ("add", lambda x: ops.add(x, 1.0), (N, 4), F),
    ("add, two unknown", lambda x: ops.add(x, ops.square(x)), (N, 4), F),
    ("operators", lambda x: -(x * 2 + 1) ** 2 / 3, (N, 4), F),
    ("compare", lambda x: x > 0, (N, 4), "bool"),
    ("sinh", ops.sinh, (N, 4), F),
    ("hypot", lambda x: ops.hypot(x, 2.0), (N, 4), F),
    ("logaddexp", lambda x: ops.logaddexp(x, x), (N, 4), F),
    ("isfinite", ops.isfinite, (N, 4), "bool"),
    ("nan_to_num", ops.nan_to_num, (N, 4), F),
    ("imag", ops.imag, (N, 4), F),
    ("isreal", ops.isreal, (N, 4), "bool"),
    ("zeros_like", ops.zeros_like, (N, 4), F),
    ("full_like", lambda x: ops.full_like(x, 3, dtype="int32"), (N, 4), "int32"),
    ("cast", lambda x: ops.cast(x, "int32"), (N, 4), "int32"),
    ("view", lambda x: ops.view(x, "int16"), (N, 8), "int16"),
    ("sum", lambda x: ops.sum(x, axis=-1), (N,), F),
    ("sum, kept", lambda x: ops.sum(x, axis=-1, keepdims=True), (N, 1), F),
    ("mean of rows", lambda x: ops.mean(x, axis=0), (4,), F),
    ("std", ops.std, (), F),
    ("median", lambda x: ops.median(x, axis=1), (N,), F),
    ("quantile", lambda x: ops.quantile(x, [0.1, 0.9], axis=1), (2, N), F),
    ("nanmax", lambda x: ops.nanmax(x, axis=1), (N,), F),
    ("ptp", lambda x: ops.ptp(x, axis=0), (4,), F),
    ("average", lambda x: ops.average(x, axis=1, weights=np.ones(4, F)), (N,), F),
    ("argmax", lambda x: ops.argmax(x, axis=1), (N,), "int32"),
    ("cumsum", lambda x: ops.cumsum(x, axis=0), (N, 4), F),
    ("cumprod", lambda x: ops.cumprod(x, axis=0), (N, 4), F),
    ("sort", ops.sort, (N, 4), F),
    ("argsort", lambda x: ops.argsort(x, axis=0), (N, 4), "int32"),
    ("diff", ops.diff, (N, 3), F),
    ("diff of rows", lambda x: ops.diff(x, axis=0), (N, 4), F),
    ("trapezoid", ops.trapezoid, (N,), F),
    ("corrcoef", ops.corrcoef, (N, N), F),
    ("histogram", lambda x: list(ops.histogram(x, bins=5)), [(5,), (6,)], F),
    ("digitize", lambda x: ops.digitize(x, np.array([0.0, 1.0], F)), (N, 4), "int32"),
    ("take", lambda x: ops.take(x, [0, 1], axis=1), (N, 2), F),
    ("getitem", lambda x: x[:, 1:3], (N, 2), F),
    ("getitem, one", lambda x: x[:, -1], (N,), F),
    ("getitem, new axis", lambda x: x[:, None], (N, 1, 4), F),
    ("getitem, a row", lambda x: x[0], (4,), F),
    ("where", lambda x: ops.where(x > 0, x, 0.0), (N, 4), F),
    ("select", lambda x: ops.select([x > 0], [x], -1.0), (N, 4), F),
    ("isin", lambda x: ops.isin(x, [1.0, 2.0]), (N, 4), "bool"),
    ("reshape", lambda x: ops.reshape(x, (-1, 2, 2)), (N, 2, 2), F),
    ("reshape, flat", lambda x: ops.reshape(x, (-1,)), (N,), F),
    ("transpose", ops.transpose, (4, N), F),
    ("expand_dims", lambda x: ops.expand_dims(x, -1), (N, 4, 1), F),
    ("swapaxes", lambda x: ops.swapaxes(x, 0, 1), (4, N), F),
    ("flip", ops.flip, (N, 4), F),
    ("roll", lambda x: ops.roll(x, 1, axis=1), (N, 4), F),
    ("rot90", ops.rot90, (4, N), F),
    ("tile", lambda x: ops.tile(x, (1, 3)), (N, 12), F),
    ("repeat", lambda x: ops.repeat(x, 2, axis=0), (N, 4), F),
    ("concatenate", lambda x: ops.concatenate([x, x], axis=-1), (N, 8), F),
    ("concatenate rows", lambda x: ops.concatenate([x, x], axis=0), (N, 4), F),
    ("stack", lambda x: ops.stack([x, x]), (2, N, 4), F),
    ("hstack", lambda x: ops.hstack([x, x]), (N, 8), F),
    ("append", lambda x: ops.append(x, x, axis=1), (N, 8), F),
    ("split", lambda x: ops.split(x, 2, axis=1), [(N, 2), (N, 2)], F),
    ("array_split", lambda x: ops.array_split(x, 3, axis=1), [(N, 2), (N, 1), (N, 1)], F),
    ("unstack", lambda x: ops.unstack(x, axis=1), [(N,)] * 4, F),
    ("pad", lambda x: ops.pad(x, ((0, 0), (1, 2)), mode="reflect"), (N, 7), F),
    ("tril", ops.tril, (N, 4), F),
    ("matmul", lambda x: ops.matmul(x, np.ones((4, 5), F)), (N, 5), F),
    ("dot", lambda x: ops.dot(x, np.ones(4, F)), (N,), F),
    ("outer", lambda x: ops.outer(x, np.ones(3, F)), (N, 3), F),
    ("einsum", lambda x: ops.einsum("ij,kj->ik", x, np.ones((6, 4), F)), (N, 6), F),
    ("einsum of rows", lambda x: ops.einsum("ij,ij->i", x, x), (N,), F),
    ("tensordot", lambda x: ops.tensordot(x, np.ones((4, 3), F), axes=1), (N, 3), F),
    ("kron", lambda x: ops.kron(x, np.ones((1, 2), F)), (N, 8), F),
    ("cross", lambda x: ops.cross(x[:, :3], np.ones(3, F)), (N, 3), F),
    ("vander", lambda x: ops.vander(x[0], 3), (4, 3), F),
    ("linspace", lambda x: ops.linspace(x, x + 1, num=3), (3, N, 4), F),
    ("softmax", ops.softmax, (N, 4), F),
    ("glu", ops.glu, (N, 2), F),
    ("top_k", lambda x: ops.top_k(x, 2)[0], (N, 2), F),
    ("one_hot", lambda x: ops.one_hot(ops.argmax(x, axis=-1), 7), (N, 7), F),
    ("layer_normalization", ops.layer_normalization, (N, 4), F),
    ("logsumexp", lambda x: ops.logsumexp(x, axis=-1), (N,), F),
    ("segment_sum", lambda x: ops.segment_sum(x, ops.argmax(x, axis=1), 3), (3, 4), F),
    ("segment_max", lambda x: ops.segment_max(x, ops.argmax(x, axis=1), 3), (3, 4), F),
    ("extract_sequences", lambda x: ops.extract_sequences(x, 2, 1), (N, 3, 2), F),
    ("cdist", lambda x: ops.cdist(x, np.ones((5, 4), F)), (N, 5), F),
    ("norm", lambda x: ops.norm(x, axis=-1), (N,), F),
    ("map", lambda x: ops.map(lambda row: ops.sum(row), x), (N,), F),
    ("vectorized_map", lambda x: ops.vectorized_map(lambda row: row * 2, x), (N, 4), F),
    ("scan", lambda x: ops.scan(lambda c, row: (c + row, c), np.zeros(4, F), x)[1], (N, 4), F),
    ("associative_scan", lambda x: ops.associative_scan(lambda a, b: a + b, x), (N, 4), F),
    ("fori_loop", lambda x: ops.fori_loop(0, 3, lambda i, v: v * 2.0, x), (N, 4), F),
    ("cond", lambda x: ops.cond(ops.all(x > 0), lambda: x, lambda: x + 1), (N, 4), F),
    ("switch", lambda x: ops.switch(ops.argmax(x), [lambda v: v, lambda v: -v], x), (N, 4), F),
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "shape", "dtype"), [s[1:] for s in SPECS], ids=[s[0] for s in SPECS]
)
def test_result_of_an_unknown_batch(call: Any, shape: Any, dtype: str) -> None:
    """With rows unknown, the result's sizes are known wherever the rows do not reach."""
    result = call(KerasTensor((None, 4), F))
    results = result if isinstance(shape, list) else [result]
    shapes = shape if isinstance(shape, list) else [shape]
    assert [r.shape for r in results] == shapes
    assert {r.dtype for r in results} == {dtype}
    assert all(isinstance(r, KerasTensor) for r in results)


@pytest.mark.parametrize(
    ("call", "shape"),
    [
        (lambda x: ops.mean(x, axis=(1, 2)), (N, 3)),
        (lambda x: ops.reshape(x, (-1, 3)), (N, 3)),
        (lambda x: ops.moveaxis(x, -1, 1), (N, 3, N, N)),
        (lambda x: ops.einsum("bhwc,cd->bhwd", x, np.ones((3, 8), F)), (N, N, N, 8)),
        (lambda x: ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))), (N, N, N, 3)),
        (lambda x: x[:, ::2, 1:-1], (N, N, N, 3)),
        (lambda x: ops.transpose(x, (0, 3, 2, 1)), (N, 3, N, N)),
        (lambda x: ops.quantile(x, 0.5, axis=1, keepdims=True), (N, 1, N, 3)),
        (lambda x: ops.diagonal(x, axis1=1, axis2=2), (N, 3, N)),
        (lambda x: ops.stack([x, x], axis=-1), (N, N, N, 3, 2)),
    ],
)
def test_result_of_unknown_height_and_width(call: Any, shape: Any) -> None:
    """Several unknown sizes at once."""
    assert call(KerasTensor((None, None, None, 3), F)).shape == shape


@pytest.mark.parametrize("name", ["int32", "float16", "float64", "bool"])
def test_dtype_of_the_result(name: str) -> None:
    """The dtype follows the same rules as on arrays."""
    x = KerasTensor((None, 3), name)
    array = np.ones((2, 3), name)
    for call in (
        lambda v: ops.add(v, 1), lambda v: ops.multiply(v, 0.5), ops.mean, ops.sum, ops.sqrt, ops.cumprod,
        lambda v: ops.matmul(v, np.ones((3, 2), "float32")), ops.median, ops.diff, ops.max, ops.trunc,
        lambda v: ops.einsum("ij->j", v), ops.deg2rad, ops.nansum, ops.softmax, ops.average, ops.tril,
    ):  # fmt: skip
        assert call(x).dtype == call(array).dtype.name
