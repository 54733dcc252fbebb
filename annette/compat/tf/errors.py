"""`tf.errors`: the kinds of error that programs catch."""

from __future__ import annotations


class OpError(Exception):
    """An operation failed."""


class InvalidArgumentError(OpError, ValueError):
    """An argument is wrong."""


class NotFoundError(OpError, FileNotFoundError):
    """A file is not there."""


class OutOfRangeError(OpError, StopIteration):
    """There is nothing more."""


class ResourceExhaustedError(OpError, MemoryError):
    """There is no memory left."""
