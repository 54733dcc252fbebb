"""How one step of a recurrent cell changes with the sums of its gates."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette import ops
from annette.fused import fused

Samples = list[tuple[tuple[Any, ...], dict[str, Any]]]


def _samples(count: int) -> Any:
    """A maker of samples: `count` arrays of one shape, of numbers as gates give them."""

    def samples(rng: np.random.Generator) -> Samples:
        return [(tuple(rng.uniform(-1.5, 1.5, size=(count, 3, 4))), {})]

    return samples


@fused(kernel="lstm_slopes", samples=_samples(7))
def lstm_slopes(dh: Any, dc: Any, i: Any, f: Any, a: Any, o: Any, cell: Any) -> Any:
    r"""\bar c' = \bar c + \bar h\, o\, (1 - t^2),\ t = \tanh(f c + i a)

    The gradient of a step of an LSTM: dh and dc are those by its state and its cell after the step, i,
    f, a and o are the gates after their functions, and `cell` is the cell before. Results: the
    gradients by the sums of the four gates, and by `cell`. All shapes are equal.
    """
    t = ops.tanh(f * cell + i * a)
    dc = dc + dh * o * (1.0 - t * t)
    return (
        dc * a * (i * (1.0 - i)),
        dc * cell * (f * (1.0 - f)),
        dc * i * (1.0 - a * a),
        dh * t * (o * (1.0 - o)),
        dc * f,
    )
