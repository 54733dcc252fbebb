"""In which precision means and variances are taken."""

from __future__ import annotations

from typing import Any

from annette import ops


def wide(x: Any, compute_dtype: str) -> Any:
    """Return x in float32, or in float64 where that is computed in.

    A sum of squares soon leaves the range of float16.
    """
    return ops.cast(x, "float64" if compute_dtype == "float64" else "float32")
