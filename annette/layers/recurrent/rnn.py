"""RNN: a cell carried along a sequence."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.graph.context import scoped
from annette.graph.symbolic import KerasTensor
from annette.graph.variable import Variable
from annette.layers.layer import Layer
from annette.layers.recurrent.dropout import DropsOut
from annette.layers.recurrent.loop import over_time
from annette.layers.recurrent.stacked_rnn_cells import StackedRNNCells
from annette.layers.recurrent.states import (
    called,
    check_cell,
    in_dtype,
    initial_state,
    output_size,
)
from annette.saving import serialization
from annette.utils import tree


class RNN(Layer):
    r"""Carries a cell along a sequence.

    .. math:: y_t, s_t = \mathrm{cell}(x_t, s_{t-1})

    A cell is a layer with ``call(inputs, states) -> (output, new states)`` and a `state_size`; it
    may have an `output_size` (else that of its first state) and ``get_initial_state(batch_size)``
    (else zeros). Steps whose mask is False change no state and repeat the output before them.

    Args:
        cell: a cell, or a list of cells, each fed with the output of the one before.
        return_sequences: whether to return the outputs of all steps; else the last.
        return_state: whether to return the last states, too.
        go_backwards: whether to begin with the last step; outputs come as they are made.
        stateful: whether a batch begins with the states that the one before ended with, row by row.
        unroll: whether the steps stand one by one in the graph.
        zero_output_for_mask: whether the output of masked steps is 0.

    Call arguments:
        sequences: the inputs.
        initial_state: the first states, an array or a list of them.
        mask: (rows, steps), False where a step is passed over.
        training: for cells that take it.

    Input shape: (rows, steps, ...).
    Output shape: (rows, steps, output_size) with `return_sequences`, else (rows, output_size);
        then the states, each (rows, its size).
    Weights: those of the cell.

    Raises:
        ValueError: if `cell` is no cell; if a sequence has no step, a mask or state has another
            shape; with `stateful`, if the number of rows is not known or changes.
    """

    _fields: tuple[str, ...] = (
        "return_sequences", "return_state", "go_backwards", "stateful", "unroll",
        "zero_output_for_mask",
    )  # fmt: skip

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell)
        check_cell(type(self).__name__, cell)
        super().__init__(**kwargs)
        self.cell = cell
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.supports_masking = True
        self.states: Any = None
        size = cell.state_size
        self.single_state = not isinstance(size, (list, tuple))
        self.state_size = [size] if self.single_state else list(size)

    # --- shapes -------------------------------------------------------------------------------

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        """Return the output's shape, and those of the states if they are returned."""
        rows, steps = sequences_shape[0], sequences_shape[1]
        wide = output_size(self.cell)
        shape = (rows, steps, wide) if self.return_sequences else (rows, wide)
        if not self.return_state:
            return shape
        return (shape, *tree.map_structure(lambda n: (rows, n), self.state_size))

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the mask if all outputs are returned; states have none."""
        mask = tree.flatten(previous_mask)[0]
        kept = mask if self.return_sequences else None
        return [kept, *(None for _ in self.state_size)] if self.return_state else kept

    # --- weights and states -------------------------------------------------------------------

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Build the cell for one step, and make the states that are kept.

        Raises:
            ValueError: if the inputs have no steps, or states are kept and the rows are not known.
        """
        shape = tuple(sequences_shape)
        self._check_rank(shape)
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build((shape[0], *shape[2:]))
            self.cell.built = True
        self._build_inside((shape[0], *shape[2:]))
        if self.stateful and self.states is None:
            if shape[0] is None:
                raise ValueError(
                    f"{self._named} is stateful and keeps a state for each row, so that the number "
                    f"of rows must be known; the inputs' shape is {shape}. Give Input a batch_size "
                    "or batch_shape=(rows, steps, features)."
                )
            self._make_states(shape[0])

    def _build_inside(self, step_shape: tuple[Any, ...]) -> None:
        """Build layers that the user's cell has inside and calls, before the first loop does."""
        layers = self.cell._flatten_layers() if isinstance(self.cell, Layer) else []
        sizes = tree.flatten(self.state_size)
        plain = all(hasattr(n, "__index__") and n >= 0 for n in sizes)
        if all(x.built for x in layers) or not plain or None in step_shape[1:]:
            return
        dtype = self.cell.compute_dtype
        states = [
            tree.map_structure(lambda n: KerasTensor((step_shape[0], n), dtype), self.state_size)
        ]
        self.cell._traced_spec((KerasTensor(step_shape, dtype), *states), {})

    def _make_states(self, rows: int) -> None:
        def made(value: Any) -> Variable:
            variable = Variable(value, dtype=self.variable_dtype, trainable=False, name="rnn_state")
            variable.path = scoped("rnn_state")
            return variable

        self.states = tree.map_structure(made, self.get_initial_state(rows))

    def get_initial_state(self, batch_size: Any) -> list[Any]:
        """Return a list of the cell's first states for this number of rows."""
        found = initial_state(self.cell, batch_size, self.compute_dtype)
        return list(found) if tree.is_nested(found) else [found]

    def reset_state(self) -> None:
        """Set the states that are kept from batch to batch to 0."""
        for variable in tree.flatten(self.states):
            if variable is not None:
                variable.assign(ops.zeros(variable.shape, dtype=variable.dtype))

    def reset_states(self) -> None:
        """Set the states that are kept from batch to batch to 0 (an older name)."""
        self.reset_state()

    # --- calling ------------------------------------------------------------------------------

    def call(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False
    ) -> Any:
        """Return the last output or all, and the last states if `return_state`."""
        mask = mask[0] if tree.is_nested(mask) else mask
        self._check_call(sequences, mask)
        states = self._first_states(sequences, initial_state)
        last, outputs, states = self.inner_loop(sequences, states, mask, training)
        states = in_dtype(states, self.compute_dtype)
        if self.stateful:
            pairs = zip(tree.flatten(self.states), tree.flatten(states), strict=True)
            for variable, value in pairs:
                variable.assign(ops.cast(value, variable.dtype))
        output = in_dtype(outputs if self.return_sequences else last, self.compute_dtype)
        return (output, *states) if self.return_state else output

    def inner_loop(
        self, sequences: Any, initial_state: Any, mask: Any, training: bool = False
    ) -> tuple[Any, Any, Any]:
        """Return the last output, the outputs and the last states."""
        how = {
            "mask": mask,
            "go_backwards": self.go_backwards,
            "unroll": self.unroll,
            "zero_output_for_mask": self.zero_output_for_mask,
            "return_all_outputs": self.return_sequences,
        }
        if getattr(self.cell, "runs_whole_sequences", False):
            found: tuple[Any, Any, Any] = self.cell.run(sequences, initial_state, training, **how)
            return found
        dropping = self._draw_masks(sequences, initial_state, training)
        try:
            return over_time(
                lambda x, before: called(self.cell, x, before, training),
                sequences, initial_state, **how,
            )  # fmt: skip
        finally:
            for cell in dropping:
                cell.reset_dropout_mask()
                cell.reset_recurrent_dropout_mask()

    def _draw_masks(self, sequences: Any, states: Any, training: Any) -> list[Any]:
        """Let cells inside the user's draw their masks, once for all steps."""
        inside = self.cell._flatten_layers() if isinstance(self.cell, Layer) else []
        dropping = [x for x in inside if isinstance(x, DropsOut)]
        if training and any(x.dropout or x.recurrent_dropout for x in dropping):
            called(self.cell, sequences[:, 0], states, training)
            for cell in dropping:
                cell.keep_dropout_masks()
        return dropping

    # --- what is refused ----------------------------------------------------------------------

    @property
    def _named(self) -> str:
        return f"{type(self).__name__} '{self.name}'"

    def _check_rank(self, shape: tuple[Any, ...]) -> None:
        if len(shape) < 3:
            raise ValueError(
                f"{self._named} expects inputs of 3 axes or more (rows, steps, features); it got "
                f"the shape {shape}. Put Reshape((steps, features)) before it, or Embedding for "
                "whole numbers."
            )

    def _check_call(self, sequences: Any, mask: Any) -> None:
        shape = tuple(sequences.shape)
        self._check_rank(shape)
        if shape[1] == 0:
            raise ValueError(
                f"{self._named} got sequences without a step, of shape {shape}. Leave them out, or "
                "pad them to one step or more and mask it."
            )
        if mask is not None and tuple(mask.shape[:2]) != shape[:2]:
            raise ValueError(
                f"{self._named} expects a mask of shape {shape[:2]}, (rows, steps) of its inputs; "
                f"it got one of shape {tuple(mask.shape)}."
            )
        if self.stateful:
            kept = tree.flatten(self.states)[0].shape[0]
            if kept != shape[0]:
                raise ValueError(
                    f"{self._named} is stateful and keeps states of {kept} rows; it got inputs of "
                    f"{shape[0]} rows. Give batches of {kept} rows each, and a number of rows that "
                    f"is a multiple of it."
                )

    def _first_states(self, sequences: Any, given: Any) -> list[Any]:
        """Return a list of the first states in the cell's dtype.

        Raises:
            ValueError: if those given are not as many as the cell has, or have another shape.
        """
        if given is None:
            given = self.states if self.stateful else None
        if given is None:
            given = self.get_initial_state(sequences.shape[0])
        given = list(given) if tree.is_nested(given) else [given]
        states: list[Any] = in_dtype(given, getattr(self.cell, "compute_dtype", self.compute_dtype))
        if len(states) != len(self.state_size):
            raise ValueError(
                f"{self._named} has {len(self.state_size)} states; initial_state has "
                f"{len(states)}. Give a list of {len(self.state_size)} arrays."
            )
        shapes = [tuple(s.shape) for s in tree.flatten(states)]
        wanted = self._state_shapes(sequences)
        if wanted is not None and shapes != wanted:
            raise ValueError(
                f"{self._named} expects initial_state to have the shapes "
                f"{', '.join(map(str, wanted))}; it got {', '.join(map(str, shapes))}."
            )
        return states

    def _state_shapes(self, sequences: Any) -> list[tuple[Any, ...]] | None:
        """Return the shapes of the states; None where the cell's sizes do not tell."""
        sizes = tree.flatten(self.state_size)
        if not all(hasattr(n, "__index__") and n >= 0 for n in sizes):
            return None
        return [(sequences.shape[0], int(n)) for n in sizes]

    # --- configuration ------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal, untrained layer."""
        return {**super().get_config(), "cell": serialization.serialize_keras_object(self.cell)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Return the layer that `config` describes."""
        config = dict(config)
        if isinstance(config.get("cell"), dict):
            config["cell"] = serialization.deserialize_keras_object(config["cell"], custom_objects)
        return super().from_config(config)
