"""Dot: the product of two inputs, summed over an axis of each."""

from __future__ import annotations

from string import ascii_lowercase
from typing import Any

from annette import ops
from annette.layers.merging.base import Merge


class Dot(Merge):
    r"""Multiplies two inputs row by row and sums over one axis of each.

    .. math:: y_{n \dots} = \sum_k x^{(1)}_{n \dots k \dots} x^{(2)}_{n \dots k \dots}

    Args:
        axes: the axis of both inputs, or a pair (of the first, of the second); not the rows.
        normalize: whether to bring both to length 1 along it, which gives the cosine of the angle
            between them.

    Input shape: a list of two arrays (rows, ...), of one size along the axis.
    Output shape: (rows, what is left of the first, what is left of the second); (rows, 1) if
        nothing is left.

    Raises:
        TypeError: if `axes` is no whole number or pair.
        ValueError: if there are not two inputs, they lack the axis, or their sizes along it differ.
    """

    _fields = ("axes", "normalize")

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        pair = [axes, axes] if not isinstance(axes, (list, tuple)) else list(axes)
        if not isinstance(axes, (int, list, tuple)) or isinstance(axes, bool):
            raise TypeError(f"Dot expects axes to be a whole number or a pair; it got {axes!r}.")
        if len(pair) != 2 or not all(isinstance(a, int) for a in pair):
            raise ValueError(f"Dot expects axes to be a pair of whole numbers; it got {axes!r}.")
        self.axes, self.normalize = axes, normalize
        self._pair = (pair[0], pair[1])

    def build(self, input_shape: Any) -> None:
        """Check that there are two inputs that fit."""
        self._contracted(input_shape)

    def _contracted(self, shapes: Any) -> tuple[int, int]:
        """Return the axis of each input that is summed over."""
        several = isinstance(shapes, (list, tuple)) and all(
            isinstance(s, (list, tuple)) for s in shapes
        )
        if not several or len(shapes) != 2:
            raise ValueError(
                f"Dot '{self.name}' expects a list of two inputs, such as [a, b]; it got "
                + (f"{len(shapes)}." if several else f"one of shape {tuple(shapes)}.")
            )
        found = []
        for axis, shape in zip(self._pair, shapes, strict=True):
            if not -len(shape) <= axis < len(shape) or axis % len(shape) == 0:
                raise ValueError(
                    f"Dot '{self.name}' expects inputs with the axes {self._pair}, which must not "
                    f"be their rows; it got {' and '.join(str(tuple(s)) for s in shapes)}."
                )
            found.append(axis % len(shape))
        sizes = [shape[axis] for axis, shape in zip(found, shapes, strict=True)]
        if None not in sizes and sizes[0] != sizes[1]:
            raise ValueError(
                f"Dot '{self.name}' expects inputs of one size along axes={self.axes!r}; it got "
                f"{' and '.join(str(tuple(s)) for s in shapes)}, with {sizes[0]} and {sizes[1]}."
            )
        return found[0], found[1]

    def call(self, inputs: Any) -> Any:
        """Return the product of the two, summed."""
        if not isinstance(inputs, (list, tuple)):
            raise ValueError(f"Dot '{self.name}' expects a list of two inputs, such as [a, b].")
        first, second = self._contracted([tuple(x.shape) for x in inputs])
        a, b = inputs
        if self.normalize:
            a, b = ops.normalize(a, axis=first), ops.normalize(b, axis=second)
        letters = iter(ascii_lowercase[2:])
        # Of the letters, a is the rows and b what is summed over.
        left = ["a"] + [next(letters) for _ in a.shape[1:]]
        right = ["a"] + [next(letters) for _ in b.shape[1:]]
        left[first] = right[second] = "b"
        kept = [c for c in (*left, *right[1:]) if c != "b"]
        y = ops.einsum(f"{''.join(left)},{''.join(right)}->{''.join(kept)}", a, b)
        return y if len(kept) > 1 else ops.expand_dims(y, 1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape for the two inputs' (rows first, None where unknown)."""
        first, second = self._contracted(input_shape)
        a, b = (tuple(s) for s in input_shape)
        left = (*a[:first], *a[first + 1 :])
        shape = (*left, *b[1:second], *b[second + 1 :])
        return shape if len(shape) > 1 else (*shape, 1)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Return None: the steps of the inputs are no longer there."""
        return None


def dot(inputs: list[Any], axes: Any = -1, **kwargs: Any) -> Any:
    """Return the product of two inputs, summed over an axis: ``Dot(axes)`` called at once.

    Shapes: (n, ...) both; the result has the axes of both without `axes`, the rows once.

    Raises:
        ValueError: if there are not two inputs, or their sizes along `axes` differ.
    """
    return Dot(axes=axes, **kwargs)(inputs)
