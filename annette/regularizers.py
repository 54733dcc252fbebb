"""Penalties on the size of weights or outputs, added to the loss."""

from __future__ import annotations

import math
from typing import Any

from annette import ops
from annette.saving.family import Family
from annette.saving.serialization import serialize_keras_object


class Regularizer:
    """A function from a weight of any shape to a penalty, a scalar.

    Subclasses define `__call__(x)` and `get_config()`.
    """

    def __call__(self, x: Any) -> Any:
        """The penalty for `x`: 0 here."""
        return 0.0

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Regularizer:
        """A regularizer made from what `get_config` gave."""
        return cls(**config)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        raise NotImplementedError(f"{type(self).__name__} needs a get_config() method to be saved.")


class L1(Regularizer):
    r"""Lasso penalty $l_1 \sum |x|$; raises ValueError if `l1` is negative or not a number."""

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = _strength("l1", 0.01 if l1 is None else l1)

    def __call__(self, x: Any) -> Any:
        """Return the penalty for `x`."""
        return self.l1 * ops.sum(ops.abs(x))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"l1": self.l1}


class L2(Regularizer):
    r"""Ridge penalty $l_2 \sum x^2$; raises ValueError if `l2` is negative or not a number."""

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = _strength("l2", 0.01 if l2 is None else l2)

    def __call__(self, x: Any) -> Any:
        """Return the penalty for `x`."""
        return self.l2 * ops.sum(ops.square(x))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"l2": self.l2}


class L1L2(Regularizer):
    r"""Both penalties: $l_1 \sum |x| + l_2 \sum x^2$ (elastic net; Zou and Hastie, 2005)."""

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = _strength("l1", 0.0 if l1 is None else l1)
        self.l2 = _strength("l2", 0.0 if l2 is None else l2)

    def __call__(self, x: Any) -> Any:
        """Return the penalty for `x`."""
        penalty: Any = ops.zeros((), dtype=x.dtype)
        if self.l1:
            penalty = penalty + self.l1 * ops.sum(ops.abs(x))
        if self.l2:
            penalty = penalty + self.l2 * ops.sum(ops.square(x))
        return penalty

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"l1": self.l1, "l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    r"""Penalty on rows (or columns) that are not at right angles.

    $f \cdot \frac{1}{p} \sum_{i<j} |\hat x_i \cdot \hat x_j|$ over the $p$ pairs of the rows of a
    matrix scaled to length 1.

    Raises:
        ValueError: for an unknown `mode` or an input not of rank 2.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise ValueError(f"Argument `mode` must be 'rows' or 'columns'; it got {mode!r}.")
        self.factor = _strength("factor", factor)
        self.mode = mode

    def __call__(self, x: Any) -> Any:
        """Return the penalty for `x`."""
        if len(x.shape) != 2:
            raise ValueError(
                f"OrthogonalRegularizer expects a matrix (rank 2); it got shape {tuple(x.shape)}. "
                "Use L1 or L2 for other weights."
            )
        along = 1 if self.mode == "rows" else 0
        x = ops.normalize(x, axis=along)
        products = ops.matmul(x, ops.transpose(x)) if along else ops.matmul(ops.transpose(x), x)
        n = x.shape[1 - along]
        off_diagonal = ops.abs(products) * (1.0 - ops.eye(n, dtype=products.dtype))
        return (self.factor * 0.5 / max(n * (n - 1) / 2, 1)) * ops.sum(off_diagonal)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"factor": self.factor, "mode": self.mode}


def _strength(name: str, value: Any) -> float:
    number = hasattr(value, "__float__") and not isinstance(value, bool)
    if not (number and math.isfinite(value) and value >= 0):
        raise ValueError(
            f"Argument `{name}` must be a finite number not below 0, such as 0.01; "
            f"it got {value!r}."
        )
    return float(value)


l1 = L1
l2 = L2
l1_l2 = L1L2
orthogonal_regularizer = OrthogonalRegularizer

ALL_OBJECTS: dict[str, type[Regularizer]] = {
    "L1": L1,
    "L2": L2,
    "L1L2": L1L2,
    "OrthogonalRegularizer": OrthogonalRegularizer,
    "l1": L1,
    "l2": L2,
    "l1l2": L1L2,
    "orthogonal_regularizer": OrthogonalRegularizer,
}

_family = Family("regularizer", ALL_OBJECTS, Regularizer)


def get(identifier: Any) -> Any:
    """The regularizer meant by a name, a configuration, a class or a callable; None for None.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
    """
    return _family.get(identifier)


def serialize(regularizer: Regularizer) -> Any:
    """The configuration from which `deserialize` makes an equal regularizer."""
    return serialize_keras_object(regularizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The regularizer that `serialize` described."""
    return _family.deserialize(config, custom_objects)
