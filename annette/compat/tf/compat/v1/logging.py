"""`tf.compat.v1.logging`: there is nothing to silence."""

from __future__ import annotations

from typing import Any

DEBUG, INFO, WARN, ERROR, FATAL = 10, 20, 30, 40, 50


def set_verbosity(level: Any) -> None:
    """Do nothing."""
