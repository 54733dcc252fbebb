"""Layers that prepare pictures, and those that change them at random while training."""
