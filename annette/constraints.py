"""Conditions that weights are brought back to after every update."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.config import epsilon
from annette.saving.family import Family
from annette.saving.serialization import serialize_keras_object


class Constraint:
    """A function from a weight to the nearest allowed weight, of the same shape.

    Subclasses define `__call__(w)` and, if they have arguments, `get_config()`.
    """

    def __call__(self, w: Any) -> Any:
        """The allowed weight for `w`."""
        raise NotImplementedError(f"{type(self).__name__} needs a __call__(w) method.")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constraint:
        """A constraint made from what `get_config` gave."""
        return cls(**config)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {}


class MaxNorm(Constraint):
    r"""Length at most $m$ = `max_value` along `axis`: $w \cdot \min(\|w\|, m) / \|w\|$.

    `axis` 0 takes a dense kernel by its columns, the incoming weights of a unit.
    Source: Srivastava et al., 2014.
    """

    def __init__(self, max_value: float = 2, axis: Any = 0) -> None:
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """Return the allowed weight for `w`."""
        norm = _norm(w, self.axis)
        return w * (ops.clip(norm, 0, self.max_value) / (epsilon() + norm))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"max_value": self.max_value, "axis": self.axis}


class NonNeg(Constraint):
    r"""No weight below zero: $\max(w, 0)$."""

    def __call__(self, w: Any) -> Any:
        """Return the allowed weight for `w`."""
        return ops.maximum(w, 0.0)


class UnitNorm(Constraint):
    r"""Length 1 along `axis`: $w / \|w\|$."""

    def __init__(self, axis: Any = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """Return the allowed weight for `w`."""
        return w / (epsilon() + _norm(w, self.axis))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"axis": self.axis}


class MinMaxNorm(Constraint):
    r"""Length between $a$ = `min_value` and $b$ = `max_value` along `axis`.

    $w \cdot (r \min(\max(\|w\|, a), b) + (1 - r) \|w\|) / \|w\|$, where `rate` $r = 1$ goes all the
    way at every step and a smaller one part of it.
    """

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0
    ) -> None:
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """Return the allowed weight for `w`."""
        norm = _norm(w, self.axis)
        wanted = self.rate * ops.clip(norm, self.min_value, self.max_value)
        return w * ((wanted + (1 - self.rate) * norm) / (epsilon() + norm))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "min_value": self.min_value,
            "max_value": self.max_value,
            "rate": self.rate,
            "axis": self.axis,
        }


def _norm(w: Any, axis: Any) -> Any:
    return ops.sqrt(ops.sum(ops.square(w), axis=axis, keepdims=True))


max_norm = MaxNorm
non_neg = NonNeg
unit_norm = UnitNorm
min_max_norm = MinMaxNorm

ALL_OBJECTS: dict[str, type[Constraint]] = {
    "MaxNorm": MaxNorm,
    "MinMaxNorm": MinMaxNorm,
    "NonNeg": NonNeg,
    "UnitNorm": UnitNorm,
    "max_norm": MaxNorm,
    "min_max_norm": MinMaxNorm,
    "non_neg": NonNeg,
    "unit_norm": UnitNorm,
}

_family = Family("constraint", ALL_OBJECTS, Constraint)


def get(identifier: Any) -> Any:
    """The constraint meant by a name, a configuration, a class or a callable; None for None.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
    """
    return _family.get(identifier)


def serialize(constraint: Constraint) -> Any:
    """The configuration from which `deserialize` makes an equal constraint."""
    return serialize_keras_object(constraint)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The constraint that `serialize` described."""
    return _family.deserialize(config, custom_objects)
