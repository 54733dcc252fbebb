"""Data with strings, for models whose first layers take strings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from annette.layers import InputLayer
from annette.models import Sequential
from annette.models.strings import MADE
from annette.training.data.factory import is_stream
from annette.training.data.source import DataSource
from annette.utils import tree
from annette.utils.batch import pack_x_y_sample_weight, unpack_x_y_sample_weight
from annette.utils.py_dataset import PyDataset


def without_strings(model: Any, x: Any) -> Any:
    """Return `x` with what the model's layers make of strings, where it begins with such layers.

    Batches of a stream are changed as they come; other data at once, so that an epoch reads numbers.
    """
    if x is None or isinstance(x, DataSource) or (isinstance(x, dict) and MADE in x):
        return x
    functional = _begins_with_strings(model, x)
    if functional is None:
        return x
    if isinstance(x, PyDataset):
        return _Items(functional, x)
    if is_stream(x):
        batches = (_CountedBatches if hasattr(x, "__len__") else _Batches)(functional, x)
        return iter(batches) if hasattr(x, "__next__") else batches
    return functional.without_strings(_as_arrays(x))


def _begins_with_strings(model: Any, x: Any) -> Any:
    """Return the functional model that takes strings and is, or computes, the model; or None."""
    if isinstance(model, Sequential):
        if not model.built and not is_stream(x):
            _build_for_strings(model, x)
        model = model._functional
    inputs = getattr(model, "inputs", None) or []
    takes = any(getattr(t, "dtype", None) == "string" for t in inputs)
    return model if takes and hasattr(model, "without_strings") else None


def _build_for_strings(model: Sequential, x: Any) -> None:
    if tree.is_nested(x) and not isinstance(x, (list, tuple)):
        return
    array = np.asarray(x) if isinstance(x, (list, tuple)) else x
    if getattr(getattr(array, "dtype", None), "kind", "") in ("U", "S", "T") and model._row:
        shape = (None, *array.shape[1:])
        model._row.insert(0, InputLayer(batch_shape=shape, dtype="string"))
        model.build(shape)


def _as_arrays(x: Any) -> Any:
    """Return data whose lists of texts are arrays; other lists hold the data of several inputs."""
    if isinstance(x, dict):
        return {name: _as_arrays(value) for name, value in x.items()}
    if isinstance(x, (list, tuple)) and not _holds_texts(x):
        return [_as_arrays(value) for value in x]
    return np.asarray(x)


def _holds_texts(x: Any) -> bool:
    while isinstance(x, (list, tuple)) and len(x):
        x = x[0]
    return isinstance(x, (str, bytes))


def _changed(functional: Any, batch: Any) -> Any:
    x, y, weight = unpack_x_y_sample_weight(batch)
    made = functional.without_strings(_as_arrays(x))
    return pack_x_y_sample_weight(made, y, weight) if isinstance(batch, tuple) else made


def _has_state_of(changed: Any, data: Any) -> None:
    """Let data that can be taken back to where it was say so through what changes its batches."""
    if hasattr(data, "get_state") and hasattr(data, "set_state"):
        changed.get_state, changed.set_state = data.get_state, data.set_state


class _Batches:
    """The batches of an iterable, changed."""

    def __init__(self, functional: Any, batches: Any) -> None:
        self._functional, self._batches = functional, batches
        _has_state_of(self, batches)

    def __iter__(self) -> Iterator[Any]:
        return (_changed(self._functional, batch) for batch in self._batches)


class _CountedBatches(_Batches):
    """The same, of an iterable that knows how many they are."""

    def __len__(self) -> int:
        return len(self._batches)


class _Items(PyDataset):
    """The batches of a `PyDataset`, changed; workers are threads, which share the layers."""

    def __init__(self, functional: Any, items: PyDataset) -> None:
        super().__init__(workers=items.workers, max_queue_size=items.max_queue_size)
        self._functional, self._items = functional, items
        _has_state_of(self, items)

    def __getitem__(self, index: int) -> Any:
        return _changed(self._functional, self._items[index])

    @property
    def num_batches(self) -> int | None:
        """The batches of an epoch, where they are known."""
        return self._items.num_batches

    def on_epoch_begin(self) -> None:
        """Tell the data set."""
        self._items.on_epoch_begin()

    def on_epoch_end(self) -> None:
        """Tell the data set."""
        self._items.on_epoch_end()
