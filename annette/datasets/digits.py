"""Digits: 1,797 handwritten digits of 8 x 8 pixels, inside the package.

Source: the test set of "Optical Recognition of Handwritten Digits" by E. Alpaydin and C. Kaynak
(1998), UCI Machine Learning Repository, doi 10.24432/C50P49, licence CC BY 4.0; values and order
are those of `sklearn.datasets.load_digits`. 13 people wrote them; each 32 x 32 bitmap was counted
in blocks of 4 x 4, hence the values 0..16.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from annette.datasets.common import Split


def load_data() -> Split:
    """Return ``(x_train, y_train), (x_test, y_test)``: 1,438 and 359 digits, always the same.

    Every fifth digit (rows 4, 9, 14, ... of the source) is for testing.

    Output shape: images (n, 8, 8) uint8, 0 is paper and 16 ink; labels (n,) uint8, 0..9.
    """
    with np.load(Path(__file__).with_name("digits.npz"), allow_pickle=False) as arrays:
        x, y = arrays["x"], arrays["y"]
    test = np.arange(len(x)) % 5 == 4
    return (x[~test], y[~test]), (x[test], y[test])
