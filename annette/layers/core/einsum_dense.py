"""EinsumDense: a dense layer along any axes, told by an equation."""

from __future__ import annotations

import math
import re
from typing import Any

from annette import activations, constraints, initializers, ops, regularizers
from annette.layers.arguments import not_quantized
from annette.layers.input_spec import InputSpec
from annette.layers.layer import Layer

_FORMS = (
    r"(?P<x>[a-zA-Z]+),(?P<w>[a-zA-Z]+)->(?P<y>[a-zA-Z]+)",
    r"\.\.\.(?P<x>[a-zA-Z]+),(?P<w>[a-zA-Z]+)->\.\.\.(?P<y>[a-zA-Z]+)",
    r"(?P<x>[a-zA-Z]+)\.\.\.,(?P<w>[a-zA-Z]+)->(?P<y>[a-zA-Z]+)\.\.\.",
)


class EinsumDense(Layer):
    r"""A layer whose weighted sum is told by an equation of Einstein's summation.

    .. math:: y = f(\operatorname{einsum}(x, W) + b)

    ``EinsumDense("ab,bc->ac", 4)`` is ``Dense(4)``; ``"abc,cde->abde"`` gives each vector c of a
    sequence a matrix de.

    Args:
        equation: as "x,w->y", a letter for each axis; "..." may stand for the first or the last
            axes of both inputs and outputs.
        output_shape: the sizes of y without the rows, None where they are as the input's; with a
            leading "..." those of the letters.
        activation: f, by name or a callable; None for none.
        bias_axes: the letters of y along which b differs; None for no b.
        kernel_initializer, bias_initializer: first values of W and b.
        kernel_regularizer, bias_regularizer: penalties on them.
        kernel_constraint, bias_constraint: applied to them after each update.

    Input shape: as the equation's x.
    Output shape: as the equation's y.
    Weights: kernel, as the equation's w; bias, from the first of `bias_axes` on, 1 along others.

    Raises:
        ValueError: if the equation has another form, a letter's size is not known or not the same
            everywhere, or `bias_axes` names a letter that y lacks.
    """

    _fields = (
        "equation", "output_shape", "activation", "bias_axes", "kernel_initializer",
        "bias_initializer", "kernel_regularizer", "bias_regularizer", "activity_regularizer",
        "kernel_constraint", "bias_constraint", "quantization_config",
    )  # fmt: skip

    def __init__(
        self,
        equation: str,
        output_shape: Any,
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        gptq_unpacked_column_size: int | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        not_quantized("EinsumDense", quantization_config)
        if lora_rank is not None:
            raise ValueError(
                f"EinsumDense got lora_rank={lora_rank!r}; annette trains full weights. Leave it "
                "None."
            )
        self.quantization_config = None
        self.equation = equation
        _check_sizes(output_shape)
        self.output_shape = (
            (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        )
        self.activation = activations.get(activation)
        self.bias_axes = bias_axes
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.bias: Any = None

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias for the sizes of the equation's letters."""
        x, w, y = self._letters()
        sizes, _ = self._sizes(input_shape)
        shape = tuple(self._known(c, sizes, input_shape) for c in w)
        self.kernel = self.add_weight(
            shape, self._initializer(w, y), name="kernel", regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )  # fmt: skip
        if self.bias_axes is not None:
            self.bias = self.add_weight(
                self._bias_shape(y, sizes, input_shape), self.bias_initializer, name="bias",
                regularizer=self.bias_regularizer, constraint=self.bias_constraint,
            )  # fmt: skip
        rank = len(input_shape)
        start = rank - len(x) if self.equation.startswith("...") else 0
        fixed = {start + i: sizes[c] for i, c in enumerate(x) if c in w}
        self.input_spec = InputSpec(ndim=rank, axes=fixed)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Return f(einsum(x, W) + b)."""
        x, w, y = self._letters()
        summed = len([c for c in w if c not in y])
        outer = w[summed:]
        plain = summed and "." not in self.equation and x.endswith(w[:summed])
        if plain and y == x[: len(x) - summed] + outer and self.bias_axes in (None, outer):
            result = self._product(inputs, summed)
        else:
            result = ops.einsum(self.equation, inputs, self.kernel)
            if self.bias is not None:
                result = ops.add(result, self.bias)
        return result if self.activation is None else self.activation(result)

    def _product(self, inputs: Any, summed: int) -> Any:
        """Return x W + b of the last axes as one product of matrices, to which b is added at once."""
        kernel = tuple(self.kernel.shape)
        lead, outer = tuple(inputs.shape)[:-summed], kernel[summed:]
        rows, inner = math.prod(lead), math.prod(kernel[:summed])
        columns = math.prod(outer)
        result = ops.matmul(
            ops.reshape(inputs, (rows, inner)), ops.reshape(self.kernel, (inner, columns))
        )
        if self.bias is not None:
            result = ops.add(result, ops.reshape(self.bias, (columns,)))
        return ops.reshape(result, (*lead, *outer))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape for an input shape (rows first, None where unknown)."""
        return self._sizes(input_shape)[1]

    def _letters(self) -> tuple[str, str, str]:
        """Return the letters of inputs, kernel and outputs."""
        for form in _FORMS:
            found = re.fullmatch(form, self.equation)
            if found:
                return found["x"], found["w"], found["y"]
        raise ValueError(
            f"EinsumDense expects an equation of the form 'x,w->y', '...x,w->...y' or "
            f"'x...,w->y...', with letters for x, w and y; it got {self.equation!r}."
        )

    def _sizes(self, input_shape: Any) -> tuple[dict[str, Any], tuple[Any, ...]]:
        """Return the size of each letter, and the outputs' shape; None where unknown."""
        x, w, y = self._letters()
        shape, out = tuple(input_shape), self.output_shape
        leading = self.equation.startswith("...")
        if len(shape) < len(x) or ("." not in self.equation and len(shape) != len(x)):
            raise ValueError(
                f"EinsumDense '{self.name}' with the equation {self.equation!r} expects inputs "
                f"with an axis for each letter of {x!r}; it got the shape {shape}."
            )
        cut = len(shape) - len(x) if leading else len(x)
        hidden = shape[:cut] if leading else shape[cut:]
        inner = dict(zip(x, shape[cut:] if leading else shape[:cut], strict=True))
        named = out if leading else (shape[0], *out)
        if len(named) != len(y):
            raise ValueError(
                f"EinsumDense '{self.name}' with the equation {self.equation!r} expects an "
                f"output_shape of {len(y) - (not leading)} sizes; it got {out}."
            )
        outer = dict(zip(y, named, strict=True))
        for c, size in outer.items():
            self._check_letter(c, size, inner, w)
        full = (*hidden, *named) if leading else (*named, *hidden)
        return {**outer, **inner}, full

    def _check_letter(self, c: str, size: Any, inner: dict[str, Any], w: str) -> None:
        if c not in inner and c not in w:
            raise ValueError(
                f"EinsumDense expects each letter of y to be one of x or w; {c!r} of "
                f"{self.equation!r} is neither."
            )
        if c in inner and size is not None and size != inner[c]:
            raise ValueError(
                f"EinsumDense '{self.name}' has axis {c!r} of {self.equation!r} in inputs and "
                f"outputs; its size is {inner[c]} in the inputs and {size} in output_shape. Write "
                "None there."
            )

    def _known(self, c: str, sizes: dict[str, Any], input_shape: Any) -> int:
        size = sizes.get(c)
        if size is None:
            why = "is in neither x nor y" if c not in sizes else "has an unknown size"
            raise ValueError(
                f"EinsumDense '{self.name}' needs the size of each axis of its weights; {c!r} of "
                f"{self.equation!r} {why}. Inputs: {tuple(input_shape)}, output_shape: "
                f"{self.output_shape}."
            )
        return int(size)

    def _bias_shape(self, y: str, sizes: dict[str, Any], input_shape: Any) -> tuple[int, ...]:
        """Return the sizes of b: from the first of its axes on, 1 along others."""
        axes = self.bias_axes or ""
        wrong = [c for c in axes if c not in y]
        if wrong or not axes:
            raise ValueError(
                f"EinsumDense expects bias_axes to hold letters of the outputs {y!r}; it got "
                f"{axes!r}."
            )
        first = min(y.index(c) for c in axes)
        shape = [self._known(c, sizes, input_shape) if c in axes else 1 for c in y[first:]]
        x, _, _ = self._letters()
        hidden = len(input_shape) - len(x) if self.equation.endswith("...") else 0
        return (*shape, *(1,) * hidden)

    def _initializer(self, w: str, y: str) -> Any:
        """Return the kernel's initializer, told which axes are summed over and which are given."""
        first = self.kernel_initializer
        scaled = isinstance(first, initializers.VarianceScaling)
        if not scaled or first.input_axes is not None or first.output_axes is not None:
            return first
        first = first.clone()
        first.input_axes = [i for i, c in enumerate(w) if c not in y]
        first.output_axes = [i for i, c in enumerate(w) if c in y]
        return first


def _check_sizes(value: Any) -> None:
    given = value if isinstance(value, (list, tuple)) else [value]
    for n in given:
        if n is not None and (isinstance(n, bool) or not hasattr(n, "__index__") or n < 1):
            raise ValueError(
                "EinsumDense expects output_shape to be a whole number above 0, or several, None "
                f"where a size is as in the inputs; it got {value!r}."
            )
