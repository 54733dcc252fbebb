"""``keras.device``: which devices a backend has."""

from __future__ import annotations

import numpy as np
import pytest

import annette as keras
from annette.backends import current_backend


@pytest.mark.parametrize("name", ["cpu", "cpu:0", "CPU:0"])
def test_the_cpu_is_a_device_everywhere(name: str) -> None:
    with keras.device(name):
        assert np.asarray(keras.ops.ones((2,)) + 1.0).tolist() == [2.0, 2.0]


@pytest.mark.parametrize("name", ["tpu:7", "abacus", "cpu:x"])
def test_other_devices_are_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        keras.device(name)


def test_the_version_is_the_package_s() -> None:
    assert keras.version() == keras.__version__
    assert current_backend().name
