"""InputLayer and Input: where data enters a model."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.graph.dtypes import standardize
from annette.graph.symbolic import KerasTensor, record_call
from annette.layers.layer import Layer


class InputLayer(Layer):
    """The place where data of a given shape enters a model.

    Args:
        shape: of one sample, None where a size is not known.
        batch_size: number of rows, if it is fixed.
        dtype: of the data; ``floatx()`` if None; ``"string"`` before a preprocessing layer.
        batch_shape: the whole shape, instead of `shape` and `batch_size`.
        input_tensor: a KerasTensor to stand for the data.
        optional: whether None may be given for it.
        name: of the input; a dict of data is matched by it.

    Raises:
        ValueError: if neither or both shapes are given, or a size is no whole number.
    """

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Any = None,
        input_tensor: Any = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        shape = kwargs.pop("input_shape", shape)
        batch_shape = kwargs.pop("batch_input_shape", batch_shape)
        super().__init__(name=name, **kwargs)
        if input_tensor is not None and batch_shape is None and shape is None:
            batch_shape, dtype = input_tensor.shape, dtype or input_tensor.dtype
        self.batch_shape = _whole_shape(shape, batch_size, batch_shape)
        self._dtype = "string" if dtype == "string" else standardize(dtype)
        self.sparse, self.ragged = bool(sparse), bool(ragged)
        self.optional = optional
        self.built = True
        given = isinstance(input_tensor, KerasTensor) and input_tensor._keras_history is None
        tensor = input_tensor if given else KerasTensor(
            self.batch_shape, self._dtype, name=name
        )  # fmt: skip
        record_call(self, (), {}, tensor)

    @property
    def dtype(self) -> str:
        """The dtype of the data."""
        return self._dtype

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse: data is given to the model, not to its input layer."""
        raise NotImplementedError("An InputLayer is not called; call the model it belongs to.")

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal input."""
        return {
            "batch_shape": self.batch_shape,
            "dtype": self.dtype,
            "sparse": self.sparse,
            "ragged": self.ragged,
            "name": self.name,
            "optional": self.optional,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputLayer:
        """Return the input that `config` describes."""
        config = dict(config)
        config["batch_shape"] = tuple(config["batch_shape"])
        return cls(**config)


def _whole_shape(shape: Any, batch_size: Any, batch_shape: Any) -> tuple[int | None, ...]:
    if (shape is None) == (batch_shape is None):
        raise ValueError(
            "Input takes either shape (of one sample) or batch_shape (rows first); it got "
            f"shape={shape!r} and batch_shape={batch_shape!r}."
        )
    if isinstance(shape, (int, np.integer)):
        shape = (int(shape),)
    given = tuple(batch_shape) if batch_shape is not None else (batch_size, *shape)
    for n in given:
        if n is not None and (isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 0):
            raise ValueError(
                f"{'shape' if batch_shape is None else 'batch_shape'} holds whole numbers, or None "
                f"where a size is not known; it got {shape if batch_shape is None else batch_shape}."
            )
    return tuple(None if n is None else int(n) for n in given)


def Input(
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
) -> KerasTensor:
    """Return a KerasTensor that stands for the data a functional model will be given.

    Args:
        shape: of one sample, None where a size is not known.
        batch_size: number of rows, if it is fixed.
        dtype: of the data; ``floatx()`` if None.
        sparse: kept for Keras; the data is dense.
        ragged: kept for Keras; the data is rectangular.
        batch_shape: the whole shape, instead of `shape` and `batch_size`.
        name: of the input; a dict of data is matched by it.
        tensor: a KerasTensor to give its shape and dtype, and to be returned.
        optional: whether the data may be None.
    """
    layer = InputLayer(
        shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name
    )
    found: KerasTensor = layer.output
    return found
