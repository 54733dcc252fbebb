"""Writes what was measured: tables in RESULTS.md and a picture beside it."""

from __future__ import annotations

import datetime
import os
import platform
import statistics
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from systems import SYSTEMS
from workloads import PEERS, Workload

if TYPE_CHECKING:
    from run import Results

FOLDER = Path(__file__).resolve().parent
FRAMEWORKS = ("torch", "keras-jax", "keras-tensorflow")
BLUE, GREY, INK = "#2f6db3", "#b9c0c9", "#2b2f36"


def processor() -> str:
    """Return the name of the processor."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def cores() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def span(seconds: float | None) -> str:
    """Return a time in the unit that suits it, three digits."""
    if seconds is None:
        return ""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size or unit == "µs":
            return f"{three(seconds / size)} {unit}"
    return ""


def three(number: float) -> str:
    """Return a number with three digits, and no more than are in it."""
    digits = 2 if number < 9.995 else 1 if number < 99.95 else 0
    return f"{number:,.{digits}f}"


def table(heads: list[str], rows: Iterable[list[str]], texts: int = 1) -> list[str]:
    """Return the lines of a table; the columns after the first ones hold numbers."""
    line = "| " + " | ".join(["---"] * texts + ["---:"] * (len(heads) - texts)) + " |"
    return ["| " + " | ".join(row) + " |" for row in [heads]] + [
        line,
        *("| " + " | ".join(row) + " |" for row in rows),
        "",
    ]


def ratio(results: Results, work: Workload, systems: Iterable[str]) -> float | None:
    """Return the least time of these systems by annette's."""
    mine = results.median(work.name, "annette")
    others = [results.median(work.name, system) for system in systems if system != "annette"]
    known = [seconds for seconds in others if seconds is not None]
    return min(known) / mine if mine and known else None


def compared(results: Results) -> list[Workload]:
    """Return the workloads that annette and another system have done."""
    return [
        work
        for work in results.works
        if work.wanted is not None and ratio(results, work, work.systems) is not None
    ]


def peer_table(results: Results) -> list[str]:
    """Return the table of times and ratios."""
    peers = [system for system in PEERS if system in results.versions]
    heads = ["work", "timed", "annette", *(SYSTEMS[p].label for p in peers)]
    heads += ["best peer / annette", "of the frameworks", "wanted"]
    rows, scaled = [], []
    for work in compared(results):
        cells = [work.title, work.timed, f"**{span(results.median(work.name, 'annette'))}**"]
        for peer in peers:
            cell = span(results.median(work.name, peer))
            units = results.scaled.get(work.name, {}).get(peer)
            if units:
                cell += "*"
                scaled.append(f"{SYSTEMS[peer].label} {units:,}")
            cells.append(cell)
        best = ratio(results, work, work.systems)
        among = ratio(results, work, [s for s in work.systems if s in FRAMEWORKS])
        assert best is not None and work.wanted is not None
        cells.append(f"**{three(best)}**")
        cells += [three(among) if among else "", f"{work.wanted:g}"]
        if "numpy-loop" in work.systems:
            cells[0] += f" ({span(results.median(work.name, 'numpy-loop'))})"
        rows.append(cells)
    lines = table(heads, rows, texts=2)
    if scaled:
        lines += [f"\\* measured on fewer epochs and scaled: {', '.join(scaled)}.", ""]
    lines += [
        '"Of the frameworks" is the best of PyTorch and Keras. scikit-learn computes no accuracy '
        "while it trains, validates on a part of the rows that it takes for itself, and predicts all "
        "rows at once. An empty cell: the system has no such call.",
        "",
    ]
    return lines + missed(results)


def missed(results: Results) -> list[str]:
    """Return the line on what fell short of what is wanted."""
    short = []
    for work in compared(results):
        found = ratio(results, work, work.systems)
        if found is not None and work.wanted is not None and found < work.wanted:
            short.append(f"{work.name} ({three(found)} of {work.wanted:g})")
    return [f"Short of what is wanted: {', '.join(short)}.", ""] if short else []


def peak_flops(results: Results) -> tuple[float, str]:
    """Return the fastest matrix product of the run, and whose it was."""
    best, whose = 0.0, ""
    for work in results.works:
        for system, times in results.seconds.get(work.name, {}).items():
            if work.job == "product" and 2 * work.rows**3 / min(times) > best:
                best = 2 * work.rows**3 / min(times)
                whose = f"{SYSTEMS[system].label}, {work.rows} x {work.rows}"
    return best, whose


def limits(results: Results) -> list[str]:
    """Return the section on what the machine can do and how much of it is used."""
    peak, whose = peak_flops(results)
    if not peak:
        return []
    lines = [
        "## Of the machine's own speed",
        "",
        "The fastest product of two matrices in the run: ",
    ]
    lines[-1] += f"{peak / 1e9:.0f} GFLOP/s ({whose}; float32)."
    copy = next((work for work in results.works if work.job == "copy"), None)
    if copy and copy.name in results.seconds:
        speed = 2 * 4 * copy.rows / min(results.seconds[copy.name]["numpy"])
        lines[-1] += f" {copy.title[0].upper()}{copy.title[1:]}: {speed / 1e9:.0f} GB/s."
    flush = next((work for work in results.works if work.job == "flush"), None)
    if flush and flush.name in results.seconds:
        seconds = statistics.median(results.seconds[flush.name]["numpy"])
        lines[-1] += f" {flush.title[0].upper()}{flush.title[1:]}: {1e3 * seconds:.0f} ms."
    lines[-1] += " The matrix products of an epoch, over all the time that the epoch takes:"
    rows = []
    for work in results.works:
        if work.job != "classes" or work.kind != "warm" or work.wanted is None:
            continue
        cells = [work.title]
        for system in ("annette", *FRAMEWORKS):
            seconds = results.median(work.name, system)
            speed = work.flops / seconds if seconds else 0.0
            cells.append(f"{speed / 1e9:.1f} ({100 * speed / peak:.0f} %)" if seconds else "")
        rows.append(cells)
    heads = ["GFLOP/s, and share of that peak"]
    heads += [SYSTEMS[system].label for system in ("annette", *FRAMEWORKS)]
    return [*lines, "", *table(heads, rows)]


def processes(results: Results) -> list[str]:
    """Return the section on memory and imports."""
    works = [work for work in results.works if results.peaks.get(work.name)]
    if not works and not results.imports:
        return []
    lines = ["## Memory and import", ""]
    for work in works:
        size = f"{work.data_bytes / 2**20:.0f} MiB"
        lines += [f"{work.title}: one epoch in a fresh process, on {size} of data.", ""]
        heads = ["system", "largest size of the process, MiB", "above the data, MiB"]
        rows = []
        for system in work.systems:
            most = results.peaks[work.name].get(system)
            if most:
                above = most - work.data_bytes
                rows.append([SYSTEMS[system].label, f"{most / 2**20:.0f}", f"{above / 2**20:.0f}"])
        lines += table(heads, rows)
    times = [
        [SYSTEMS[system].label, span(results.imports[system])]
        for system in ("annette", *PEERS)
        if system in results.imports
    ]
    return [*lines, *(table(["system", "import above NumPy's"], times) if times else [])]


def by_rows(results: Results) -> list[str]:
    """Return the section on time by number of rows."""
    works = [work for work in results.works if work.name.startswith("rows_")]
    times = {work.rows: results.median(work.name, "annette") for work in works}
    rows = [[f"{n:,}", span(s), f"{1e6 * s / n:.2f} µs"] for n, s in times.items() if s]
    if not rows:
        return []
    heads = ["rows", "annette, an epoch", "a row"]
    return ["## Time by rows", "", "784-128-64-10, batch 32.", "", *table(heads, rows, texts=0)]


def yardstick(results: Results) -> list[str]:
    """Return the section on the careful NumPy loop."""
    work = next((work for work in results.works if work.name == "yardstick"), None)
    base = results.median("yardstick", "numpy-loop")
    if work is None or base is None:
        return []
    rows = []
    for system in work.systems:
        seconds = results.median(work.name, system)
        if seconds is not None:
            steps = work.rows / work.batch
            cells = [SYSTEMS[system].label, f"{1e6 * seconds / steps:.0f}"]
            rows.append([*cells, f"{seconds / base:.2f}"])
    return [
        "## Beside a careful NumPy loop",
        "",
        f"{work.title}: every buffer made once, all in place, Adam, loss and accuracy.",
        "",
        *table(["system", "µs a step", "times the loop's"], rows),
    ]


def write(results: Results) -> None:
    """Write RESULTS.md and its picture."""
    most = max((len(t) for by in results.seconds.values() for t in by.values()), default=0)
    lines = [
        "# Results",
        "",
        "Written by `make bench`: one run, a process for each system, the systems taking turns, "
        f"medians of up to {most}.",
        "Everything that training does is timed: shuffling, gathering, loss, accuracy. "
        "How each system does each piece of work: `benchmarks/systems/`.",
        "",
        f"- {datetime.date.today():%d %B %Y}: {processor()}, {cores()} cores, {platform.system()}, "
        f"Python {platform.python_version()}",
        *(f"- {text}" for text in dict.fromkeys(results.versions.values())),
        "",
        "## Beside its peers",
        "",
        *peer_table(results),
        "![How many times as long the peers take](results.png)",
        "",
        *limits(results),
        *processes(results),
        *by_rows(results),
        *yardstick(results),
    ]
    (FOLDER / "RESULTS.md").write_text("\n".join(lines).rstrip() + "\n")
    draw(results)
    print(f"Wrote {FOLDER / 'RESULTS.md'}")


def draw(results: Results) -> None:
    """Draw a bar for each workload: how many times as long the best peer takes, on a log scale."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator

    works = compared(results)
    if not works:
        return
    figure, axes = plt.subplots(figsize=(10, 1.3 + 0.52 * len(works)), layout="constrained")
    for row, work in enumerate(works):
        best = ratio(results, work, work.systems)
        assert best is not None and work.wanted is not None
        axes.barh(row, best - 1, left=1, color=BLUE if best >= 1 else GREY, height=0.56, zorder=2)
        axes.plot([work.wanted] * 2, [row - 0.38, row + 0.38], color=INK, linewidth=2, zorder=4)
        for system in work.systems:
            seconds, mine = results.median(work.name, system), results.median(work.name, "annette")
            if system != "annette" and seconds and mine:
                axes.plot(seconds / mine, row, "o", color=INK, alpha=0.35, markersize=5, zorder=3)
        axes.text(
            1.01,
            row,
            f"{three(best)}×",
            transform=axes.get_yaxis_transform(),
            va="center",
            fontsize=10,
            color=BLUE if best >= 1 else INK,
            fontweight="bold",
        )
    axes.set_xscale("log")
    axes.axvline(1, color=INK, linewidth=1, zorder=3)
    titles = [textwrap.fill(f"{work.title.replace('`', '')}: {work.timed}", 62) for work in works]
    axes.set_yticks(range(len(works)), titles, fontsize=8)
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}×")
    axes.xaxis.set_major_locator(LogLocator(100))
    axes.minorticks_off()
    axes.grid(axis="x", color="#e6e8eb", zorder=0)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    figure.suptitle(
        "How many times as long as annette", x=0.01, ha="left", fontsize=12, fontweight="bold"
    )
    figure.supxlabel("bar: the fastest other system; dots: each of them; tick: wanted", fontsize=9)
    figure.savefig(FOLDER / "results.png", dpi=150)
    plt.close(figure)
