"""Loss scaling for float16, with a factor that finds itself."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

from annette import ops
from annette.graph import Variable
from annette.optimizers.base import Optimizer, unknown_arguments
from annette.saving.serialization import deserialize_keras_object, serialize_keras_object

_INNER = (
    "weight_decay",
    "clipnorm",
    "clipvalue",
    "global_clipnorm",
    "use_ema",
    "ema_momentum",
    "ema_overwrite_frequency",
    "loss_scale_factor",
    "gradient_accumulation_steps",
)


class LossScaleOptimizer(Optimizer):
    """Another optimizer, with a loss made so large that float16 gradients do not vanish.

    The loss is multiplied by a scale $s$, and gradients are divided by it before
    `inner_optimizer` has them (Micikevicius et al., Mixed precision training, 2018). A step with a
    gradient that is not finite is left out, and $s$ halved; after `dynamic_growth_steps` finite
    steps in a row $s$ is doubled. `compile` wraps a model's optimizer in one if the model's
    policy is "mixed_float16".

    Args:
        inner_optimizer: the optimizer that has the gradients; options such as `clipnorm` are its.
        initial_scale: what $s$ starts as. Too large is mended sooner than too small.
        dynamic_growth_steps: finite steps in a row after which $s$ is doubled.
        name: "loss_scale_optimizer" unless given.

    Raises:
        TypeError: if `inner_optimizer` is no optimizer.
        ValueError: for an option that belongs to the inner optimizer, or one that is not known.
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if not isinstance(inner_optimizer, Optimizer):
            raise TypeError(
                "Argument `inner_optimizer` of LossScaleOptimizer must be an optimizer such as "
                f"Adam(); it got {inner_optimizer!r}."
            )
        for option in _INNER:
            if kwargs.pop(option, None) not in (None, False):
                raise ValueError(
                    f"LossScaleOptimizer does not take `{option}`: give it to the inner optimizer, "
                    f"{type(inner_optimizer).__name__}({option}=...)."
                )
        if kwargs:
            raise unknown_arguments(type(self), kwargs)
        super().__init__(0.0, name=name)
        self.inner_optimizer = inner_optimizer
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the scale and the count of finite steps, and build the inner optimizer."""
        if self.built:
            return
        self.step_counter = self.add_variable((), dtype="int32", name="step_counter")
        self.dynamic_scale = self.add_variable((), dtype="float32", name="dynamic_scale")
        self.dynamic_scale.assign(self.initial_scale)
        self.inner_optimizer.build(variables)
        super().build(variables)

    @property
    def variables(self) -> list[Variable]:
        """Its own variables, then those of the inner optimizer."""
        return [*self._variables, *self.inner_optimizer.variables]

    @property
    def iterations(self) -> Any:
        """How many updates the inner optimizer made."""
        return self.inner_optimizer.iterations

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the inner optimizer."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        self.inner_optimizer.learning_rate = learning_rate

    def scale_loss(self, loss: Any) -> Any:
        """The loss times the present scale, of which gradients are to be taken."""
        scale = self.dynamic_scale if self.built else self.initial_scale
        return self.inner_optimizer.scale_loss(loss * ops.cast(scale, ops.dtype(loss)))

    def apply(self, grads: Sequence[Any], trainable_variables: Any = None) -> None:
        """Update the weights with gradients of the scaled loss, unless one is not finite.

        Raises:
            ValueError: if the numbers or shapes of gradients and weights differ, no gradient is
                given, or a weight is not one of those the optimizer was built for.
        """
        grads, variables = self._match(list(grads), trainable_variables)
        if not grads:
            return
        finite = functools.reduce(ops.logical_and, [ops.all(ops.isfinite(g)) for g in grads])
        # In float32 before the division: what float16 just held would vanish in it again.
        scale = ops.where(finite, self.dynamic_scale.value, 1.0)
        grads = [
            ops.where(finite, g, ops.zeros_like(g)) / ops.cast(scale, g.dtype)
            for g in (ops.cast(g, v.dtype) for g, v in zip(grads, variables, strict=True))
        ]
        state = [*variables, *self.inner_optimizer.variables]
        before = [v.value for v in state]
        self.inner_optimizer.apply(grads, variables)
        for variable, old in zip(state, before, strict=True):
            variable.assign(ops.where(finite, variable.value, old))
        self._rescale(finite)

    def _rescale(self, finite: Any) -> None:
        """Halve the scale after a step that failed; double it after enough that did not."""
        count = self.step_counter + 1
        grown = ops.logical_and(finite, ops.greater_equal(count, self.dynamic_growth_steps))
        factor = ops.where(finite, ops.where(grown, 2.0, 1.0), 0.5)
        counting = ops.logical_and(finite, ops.logical_not(grown))
        self.step_counter.assign(ops.where(counting, count, ops.zeros_like(count)))
        self.dynamic_scale.assign(self.dynamic_scale * ops.cast(factor, "float32"))

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        """Set the weights to the inner optimizer's averages, where it keeps them."""
        self.inner_optimizer.finalize_variable_values(var_list)

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Leave these weights out of the inner optimizer's decay."""
        self.inner_optimizer.exclude_from_weight_decay(var_list, var_names)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, the inner optimizer serialized."""
        return {
            "name": self.name,
            "inner_optimizer": serialize_keras_object(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> LossScaleOptimizer:
        """An optimizer made from what `get_config` gave, without its state."""
        config = dict(config)
        inner = config.pop("inner_optimizer")
        if isinstance(inner, dict):
            inner = deserialize_keras_object(inner, custom_objects=custom_objects)
        return cls(inner, **config)
