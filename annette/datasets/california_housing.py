"""California housing: 20,640 districts and what houses cost there (Pace and Barry, 1997).

Features: median income, median age of houses, rooms and bedrooms per household, population,
people per household, latitude, longitude.
"""

from __future__ import annotations

from annette.datasets.common import Split, cached, read_arrays, split_rows

_SHA256 = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"
_SMALL = 600


def load_data(
    version: str = "large",
    path: str = "california_housing.npz",
    test_split: float = 0.2,
    seed: int = 113,
) -> Split:
    """Return ``(x_train, y_train), (x_test, y_test)``.

    Args:
        version: "large" for all districts, "small" for 600.
        path: of the file, in ``$KERAS_HOME/datasets``, else ``~/.keras/datasets``.
        test_split: the fraction for testing.
        seed: of the order of the rows.

    Output shape: features (n, 8); median prices (n,) in dollars.

    Raises:
        OSError: if there is no file and none can be downloaded; it says where to put one.
        ValueError: if `version` is neither, or `test_split` is not in [0, 1).
    """
    if version not in ("small", "large"):
        raise ValueError(f"version must be 'small' or 'large'; it got {version!r}.")
    x, y = read_arrays(cached(path, "california_housing.npz", _SHA256), ("x", "y"))
    if version == "small":
        x, y = x[:_SMALL], y[:_SMALL]
    return split_rows(x, y, test_split, seed)
