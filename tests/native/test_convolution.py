"""Convolution and pooling on the native backend: sizes that are cut into pieces, layouts, bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from annette import ops
from annette.backends.native.plan import Plan
from annette.graph.primitive import apply
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
