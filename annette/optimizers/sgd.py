"""Gradient descent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from annette.fused import optimizers as fused
from annette.graph import Variable
from annette.optimizers.base import Optimizer


class SGD(Optimizer):
    r"""Gradient descent: $w \leftarrow w - \eta g$.

    With `momentum` $\mu$: $m \leftarrow \mu m - \eta g$, $w \leftarrow w + m$ (Polyak, 1964); with
    `nesterov` $w \leftarrow w + \mu m - \eta g$ (Sutskever et al., 2013).

    Raises:
        ValueError: if `momentum` is not between 0 and 1.
    """

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
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
        if not isinstance(momentum, (int, float)) or not 0 <= momentum <= 1:
            raise ValueError(f"Argument `momentum` must be between 0 and 1; it got {momentum!r}.")
        self.momentum = momentum
        self.nesterov = nesterov
        self.momentums: list[Variable] = []

    def build(self, variables: Sequence[Variable]) -> None:
        """Make a momentum for each weight, if there is momentum."""
        if self.built:
            return
        super().build(variables)
        if self.momentum != 0:
            self.momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one weight along its gradient."""
        rate = self._rate(learning_rate, variable)
        if not self.momentums:
            variable.assign(fused.sgd(variable, gradient, rate))
            return
        m = self.momentums[self._get_variable_index(variable)]
        new_w, new_m = fused.sgd_momentum(
            variable, gradient, m, rate, momentum=self.momentum, nesterov=bool(self.nesterov)
        )
        variable.assign(new_w)
        m.assign(new_m)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
