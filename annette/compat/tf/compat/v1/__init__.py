"""`tf.compat.v1`: the common names, which compute at once here as everywhere else."""

from __future__ import annotations

from annette.compat.tf import *  # noqa: F403  # the same names as tf
from annette.compat.tf.compat.v1 import logging as logging
from annette.compat.tf.random import set_seed as set_random_seed


def disable_eager_execution() -> None:
    """Say what to write instead.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError(
        "tf.compat.v1.disable_eager_execution asks for sessions and a global graph, which annette "
        "has not: functions compute at once, and models compile their steps themselves. Leave the "
        "line out; Keras models work as they are. Placeholders become arguments of functions, and "
        "session.run(f, feed_dict) becomes a call f(x)."
    )


disable_v2_behavior = disable_eager_execution


def enable_eager_execution(*args: object, **options: object) -> None:
    """Do nothing: functions compute at once."""


enable_v2_behavior = enable_eager_execution
disable_v2_tensorshape = enable_eager_execution
reset_default_graph = enable_eager_execution

__all__ = ["logging", "set_random_seed"]
