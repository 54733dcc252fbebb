"""Schedule-free AdamW."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from annette import ops
from annette.graph import Variable
from annette.optimizers.base import Optimizer


class ScheduleFreeAdamW(Optimizer):
    r"""AdamW that averages its weights in place of a falling learning rate (Defazio et al., 2024).

    The gradient is that at $w = \beta_1 x + (1 - \beta_1) z$, which the weights are set to: $z$
    takes the steps and $x$ is the mean of all $z$ so far. At step $t = 1, 2, \dots$
    $v \leftarrow \beta_2 v + (1 - \beta_2) g^2$,
    $z \leftarrow z - \eta_t g / (\sqrt{v / (1 - \beta_2^t)} + \epsilon)$,
    $x \leftarrow (1 - 1/t) x + z / t$; $\eta_t$ rises to $\eta$ in `warmup_steps` steps.
    """

    def __init__(
        self,
        learning_rate: Any = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
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
        self.warmup_steps = warmup_steps

    def build(self, variables: Sequence[Variable]) -> None:
        """Make z, which starts as the weight, and a mean square for each weight."""
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = [], []
        for variable in variables:
            z = self.add_variable_from_reference(variable, "momentum")
            z.assign(variable.value)
            self._momentums.append(z)
            self._velocities.append(self.add_variable_from_reference(variable, "velocity"))

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one weight along its gradient."""
        i = self._get_variable_index(variable)
        z, v = self._momentums[i], self._velocities[i]
        dtype = variable.dtype
        rate, share, left = self._once(
            ("factors", dtype), lambda: self._factors(learning_rate, dtype)
        )
        new_v = v * self.beta_2 + ops.square(gradient) * (1.0 - self.beta_2)
        new_z = z - gradient * rate / (ops.sqrt(new_v / left) + self.epsilon)
        x = (variable - z * (1.0 - self.beta_1)) / self.beta_1
        new_x = x * (1.0 - share) + new_z * share
        v.assign(new_v)
        z.assign(new_z)
        variable.assign(new_x * self.beta_1 + new_z * (1.0 - self.beta_1))

    def _factors(self, learning_rate: Any, dtype: str) -> tuple[Any, Any, Any]:
        """The rate of this step, the share of z in x, and what v is divided by."""
        t = self._time(dtype)
        rate = ops.cast(learning_rate, dtype)
        if self.warmup_steps > 0:
            rate = rate * ops.minimum(t / float(self.warmup_steps), 1.0)
        left = ops.power(ops.convert_to_tensor(self.beta_2, dtype=dtype), t)
        return rate, 1.0 / t, 1.0 - left

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "warmup_steps": self.warmup_steps,
        }
