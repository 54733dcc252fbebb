"""`tf.config`: there are no TensorFlow devices here, and nothing to set."""

from __future__ import annotations

from typing import Any

from annette.compat.tf.config import experimental as experimental
from annette.compat.tf.config.experimental import list_physical_devices

list_logical_devices = list_physical_devices
get_visible_devices = list_physical_devices


def set_visible_devices(devices: Any, device_type: Any = None) -> None:
    """Do nothing."""


def run_functions_eagerly(run_eagerly: Any) -> None:
    """Do nothing: functions run eagerly."""
