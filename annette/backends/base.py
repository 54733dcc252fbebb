"""What a backend is: it makes a program of a graph, which runs once or over rows of data."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from annette.graph.dtypes import numpy_dtype
from annette.graph.graph import Graph


class Program(ABC):
    """A graph made ready to run. It reads and changes the graph's variables themselves."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    @abstractmethod
    def __call__(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Run once; return the outputs, which are the caller's to keep."""

    def run_rows(
        self,
        arrays: Sequence[np.ndarray],
        order: np.ndarray | None,
        start: int,
        stop: int,
        batch_size: int,
        seconds: float,
    ) -> tuple[int, list[np.ndarray]]:
        """Run over whole batches of rows, one after the other.

        Args:
            arrays: one for each input, rows first, of any dtype and layout.
            order: the row that stands at each place, or None for rows as they lie.
            start: the first place to cover.
            stop: the place after the last; whole batches lie between the two.
            batch_size: rows a run (samples).
            seconds: after how long to return with less than all done.

        Returns:
            The place after the last row done, and the outputs of the last run.
        """
        deadline = time.perf_counter() + seconds
        outputs: list[np.ndarray] = []
        while start < stop:
            rows: Any = slice(start, start + batch_size)
            if order is not None:
                rows = order[rows]
            outputs = self(
                [gather(a, rows, t.dtype) for a, t in zip(arrays, self.graph.inputs, strict=True)]
            )
            start += batch_size
            if time.perf_counter() > deadline:
                break
        return start, outputs

    def collect_rows(
        self,
        arrays: Sequence[np.ndarray],
        start: int,
        stop: int,
        batch_size: int,
        seconds: float,
        into: Sequence[np.ndarray],
    ) -> int:
        """Run over whole batches of rows as they lie, and keep every batch's outputs.

        Args:
            arrays: one for each input, rows first.
            start: the first row to cover.
            stop: the row after the last; whole batches lie between the two.
            batch_size: rows a run (samples).
            seconds: after how long to return with less than all done.
            into: for each output an array of all rows, which gets those done.

        Returns:
            The row after the last one done.
        """
        deadline = time.perf_counter() + seconds
        while start < stop:
            end = start + batch_size
            taken = [
                gather(a, slice(start, end), t.dtype)
                for a, t in zip(arrays, self.graph.inputs, strict=True)
            ]
            for target, output in zip(into, self(taken), strict=True):
                target[start:end] = output
            start = end
            if time.perf_counter() > deadline:
                break
        return start


class Backend(ABC):
    """What runs graphs."""

    name: str
    # Whether a program is made in milliseconds, so that it pays for a single call.
    instant: bool = True

    @abstractmethod
    def compile(self, graph: Graph) -> Program:
        """Make a program of `graph`."""

    def threads(self) -> int | None:
        """Return how many threads work; None where that is not annette's to say."""
        return None

    def set_threads(self, count: int) -> None:
        """Let so many threads work; only for a backend that says how many do."""
        raise NotImplementedError(f"The backend '{self.name}' chooses its threads itself.")

    def device(self, device_name: str) -> AbstractContextManager[Any]:
        """Return the context in which programs run on a device; ``"cpu"`` and ``"cpu:0"`` are known.

        Raises:
            ValueError: if there is no such device.
        """
        if device_name.lower() not in ("cpu", "cpu:0"):
            raise ValueError(
                f"The backend '{self.name}' computes on 'cpu:0'; device got {device_name!r}. The "
                "JAX backend knows other devices: annette.backends.set_backend('jax')."
            )
        return nullcontext()

    def describe(self) -> dict[str, Any]:
        """Return what `annette info` says of it."""
        return {"name": self.name}


def gather(array: np.ndarray, rows: Any, dtype: str) -> np.ndarray:
    """Return some rows of `array` in native byte order, contiguous and in the given dtype."""
    taken = array[rows] if isinstance(rows, slice) else array.take(rows, axis=0)
    return np.ascontiguousarray(taken, dtype=numpy_dtype(dtype))
