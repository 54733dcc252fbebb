"""The one exception that reading a file raises for what is wrong in the file."""

from __future__ import annotations


class FormatError(ValueError):
    """An HDF5 file is damaged, hostile, or uses a part of the format that annette refuses."""
