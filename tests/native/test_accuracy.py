"""How near the core's exponentials, tanh and sigmoids are to the exact values, in their last places."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from annette import ops
from tests.primitives.records import needs_native

from .running import graph_of, instruction_sets, run

pytestmark = needs_native
SETS = instruction_sets()
# Of numbers x, in a wider dtype; and in how many last places a result may be off.
EXACT: dict[str, tuple[Any, float]] = {
    "exp": (np.exp, 2.0),
    "expm1": (np.expm1, 3.0),
    "tanh": (np.tanh, 4.0),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), 4.0),
    "log": (np.log, 2.0),
}


def places(dtype: str, name: str) -> np.ndarray:
    """Return numbers of all sizes of both signs, and many around 1, where the formulas change."""
    rng = np.random.default_rng(0)
    sizes = np.concatenate([np.exp(rng.uniform(-60, 4.4, 20_000)), rng.uniform(0, 20, 20_001)])
    x = sizes if name == "log" else np.concatenate([sizes, -sizes])
    return x.astype(dtype)


def given(name: str, x: np.ndarray, isa: str) -> np.ndarray:
    return np.asarray(run(graph_of(getattr(ops, name), [x]), [x], isa)[0])


@pytest.mark.parametrize("isa", SETS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", EXACT)
def test_few_last_places(name: str, dtype: str, isa: str) -> None:
    function, most = EXACT[name]
    x = places(dtype, name)
    wide = np.float64 if dtype == "float32" else np.longdouble
    exact = function(x.astype(wide))
    off = np.abs(given(name, x, isa) - exact) / np.spacing(np.abs(exact).astype(dtype))
    assert off.max() <= most, x[off.argmax()]


@pytest.mark.parametrize("isa", SETS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_ends_of_the_line(dtype: str, isa: str) -> None:
    """At infinity, far from zero, at both zeros, and at what is not a number."""
    x = np.array([-np.inf, -1e30, -1e3, -0.0, 0.0, 1e3, 1e30, np.inf, np.nan], dtype)
    for name, expected in {
        "exp": [0, 0, 0, 1, 1, np.inf, np.inf, np.inf, np.nan],
        "tanh": [-1, -1, -1, -0.0, 0.0, 1, 1, 1, np.nan],
        "sigmoid": [0, 0, 0, 0.5, 0.5, 1, 1, 1, np.nan],
    }.items():
        found = given(name, x, isa)
        tiny = np.abs(found) < np.finfo(dtype).tiny  # counts as zero
        np.testing.assert_array_equal(
            np.where(tiny, 0, found), np.array(expected, dtype), err_msg=name
        )
        if name == "tanh":
            assert np.signbit(found[3]), "minus nothing keeps its sign"
            assert not np.signbit(found[4])


@pytest.mark.parametrize("isa", SETS)
@pytest.mark.parametrize("name", ["exp", "tanh", "sigmoid"])
def test_a_number_has_the_bits_that_it_has_among_others(name: str, isa: str) -> None:
    """Whether it fills a vector with others, or is what is left at the end of a line."""
    x = np.random.default_rng(1).normal(scale=3, size=39).astype("float32")
    whole = given(name, x, isa)
    for n in (1, 7, 16, 17, 38):
        np.testing.assert_array_equal(given(name, x[-n:].copy(), isa), whole[-n:])


@pytest.mark.parametrize("isa", SETS)
@pytest.mark.parametrize("columns", [1, 7, 16, 80, 511, 512, 513, 3000])
def test_softmax_of_any_width(columns: int, isa: str) -> None:
    x = np.random.default_rng(2).normal(scale=4, size=(3, columns)).astype("float32")
    wide = np.exp(x.astype("float64") - x.max(axis=-1, keepdims=True))
    exact = wide / wide.sum(axis=-1, keepdims=True)
    found = np.asarray(run(graph_of(ops.softmax, [x]), [x], isa)[0])
    np.testing.assert_allclose(found, exact, rtol=2e-6)


@pytest.mark.parametrize("isa", SETS)
@pytest.mark.parametrize("place", [0, 20, 39])
def test_softmax_of_a_row_that_holds_no_number(place: int, isa: str) -> None:
    """Wherever it stands, the whole row is none, and no other row."""
    x = np.ones((3, 40), "float32")
    x[1, place] = np.nan
    found = np.asarray(run(graph_of(ops.softmax, [x]), [x], isa)[0])
    assert np.isnan(found[1]).all()
    np.testing.assert_allclose(found[::2], 1 / 40, rtol=1e-6)
