"""Convolutions: arguments as in Keras, computed by the primitives of `annette.primitives`."""

from __future__ import annotations

from typing import Any

from annette import config
from annette.graph.primitive import apply
from annette.graph.tensor import Tensor
from annette.ops.common import op, operands, rank
from annette.ops.numpy import shaping
from annette.primitives import convolution as c

Sizes = tuple[int, ...]


def spatial(name: str, argument: str, value: Any, axes: int, least: int = 1) -> Sizes:
    """Return a whole number for each spatial axis.

    Raises:
        ValueError: if it is neither one number nor one for each axis, or one is too small.
    """
    values = value if isinstance(value, (tuple, list)) else (value,) * axes
    whole = all(hasattr(v, "__index__") and not isinstance(v, bool) for v in values)
    if len(values) == 1 and axes > 1:
        values = tuple(values) * axes
    if not whole or len(values) != axes or min(int(v) for v in values) < least:
        raise ValueError(
            f"{name} takes for {argument} a whole number of {least} or more, or {axes} of them, one "
            f"for each spatial axis; it got {value!r}."
        )
    return tuple(int(v) for v in values)


def data_format(name: str, value: Any) -> str:
    """Return a data format, the configured one for None.

    Raises:
        ValueError: if it is no known one.
    """
    found = config.image_data_format() if value is None else value
    if found not in ("channels_last", "channels_first"):
        raise ValueError(
            f"{name} expects data_format to be 'channels_last' or 'channels_first'; it got {value!r}."
        )
    return str(found)


def padding_name(name: str, value: Any, known: tuple[str, ...] = ("valid", "same")) -> str:
    """Return a kind of padding.

    Raises:
        ValueError: if it is none of the known ones.
    """
    found = value.lower() if isinstance(value, str) else value
    if found not in known:
        names = " or ".join(map(repr, known))
        raise ValueError(f"{name} takes padding={names}; it got {value!r}.")
    return str(found)


def same_padding(sizes: Sizes, taps: Sizes, strides: Sizes, dilation: Sizes) -> Any:
    """Return the zeros before and after each axis that give ceil(size / stride) windows."""
    found = []
    for n, k, s, d in zip(sizes, taps, strides, dilation, strict=True):
        total = max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
        found.append((total // 2, total - total // 2))
    return tuple(found)


def no_padding(axes: int) -> Any:
    """Return no zeros for each axis."""
    return ((0, 0),) * axes


def channels_last(x: Any, form: str) -> Any:
    """Return `x` with its channels as the last axis."""
    if form == "channels_last":
        return x
    n = rank(x)
    return shaping.transpose(x, (0, *range(2, n), 1))


def as_given(x: Any, form: str) -> Any:
    """Return `x`, whose channels are last, in its data format."""
    if form == "channels_last":
        return x
    n = rank(x)
    return shaping.transpose(x, (0, n - 1, *range(1, n - 1)))


def _prepared(name: str, inputs: Any, kernel: Any, form: Any) -> tuple[Any, Any, str, int]:
    """Return inputs (channels last) and kernel in one float dtype, the format, the spatial axes."""
    x, w = operands(inputs, kernel, at_least_float=True)
    form = data_format(name, form)
    axes = rank(x) - 2
    if axes < 1 or rank(w) != rank(x):
        raise ValueError(
            f"{name} takes inputs (batch, one to three spatial axes, channels) and a kernel of as "
            f"many axes; the shapes are {tuple(x.shape)} and {tuple(w.shape)}."
        )
    return channels_last(x, form), w, form, axes


def _windows(
    name: str, x: Any, taps: Sizes, strides: Any, kind: str, dilation: Any
) -> dict[str, Any]:
    axes = len(taps)
    s = spatial(name, "strides", strides, axes)
    d = spatial(name, "dilation_rate", dilation, axes)
    zeros = no_padding(axes)
    if kind == "same":
        zeros = same_padding(tuple(x.shape[1:-1]), taps, s, d)
    elif kind == "causal":
        zeros = tuple((gap * (k - 1), 0) for k, gap in zip(taps, d, strict=True))
    return {"strides": s, "padding": zeros, "dilation": d}


def one_of_strides_and_dilation(name: str, strides: Sizes, dilation: Sizes) -> None:
    """Refuse windows that are both apart and spread.

    Raises:
        ValueError: if a stride and a dilation are above 1.
    """
    if max(strides) > 1 and max(dilation) > 1:
        raise ValueError(
            f"{name} takes strides above 1 or a dilation_rate above 1, not both; it got "
            f"strides={strides} and dilation_rate={dilation}."
        )


@op
def conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    r"""Return the convolution (in the strict sense: correlation) of images with a kernel.

    .. math:: y_{o,f} = \sum_{k,c} x_{s o + d k - p,\, c}\; w_{k,c,f}

    Args:
        inputs: (batch, *places, channels) with one, two or three axes of places; (batch,
            channels, *places) with "channels_first".
        kernel: (*taps, channels / groups, filters); fewer channels than the inputs' make groups.
        strides: s, a number or one for each axis.
        padding: "valid" for none, "same" for zeros around, so that ceil(size / s) places come out;
            "causal", with one axis of places, for all of these zeros before them.
        data_format: where the channels are; the configured format if None.
        dilation_rate: d, the gap between taps.

    Returns:
        (batch, *places, filters), or the channels second.

    Raises:
        ValueError: if ranks, channels, groups or windows do not fit.
    """
    x, w, form, axes = _prepared("conv", inputs, kernel, data_format)
    known = ("valid", "same", "causal") if axes == 1 else ("valid", "same")
    kind = padding_name("conv", padding, known)
    how = _windows("conv", x, tuple(w.shape[:-2]), strides, kind, dilation_rate)
    one_of_strides_and_dilation("conv", how["strides"], how["dilation"])
    if not w.shape[-2] or x.shape[-1] % w.shape[-2]:
        raise ValueError(
            f"conv needs a kernel whose channels ({w.shape[-2]}) divide those of the inputs "
            f"({x.shape[-1]}); the shapes are {tuple(inputs.shape)} and {tuple(w.shape)}."
        )
    return as_given(apply(c.conv, (x, w), {**how, "groups": x.shape[-1] // w.shape[-2]}), form)


@op
def depthwise_conv(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """Return the convolution of each channel with its own kernels.

    Args:
        inputs: as for `conv`.
        kernel: (*taps, channels, multiplier): so many results for each channel.
        strides, padding, data_format, dilation_rate: as for `conv`.

    Returns:
        (batch, *places, channels * multiplier), or the channels second.

    Raises:
        ValueError: if ranks, channels or windows do not fit.
    """
    x, w, form, _ = _prepared("depthwise_conv", inputs, kernel, data_format)
    channels, multiplier = w.shape[-2:]
    if channels != x.shape[-1]:
        raise ValueError(
            f"depthwise_conv needs a kernel for each of the {x.shape[-1]} channels; the kernel's "
            f"shape is {tuple(w.shape)}."
        )
    name = "depthwise_conv"
    kind = padding_name(name, padding)
    how = _windows(name, x, tuple(w.shape[:-2]), strides, kind, dilation_rate)
    if multiplier > 1:
        # Each result then has a channel of its own, which is what kernels are made for.
        x = shaping.repeat(x, multiplier, axis=-1)
    flat = shaping.reshape(w, (*w.shape[:-2], 1, channels * multiplier))
    return as_given(apply(c.conv, (x, flat), {**how, "groups": channels * multiplier}), form)


@op
def separable_conv(
    inputs: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """Return `depthwise_conv`, then `conv` with windows of one place.

    Args:
        inputs, strides, padding, data_format, dilation_rate: as for `conv`.
        depthwise_kernel: (*taps, channels, multiplier).
        pointwise_kernel: (*ones, channels * multiplier, filters).

    Returns:
        (batch, *places, filters), or the channels second.

    Raises:
        ValueError: if ranks, channels or windows do not fit.
    """
    between = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(between, pointwise_kernel, 1, "valid", data_format, 1)


def transposed_size(n: int, k: int, s: int, d: int, same: bool, extra: int | None) -> int:
    """Return the size that a convolution with `n` windows of `k` taps had."""
    wide = d * (k - 1) + 1
    if extra is None:
        return n * s if same else n * s + max(wide - s, 0)
    return (n - 1) * s + wide + extra - (2 * (wide // 2) if same else 0)


def _transposed(
    n: int, k: int, s: int, d: int, same: bool, extra: int | None
) -> tuple[int, tuple[int, int]]:
    """Return that size, and the padding that the convolution had."""
    size = transposed_size(n, k, s, d, same, extra)
    total = max((n - 1) * s + d * (k - 1) + 1 - size, 0)
    low = total // 2 if same else 0
    return size, (low, total - low)


@op
def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    r"""Return what goes back through a convolution: its gradient by the inputs.

    .. math:: x_{i,c} = \sum_{o,k,f:\ s o + d k - p = i} y_{o,f}\; w_{k,c,f}

    Args:
        inputs: y, as for `conv`.
        kernel: (*taps, filters of the result, channels of `inputs`).
        strides, data_format, dilation_rate: as for `conv`.
        padding: of that convolution, "valid" or "same".
        output_padding: places added at the end of each axis, fewer than the stride; None: as many
            as make "same" give size * stride places.

    Returns:
        (batch, *places, filters), or the channels second.

    Raises:
        ValueError: if ranks, channels, windows or `output_padding` do not fit.
    """
    name = "conv_transpose"
    x, w, form, axes = _prepared(name, inputs, kernel, data_format)
    s, d = (
        spatial(name, "strides", strides, axes),
        spatial(name, "dilation_rate", dilation_rate, axes),
    )
    extra: Any = (None,) * axes
    if output_padding is not None:
        extra = spatial(name, "output_padding", output_padding, axes, least=0)
        if any(e >= step for e, step in zip(extra, s, strict=True)):
            raise ValueError(
                f"conv_transpose needs an output_padding smaller than the strides; it got "
                f"{output_padding} with strides={strides}."
            )
    same = padding_name(name, padding) == "same"
    if w.shape[-1] != x.shape[-1]:
        raise ValueError(
            f"conv_transpose needs a kernel (*taps, filters, channels) for {x.shape[-1]} channels; "
            f"its shape is {tuple(w.shape)}."
        )
    numbers = zip(x.shape[1:-1], w.shape[:-2], s, d, extra, strict=True)
    found = [_transposed(n, k, step, gap, same, e) for n, k, step, gap, e in numbers]
    how = {"sizes": tuple(n for n, _ in found), "padding": tuple(p for _, p in found)}
    params = {**how, "strides": s, "dilation": d, "groups": 1}
    return as_given(apply(c.conv_input, (x, w), params), form)


def made_by_convolution(x: Any) -> bool:
    """Say whether `x` is what a convolution gave, or its sum with an offset."""
    product = made_by(x, "add")
    return made_by(x if product is None else product, "conv") is not None


def made_by(x: Any, name: str) -> Any:
    """Return the operand of the operation `name` that made `x`; None if another made it."""
    node = x.node if isinstance(x, Tensor) else None
    return node.inputs[0] if node is not None and node.primitive.name == name else None
