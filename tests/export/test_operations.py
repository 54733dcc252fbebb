"""The table of ONNX: an entry for each operation there is, and each rule against its definition."""

from __future__ import annotations

import math

import numpy as np
import pytest

from annette.export import onnx as export  # its package was asked for above
from annette.export.onnx import document
from annette.export.tracing import InputSpec, traced
from annette.fused import FUSED
from annette.graph.dtypes import standardize
from annette.graph.primitive import PRIMITIVES, apply, plain_specs
from tests.primitives.records import NAMES

from .running import near, onnx, session

export.load()
WRITTEN = sorted(set(NAMES) & set(export.RULES))
WHOLE = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32")
# onnxruntime's CPU has no kernel for these in float64; ONNX's own definition runs them.
BY_DEFINITION = {"arctan", "arctan2"}
# Where the order of sums is another one: what is near 0 differs by rounding of larger numbers.
CLOSE = {"float64": 1e-9, "float32": 2e-5, "float16": 2e-2}


def test_every_operation_is_in_the_table_once():
    entries = [*export.RULES, *export.REFUSED]
    assert len(entries) == len(set(entries))
    # A fused operation without an entry is written as what it is composed of.
    assert set(NAMES) - set(FUSED) <= set(entries) <= set(NAMES)
    assert all(reason.endswith(".") for reason in export.REFUSED.values())


def written(name, arrays, params, opset):
    """The file of one operation."""
    specs = [InputSpec(f"x{i}", a.shape, standardize(a.dtype)) for i, a in enumerate(arrays)]
    flow, _ = traced(lambda *xs: apply(PRIMITIVES[name], xs, params), specs, export._keeps)
    export._check(flow)
    results = [f"y{i}" for i in range(len(flow.outputs))]
    return document.written(flow, [s.name for s in specs], results, opset, name)


def compare(name, arrays, params, opset=export.OPSET):
    arrays = [np.asarray(a) for a in arrays]
    model = written(name, arrays, params, opset)
    given = {f"x{i}": a for i, a in enumerate(arrays)}
    if name in BY_DEFINITION and arrays[0].dtype == "float64":
        from onnx.reference import ReferenceEvaluator

        found = ReferenceEvaluator(model).run(None, given)
    else:
        found = session(model).run(None, given)
    with np.errstate(all="ignore"):
        expected = PRIMITIVES[name].run(np, *arrays, **params)
    expected = expected if isinstance(expected, tuple) else (expected,)
    specs = PRIMITIVES[name].specs(plain_specs(arrays), params)
    for y, wanted, (_, dtype) in zip(found, expected, specs, strict=True):
        near(np.asarray(y), np.asarray(wanted, dtype), CLOSE.get(dtype))


def samples(name):
    return PRIMITIVES[name].samples(np.random.default_rng(0))


@pytest.mark.parametrize("name", WRITTEN)
def test_a_rule_says_what_the_operation_does(name):
    for arrays, params in samples(name):
        compare(name, arrays, params)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_rule_holds_for_the_newest_operators(name):
    arrays, params = samples(name)[0]
    compare(name, arrays, params, min(export.OPSETS[-1], onnx.defs.onnx_opset_version()))


def brought(a, dtype):
    """A sample's floats as another dtype; whole numbers of small size."""
    if a.dtype.kind != "f" or dtype.startswith("float"):
        return a.astype(dtype) if a.dtype.kind == "f" else a
    whole = np.round(np.nan_to_num(a) * 3)
    return np.clip(whole, 0 if dtype.startswith(("u", "b")) else -9, 9).astype(dtype)


def taken(name, dtype):
    """The samples of an operation in a dtype, those that it takes."""
    for arrays, params in samples(name):
        arrays = [brought(np.asarray(a), dtype) for a in arrays]
        if name in ("floor_divide", "remainder", "divide"):
            arrays[1] = np.where(arrays[1] == 0, 1, arrays[1]).astype(arrays[1].dtype)
        if name == "power" and dtype in WHOLE:
            arrays[1] = np.abs(arrays[1]).astype(dtype)
        try:
            PRIMITIVES[name].specs(plain_specs(arrays), params)
        except (TypeError, ValueError):
            continue
        yield arrays, params


# A body has its dtypes in it; composites of floats are made for floats.
ANY = [n for n in WRITTEN if n != "scan" and n not in FUSED]


def has_floats(name):
    return any(np.asarray(a).dtype.kind == "f" for arrays, _ in samples(name) for a in arrays)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("name", [n for n in WRITTEN if n != "scan" and has_floats(n)])
def test_a_rule_holds_in_other_floats(name, dtype):
    for arrays, params in taken(name, dtype):
        compare(name, arrays, params)


@pytest.mark.parametrize("name", ANY)
def test_a_rule_holds_for_whole_numbers(name):
    for dtype in (*WHOLE, "bool"):
        for arrays, params in taken(name, dtype):
            compare(name, arrays, params)


@pytest.mark.parametrize("dtype", [*WHOLE, "uint64"])
@pytest.mark.parametrize(
    "name", ["equal", "left_shift", "right_shift", "bitwise_and", "bitwise_not", "bitwise_xor"]
)
def test_bits_of_all_whole_numbers(name, dtype):
    for arrays, params in samples(name):
        compare(name, [np.asarray(a).astype(dtype) for a in arrays], params)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "uint64"])
def test_whole_numbers_wrap_around_as_they_do_in_annette(dtype):
    ends = np.iinfo(dtype)
    a = np.array([ends.max, ends.min, ends.max, 7], dtype)
    b = np.array([1, ends.max, ends.max, 3], dtype)
    for name in ("add", "multiply", "subtract"):
        with np.errstate(all="ignore"):
            compare(name, [a, b], {})


def test_numbers_at_the_ends_of_float():
    x = np.array([-np.inf, -1.0, -1e-9, 0.0, 1e-9, 1.0, np.inf, np.nan], "float32")
    for name in ("log1p", "expm1", "isfinite", "exp", "sigmoid", "tanh", "floor", "rint"):
        compare(name, [x], {})


def test_the_error_function_of_float64_is_that():
    x = np.concatenate([np.linspace(-7, 7, 999), [0.0, 0.46875, -np.inf, np.inf, np.nan]])
    (found,) = session(written("erf", [x], {}, export.OPSET)).run(None, {"x0": x})
    expected = [math.erf(v) for v in x]
    np.testing.assert_allclose(found, expected, rtol=1e-15, atol=1e-15)


def test_quotients_and_remainders_of_negative_numbers():
    for dtype in ("int32", "int8", "float32", "float64"):
        a = np.array([7, -7, 7, -7, 6, -6], dtype)
        b = np.array([3, 3, -3, -3, 3, -3], dtype)
        for name in ("floor_divide", "remainder"):
            compare(name, [a, b], {})


def test_places_outside_read_the_nearest_one():
    x, places = np.arange(4.0), np.array([-9, -1, 0, 3, 4, 9], "int32")
    compare("take", [x, places], {"axis": 0})


def test_uint64_is_refused_where_runtimes_cannot_compute_it():
    x = np.array([1, 2], "uint64")
    with pytest.raises(ValueError, match=r"'maximum' of uint64.*Cast to int64"):
        written("maximum", [x, x], {}, export.OPSET)
