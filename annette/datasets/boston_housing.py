"""Boston housing: 506 districts and what houses cost there (Harrison and Rubinfeld, 1978).

Mind that one of its columns, B, is made from the share of Black people in a district on the
assumption that it influences prices. `california_housing` is the better choice.
"""

from __future__ import annotations

from annette.datasets.common import Split, cached, read_arrays, split_rows

_SHA256 = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"


def load_data(path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113) -> Split:
    """Return ``(x_train, y_train), (x_test, y_test)``: 404 and 102 districts.

    Args:
        path: of the file, in ``$KERAS_HOME/datasets``, else ``~/.keras/datasets``.
        test_split: the fraction for testing.
        seed: of the order of the rows.

    Output shape: features (n, 13); median prices (n,) in thousands of dollars.

    Raises:
        OSError: if there is no file and none can be downloaded; it says where to put one.
        ValueError: if `test_split` is not in [0, 1).
    """
    x, y = read_arrays(cached(path, "boston_housing.npz", _SHA256), ("x", "y"))
    return split_rows(x, y, test_split, seed)
