"""Function: what leads from KerasTensors to others, as one operation."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.graph.dtypes import standardize
from annette.graph.operation import Operation
from annette.graph.symbolic import CallNode, KerasTensor, output_spec
from annette.models import functional
from annette.utils import tree


class Function(Operation):
    """A computation given by the KerasTensors where it begins and where it ends.

    Unlike a `Model` it has no training and owns nothing; called on KerasTensors it becomes a part
    of a model as a whole.

    Args:
        inputs: a KerasTensor, or any structure of them; they need not be those of `Input`.
        outputs: KerasTensors that were made from them, in any structure.
        name: ``function`` and a number unless given.

    Raises:
        ValueError: if something other than KerasTensors is given, or an output does not come from
            the inputs.
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None) -> None:
        super().__init__(name)
        functional._check_ends(tree.flatten(inputs), "inputs")
        functional._check_ends(tree.flatten(outputs), "outputs")
        self._inputs_struct, self._outputs_struct = inputs, outputs
        self._inputs: list[KerasTensor] = tree.flatten(inputs)
        self._outputs: list[KerasTensor] = tree.flatten(outputs)
        self._order: list[CallNode] = functional._sorted_calls(self._inputs, self._outputs)

    @property
    def inputs(self) -> list[KerasTensor]:
        """The KerasTensors where it begins, flat."""
        return list(self._inputs)

    @property
    def outputs(self) -> list[KerasTensor]:
        """The KerasTensors where it ends, flat."""
        return list(self._outputs)

    @property
    def operations(self) -> list[Any]:
        """Layers and functions, those with the most steps to an output first."""
        return functional._operations(self._order, self._outputs)

    def call(self, inputs: Any) -> Any:
        """Compute every operation in order."""
        values = dict(zip(map(functional._key, self._inputs), self._fitting(inputs), strict=True))
        for node in self._order:
            if node.is_input:
                continue
            args = functional._fill(node.args, values)
            results = node.operation(*args, **functional._fill(node.kwargs, values))
            keys = map(functional._key, node.outputs)
            # What the function begins with stays what was given for it.
            values = {**dict(zip(keys, tree.flatten(results), strict=True)), **values}
        return tree.map_structure(lambda t: values[functional._key(t)], self._outputs_struct)

    def _fitting(self, inputs: Any) -> list[Any]:
        """Return the inputs flat, in the dtypes of the KerasTensors.

        Raises:
            ValueError: if their structure or a shape is another.
        """
        try:
            tree.assert_same_structure(inputs, self._inputs_struct)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' expects inputs of the structure "
                f"{self._inputs_struct}; it got another: {error}"
            ) from error
        found = []
        for x, symbol in zip(tree.flatten(inputs), self._inputs, strict=True):
            x = ops.convert_to_tensor(x)
            if len(x.shape) != len(symbol.shape) or any(
                n is not None and m is not None and n != m
                for n, m in zip(symbol.shape, x.shape, strict=True)
            ):
                raise ValueError(
                    f"{type(self).__name__} '{self.name}' expects data of shape {symbol.shape} "
                    f"for its input {symbol.name!r}; it got shape {tuple(x.shape)}."
                )
            found.append(x if standardize(x.dtype) == symbol.dtype else ops.cast(x, symbol.dtype))
        return found

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return the outputs as KerasTensors, for inputs that are KerasTensors."""
        return output_spec(self.call, (inputs,), {})

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the outputs' shapes for shapes of the inputs, in the same structure."""
        shapes: list[Any] = []
        tree.map_shape_structure(shapes.append, input_shape)
        symbols = [KerasTensor(s, t.dtype) for s, t in zip(shapes, self._inputs, strict=True)]
        spec = self.compute_output_spec(tree.pack_sequence_as(self._inputs_struct, symbols))
        return tree.map_structure(lambda t: t.shape, spec)
