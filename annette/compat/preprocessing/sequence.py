"""`keras.preprocessing.sequence`: windows of series, and pairs of words for word2vec."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np

from annette.utils import pad_sequences
from annette.utils.py_dataset import PyDataset

__all__ = [
    "TimeseriesGenerator",
    "make_sampling_table",
    "pad_sequences",
    "skipgrams",
    "timeseries_generator_from_json",
]


class TimeseriesGenerator(PyDataset):
    """Batches of windows of a series, each with the target of the step after it.

    Args:
        data: the series, steps first.
        targets: one a step of `data`.
        length: steps that a window reaches back.
        sampling_rate: steps between two steps of a window.
        stride: steps between two windows.
        start_index: the first step that is used.
        end_index: the last step that is used.
        shuffle: whether windows are drawn at random.
        reverse: whether the steps of a window are turned round.
        batch_size: windows in a batch.

    Raises:
        ValueError: if data and targets differ in length, or there is no window.
    """

    def __init__(
        self,
        data: Any,
        targets: Any,
        length: int,
        sampling_rate: int = 1,
        stride: int = 1,
        start_index: int = 0,
        end_index: int | None = None,
        shuffle: bool = False,
        reverse: bool = False,
        batch_size: int = 128,
    ) -> None:
        super().__init__()
        if len(data) != len(targets):
            raise ValueError(
                f"data and targets must be equally long; they have {len(data)} and {len(targets)} "
                "steps."
            )
        self.data, self.targets, self.length = data, targets, length
        self.sampling_rate, self.stride, self.batch_size = sampling_rate, stride, batch_size
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle, self.reverse = shuffle, reverse
        if self.start_index > self.end_index:
            raise ValueError(
                f"There is no window: start_index + length = {self.start_index} is beyond "
                f"end_index = {self.end_index}. Give a longer series or a smaller length."
            )

    def __len__(self) -> int:
        per_batch = self.batch_size * self.stride
        return (self.end_index - self.start_index + per_batch) // per_batch

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return batch `index`: windows (n, length / sampling_rate, ...) and targets (n, ...)."""
        if self.shuffle:
            rows = np.random.randint(self.start_index, self.end_index + 1, size=self.batch_size)
        else:
            first = self.start_index + self.batch_size * self.stride * index
            last = min(first + self.batch_size * self.stride, self.end_index + 1)
            rows = np.arange(first, last, self.stride)
        data, targets = np.asarray(self.data), np.asarray(self.targets)
        steps = rows[:, None] + np.arange(-self.length, 0, self.sampling_rate)
        samples = data[steps]
        return (samples[:, ::-1, ...] if self.reverse else samples), targets[rows]

    def get_config(self) -> dict[str, Any]:
        """Return the settings, with data and targets as JSON."""
        as_json = {
            k: json.dumps(np.asarray(getattr(self, k)).tolist()) for k in ("data", "targets")
        }
        names = (
            "length sampling_rate stride start_index end_index shuffle reverse batch_size"
        ).split()
        return {**as_json, **{name: getattr(self, name) for name in names}}

    def to_json(self, **kwargs: Any) -> str:
        """Return it as JSON, for `timeseries_generator_from_json`."""
        return json.dumps(
            {"class_name": type(self).__name__, "config": self.get_config()}, **kwargs
        )


def timeseries_generator_from_json(json_string: str) -> TimeseriesGenerator:
    """Return the `TimeseriesGenerator` that `to_json` wrote."""
    config = json.loads(json_string)["config"]
    data, targets = (np.array(json.loads(config.pop(key))) for key in ("data", "targets"))
    config["start_index"] -= config["length"]  # written with the length in it
    return TimeseriesGenerator(data, targets, **config)


def make_sampling_table(size: int, sampling_factor: float = 1e-5) -> np.ndarray:
    """Return the chance with which the word of each rank is kept, for `skipgrams`.

    A word of rank r has frequency 1 / (r (log r + 0.577) + 1/2 - 1 / (12 r)) (Zipf's law); it is
    kept with min(1, sqrt(sampling_factor / frequency)) (Mikolov et al., 2013).
    """
    rank = np.arange(size, dtype="float64")
    rank[0] = 1
    inverse = rank * (np.log(rank) + 0.577) + 0.5 - 1.0 / (12.0 * rank)
    table: np.ndarray = np.minimum(1.0, np.sqrt(sampling_factor * inverse))
    return table


def skipgrams(
    sequence: Any,
    vocabulary_size: int,
    window_size: int = 4,
    negative_samples: float = 1.0,
    shuffle: bool = True,
    categorical: bool = False,
    sampling_table: Any = None,
    seed: int | None = None,
) -> tuple[list[list[int]], list[Any]]:
    """Return pairs of words and whether they stand near each other (Mikolov et al., 2013).

    Args:
        sequence: numbers of words; 0 is none and left out.
        vocabulary_size: one more than the largest number.
        window_size: how many words apart a pair may be.
        negative_samples: pairs of words at random for each true pair.
        shuffle: whether to mix the pairs.
        categorical: whether labels are [0, 1] and [1, 0] instead of 1 and 0.
        sampling_table: the chance with which each word is kept.
        seed: of the mixing.
    """
    couples: list[list[int]] = []
    labels: list[Any] = []
    yes, no = ([0, 1], [1, 0]) if categorical else (1, 0)
    for i, word in enumerate(sequence):
        if not word or (sampling_table is not None and sampling_table[word] < random.random()):
            continue
        near = range(max(0, i - window_size), min(len(sequence), i + window_size + 1))
        true = [[word, sequence[j]] for j in near if j != i and sequence[j]]
        couples += true
        labels += [yes] * len(true)
    if negative_samples > 0 and couples:
        count = int(len(labels) * negative_samples)
        words = [pair[0] for pair in couples]
        random.shuffle(words)
        couples += [
            [words[i % len(words)], random.randint(1, vocabulary_size - 1)] for i in range(count)
        ]
        labels += [no] * count
    if shuffle:
        seed = random.randint(0, 10**7) if seed is None else seed
        for part in (couples, labels):
            random.Random(seed).shuffle(part)
    return couples, labels
