"""Whatever a file has become, reading it ends in values or in a clear error, with little memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.saving.fuzzing import READERS

ROOT = Path(__file__).parents[2]
# How many cases of each reader in every run of the tests, and of the slow ones; others get FEW.
ROUNDS = {"keras": 400, "hdf5": 400, "layers": 200}
MANY = {"keras": 25_000, "hdf5": 30_000, "layers": 20_000}
FEW, MORE = 150, 10_000
AT_ONCE = 2_500  # cases of one process
MEMORY = 128  # MiB beside what the process has when it begins


def fuzzed(reader: str, rounds: int, seed: int) -> dict[str, Any]:
    """What a process of its own, with a limit on its memory, says of so many cases."""
    found = subprocess.run(
        [sys.executable, "-m", "tests.saving.fuzzing", reader, str(rounds), str(seed)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 0, f"{reader}, seed {seed}: {found.stderr[-3000:]}"
    return json.loads(found.stdout)  # type: ignore[no-any-return]


def check(reader: str, outcome: dict[str, Any], rounds: int) -> None:
    assert outcome["wrong"] == []
    assert outcome["read"] + outcome["refused"] == rounds
    assert outcome["refused"] > 0
    if MemoryError not in READERS[reader].allowed:  # what has no file has no measure
        assert outcome["grown"] < MEMORY


@pytest.mark.parametrize("reader", READERS)
def test_changed_files_are_read_or_refused(reader):
    rounds = ROUNDS.get(reader, FEW)
    check(reader, fuzzed(reader, rounds, 0), rounds)


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
def test_very_many_changed_files_are_read_or_refused(reader):
    whole, part = divmod(MANY.get(reader, MORE), AT_ONCE)
    rounds = [AT_ONCE] * whole + [part] * bool(part)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outcomes = list(pool.map(fuzzed, [reader] * len(rounds), rounds, range(1, len(rounds) + 1)))
    for outcome, count in zip(outcomes, rounds, strict=True):
        check(reader, outcome, count)


def test_what_goes_wrong_is_said():
    """A reader that raises something else, hangs or takes all memory would be noticed."""
    from tests.saving import fuzzing

    def broken(raw: bytes) -> None:
        raise KeyError(raw)

    reader = fuzzing.Reader(dict, lambda raw, chance: raw, broken)
    assert fuzzing.attempt(reader, b"x").startswith("KeyError")
    reader = reader._replace(read=lambda raw: bytearray(2**62))
    assert fuzzing.attempt(reader, b"x").startswith("MemoryError")
