"""What two dtypes make together is what they make in Keras."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from annette import config, ops
from annette.graph.dtypes import result_type, standardize

TABLE = json.loads(Path(__file__).with_name("dtypes.json").read_text(encoding="utf-8"))
PYTHON = {"int": int, "float": float}
CASES = [c for c in TABLE if c != "keras"]


@pytest.mark.parametrize("case", CASES)
def test_result_type_is_that_of_keras(case):
    operands = [PYTHON.get(n, n) for n in case.split()]
    assert result_type(*operands) == TABLE[case]
    assert result_type(*operands[::-1]) == TABLE[case]


@pytest.mark.parametrize("case", [c for c in CASES if len(c.split()) == 2 and "bfloat16" not in c])
def test_an_operation_gives_that_dtype(case):
    operands = [PYTHON[n](1) if n in PYTHON else np.ones(2, n) for n in case.split()]
    assert standardize(ops.multiply(*operands).dtype) == TABLE[case]


def test_python_floats_follow_floatx():
    before = config.floatx()
    try:
        config.set_floatx("float64")
        assert result_type(float, "int32") == "float64" == result_type(1.0)
        assert result_type(float, "float32") == "float32"
    finally:
        config.set_floatx(before)


@pytest.mark.parametrize(
    "given, name",
    [
        (None, "float32"), (float, "float32"), (int, "int32"), (bool, "bool"), ("float", "float32"),
        (np.float16, "float16"), (np.dtype(">i8"), "int64"), ("int", "int32"), (np.bool_, "bool"),
    ],
)  # fmt: skip
def test_dtypes_by_any_name(given, name):
    assert standardize(given) == name


@pytest.mark.parametrize("given", ["float12", "object", np.dtype("U3"), np.dtype("M8[s]"), 3])
def test_what_is_no_dtype_is_refused(given):
    with pytest.raises(ValueError, match="dtype must be one of"):
        standardize(given)


def test_whole_numbers_that_int32_cannot_hold_become_int64():
    for given in (2**40, [2**40, 1], [[-(2**31) - 1]]):
        found = ops.convert_to_tensor(given)
        assert found.dtype == np.int64 and np.array_equal(found, given)
    assert ops.convert_to_tensor([2**31 - 1, -(2**31)]).dtype == np.int32
