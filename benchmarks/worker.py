"""A process that works for one system: asked over its input, it answers over its output, in JSON.

    python worker.py SYSTEM FOLDER              answers questions until its input ends
    python worker.py SYSTEM FOLDER WORKLOAD     does that once, in this fresh process, and ends

The workload is given as the JSON of its fields.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import data
from systems import SYSTEMS
from workloads import Workload


def parsed(fields: dict[str, Any]) -> Workload:
    """Return the workload of these fields."""
    lists = {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
    return Workload(**{**fields, **lists})


def peak_bytes() -> int:
    """Return the largest size that this process has had in memory."""
    try:  # Linux counts what the parent had before this program was loaded into `ru_maxrss`
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    except OSError:
        pass
    import resource

    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else 1024 * size


class Worker:
    """What a system has in hand: a workload that is ready to run."""

    def __init__(self, system: str, folder: Path) -> None:
        self.module = importlib.import_module(f"systems.{SYSTEMS[system].module}")
        self.folder = folder
        self.run: Any = None
        self.work: Workload | None = None
        self.units = 1

    def prepare(self, work: Workload) -> dict[str, Any]:
        """Load the data, build, and warm up."""
        x, y = data.load(self.folder, work.job, work.sizes[0], work.rows)
        self.run = getattr(self.module.jobs, work.job)(work, x, y)
        self.work = work
        self.run(work.warm)
        self.units = work.units
        if work.units > work.warm:  # how many of them are enough?
            begin = time.perf_counter()
            self.run(work.warm)
            each = (time.perf_counter() - begin) / work.warm
            self.units = max(1, min(work.units, int(work.limit / each)))
        return {"units": self.units}

    def measure(self) -> dict[str, Any]:
        """Run once; return the seconds for the amount that the table tells."""
        assert self.work is not None
        if hasattr(os, "sync"):  # what others have left unwritten is not this one's to wait for
            os.sync()
        begin = time.perf_counter()
        value = self.run(self.units)
        seconds = time.perf_counter() - begin
        return {"seconds": seconds * self.work.amount / self.units, "value": value}

    def drop(self) -> dict[str, Any]:
        """Let go of the workload."""
        self.run = self.work = None
        self.module.forget()
        gc.collect()
        return {}

    def once(self, work: Workload) -> dict[str, Any]:
        """Do the workload in this process, which nothing has warmed."""
        x, y = data.load(self.folder, work.job, work.sizes[0], work.rows)
        begin = time.perf_counter()
        value = getattr(self.module.jobs, work.job)(work, x, y)(work.units)
        return {
            "seconds": time.perf_counter() - begin,
            "value": value,
            "peak_bytes": peak_bytes(),
        }

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Do what is asked."""
        if question["do"] == "prepare":
            return self.prepare(parsed(question["work"]))
        if question["do"] == "versions":
            return {"versions": self.module.versions()}
        return self.measure() if question["do"] == "run" else self.drop()


def main() -> None:
    """Answer over the first output; whatever the libraries print goes to the second."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    worker = Worker(sys.argv[1], Path(sys.argv[2]))
    if len(sys.argv) > 3:
        print(json.dumps(worker.once(parsed(json.loads(sys.argv[3])))), file=answers)
        return
    print(json.dumps({}), file=answers)
    for line in sys.stdin:
        try:
            reply = worker.answer(json.loads(line))
        except Exception as error:  # one job that fails ends neither the others nor the run
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=answers)


if __name__ == "__main__":
    main()
