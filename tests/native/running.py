"""What the tests of the native backend share: running on it, and judging what it gives."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

import annette.backends as backends
from annette.backends.native import NativeBackend, is_built
from annette.graph import Graph, trace
from annette.graph.dtypes import is_float, standardize
from annette.testing import error, interpret, same
from tests.programs import ROOT

# A float32 result may be this many times further from the float64 one than NumPy's float32 result,
# and lie so many roundings of its dtype beside it where NumPy happens to be exact.
FACTOR, FLOOR = 4.0, 8.0
# Float64 results have nothing wider beside them: sums taken in another order differ by more.
FLOOR_WIDE = 256.0


def instruction_sets() -> list[str]:
    """Return the instruction sets that this build and machine have, "" where nothing is built."""
    if not is_built():
        return [""]
    from annette.backends.native.core import load

    return list(load().instruction_sets())


_made: dict[str, NativeBackend] = {}


def native(isa: str | None = None) -> NativeBackend:
    """Return the native backend on one instruction set, the best if None."""
    key = isa or instruction_sets()[-1]
    if key not in _made:
        before = os.environ.get("ANNETTE_ISA")
        os.environ["ANNETTE_ISA"] = key
        try:
            _made[key] = NativeBackend()
        finally:
            os.environ.pop("ANNETTE_ISA")
            if before is not None:
                os.environ["ANNETTE_ISA"] = before
    return _made[key]


@contextlib.contextmanager
def using(name: str, isa: str | None = None) -> Iterator[None]:
    """Run graphs with one backend while the block lasts."""
    before = backends._current
    backends._current = native(isa) if name == "native" else backends.make_backend(name)
    try:
        yield
    finally:
        backends._current = before


@contextlib.contextmanager
def threads(count: int) -> Iterator[None]:
    """Use so many threads while the block lasts."""
    module = native().core.module
    before = module.threads()
    module.set_threads(count)
    try:
        yield
    finally:
        module.set_threads(before)


def graph_of(function: Callable[..., Any], arrays: Sequence[np.ndarray]) -> Graph:
    """Trace a function of arrays of these shapes and dtypes."""
    specs = [(x.shape, standardize(x.dtype)) for x in arrays]
    return trace(function, specs)[0].check()


def run(graph: Graph, arrays: Sequence[np.ndarray], isa: str | None = None) -> list[np.ndarray]:
    """Run a graph on the native backend."""
    return native(isa).compile(graph)([np.array(x, order="C") for x in arrays])


def retyped(arrays: Sequence[np.ndarray], dtype: str) -> list[np.ndarray]:
    """Return arrays, the floating ones in another dtype."""
    return [x.astype(dtype) if x.dtype.kind == "f" else x for x in map(np.asarray, arrays)]


def check(function: Callable[..., Any], arrays: Sequence[Any], isa: str | None = None) -> None:
    """Hold a function on the native backend against NumPy, in float64 and float32.

    Whole numbers must be equal; float64 equal up to rounding; float32 about as near to the float64
    results of the same numbers as NumPy's.
    """
    arrays = [np.asarray(x) for x in arrays]
    wide = retyped(arrays, "float64")
    _judge("float64", run(graph_of(function, wide), wide, isa), *_exact(function, wide))
    if any(x.dtype.kind == "f" for x in arrays):
        narrow = retyped(arrays, "float32")
        _, exact = _exact(function, retyped(narrow, "float64"))
        own, _ = interpret(graph_of(function, narrow), narrow)
        _judge("float32", run(graph_of(function, narrow), narrow, isa), own, exact)


def _exact(
    function: Callable[..., Any], arrays: Sequence[np.ndarray]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    results, _ = interpret(graph_of(function, arrays), arrays)
    return results, results


def _judge(
    what: str, actual: list[np.ndarray], own: list[np.ndarray], exact: list[np.ndarray]
) -> None:
    for i, (a, o, e) in enumerate(zip(actual, own, exact, strict=True)):
        where = f"{what}, output {i}"
        assert (a.shape, a.dtype) == (o.shape, o.dtype), f"{where} is {a.dtype}{list(a.shape)}"
        if not is_float(standardize(a.dtype)):
            assert same(a, o), f"{where} is {a}, not {o}"
            continue
        floor = FLOOR_WIDE if o is e else FLOOR
        allowed = FACTOR * error(o, e) + floor * float(np.finfo(a.dtype).eps)
        # Where NumPy's own result overflows, the order of the factors decides what comes.
        assert error(a, e) <= allowed or np.isinf(allowed) or same(a, o), (
            f"{where} is {error(a, e):.1e} off, NumPy {error(o, e):.1e}, allowed {allowed:.1e}"
        )


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a process that runs on the native backend."""
    settings = {"ANNETTE_BACKEND": "native", "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    return {**os.environ, **settings, **more}


@contextlib.contextmanager
def child(command: Sequence[str], limit: float, **more: str) -> Iterator[subprocess.Popen[str]]:
    """Start a process on the native backend, which ends with the block or after `limit` seconds.

    So do the processes that it has started.
    """
    group = sys.platform != "win32"
    process = subprocess.Popen(
        command, env=environment(**more), text=True, start_new_session=group,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip

    def stop() -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL) if group else process.kill()

    timer = threading.Timer(limit, stop)
    timer.start()
    try:
        yield process
    finally:
        timer.cancel()
        stop()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        process.wait()


def output(command: Sequence[str], limit: float = 300, **more: str) -> str:
    """Return what a process on the native backend prints; it must end well, and in time."""
    with child(command, limit, **more) as process:
        found, errors = process.communicate()
    assert process.returncode == 0, f"{process.returncode}: {errors[-3000:]}"
    return found


def python(program: str, timeout: float = 300, **more: str) -> str:
    """Run a program in a process of its own on the native backend; return what it prints."""
    return output([sys.executable, "-c", program], timeout, **more)
