"""Which models compute each row for itself, without any code of the user's."""

from __future__ import annotations

from typing import Any

from annette.layers import Lambda, Layer
from annette.models.functional import Functional
from annette.models.sequential import Sequential


def rows_are_alone(model: Any) -> bool:
    """Say whether prediction of a row never depends on the other rows of its batch.

    So it is for every layer of this library but those that keep a state for each row; a user's own
    layer, cell or function may do as it likes.
    """
    if type(model).predict_step is not _plain("predict_step"):
        return False
    if any(getattr(layer, "stateful", False) for layer in model._flatten_layers()):
        return False
    return is_ours(model)


def is_ours(model: Any) -> bool:
    """Say whether a model is made of this library's layers and functions alone."""
    return all(_known(layer) for layer in model._flatten_layers())


def _plain(name: str) -> Any:
    from annette.models.model import Model

    return getattr(Model, name)


def _known(layer: Layer) -> bool:
    cls = type(layer)
    if cls not in (Functional, Sequential) and not cls.__module__.startswith("annette.layers."):
        return False
    if cls is Lambda or "call" in vars(layer):
        return False
    parts = vars(layer).values()
    return all(_ours(value) for value in parts if callable(value) or hasattr(value, "call"))


def _ours(value: Any) -> bool:
    module = getattr(value, "__module__", None) or getattr(type(value), "__module__", "")
    return str(module).startswith("annette.")
