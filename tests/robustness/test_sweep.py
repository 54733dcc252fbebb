"""No argument of whatever kind ends in a crash, a hang or an error from the inside."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from .sweep import USES

FAMILIES = [[*USES], ["ops"]]


def wrong(*arguments: str) -> dict[str, str]:
    """What the sweep finds, in a process of its own."""
    command = [sys.executable, "-m", "tests.robustness.sweep", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("families", FAMILIES, ids=["constructors", "ops"])
def test_bad_arguments_are_accepted_or_explained(families: list[str]) -> None:
    found = wrong(*families)
    assert not found, f"{len(found)} calls\n" + "\n".join(f"{k}: {v}" for k, v in found.items())


@pytest.mark.slow
@pytest.mark.parametrize("families", FAMILIES, ids=["constructors", "ops"])
def test_every_bad_value_for_every_argument(families: list[str]) -> None:
    found = wrong("--deep", *families)
    assert not found, f"{len(found)} calls\n" + "\n".join(f"{k}: {v}" for k, v in found.items())
