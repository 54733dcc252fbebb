"""Break plans in thousands of ways: each is refused, or runs within its memory.

Run as a program it ends in a crash where the checker lets something through.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np

from annette import Variable, ops
from annette.backends.native.plan import Plan
from annette.fused.cells import lstm_slopes
from annette.fused.normalization import layer_norm_gradient
from annette.graph.dtypes import numpy_dtype
from annette.graph.primitive import apply
from annette.primitives.convolution import conv_filter
from annette.primitives.pooling import max_pool
from tests.native.running import graph_of, native

NUMBERS = [-(2**63), -(2**31), -65, -64, -8, -2, -1, 0, 1, 2, 3, 5, 8, 10, 11, 16, 63, 64, 65, 100, 1024,
           4096, 2**20, 2**31 - 1, 2**31, 2**40, 2**62, 2**63 - 1]  # fmt: skip

HOW = {"strides": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 1}


def networks() -> list[tuple[Any, list[Variable], list[np.ndarray]]]:
    """Return graphs that use every kind of instruction, with their variables and inputs."""
    rng = np.random.default_rng(0)
    weight = Variable(rng.normal(size=(8, 8)), dtype="float32")

    def step(x: Any, t: Any) -> Any:
        y = ops.relu(ops.matmul(x, weight) + 0.1)
        weight.assign(weight * 0.9 + ops.matmul(ops.transpose(x), y) * 0.01)
        z = ops.log_softmax(y)
        return ops.mean(z), ops.sum(y, axis=0), ops.argmax(y, axis=1), ops.take(y, t, axis=0)

    def others(x: Any, t: Any) -> Any:
        a = ops.softmax(x) + ops.cumsum(x, axis=0)
        b = ops.concatenate([ops.flip(a, axis=1), ops.sort(x)], axis=0)
        return ops.max(b, axis=1), ops.take_along_axis(x, ops.reshape(t, (16, 1)), axis=1), b

    def loops(x: Any, t: Any) -> Any:
        def step(carry: Any, row: Any) -> Any:
            a, b = carry
            a = ops.tanh(ops.matmul(a, weight) + row)
            return (a, b + ops.sort(row)), (a, b)

        zeros = np.zeros((8, 8), "float32")
        return ops.scan(step, (zeros, zeros[0]), x, reverse=True)

    def rows(x: Any, t: Any) -> Any:
        y = ops.layer_normalization(x, weight[0], weight[1])
        back = layer_norm_gradient(y, x, weight[0], epsilon=1e-3)
        gates = [ops.sigmoid(x + i) for i in range(7)]
        pooled = ops.sum(ops.reshape(y, (2, 4, 16)), axis=1)
        return *back, pooled, *lstm_slopes(*gates)

    def images(x: Any, t: Any) -> Any:
        x = ops.reshape(x, (1, 8, 8, 2))
        wide = ops.reshape(ops.concatenate([x] * 8, axis=-1), (1, 8, 8, 16))
        kernel = ops.reshape(ops.concatenate([weight] * 36, axis=0), (3, 3, 16, 16))
        y = ops.relu(ops.conv(wide, kernel, padding="same") + weight[0, 0])
        slope = apply(conv_filter, (wide, y), {"taps": (3, 3), **HOW})
        small = ops.conv(x, kernel[:, :, :2, :5], padding="same")
        return (
            ops.max_pool(y, 2),
            ops.average_pool(small, (4, 3)),
            slope,
            *apply(
                max_pool,
                (ops.conv(wide, kernel),),
                {"size": (2, 2), "strides": (2, 2), "padding": ((0, 0),) * 2},
            ),
        )

    arrays = [rng.normal(size=(16, 8)).astype("float32"), rng.integers(0, 8, 16).astype("int32")]
    return [
        (graph_of(step, arrays), [weight], arrays),
        (graph_of(others, arrays), [], arrays),
        (graph_of(loops, arrays), [weight], arrays),
        (graph_of(rows, arrays), [weight], arrays),
        (graph_of(images, arrays), [weight], arrays),
    ]


def written(graph: Any, variables: list[Variable]) -> list[Any]:
    """Return what a plan gives the core."""
    plan = Plan(native().core, graph, variables)
    real = plan.core
    plan.core = SimpleNamespace(  # type: ignore[assignment]  # keeps what it is given
        module=SimpleNamespace(Program=lambda *a: list(a), pools=real.module.pools),
        isa=real.isa, codes=real.codes, kinds=real.kinds, steps=real.steps,
    )  # fmt: skip
    found: list[Any] = plan.build(len(variables), len(graph.outputs))
    return found


def mutated(part: Any, rng: np.random.Generator, hits: list[int]) -> Any:
    """Return a copy of a nest of numbers with some other number at the chosen places."""
    if isinstance(part, (tuple, list)):
        kept = [mutated(p, rng, hits) for p in part]
        if hits and hits[0] == -1 and kept:
            hits.pop(0)
            del kept[int(rng.integers(len(kept)))]
        return type(part)(kept)
    if isinstance(part, int) and not isinstance(part, bool):
        hits[:] = [h - 1 if h > 0 else h for h in hits]
        if hits and hits[0] == 0:
            hits.pop(0)
            return NUMBERS[int(rng.integers(len(NUMBERS)))]
    return part


def count(part: Any) -> int:
    if isinstance(part, (tuple, list)):
        return sum(map(count, part))
    return int(isinstance(part, int))


def main(seed: int, rounds: int) -> None:
    """Break each plan `rounds` times; print how many were refused, and how many ran."""
    rng = np.random.default_rng(seed)
    core = native().core.module
    refused = ran = 0
    for graph, variables, arrays in networks():
        given = written(graph, variables)
        places = count(given[1:5])
        for _ in range(rounds):
            hits = sorted(int(h) for h in rng.integers(1, places + 1, rng.integers(1, 3)))
            wrong = [given[0], *mutated(given[1:5], rng, hits), *given[5:]]
            if wrong[3] > 2**24 or any(v[0] == 1 and v[2] is None for v in wrong[1]):
                continue  # so large an arena is no mistake of a plan
            outputs = [np.empty(t.shape, numpy_dtype(t.dtype)) for t in graph.outputs]
            try:
                program = core.Program(*wrong)
                program.run(arrays, [v.numpy() for v in variables], outputs)
                ran += 1
            except (core.PlanError, TypeError, ValueError, OverflowError, RuntimeError, IndexError):
                refused += 1
    print(refused, ran)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
