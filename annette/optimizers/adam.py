"""Adam and AdamW."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from annette import ops
from annette.fused import optimizers as fused
from annette.graph import Variable
from annette.optimizers.base import Optimizer


class Adam(Optimizer):
    r"""Steps from the running mean and mean square of the gradients (Kingma and Ba, 2014).

    $m \leftarrow \beta_1 m + (1 - \beta_1) g$, $v \leftarrow \beta_2 v + (1 - \beta_2) g^2$,
    $w \leftarrow w - \eta \frac{\sqrt{1 - \beta_2^t}}{1 - \beta_1^t} \frac{m}{\sqrt v + \epsilon}$
    at step $t = 1, 2, \dots$; `amsgrad` takes the largest $v$ so far (Reddi et al., 2018).
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
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
        self.amsgrad = amsgrad

    def build(self, variables: Sequence[Variable]) -> None:
        """Make a mean and a mean square for each weight."""
        if self.built:
            return
        super().build(variables)
        names = ("momentum", "velocity")
        self._momentums, self._velocities = self.add_optimizer_variables(variables, names)
        if self.amsgrad:
            self._velocity_hats = self.add_optimizer_variables(variables, "velocity_hat")

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one weight along its gradient."""
        i = self._get_variable_index(variable)
        states = [self._momentums[i], self._velocities[i]]
        update: Any = fused.adam
        if self.amsgrad:
            states.append(self._velocity_hats[i])
            update = fused.adam_amsgrad
        dtype = variable.dtype
        alpha = self._once(("alpha", dtype), lambda: self._corrected(learning_rate, dtype))
        values = update(
            variable,
            gradient,
            *states,
            alpha,
            beta_1=self.beta_1,
            beta_2=self.beta_2,
            epsilon=self.epsilon,
        )
        for changed, value in zip((variable, *states), values, strict=True):
            changed.assign(value)

    def _corrected(self, learning_rate: Any, dtype: str) -> Any:
        """The learning rate times the correction for the zeros that m and v start from."""
        t = ops.cast(ops.add(self.iterations, 1), dtype)
        left_1 = ops.power(ops.convert_to_tensor(self.beta_1, dtype=dtype), t)
        left_2 = ops.power(ops.convert_to_tensor(self.beta_2, dtype=dtype), t)
        return ops.cast(learning_rate, dtype) * ops.sqrt(1.0 - left_2) / (1.0 - left_1)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "amsgrad": self.amsgrad,
        }


class AdamW(Adam):
    r"""Adam with weight decay apart from the gradient (Loshchilov and Hutter, 2017).

    Every step first does $w \leftarrow w - \eta \lambda w$, $\lambda$ = `weight_decay`.

    Raises:
        ValueError: if `weight_decay` is None.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
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
            beta_1,
            beta_2,
            epsilon,
            amsgrad,
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
        if self.weight_decay is None:
            raise ValueError(
                "Argument `weight_decay` of AdamW must be a number such as 0.004; it got None. "
                "Use Adam for no decay."
            )
