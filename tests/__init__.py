"""The tests of annette: one folder a room."""
