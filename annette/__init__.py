"""annette: neural networks in Python that speak Keras and are their own engine underneath.

The names are those of ``keras``: ``import annette as keras`` and existing programs run on it.
"""

from annette import (
    activations,
    config,
    constraints,
    dtype_policies,
    fused,
    initializers,
    layers,
    losses,
    metrics,
    mixed_precision,
    models,
    ops,
    optimizers,
    random,
    regularizers,
    saving,
    training,
    utils,
)
from annette.dtype_policies import DTypePolicy, FloatDTypePolicy
from annette.graph import KerasTensor, Operation, StatelessScope, SymbolicScope, Variable
from annette.graph.context import name_scope
from annette.initializers import Initializer
from annette.layers import Input, InputSpec, Layer
from annette.losses import Loss
from annette.metrics import Metric
from annette.models import Function, Model, Sequential
from annette.optimizers import Optimizer
from annette.regularizers import Regularizer
from annette.tape import GradientTape, grad, value_and_grad
from annette.utils import tree
from annette.utils.on_demand import on_demand

__version__ = "0.1.0"

_LAZY = (
    "backend",
    "backends",
    "callbacks",
    "compat",
    "datasets",
    "preprocessing",
    "testing",
    "wrappers",
)


def version() -> str:
    """Return annette's version."""
    return __version__


def device(device_name: str) -> object:
    """Return the context in which models compute on the device of this name, such as ``"cpu:0"``.

    Raises:
        ValueError: if the backend in use has no such device.
    """
    from annette.backends import current_backend

    return current_backend().device(device_name)


__all__ = [  # those named in _LAZY are imported when they are first asked for
    "DTypePolicy",
    "FloatDTypePolicy",
    "Function",
    "GradientTape",
    "Initializer",
    "Input",
    "InputSpec",
    "KerasTensor",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Operation",
    "Optimizer",
    "Regularizer",
    "Sequential",
    "StatelessScope",
    "SymbolicScope",
    "Variable",
    "__version__",
    "activations",
    "backend",
    "backends",
    "callbacks",
    "compat",
    "config",
    "constraints",
    "datasets",
    "device",
    "dtype_policies",
    "fused",
    "grad",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "mixed_precision",
    "models",
    "name_scope",
    "ops",
    "optimizers",
    "preprocessing",
    "random",
    "regularizers",
    "saving",
    "testing",
    "training",
    "tree",
    "utils",
    "value_and_grad",
    "version",
    "wrappers",
]


__getattr__, __dir__ = on_demand(__name__, {name: (f"annette.{name}", None) for name in _LAZY})
