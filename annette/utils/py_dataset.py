"""PyDataset: batches made by the user's own code, loaded ahead by threads or processes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from annette.utils.warning import warn

_DEFAULTS = {"_workers": 1, "_use_multiprocessing": False, "_max_queue_size": 10}


class PyDataset:
    """A dataset that computes its batches: subclass it and write `__getitem__` and `__len__`.

    ``dataset[i]`` is batch `i`, a tuple ``(x,)``, ``(x, y)`` or ``(x, y, sample_weight)``, and
    ``len(dataset)`` the number of batches. Each batch is used once an epoch, in a new order if
    ``fit`` shuffles. `on_epoch_begin` and `on_epoch_end` may be overridden.

    Args:
        workers: how many threads or processes make batches; 1 without processes means none.
        use_multiprocessing: whether they are processes; the dataset is then copied to each.
        max_queue_size: how many batches are made ahead at most.
    """

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ) -> None:
        self._workers = workers
        self._use_multiprocessing = use_multiprocessing
        self._max_queue_size = max_queue_size

    @property
    def workers(self) -> int:
        """How many threads or processes make batches."""
        return _count("workers", self._setting("_workers"))

    @workers.setter
    def workers(self, value: int) -> None:
        self._workers = value

    @property
    def use_multiprocessing(self) -> bool:
        """Whether they are processes."""
        return bool(self._setting("_use_multiprocessing"))

    @use_multiprocessing.setter
    def use_multiprocessing(self, value: bool) -> None:
        self._use_multiprocessing = value

    @property
    def max_queue_size(self) -> int:
        """How many batches are made ahead at most."""
        return _count("max_queue_size", self._setting("_max_queue_size"))

    @max_queue_size.setter
    def max_queue_size(self, value: int) -> None:
        self._max_queue_size = value

    def _setting(self, name: str) -> Any:
        if name not in self.__dict__:
            warn(
                f"{type(self).__name__} should call super().__init__(**kwargs) in its "
                "constructor, so that workers, use_multiprocessing and max_queue_size can be set."
            )
            for key, value in _DEFAULTS.items():
                self.__dict__.setdefault(key, value)
        return self.__dict__[name]

    def __getitem__(self, index: int) -> Any:
        """Return batch `index`: a tuple ``(x,)``, ``(x, y)`` or ``(x, y, sample_weight)``."""
        raise NotImplementedError(f"{type(self).__name__} needs a method __getitem__(self, index).")

    def __iter__(self) -> Iterator[Any]:
        """Yield the batches one after the other, without workers."""
        count = self.num_batches
        index = 0
        while count is None or index < count:
            yield self[index]
            index += 1

    @property
    def num_batches(self) -> int | None:
        """The number of batches: ``len(self)``; override it to return None for endless data."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(
            f"{type(self).__name__} needs a method __len__(self) that returns the number of "
            "batches, or a property num_batches."
        )

    def on_epoch_begin(self) -> None:
        """Called at the start of every epoch."""

    def on_epoch_end(self) -> None:
        """Called at the end of every epoch."""


def _count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"PyDataset expects {name} to be a whole number; it got {value!r}.")
    return int(value)


_dataset: PyDataset | None = None  # in a worker process: the dataset it makes batches of


def _keep(dataset: PyDataset) -> None:
    global _dataset
    _dataset = dataset


def _make(index: int) -> Any:
    if _dataset is None:  # `_keep` runs when the process starts
        raise RuntimeError("This process has no dataset to make batches of.")
    return _dataset[index]


def load_batches(dataset: PyDataset, order: Iterable[int]) -> Iterator[Any]:
    """Yield the dataset's batches in `order`, made ahead by its workers where it has any.

    Closing the iterator stops the workers. An error in a worker is raised here, in its turn.
    """
    workers = dataset.workers
    processes = dataset.use_multiprocessing
    if workers < 1 or (workers == 1 and not processes):
        for index in order:
            yield dataset[index]
        return
    import concurrent.futures as futures

    pool: futures.Executor
    if processes:
        pool = futures.ProcessPoolExecutor(workers, initializer=_keep, initargs=(dataset,))
        make: Any = _make
    else:
        pool = futures.ThreadPoolExecutor(workers, thread_name_prefix="annette-data")
        make = dataset.__getitem__
    ahead = max(1, dataset.max_queue_size)
    waiting: deque[Any] = deque()
    indices = iter(order)
    try:
        for index in indices:
            waiting.append(pool.submit(make, index))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
