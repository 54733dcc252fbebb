"""Nadam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from annette import ops
from annette.graph import Variable
from annette.optimizers.base import Optimizer


class Nadam(Optimizer):
    r"""Adam with Nesterov's look ahead (Dozat, 2015).

    With $\mu_t = \beta_1 (1 - 0.96^t / 2)$ and $P_t = \mu_1 \cdots \mu_t$ at step $t = 1, 2, \dots$:
    $m \leftarrow \beta_1 m + (1 - \beta_1) g$, $v \leftarrow \beta_2 v + (1 - \beta_2) g^2$,
    $\hat m = \frac{\mu_{t+1}}{1 - P_{t+1}} m + \frac{1 - \mu_t}{1 - P_t} g$,
    $w \leftarrow w - \eta \hat m / (\sqrt{v / (1 - \beta_2^t)} + \epsilon)$.
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
        """Make a mean and a mean square for each weight, and the product of the momenta."""
        if self.built:
            return
        super().build(variables)
        names = ("momentum", "velocity")
        self._momentums, self._velocities = self.add_optimizer_variables(variables, names)
        self._product = self.add_variable((), "ones", variables[0].dtype, name="variable")
        self._product.path = "variable"  # as Keras has it

    def _update(self, grads: list[Any], variables: list[Variable]) -> None:
        self._product.assign(self._product * self._momentum_at(1, self._product.dtype))
        super()._update(grads, variables)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one weight along its gradient."""
        i = self._get_variable_index(variable)
        m, v = self._momentums[i], self._velocities[i]
        dtype = variable.dtype
        ahead, now, left = self._once(("factors", dtype), lambda: self._factors(dtype))
        new_m = m + (gradient - m) * (1.0 - self.beta_1)
        new_v = v + (ops.square(gradient) - v) * (1.0 - self.beta_2)
        m.assign(new_m)
        v.assign(new_v)
        step = (new_m * ahead + gradient * now) * self._rate(learning_rate, variable)
        variable.assign(variable - step / (ops.sqrt(new_v / left) + self.epsilon))

    def _momentum_at(self, ahead: int, dtype: str) -> Any:
        """The momentum of the step that is so many after the last one."""
        t = ops.cast(ops.add(self.iterations, ahead), dtype)
        fading = ops.power(ops.convert_to_tensor(0.96, dtype=dtype), t)
        return (1.0 - fading * 0.5) * self.beta_1

    def _factors(self, dtype: str) -> tuple[Any, Any, Any]:
        """The factors of m and of g in the step, and what v is divided by."""
        product = ops.cast(self._product.value, dtype)
        now, following = self._momentum_at(1, dtype), self._momentum_at(2, dtype)
        left = ops.power(ops.convert_to_tensor(self.beta_2, dtype=dtype), self._time(dtype))
        ahead = following / (1.0 - product * following)
        return ahead, (1.0 - now) / (1.0 - product), 1.0 - left

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
