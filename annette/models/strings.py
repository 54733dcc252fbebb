"""Models that begin with strings: what layers make of the strings, before the numbers begin."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.graph.context import suspended
from annette.graph.symbolic import CallNode, KerasTensor
from annette.utils import tree

# The key under which a batch holds, in place of strings, what layers made of them.
MADE = "made of strings"


class StringFront:
    """The calls of a functional model that lead from strings to numbers.

    Programs compute numbers only. So these calls are made once on the data, and the model goes on
    from what they gave.

    Args:
        order: the model's calls, each after those it needs.
        inputs: the KerasTensors the model begins with.
        key: tells which KerasTensors are one value.

    Raises:
        ValueError: if a call on strings, or one that it needs, has weights to train.
    """

    def __init__(self, order: list[CallNode], inputs: list[KerasTensor], key: Any) -> None:
        self._key = key
        on_strings = [n for n in order if any(t.dtype == "string" for t in n.input_tensors)]
        needed = {id(n) for n in on_strings}
        for node in reversed(order):
            if id(node) in needed:
                needed.update(id(parent) for parent in node.parent_nodes)
        self.calls = [n for n in order if id(n) in needed and not n.is_input]
        for node in self.calls:
            if getattr(node.operation, "trainable_weights", None):
                raise ValueError(
                    f"The layer '{node.operation.name}' takes strings and has weights to train. "
                    "Let TextVectorization, StringLookup or Hashing take the strings, and what "
                    "they make of them go into the layer."
                )
        self.ends = [
            t for node in on_strings for t in node.outputs if t.dtype != "string"
        ]  # where numbers begin
        self.plain = {i for i, t in enumerate(inputs) if t.dtype != "string"}

    def has(self, node: CallNode) -> bool:
        """Say whether a call belongs to the front."""
        return any(node is call for call in self.calls)

    def numbers(self, inputs: list[KerasTensor], given: list[Any], fill: Any) -> dict[str, Any]:
        """Return what takes the place of a batch whose inputs are `given`."""
        values = {self._key(t): x for t, x in zip(inputs, given, strict=True)}
        with suspended():
            for node in self.calls:
                results = node.operation(*fill(node.args, values), **fill(node.kwargs, values))
                flat = tree.flatten(results)
                values.update(zip(map(self._key, node.outputs), flat, strict=True))
        made = {str(i): np.asarray(values[self._key(t)]) for i, t in enumerate(self.ends)}
        plain = {str(i): given[i] for i in sorted(self.plain)}
        return {MADE: made, "inputs": plain} if plain else {MADE: made}

    def values(self, inputs: list[KerasTensor], batch: dict[str, Any]) -> dict[int, Any]:
        """Return the values that the model goes on from."""
        plain = {self._key(inputs[int(i)]): x for i, x in batch.get("inputs", {}).items()}
        made = {self._key(self.ends[int(i)]): x for i, x in batch[MADE].items()}
        return plain | made
