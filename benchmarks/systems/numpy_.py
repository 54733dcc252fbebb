"""NumPy by hand: a careful training loop and a plain one, and what the machine itself can do."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from systems.programs import Run
from workloads import Workload


class NumpyLoop:
    """A dense network for classes, trained with Adam, without any library but NumPy."""

    def __init__(self, sizes: Sequence[int], batch: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        pairs = list(itertools.pairwise(sizes))
        self.weights = []
        for n_in, n_out in pairs:
            limit = np.sqrt(6 / (n_in + n_out))  # Glorot and Bengio 2010
            self.weights.append(rng.uniform(-limit, limit, (n_in, n_out)).astype("float32"))
        self.biases = [np.zeros(n, "float32") for n in sizes[1:]]
        self.parameters = [*self.weights, *self.biases]
        self.gradients = [np.empty_like(p) for p in self.parameters]
        self.m = [np.zeros_like(p) for p in self.parameters]
        self.v = [np.zeros_like(p) for p in self.parameters]
        self.scratch = [np.empty_like(p) for p in self.parameters]
        self.scratch_2 = [np.empty_like(p) for p in self.parameters]
        self.x = np.empty((batch, sizes[0]), "float32")
        self.y = np.empty(batch, "int64")
        self.outputs = [np.empty((batch, n), "float32") for n in sizes[1:]]
        self.deltas = [np.empty((batch, n), "float32") for n in sizes[1:]]
        self.masks = [np.empty((batch, n), bool) for n in sizes[1:-1]]
        self.rows = np.arange(batch)
        self.batch = batch
        self.step = 0

    def forward(self) -> None:
        """a = relu(x W + b), layer by layer; the last one softmax."""
        x = self.x
        last = len(self.weights) - 1
        for k, (w, b, a) in enumerate(zip(self.weights, self.biases, self.outputs, strict=True)):
            np.matmul(x, w, out=a)
            a += b
            if k < last:
                np.maximum(a, 0, out=a)
            x = a
        x -= x.max(axis=1, keepdims=True)
        np.exp(x, out=x)
        x /= x.sum(axis=1, keepdims=True)

    def backward(self) -> None:
        """dz = (p - onehot) / n at the top, then dz W^T where the ReLU was open."""
        n = len(self.weights)
        delta = self.deltas[-1]
        np.copyto(delta, self.outputs[-1])
        delta[self.rows, self.y] -= 1
        delta *= 1 / self.batch
        for k in range(n - 1, -1, -1):
            below = self.outputs[k - 1] if k else self.x
            np.matmul(below.T, self.deltas[k], out=self.gradients[k])
            np.sum(self.deltas[k], axis=0, out=self.gradients[n + k])
            if k:
                np.matmul(self.deltas[k], self.weights[k].T, out=self.deltas[k - 1])
                np.greater(below, 0, out=self.masks[k - 1])
                self.deltas[k - 1] *= self.masks[k - 1]

    def update(self, rate: float = 1e-3, b1: float = 0.9, b2: float = 0.999) -> None:
        """Adam (Kingma and Ba 2015), in place."""
        self.step += 1
        step_rate = np.float32(rate * np.sqrt(1 - b2**self.step) / (1 - b1**self.step))
        c1, c2, epsilon = np.float32(1 - b1), np.float32(1 - b2), np.float32(1e-7)
        for p, g, m, v, s, t in zip(
            self.parameters,
            self.gradients,
            self.m,
            self.v,
            self.scratch,
            self.scratch_2,
            strict=True,
        ):
            np.subtract(g, m, out=s)
            s *= c1
            m += s
            np.multiply(g, g, out=s)
            s -= v
            s *= c2
            v += s
            np.sqrt(v, out=s)
            s += epsilon
            np.divide(m, s, out=t)
            t *= step_rate
            p -= t

    def epoch(self, x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
        """Train on every row once, in a new order; return mean loss and accuracy."""
        order = rng.permutation(len(x))
        loss, right = 0.0, 0
        steps = len(x) // self.batch
        for k in range(steps):
            chosen = order[k * self.batch : (k + 1) * self.batch]
            np.take(x, chosen, axis=0, out=self.x)
            np.take(y, chosen, out=self.y)
            self.forward()
            p = self.outputs[-1]
            loss -= float(np.log(p[self.rows, self.y] + 1e-7).sum())
            right += int((p.argmax(axis=1) == self.y).sum())
            self.backward()
            self.update()
        return loss / (steps * self.batch), right / (steps * self.batch)


class PlainLoop:
    """Two layers for two classes, written as one does who learns how it works; rows are columns.

    After the learner's program that is kept in the tests; float64, gradient descent, the cost of
    every epoch, no accuracy.
    """

    def __init__(self, inputs: int, hidden: int, rate: float = 0.1, seed: int = 42) -> None:
        rng = np.random.default_rng(seed)
        self.rate = rate
        self.w1, self.b1 = 0.1 * rng.standard_normal((hidden, inputs)), np.zeros((hidden, 1))
        self.w2, self.b2 = 0.1 * rng.standard_normal((1, hidden)), np.zeros((1, 1))

    def epoch(self, x: np.ndarray, y: np.ndarray) -> float:
        """Take one step on all columns; return the cost."""
        n = x.shape[1]
        z1 = self.w1 @ x + self.b1
        a1 = np.maximum(0, z1)
        a2 = 1 / (1 + np.exp(-np.clip(self.w2 @ a1 + self.b2, -500, 500)))
        p = np.clip(a2, 1e-9, 1 - 1e-9)
        cost = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
        dz2 = a2 - y
        dz1 = (self.w2.T @ dz2) * (z1 > 0).astype(float)
        self.w2 -= self.rate * (dz2 @ a1.T) / n
        self.b2 -= self.rate * np.sum(dz2, axis=1, keepdims=True) / n
        self.w1 -= self.rate * (dz1 @ x.T) / n
        self.b1 -= self.rate * np.sum(dz1, axis=1, keepdims=True) / n
        return float(cost)


class Programs:
    """The jobs."""

    def classes(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Training with the careful loop."""
        loop, rng = NumpyLoop(work.sizes, work.batch), np.random.default_rng(1)

        def run(epochs: int) -> float:
            for _ in range(epochs):
                _, accuracy = loop.epoch(x, y, rng)
            return accuracy

        return run

    def xor(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Training with the plain loop."""
        loop = PlainLoop(*work.sizes[:2])
        columns, targets = x.T.astype("float64"), y[None].astype("float64")

        def run(epochs: int) -> None:
            costs = []
            for _ in range(epochs):
                costs.append(loop.epoch(columns, targets))

        return run

    def product(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """A matrix product."""
        a, b = np.ones((2, work.rows, work.rows), "float32")
        out = np.empty_like(a)

        def run(calls: int) -> None:
            for _ in range(calls):
                np.matmul(a, b, out=out)

        return run

    def flush(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Bytes into a file, and the file to the disk."""
        folder, data = tempfile.TemporaryDirectory(), np.ones(work.sizes[0], "float32")

        def run(calls: int) -> None:
            for _ in range(calls):
                with open(f"{folder.name}/file", "wb") as file:
                    file.write(memoryview(data))
                    file.flush()
                    os.fsync(file.fileno())

        return run

    def copy(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """A copy, each core a piece of it."""
        cores = os.cpu_count() or 1
        source, target = np.ones((2, work.rows), "float32")
        pieces = list(
            zip(np.array_split(target, cores), np.array_split(source, cores), strict=True)
        )
        pool = ThreadPoolExecutor(cores)

        def run(calls: int) -> None:
            for _ in range(calls):
                list(pool.map(lambda piece: np.copyto(*piece), pieces))

        return run


jobs = Programs()


def forget() -> None:
    """Nothing is kept."""


def versions() -> str:
    """Return the version and the matrix library it was built with."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return f"NumPy {np.__version__} ({blas.get('name', 'unknown')} {blas.get('version', '')})"
