"""KerasTensors: shapes with unknown sizes, found by tracing with two of them."""

from __future__ import annotations

import numpy as np
import pytest

from annette import KerasTensor, ops
from annette.graph.symbolic import output_spec

CASES = {
    "elementwise": (lambda x: ops.exp(x), (None, 3), (None, 3)),
    "rows lost": (lambda x: ops.sum(x, axis=0), (None, 3), (3,)),
    "rows kept": (lambda x: ops.mean(x, axis=-1), (None, 3), (None,)),
    "a scalar": (lambda x: ops.mean(x), (None, 3), ()),
    "reshape": (lambda x: ops.reshape(x, (-1, 6)), (None, 2, 3), (None, 6)),
    "flatten of unknown sizes": (lambda x: ops.reshape(x, (-1,)), (None, None), (None,)),
    "transpose": (lambda x: ops.transpose(x), (None, 4), (4, None)),
    "matmul": (lambda x: ops.matmul(x, np.ones((4, 7), "float32")), (None, 5, 4), (None, 5, 7)),
    "concatenate": (lambda x: ops.concatenate([x, x], axis=0), (None, 4), (None, 4)),
    "a slice": (lambda x: x[:, 1:3], (None, 4), (None, 2)),
    "one row": (lambda x: x[0], (None, 4), (4,)),
    "every other step": (lambda x: x[:, ::2], (None, None, 4), (None, None, 4)),
    "repeat": (lambda x: ops.repeat(x, 3, axis=1), (None, 4), (None, 12)),
    "known sizes": (lambda x: ops.sum(x, axis=1), (2, 3), (2,)),
    "two unknown sizes": (lambda x: ops.sum(x, axis=2), (None, None, 5), (None, None)),
    "expand": (lambda x: ops.expand_dims(x, 0), (None,), (1, None)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_unknown_sizes_are_found(case):
    function, shape, expected = CASES[case]
    found = output_spec(function, (KerasTensor(shape),), {})
    assert found.shape == expected and found.dtype == "float32"


def test_dtypes_and_structures():
    found = output_spec(
        lambda a, b: {"where": a > 0, "both": (a, b + 1)},
        (KerasTensor((None, 2)), KerasTensor((None,), "int32")),
        {},
    )
    assert found["where"].dtype == "bool"
    assert [t.dtype for t in found["both"]] == ["float32", "int32"]
    assert [t.shape for t in found["both"]] == [(None, 2), (None,)]


def test_operations_on_a_kerastensor_remember_where_it_came_from():
    x = KerasTensor((None, 3))
    y = ops.exp(x) * 2.0
    assert isinstance(y, KerasTensor) and y.shape == (None, 3)
    operation = y._keras_history.operation
    assert operation.get_config()["function"] == "multiply"
    (before,) = operation._inbound_nodes[0].parent_nodes
    assert before.input_tensors == [x]


def test_python_operators_on_a_kerastensor():
    x = KerasTensor((None, 3))
    for y in (x + 1, 1 - x, x @ np.ones((3, 3), "float32"), -x, abs(x), x**2, x / x):
        assert y.shape == (None, 3)
    assert (x > 0).dtype == "bool"
    assert x[:, 0].shape == (None,)
    assert (np.ones((1, 3), "float32") * x).shape == (None, 3)


def test_a_kerastensor_has_no_numbers():
    x = KerasTensor((None, 3))
    with pytest.raises(TypeError, match=r"ops\.where"):
        bool(x)
    with pytest.raises(TypeError, match="no number yet"):
        float(x)
    with pytest.raises(ValueError, match="no numbers"):
        np.asarray(x)
    with pytest.raises(TypeError, match="length"):
        len(x)


def test_shapes_that_do_not_go_together_are_refused_at_once():
    with pytest.raises(ValueError, match="broadcast"):
        KerasTensor((None, 3)) + KerasTensor((None, 4))
