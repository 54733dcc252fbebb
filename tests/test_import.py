"""Importing annette brings NumPy and nothing heavier."""

from __future__ import annotations

import subprocess
import sys

HEAVY = (
    "h5py rich matplotlib pandas jax sklearn scipy click tensorflow keras torch inspect dataclasses"
).split()


def test_importing_loads_nothing_heavy() -> None:
    # NumPy's own imports do not count.
    program = (
        "import sys, numpy; before = set(sys.modules); import annette; "
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "annette" in loaded
    assert not set(loaded) & set(HEAVY)
