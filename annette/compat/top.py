"""Names of the module `keras` itself that differ from annette's."""

from __future__ import annotations

#: The release of Keras whose names annette follows: programs compare it.
__version__ = "3.15.1"
