"""What is read in another order of its axes is written in that order, and only where that is right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from annette import ops
from annette.backends import available_backends, make_backend
from annette.graph import trace

from .running import check, graph_of, instruction_sets, run

pytestmark = pytest.mark.skipif("native" not in available_backends(), reason="there is no core")

X, Y = (np.random.default_rng(i).normal(size=(2, 3, 3, 4)) for i in (1, 2))


def _turned_product(x: Any, y: Any) -> Any:
    """Heads apart, multiplied, and joined again."""
    product = ops.matmul(x, ops.swapaxes(y, -2, -1)) * 2.0
    joined = ops.reshape(ops.transpose(product, (0, 2, 1, 3)), (6, 9))
    return joined, ops.sum(joined, axis=0)


def _equal_sizes(x: Any, y: Any) -> Any:
    """The axes that change places have one size: each place must still be read where it is."""
    made = x * y
    turned = ops.reshape(ops.transpose(made, (0, 2, 1, 3)), (6, 12))
    again = ops.reshape(turned, (2, 3, 3, 4))
    return again + made, again * 2.0, turned


def _rows_to_columns(x: Any, y: Any) -> Any:
    turned = ops.reshape(ops.transpose(x + y, (0, 1, 3, 2)), (6, 12))
    return turned, ops.reshape(turned, (2, 3, 4, 3)) + 1.0


def _read_twice(x: Any, y: Any) -> Any:
    made = ops.exp(x) + y
    one = ops.reshape(ops.transpose(made, (1, 0, 2, 3)), (3, 24))
    other = ops.reshape(ops.transpose(made, (2, 0, 1, 3)), (3, 24))
    return one - other, ops.matmul(one, ops.transpose(other)), made


@pytest.mark.parametrize("function", [_turned_product, _equal_sizes, _rows_to_columns, _read_twice])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_another_order_of_axes_changes_no_value(function: Any, dtype: str) -> None:
    x, y = X.astype(dtype), Y.astype(dtype)
    graph, _ = trace(function, [(x.shape, dtype)] * 2, name="turned")
    found = make_backend("native").compile(graph)([x, y])
    for mine, want in zip(found, function(x, y), strict=True):
        np.testing.assert_allclose(mine, want, rtol=1e-4 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize("kind", ["sum", "prod", "max", "min"])
@pytest.mark.parametrize(
    ("shape", "axes"),
    [((3, 5, 16), 1), ((2, 70, 130), 1), ((4, 1, 17), 1), ((2, 3, 4, 20), (1, 2)),
     ((2, 3, 4, 20), 1), ((2, 3, 4, 20), (0, 2)), ((2, 130, 64), 1), ((0, 5, 16), 1)],
)  # fmt: skip
@pytest.mark.parametrize("isa", instruction_sets())
def test_columns_after_other_axes_that_stay(
    isa: str, shape: tuple[int, ...], axes: Any, kind: str
) -> None:
    """Where neighbours stay neighbours, an axis before them is reduced a vector at a time."""
    x = 1.0 + np.random.default_rng(4).normal(scale=0.1, size=shape)
    check(lambda t: getattr(ops, kind)(t, axis=axes), [x], isa)
    if 0 not in shape:
        x[..., 1] = np.nan
        found = run(graph_of(lambda t: getattr(ops, kind)(t, axis=axes), [x]), [x], isa)[0]
        assert np.isnan(found[..., 1]).all()
        assert not np.isnan(found[..., 2:]).any()
