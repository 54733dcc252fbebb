"""StackedRNNCells: several cells, each fed with the output of the one before."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.building import is_ours
from annette.layers.layer import Layer
from annette.layers.recurrent.states import called, check_cell, initial_state, output_size
from annette.saving import serialization
from annette.utils import tree


class StackedRNNCells(Layer):
    """Makes one cell of several: each is fed with the output of the one before.

    Args:
        cells: a list of cells.

    Call arguments:
        inputs: one step's inputs, for the first cell.
        states: a list of the states of each cell.
        training: whether to drop, in cells that do.

    Input shape: that of the first cell.
    Output shape: that of the last cell, and a list of the new states of each.
    Weights: those of the cells.

    Raises:
        ValueError: if `cells` is empty, or one of them has no `call` or `state_size`.
    """

    def __init__(self, cells: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(cells, (list, tuple)) or not cells:
            raise ValueError(
                f"StackedRNNCells expects a list of cells, such as [LSTMCell(8), LSTMCell(8)]; it "
                f"got {cells!r}."
            )
        for cell in cells:
            check_cell("StackedRNNCells", cell)
        self.cells = list(cells)

    @property
    def state_size(self) -> list[Any]:
        """The sizes of the states of each cell."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> Any:
        """The size of the last cell's output."""
        return output_size(self.cells[-1])

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Return a list of the first states of each cell."""
        return [initial_state(cell, batch_size, self.compute_dtype) for cell in self.cells]

    def build(self, input_shape: Any) -> None:
        """Build each cell for the output of the one before."""
        rows, shape = input_shape[0], tuple(input_shape)
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(shape)
                cell.built = True
            shape = (rows, output_size(cell))

    def call(self, inputs: Any, states: Any, training: bool = False, **kwargs: Any) -> Any:
        """Return the last cell's output, and a list of the new states of each."""
        after = []
        for cell, before in zip(self.cells, states, strict=True):
            nested = tree.is_nested(before)
            inputs, new = called(cell, inputs, list(before) if nested else [before], training,
                                 **kwargs)  # fmt: skip
            flat = list(new) if tree.is_nested(new) else [new]
            after.append(flat if nested else flat[0])
        return inputs, after

    @property
    def runs_whole_sequences(self) -> bool:
        """Whether all cells are of this library, so that one after the other may run."""
        return is_ours(type(self)) and all(
            getattr(cell, "runs_whole_sequences", False) for cell in self.cells
        )

    def run(self, sequences: Any, states: list[Any], training: Any, **how: Any) -> Any:
        """Return the last output, the outputs and the last states of a whole sequence.

        Args:
            sequences: (n, t, features).
            states: a list of the first states of each cell.
            training: whether to drop parts of inputs and states.
            how: mask, go_backwards and so on, as `over_time` takes them.
        """
        if how["go_backwards"]:
            how["go_backwards"] = False  # the turned sequence is gone along forwards
            sequences = ops.flip(sequences, axis=1)
            if how.get("mask") is not None:
                how["mask"] = ops.flip(how["mask"], axis=1)
        # What a cell gives in masked steps is passed over by the next one, too.
        inner = {**how, "zero_output_for_mask": False, "return_all_outputs": True}
        after, last = [], None
        for cell, before in zip(self.cells, states, strict=True):
            nested = tree.is_nested(before)
            last, sequences, new = cell.run(
                sequences, list(before) if nested else [before], training,
                **(how if cell is self.cells[-1] else inner),
            )  # fmt: skip
            after.append(new if nested else new[0])
        return last, sequences, after

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal, untrained layer."""
        cells = [serialization.serialize_keras_object(cell) for cell in self.cells]
        return {**super().get_config(), "cells": cells}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Return the layer that `config` describes."""
        cells = [
            serialization.deserialize_keras_object(cell, custom_objects) for cell in config["cells"]
        ]
        return super().from_config({**config, "cells": cells})
