"""What every schedule has."""

from __future__ import annotations

from typing import Any

from annette import config, ops


class LearningRateSchedule:
    """A function from the step, a whole number, to the learning rate, a scalar.

    Subclasses define `__call__(step)` and `get_config()`.
    """

    def __call__(self, step: Any) -> Any:
        """The learning rate at this step."""
        raise NotImplementedError(f"{type(self).__name__} needs a method __call__(step).")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        raise NotImplementedError(f"{type(self).__name__} needs a method get_config() to be saved.")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LearningRateSchedule:
        """A schedule made from what `get_config` gave."""
        return cls(**config)


def number(value: Any) -> Any:
    """A step or other number as a scalar of `floatx()`."""
    return ops.cast(ops.convert_to_tensor(value), config.floatx())


def check_steps(argument: str, value: Any) -> None:
    """Raise ValueError unless a number of steps is above 0."""
    if not value > 0:
        raise ValueError(f"Argument `{argument}` must be above 0; it got {value!r}.")
