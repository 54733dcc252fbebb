"""`tf.config.threading`."""

from __future__ import annotations

from annette import config


def set_intra_op_parallelism_threads(num_threads: int) -> None:
    """Let operations use so many threads; 0 leaves it as it is."""
    if num_threads:
        config.set_num_threads(int(num_threads))


def get_intra_op_parallelism_threads() -> int:
    """Return how many threads operations use."""
    return int(config.num_threads())


def set_inter_op_parallelism_threads(num_threads: int) -> None:
    """Do nothing: operations run one after the other."""


def get_inter_op_parallelism_threads() -> int:
    """Return 1."""
    return 1
