"""A graph as a program of the core."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from annette.backends.base import Program
from annette.backends.native.core import Core
from annette.backends.native.plan import Plan
from annette.backends.native.translate import MOST_AXES
from annette.graph.dtypes import name_of, numpy_dtype
from annette.graph.graph import Graph
from annette.graph.variable import Variable


class NativeProgram(Program):
    """A plan, its memory, and the variables it works on."""

    def __init__(self, core: Core, graph: Graph) -> None:
        super().__init__(graph)
        changed = dict.fromkeys(v for v, _ in graph.assigns)
        self._kept = [v for v in graph.reads if v not in changed]
        self._changed: list[Variable] = list(changed)
        guarded = os.environ.get("ANNETTE_GUARD", "0") != "0"
        self.variables = [*self._kept, *self._changed]
        self.plan = Plan(core, graph, self.variables, guarded)
        self._program = self.plan.build(len(self._kept) + len(changed), len(graph.outputs))
        self._results = [(t.shape, numpy_dtype(t.dtype)) for t in graph.outputs]
        self.core = core
        self._codes = core.codes

    def arrays(self) -> list[np.ndarray]:
        """Return the variables' arrays, those that a run changes ready to be changed."""
        kept = [v.array for v in self._kept]
        return kept + [v.own() for v in self._changed] if self._changed else kept

    def __call__(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Run once; return the outputs, which are the caller's to keep."""
        outputs = [np.empty(shape, dtype) for shape, dtype in self._results]
        given = [x if x.flags.aligned else x.copy() for x in inputs]
        self._program.run(given, self.arrays(), outputs)
        return outputs

    def run_rows(
        self,
        arrays: Sequence[np.ndarray],
        order: np.ndarray | None,
        start: int,
        stop: int,
        batch_size: int,
        seconds: float,
    ) -> tuple[int, list[np.ndarray]]:
        """Run over whole batches of rows, one after the other; see `Program.run_rows`."""
        rows = self.rows(arrays)
        if rows is None:
            return super().run_rows(arrays, order, start, stop, batch_size, seconds)
        outputs = [np.empty(shape, dtype) for shape, dtype in self._results]
        place = self._program.run_rows(
            rows, order, start, stop, batch_size, seconds, self.arrays(), outputs, False
        )
        return place, outputs

    def collect_rows(
        self,
        arrays: Sequence[np.ndarray],
        start: int,
        stop: int,
        batch_size: int,
        seconds: float,
        into: Sequence[np.ndarray],
    ) -> int:
        """Run over whole batches, outputs one after the other; see `Program.collect_rows`."""
        rows = self.rows(arrays)
        if rows is None:
            return super().collect_rows(arrays, start, stop, batch_size, seconds, into)
        outputs = [x[start:stop] for x in into]
        return int(
            self._program.run_rows(
                rows, None, start, stop, batch_size, seconds, self.arrays(), outputs, True
            )
        )

    def many_epochs(
        self,
        tail: NativeProgram | None,
        results: NativeProgram,
        arrays: Sequence[np.ndarray],
        rows: int,
        batch_size: int,
        shuffled: bool,
        seed: int,
        resets: Sequence[Variable],
    ) -> Callable[[int, int, float], tuple[int, list[float]]] | None:
        """Return what trains over whole epochs without a look outside, or None.

        ``run(epoch, stop, seconds)`` gives the epoch to go on with, and the results of those done.
        """
        given = self.rows(arrays)
        parts = [p for p in (self, tail, results) if p is not None]
        if given is None or not all(type(p) is NativeProgram for p in parts):
            return None
        whole = rows >= batch_size
        step, rest = (self, tail) if whole else (None, self)
        for v in resets:
            v.own()
        training = self.core.module.Training(
            step and step._program, rest and rest._program, results._program, given, rows,
            batch_size, shuffled, seed, step.arrays() if step else [], rest.arrays() if rest else [],
            results.arrays(), [v.array for v in resets],
        )  # fmt: skip
        run: Callable[[int, int, float], tuple[int, list[float]]] = training.run
        return run

    def rows(self, arrays: Sequence[np.ndarray]) -> list[tuple[np.ndarray, int]] | None:
        """Return arrays with their dtypes' codes; None where the core cannot read their rows."""
        found = []
        for x in arrays:
            name = name_of(x.dtype)
            code = self._codes.get(name)
            readable = x.dtype.isnative and x.flags.aligned and name != "float16"
            if code is None or not readable or not _side_by_side(x):
                return None
            found.append((x, code))
        return found


def _side_by_side(x: np.ndarray) -> bool:
    gap = x.itemsize
    for n, stride in zip(reversed(x.shape[1:]), reversed(x.strides[1:]), strict=True):
        if n != 1 and stride != gap:
            return False
        gap *= n
    return True


def supported(core: Core, graph: Graph) -> bool:
    """Say whether every value of a graph is of a dtype that the core has, and of few enough axes."""
    values: list[Any] = [*graph.inputs, *graph.reads, *graph.constants(), *graph.outputs]
    values += [t for node in graph.nodes for t in node.outputs]
    bodies = [node.params["body"].graph for node in graph.nodes if "body" in node.params]
    fits = all(t.dtype in core.codes and len(t.shape) <= MOST_AXES for t in values)
    return fits and all(supported(core, b) for b in bodies)
