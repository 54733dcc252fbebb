"""The tests of annette: one folder a room."""

import os

from annette.backends.native import is_built

# Where the core is not built, NumPy serves; that it is said so is tested by itself.
if not is_built():
    os.environ.setdefault("ANNETTE_BACKEND", "numpy")
