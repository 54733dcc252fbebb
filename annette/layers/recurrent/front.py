"""What SimpleRNN, LSTM, GRU and ConvLSTM share: the cell is their own, its arguments are theirs."""

from __future__ import annotations

from typing import Any

from annette.layers.layer import Layer
from annette.layers.recurrent.rnn import RNN


def of_cell(name: str) -> Any:
    """Return a property of a layer that is one of its cell's."""

    def read(self: Any) -> Any:
        return getattr(self.cell, name)

    read.__doc__ = f"The cell's `{name}`."
    return property(read)


class Front(RNN):
    """An RNN that makes its cell of its own arguments, and reports them as its own."""

    # What is taken for Keras 2 beside the arguments.
    _accepted: tuple[str, ...] = ()

    use_bias = of_cell("use_bias")
    activation = of_cell("activation")
    kernel_initializer = of_cell("kernel_initializer")
    recurrent_initializer = of_cell("recurrent_initializer")
    bias_initializer = of_cell("bias_initializer")
    kernel_regularizer = of_cell("kernel_regularizer")
    recurrent_regularizer = of_cell("recurrent_regularizer")
    bias_regularizer = of_cell("bias_regularizer")
    kernel_constraint = of_cell("kernel_constraint")
    recurrent_constraint = of_cell("recurrent_constraint")
    bias_constraint = of_cell("bias_constraint")
    dropout = of_cell("dropout")
    recurrent_dropout = of_cell("recurrent_dropout")
    seed = of_cell("seed")

    def _cell_arguments(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return what the cell is told of a layer's further arguments."""
        given = {"dtype": kwargs.get("dtype"), "trainable": kwargs.get("trainable", True)}
        if "implementation" in kwargs and "implementation" in self._accepted:
            given["implementation"] = kwargs.pop("implementation")
        return given

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal, untrained layer."""
        # That of RNN would tell of the cell, which is made of the other arguments.
        return Layer.get_config(self)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Return the layer that `config` describes."""
        return super().from_config(config)


def checked_cudnn(layer: str, value: Any) -> Any:
    """Return `use_cudnn`, which is taken and changes nothing.

    Raises:
        ValueError: if it is not "auto", True or False.
    """
    if value not in ("auto", True, False):
        raise ValueError(
            f"{layer} expects use_cudnn to be 'auto', True or False; it got {value!r}."
        )
    return value
