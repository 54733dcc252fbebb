"""TimeDistributed: the same layer for each step of a sequence."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.graph.symbolic import KerasTensor
from annette.layers.core.wrapper import Wrapper

# Where the layers are that see each row alone, draw nothing that rows share and keep no state.
_ROWWISE = (
    "annette.layers.activation.", "annette.layers.convolution.", "annette.layers.core.dense",
    "annette.layers.core.embedding", "annette.layers.core.identity",
    "annette.layers.core.input_layer", "annette.layers.normalization.layer_normalization",
    "annette.layers.pooling.", "annette.layers.recurrent.", "annette.layers.regularization.dropout",
    "annette.layers.reshaping.", "annette.models.sequential",
)  # fmt: skip
# Attributes of recurrent layers with a state, or a mask, that belongs to the rows of one step.
_STEP_BY_STEP = ("stateful", "dropout", "recurrent_dropout")


class TimeDistributed(Wrapper):
    r"""Applies a layer to each step of a sequence, with the same weights.

    .. math:: y_t = f(x_t)

    Args:
        layer: the layer f.

    Call arguments:
        inputs: the sequences.
        training: for layers that take it.
        mask: (rows, steps, ...), of which each step's part goes to layers that take it.

    Input shape: (rows, steps, ...), at least 3 axes.
    Output shape: (rows, steps, ...), a step's as the layer gives it.
    Weights: those of the layer.

    Raises:
        ValueError: if `layer` is no layer, there are fewer than 3 axes, or the mask's first axes
            are not those of the inputs.
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def _step_shape(self, input_shape: Any) -> tuple[Any, ...]:
        if not isinstance(input_shape, (tuple, list)) or len(input_shape) < 3:
            raise ValueError(
                f"TimeDistributed '{self.name}' expects inputs of 3 axes or more (rows, steps, "
                f"...); it got the shape {input_shape}."
            )
        return (input_shape[0], *input_shape[2:])

    def build(self, input_shape: Any = None) -> None:
        """Build the layer for one step."""
        super().build(self._step_shape(input_shape))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape for an input shape (rows first, None where unknown)."""
        found = self.layer.compute_output_shape(self._step_shape(input_shape))
        return (found[0], input_shape[1], *found[1:])

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return the output as a KerasTensor, of the dtype that the layer gives."""
        inputs = args[0] if args else kwargs["inputs"]
        one = KerasTensor(self._step_shape(tuple(inputs.shape)), inputs.dtype)
        found = self.layer.compute_output_spec(one)
        return KerasTensor((found.shape[0], inputs.shape[1], *found.shape[1:]), found.dtype)

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Return what the layer makes of each step.

        Raises:
            ValueError: if the mask's first axes are not those of the inputs.
        """
        rows, steps = inputs.shape[:2]
        if mask is not None and tuple(mask.shape[:2]) != (rows, steps):
            raise ValueError(
                f"TimeDistributed '{self.name}' expects a mask of shape {(rows, steps)}, (rows, "
                f"steps) of its inputs; it got one of shape {tuple(mask.shape)}."
            )
        if steps == 0:
            raise ValueError(
                f"TimeDistributed '{self.name}' got sequences without a step, of shape "
                f"{tuple(inputs.shape)}. Leave them out, or pad them to one step or more."
            )
        if self._sees_rows_alone():
            flat = ops.reshape(inputs, (rows * steps, *inputs.shape[2:]))
            marks = None if mask is None else ops.reshape(mask, (rows * steps, *mask.shape[2:]))
            y = self._one(flat, marks, training)
            return ops.reshape(y, (rows, steps, *y.shape[1:]))
        parts = [
            self._one(inputs[:, i], None if mask is None else mask[:, i], training)
            for i in range(steps)
        ]
        return ops.stack(parts, axis=1)

    def _one(self, x: Any, mask: Any, training: Any) -> Any:
        takes, kwargs = self.layer._call_signature, {}
        if takes.takes("mask") and mask is not None:
            kwargs["mask"] = mask
        if takes.takes("training") and training is not None:
            kwargs["training"] = training
        return self.layer(x, **kwargs)

    def _sees_rows_alone(self) -> bool:
        """Whether all steps may be given to the layer at once, as rows of one batch."""
        return all(
            type(x).__module__.startswith(_ROWWISE)
            and getattr(x, "noise_shape", None) is None
            and not any(getattr(x, name, 0) for name in _STEP_BY_STEP)
            for x in self.layer._flatten_layers()
        )
