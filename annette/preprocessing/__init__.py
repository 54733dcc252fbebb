"""Data made ready for `fit`, under the names that Keras keeps for it."""

from annette.preprocessing import sequence

__all__ = ["sequence"]
