"""Timing a program's instructions, and what the machine can do at best."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from annette.backends.base import gather
from annette.backends.native.core import Core
from annette.backends.native.plan import Plan
from annette.backends.native.printing import Line, lines
from annette.backends.native.program import NativeProgram
from annette.graph.trace import trace

# A product of this many rows, and a copy of this many bytes, are long enough to reach the peak.
_SIDE = 1024
_COPIED = 64_000_000


class Cost(NamedTuple):
    """An instruction and what it took in one step, on average."""

    line: Line
    tasks: int
    flops: float
    bytes: float
    seconds: float


class Peaks(NamedTuple):
    """What the core reached on this machine: operations and bytes a second."""

    flops: float
    bytes: float


class Measured(NamedTuple):
    """A program's instructions, steps that were timed, and seconds of a step with nothing timed."""

    costs: list[Cost]
    steps: int
    step_seconds: float


def measure(
    core: Core, program: NativeProgram, leaves: Sequence[np.ndarray], order: np.ndarray | None,
    batch_size: int, seconds: float,
) -> Measured:  # fmt: skip
    """Time a program's steps over rows; the variables' own arrays are left alone.

    Args:
        core: the compiled core.
        program: for batches of `batch_size` rows.
        leaves: an array for each input, rows first, with a batch at least.
        order: the rows' order, or None for rows as they lie.
        batch_size: rows a step.
        seconds: how long to time the instructions; the whole step takes half as long again.
    """
    plan = Plan(core, program.graph, program.variables)
    built = plan.build(len(program.variables), len(program.graph.outputs))
    copies = [v.array.copy() for v in program.variables]
    outputs = [np.empty(t.shape, t.dtype) for t in program.graph.outputs]
    rows = program.rows(leaves)
    if rows is None:  # not readable by the core: one batch that is
        taken = [
            gather(x, slice(0, batch_size), t.dtype)
            for x, t in zip(leaves, program.graph.inputs, strict=True)
        ]
        rows, order = program.rows(taken), None
        assert rows is not None
    stop = rows[0][0].shape[0] // batch_size * batch_size

    def run(duration: float) -> int:
        """Run for so long, in whole passes or parts of them; return the steps."""
        done, place = 0, 0
        start = time.perf_counter()
        while True:
            left = duration - (time.perf_counter() - start)
            end: int = built.run_rows(
                rows, order, place, stop, batch_size, min(left, 0.05), copies, outputs, False
            )
            done += (end - place) // batch_size
            place = end if end < stop else 0
            if time.perf_counter() - start >= duration:
                return done

    run(min(0.1, seconds / 5))
    start = time.perf_counter()
    whole = run(seconds / 2)
    step_seconds = (time.perf_counter() - start) / whole
    built.profile(True)
    steps = run(seconds)
    costs = [
        Cost(line, tasks, flops, moved, spent / steps)
        for line, (tasks, flops, moved, spent) in zip(lines(plan), built.costs(), strict=True)
    ]
    return Measured(costs, steps, step_seconds)


def peaks(core: Core, dtype: str = "float32") -> Peaks:
    """Measure the fastest matrix product and copy of this core on this machine."""
    square = np.linspace(-1.0, 1.0, _SIDE * _SIDE).astype(dtype).reshape(_SIDE, _SIDE)
    product = _fastest(core, lambda a, b: a @ b, [square, square.T.copy()])
    long = np.zeros(_COPIED // np.dtype(dtype).itemsize, dtype)
    copied = _fastest(core, lambda a: a, [long])
    return Peaks(2.0 * _SIDE**3 / product, 2.0 * long.nbytes / copied)


def _fastest(core: Core, function: Callable[..., object], arrays: list[np.ndarray]) -> float:
    """Return the least seconds that a function of arrays took."""
    graph, _ = trace(function, [(x.shape, x.dtype.name) for x in arrays], "peak")
    program = Plan(core, graph, []).build(0, 1)
    (result,) = (np.zeros(t.shape, t.dtype) for t in graph.outputs)
    times: list[float] = []
    end = time.perf_counter() + 0.3
    while len(times) < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        program.run(arrays, [], [result])
        times.append(time.perf_counter() - start)
    return min(times)


__all__ = ["Cost", "Measured", "Peaks", "measure", "peaks"]
