"""`keras.backend` of Keras 3: settings, unique numbers and questions about dtypes."""

from __future__ import annotations

import numpy as np
import pytest

import annette as keras


def test_the_settings_are_those_of_config() -> None:
    assert keras.backend.floatx() == keras.config.floatx() == "float32"
    assert keras.backend.epsilon() == keras.config.epsilon()
    assert keras.backend.backend() == keras.config.backend()
    assert keras.backend.image_data_format() == "channels_last"


def test_names_of_dtypes() -> None:
    assert keras.backend.standardize_dtype(None) == "float32"
    assert keras.backend.standardize_dtype(np.float16) == "float16"
    assert keras.backend.standardize_dtype(keras.ops.ones(2).dtype) == "float32"
    assert keras.backend.result_type("int32", float) == "float32"
    assert keras.backend.is_float_dtype("bfloat16") and not keras.backend.is_float_dtype("int8")
    assert keras.backend.is_int_dtype("uint8") and not keras.backend.is_int_dtype("bool")
    with pytest.raises(ValueError, match="half"):
        keras.backend.standardize_dtype("half")


def test_unique_numbers_begin_anew_with_the_session() -> None:
    keras.backend.clear_session()
    assert [keras.backend.get_uid("dense"), keras.backend.get_uid("dense")] == [1, 2]
    keras.utils.clear_session()
    assert keras.backend.get_uid("dense") == 1


def test_symbols_are_told_from_arrays() -> None:
    assert keras.backend.is_keras_tensor(keras.Input((2,)))
    assert not keras.backend.is_keras_tensor(np.ones(2))
