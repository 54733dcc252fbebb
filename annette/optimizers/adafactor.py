"""Adafactor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from annette import ops
from annette.graph import Variable
from annette.optimizers.base import Optimizer
from annette.optimizers.schedules import LearningRateSchedule


class Adafactor(Optimizer):
    r"""Adam's scaling with a matrix's mean squares kept by row and column (Shazeer and Stern, 2018).

    With $\beta = 1 - t^{d}$, $d$ = `beta_2_decay`, and $s = g^2 + \epsilon_1$: for a weight of two
    or more axes, $r$ and $c$ are running means ($\beta$) of $s$'s means over the last axis and over
    the one before, and $v = r c / \mathrm{mean}(r)$; for others $v$ is the running mean of $s$.
    $u = g / \sqrt v$ is shortened to a root mean square of `clip_threshold`;
    $w \leftarrow w - \max(\epsilon_2, \mathrm{rms}(w)) \, \eta_t u$ with
    $\eta_t = \min(\eta, 1 / \sqrt t)$ if `relative_step`, else $\eta$, at step $t = 1, 2, \dots$
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
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
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the mean squares by row, by column and whole, for each weight."""
        if self.built:
            return
        super().build(variables)
        self._rows, self._columns, self._velocities = [], [], []
        for variable in variables:
            shape, dtype = variable.shape, variable.dtype
            if len(shape) < 2:  # placeholders, so that each weight has three variables
                shapes: list[tuple[int, ...]] = [(), ()]
                dtype = "int32"
            else:
                shapes = [shape[:-1], (*shape[:-2], shape[-1])]
            row, column = (self.add_variable(s, dtype=dtype, name=variable.name) for s in shapes)
            if len(shape) < 2:
                row.path = column.path = variable.name  # as Keras has them
            self._rows.append(row)
            self._columns.append(column)
            self._velocities.append(self.add_variable_from_reference(variable, "velocity"))

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one weight along its gradient."""
        dtype = variable.dtype
        rate, beta = self._once(("schedule", dtype), lambda: self._schedule(learning_rate, dtype))
        v = self._mean_square(gradient, variable, beta)
        u = gradient / ops.sqrt(v)
        u = u / ops.maximum(_rms(u) / self.clip_threshold, 1.0)
        size = ops.maximum(_rms(variable.value), self.epsilon_2)
        variable.assign(variable - u * (size * rate))

    def _schedule(self, learning_rate: Any, dtype: str) -> tuple[Any, Any]:
        """The rate of this step, and how much of the means stays."""
        t = self._time(dtype)
        rate = ops.cast(learning_rate, dtype)
        if self.relative_step and not isinstance(self._learning_rate, LearningRateSchedule):
            rate = ops.minimum(rate, 1.0 / ops.sqrt(t))
        return rate, 1.0 - ops.power(t, self.beta_2_decay)

    def _mean_square(self, gradient: Any, variable: Variable, beta: Any) -> Any:
        """Renew the means of a weight; return the mean square of its gradient that they tell."""
        i = self._get_variable_index(variable)
        s = ops.square(gradient) + self.epsilon_1
        velocity = self._velocities[i]
        if len(variable.shape) < 2:
            v = velocity * beta + s * (1.0 - beta)
        else:
            row, column = self._rows[i], self._columns[i]
            new_row = row * beta + ops.mean(s, axis=-1) * (1.0 - beta)
            new_column = column * beta + ops.mean(s, axis=-2) * (1.0 - beta)
            row.assign(new_row)
            column.assign(new_column)
            share = new_row / ops.mean(new_row, axis=-1, keepdims=True)
            v = ops.expand_dims(share, -1) * ops.expand_dims(new_column, -2)
        velocity.assign(v)
        return v

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "beta_2_decay": self.beta_2_decay,
            "epsilon_1": self.epsilon_1,
            "epsilon_2": self.epsilon_2,
            "clip_threshold": self.clip_threshold,
            "relative_step": self.relative_step,
        }


def _rms(x: Any) -> Any:
    """The root mean square."""
    return ops.sqrt(ops.mean(ops.square(x)))
