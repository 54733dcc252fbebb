"""Programs written for Keras 2 and TensorFlow 2 run as they are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import annette

PROGRAMS = Path(__file__).parent / "programs"
SAYS = {
    "texts_keras2.py": ["words 16", "epochs 15 right True precise True", "classes True"],
    "loop_tf2.py": [
        "GPUs 0 eager True",
        "(TensorSpec(shape=(None, 6), dtype=tf.float32, name=None), TensorSpec(shape=(None,), dtype=tf.int32, name=None))",
        "steps 10 finite True",
        "right True True",
        "evaluate True",
    ],
    "pictures_keras2.py": ["epochs 12 learned True", "evaluated 2 (50, 2)"],
    "series_tf2.py": ["shape (80,) better True near True"],
}


@pytest.mark.parametrize("name", sorted(p.name for p in PROGRAMS.glob("*.py")))
def test_a_program_runs_as_it_is(name: str) -> None:
    root = str(Path(annette.__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, "-m", "annette", "run", "--seed", "1", str(PROGRAMS / name)],
        capture_output=True, text=True, timeout=120, env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == SAYS[name]
    assert "Traceback" not in done.stderr
