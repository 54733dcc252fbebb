"""RMSprop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from annette.fused import optimizers as fused
from annette.graph import Variable
from annette.optimizers.base import Optimizer


class RMSprop(Optimizer):
    r"""Steps divided by the root of the mean square of late gradients (Tieleman and Hinton, 2012).

    $v \leftarrow \rho v + (1 - \rho) g^2$, $w \leftarrow w - \eta g / \sqrt{v + \epsilon}$.
    With `momentum` $\mu$ steps gather in $m \leftarrow \mu m + \eta g / \sqrt{v + \epsilon}$;
    `centered` takes the variance of the gradients for $v$ (Graves, 2013).
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
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
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the mean square, and where asked for the momentum and the mean, of each weight."""
        if self.built:
            return
        super().build(variables)
        names = ["velocity"]
        names += ["momentum"] if self.momentum > 0 else []
        names += ["average_gradient"] if self.centered else []
        self._state = {name: self.add_optimizer_variables(variables, name) for name in names}

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one weight along its gradient."""
        i = self._get_variable_index(variable)
        # The fused operations take and return the states in this order.
        order = ("velocity", "average_gradient", "momentum")
        states = [self._state[name][i] for name in order if name in self._state]
        params: dict[str, Any] = {"rho": self.rho, "epsilon": self.epsilon}
        if self.momentum > 0:
            params["momentum"] = self.momentum
            update: Any = (
                fused.rmsprop_centered_momentum if self.centered else fused.rmsprop_momentum
            )
        else:
            update = fused.rmsprop_centered if self.centered else fused.rmsprop
        rate = self._rate(learning_rate, variable)
        values = update(variable, gradient, *states, rate, **params)
        for changed, value in zip((variable, *states), values, strict=True):
            changed.assign(value)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }
