"""Schedules along a cosine."""

from __future__ import annotations

import math
from typing import Any

from annette import ops
from annette.optimizers.schedules.base import LearningRateSchedule, check_steps, number


class CosineDecay(LearningRateSchedule):
    r"""$\eta_t = \eta_0 \left((1 - \alpha) \frac{1 + \cos \pi t / n}{2} + \alpha\right)$.

    Up to step $t = n$ = `decay_steps`. With `warmup_target` the rate first rises in a straight line
    to it, over `warmup_steps`, and falls from there.
    Source: Loshchilov and Hutter, 2016.

    Raises:
        ValueError: if `decay_steps` is not above 0.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        check_steps("decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def __call__(self, step: Any) -> Any:
        """Return the learning rate at this step."""
        t = number(step)
        if self.warmup_target is None:
            return self._fall(t, self.initial_learning_rate)
        start, top = self.initial_learning_rate, self.warmup_target
        falling = self._fall(ops.maximum(t - self.warmup_steps, 0.0), top)
        if not self.warmup_steps:
            return falling
        rising = start + (top - start) * (t / self.warmup_steps)
        return ops.where(t < float(self.warmup_steps), rising, falling)

    def _fall(self, t: Any, top: float) -> Any:
        passed = ops.minimum(t, float(self.decay_steps)) / self.decay_steps
        cosine = 0.5 * (1.0 + ops.cos(passed * math.pi))
        return top * ((1.0 - self.alpha) * cosine + self.alpha)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "alpha": self.alpha,
            "name": self.name,
            "warmup_target": self.warmup_target,
            "warmup_steps": self.warmup_steps,
        }


class CosineDecayRestarts(LearningRateSchedule):
    r"""Cosine decay that starts again and again (Loshchilov and Hutter, 2016).

    The first period has `first_decay_steps`; each next is `t_mul` times as long and starts `m_mul`
    times as high: $\eta = \eta_0 \left((1 - \alpha) m^i \frac{1 + \cos \pi f}{2} + \alpha\right)$
    at the fraction $f$ of period $i$.

    Raises:
        ValueError: if `first_decay_steps` is not above 0.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        check_steps("first_decay_steps", first_decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        if isinstance(t_mul, (int, float)) and t_mul <= 0:
            raise ValueError(f"CosineDecayRestarts expects t_mul above 0; it got {t_mul!r}.")
        self._t_mul = t_mul
        self._m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step: Any) -> Any:
        """Return the learning rate at this step."""
        passed = number(step) / self.first_decay_steps
        k = self._t_mul
        if k == 1.0:
            period = ops.floor(passed)
            fraction = passed - period
        else:
            # Period i starts after 1 + k + ... + k^(i-1) = (k^i - 1) / (k - 1) first periods.
            grown = passed * (k - 1.0) + 1.0
            period = ops.floor(ops.log(grown) / math.log(k))
            length = ops.power(number(k), period)
            fraction = (passed - (length - 1.0) / (k - 1.0)) / length
        height = ops.power(number(self._m_mul), period)
        cosine = 0.5 * height * (1.0 + ops.cos(fraction * math.pi))
        return self.initial_learning_rate * ((1.0 - self.alpha) * cosine + self.alpha)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "first_decay_steps": self.first_decay_steps,
            "t_mul": self._t_mul,
            "m_mul": self._m_mul,
            "alpha": self.alpha,
            "name": self.name,
        }
