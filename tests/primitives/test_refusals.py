"""A shape rule refuses what its operation cannot run, whatever shapes and dtypes come."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from annette.graph import Tensor
from annette.graph.dtypes import standardize

from .records import FUSED_NAMES, NAMES, RECORDS

DTYPES = ("bool", "int32", "uint32", "float32", "float64")
SHAPES = st.lists(st.integers(0, 3), max_size=4).map(tuple)
# A fused operation's rule is its composite's trace, whose operations cast what they are given.
PRIMITIVE_NAMES = sorted(set(NAMES) - set(FUSED_NAMES))


@st.composite
def changed_sample(draw, name):
    """A sample of the record with the shape and dtype of some inputs changed."""
    record = RECORDS[name]
    options = record.samples(np.random.default_rng(0))
    arrays, params = options[draw(st.integers(0, len(options) - 1))]
    specs = []
    for x in map(np.asarray, arrays):
        shape, dtype = x.shape, standardize(x.dtype)
        how = draw(st.sampled_from(["same", "same", "any", "axis", "drop", "grow", "swap"]))
        if how == "any":
            shape = draw(SHAPES)
        elif how == "axis" and shape:
            at = draw(st.integers(0, len(shape) - 1))
            shape = (*shape[:at], draw(st.integers(0, 4)), *shape[at + 1 :])
        elif how == "drop":
            shape = shape[1:]
        elif how == "grow":
            shape = (draw(st.integers(0, 2)), *shape)
        elif how == "swap":
            shape = shape[::-1]
        if draw(st.integers(0, 5)) == 0:
            dtype = draw(st.sampled_from(DTYPES))
        specs.append((shape, dtype))
    return specs, params


@pytest.mark.parametrize("name", NAMES)
def test_what_the_rule_accepts_runs_as_it_says(name):
    @settings(
        max_examples=40, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(changed_sample(name))
    def check(case):
        specs, params = case
        record = RECORDS[name]
        try:
            ruled = record.specs([Tensor(s, d) for s, d in specs], params)
        except (ValueError, TypeError) as refusal:
            assert str(refusal), "a refusal says why"
            return
        arrays = [np.ones(s, d) for s, d in specs]
        with np.errstate(all="ignore"):
            result = record.run(np, *arrays, **params)
        results = result if isinstance(result, tuple) else (result,)
        ran = [(np.shape(y), standardize(np.asarray(y).dtype)) for y in results]
        assert ran == [(tuple(s), d) for s, d in ruled]

    check()


REFUSED = {
    "two dtypes": ("add", [((2,), "float32"), ((2,), "float64")], {}),
    "shapes that do not broadcast": ("multiply", [((2, 3), "float32"), ((2,), "float32")], {}),
    "a condition of numbers": (
        "select",
        [((2,), "int32"), ((2,), "float32"), ((2,), "float32")],
        {},
    ),
    "inner axes that differ": ("matmul", [((2, 3), "float32"), ((2, 3), "float32")], {}),
    "a vector in a matrix product": ("matmul", [((3,), "float32"), ((3, 2), "float32")], {}),
    "another number of elements": ("reshape", [((2, 3), "float32")], {"shape": (5,)}),
    "an axis that is not there": ("sum", [((2, 3), "float32")], {"axis": (2,), "keepdims": False}),
    "the largest of nothing": ("max", [((0,), "float32")], {"axis": (0,), "keepdims": False}),
    "the place of the largest of nothing": ("argmax", [((0,), "float32")], {"axis": 0}),
    "too few axes to permute": ("transpose", [((2,), "float32")], {"axes": (1, 0)}),
    "places that are no whole numbers": (
        "take",
        [((3,), "float32"), ((1,), "float32")],
        {"axis": 0},
    ),
    "a key of floats": ("random_bits", [((2,), "float32")], {"shape": (3,)}),
    "broadcasting to fewer axes": ("broadcast_to", [((2, 3), "float32")], {"shape": (3,)}),
    "unequal other axes": ("concatenate", [((2, 3), "float32"), ((2, 2), "float32")], {"axis": 0}),
    "the sine of whole numbers": ("sin", [((2,), "int32")], {}),
    "the bits of floats": ("bitwise_and", [((2,), "float32"), ((2,), "float32")], {}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case):
    name, specs, params = REFUSED[case]
    with pytest.raises((ValueError, TypeError)) as refusal:
        RECORDS[name].specs([Tensor(s, d) for s, d in specs], params)
    assert len(str(refusal.value)) > 20
