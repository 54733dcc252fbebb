"""Calls that come again: ``model(x)`` and ``model.predict(x)`` on an array of a form seen before.

Such a call is a run of a program and little else. For ``model(x)`` that holds for models of this
library's layers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.backends import current_backend
from annette.graph.array import Array
from annette.graph.dtypes import name_of
from annette.graph.trace import trace
from annette.layers.tracking import changes
from annette.training.data.source import DEFAULT_BATCH_SIZE
from annette.training.rowwise import is_ours
from annette.utils import tree

# A program is made when a model is called so often on one form of input with nothing changed: at
# once, so that every call gives the same bits.
_CALLS = 1
_KEPT = 32


class Called:
    """How often a model was called on one form of input, and what runs it once that pays."""

    __slots__ = ("changes", "count", "program")

    def __init__(self) -> None:
        self.changes = -1
        self.count = 0
        self.program: Any = None


def call_program(model: Any, x: np.ndarray) -> Array | None:
    """Return the output for `x`, or None where it must be computed layer by layer."""
    backend = current_backend()
    if not backend.instant:
        return None
    called = _entry(model, ("call", x.shape, x.dtype, backend))
    if called.program is None:
        called.count += 1
        if called.count == _CALLS:
            called.program = _make(model, x)
        if called.program is None:
            return None
    array = x
    if not (x.flags.c_contiguous and x.dtype.isnative):
        array = np.ascontiguousarray(x, x.dtype.newbyteorder("="))
    return called.program([array])[0].view(Array)  # type: ignore[no-any-return]  # a program's


def predict_again(model: Any, x: Any, batch_size: Any) -> Any:
    """Return what predict gave for such an array, for this one; None where it must be looked at.

    Args:
        model: that predicts.
        x: the data as predict got it.
        batch_size: as predict got it.
    """
    if type(x) is not np.ndarray or not x.ndim or model.run_eagerly:
        return None
    size = DEFAULT_BATCH_SIZE if batch_size is None else batch_size
    if type(size) is not int or size < len(x):
        return None
    called = model._called.get(("predict", x.shape, x.dtype, current_backend()))
    if called is None or called.changes != changes.count:
        return None
    if model.stop_predicting:
        model.stop_predicting = False
    return called.program.run([x])


def remember_predict(model: Any, x: np.ndarray, step: Any) -> None:
    """Keep the step that predicted all of an array at once, for `predict_again`.

    Not where a layer of the user's may change unseen.
    """
    if not all(layer._steady for layer in model._flatten_layers()):
        return
    called = _entry(model, ("predict", x.shape, x.dtype, current_backend()))
    called.program = step


def _entry(model: Any, key: Any) -> Called:
    """Return what is known of calls of this form, fresh where a layer has changed."""
    kept: dict[Any, Called] = model._called
    called = kept.get(key)
    if called is None:
        called = kept[key] = Called()
        while len(kept) > _KEPT:
            kept.pop(next(iter(kept)))
    if called.changes != changes.count:
        called.changes, called.count, called.program = changes.count, 0, None
    return called


def _make(model: Any, x: np.ndarray) -> Any:
    if not _suits(model) or x.dtype.kind not in "iufb":
        return None
    dtype = name_of(x.dtype)
    graph, result = trace(model, [(x.shape, dtype)], "call")
    flat = tree.flatten(result)
    if graph.assigns or len(flat) != 1 or tree.is_nested(result):
        return None
    if getattr(flat[0], "_keras_mask", None) is not None:
        return None
    return current_backend().compile(graph)


def _suits(model: Any) -> bool:
    plain = all(layer.activity_regularizer is None for layer in model._flatten_layers())
    return plain and is_ours(model)
