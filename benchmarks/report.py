"""Writes what was measured: a table in RESULTS.md and a picture beside it."""

from __future__ import annotations

import datetime
import os
import platform
import statistics
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent


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


def blas() -> str:
    """Return the matrix library that NumPy was built with."""
    found = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return f"{found.get('name', 'unknown')} {found.get('version', '')}".strip()


def write(
    seconds: dict[str, list[float]],
    steps: int,
    limits: tuple[float, float],
    work: tuple[int, int],
) -> None:
    """Write RESULTS.md and its picture for epochs of so many steps.

    Args:
        seconds: of each epoch, by system.
        steps: in an epoch.
        limits: of the machine, FLOP/s of a matrix product and bytes/s of a copy.
        work: the least a step has to do, FLOP and bytes.
    """
    import annette

    micro = {name: [1e6 * s / steps for s in times] for name, times in seconds.items()}
    base = statistics.median(micro["NumPy loop"])
    lines = [
        "# Results",
        "",
        "Written by `make bench`. One run, the systems taking turns epoch by epoch, medians of",
        f"{len(next(iter(micro.values())))} epochs; everything that `fit` does is timed: "
        "shuffling, gathering, loss, accuracy.",
        "",
        f"- {datetime.date.today():%d %B %Y}, {processor()}, {cores()} cores, {platform.system()}",
        f"- Python {platform.python_version()}, NumPy {np.__version__} ({blas()}, "
        f"{os.environ.get('OPENBLAS_NUM_THREADS', 'all')} thread), "
        f"annette {annette.__version__} on its {annette.config.backend()} backend",
        "",
        "## 784-128-64-10, ReLU, Adam, batches of 32, float32",
        "",
        "| system | µs a step, median | least | most | times the NumPy loop | GFLOP/s | of the peak |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, times in micro.items():
        median = statistics.median(times)
        lines.append(
            f"| {name} | {median:.0f} | {min(times):.0f} | {max(times):.0f} | {median / base:.2f} "
            f"| {work[0] / median / 1e3:.1f} | {100 * work[0] / median * 1e6 / limits[0]:.0f} % |"
        )
    floor = 1e6 * (work[0] / limits[0] + work[1] / limits[1])
    lines += [
        "",
        f"The machine in the same run: {limits[0] / 1e9:.0f} GFLOP/s in a product of 768 by 768 "
        f"matrices, {limits[1] / 1e9:.1f} GB/s in a copy of 64 MiB.",
        f"A step's matrix products are {work[0] / 1e6:.1f} MFLOP and Adam's arrays "
        f"{work[1] / 1e6:.1f} MB: at those speeds, one after the other, {floor:.0f} µs.",
        "",
        "![µs a step](results.png)",
        "",
    ]
    (FOLDER / "RESULTS.md").write_text("\n".join(lines))
    draw(micro)
    print(f"Wrote {FOLDER / 'RESULTS.md'}")


def draw(micro: dict[str, list[float]]) -> None:
    """Draw the medians as bars, with every epoch as a dot."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 0.9 + 0.6 * len(micro)), layout="constrained")
    for row, (name, times) in enumerate(micro.items()):
        colour = "#3b6ea5" if name == "annette" else "#b8bec6"
        median = statistics.median(times)
        axes.barh(row, median, color=colour, height=0.6)
        axes.plot(times, [row] * len(times), ".", color="#333333", markersize=4)
        axes.text(median / 2, row, f"{median:.0f}", ha="center", va="center", fontsize=10)
    axes.set_yticks(range(len(micro)), list(micro))
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel("microseconds a training step (less is better)")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(FOLDER / "results.png", dpi=150)
    plt.close(figure)
