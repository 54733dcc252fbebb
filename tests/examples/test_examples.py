"""Each example runs, and its figure is what it promises (after fewer epochs than it takes alone)."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples"


def example(name: str) -> Any:
    """Return an example as a module."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_variational_autoencoder_learns() -> None:
    assert example("variational_autoencoder").main(epochs=15, picture=None) < 30.0


def test_the_adversarial_networks_keep_their_balance() -> None:
    sure, classes = example("generative_adversarial_network").main(epochs=40, picture=None)
    assert sure > 0.5 and classes >= 6


def test_an_example_draws_its_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    example("variational_autoencoder").main(epochs=1, picture=str(tmp_path / "digits.png"))
    assert (tmp_path / "digits.png").stat().st_size > 1000


def test_every_example_is_listed() -> None:
    listed = (FOLDER / "README.md").read_text()
    assert all(f"`{p.name}`" in listed for p in FOLDER.glob("*.py"))
