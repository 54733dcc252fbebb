"""Checkpoints of training runs for the fuzzer: how they are made, changed and gone on with."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import random
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import annette as keras
from annette.callbacks import (
    BackupAndRestore,
    CSVLogger,
    EarlyStopping,
    ModelCheckpoint,
    ReduceLROnPlateau,
)
from annette.saving import archive, checkpoint
from annette.training.callbacks.backup_and_restore import FILES
from tests.saving import mutations as m

ROWS, BATCH, EPOCHS = 24, 4, 4
X = np.random.default_rng(0).random((ROWS, 3)).astype("float32")
Y = X.sum(1, keepdims=True)


class Batches(keras.utils.PyDataset):
    """Batches by number."""

    def __len__(self) -> int:
        return ROWS // BATCH

    def __getitem__(self, index: int) -> Any:
        rows = slice(index * BATCH, (index + 1) * BATCH)
        return X[rows], Y[rows]


class Loader:
    """Batches that come in their order, as often as they are asked for."""

    def __iter__(self) -> Any:
        return (Batches()[i] for i in range(5))


def generator() -> Any:
    """Batches without an end."""
    batches = Batches()
    while True:
        yield from (batches[i] for i in range(ROWS // BATCH))


KINDS: dict[str, Any] = {
    "arrays": lambda: {"x": X, "y": Y, "batch_size": BATCH},
    "dataset": lambda: {"x": Batches(), "shuffle": True},
    "generator": lambda: {"x": generator(), "steps_per_epoch": 5},
    "loader": lambda: {"x": Loader()},
}
_models: list[Any] = []


class _Stop(Exception):
    """What ends a run within an epoch."""


class _Stops(keras.callbacks.Callback):
    def __init__(self, batches: int) -> None:
        super().__init__()
        self.left = batches

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.left -= 1
        if self.left < 0:
            raise _Stop


def _model() -> Any:
    if not _models:
        lay = keras.layers
        model = keras.Sequential(
            [
                keras.Input((3,)),
                lay.Dense(2),
                lay.Dropout(0.1),
                lay.BatchNormalization(),
                lay.Dense(1),
            ]
        )
        model.compile("adam", "mse")
        _models.append(model)
    return _models[0]


def _train(kind: str, folder: Path, batches: int = 10**9) -> None:
    callbacks = [
        EarlyStopping("loss", patience=1, restore_best_weights=True),
        ReduceLROnPlateau("loss", patience=1),
        ModelCheckpoint(folder / "{epoch}.weights.h5", save_weights_only=True, max_to_keep=1),
        CSVLogger(folder / "log.csv"),
        _Stops(batches),
    ]
    backup = BackupAndRestore(folder, save_freq=2, delete_checkpoint=False)
    _model().fit(
        **KINDS[kind](), validation_data=(X, Y), epochs=EPOCHS, callbacks=callbacks, resume=backup,
        verbose=0,
    )  # fmt: skip


def seeds() -> dict[str, bytes]:
    """A checkpoint within an epoch of each kind of data, and one of the end; their kind is in them."""
    found = {}
    for kind in KINDS:
        for batches in (9, 10**9) if kind == "arrays" else (9,):
            with tempfile.TemporaryDirectory() as folder:
                with contextlib.suppress(_Stop):
                    _train(kind, Path(folder), batches)
                found[f"{kind} {batches}"] = Path(folder, FILES[0]).read_bytes() + kind.encode()
    return found


def _kind(raw: bytes) -> str:
    return next(kind for kind in KINDS if raw.endswith(kind.encode()))


def changed(raw: bytes, chance: random.Random) -> bytes:
    """A checkpoint with its values or its arrays changed, and all checksums right."""
    kind = _kind(raw)
    contents = m.members(raw.removesuffix(kind.encode()))
    which = chance.randrange(20)
    if which == 0:
        return m.some_bytes(raw.removesuffix(kind.encode()), chance) + kind.encode()
    if which < 16:
        return _with_other_state(raw.removesuffix(kind.encode()), chance) + kind.encode()
    if which < 18:
        config = contents[archive.CONFIG]
        contents[archive.CONFIG] = m.json_text(config, chance)
    else:
        weights = contents[archive.WEIGHTS]
        contents[archive.WEIGHTS] = m.some_bytes(weights, chance)
    return signed(contents) + kind.encode()


def _with_other_state(raw: bytes, chance: random.Random) -> bytes:
    """A checkpoint as `write_checkpoint` makes it, of a state with some other values."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "changed")
        path.write_bytes(raw)
        state = checkpoint.read_checkpoint(path)
        parts = [name for name in state if name not in ("is", "variables")]
        for _ in range(chance.choice([1, 1, 2, 3])):
            name = chance.choice(parts) if chance.random() < 0.9 else chance.choice(list(state))
            found = _places(state, name)
            holder, key = chance.choice(found)
            holder[key] = _other(holder[key], found, chance)
        checkpoint.write_checkpoint(path, state)
        return path.read_bytes()


def _places(state: dict[str, Any], name: str) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    pending: list[tuple[Any, Any]] = [(state, name)]
    while pending:
        holder, key = pending.pop()
        found.append((holder, key))
        inner = holder[key]
        if isinstance(inner, dict):
            pending += [(inner, k) for k in inner]
        elif isinstance(inner, list):
            pending += [(inner, i) for i in range(len(inner))]
    return found


def _other(value: Any, found: list[tuple[Any, Any]], chance: random.Random) -> Any:
    kind = chance.randrange(6)
    if isinstance(value, np.ndarray) and kind < 3:
        return chance.choice(
            [value.reshape(-1)[:-1], value.astype("float64"), value + 1, value.T, value * 0]
        )
    if isinstance(value, (int, float)) and kind < 3:
        return chance.choice(
            [-1, 2**31, 2**62, 2**64, 10**30, -(10**12), 0.5, value + 1, not value]
        )
    if kind == 3:
        holder, key = chance.choice(found)
        return copy.deepcopy(holder[key])
    return chance.choice(
        [None, "x", "", [], {}, [1, "a"], {"a": None}, {1: 2}, True, 1e308, float("nan"), b"\0\1",
         np.zeros((2, 2)), np.array(7, "uint8"), (1, 2), 10**400, "9" * 300]
    )  # fmt: skip


def signed(contents: dict[str, bytes]) -> bytes:
    """An archive of these members, as a program that knows the format writes it."""
    file = io.BytesIO()
    metadata = json.loads(contents["metadata.json"])
    metadata["annette"].pop("checksums")
    text = contents[archive.CONFIG].decode("utf-8", "replace")
    weights = contents[archive.WEIGHTS]
    parts = archive.Contents(text, metadata, lambda member: member.write(weights), [])
    archive.write_archive(file, parts)
    return file.getvalue()


def go_on(raw: bytes, folder: Path) -> None:
    """Train on from a checkpoint; where that is refused, no variable has changed."""
    kind = _kind(raw)
    folder.mkdir(exist_ok=True)
    for left in folder.iterdir():
        left.unlink()
    (folder / FILES[0]).write_bytes(raw.removesuffix(kind.encode()))
    model = _model()
    variables = [*model.variables, *model.optimizer.variables]
    before = [v.numpy() for v in variables]
    try:
        _train(kind, folder)
    except (ValueError, OSError):
        after = [v.numpy() for v in variables]
        same = zip(before, after, strict=True)
        assert all(np.array_equal(a, b, equal_nan=True) for a, b in same)
        raise
