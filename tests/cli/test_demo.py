"""The demo reads digits it has not seen and shows what it learnt."""

from __future__ import annotations

import re
from pathlib import Path

from tests.programs import annette


def test_demo_reads_unseen_digits_and_draws_a_picture(tmp_path: Path) -> None:
    text = annette("demo", "--picture", "out/demo.png", cwd=tmp_path).stdout
    found = re.search(r"(\d+) of 359 unseen digits read right", text)
    assert found is not None and int(found[1]) / 359 >= 0.97
    assert "Total params" in text and "▓" in text and "read as" in text
    assert (tmp_path / "out" / "demo.png").read_bytes().startswith(b"\x89PNG")


def test_demo_without_matplotlib_says_so(tmp_path: Path) -> None:
    (tmp_path / "not_importable" / "matplotlib").mkdir(parents=True)
    (tmp_path / "not_importable" / "matplotlib" / "__init__.py").write_text("raise ImportError\n")
    text = annette("demo", "--epochs", "2", cwd=tmp_path).stdout
    assert "annette[plots]" in text
    assert not (tmp_path / "annette-demo.png").exists()
