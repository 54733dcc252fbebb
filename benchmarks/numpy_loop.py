"""A careful hand-written NumPy training loop, and annette's `fit` on its NumPy backend beside it.

The work: a 784-128-64-10 network with ReLU, softmax cross-entropy on integer labels, Adam, batches
of 32, float32, shuffled rows, running loss and accuracy. The loop is what one writes who knows
NumPy well: every buffer is made once, everything is done in place. Both are timed in turn, epoch by
epoch, and medians are compared.

    python benchmarks/numpy_loop.py [--rows 12800] [--repeats 7] [--write]
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import time
from collections.abc import Callable, Sequence

# Products of this size are fastest on one thread, for both; it must be set before NumPy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # after the setting above

SIZES = (784, 128, 64, 10)
BATCH = 32


class NumpyLoop:
    """A dense network for classes, trained with Adam, without any library but NumPy."""

    def __init__(self, sizes: Sequence[int] = SIZES, batch: int = BATCH, seed: int = 0) -> None:
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


def clustered(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return data of MNIST's size: ten patterns of 784 values under noise, mean 0.

    They overlap and have mean 0 so that no unit dies: the averages that Adam keeps of a gradient
    that has become 0 shrink to subnormal numbers, which processors are slow at.
    """
    rng = np.random.default_rng(seed)
    patterns = rng.standard_normal((10, SIZES[0]), dtype="float32")
    y = rng.integers(0, 10, rows)
    x = 0.07 * patterns[y] + rng.standard_normal((rows, SIZES[0]), dtype="float32")
    return x, y


def annette_epoch(x: np.ndarray, y: np.ndarray) -> Callable[[], tuple[float, float]]:
    """Return a function that trains the same network for one epoch with `fit`."""
    import annette as keras

    layers = [keras.layers.Dense(n, activation="relu") for n in SIZES[1:-1]]
    layers.append(keras.layers.Dense(SIZES[-1], activation="softmax"))
    model = keras.Sequential([keras.Input((SIZES[0],)), *layers])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])

    def run() -> tuple[float, float]:
        history = model.fit(x, y, batch_size=BATCH, epochs=1, verbose=0).history
        return history["loss"][0], history["accuracy"][0]

    return run


def measure(rows: int, repeats: int) -> dict[str, list[float]]:
    """Return the seconds of each epoch, the two taking turns; the first of each is not counted."""
    x, y = clustered(rows)
    loop, rng = NumpyLoop(), np.random.default_rng(1)
    runs = {"NumPy loop": lambda: loop.epoch(x, y, rng), "annette": annette_epoch(x, y)}
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for repeat in range(repeats + 1):
        for name, run in runs.items():
            begin = time.perf_counter()
            loss, accuracy = run()
            if repeat:
                seconds[name].append(time.perf_counter() - begin)
            else:
                print(f"{name:12} loss {loss:.4f}, accuracy {accuracy:.4f} after one epoch")
    return seconds


def limits() -> tuple[float, float]:
    """Return what the machine can do here: a matrix product's FLOP/s, a copy's bytes/s."""
    a = np.ones((768, 768), "float32")
    out, source = np.empty_like(a), np.ones(2**24, "float32")
    target = np.empty_like(source)

    def best(work: Callable[[], object]) -> float:
        times = []
        for _ in range(9):
            begin = time.perf_counter()
            work()
            times.append(time.perf_counter() - begin)
        return min(times)

    flops = 2 * 768**3 / best(lambda: np.matmul(a, a, out=out))
    return flops, 2 * source.nbytes / best(lambda: np.copyto(target, source))


def work_of_a_step() -> tuple[int, int]:
    """Return the least a step has to do: operations of its matrix products, bytes of Adam's arrays."""
    sizes = [n * m for n, m in itertools.pairwise(SIZES)]
    # Forward, weight gradient, and the gradient handed down, which the first layer needs not.
    flops = 2 * BATCH * (2 * sum(sizes) + sum(sizes[1:]))
    # Weight and two averages read and written, the gradient read.
    return flops, 7 * 4 * (sum(sizes) + sum(SIZES[1:]))


def main() -> None:
    """Measure, print, and with --write put the result into benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rows", type=int, default=12800)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--write", action="store_true", help="write RESULTS.md and its picture")
    options = parser.parse_args()
    seconds = measure(options.rows, options.repeats)
    steps = options.rows // BATCH
    for name, times in seconds.items():
        print(f"{name:12} {1e6 * statistics.median(times) / steps:8.1f} µs a step")
    ratio = statistics.median(seconds["annette"]) / statistics.median(seconds["NumPy loop"])
    print(f"annette takes {ratio:.2f} times as long as the NumPy loop")
    if options.write:
        from report import write

        write(seconds, steps, limits(), work_of_a_step())


if __name__ == "__main__":
    main()
