"""The graph: tensors, variables, traces, gradients. It knows nothing of layers or backends."""

from annette.graph.array import Array
from annette.graph.gradient import gradient
from annette.graph.graph import Graph, GraphError
from annette.graph.operation import Operation
from annette.graph.primitive import PRIMITIVES, Primitive
from annette.graph.stateless import StatelessScope, SymbolicScope
from annette.graph.symbolic import FunctionOperation, KerasTensor, symbolic_op
from annette.graph.tensor import Node, Tensor
from annette.graph.trace import trace
from annette.graph.variable import Variable

__all__ = [
    "PRIMITIVES",
    "Array",
    "FunctionOperation",
    "Graph",
    "GraphError",
    "KerasTensor",
    "Node",
    "Operation",
    "Primitive",
    "StatelessScope",
    "SymbolicScope",
    "Tensor",
    "Variable",
    "gradient",
    "symbolic_op",
    "trace",
]
