"""Graph: inputs, variables, nodes in order, outputs, assignments; it prints and checks itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from annette.graph.tensor import Node, Tensor

if TYPE_CHECKING:
    from annette.graph.variable import Variable


class GraphError(ValueError):
    """A graph contradicts itself; the message names the node."""


class Graph:
    """A traced function: what it reads, does, returns and changes.

    Args:
        name: for printing.
        inputs: the Tensors that stand for the arguments.
        reads: for each variable read, the Tensor that stands for its value before the run.
        nodes: the operations, in an order in which they can be run; those that neither an output
            nor an assignment needs are left out.
        outputs: what the function returns.
        assigns: the variables it changes, with their new values.
    """

    def __init__(
        self,
        name: str,
        inputs: list[Tensor],
        reads: dict[Variable, Tensor],
        nodes: Iterable[Node],
        outputs: list[Tensor],
        assigns: list[tuple[Variable, Tensor]],
    ) -> None:
        self.name = name
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.assigns = list(assigns)
        self.nodes = _needed(nodes, [*outputs, *(t for _, t in assigns)])
        used = {id(t) for n in self.nodes for t in n.inputs}
        used.update(id(t) for t in (*outputs, *(t for _, t in assigns)))
        self.reads = {v: t for v, t in reads.items() if id(t) in used}

    def without_outputs(self) -> Graph:
        """Return the graph that only changes the variables: what most steps of an epoch need."""
        return Graph(self.name, self.inputs, self.reads, self.nodes, [], self.assigns)

    def constants(self) -> list[Tensor]:
        """Return the Tensors of known value that the nodes, outputs and assignments use."""
        found: dict[int, Tensor] = {}
        ends = [*self.outputs, *(t for _, t in self.assigns)]
        for tensor in [*(t for n in self.nodes for t in n.inputs), *ends]:
            if tensor.node is None and tensor.value is not None:
                found.setdefault(id(tensor), tensor)
        return list(found.values())

    def check(self) -> Graph:
        """Verify that every node reads only what is known by then and gives what its rule says.

        Raises:
            GraphError: naming the first node that does not.
        """
        known = {id(t) for t in (*self.inputs, *self.reads.values(), *self.constants())}
        for number, node in enumerate(self.nodes):
            _check_node(number, node, known)
            known.update(id(t) for t in node.outputs)
        for what, tensor in [("output", t) for t in self.outputs]:
            if id(tensor) not in known:
                raise GraphError(
                    f"Graph {self.name!r}: an {what} is computed by none of its nodes."
                )
        for variable, tensor in self.assigns:
            if id(tensor) not in known:
                raise GraphError(
                    f"Graph {self.name!r}: the new value of {variable.path!r} is computed by none "
                    "of its nodes."
                )
            if (tensor.shape, tensor.dtype) != (variable.shape, variable.dtype):
                raise GraphError(
                    f"Graph {self.name!r}: variable {variable.path!r} is {_type(variable)}, "
                    f"the value assigned to it {_type(tensor)}."
                )
        return self

    def __str__(self) -> str:
        names = _names(self)
        arguments = ", ".join(f"{names[id(t)]}: {_type(t)}" for t in self.inputs)
        lines = [f"graph {self.name}({arguments})"]
        lines += [f"  read {names[id(t)]}: {_type(t)}" for t in self.reads.values()]
        for node in self.nodes:
            made = ", ".join(f"{names[id(t)]}: {_type(t)}" for t in node.outputs)
            given = [names.get(id(t), "?") for t in node.inputs]
            given += [f"{k}={_short(v)}" for k, v in node.params.items()]
            lines.append(f"  {made} = {node.primitive.name}({', '.join(given)})")
            if "body" in node.params:
                lines += [f"  | {line}" for line in str(node.params["body"].graph).splitlines()]
        lines += [f"  {v.path} <- {names.get(id(t), '?')}" for v, t in self.assigns]
        lines.append(f"  return {', '.join(names.get(id(t), '?') for t in self.outputs)}".rstrip())
        return "\n".join(lines)


def _needed(nodes: Iterable[Node], ends: Iterable[Tensor]) -> list[Node]:
    wanted = {id(t) for t in ends}
    kept: list[Node] = []
    for node in reversed(list(nodes)):
        if any(id(t) in wanted for t in node.outputs):
            kept.append(node)
            wanted.update(id(t) for t in node.inputs)
    return kept[::-1]


def _check_node(number: int, node: Node, known: set[int]) -> None:
    where = f"Node {number} ({node.primitive.name})"
    for position, tensor in enumerate(node.inputs):
        if id(tensor) not in known:
            raise GraphError(
                f"{where} reads its input {position} ({_type(tensor)}) before it is computed."
            )
    try:
        specs = node.primitive.specs(node.inputs, node.params)
    except (ValueError, TypeError) as error:
        raise GraphError(f"{where} has inputs that do not go together: {error}") from error
    made = [(t.shape, t.dtype) for t in node.outputs]
    if made != [(tuple(s), d) for s, d in specs]:
        raise GraphError(f"{where} is recorded as giving {made}; its shape rule says {specs}.")


def _names(graph: Graph) -> dict[int, str]:
    names = {id(t): t.name or f"x{i}" for i, t in enumerate(graph.inputs)}
    names.update((id(t), v.path) for v, t in graph.reads.items())
    for tensor in graph.constants():
        names[id(tensor)] = _constant(tensor)
    number = 0
    for node in graph.nodes:
        for tensor in node.outputs:
            names[id(tensor)] = f"%{number}"
            number += 1
    return names


def _constant(tensor: Tensor) -> str:
    value = tensor.value
    return (
        f"{value.item():g}" if value is not None and value.size == 1 else f"const {_type(tensor)}"
    )


def _type(tensor: Any) -> str:
    return f"{tensor.dtype}[{','.join(map(str, tensor.shape))}]"


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray) and value.size > 8:
        return f"array{value.shape}"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
