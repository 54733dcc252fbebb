"""`tf.autograph`: Python runs as Python here."""

from __future__ import annotations

from typing import Any

from annette.compat.tf.autograph import experimental as experimental


def set_verbosity(level: Any, alsologtostdout: Any = False) -> None:
    """Do nothing: nothing is rewritten."""


def to_graph(entity: Any, **options: Any) -> Any:
    """Return the function as it is."""
    return entity
