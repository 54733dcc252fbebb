"""Data sets to learn with: `digits` is inside the package, the others are fetched once."""

from __future__ import annotations

from annette.datasets import digits, fashion_mnist, mnist

__all__ = ["digits", "fashion_mnist", "mnist"]
