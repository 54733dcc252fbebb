"""Keras's public names beside annette's."""
