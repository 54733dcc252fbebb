"""Every operation: its values are NumPy's, a trace gives what eager mode gives, its gradient is right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import annette
from annette import ops
from annette.backends import make_backend
from annette.graph import gradient, trace
from annette.testing import check_gradient
from annette.utils import tree

from . import cases_convolution, cases_linalg, cases_numpy, cases_others
from .table import CASES, Case, label

assert (
    cases_convolution and cases_linalg and cases_numpy and cases_others
)  # the tables fill themselves

ALL = [pytest.param(c, id=label(c)) for c in CASES]
TRACED = [pytest.param(c, id=label(c)) for c in CASES if c.traced]
SMOOTH = [
    pytest.param(c, id=label(c))
    for c in CASES
    if c.order and c.traced and any(x.dtype == "float64" for x in c.arrays)
]

# Operations that give a function, with the test that calls it.
GIVE_FUNCTIONS = {"custom_gradient": "test_a_gradient_of_your_own", "vectorize": "test_vectorize"}


def results_of(value: Any) -> list[np.ndarray]:
    return [np.asarray(v) for v in tree.flatten(value)]


def agree(got: Any, want: Any) -> None:
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape
    if want.dtype.kind in "fc":
        got = got if got.dtype.kind == "c" else got.astype("float64")
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-12)
    else:
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("row", ALL)
def test_values(row: Case) -> None:
    """On arrays an operation gives NumPy's numbers, and leaves its arguments alone."""
    arrays = [x.copy() for x in row.arrays]
    for x in arrays:
        x.flags.writeable = False
    got, want = results_of(row.call(*arrays)), row.expected()
    assert len(got) == len(want)
    for g, w in zip(got, want, strict=True):
        agree(g, w)
    for x, before in zip(arrays, row.arrays, strict=True):
        np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("row", TRACED)
def test_traced_as_eager(row: Case) -> None:
    """A traced operation gives, when its graph runs, what it gives at once, in the same dtypes."""
    graph, _ = trace(row.call, [(x.shape, x.dtype.name) for x in row.arrays], row.name)
    got = make_backend("numpy").compile(graph.check())([x.copy() for x in row.arrays])
    want = results_of(row.call(*row.arrays))
    assert [(g.shape, g.dtype) for g in got] == [(w.shape, w.dtype) for w in want]
    for tensor, g, w in zip(graph.outputs, got, want, strict=True):
        assert (tensor.shape, tensor.dtype) == (w.shape, w.dtype.name)
        np.testing.assert_allclose(g, w, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("row", SMOOTH)
def test_gradient(row: Case) -> None:
    """The gradient, and that of the gradient, are what central differences say."""
    check_gradient(row.call, row.arrays, order=row.order)


def _total(row: Case, *arrays: Any) -> Any:
    """Sum the floating results of a row into one number."""
    total: Any = 0.0
    for y in tree.flatten(row.call(*arrays)):
        y = ops.convert_to_tensor(y)
        total = total + ops.sum(y) if "float" in ops.dtype(y) else total
    return ops.convert_to_tensor(total, "float64")


@pytest.mark.parametrize("row", SMOOTH)
def test_gradient_at_once_as_traced(row: Case) -> None:
    """`annette.grad` on arrays gives what the traced gradient gives when its graph runs."""
    floats = [i for i, x in enumerate(row.arrays) if x.dtype == "float64"]
    now = annette.grad(lambda *xs: _total(row, *xs), argnums=floats)(*row.arrays)

    def traced(*xs: Any) -> list[Any]:
        grads = gradient([_total(row, *xs)], [xs[i] for i in floats])
        return [
            np.zeros(xs[i].shape) if g is None else g for g, i in zip(grads, floats, strict=True)
        ]

    graph, _ = trace(traced, [(x.shape, x.dtype.name) for x in row.arrays])
    later = make_backend("numpy").compile(graph.check())([x.copy() for x in row.arrays])
    for a, b, i in zip(now, later, floats, strict=True):
        assert a.shape == b.shape == row.arrays[i].shape
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def _public() -> list[str]:
    return sorted(
        name for name in vars(ops) if not name.startswith("_") and callable(getattr(ops, name))
    )


@pytest.mark.parametrize("name", _public())
def test_every_operation_has_a_row(name: str) -> None:
    """An operation without a row in the tables is forgotten."""
    assert name in {c.name for c in CASES} or GIVE_FUNCTIONS.get(name) in globals()


def test_no_row_is_written_twice() -> None:
    """Two rows that look alike differ in their numbers."""
    seen: dict[str, list[Case]] = {}
    for row in CASES:
        for other in seen.setdefault(label(row), []):
            same = zip(row.arrays, other.arrays, strict=True)
            assert not all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in same)
        seen[label(row)].append(row)


def test_a_gradient_of_your_own() -> None:
    """The rule given to custom_gradient is the gradient, at order 2 too."""

    @ops.custom_gradient
    def cube(x: Any) -> Any:
        return x * x * x, lambda g: g * 5.0 * x * x

    gradient = annette.grad(lambda x: ops.sum(cube(x)))
    assert float(cube(np.array(2.0))) == 8.0
    assert float(gradient(np.array(2.0))) == 20.0
    assert float(annette.grad(gradient)(np.array(2.0))) == 20.0


def test_vectorize() -> None:
    """A function of scalars runs over arrays that broadcast; a signature hands it rows."""
    x, y = np.arange(3.0), np.arange(2.0)[:, None]
    agree(ops.vectorize(lambda a, b: a * a + b)(x, y), x * x + y)
    agree(ops.vectorize(lambda a, b: a + b, excluded={1})(x, 2.0), x + 2)
    rows = ops.vectorize(lambda a, b: ops.sum(a) * b, signature="(n),()->()")
    agree(rows(y * x, np.ones(2)), (y * x).sum(1))
    pair = ops.vectorize(lambda a: (a, a + 1))(x)
    agree(pair[0], x)
    agree(pair[1], x + 1)
    graph, _ = trace(ops.vectorize(lambda a: a * a), [((3,), "float64")])
    agree(make_backend("numpy").compile(graph)([x])[0], x * x)


def test_results_answer_numpy() -> None:
    """Even what an operation gives back as it came has `.numpy()` and Keras's operators."""
    x = np.ones((2, 2), "float32")
    for y in (
        ops.reshape(x, (2, 2)), ops.transpose(x, (0, 1)), ops.broadcast_to(x, (2, 2)), ops.real(x),
        ops.power(x, 1), ops.pad(x, 0), ops.sum(np.float32(1.0)), ops.roll(x, 0), ops.copy(x),
    ):  # fmt: skip
        assert (y.numpy() == 1).all()
        assert (y + np.ones(1, "int64")).dtype == "float32"


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sinh", 0.999),
        ("cosh", 0.999),
        ("exp2", 1),
        ("softplus", 1),
        ("arcsinh", 1),
        ("arccosh", 1),
    ],
)
def test_no_overflow_before_the_result_does(name: str, value: float, dtype: str) -> None:
    """Near the largest argument with a finite result, the result is finite and right."""
    largest = float(np.finfo(dtype).max)
    highest = {"sinh": np.arcsinh, "cosh": np.arccosh, "exp2": lambda v: np.log2(v) * 0.999}.get(
        name, lambda v: v
    )
    x = np.array(highest(largest) * value, dtype)
    want = {"softplus": lambda v: v}.get(name, getattr(np, name, None))(x.astype("float64"))
    tolerance = {"float16": 2e-2, "float32": 1e-5}[dtype]
    np.testing.assert_allclose(float(getattr(ops, name)(x)), float(want), rtol=tolerance)


def test_float32_stays_exact_where_terms_cancel() -> None:
    """The formulas keep float32's precision where naive ones lose it."""
    small = np.array([1e-6, -1e-6, 1e-4], "float32")
    for name in ("sinh", "arcsinh", "arctanh", "tanh", "expm1", "log1p", "arcsin"):
        want = getattr(np, name)(small.astype("float64"))
        np.testing.assert_allclose(getattr(ops, name)(small), want, rtol=1e-6)
    near_one = np.array([1.0 + 1e-6, 1.5], "float32")
    want = np.arccosh(near_one.astype("float64"))
    np.testing.assert_allclose(ops.arccosh(near_one), want, rtol=1e-5)
    far = np.array([3.0, 6.0, 9.0], "float32")
    np.testing.assert_allclose(
        ops.erfc(far),
        [2.209049699858544e-05, 2.1519736712498913e-17, 4.13703174651381e-37],
        rtol=1e-5,
    )


def test_subnormal_steps() -> None:
    """`nextafter` walks through 0, and `signbit` sees the sign of 0."""
    tiny = ops.nextafter(np.float32(0.0), np.float32(1.0))
    assert float(tiny) == np.nextafter(np.float32(0), np.float32(1))
    assert float(ops.nextafter(tiny, np.float32(-1.0))) == 0.0
    assert list(ops.signbit(np.array([0.0, -0.0, -np.inf], "float32"))) == [False, True, True]


@pytest.mark.parametrize("index", [-3, 0, 1, 9])
def test_switch_in_a_trace(index: int) -> None:
    """A branch is chosen by a number that is known only when the graph runs; outside, the nearest."""
    branches = [lambda x: x + 1, lambda x: x * x]
    graph, _ = trace(lambda i, x: ops.switch(i, branches, x), [((), "int32"), ((2,), "float64")])
    x = np.array([2.0, 3.0])
    (got,) = make_backend("numpy").compile(graph)([np.int32(index), x])
    agree(got, branches[min(max(index, 0), 1)](x))


@pytest.mark.parametrize("truth", [False, True])
def test_cond_in_a_trace(truth: bool) -> None:
    """Both sides are computed and the condition chooses when the graph runs."""
    graph, _ = trace(
        lambda p, x: ops.cond(p, lambda: (x, x + 1), lambda: (x * x, x)),
        [((), "bool"), ((2,), "float64")],
    )
    x = np.array([2.0, 3.0])
    got = make_backend("numpy").compile(graph)([np.bool_(truth), x])
    for g, w in zip(got, (x, x + 1) if truth else (x * x, x), strict=True):
        agree(g, w)


SPECIAL: list[tuple[str, Any, float, float]] = [
    # what is differentiated, where, and the slope that is meant there
    ("relu at 0", ops.relu, 0.0, 0.0),
    ("elu at 0", ops.elu, 0.0, 1.0),
    ("celu at 0", ops.celu, 0.0, 1.0),
    ("silu at 0", ops.silu, 0.0, 0.5),
    ("softplus at 0", ops.softplus, 0.0, 0.5),
    ("sinh at 0", ops.sinh, 0.0, 1.0),
    ("arcsinh at 0", ops.arcsinh, 0.0, 1.0),
    ("sinc at 0", ops.sinc, 0.0, 0.0),
    ("cosh far out", ops.cosh, 700.0, float(np.sinh(700.0))),
    ("softplus far out", ops.softplus, 800.0, 1.0),
    ("logaddexp of equals", lambda x: ops.logaddexp(x, 2.0), 2.0, 0.5),
    ("hypot with nothing", lambda x: ops.hypot(x, 0.0), -2.0, -1.0),
    ("x^0 at 0", lambda x: ops.power(x, 0.0), 0.0, 0.0),
    ("x^1 at 0", lambda x: ops.power(x, np.array(1.0)), 0.0, 1.0),
    ("x^2 at 0", lambda x: ops.power(x, 2), 0.0, 0.0),
    ("fmod at 0", lambda x: ops.fmod(x, 2.0), 0.0, 1.0),
    ("nansum of not-a-number", ops.nansum, float("nan"), 0.0),
    ("nan_to_num of infinity", ops.nan_to_num, float("inf"), 0.0),
    ("distance of a point to itself", lambda x: ops.cdist([[x]], [[x]]), 1.0, 0.0),
    ("divide_no_nan by 0", lambda x: ops.divide_no_nan(x, 0.0), 1.0, 0.0),
]


@pytest.mark.parametrize(
    ("function", "x", "slope"), [s[1:] for s in SPECIAL], ids=[s[0] for s in SPECIAL]
)
def test_slope_at_special_points(function: Any, x: float, slope: float) -> None:
    """Where formulas meet, or numbers end, the gradient is the one that is meant."""
    got = annette.grad(lambda v: ops.sum(function(v)))(np.array(x))
    np.testing.assert_allclose(float(got), slope, rtol=1e-12, atol=1e-300)


def test_numpy_names_are_the_same_functions() -> None:
    """`annette.ops.numpy` holds the functions of `annette.ops`, none forgotten in either."""
    inner = {k: v for k, v in vars(ops.numpy).items() if callable(v) and k[0] != "_"}
    outer = vars(ops)
    assert inner and all(outer[name] is value for name, value in inner.items())
    home = "annette.ops.numpy."
    assert {k for k, v in outer.items() if getattr(v, "__module__", "").startswith(home)} == set(
        inner
    )


def test_jvp_is_partial() -> None:
    """Only what goes through the arguments counts, not what the function reads besides."""
    x = annette.Variable([1.0, 2.0])
    value, along = ops.jvp(lambda z: z * x, (x,), (np.ones(2, "float32"),))
    agree(value, [1, 4])
    agree(along, [1, 2])
    x.assign([3.0, 4.0])
    agree(ops.jvp(lambda z: z * x, (x,), (np.ones(2, "float32"),))[1], [3, 4])
    agree(annette.grad(lambda z: ops.sum(ops.jvp(lambda a: a * z, (z,), (z,))[1]))(x), [6, 8])
