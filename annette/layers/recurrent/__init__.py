"""Layers that go along a sequence and carry a state from step to step."""
