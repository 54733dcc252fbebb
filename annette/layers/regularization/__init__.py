"""Layers that are active in training only."""
