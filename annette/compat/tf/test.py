"""`tf.test`: the questions that programs ask about the machine."""

from __future__ import annotations

from typing import Any


def is_gpu_available(cuda_only: Any = False, min_cuda_compute_capability: Any = None) -> Any:
    """Return False: TensorFlow's devices are not here."""
    return False


def is_built_with_cuda() -> Any:
    """Return False."""
    return False


def gpu_device_name() -> str:
    """Return no name."""
    return ""
