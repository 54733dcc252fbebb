"""Calling a layer with values in place of its variables: a pure function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from annette.graph.stateless import StatelessScope
from annette.graph.variable import Variable
from annette.layers.building import Buildable


class Stateless(Buildable):
    """The part of a layer that is called as a pure function."""

    losses: Any

    def stateless_call(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Return the outputs for these values of the variables, which stay as they are.

        Args:
            trainable_variables: a value for each of the layer's `trainable_variables`, in order.
            non_trainable_variables: one for each of its `non_trainable_variables`.
            args: what the layer is called with.
            return_losses: whether to return what the call added by `add_loss`, too.
            kwargs: keyword arguments of the call.

        Returns:
            The outputs and the new values of `non_trainable_variables`; then the losses, if asked
            for.

        Raises:
            ValueError: if the layer is not built, or the numbers of values differ.
        """
        if not self.built:
            raise ValueError(
                f"stateless_call needs a built layer: {type(self).__name__} '{self.name}' has no "
                "weights yet. Call it on data once, or call build(input_shape)."
            )
        trained, others = self.trainable_variables, self.non_trainable_variables
        pairs = [
            *self._paired("trainable_variables", trained, trainable_variables),
            *self._paired("non_trainable_variables", others, non_trainable_variables),
        ]
        with StatelessScope(pairs, collect_losses=return_losses):
            outputs = self(*args, **kwargs)
            after = [v.value for v in others]
            return (outputs, after, self.losses) if return_losses else (outputs, after)

    def _paired(
        self, argument: str, variables: list[Variable], values: Sequence[Any]
    ) -> list[tuple[Variable, Any]]:
        if len(values) != len(variables):
            raise ValueError(
                f"stateless_call expects `{argument}` to have a value for each of the "
                f"{len(variables)} {argument} of {type(self).__name__} '{self.name}'; it got "
                f"{len(values)}."
            )
        return list(zip(variables, values, strict=True))
