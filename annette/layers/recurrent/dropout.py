"""What cells share that drop parts of inputs and states: one mask for all steps of a sequence."""

from __future__ import annotations

from typing import Any

from annette import ops, random
from annette.graph.context import state
from annette.layers.arguments import fraction

_ANYWHERE: Any = object()  # in place of the graph that a mask belongs to


class DropsOut:
    """The part of a cell that draws masks, and keeps them for the steps of a sequence.

    (Gal & Ghahramani, A theoretically grounded application of dropout in recurrent neural networks,
    2016.)
    """

    dropout: float
    recurrent_dropout: float
    seed_generator: random.SeedGenerator
    # How many masks there are, one for each gate; None for one that all gates share.
    dropout_mask_count: int | None = None

    def _set_dropout(self, dropout: Any, recurrent_dropout: Any, seed: Any) -> None:
        me = type(self).__name__
        self.dropout = fraction(me, "dropout", dropout)
        self.recurrent_dropout = fraction(me, "recurrent_dropout", recurrent_dropout)
        self.seed = seed
        self.seed_generator = random.SeedGenerator(seed)

    def get_dropout_mask(self, step_input: Any) -> Any:
        """Return the mask for inputs of one step, drawn anew after `reset_dropout_mask`."""
        return self._mask("inputs", step_input, self.dropout)

    def get_recurrent_dropout_mask(self, step_input: Any) -> Any:
        """Return the mask for states, drawn anew after `reset_recurrent_dropout_mask`."""
        return self._mask("states", step_input, self.recurrent_dropout)

    def reset_dropout_mask(self) -> None:
        """Forget the mask for inputs."""
        self._masks().pop("inputs", None)

    def reset_recurrent_dropout_mask(self) -> None:
        """Forget the mask for states."""
        self._masks().pop("states", None)

    def hold_dropout_masks(self, step_input: Any, step_state: Any) -> None:
        """Draw the masks that all steps of a loop share, whatever the loop is recorded in."""
        self.reset_dropout_mask()
        self.reset_recurrent_dropout_mask()
        if self._drops_inputs(True):
            self._masks()["inputs"] = (_ANYWHERE, self._drawn(step_input, self.dropout))
        if self._drops_states(True):
            self._masks()["states"] = (_ANYWHERE, self._drawn(step_state, self.recurrent_dropout))

    def keep_dropout_masks(self) -> None:
        """Let the masks that are drawn be those of all steps of a loop."""
        masks = self._masks()
        masks.update({which: (_ANYWHERE, drawn) for which, (_, drawn) in masks.items()})

    def __getstate__(self) -> Any:
        """Return the attributes without the masks, for copies and pickles."""
        kept: Any = super().__getstate__()
        return {k: v for k, v in kept.items() if k != "_dropout_masks"}

    def _masks(self) -> dict[str, tuple[Any, Any]]:
        found: dict[str, tuple[Any, Any]] = self.__dict__.setdefault("_dropout_masks", {})
        return found

    def _mask(self, which: str, like: Any, rate: float) -> Any:
        if rate <= 0:
            return None
        kept = self._masks().get(which)
        # What was drawn for another graph is no number here.
        if kept is None or kept[0] not in (_ANYWHERE, state.trace):
            kept = self._masks()[which] = (state.trace, self._drawn(like, rate))
        return kept[1]

    def _drawn(self, like: Any, rate: float) -> Any:
        ones, count = ops.ones_like(like), self.dropout_mask_count
        drawn = [random.dropout(ones, rate, seed=self.seed_generator) for _ in range(count or 1)]
        return drawn if count else drawn[0]

    def _drops_inputs(self, training: Any) -> bool:
        return bool(training) and 0 < self.dropout < 1

    def _drops_states(self, training: Any) -> bool:
        return bool(training) and 0 < self.recurrent_dropout < 1
