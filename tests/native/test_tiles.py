"""Convolutions of 3 x 3 by tiles, and what is pooled of them: any sizes, layouts and neighbours."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from annette import ops
from annette.backends.native.plan import Plan
from annette.graph.primitive import apply
from annette.primitives import convolution as c
from annette.testing import interpret, same
from tests.primitives.records import needs_native

from .running import graph_of, instruction_sets, native, run, threads
from .test_convolution import gradients

pytestmark = needs_native
SETS = instruction_sets()
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]

# From an array's shape to that of what it is made of, and the way back.
IMAGES: dict[str, tuple[Any, Any]] = {
    "as they are": (lambda n, y, x, f: (n, y, x, f), lambda t: t),
    "some of the channels": (lambda n, y, x, f: (n, y, x, f + 5), lambda t: t[..., 5:]),
    "every other line": (lambda n, y, x, f: (n, 2 * y, x + 3, f), lambda t: t[:, ::2, 3:]),
    "turned": (lambda n, y, x, f: (n, x, y, f), lambda t: ops.transpose(t, (0, 2, 1, 3))),
    "from below": (lambda n, y, x, f: (n, y, x, f), lambda t: ops.flip(t, axis=1)),
    "channels first": (lambda n, y, x, f: (n, f, y, x), lambda t: ops.transpose(t, (0, 2, 3, 1))),
}
KERNELS: dict[str, tuple[Any, Any]] = {
    "as they are": (lambda i, o: (3, 3, i, o), lambda t: t),
    "turned": (lambda i, o: (3, 3, o, i), lambda t: ops.transpose(t, (0, 1, 3, 2))),
    "mirrored": (lambda i, o: (3, 3, i, o), lambda t: ops.flip(t, axis=(0, 1))),
    "some of the filters": (lambda i, o: (3, 3, i, o + 3), lambda t: t[..., 3:]),
}


@st.composite
def tiled(draw: Any) -> tuple[Any, ...]:
    """Images, channels, filters, the padding, layouts and a pooling."""
    size = (draw(st.integers(1, 4)), draw(st.integers(3, 20)), draw(st.integers(3, 20)))
    channels = draw(st.sampled_from([16, 16, 32, 48, 64, 144, 17]))
    filters = draw(st.sampled_from([16, 17, 20, 32, 64, 65, 128]))
    padding = tuple((draw(st.integers(0, 3)), draw(st.integers(0, 3))) for _ in range(2))
    pool = draw(st.sampled_from([1, 2, 2, 3, 4])), draw(st.sampled_from([1, 2, 3]))
    layout = draw(st.sampled_from(sorted(IMAGES))), draw(st.sampled_from(sorted(KERNELS)))
    return size, channels, filters, padding, layout, pool, draw(st.sampled_from(["valid", "same"]))


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=SLOW)
@given(form=tiled(), isa=st.sampled_from(SETS))
def test_any_sizes_and_layouts(form: Any, isa: str) -> None:
    """Near the exact sums; with the same bits on any number of threads, and for an image alone."""
    (n, high, wide), channels, filters, padding, (images, kernels), pool, edge = form
    params = {"strides": (1, 1), "padding": padding, "dilation": (1, 1), "groups": 1}
    counts = c.Windows((1, 1), padding, (1, 1)).outputs((high, wide), (3, 3))
    rng = np.random.default_rng(0)
    (image, as_image), (kernel, as_kernel) = IMAGES[images], KERNELS[kernels]
    x, w = (
        rng.normal(size=image(n, high, wide, channels)),
        rng.normal(size=kernel(channels, filters)),
    )
    g = rng.normal(size=(n, *counts, filters))

    def after(x: Any, w: Any, g: Any) -> Any:
        x, w = as_image(x), as_kernel(w)
        y = apply(c.conv, (x, w), params)
        fits = edge == "same" or all(a >= b for a, b in zip(counts, pool, strict=True))
        z = ops.max_pool(y + g[0, 0, 0], pool, None, edge) if fits else y
        by_x, by_w = gradients(params, x, w, g)
        return z, apply(c.conv, (x * 2.0, w), params), by_x, by_w

    exact, _ = interpret(graph_of(after, [x, w, g]), [x, w, g])
    arrays = [a.astype("float32") for a in (x, w, g)]
    results = []
    for count in (1, 2, 4):
        with threads(count):
            results.append(run(graph_of(after, arrays), arrays, isa))
    for other in results[1:]:
        assert all(same(a, b) for a, b in zip(results[0], other, strict=True))
    for ours, wanted in zip(results[0], exact, strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())

    def doubled(x: Any, w: Any) -> Any:
        return apply(c.conv, (as_image(x) * 2.0, as_kernel(w)), params)

    alone = [arrays[0][-1:], arrays[1]]
    assert same(run(graph_of(doubled, alone), alone, isa)[0], results[0][1][-1:])


def grown(seed: int, x: Any, w: Any, b: Any, small: Any) -> tuple[Any, ...]:
    """A random graph of convolutions, pools, and what puts images into others."""
    rng = np.random.default_rng(seed)
    large, few = [x, x * 2.0], [small]

    def one(of: list[Any]) -> Any:
        return of[int(rng.integers(len(of)))]

    def pooled() -> None:
        y = ops.conv(one(large), w, padding="same")
        y = y + b if rng.random() < 0.5 else y
        y = ops.relu(y) if rng.random() < 0.5 else y
        few.append((ops.max_pool if rng.random() < 0.5 else ops.average_pool)(y, 2))
        large.extend([y] if rng.random() < 0.2 else [])

    def inserted() -> None:
        large.append(ops.slice_update(one(large), (0, int(rng.integers(5)), 1, 0), one(few)))

    def joined() -> None:
        pair = ops.concatenate([one(few), one(few)], axis=1)
        large.append(ops.concatenate([pair, pair], axis=2))

    steps = [
        pooled, pooled, pooled, inserted, joined,
        lambda: large.append(ops.conv(one(large), w, padding="same")),
        lambda: large.append(ops.pad(one(few), ((0, 0), (2, 2), (1, 3), (0, 0)))),
        lambda: large.append(ops.sin(one(large)) + one(large)),
        lambda: few.append(ops.tanh(one(few)) + one(few)),
        lambda: few.append(one(large)[:, ::2, 1::2]),
    ]  # fmt: skip
    for _ in range(int(rng.integers(4, 14))):
        one(steps)()
    return one(large), one(few), one(few)


@pytest.mark.parametrize("isa", SETS)
def test_pooled_pieces_among_others(isa: str) -> None:
    """Whatever lies around them, they hold what they would alone."""
    rng = np.random.default_rng(0)
    shapes = ((2, 8, 8, 16), (3, 3, 16, 16), (16,), (2, 4, 4, 16))
    arrays = [rng.normal(size=s).astype("float32") for s in shapes]
    arrays[1] /= 12
    pieces = 0
    for seed in range(150):
        graph = graph_of(partial(grown, seed), arrays)
        pieces += sum(unit.pool is not None for unit in Plan(native(isa).core, graph, []).units)
        for ours, wanted in zip(run(graph, arrays, isa), interpret(graph, arrays)[0], strict=True):
            np.testing.assert_allclose(
                ours, wanted, rtol=0, atol=1e-4 * max(1.0, np.abs(wanted).max()), err_msg=f"{seed}"
            )
    assert pieces > 20
