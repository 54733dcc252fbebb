"""Ftrl."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from annette import ops
from annette.graph import Variable
from annette.initializers import Constant
from annette.optimizers.base import Optimizer


class Ftrl(Optimizer):
    r"""Follow the regularized leader, for shallow models with many sparse inputs.

    (McMahan et al., Ad click prediction, 2013.) With $p$ = `learning_rate_power`:
    $n' = n + g^2$, $z \leftarrow z + g - \frac{n'^{-p} - n^{-p}}{\eta} w$,
    $w \leftarrow \frac{\mathrm{clip}(z, -\lambda_1, \lambda_1) - z}
    {(n'^{-p} + \beta) / \eta + 2 \lambda_2}$, $n \leftarrow n'$.
    $n$ starts as `initial_accumulator_value`. `l2_shrinkage_regularization_strength` $\lambda_s$
    adds $2 \lambda_s w$ to the gradient in $z$.

    Raises:
        ValueError: if `learning_rate_power` is above 0, or the accumulator's first value or a
            strength below 0.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
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
        if learning_rate_power > 0:
            raise ValueError(
                f"Argument `learning_rate_power` must be at most 0; it got {learning_rate_power!r}."
            )
        for argument, value in (
            ("initial_accumulator_value", initial_accumulator_value),
            ("l1_regularization_strength", l1_regularization_strength),
            ("l2_regularization_strength", l2_regularization_strength),
            ("l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength),
        ):
            if value < 0:
                raise ValueError(f"Argument `{argument}` must be at least 0; it got {value!r}.")
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta

    def build(self, variables: Sequence[Variable]) -> None:
        """Make a sum of squares and a linear term for each weight."""
        if self.built:
            return
        super().build(variables)
        self._accumulators_of, self._linears = self.add_optimizer_variables(
            variables,
            ("accumulator", "linear"),
            (Constant(self.initial_accumulator_value), "zeros"),
        )

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one weight along its gradient."""
        i = self._get_variable_index(variable)
        n, z = self._accumulators_of[i], self._linears[i]
        rate = self._rate(learning_rate, variable)
        new_n = n + ops.square(gradient)
        root = self._root(new_n)
        pulled = gradient
        if self.l2_shrinkage_regularization_strength > 0:
            pulled = gradient + variable * (2.0 * self.l2_shrinkage_regularization_strength)
        new_z = z + pulled - variable * ((root - self._root(n)) / rate)
        l1 = self.l1_regularization_strength
        steepness = (root + self.beta) / rate + 2.0 * self.l2_regularization_strength
        n.assign(new_n)
        z.assign(new_z)
        variable.assign((ops.clip(new_z, -l1, l1) - new_z) / steepness)

    def _root(self, n: Any) -> Any:
        """$n^{-p}$: the square root at the default power."""
        if self.learning_rate_power == -0.5:
            return ops.sqrt(n)
        return ops.power(n, -self.learning_rate_power)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "learning_rate_power": self.learning_rate_power,
            "initial_accumulator_value": self.initial_accumulator_value,
            "l1_regularization_strength": self.l1_regularization_strength,
            "l2_regularization_strength": self.l2_regularization_strength,
            "l2_shrinkage_regularization_strength": self.l2_shrinkage_regularization_strength,
            "beta": self.beta,
        }
