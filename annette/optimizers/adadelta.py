"""Adadelta."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from annette import ops
from annette.graph import Variable
from annette.optimizers.base import Optimizer


class Adadelta(Optimizer):
    r"""Steps scaled by the sizes of earlier steps over those of late gradients (Zeiler, 2012).

    $s \leftarrow \rho s + (1 - \rho) g^2$,
    $d = \frac{\sqrt{u + \epsilon}}{\sqrt{s + \epsilon}} g$,
    $u \leftarrow \rho u + (1 - \rho) d^2$, $w \leftarrow w - \eta d$; the paper has $\eta = 1$.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
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
        self.rho = rho
        self.epsilon = epsilon

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the mean squares of gradients and of steps, for each weight."""
        if self.built:
            return
        super().build(variables)
        names = ("accumulated_grad", "accumulated_delta_var")
        self._squares, self._steps = self.add_optimizer_variables(variables, names)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one weight along its gradient."""
        i = self._get_variable_index(variable)
        s, u = self._squares[i], self._steps[i]
        new_s = s * self.rho + ops.square(gradient) * (1.0 - self.rho)
        step = gradient * ops.sqrt(u + self.epsilon) / ops.sqrt(new_s + self.epsilon)
        s.assign(new_s)
        u.assign(u * self.rho + ops.square(step) * (1.0 - self.rho))
        variable.assign(variable - step * self._rate(learning_rate, variable))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "rho": self.rho,
            "epsilon": self.epsilon,
        }
