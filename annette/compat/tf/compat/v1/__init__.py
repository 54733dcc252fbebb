"""`tf.compat.v1`: the common names, which compute at once here as everywhere else."""

from __future__ import annotations

from annette.compat.tf import *  # noqa: F403  # the same names as tf
from annette.compat.tf.compat.v1 import logging as logging
from annette.compat.tf.random import set_seed as set_random_seed

__all__ = ["logging", "set_random_seed"]
