"""Python's operators on tensors, variables and arrays are operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from annette.graph.array import Array
from annette.graph.symbolic import KerasTensor
from annette.graph.tensor import Tensor, install_operators
from annette.graph.variable import Variable
from annette.ops.numpy import elementwise, indexing


def install(names: dict[str, Any]) -> None:
    """Give the operators their meaning, once the operations of `annette.ops` are there."""
    operations: dict[str, Callable[..., Any]] = {
        name: value for name, value in names.items() if callable(value)
    }
    operations["getitem"] = indexing.get_item
    for name, value in vars(elementwise).items():
        if "_or_bitwise" in name:
            operations[name] = value
    install_operators(operations, Tensor, Variable, KerasTensor, Array)
