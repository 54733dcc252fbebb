"""Bidirectional: a sequence read from both ends."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.graph.symbolic import KerasTensor
from annette.layers.layer import Layer
from annette.saving import serialization
from annette.utils import tree

_MODES = ("sum", "mul", "ave", "concat", None)
# What both directions must be alike in.
_COMMON = ("stateful", "return_sequences", "return_state")


class Bidirectional(Layer):
    """Reads a sequence from both ends with two layers, and joins what they give.

    With `return_sequences`, what the second gives is turned round, so that both speak of the same
    step, and masked steps give 0. (Schuster & Paliwal, Bidirectional recurrent neural networks,
    1997.)

    Args:
        layer: an RNN, such as LSTM(8); two equal ones are made of its configuration.
        merge_mode: how to join: "concat", "sum", "mul", "ave" (half the sum), or None for both.
        weights: first values of the weights, those of the first layer before those of the second.
        backward_layer: the layer that goes backwards, in place of one like `layer`.

    Call arguments:
        sequences: the inputs.
        initial_state: a list of the first states, those of the first layer before those of the
            second.
        mask: (rows, steps), False where a step is passed over.
        training: for layers that take it.

    Input shape: (rows, steps, features).
    Output shape: that of `layer`, with twice the last axis for "concat"; two of it for None; then
        the states of both with `return_state`.
    Weights: those of the first layer, then those of the second.

    Raises:
        ValueError: if `layer` or `backward_layer` is no recurrent layer, `merge_mode` is not known,
            or the layers go in the same direction or differ in what they return or keep.
    """

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Any = None,
        **kwargs: Any,
    ) -> None:
        _check_recurrent("layer", layer)
        if backward_layer is not None:
            _check_recurrent("backward_layer", backward_layer)
        if merge_mode not in _MODES:
            raise ValueError(
                "Bidirectional expects merge_mode to be 'concat', 'sum', 'mul', 'ave' or None; it "
                f"got {merge_mode!r}."
            )
        super().__init__(**kwargs)
        self.merge_mode = merge_mode
        self.forward_layer = _again(layer, "forward_")
        if backward_layer is None:
            backward_layer = _again(layer, "backward_", go_backwards=True)
        self.backward_layer = backward_layer
        self._check_pair()
        for one in (self.forward_layer, self.backward_layer):
            if hasattr(layer, "use_cudnn"):
                one.use_cudnn = layer.use_cudnn
            if getattr(one, "zero_output_for_mask", None) is not None:
                one.zero_output_for_mask = layer.return_sequences
        self._first_weights = list(weights) if weights is not None else None
        self.stateful = layer.stateful
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self.supports_masking = True
        self.input_spec = layer.input_spec

    def _check_pair(self) -> None:
        first, second = self.forward_layer, self.backward_layer
        if first.go_backwards == second.go_backwards:
            raise ValueError(
                "Bidirectional expects one layer with go_backwards=False and one with "
                f"go_backwards=True; it got {first.go_backwards} in both. "
                + ("Make backward_layer with go_backwards=True." if not first.go_backwards
                   else "Leave go_backwards out of layer.")
            )  # fmt: skip
        for name in _COMMON:
            if getattr(first, name) != getattr(second, name):
                raise ValueError(
                    f"Bidirectional expects both layers to have the same {name}; layer has "
                    f"{getattr(first, name)} and backward_layer {getattr(second, name)}."
                )

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Build both layers, and set the weights that were given.

        Raises:
            ValueError: if they are not as many as the layers have, or have another shape.
        """
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)
                layer.built = True
        if self._first_weights is not None:
            self.set_weights(self._first_weights)
            self._first_weights = None

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        """Return the output's shape, or two for `merge_mode=None`, and those of the states."""
        found = self.forward_layer.compute_output_shape(sequences_shape)
        output, states = (found[0], tuple(found[1:])) if self.return_state else (found, ())
        if self.merge_mode == "concat":
            output = (*output[:-1], output[-1] * 2)
        outputs = (output, output) if self.merge_mode is None else (output,)
        if self.return_state:
            return (*outputs, *states, *states)
        return outputs if self.merge_mode is None else output

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return the outputs as KerasTensors; states have the dtypes of their layers."""
        found = super().compute_output_spec(*args, **kwargs)
        if not self.return_state:
            return found
        first = 2 if self.merge_mode is None else 1
        states, half = found[first:], (len(found) - first) // 2
        made = [
            tree.map_structure(lambda t, d=layer.compute_dtype: KerasTensor(t.shape, d), s)
            for layer, part in (
                (self.forward_layer, states[:half]),
                (self.backward_layer, states[half:]),
            )
            for s in part
        ]
        return (*found[:first], *made)

    def call(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = None
    ) -> Any:
        """Return what both layers give, joined, and the last states if `return_state`."""
        halves: tuple[Any, Any] = (None, None)
        if initial_state is not None:
            given = list(initial_state) if tree.is_nested(initial_state) else [initial_state]
            if len(given) % 2:
                raise ValueError(
                    f"Bidirectional '{self.name}' expects initial_state to be a list of the states "
                    f"of both directions, as many of each; it got {len(given)}."
                )
            halves = given[: len(given) // 2], given[len(given) // 2 :]
        y, states = self._one_way(self.forward_layer, sequences, halves[0], mask, training)
        back, more = self._one_way(self.backward_layer, sequences, halves[1], mask, training)
        if self.return_sequences:
            back = ops.flip(back, axis=1)
        joined = self._joined(y, back)
        if not self.return_state:
            return joined
        return (*(joined if self.merge_mode is None else (joined,)), *states, *more)

    def _one_way(
        self, layer: Any, sequences: Any, states: Any, mask: Any, training: Any
    ) -> tuple[Any, tuple[Any, ...]]:
        takes = layer._call_signature
        given = {"training": training, "mask": mask}
        kwargs = {k: v for k, v in given.items() if v is not None and takes.takes(k)}
        if states is not None:
            kwargs["initial_state"] = states
        found = layer(sequences, **kwargs)
        output, *rest = found if self.return_state else (found,)
        return ops.cast(output, self.compute_dtype), tuple(rest)

    def _joined(self, y: Any, back: Any) -> Any:
        if self.merge_mode is None:
            return y, back
        if self.merge_mode == "concat":
            return ops.concatenate([y, back], axis=-1)
        if self.merge_mode == "mul":
            return ops.multiply(y, back)
        both = ops.add(y, back)
        return both / 2.0 if self.merge_mode == "ave" else both

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the mask if all outputs are returned; states have none."""
        mask = tree.flatten(previous_mask)[0] if self.return_sequences else None
        outputs = [mask, mask] if self.merge_mode is None else [mask]
        if self.return_state:
            # Each layer's mask tells how many states it returns.
            states = len(self.forward_layer.compute_mask(None, None)) - 1
            return [*outputs, *[None] * (2 * states)]
        return outputs if self.merge_mode is None else mask

    def reset_state(self) -> None:
        """Set the states that are kept from batch to batch to 0.

        Raises:
            AttributeError: if the layer is not stateful.
        """
        if not self.stateful:
            raise AttributeError(
                f"Bidirectional '{self.name}' keeps no states: its layers have stateful=False."
            )
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    def reset_states(self) -> None:
        """Set the states that are kept from batch to batch to 0 (an older name)."""
        self.reset_state()

    @property
    def states(self) -> Any:
        """The states that are kept, of both layers; None before there are any."""
        both = self.forward_layer.states, self.backward_layer.states
        return None if None in [x if x is None else 0 for x in both] else (*both[0], *both[1])

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal, untrained layer."""
        return {
            **super().get_config(),
            "merge_mode": self.merge_mode,
            "layer": serialization.serialize_keras_object(self.forward_layer),
            "backward_layer": serialization.serialize_keras_object(self.backward_layer),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Return the layer that `config` describes."""
        made = {
            name: serialization.deserialize_keras_object(config[name], custom_objects)
            for name in ("layer", "backward_layer")
            if isinstance(config.get(name), dict)
        }
        return super().from_config({**config, **made})


def _check_recurrent(argument: str, layer: Any) -> None:
    """Refuse what is no layer that goes along a sequence.

    Raises:
        ValueError: naming what is missing.
    """
    if not isinstance(layer, Layer):
        raise ValueError(
            f"Bidirectional expects {argument} to be a recurrent layer, such as LSTM(8); it got "
            f"{layer!r}."
        )
    missing = [name for name in ("go_backwards", *_COMMON) if not hasattr(layer, name)]
    if missing:
        raise ValueError(
            f"Bidirectional expects {argument} to be a recurrent layer, such as LSTM(8); "
            f"{type(layer).__name__} '{layer.name}' has no {missing[0]}."
        )


def _again(layer: Any, prefix: str, **changes: Any) -> Any:
    """Return a new layer with the configuration of `layer` and a name of its own."""
    name = prefix + layer.name.removeprefix(prefix)
    return type(layer).from_config({**layer.get_config(), "name": name, **changes})
