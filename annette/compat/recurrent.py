"""Recurrent layers as Keras 1 and 2 spelt them, and `K.rnn`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from annette import ops
from annette.compat import hints

Patch = Callable[[Any, str, Any], None]

#: Old argument -> today's; "" for one that is ignored because it does nothing any more.
ARGUMENTS = {
    "output_dim": "units",
    "init": "kernel_initializer",
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "b_regularizer": "bias_regularizer",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "consume_less": "",
}
_WINDOWS = {"nb_filter": "filters", "subsample": "strides", "border_mode": "padding"}
_PLAIN = ("SimpleRNN", "LSTM", "GRU")
_FORMATS = {"tf": "channels_last", "th": "channels_first"}


def install(patch: Patch, respell: Callable[..., dict[str, Any]]) -> None:
    """Add the old spellings of arguments, inputs and methods."""
    from annette import Model, layers

    for name in ("RNN", *_PLAIN, *(f"{name}Cell" for name in _PLAIN)):
        _wrap_init(getattr(layers, name), patch, respell, ARGUMENTS)
    _wrap_init(layers.ConvLSTM2D, patch, respell, {**ARGUMENTS, **_WINDOWS})
    for cls in (layers.RNN, layers.Bidirectional):
        _take_lists(cls, patch)
    patch(Model, "reset_states", reset_states)


def _wrap_init(
    cls: type, patch: Patch, respell: Callable[..., dict[str, Any]], renamed: dict[str, str]
) -> None:
    original = cls.__init__  # type: ignore[misc]  # of the class on purpose
    name = cls.__name__

    @functools.wraps(original)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        if name == "ConvLSTM2D":
            kwargs = _kernel_of(kwargs)
        kwargs = respell(name, kwargs, renamed)
        original(self, *args, **_today(name, kwargs))

    patch(cls, "__init__", wrapper)


def _today(name: str, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments in today's form, for those that have no other name alone."""
    kwargs = dict(kwargs)
    if name in ("RNN", "SimpleRNN", "SimpleRNNCell"):  # the others take it
        kwargs.pop("implementation", None)
    first = kwargs.pop("forget_bias_init", None)
    if first is not None:
        kind = first if isinstance(first, str) else type(first).__name__.lower()
        hints.note(f"{name}(forget_bias_init=...)", f"{name}(unit_forget_bias=...)")
        kwargs["unit_forget_bias"] = kind in ("one", "ones")
    if kwargs.pop("time_major", False):
        raise ValueError(
            f"{name} expects inputs of axes (rows, steps, features); time_major=True is for (steps, "
            "rows, features). Swap the axes with ops.swapaxes(x, 0, 1) before and after it."
        )
    length = kwargs.pop("input_length", None)
    if kwargs.get("input_dim") is not None:
        shape = f"keras.Input(shape=({length}, {kwargs['input_dim']})) before it"
        hints.note(f"{name}(input_dim=..., input_length=...)", shape)
        kwargs["input_shape"] = (length, kwargs.pop("input_dim"))
    return kwargs


def _kernel_of(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return `nb_row` and `nb_col` as `kernel_size`, and `dim_ordering` as `data_format`."""
    kwargs = dict(kwargs)
    if "nb_row" in kwargs and "nb_col" in kwargs:
        hints.note("ConvLSTM2D(nb_row=..., nb_col=...)", "ConvLSTM2D(kernel_size=(..., ...))")
        kwargs["kernel_size"] = (kwargs.pop("nb_row"), kwargs.pop("nb_col"))
    order = kwargs.pop("dim_ordering", None)
    if order is not None:
        hints.note("ConvLSTM2D(dim_ordering=...)", "ConvLSTM2D(data_format=...)")
        kwargs["data_format"] = _FORMATS.get(order)
    return kwargs


def _take_lists(cls: type, patch: Patch) -> None:
    """`layer([x, h, c])` is ``layer(x, initial_state=[h, c])``."""
    original = cls.__call__

    @functools.wraps(original)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        first: Any = args[0] if args else None
        several = isinstance(first, (list, tuple)) and len(first) > 1
        if several and all(hasattr(x, "shape") for x in first) and len(first[0].shape) >= 3:
            name = type(self).__name__
            hints.note(f"{name}(...)([x, state])", f"{name}(...)(x, initial_state=[state])")
            args = (first[0], *args[1:])
            kwargs = {**kwargs, "initial_state": list(first[1:])}
        return original(self, *args, **kwargs)

    patch(cls, "__call__", wrapper)


def reset_states(self: Any) -> None:
    """Set the states of all stateful layers to 0."""
    hints.note("model.reset_states()", "layer.reset_state() of each stateful layer")
    for layer in self._flatten_layers(include_self=False):
        if getattr(layer, "stateful", False) and hasattr(layer, "reset_state"):
            layer.reset_state()


def rnn(
    step_function: Callable[[Any, Any], tuple[Any, Any]],
    inputs: Any,
    initial_states: Any,
    go_backwards: bool = False,
    mask: Any = None,
    constants: Any = None,
    unroll: bool = False,
    input_length: int | None = None,
    time_major: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> tuple[Any, Any, Any]:
    """Return the last output, the outputs and the last states of a step that is repeated.

    Args:
        step_function: ``(x, states + constants) -> (output, states)``, with one step's inputs.
        inputs: (rows, steps, ...), or a structure of such arrays.
        initial_states: a list of the first states.
        go_backwards: whether to begin with the last step; outputs come as they are made.
        mask: (rows, steps), False where states stay as they are and the output is the one before.
        constants: what each step is given after the states.
        unroll: whether the steps stand one by one in the graph.
        input_length: accepted for Keras.
        time_major: whether steps come before rows, in the outputs too.
        zero_output_for_mask: whether the output of masked steps is 0.
        return_all_outputs: whether the outputs of all steps are wanted, not the last alone.

    Raises:
        ValueError: if there is no step, or the step's states are not like those it was given.
    """
    from annette.layers.recurrent.loop import over_time
    from annette.utils import tree

    def turned(x: Any) -> Any:
        return ops.swapaxes(ops.convert_to_tensor(x), 0, 1) if time_major else x

    fixed = list(constants or [])

    def step(x: Any, states: Any) -> tuple[Any, Any]:
        output, after = step_function(x, [*states, *fixed])
        return output, list(after) if tree.is_nested(after) else [after]

    nested = tree.is_nested(initial_states)
    last, outputs, states = over_time(
        step,
        tree.map_structure(turned, inputs),
        tree.map_structure(
            ops.convert_to_tensor, list(initial_states) if nested else [initial_states]
        ),
        mask=None if mask is None else turned(mask),
        go_backwards=go_backwards,
        unroll=unroll,
        zero_output_for_mask=zero_output_for_mask,
        return_all_outputs=return_all_outputs,
    )
    return last, turned(outputs), states
