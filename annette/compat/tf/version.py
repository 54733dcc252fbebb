"""`tf.version`: what programs print and compare."""

from __future__ import annotations

from annette.compat.tf import __version__ as VERSION

GIT_VERSION = f"v{VERSION}"
COMPILER_VERSION = "none"

__all__ = ["COMPILER_VERSION", "GIT_VERSION", "VERSION"]
