"""Convolution and pooling on the native backend: sizes that are cut into pieces, layouts, bits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import annette as keras
from annette import ops
from annette.backends.native.plan import Plan
from annette.graph.primitive import apply
from annette.ops.convolution import same_padding
from annette.primitives import convolution as c, pooling as p
from annette.testing import same
from tests.primitives.records import needs_native

from .running import check, graph_of, instruction_sets, native, run, threads

pytestmark = needs_native
SETS = instruction_sets()


def how(rank: int, s: int = 1, pad: Any = 0, d: int = 1, groups: int = 1) -> dict[str, Any]:
    padding = ((pad, pad) if isinstance(pad, int) else pad,) * rank
    return {"strides": (s,) * rank, "padding": padding, "dilation": (d,) * rank, "groups": groups}


# Input, kernel, parameters. Larger than a piece, than a block of a sum, than a panel; odd widths.
FORMS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "many places": ((2, 40, 37, 3), (3, 3, 3, 5), how(2, pad=1)),
    "one long line": ((1, 1, 1500, 4), (1, 5, 4, 7), how(2)),
    "a long signal": ((2, 2100, 3), (9, 3, 8), how(1, s=2, pad=(8, 0))),
    "deep sums": ((1, 5, 5, 150), (3, 3, 150, 10), how(2, pad=1)),
    "many filters": ((3, 6, 6, 2), (2, 2, 2, 200), how(2)),
    "wide input": ((1, 3, 60, 700), (1, 1, 700, 3), how(2)),
    "strides and padding": ((2, 33, 31, 8), (5, 3, 8, 16), how(2, s=3, pad=(2, 1))),
    "dilation": ((2, 30, 30, 4), (3, 3, 4, 6), how(2, pad=3, d=4)),
    "groups": ((2, 13, 11, 12), (3, 3, 4, 9), how(2, s=2, pad=1, groups=3)),
    "groups of one": ((2, 13, 11, 6), (3, 3, 1, 12), how(2, groups=6)),
    "depthwise": ((2, 29, 21, 70), (3, 3, 1, 70), how(2, s=2, pad=(0, 1), groups=70)),
    "volumes": ((2, 11, 12, 13, 3), (3, 2, 3, 3, 4), how(3, s=2, pad=1)),
    "strides on long lines": ((2, 8, 300, 3), (3, 3, 3, 4), how(2, s=2)),
    "strides in a large volume": ((1, 24, 25, 26, 2), (3, 2, 3, 2, 3), how(3, s=2)),
    "depthwise on long lines": ((2, 8, 300, 5), (3, 3, 1, 5), how(2, s=2, groups=5)),
    "strides wider than a piece": ((2, 61, 40, 3), (3, 2, 3, 4), how(2, s=30)),
    "far apart on a line": ((2, 1300, 3), (4, 3, 5), how(1, s=600)),
    "strides beyond the volume": ((3, 1, 6, 4, 5), (1, 1, 2, 5, 3), how(3, s=20)),
    "depthwise, far apart": ((2, 70, 45, 5), (2, 2, 1, 5), how(2, s=40, groups=5)),
    "tiles": ((9, 13, 13, 32), (3, 3, 32, 64), how(2)),
    "tiles beyond the edge": ((2, 9, 14, 48), (3, 3, 48, 80), how(2, pad=1)),
    "tiles of many channels": ((3, 8, 8, 144), (3, 3, 144, 32), how(2, pad=(2, 1))),
    "tiles of large images": ((2, 50, 37, 16), (3, 3, 16, 20), how(2, pad=(0, 2))),
    "tiles, one an image": ((70, 4, 4, 80), (3, 3, 80, 16), how(2, pad=1)),
    "one place": ((17, 1, 1, 64), (1, 1, 64, 64), how(2)),
}


def gradients(params: dict[str, Any], x: Any, w: Any, g: Any) -> Any:
    taps, sizes = tuple(w.shape[:-2]), tuple(x.shape[1:-1])
    return (
        apply(c.conv_input, (g, w), {"sizes": sizes, **params}),
        apply(c.conv_filter, (x, g), {"taps": taps, **params}),
    )


def operands(name: str) -> tuple[list[np.ndarray], dict[str, Any]]:
    shape, kernel, params = FORMS[name]
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=shape), rng.normal(size=kernel)
    windows = c.Windows(params["strides"], params["padding"], params["dilation"])
    counts = windows.outputs(shape[1:-1], kernel[:-2])
    return [x, w, rng.normal(size=(shape[0], *counts, kernel[-1]))], params


@pytest.mark.parametrize("isa", SETS)
@pytest.mark.parametrize("name", FORMS)
def test_as_numpy(name: str, isa: str) -> None:
    (x, w, g), params = operands(name)
    check(lambda x, w: apply(c.conv, (x, w), params), [x, w], isa)
    check(lambda x, w, g: gradients(params, x, w, g), [x, w, g], isa)


@pytest.mark.parametrize("name", FORMS)
def test_bits_do_not_depend_on_threads(name: str) -> None:
    arrays, params = operands(name)
    arrays = [a.astype("float32") for a in arrays]
    graph = graph_of(
        lambda x, w, g: (apply(c.conv, (x, w), params), *gradients(params, x, w, g)), arrays
    )
    results = []
    for count in (1, 2, 4):
        with threads(count):
            results.append(run(graph, arrays))
    for other in results[1:]:
        assert all(same(a, b) for a, b in zip(results[0], other, strict=True))


@pytest.mark.parametrize("name", FORMS)
def test_an_image_alone_has_the_bits_it_has_in_a_batch(name: str) -> None:
    arrays, params = operands(name)
    x, w, g = (a.astype("float32") for a in arrays)
    sizes = x.shape[1:-1]

    def both(x: Any, w: Any, g: Any) -> Any:
        return (
            apply(c.conv, (x, w), params),
            apply(c.conv_input, (g, w), {"sizes": sizes, **params}),
        )

    batch = run(graph_of(both, [x, w, g]), [x, w, g])
    alone = [x[-1:], w, g[-1:]]
    for whole, one in zip(batch, run(graph_of(both, alone), alone), strict=True):
        assert same(whole[-1:], one)


def test_channels_first_images_are_read_where_they_lie() -> None:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(2, 3, 9, 8)), rng.normal(size=(3, 3, 3, 4))
    check(lambda x, w: ops.conv(x, w, padding="same", data_format="channels_first"), [x, w])


@pytest.mark.parametrize("strides", [1, 2, 3])
@pytest.mark.parametrize("size", [(3, 2), (2, 5)])
def test_pools_of_large_images(size: tuple[int, int], strides: int) -> None:
    rng = np.random.default_rng(0)
    x = rng.permutation(2 * 40 * 33 * 5).reshape(2, 40, 33, 5).astype("float64")
    for function in (ops.max_pool, ops.average_pool):
        for padding in ("valid", "same"):
            check(lambda x, f=function, p=padding: f(x, size, strides, p), [x])


def pooled(x: Any, g: Any, params: dict[str, Any]) -> Any:
    """Both pools, without and with what goes back."""
    best, where = apply(p.max_pool, (x,), params)
    back = {"sizes": tuple(x.shape[1:-1]), **params}
    return (
        best, where, apply(p.max_unpool, (g, where), back), apply(p.sum_pool, (x,), params),
        apply(p.sum_unpool, (g,), back), apply(p.max_pool, (x * 2.0,), params)[0],
    )  # fmt: skip


def pool_operands(shape: Any, params: dict[str, Any]) -> list[np.ndarray]:
    """Values that lie apart, and what goes back."""
    rng = np.random.default_rng(0)
    windows = c.Windows(params["strides"], params["padding"], (1,) * len(params["strides"]))
    counts = windows.outputs(shape[1:-1], params["size"])
    x = rng.permutation(math.prod(shape)).reshape(shape) * 0.5
    return [x, rng.normal(size=(shape[0], *counts, shape[-1]))]


@pytest.mark.parametrize(
    ("places", "strides"),
    [((5, 602), (2, 2)), ((61, 63), (30, 31)), ((3, 1100), (1, 520)), ((1401, 3), (700, 1))],
)
def test_pools_whose_strides_do_not_fit_a_piece(places: Any, strides: tuple[int, int]) -> None:
    shape = (2, *places, 3)
    size = tuple(min(s, 30) for s in strides)
    params = {"size": size, "strides": strides, "padding": ((0, 0),) * 2}
    check(lambda x, g: pooled(x, g, params), pool_operands(shape, params))


# Around the widths of vectors and panels.
WIDTHS = st.sampled_from([1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 65])
FEW = st.sampled_from([1, 2, 3, 7, 8, 17])


@st.composite
def convolutions(draw: Any) -> tuple[Any, Any, dict[str, Any]]:
    """The shapes of an input and of a kernel, and parameters that fit them."""
    rank = draw(st.integers(1, 3))
    numbers = lambda low, high: tuple(draw(st.integers(low, high)) for _ in range(rank))  # noqa: E731
    taps = numbers(1, (9, 4, 3)[rank - 1])
    dilation = numbers(1, 3) if draw(st.booleans()) else (1,) * rank
    wide = tuple(d * (k - 1) + 1 for k, d in zip(taps, dilation, strict=True))
    strides = numbers(1, draw(st.sampled_from([1, 2, 5, 40])))
    sizes = tuple(map(max, numbers(1, (40, 9, 5)[rank - 1]), wide))
    kind = draw(st.sampled_from(["valid", "same", "causal", "explicit"]))
    padding: Any = ((0, 0),) * rank
    if kind == "same":
        padding = same_padding(sizes, taps, strides, dilation)
    elif kind == "causal":
        padding = tuple((w - 1, 0) for w in wide)
    elif kind == "explicit":
        padding = tuple(zip(numbers(0, 5), numbers(0, 5), strict=True))
    groups = draw(st.sampled_from([1, 1, 2, 3, 5]))
    width = WIDTHS if groups == 1 else FEW
    inner, outer = draw(width), draw(width)
    if draw(st.booleans()) and groups == 1:  # each channel with filters of its own
        groups, inner, outer = inner, 1, draw(st.sampled_from([1, 1, 2, 3]))
    params = {"strides": strides, "padding": padding, "dilation": dilation, "groups": groups}
    batch = draw(st.sampled_from([0, 1, 2, 3, 5]))
    return (batch, *sizes, inner * groups), (*taps, inner, outer * groups), params


def of_second_order(x: Any, w: Any, params: dict[str, Any]) -> Any:
    """What goes back through a convolution, and what goes back through that."""
    with keras.GradientTape() as outer:
        outer.watch(x), outer.watch(w)
        with keras.GradientTape() as inner:
            inner.watch(x), inner.watch(w)
            loss = ops.sum(ops.tanh(0.1 * apply(c.conv, (x, w), params)))
        by_x, by_w = inner.gradient(loss, [x, w])
        loss = ops.sum(by_x * by_x) + ops.sum(ops.sin(by_w))
    return by_x, by_w, *outer.gradient(loss, [x, w])


@settings(
    max_examples=40, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(form=convolutions(), isa=st.sampled_from(SETS))
def test_any_sizes(form: Any, isa: str) -> None:
    """As NumPy, in both dtypes, with gradients of two orders; the bits on any number of threads."""
    shape, kernel, params = form
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=shape), rng.normal(size=kernel)
    windows = c.Windows(params["strides"], params["padding"], params["dilation"])
    counts = windows.outputs(shape[1:-1], kernel[:-2])
    g = rng.normal(size=(shape[0], *counts, kernel[-1]))

    def both(x: Any, w: Any, g: Any) -> Any:
        return ops.relu(apply(c.conv, (x, w), params) + 0.5), *gradients(params, x, w, g)

    check(both, [x, w, g], isa)
    check(lambda x, w: of_second_order(x, w, params), [x, w], isa)
    taps = kernel[:-2]
    fewer = tuple(
        (min(a, k - 1), min(b, k - 1)) for (a, b), k in zip(params["padding"], taps, strict=True)
    )
    pool = {"size": taps, "strides": params["strides"], "padding": fewer}
    check(lambda x, g: pooled(x, g, pool), pool_operands(shape, pool), isa)
    arrays = [a.astype("float32") for a in (x, w, g)]
    graph = graph_of(both, arrays)
    results = []
    for count in (1, 2, 4):
        with threads(count):
            results.append(run(graph, arrays, isa))
    for other in results[1:]:
        assert all(same(a, b) for a, b in zip(results[0], other, strict=True))


def test_what_follows_a_convolution_runs_on_its_tiles() -> None:
    x, w, b = np.ones((2, 6, 6, 3)), np.ones((3, 3, 3, 4)), np.ones(4)
    graph = graph_of(lambda x, w, b: ops.relu(ops.conv(x, w) + b), [x, w, b])
    assert len(Plan(native().core, graph, []).units) == 1


def test_normalizing_in_inference_takes_no_pass_over_the_images() -> None:
    def block(x: Any, w: Any, mean: Any, variance: Any, offset: Any, scale: Any) -> Any:
        y = ops.conv(x, w, padding="same")
        return ops.relu(ops.batch_normalization(y, mean, variance, -1, offset, scale))

    rng = np.random.default_rng(0)
    arrays = [rng.random(s, dtype="float32") for s in [(2, 8, 8, 3), (3, 3, 3, 16), *[(16,)] * 4]]
    units = Plan(native().core, graph_of(block, arrays), []).units
    large = [u for u in units if any(r.base.size > 16 for item in u.items for r in item.writes)]
    assert [u.items[0].kind for u in large] == ["conv"]
    assert len(units) == 2  # the other makes the factor and the shift of each channel


@pytest.mark.parametrize("isa", SETS)
def test_maxima_of_what_is_no_number(isa: str) -> None:
    x = np.array([[np.nan, 1, -np.inf, -np.inf, 2, np.nan, np.inf, 3]]).reshape(1, 8, 1)
    params = {"size": (2,), "strides": (2,), "padding": ((0, 0),)}
    check(lambda x: apply(p.max_pool, (x,), params), [x], isa)


def test_a_window_that_reaches_too_far_runs_in_numpy() -> None:
    x, w = np.ones((1, 600, 600, 2)), np.ones((2, 2, 2, 1))
    params = how(2, d=590)
    graph = graph_of(lambda x, w: apply(c.conv, (x, w), params), [x, w])
    kinds = [item.kind for unit in Plan(native().core, graph, []).units for item in unit.items]
    assert kinds == ["call"]
    check(lambda x, w: apply(c.conv, (x, w), params), [x, w])


# Input, kernel, window of the pooling, its padding, whether it can follow each piece.
POOLED: dict[str, tuple[Any, Any, int, str, bool]] = {
    "one channel": ((3, 28, 28, 1), (3, 3, 1, 32), 2, "valid", True),
    "tiles": ((7, 13, 13, 32), (3, 3, 32, 64), 2, "valid", True),
    "tiles of large images": ((2, 45, 38, 16), (3, 3, 16, 24), 2, "same", True),
    "several panels": ((5, 11, 11, 16), (3, 3, 16, 150), 2, "valid", True),
    "many filters": ((2, 30, 30, 3), (3, 3, 3, 300), 2, "valid", True),
    "windows of three": ((2, 41, 23, 4), (5, 5, 4, 9), 3, "valid", True),
    "windows that begin outside": ((2, 41, 23, 4), (5, 5, 4, 9), 3, "same", False),
    "windows larger than the image": ((2, 9, 9, 3), (3, 3, 3, 8), 5, "same", False),
    "a long line": ((2, 4, 1400, 2), (1, 3, 2, 5), 2, "valid", False),
    "volumes": ((2, 8, 9, 7, 2), (3, 3, 3, 2, 4), 2, "valid", False),
}


def pooled_after(x: Any, w: Any, b: Any, how: tuple[int, str]) -> Any:
    """A pooling alone, after an offset and a bend, and after what no pooling can pass."""
    y = ops.conv(x, w)
    return (
        ops.max_pool(y, how[0], None, how[1]),
        ops.max_pool(ops.relu(ops.conv(x, w * 2.0) + b), how[0], None, how[1]),
        ops.max_pool(ops.abs(ops.conv(x, w * 3.0) + b), how[0], None, how[1]),
    )


def pooled_gradients(x: Any, w: Any, b: Any, how: tuple[int, str]) -> Any:
    with keras.GradientTape() as tape:
        for t in (x, w, b):
            tape.watch(t)
        loss = sum(ops.sum(y * y) for y in pooled_after(x, w, b, how))
    return tape.gradient(loss, [x, w, b])


def pooled_operands(name: str) -> tuple[list[np.ndarray], tuple[int, str]]:
    shape, kernel, size, padding, _ = POOLED[name]
    rng = np.random.default_rng(0)
    x, w, b = (rng.normal(size=s) for s in (shape, kernel, kernel[-1:]))
    return [x, w / math.sqrt(math.prod(kernel[:-1])), b], (size, padding)


@pytest.mark.parametrize("isa", SETS)
@pytest.mark.parametrize("name", POOLED)
def test_pooling_of_each_piece(name: str, isa: str) -> None:
    arrays, how = pooled_operands(name)
    check(lambda x, w, b: pooled_after(x, w, b, how), arrays, isa)
    check(lambda x, w, b: pooled_gradients(x, w, b, how), arrays, isa)


@pytest.mark.parametrize("name", POOLED)
def test_what_is_pooled_at_once_is_never_in_memory(name: str) -> None:
    arrays, how = pooled_operands(name)
    arrays = [a.astype("float32") for a in arrays]
    graph = graph_of(lambda x, w, b: pooled_after(x, w, b, how)[0], arrays)
    units = Plan(native().core, graph, []).units
    assert [unit.pool is not None for unit in units] == ([True] if POOLED[name][4] else [False] * 2)


@pytest.mark.parametrize("name", POOLED)
def test_bits_of_pooled_pieces_do_not_depend_on_threads(name: str) -> None:
    arrays, how = pooled_operands(name)
    arrays = [a.astype("float32") for a in arrays]
    graph = graph_of(
        lambda x, w, b: (*pooled_after(x, w, b, how), *pooled_gradients(x, w, b, how)), arrays
    )
    results = []
    for count in (1, 2, 4):
        with threads(count):
            results.append(run(graph, arrays))
    for other in results[1:]:
        assert all(same(a, b) for a, b in zip(results[0], other, strict=True))


def test_a_convolution_that_others_read_too_is_kept() -> None:
    x, w = np.ones((2, 8, 8, 3), "float32"), np.ones((3, 3, 3, 4), "float32")

    def both(x: Any, w: Any) -> Any:
        y = ops.conv(x, w)
        return ops.max_pool(y, 2), ops.sum(y)

    check(both, [x, w])
    assert all(u.pool is None for u in Plan(native().core, graph_of(both, [x, w]), []).units)


BESIDE: dict[str, Any] = {
    "zeros around what is largest": lambda y, z: ops.pad(ops.max_pool(y, 2), 1),
    "zeros around means": lambda y, z: ops.pad(
        ops.average_pool(y, 2), ((0, 0), (1, 2), (0, 1), (0, 0))
    ),
    "one of several parts": lambda y, z: ops.concatenate(
        [ops.average_pool(y, 2), ops.exp(z[:, :4, :4])], axis=1
    ),
    "part of another": lambda y, z: ops.slice_update(
        ops.tanh(z), (0, 1, 1, 0), ops.average_pool(y, 2)
    ),
    "sums with what comes later": lambda y, z: ops.average_pool(y, 2) + ops.tanh(z)[:, :4, :4],
    "an offset for all": lambda y, z: ops.max_pool(y + 1.5, 2),
    "an offset for each place": lambda y, z: ops.max_pool(y + z[:1], 2),
    "means of a wider dtype": lambda y, z: ops.average_pool(ops.cast(y, "float64"), 2),
    "lines turned round": lambda y, z: ops.flip(ops.max_pool(ops.flip(y, axis=1), 2), axis=2),
}  # fmt: skip


@pytest.mark.parametrize("isa", SETS)
@pytest.mark.parametrize("name", BESIDE)
def test_what_is_pooled_lies_beside_what_others_make(name: str, isa: str) -> None:
    rng = np.random.default_rng(0)
    x, w, z = (rng.normal(size=s) for s in ((2, 8, 8, 3), (3, 3, 3, 24), (2, 8, 8, 24)))

    def after(x: Any, w: Any, z: Any) -> Any:
        return BESIDE[name](ops.conv(x, w, padding="same"), z)

    check(after, [x, w, z], isa)
