"""Models: Functional, Sequential, and the base class to derive from."""

from annette.models.cloning import clone_model, model_from_json
from annette.models.function import Function
from annette.models.functional import Functional
from annette.models.model import Model
from annette.models.sequential import Sequential
from annette.saving.model_files import load_model, save_model

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
