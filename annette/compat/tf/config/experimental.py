"""`tf.config.experimental` and the like: what programs call before they start."""

from __future__ import annotations

from typing import Any


def list_physical_devices(device_type: Any = None) -> list[Any]:
    """Return no devices: TensorFlow's are not here."""
    return []


def set_memory_growth(device: Any, enable: Any) -> None:
    """Do nothing: memory is taken as it is needed."""


def enable_op_determinism() -> None:
    """Do nothing: the same seed always gives the same bits."""


def set_virtual_device_configuration(device: Any, logical_devices: Any) -> None:
    """Do nothing: there are no devices to divide."""
