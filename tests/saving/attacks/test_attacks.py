"""Every attack is refused at once, with little memory and a clear error; its twin loads."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.saving.attacks.table import ATTACKS

ROOT = Path(__file__).parents[3]
SECONDS = 1.0  # of the processor's time, so that a busy machine makes no difference
MEMORY = 64 * 2**20


def watched(*arguments: str) -> str:
    """What the watched process prints."""
    found = subprocess.run(
        [sys.executable, "-m", "tests.saving.attacks.watch", *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr[-3000:]
    return found.stdout


@pytest.fixture(scope="module")
def outcomes():
    """What came of each attack and each twin, by name."""
    rows = [json.loads(line) for line in watched().splitlines()]
    return {row["name"]: row for row in rows}


def test_the_names_are_different_and_many():
    names = [attack.name for attack in ATTACKS]
    assert len(set(names)) == len(names) > 300


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_is_refused_and_its_twin_loads(attack, outcomes):
    twin, found = outcomes[attack.name]["twin"], outcomes[attack.name]["attack"]
    assert twin["error"] is None
    assert twin["predicts"]
    assert found["error"] is not None
    assert found["expected"], found["error"]
    assert re.search(attack.message, found["error"][1], re.DOTALL)
    assert found["named"], found["error"]
    assert found["seen"] == []
    assert found["left"] == []
    assert found["seconds"] < SECONDS
    assert found["memory"] < MEMORY


def test_the_watch_sees_what_it_is_for():
    """It hears of files, programs and connections, and measures memory: else all would pass."""
    seen = json.loads(watched("--itself"))
    assert any("open" in s and "secret.txt" in s for s in seen["events"])
    assert any(s.startswith("subprocess.Popen") for s in seen["events"])
    assert any(s.startswith("socket.") for s in seen["events"])
    assert any(s.startswith("exec of code") for s in seen["events"])
    assert any("for writing" in s for s in seen["events"])
    assert 64 * 2**20 < seen["memory"] < 200 * 2**20
