"""`tf.data.experimental`: what programs use of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from annette.compat.dataset import INFINITE, UNKNOWN, Dataset

AUTOTUNE = -1
INFINITE_CARDINALITY = INFINITE
UNKNOWN_CARDINALITY = UNKNOWN


def cardinality(dataset: Dataset) -> Any:
    """Return the number of elements; -1 is infinite, -2 unknown."""
    return dataset.cardinality()


def assert_cardinality(expected_cardinality: Any) -> Callable[[Dataset], Dataset]:
    """Return a step for `apply` that gives a dataset a length that is known."""
    from annette.compat.dataset.steps import Same

    class Counted(Same):
        def _count(self) -> int:
            return int(expected_cardinality)

    return Counted


def unbatch() -> Callable[[Dataset], Dataset]:
    """Return the step `Dataset.unbatch` for `apply`."""
    return Dataset.unbatch


def shuffle_and_repeat(
    buffer_size: int, count: Any = None, seed: Any = None
) -> Callable[[Dataset], Dataset]:
    """Return the steps `shuffle` and `repeat` for `apply`."""
    return lambda dataset: dataset.shuffle(buffer_size, seed).repeat(count)


def map_and_batch(
    map_func: Callable[..., Any],
    batch_size: int,
    num_parallel_batches: Any = None,
    drop_remainder: Any = False,
    num_parallel_calls: Any = None,
) -> Callable[[Dataset], Dataset]:
    """Return the steps `map` and `batch` for `apply`."""
    return lambda dataset: dataset.map(map_func).batch(batch_size, drop_remainder)


def get_single_element(dataset: Dataset) -> Any:
    """Return the one element."""
    return dataset.get_single_element()
