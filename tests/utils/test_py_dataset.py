"""A PyDataset's batches come once each, in order, whatever its workers."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from annette.utils import PyDataset
from annette.utils.py_dataset import load_batches


class Squares(PyDataset):
    def __init__(self, n=6, fails_at=None, **kwargs):
        super().__init__(**kwargs)
        self.n = n
        self.fails_at = fails_at
        self.threads = set()

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        self.threads.add(threading.current_thread().name)
        if index == self.fails_at:
            raise OSError(f"no file {index}")
        time.sleep(0.002 * (self.n - index))  # later ones are ready sooner
        return np.full((2, 1), index), np.full(2, index * index)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"workers": 3},
        {"workers": 3, "max_queue_size": 1},
        {"workers": 2, "use_multiprocessing": True},
    ],
)
# Python 3.12 warns of forking beside threads; the workers here start before any are used.
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_batches_come_in_order(options):
    got = [int(y[0]) for _, y in load_batches(Squares(**options), [4, 0, 5, 1])]
    assert got == [16, 0, 25, 1]


def test_workers_are_threads_of_their_own():
    dataset = Squares(workers=2)
    list(load_batches(dataset, range(6)))
    assert threading.current_thread().name not in dataset.threads


def test_an_error_in_a_worker_comes_out():
    batches = load_batches(Squares(workers=2, fails_at=2), range(6))
    assert len([next(batches), next(batches)]) == 2
    with pytest.raises(OSError, match="no file 2"):
        next(batches)


def test_breaking_off_stops_the_workers():
    batches = load_batches(Squares(n=1000, workers=2, max_queue_size=4), range(1000))
    next(batches)
    batches.close()


def test_iterating_uses_no_workers():
    assert len(list(Squares(n=3, workers=2))) == 3


def test_a_constructor_that_does_not_call_super_is_told():
    class Forgetful(PyDataset):
        def __init__(self):
            pass

        def __len__(self):
            return 1

    with pytest.warns(UserWarning, match=r"should call super\(\).__init__"):
        assert Forgetful().workers == 1


def test_missing_methods_are_named():
    with pytest.raises(NotImplementedError, match="__getitem__"):
        PyDataset()[0]
    with pytest.raises(NotImplementedError, match="__len__"):
        _ = PyDataset().num_batches
