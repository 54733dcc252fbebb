"""Trace: run a Python function once on symbols and keep what it did as a Graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from annette.graph.context import state
from annette.graph.graph import Graph
from annette.graph.primitive import constant, read
from annette.graph.tensor import Node, Tensor, operator
from annette.graph.variable import Variable

TensorSpec = tuple[tuple[int, ...], str]


class Trace:
    """What a function does while it is traced: nodes in order, variables read and assigned."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.reads: dict[Variable, Tensor] = {}
        self.current: dict[Variable, Tensor] = {}
        self._cut: set[Variable] = set()  # those whose assigned value was read under a tape

    def read(self, variable: Variable) -> Tensor:
        """Return the symbol of a variable's value at this point of the function."""
        if variable not in self.current:
            symbol = Tensor(variable.shape, variable.dtype, name=variable.path)
            self.reads[variable] = self.current[variable] = symbol
        symbol = self.current[variable]
        if state.tapes and variable not in self._cut and symbol is not self.reads.get(variable):
            # A value that was assigned is a variable's own: no gradient goes through to what it
            # was made of, just as where nothing is traced.
            symbol = self.current[variable] = operator("stop_gradient")(symbol)
            self._cut.add(variable)
        for tape in state.tapes:
            tape.note(variable, symbol)
        return symbol

    def assign(self, variable: Variable, value: Any) -> None:
        """Note that `value` is the variable's value from here on."""
        value = read(value)
        self.current[variable] = value if isinstance(value, Tensor) else constant(value)
        self._cut.discard(variable)

    def __enter__(self) -> Trace:
        self._before = state.trace, state.tapes, state.watched
        state.trace, state.tapes, state.watched = self, [], {}
        return self

    def __exit__(self, *exception: object) -> None:
        state.trace, state.tapes, state.watched = self._before


def trace(
    function: Callable[..., Any], specs: Sequence[TensorSpec], name: str = "function"
) -> tuple[Graph, Any]:
    """Trace ``function(*tensors)`` for inputs of the given shapes and dtypes.

    Returns:
        The graph, whose outputs are the flattened Tensors of the result, and the result itself
        (any nested structure) with Tensors in it.
    """
    from annette.utils import tree

    inputs = [Tensor(s, d, name=f"x{i}") for i, (s, d) in enumerate(specs)]
    with Trace() as recorder:
        result = function(*inputs)
        result = tree.map_structure(_as_tensor, result)
        outputs = [t for t in tree.flatten(result) if isinstance(t, Tensor)]
    assigns = [(v, t) for v, t in recorder.current.items() if t is not recorder.reads.get(v)]
    graph = Graph(name, inputs, recorder.reads, recorder.nodes, outputs, assigns)
    return graph, result


def _as_tensor(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    value = read(value)
    return value if isinstance(value, Tensor) else constant(value)
