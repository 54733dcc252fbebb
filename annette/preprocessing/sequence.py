"""Sequences of different lengths made equally long."""

from annette.utils import pad_sequences

__all__ = ["pad_sequences"]
