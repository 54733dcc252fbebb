"""SpatialDropout1D: whole channels are left out while training."""

from __future__ import annotations

from annette.layers.regularization.spatial import SpatialDropout


class SpatialDropout1D(SpatialDropout):
    """Sets a random fraction of the channels to 0, at all steps, and scales the rest up.

    Neighbouring steps tell much the same, so that dropping them one by one would hide little
    (Tompson, Goroshin, Jain, LeCun & Bregler, 2015).

    Args:
        rate: the fraction, from 0 to 1.
        seed: a whole number, for the same masks in each run.
        name, dtype: as of any layer.

    Call arguments:
        inputs: numbers.
        training: whether to drop.

    Input shape: (rows, steps, channels).
    Output shape: that of the input.

    Raises:
        ValueError: if `rate` is not from 0 to 1.
    """

    _spatial = 1
