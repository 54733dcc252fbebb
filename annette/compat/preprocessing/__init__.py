"""`keras.preprocessing` of Keras 1 and 2: texts, sequences and pictures made ready for `fit`."""

from __future__ import annotations

from annette.compat.preprocessing import image, sequence, text

__all__ = ["image", "sequence", "text"]
