"""Layers that turn raw numbers and strings into what a network takes."""
