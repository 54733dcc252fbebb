"""Lamb."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from annette import ops
from annette.graph import Variable
from annette.optimizers.base import Optimizer


class Lamb(Optimizer):
    r"""Adam's steps, each weight's as long as befits its own length (You et al., 2019).

    With Adam's $m$ and $v$: $r = \frac{m}{1 - \beta_1^t} /
    \left(\sqrt{\frac{v}{1 - \beta_2^t}} + \epsilon\right)$,
    $w \leftarrow w - \eta \frac{\|w\|}{\|r\|} r$ at step $t = 1, 2, \dots$; the quotient of the
    norms is 1 where either is 0.
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
        """Make a mean and a mean square for each weight."""
        if self.built:
            return
        super().build(variables)
        names = ("momentum", "velocity")
        self._momentums, self._velocities = self.add_optimizer_variables(variables, names)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one weight along its gradient."""
        i = self._get_variable_index(variable)
        m, v = self._momentums[i], self._velocities[i]
        dtype = variable.dtype
        left_1, left_2 = self._once(("left", dtype), lambda: self._left(dtype))
        new_m = m + (gradient - m) * (1.0 - self.beta_1)
        new_v = v + (ops.square(gradient) - v) * (1.0 - self.beta_2)
        m.assign(new_m)
        v.assign(new_v)
        r = (new_m / left_1) / (ops.sqrt(new_v / left_2) + self.epsilon)
        scale = self._rate(learning_rate, variable) * _trust(_norm(variable.value), _norm(r))
        variable.assign(variable - r * scale)

    def _left(self, dtype: str) -> tuple[Any, Any]:
        """What of m and of v does not stem from the zeros they start from."""
        t = self._time(dtype)
        betas = (ops.convert_to_tensor(b, dtype=dtype) for b in (self.beta_1, self.beta_2))
        left_1, left_2 = (1.0 - ops.power(beta, t) for beta in betas)
        return left_1, left_2

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }


def _norm(x: Any) -> Any:
    return ops.sqrt(ops.sum(ops.square(x)))


def _trust(weight: Any, step: Any) -> Any:
    """The quotient of two norms; 1 where either is 0."""
    both = ops.logical_and(ops.greater(weight, 0), ops.greater(step, 0))
    # The divisor is made harmless first, so that no 0 / 0 is computed.
    return ops.where(both, weight / ops.where(both, step, ops.ones_like(step)), 1.0)
