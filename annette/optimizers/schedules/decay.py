"""Schedules that fall: exponentially, with the inverse of time, polynomially, by steps."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.optimizers.schedules.base import LearningRateSchedule, check_steps, number


class ExponentialDecay(LearningRateSchedule):
    r"""$\eta_t = \eta_0 \, r^{t / n}$, $n$ = `decay_steps`, $r$ = `decay_rate`.

    `staircase` takes $t / n$ rounded down.

    Raises:
        ValueError: if `decay_steps` is not above 0.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        check_steps("decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Any:
        """Return the learning rate at this step."""
        passed = number(step) / self.decay_steps
        passed = ops.floor(passed) if self.staircase else passed
        return self.initial_learning_rate * ops.power(number(self.decay_rate), passed)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }


class InverseTimeDecay(LearningRateSchedule):
    r"""$\eta_t = \eta_0 / (1 + r t / n)$, $n$ = `decay_steps`, $r$ = `decay_rate`.

    `staircase` takes $t / n$ rounded down.

    Raises:
        ValueError: if `decay_steps` is not above 0.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        check_steps("decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Any:
        """Return the learning rate at this step."""
        passed = number(step) / self.decay_steps
        passed = ops.floor(passed) if self.staircase else passed
        return self.initial_learning_rate / (1.0 + self.decay_rate * passed)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }


class PolynomialDecay(LearningRateSchedule):
    r"""$\eta_t = (\eta_0 - \eta_1) (1 - \min(t, n) / n)^p + \eta_1$.

    $n$ = `decay_steps`, $\eta_1$ = `end_learning_rate`, $p$ = `power`. With `cycle` $n$ is instead
    the smallest multiple of it that is not below $t$, so that the rate rises again.

    Raises:
        ValueError: if `decay_steps` is not above 0.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        check_steps("decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step: Any) -> Any:
        """Return the learning rate at this step."""
        t = number(step)
        n = self.decay_steps
        turns = ops.maximum(ops.ceil(t / n), 1.0)
        passed = t / (n * turns) if self.cycle else ops.minimum(t, float(n)) / n
        span = self.initial_learning_rate - self.end_learning_rate
        return span * ops.power(1.0 - passed, self.power) + self.end_learning_rate

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "end_learning_rate": self.end_learning_rate,
            "power": self.power,
            "cycle": self.cycle,
            "name": self.name,
        }


class PiecewiseConstantDecay(LearningRateSchedule):
    r"""$\eta_t = v_i$ for $b_{i-1} < t \le b_i$: one of `values` for each interval of `boundaries`.

    Raises:
        ValueError: unless there is one value more than boundaries.
    """

    def __init__(self, boundaries: Any, values: Any, name: str = "PiecewiseConstant") -> None:
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                "PiecewiseConstantDecay expects one value more than boundaries; it got "
                f"{len(boundaries)} boundaries and {len(values)} values."
            )
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def __call__(self, step: Any) -> Any:
        """Return the learning rate at this step."""
        t = number(step)
        rate = number(self.values[-1])
        ends = list(zip(self.boundaries, self.values, strict=False))
        for boundary, value in reversed(ends):
            rate = ops.where(t <= float(boundary), number(value), rate)
        return rate

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"boundaries": self.boundaries, "values": self.values, "name": self.name}
