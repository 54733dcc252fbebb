"""Layers that look things up by how well they fit."""
