"""What queries may look at: masks of sequences, of order and of distance, joined."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette import ops


def causal(queries: int, keys: int) -> np.ndarray:
    """Return (1, queries, keys): True up to each query's own place."""
    return np.tril(np.ones((1, queries, keys), bool))


def window(queries: int, keys: int, width: int) -> np.ndarray:
    """Return (1, queries, keys): True where places are less than `width` apart."""
    apart = np.abs(np.arange(queries)[:, None] - np.arange(keys))
    return np.asarray((apart < width)[None])


def joined(
    query_mask: Any, value_mask: Any, key_mask: Any, attention_mask: Any,
    order: np.ndarray | None,
) -> Any:  # fmt: skip
    """Return where a query may look at a key, None for everywhere.

    Args:
        query_mask: (rows, t); what a masked query sees is nothing.
        value_mask: (rows, s).
        key_mask: (rows, s).
        attention_mask: broadcasts to (rows, t, s); kept as it is where there is no other.
        order: a mask that is the same for all rows, (1, t, s).
    """
    found: list[Any] = []
    for mask, axis in ((query_mask, -1), (value_mask, -2), (key_mask, -2)):
        if mask is not None:
            found.append(ops.expand_dims(ops.cast(mask, "bool"), axis))
    if order is not None:
        found.append(order)
    if attention_mask is not None:
        found.append(ops.cast(attention_mask, "bool") if found else attention_mask)
    result = None
    for mask in found:
        result = mask if result is None else ops.logical_and(result, mask)
    return result
