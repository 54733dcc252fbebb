"""`tf.config`: there are no TensorFlow devices here, and nothing to set."""

from __future__ import annotations

from typing import Any

from annette.compat.tf.config import experimental as experimental, threading as threading
from annette.compat.tf.config.experimental import list_physical_devices

list_logical_devices = list_physical_devices
get_visible_devices = list_physical_devices


def set_visible_devices(devices: Any, device_type: Any = None) -> None:
    """Do nothing."""


def run_functions_eagerly(run_eagerly: Any) -> None:
    """Do nothing: functions run eagerly."""


def functions_run_eagerly() -> bool:
    """Return True."""
    return True


experimental_run_functions_eagerly = run_functions_eagerly


def set_soft_device_placement(enabled: Any) -> None:
    """Do nothing: there are no devices to choose from."""


def set_logical_device_configuration(device: Any, logical_devices: Any) -> None:
    """Do nothing: there are no devices to divide."""


class LogicalDeviceConfiguration:
    """Settings of a device, which nothing depends on."""

    def __init__(self, memory_limit: Any = None, **options: Any) -> None:
        self.memory_limit = memory_limit
