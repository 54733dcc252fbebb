"""What is measured: each piece of work, its sizes, what is timed, and how far ahead annette is to be."""

from __future__ import annotations

import dataclasses
import itertools
import math

PEERS = ("torch", "keras-jax", "keras-tensorflow", "sklearn")
MNIST = (784, 128, 64, 10)
FRAMEWORKS = PEERS[:3]
IMAGES = (28, 28, 1)  # height, width, channels
COLOURS = (32, 32, 3)
WIDE = (1024, 1024, 1024, 10)


@dataclasses.dataclass(frozen=True)
class Workload:
    """A piece of work that every system does in its own way.

    Attributes:
        name: for the command line.
        title: for the table.
        timed: what the seconds in the table are of.
        job: the function of `systems/` that does it.
        kind: "warm" (in a running process, after warming up), "process" (all of a fresh process),
            "first" (in a fresh process, after the imports) or "memory" (its largest size).
        sizes: of the network's layers, the input first; of the images.
        rows: of the data.
        batch: rows in a step.
        units: epochs or calls in one measurement.
        amount: epochs or calls that the seconds in the table are for.
        warm: epochs or calls before measuring.
        wanted: how many times as long the best peer is to take as annette.
        systems: that can do it.
        repeats: at most so many.
        limit: seconds for a measurement of many epochs or calls; when they would take longer, fewer
            are done.
    """

    name: str
    title: str
    timed: str
    job: str
    kind: str = "warm"
    sizes: tuple[int, ...] = MNIST
    rows: int = 60_000
    batch: int = 32
    units: int = 1
    amount: int = 1
    warm: int = 1
    wanted: float | None = None
    systems: tuple[str, ...] = ("annette", *PEERS)
    repeats: int = 99
    limit: float = 4.0

    @property
    def flops(self) -> float:
        """Operations in the matrix products of an epoch: forward, weight gradients, and the
        gradients handed down, which the first layer needs not.
        """
        weights = [n * m for n, m in itertools.pairwise(self.sizes)]
        return 2.0 * self.rows * (2 * sum(weights) + sum(weights[1:]))

    @property
    def data_bytes(self) -> int:
        """Bytes of the rows that go into the network."""
        values = math.prod(self.sizes) if self.sizes in (IMAGES, COLOURS) else self.sizes[0]
        return 4 * self.rows * values


WORKLOADS = (
    Workload(
        "mnist_b32",
        "784-128-64-10, Adam, batch 32, 60,000 rows",
        "an epoch, warm",
        "classes",
        wanted=3,
    ),
    Workload(
        "mnist_b128",
        "the same, batch 128",
        "an epoch, warm",
        "classes",
        batch=128,
        wanted=2,
    ),
    Workload(
        "digits",
        "64-64-32-10 on the digits, batch 32, 20 epochs",
        "whole process",
        "digits",
        kind="process",
        sizes=(64, 64, 32, 10),
        rows=1438,
        wanted=5,
        repeats=3,
    ),
    Workload(
        "binary",
        "20-64-1 on 800 rows, batch 32, with validation",
        "an epoch of 10, warm",
        "binary",
        sizes=(20, 64, 1),
        rows=800,
        units=10,
        warm=10,
        wanted=8,
    ),
    Workload(
        "xor",
        "XOR 2-4-1, full batch, SGD",
        "10,000 epochs, warm",
        "xor",
        sizes=(2, 4, 1),
        rows=4,
        batch=4,
        units=10_000,
        amount=10_000,
        warm=100,
        wanted=20,
        repeats=3,
    ),
    Workload(
        "xor_loop",
        "the same, beside a plain NumPy loop",
        "10,000 epochs, warm",
        "xor",
        sizes=(2, 4, 1),
        rows=4,
        batch=4,
        units=10_000,
        amount=10_000,
        warm=100,
        wanted=5,
        systems=("annette", "numpy-loop"),
    ),
    Workload(
        "wide",
        "1024-1024-1024-10, Adam, batch 256, 20,480 rows",
        "an epoch, warm",
        "classes",
        sizes=WIDE,
        rows=20_480,
        batch=256,
        wanted=1.15,
    ),
    Workload(
        "predict_one",
        "one row through `model.predict`",
        "a call, warm",
        "predict_one",
        rows=1,
        units=1000,
        warm=20,
        wanted=10,
        systems=("annette", "keras-jax", "keras-tensorflow", "sklearn"),
    ),
    Workload(
        "call_one",
        "one row through `model(x)`",
        "a call, warm",
        "call_one",
        rows=1,
        units=5000,
        warm=20,
        wanted=3,
        systems=("annette", "torch", "keras-jax", "keras-tensorflow"),
    ),
    Workload(
        "predict_all",
        "predict on 60,000 rows",
        "a call, warm",
        "predict_all",
        wanted=2,
    ),
    Workload(
        "first_step",
        "build, compile and the first step of `fit`, batch 32",
        "in a fresh process, after the imports",
        "classes",
        kind="first",
        rows=32,
        wanted=20,
        repeats=3,
    ),
    Workload(
        "convnet",
        "32-3x3, pool, 64-3x3, pool, dropout, 10 on 28 x 28 images, Adam, batch 128, 6,400 images",
        "an epoch, warm",
        "convnet",
        sizes=IMAGES,
        rows=6_400,
        batch=128,
        wanted=1.8,
        systems=("annette", *FRAMEWORKS),
    ),
    Workload(
        "residual",
        "residual network, six 3x3 convolutions 32-64-128, BatchNormalization, 32 x 32 x 3, batch 64, "
        "1,280 images",
        "an epoch, warm",
        "residual",
        sizes=COLOURS,
        rows=1_280,
        batch=64,
        wanted=1.5,
        systems=("annette", *FRAMEWORKS),
    ),
    Workload(
        "separable",
        "separable convolutions 32-64-128-128, BatchNormalization, 32 x 32 x 3, batch 64, 1,280 images",
        "an epoch, warm",
        "separable",
        sizes=COLOURS,
        rows=1_280,
        batch=64,
        wanted=1.5,
        systems=("annette", *FRAMEWORKS),
    ),
    Workload(
        "convnet_predict",
        "predict of the first of these networks on 10,000 images",
        "a call, warm",
        "convnet_predict",
        sizes=IMAGES,
        rows=10_000,
        batch=128,
        wanted=1.5,
        systems=("annette", *FRAMEWORKS),
    ),
    Workload(
        "convnet_first",
        "the convnet: build, compile and the first step of `fit`",
        "in a fresh process, after the imports",
        "convnet",
        kind="first",
        sizes=IMAGES,
        rows=128,
        batch=128,
        wanted=1,
        repeats=3,
        systems=("annette", *FRAMEWORKS),
    ),
    *(
        Workload(
            name,
            f"{title}(128) over 28 steps of 28, Adam, batch 64, 6,400 sequences",
            "an epoch, warm",
            "recurrent",
            sizes=(28, 28, 128),
            rows=6_400,
            batch=64,
            wanted=wanted,
            systems=("annette", *FRAMEWORKS),
        )
        for name, title, wanted in (
            ("lstm", "LSTM", 1.15),
            ("gru", "GRU", 2.5),
            ("simple_rnn", "SimpleRNN", 2),
        )
    ),
    Workload(
        "stacked",
        "two LSTM(64) over 60 steps of 8, batch 32, 1,280 sequences",
        "an epoch, warm",
        "stacked",
        sizes=(60, 8, 64),
        rows=1_280,
        wanted=2,
        systems=("annette", *FRAMEWORKS),
    ),
    Workload(
        "transformer",
        "a transformer block, 4 heads, width 64, length 80, batch 32, 1,280 sequences",
        "an epoch, warm",
        "transformer",
        sizes=(80, 64, 4),
        rows=1_280,
        wanted=1.5,
        systems=("annette", *FRAMEWORKS),
    ),
    Workload(
        "next_step",
        "one step of a stateful LSTM(128) through `model.predict`",
        "a call, warm",
        "next_step",
        sizes=(28, 128, 10),
        rows=1,
        units=1000,
        warm=20,
        wanted=5,
        systems=("annette", *FRAMEWORKS),
    ),
    Workload(
        "memory",
        "784-128-64-10, batch 32, 60,000 rows",
        "largest size of a fresh process, one epoch",
        "classes",
        kind="memory",
        repeats=1,
    ),
    Workload(
        "convnet_memory",
        "the convnet, batch 128, 10,000 images",
        "largest size of a fresh process, one epoch",
        "convnet",
        kind="memory",
        sizes=IMAGES,
        rows=10_000,
        batch=128,
        repeats=1,
        systems=("annette", *FRAMEWORKS),
    ),
    *(
        Workload(
            name,
            f"a model of 50 million weights, {title}",
            "a call, warm; annette's with checksums, and flushed",
            name,
            sizes=(7000, 7000, 140),
            rows=1,
            wanted=1,
            systems=("annette", "keras-jax", "keras-tensorflow"),
        )
        for name, title in (
            ("save", "`model.save` to a .keras file"),
            ("load", "`load_model` of a .keras file"),
            ("load_weights", "`load_weights` of a .weights.h5 file"),
        )
    ),
    Workload(
        "yardstick",
        "784-128-64-10, batch 32, 12,800 rows, beside a careful NumPy loop",
        "an epoch, warm",
        "classes",
        rows=12_800,
        systems=("annette", "annette-numpy", "numpy-loop"),
    ),
    *(
        Workload(
            f"rows_{rows}",
            f"784-128-64-10, batch 32, {rows:,} rows",
            "an epoch, warm",
            "classes",
            rows=rows,
            units=max(1, 20_000 // rows),
            systems=("annette",),
            repeats=3,
        )
        for rows in (1_000, 10_000, 100_000, 1_000_000)
    ),
    *(
        Workload(
            f"product_{n}",
            f"a product of {n} x {n} matrices, float32",
            "a call, warm",
            "product",
            sizes=(n, n),
            rows=n,
            units=20,
            warm=3,
            systems=("numpy", "annette", "torch"),
        )
        for n in (1024, 2048)
    ),
    Workload(
        "copy",
        "a copy of 512 MiB, on all cores",
        "a call, warm",
        "copy",
        sizes=(1,),
        rows=2**27,
        systems=("numpy",),
    ),
    Workload(
        "flush",
        "a file of 200 MB, written and flushed to the disk",
        "a call, warm",
        "flush",
        sizes=(50_000_000,),
        rows=1,
        systems=("numpy",),
    ),
)


def quick(work: Workload) -> Workload:
    """Return a fifth of the work, for a first look; the title tells so."""
    if work.kind != "warm":
        work = dataclasses.replace(work, repeats=1)
    if work.job == "classes" and work.rows > 1_000:
        return dataclasses.replace(
            work, rows=work.rows // 5, title=f"{work.title}, here a fifth of the rows"
        )
    return dataclasses.replace(work, warm=min(work.warm, 20), limit=1.0)


def chosen(names: list[str] | None, quickly: bool) -> list[Workload]:
    """Return the workloads of these names, all of them without names."""
    known = {work.name: work for work in WORKLOADS}
    unknown = set(names or ()) - set(known)
    if unknown:
        raise SystemExit(f"--only knows {', '.join(known)}; it got {', '.join(sorted(unknown))}.")
    works = [known[name] for name in names] if names else list(WORKLOADS)
    if not quickly:
        return works
    return [quick(work) for work in works if names or work.name != "rows_1000000"]
