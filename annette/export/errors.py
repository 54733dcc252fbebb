"""What an export refuses."""

from __future__ import annotations


class Refused(ValueError):
    """Something in a model that the format cannot express; the message names it and the mend."""
