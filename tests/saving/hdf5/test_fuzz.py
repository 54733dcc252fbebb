"""Whatever bytes a file has, reading it ends soon, in values or in FormatError, with little memory."""

from __future__ import annotations

import random
import tracemalloc
import zipfile

import pytest

from annette.saving import hdf5
from annette.saving.hdf5 import chunks, header, heaps, superblock, trees
from tests.saving.hdf5 import contents as c
from tests.saving.mutations import some_bytes

LIMIT = 2**20  # bytes of values that a file may declare here
MEMORY = 16 * 2**20


def seeds():
    found = {path.stem: path.read_bytes() for path in sorted(c.FIXTURES.rglob("*.h5"))}
    with zipfile.ZipFile(c.FIXTURES / "model.keras") as archive:
        found["in_archive"] = archive.read("model.weights.h5")
    return found


SEEDS = seeds()


@pytest.fixture(params=[True, False], ids=["checksums", "no checksums"])
def checksums(request, monkeypatch):
    """With checksums most changes are noticed at once; without, what lies behind is reached, too."""
    if not request.param:
        for module in (chunks, header, heaps, superblock, trees):
            monkeypatch.setattr(module, "verify", lambda cursor: cursor.skip(4))
    return request.param


def read_all(raw):
    """Look at all that is in a file; one damaged object does not hide the others."""
    with hdf5.File(raw, limit=LIMIT) as file:
        pending = [file]
        while pending:
            thing = pending.pop()
            attempt(lambda thing=thing: [thing.attrs[name] for name in thing.attrs])
            if isinstance(thing, hdf5.Dataset):
                attempt(thing.read)
                continue
            names = attempt(lambda thing=thing: list(thing)) or []
            members = [attempt(lambda name=name, thing=thing: thing[name]) for name in names]
            pending += [m for m in members if m is not None]


def attempt(look):
    try:
        return look()
    except (hdf5.FormatError, KeyError):  # a KeyError is of a soft link that leads nowhere
        return None


def fuzz(name, rounds, seed):
    chance = random.Random(f"{name} {seed}")
    for number in range(rounds):
        raw = some_bytes(SEEDS[name], chance)
        try:
            read_all(raw)
        except hdf5.FormatError:
            pass
        except BaseException as error:
            error.add_note(f"{name}, seed {seed}, round {number}")
            raise


@pytest.mark.parametrize("name", SEEDS)
def test_changed_files_raise_one_exception_only(name, checksums):
    fuzz(name, 1 + 600_000 // (len(SEEDS[name]) + 10_000), 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", SEEDS)
def test_many_changed_files_raise_one_exception_only(name, checksums):
    fuzz(name, 1 + 8_000_000 // (len(SEEDS[name]) + 10_000), 1)


@pytest.mark.parametrize(
    "name", ["plain_old", "plain_latest", "chunked_v200", "bomb", "whole_model"]
)
def test_changed_files_take_little_memory(name, checksums):
    tracemalloc.start()
    try:
        fuzz(name, 8, 2)
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["plain_old", "cycle_root"])
def test_each_byte_of_the_beginning_may_be_anything(name):
    raw = SEEDS[name]
    for at in range(min(len(raw), 200)):
        for value in (0, 0xFF, raw[at] ^ 1):
            changed = bytearray(raw)
            changed[at] = value
            attempt(lambda changed=changed: read_all(changed))
