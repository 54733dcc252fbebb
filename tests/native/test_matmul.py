"""Products of matrices of any shape and layout, and what is done on their tiles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from annette import ops
from annette.backends.native.plan import Plan
from annette.fused import FUSED
from annette.graph.primitive import apply, read
from tests.primitives.records import needs_native

from .running import check, graph_of, instruction_sets, native, run

pytestmark = needs_native

# Around tiles, and nothing.
EDGES = st.one_of(st.integers(1, 40), st.sampled_from([0, 1, 63, 64, 65, 96, 130]))
# Around the pieces that long sums are cut into.
LONG = [0, 1, 2, 127, 128, 129, 383, 511, 512, 513, 515, 1100]
LAYOUTS = ["plain", "transposed", "sliced", "flipped"]
EPILOGUES = ["none", "bias", "relu", "tanh", "sum"]
OPTIMIZERS = [n for n, r in FUSED.items() if r.composite.__module__.endswith("optimizers")]


def laid(x: np.ndarray, layout: str) -> tuple[np.ndarray, Any]:
    """Return an array that holds `x` in some layout, and what gives x again."""
    if layout == "transposed":
        return np.ascontiguousarray(np.swapaxes(x, -1, -2)), _swapped
    if layout == "sliced":
        return np.repeat(x, 2, axis=-1), lambda a: a[..., ::2]
    if layout == "flipped":
        return np.flip(x).copy(), lambda a: ops.flip(a, axis=tuple(range(len(a.shape))))
    return x, lambda a: a


def _swapped(a: Any) -> Any:
    rank = len(a.shape)
    return ops.transpose(a, (*range(rank - 2), rank - 1, rank - 2))


def epilogue(kind: str, y: Any, bias: Any) -> Any:
    if kind == "bias":
        return y + bias
    if kind == "relu":
        return ops.relu(y + bias)
    if kind == "tanh":
        return ops.tanh(y * 0.1 + bias) * 2.0
    if kind == "sum":
        return y + bias, ops.sum(y, axis=0)
    return y


def product(
    seed: int, batch: tuple[int, ...], sizes: Any, layouts: Any, kind: str, isa: str
) -> None:
    m, k, n = sizes
    rng = np.random.default_rng(seed)
    # A mean of 1: sums that come out near zero would be judged by what their terms round away.
    a, see_a = laid(rng.normal(1, 1, size=(*batch, m, k)), layouts[0])
    b, see_b = laid(rng.normal(1, 1, size=(*batch, k, n)), layouts[1])
    check(
        lambda a, b, bias: epilogue(kind, ops.matmul(see_a(a), see_b(b)), bias),
        [a, b, rng.normal(size=n)],
        isa,
    )


@settings(
    max_examples=150, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(
    st.integers(0, 9), st.sampled_from([(), (), (1,), (3,), (2, 2)]),
    st.tuples(EDGES, st.one_of(EDGES, st.sampled_from(LONG)), EDGES),
    st.tuples(*[st.sampled_from(LAYOUTS)] * 2), st.sampled_from(EPILOGUES),
    st.sampled_from(instruction_sets()),
)  # fmt: skip
def test_any_product(
    seed: int, batch: tuple[int, ...], sizes: Any, layouts: Any, kind: str, isa: str
) -> None:
    product(seed, batch, sizes, layouts, kind, isa)


@pytest.mark.parametrize("isa", instruction_sets())
@pytest.mark.parametrize("k", LONG)
def test_long_sums(k: int, isa: str) -> None:
    for m, n in ((1, 1), (7, 33), (70, 1), (1, 70), (64, 10)):
        for kind in ("none", "relu"):
            product(k, (), (m, k, n), ("plain", "plain"), kind, isa)
            product(k, (), (m, k, n), ("transposed", "transposed"), kind, isa)


@pytest.mark.parametrize("rows", [511, 512, 513, 2000])
def test_many_rows(rows: int) -> None:
    product(rows, (), (rows, 20, 17), ("plain", "plain"), "bias", "")
    product(rows, (), (20, rows, 17), ("transposed", "plain"), "bias", "")


def test_vectors() -> None:
    rng = np.random.default_rng(0)
    for n in (0, 1, 5, 600):
        check(ops.matmul, [rng.normal(size=n), rng.normal(size=(n, 4))])
        check(ops.matmul, [rng.normal(size=(4, n)), rng.normal(size=n)])
        check(ops.matmul, [rng.normal(size=n), rng.normal(size=n)])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_on_the_tiles_of_a_product(name: str) -> None:
    """A product of matrices makes the gradient, the second input of an optimizer's step."""
    record = FUSED[name]
    rng = np.random.default_rng(3)
    for arrays, params in record.samples(np.random.default_rng(0)):
        for rows, (m, n) in ((32, (40, 33)), (600, (17, 1)), (1, (1, 64))):
            size = np.shape(arrays[0])
            state = [
                rng.uniform(0.5, 1.0, (m, n)) if np.shape(x) == size and size else np.asarray(x)
                for x in arrays
            ]
            x, g = rng.normal(size=(rows, m)), rng.normal(size=(rows, n))
            state[1] = np.zeros(())

            def step(x: Any, g: Any, *state: Any, params: Any = params) -> Any:
                given = list(state)
                given[1] = read(ops.matmul(ops.transpose(x), g))
                return apply(record, given, params)

            check(step, [x, g, *state])


def test_what_follows_a_product_is_done_on_its_tiles() -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=s).astype("float32") for s in ((32, 20), (20, 10), (10,))]
    graph = graph_of(lambda x, w, b: ops.relu(ops.matmul(x, w) + b), arrays)
    plan = Plan(native().core, graph, [])
    assert [[item.name for item in u.items] for u in plan.units] == [["matmul", "add", "relu"]]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_no_number_stays_in_its_row_and_column(bad: float) -> None:
    x, w = np.ones((20, 70), "float32"), np.ones((70, 40), "float32")
    x[3, 5], w[7, 11] = bad, bad
    (y,) = run(graph_of(ops.matmul, [x, w]), [x, w])
    expected = np.full((20, 40), 70.0, "float32")
    expected[3], expected[:, 11] = bad, bad
    np.testing.assert_array_equal(y, expected)


@pytest.mark.parametrize("isa", instruction_sets())
@pytest.mark.parametrize("operands", [20, 30, 39, 60])
def test_a_product_may_be_followed_by_many_operands(operands: int, isa: str) -> None:
    rng = np.random.default_rng(operands)
    numbers = [np.array(rng.uniform(0.8, 1.2)) for _ in range(operands)]

    def chain(a: Any, b: Any, *numbers: Any) -> Any:
        y = ops.matmul(a, b)
        for i, x in enumerate(numbers):
            y = y * x if i % 2 else y + x
        return y

    check(chain, [rng.normal(size=(64, 40)), rng.normal(size=(40, 64)), *numbers], isa)
