"""`Model.profile`: what each instruction of a step costs, beside what the machine can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annette.backends import current_backend
from annette.training.data import ArraySource, batch_dtype, make_source
from annette.training.guard import Guard
from annette.training.programs import Step
from annette.utils import tree

if TYPE_CHECKING:
    from annette.backends.native.measuring import Measured, Peaks

_HEADER = ("", "instruction", "on", "tasks", "µs a step", "share", "GFLOP/s", "GB/s", "")


class Profile:
    """What a model's step costs, instruction by instruction.

    Args:
        kind: "train" or "predict".
        batch_size: rows a step.
        measured: the instructions with their times.
        peaks: what the machine reached in the same call.
        about: the instruction set and the number of threads.
    """

    def __init__(
        self, kind: str, batch_size: int, measured: Measured, peaks: Peaks, about: str
    ) -> None:
        self.kind = kind
        self.batch_size = batch_size
        self.costs = measured.costs
        self.steps = measured.steps
        self.step_seconds = measured.step_seconds
        self.peaks = peaks
        self.about = about

    @property
    def seconds(self) -> float:
        """Seconds a step spent in instructions."""
        return sum(cost.seconds for cost in self.costs)

    @property
    def flops(self) -> float:
        """Operations on numbers of a step."""
        return sum(cost.flops for cost in self.costs)

    @property
    def bytes(self) -> float:
        """Bytes that the instructions of a step read and write."""
        return sum(cost.bytes for cost in self.costs)

    def rows(self) -> list[tuple[str, ...]]:
        """Return the cells of each instruction, in the order in which they run."""
        total = self.seconds or 1.0
        return [
            (
                str(c.line.number), c.line.what, c.line.shape, str(c.tasks), f"{c.seconds * 1e6:.1f}",
                f"{100 * c.seconds / total:.1f} %", _rate(c.flops, c.seconds),
                _rate(c.bytes, c.seconds), "NumPy" if c.line.fallback else "",
            )
            for c in self.costs
        ]  # fmt: skip

    def totals(self) -> str:
        """Return the line of totals."""
        return (
            f"A step takes {self.step_seconds * 1e6:.1f} µs, {self.seconds * 1e6:.1f} µs of it in "
            f"{len(self.costs)} instructions: {_rate(self.flops, self.step_seconds)} GFLOP/s, "
            f"{_rate(self.bytes, self.step_seconds)} GB/s."
        )

    def limits(self) -> str:
        """Return the line of the machine's peaks."""
        return (
            f"This machine: {self.peaks.flops / 1e9:.0f} GFLOP/s in a matrix product, "
            f"{self.peaks.bytes / 1e9:.1f} GB/s in a copy (read and written; values in the "
            "caches move faster)."
        )

    def title(self) -> str:
        """Return what was measured."""
        step = "training step" if self.kind == "train" else "prediction"
        return f"{step} of {self.batch_size} rows, {self.about}, {self.steps:,} steps timed"

    def print(self, file: Any = None) -> None:
        """Print the table."""
        import rich.box
        import rich.console
        import rich.table

        table = rich.table.Table(title=self.title(), title_justify="left", box=rich.box.SIMPLE_HEAD)
        for name in _HEADER:
            left = name in ("instruction", "on")
            table.add_column(
                name, justify="left" if left else "right", no_wrap=True, overflow="ellipsis",
                max_width=34 if left else None,
            )  # fmt: skip
        for row in self.rows():
            table.add_row(*(cell.replace("[", r"\[") for cell in row))
        console = rich.console.Console(file=file, highlight=False)
        if not console.is_terminal:
            console.width = max(console.width, 120)  # a file has room
        console.print(table)
        for line in (self.totals(), self.limits()):
            console.print(line, markup=False)

    def __str__(self) -> str:
        import io

        text = io.StringIO()
        self.print(text)
        return "\n".join(line.rstrip() for line in text.getvalue().splitlines())

    def __repr__(self) -> str:
        return f"<Profile: {self.title()}>"


def profile(
    model: Any, x: Any, y: Any, batch_size: Any, sample_weight: Any, seconds: float, verbose: Any
) -> Profile:
    """Time the instructions of a step; see `Model.profile`."""
    native = _native()
    from annette.backends.native.measuring import measure, peaks
    from annette.backends.native.program import NativeProgram

    _check(model, x, y, seconds)
    kind = "predict" if y is None else "train"
    source = make_source(x, y, sample_weight, batch_size=batch_size, shuffle=kind == "train")
    guard = Guard(model, kind)
    guard.prepare(source.peek())
    guard.check_source(source)
    leaves, order, rows, pack = _rows(source)
    specs = [((rows, *a.shape[1:]), batch_dtype(a.dtype)) for a in leaves]
    graph = Step(model, kind, specs, pack).graph
    if kind == "train":
        graph = graph.without_outputs()
    program = native.compile(graph)
    if not isinstance(program, NativeProgram):
        raise ValueError(
            f"The {kind} step of model '{model.name}' has dtypes that the native backend lacks, so "
            "that NumPy runs it whole; profile a model of float32 or float64."
        )
    measured = measure(native.core, program, leaves, order, rows, seconds)
    dtype = "float64" if model.compute_dtype == "float64" else "float32"
    about = f"{native.core.isa}, {native.threads()} threads"
    found = Profile(kind, rows, measured, peaks(native.core, dtype), about)
    if verbose:
        found.print()
    return found


def _native() -> Any:
    backend = current_backend()
    if backend.name != "native":
        raise RuntimeError(
            f"model.profile times the instructions of the native backend; the backend is "
            f"'{backend.name}'. Set ANNETTE_BACKEND=native before the start, or call "
            "annette.backends.set_backend('native')."
        )
    return backend


def _check(model: Any, x: Any, y: Any, seconds: float) -> None:
    if x is None:
        raise ValueError("profile expects x, the data to compute on; it got None.")
    if y is not None and not model.compiled:
        raise ValueError(
            f"Model '{model.name}' must be compiled before its training step is profiled: call "
            "model.compile(optimizer='adam', loss=...), or leave y out to profile predict."
        )
    number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if not number or not 0 < seconds < 3600:
        raise ValueError(
            f"seconds must be a number above 0 (and below 3600), how long to time; it is "
            f"{seconds!r}."
        )
    if model.run_eagerly:
        raise ValueError(
            "A model of run_eagerly=True has no plan to profile; compile it without run_eagerly."
        )


def _rows(source: Any) -> tuple[list[np.ndarray], np.ndarray | None, int, Any]:
    """Return arrays of rows, the rows' order, the rows of a batch, and how to pack one."""
    if type(source) is ArraySource and source.leaves[0].ndim:
        rows = min(source.batch_size, source.rows)
        return source.leaves, source.order(0), rows, source.pack
    batch = source.peek()
    leaves = [np.asarray(leaf) for leaf in tree.flatten(batch) if leaf is not None]

    def pack(arrays: list[Any]) -> Any:
        supply = iter(arrays)
        return tree.map_structure(lambda leaf: None if leaf is None else next(supply), batch)

    return leaves, None, leaves[0].shape[0], pack


def _rate(amount: float, seconds: float) -> str:
    """Return billions a second."""
    return f"{amount / seconds / 1e9:.1f}" if amount and seconds else ""
