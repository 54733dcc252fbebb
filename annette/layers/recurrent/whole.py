"""Cells in two parts, of which the one that needs no state is computed for all steps at once."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.graph.dtypes import standardize
from annette.layers.building import is_ours
from annette.layers.context import entered
from annette.layers.recurrent.dropout import DropsOut
from annette.layers.recurrent.loop import over_time


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
        return over_time(
            lambda z, before: self.step(z, before, training),
            self.project(sequences, training), states, held=lambda before: before[0], **how,
        )  # fmt: skip


def _cast(x: Any, dtype: str) -> Any:
    return x if standardize(x.dtype) == dtype else ops.cast(x, dtype)
