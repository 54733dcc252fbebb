"""Cells in two parts, of which the one that needs no state is computed for all steps at once."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.graph.dtypes import standardize
from annette.layers.building import is_ours
from annette.layers.context import entered
from annette.layers.recurrent.dropout import DropsOut
from annette.layers.recurrent.loop import kept_steps, over_time, steps_first


class ProjectedCell(DropsOut):
    """A cell in two parts: `project`, of inputs alone, and `step`, which needs the state before.

    So the product of the inputs and the kernel is taken for all steps at once. Its output is its
    first state.
    """

    compute_dtype: str

    def project(self, x: Any, training: Any = False) -> Any:
        """Return what `step` needs of one step's inputs, or of those of all steps."""
        raise NotImplementedError

    def step(self, z: Any, states: list[Any], training: Any) -> tuple[Any, list[Any]]:
        """Return output and new states, of a projected input and the states before."""
        raise NotImplementedError

    @property
    def runs_whole_sequences(self) -> bool:
        """Whether the cell computes what this library's class does, so that `run` may be used."""
        return all(
            is_ours(next(c for c in type(self).__mro__ if name in vars(c)))
            for name in ("call", "project", "step", "__call__")
        )

    def run(self, sequences: Any, states: list[Any], training: Any, **how: Any) -> Any:
        """Return the last output, the outputs and the last states of a whole sequence.

        Args:
            sequences: (n, t, features).
            states: a list of the first states.
            training: whether to drop parts of inputs and states.
            how: mask, go_backwards and so on, as `over_time` takes them.
        """
        with entered(self, training):
            states = [_cast(s, self.compute_dtype) for s in states]
            sequences = _cast(sequences, self.compute_dtype)
            if training:
                self.hold_dropout_masks(sequences[:, 0], states[0])
            try:
                return self._along(sequences, states, training, **how)
            finally:
                self.reset_dropout_mask()
                self.reset_recurrent_dropout_mask()

    def _along(self, sequences: Any, states: list[Any], training: Any, **how: Any) -> Any:
        """Return what `run` does, of inputs and states that are ready."""
        if how["unroll"] or not self._is_one_operation(training):
            return over_time(
                lambda x, before: self.step(x, before, training),
                self.project(sequences, training), states, held=lambda before: before[0], **how,
            )  # fmt: skip
        dropping = self._drops_inputs(training)  # by masks that fit rows first
        z = sequences if dropping else steps_first(sequences)
        z = self.project(z, training)
        mask = None if how["mask"] is None else kept_steps(how["mask"])
        found = self._at_once(steps_first(z) if dropping else z, states, mask, how["go_backwards"])
        return _arranged(*found, **{**how, "mask": mask})

    def _is_one_operation(self, training: Any) -> bool:
        """Whether `_at_once` does what the steps do one after the other."""
        return False

    def _at_once(
        self, z: Any, states: list[Any], mask: Any, reverse: bool
    ) -> tuple[Any, list[Any]]:
        """Return all outputs beside their inputs and the last states, made by one operation.

        Args:
            z: the projected inputs, steps first.
            states: a list of the first states.
            mask: (t, n), False where a step is passed over, or None.
            reverse: whether to begin with the last step.
        """
        raise NotImplementedError


def _arranged(
    outputs: Any,
    states: list[Any],
    mask: Any,
    *,
    go_backwards: bool,
    zero_output_for_mask: bool,
    return_all_outputs: bool,
    **how: Any,
) -> tuple[Any, Any, Any]:
    """Return the last output, the outputs as they are made, rows first, and the last states."""
    last = states[0]
    if mask is not None and zero_output_for_mask:
        outputs = ops.where(ops.expand_dims(mask, -1), outputs, 0.0)
        last = outputs[0 if go_backwards else -1]
    if not return_all_outputs:
        return last, ops.expand_dims(last, 1), states
    if go_backwards:
        outputs = ops.flip(outputs, axis=0)
    return last, steps_first(outputs), states


def masked(mask: Any) -> Any:
    """Return what an operation on whole sequences takes for a mask, or for none."""
    return () if mask is None else (mask,)


def _cast(x: Any, dtype: str) -> Any:
    return x if standardize(x.dtype) == dtype else ops.cast(x, dtype)
