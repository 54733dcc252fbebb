"""Models: Functional, Sequential, and the base class to derive from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annette.models.cloning import clone_model, model_from_json
from annette.models.function import Function
from annette.models.functional import Functional
from annette.models.model import Model
from annette.models.sequential import Sequential
from annette.utils.on_demand import on_demand

if TYPE_CHECKING:  # what type checkers and editors read; on_demand says the same to the program
    from annette.saving.model_files import load_model, save_model

__getattr__, __dir__ = on_demand(
    __name__,
    {name: ("annette.saving.model_files", name) for name in ("load_model", "save_model")},
)

__all__ = [
    "Function",
    "Functional",
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_json",
    "save_model",
]
