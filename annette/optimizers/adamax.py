"""Adamax."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from annette import ops
from annette.graph import Variable
from annette.optimizers.base import Optimizer


class Adamax(Optimizer):
    r"""Adam with the largest of late gradients for their mean square (Kingma and Ba, 2014).

    $m \leftarrow \beta_1 m + (1 - \beta_1) g$, $u \leftarrow \max(\beta_2 u, |g|)$,
    $w \leftarrow w - \frac{\eta}{1 - \beta_1^t} \frac{m}{u + \epsilon}$ at step $t = 1, 2, \dots$
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
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
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, variables: Sequence[Variable]) -> None:
        """Make a mean and a largest gradient for each weight."""
        if self.built:
            return
        super().build(variables)
        names = ("momentum", "norm")
        self._momentums, self._norms = self.add_optimizer_variables(variables, names)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one weight along its gradient."""
        i = self._get_variable_index(variable)
        m, u = self._momentums[i], self._norms[i]
        dtype = variable.dtype
        alpha = self._once(("alpha", dtype), lambda: self._corrected(learning_rate, dtype))
        new_m = m + (gradient - m) * (1.0 - self.beta_1)
        new_u = ops.maximum(u * self.beta_2, ops.abs(gradient))
        m.assign(new_m)
        u.assign(new_u)
        variable.assign(variable - new_m * alpha / (new_u + self.epsilon))

    def _corrected(self, learning_rate: Any, dtype: str) -> Any:
        """The learning rate times the correction for the zeros that m starts from."""
        left = ops.power(ops.convert_to_tensor(self.beta_1, dtype=dtype), self._time(dtype))
        return ops.cast(learning_rate, dtype) / (1.0 - left)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
