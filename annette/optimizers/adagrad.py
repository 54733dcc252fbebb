"""Adagrad."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from annette.fused import optimizers as fused
from annette.graph import Variable
from annette.initializers import Constant
from annette.optimizers.base import Optimizer


class Adagrad(Optimizer):
    r"""Smaller steps for weights that have had large gradients (Duchi, Hazan and Singer, 2011).

    $s \leftarrow s + g^2$, $w \leftarrow w - \eta g / \sqrt{s + \epsilon}$; $s$ starts as
    `initial_accumulator_value`.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate,
            weight_decay,
            clipnorm,
            clipvalue,
            global_clipnorm,
            use_ema,
            ema_momentum,
            ema_overwrite_frequency,
            loss_scale_factor,
            gradient_accumulation_steps,
            name,
            **kwargs,
        )
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def build(self, variables: Sequence[Variable]) -> None:
        """Make a sum of squares for each weight."""
        if self.built:
            return
        super().build(variables)
        first = Constant(self.initial_accumulator_value)
        self._sums = self.add_optimizer_variables(variables, "accumulator", first)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one weight along its gradient."""
        rate = self._rate(learning_rate, variable)
        s = self._sums[self._get_variable_index(variable)]
        new_w, new_s = fused.adagrad(variable, gradient, s, rate, epsilon=self.epsilon)
        variable.assign(new_w)
        s.assign(new_s)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "initial_accumulator_value": self.initial_accumulator_value,
            "epsilon": self.epsilon,
        }
