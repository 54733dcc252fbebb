"""annette and its peers side by side: each in a process of its own, taking turns, medians.

    python benchmarks/run.py [--only mnist_b32 xor] [--systems annette,torch] [--repeats 5]
                             [--quick] [--write] [--python torch=/path/to/python]

Run it with a Python that has annette and the peers; `make bench` makes one. A system that cannot be
imported is left out, and the run says so.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from systems import SYSTEMS
from workloads import WORKLOADS, Workload, chosen

FOLDER = Path(__file__).resolve().parent
REST = 0.3  # seconds between turns, in which the threads of the last one come to rest


@dataclasses.dataclass
class Results:
    """What was measured.

    Attributes:
        works: the workloads, in order.
        seconds: of each repeat, by workload and system.
        peaks: bytes of the largest size, by workload and system.
        imports: seconds that an import takes above NumPy's, by system.
        versions: of each system.
        scaled: workload and system that were measured on fewer epochs or calls, and on how many.
        values: the last accuracy, by workload and system.
    """

    works: list[Workload]
    seconds: dict[str, dict[str, list[float]]] = dataclasses.field(default_factory=dict)
    peaks: dict[str, dict[str, float]] = dataclasses.field(default_factory=dict)
    imports: dict[str, float] = dataclasses.field(default_factory=dict)
    versions: dict[str, str] = dataclasses.field(default_factory=dict)
    scaled: dict[str, dict[str, int]] = dataclasses.field(default_factory=dict)
    values: dict[str, dict[str, float | None]] = dataclasses.field(default_factory=dict)

    def median(self, work: str, system: str) -> float | None:
        """Return the median seconds, None where nothing was measured."""
        times = self.seconds.get(work, {}).get(system)
        return statistics.median(times) if times else None


class Failed(Exception):
    """A system could not do what it was asked."""


class Machinery:
    """How the processes of each system are started: with which Python, environment and data."""

    def __init__(self, pythons: dict[str, str], folder: str) -> None:
        self.pythons, self.folder = pythons, folder

    def command(self, system: str, *rest: str) -> list[str]:
        """Return the command line of a worker."""
        return [self.python(system), str(FOLDER / "worker.py"), system, self.folder, *rest]

    def python(self, system: str) -> str:
        """Return the Python that has the system."""
        return self.pythons.get(system, sys.executable)

    def environment(self, system: str) -> dict[str, str]:
        """Return the variables that a process of the system gets."""
        # Libraries run from their bytecode, as anywhere: installers make it, ours the first import.
        outside = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        return {**outside, **SYSTEMS[system].environment}

    def fresh(self, system: str, work: Workload) -> dict[str, Any]:
        """Do the workload in a fresh process; its seconds are those of the whole process."""
        command = self.command(system, json.dumps(dataclasses.asdict(work)))
        begin = time.perf_counter()
        done = subprocess.run(command, env=self.environment(system), capture_output=True, text=True)
        whole = time.perf_counter() - begin
        if done.returncode:
            raise Failed(last_line(done.stderr))
        answer: dict[str, Any] = json.loads(done.stdout)
        return {**answer, "seconds": whole} if work.kind == "process" else answer

    def importing(self, system: str, program: str) -> float:
        """Return the seconds that a process of this one line takes."""
        command = [self.python(system), "-c", program]
        begin = time.perf_counter()
        subprocess.run(command, env=self.environment(system), capture_output=True, check=True)
        return time.perf_counter() - begin


class Process:
    """A worker that stays, driven over its pipes."""

    def __init__(self, system: str, machinery: Machinery) -> None:
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  # closed by `end`
        self.child = subprocess.Popen(
            machinery.command(system),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=machinery.environment(system),
            text=True,
            bufsize=1,
        )
        self.read()  # it has imported its system

    def ask(self, do: str, work: Workload | None = None) -> dict[str, Any]:
        """Return the answer to a question."""
        fields = dataclasses.asdict(work) if work else None
        assert self.child.stdin is not None
        self.child.stdin.write(json.dumps({"do": do, "work": fields}) + "\n")
        return self.read()

    def read(self) -> dict[str, Any]:
        """Return the next answer."""
        assert self.child.stdout is not None
        line = self.child.stdout.readline()
        if not line:
            self.errors.seek(0)
            raise Failed(last_line(self.errors.read()) or "its process ended")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer

    def end(self) -> None:
        """Let the process end."""
        assert self.child.stdin is not None
        self.child.stdin.close()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
        self.errors.close()


class Bench:
    """A run: the systems taking turns at each workload."""

    def __init__(self, options: argparse.Namespace, machinery: Machinery) -> None:
        self.repeats: int = options.repeats
        self.systems: list[str] = options.systems
        self.machinery = machinery
        self.results = Results(chosen(options.only, options.quick))
        self.processes: dict[str, Process] = {}

    def start(self) -> None:
        """Start the workers, and leave out the systems that cannot be imported."""
        wanted = {system for work in self.results.works for system in work.systems}
        self.systems = [system for system in self.systems if system in wanted]
        for system in list(self.systems):
            try:
                self.processes[system] = Process(system, self.machinery)
                answer = self.processes[system].ask("versions")
                self.results.versions[system] = answer["versions"]
                print(answer["versions"], flush=True)
            except Failed as failure:
                self.systems.remove(system)
                print(f"{SYSTEMS[system].label} is left out: {failure}", flush=True)

    def end(self) -> None:
        """End the workers."""
        for process in self.processes.values():
            process.end()

    def every(self) -> Results:
        """Do all workloads that fit into the memory."""
        for work in self.results.works:
            if work.rows * work.sizes[0] * 8 > available_bytes() / 2:
                print(f"{work.name}: too large for the memory here", flush=True)
                continue
            self.do(work)
        return self.results

    def do(self, work: Workload) -> None:
        """Do a workload with every system that can, in turns."""
        ready = [system for system in self.systems if system in work.systems]
        if work.kind == "warm":
            ready = [system for system in ready if self.attempt(work, system, self.prepare)]
        turn = self.warm_turn if work.kind == "warm" else self.fresh_turn
        for _ in range(min(self.repeats, work.repeats)):
            ready = [system for system in ready if self.attempt(work, system, turn)]
        for system in ready:
            self.tell(work, system)
            if work.kind == "warm":
                self.processes[system].ask("drop")

    def attempt(self, work: Workload, system: str, turn: Any) -> bool:
        """Take a turn; say so when it fails."""
        time.sleep(REST)
        try:
            turn(work, system)
        except Failed as failure:
            print(f"{work.name:12} {system:17} {failure}", flush=True)
            return False
        return True

    def prepare(self, work: Workload, system: str) -> None:
        """Make a worker ready for the workload."""
        units = self.processes[system].ask("prepare", work)["units"]
        if units < work.units and work.amount > 1:
            self.results.scaled.setdefault(work.name, {})[system] = units

    def warm_turn(self, work: Workload, system: str) -> None:
        """Measure once in a running process."""
        self.keep(work, system, self.processes[system].ask("run"))

    def fresh_turn(self, work: Workload, system: str) -> None:
        """Measure once in a fresh process."""
        answer = self.machinery.fresh(system, work)
        if work.kind == "memory":
            self.results.peaks.setdefault(work.name, {})[system] = answer["peak_bytes"]
        self.keep(work, system, answer)

    def keep(self, work: Workload, system: str, answer: dict[str, Any]) -> None:
        """Put an answer to the results."""
        self.results.seconds.setdefault(work.name, {}).setdefault(system, []).append(
            answer["seconds"]
        )
        self.results.values.setdefault(work.name, {})[system] = answer["value"]

    def tell(self, work: Workload, system: str) -> None:
        """Print what a workload took."""
        times = self.results.seconds[work.name][system]
        value = self.results.values[work.name][system]
        text = f"{work.name:12} {system:17} {1e3 * statistics.median(times):12.4f} ms"
        text += f"  ({1e3 * min(times):.4f} to {1e3 * max(times):.4f})"
        if value is not None:
            text += f"  accuracy {value:.3f}"
        if work.kind == "memory":
            text += f"  {self.results.peaks[work.name][system] / 2**20:.0f} MiB"
        print(text, flush=True)

    def time_imports(self) -> None:
        """Time the imports of all systems in turns, NumPy's alone beside each."""
        above: dict[str, list[float]] = {}
        systems = [
            s for s in self.systems if SYSTEMS[s].imports != "numpy" and s != "annette-numpy"
        ]
        for _ in range(min(self.repeats, 3)):
            for system in systems:
                base = self.machinery.importing(system, "import numpy")
                both = self.machinery.importing(system, f"import numpy, {SYSTEMS[system].imports}")
                above.setdefault(system, []).append(both - base)
        for system, times in above.items():
            self.results.imports[system] = statistics.median(times)
            print(
                f"{'import':12} {system:17} {1e3 * statistics.median(times):12.1f} ms above NumPy's"
            )


def last_line(text: str) -> str:
    """Return the last line that says something."""
    return next((line for line in reversed(text.splitlines()) if line.strip()), "")


def available_bytes() -> float:
    """Return how much memory is free for use, without limit where that is not told."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return 1024.0 * int(line.split()[1])
    except OSError:
        pass
    return float("inf")


def parse() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = ", ".join(work.name for work in WORKLOADS)
    parser.add_argument("--only", nargs="+", metavar="WORK", help=f"some of: {names}, import")
    parser.add_argument("--systems", metavar="A,B", help=f"some of: {', '.join(SYSTEMS)}")
    parser.add_argument("--repeats", type=int, default=5, help="measurements of each (5)")
    parser.add_argument("--quick", action="store_true", help="less work, for a first look")
    parser.add_argument("--write", action="store_true", help="write RESULTS.md and results.png")
    parser.add_argument("--python", action="append", default=[], metavar="SYSTEM=PYTHON")
    options = parser.parse_args()
    options.only = [name for text in options.only or () for name in text.split(",")] or None
    options.systems = options.systems.split(",") if options.systems else list(SYSTEMS)
    for system in [*options.systems, *(text.partition("=")[0] for text in options.python)]:
        if system not in SYSTEMS:
            parser.error(f"--systems and --python know {', '.join(SYSTEMS)}; it got {system!r}")
    if options.quick:
        options.repeats = min(options.repeats, 2)
    return options


def main() -> None:
    """Measure, print, and with --write put the result into RESULTS.md."""
    options = parse()
    imports = options.only is None or "import" in options.only
    if options.only:
        options.only = [name for name in options.only if name != "import"]
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, str(FOLDER / "data.py"), folder], check=True)
        machinery = Machinery(dict(text.split("=", 1) for text in options.python), folder)
        bench = Bench(options, machinery)
        if options.only == []:
            bench.results.works = []
        try:
            bench.start()
            results = bench.every()
            if imports:
                bench.time_imports()
        finally:
            bench.end()
    print(f"{time.perf_counter() - begin:.0f} s in all")
    if options.write:
        from report import write

        write(results)


if __name__ == "__main__":
    main()
