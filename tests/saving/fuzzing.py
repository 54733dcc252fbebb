"""Mutated files for every reader; run as a program, it tries some and says what went wrong.

    python -m tests.saving.fuzzing READER ROUNDS SEED

A reader is one row of `READERS`: what it begins with, how that is changed, and how it is read.
Checksums are made right again after a change, or not looked at, so that it reaches what lies behind
them. Each case has a time, and the process a memory, that it may not pass.
"""

from __future__ import annotations

import contextlib
import io
import json
import random
import resource
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import annette as keras
from annette.saving import hdf5, weights
from annette.saving.hdf5 import chunks, header, heaps, superblock, trees
from tests.saving import flat_mutations as flat, mutations as m, resumed, zoo

FIXTURES = Path(__file__).parent / "fixtures"
SECONDS = 20  # for one case: far more than any takes, far less than forever
MEMORY = 512 * 2**20  # beside what the process has when it begins


class Reader(NamedTuple):
    """One row: `seeds()` by name, `mutate(seed, chance)` and `read(bytes)`."""

    seeds: Callable[[], dict[str, bytes]]
    mutate: Callable[[bytes, random.Random], bytes]
    read: Callable[[bytes], Any]
    allowed: tuple[type[Exception], ...] = (ValueError, TypeError, OSError)


class Hang(BaseException):
    """A case took too long."""


# --- how files are read ---------------------------------------------------------------------------


def read_hdf5(raw: bytes) -> None:
    """Look at all that is in a file; one damaged object does not hide the others."""
    with hdf5.File(raw, limit=2**22) as file:
        pending: list[Any] = [file]
        while pending:
            thing = pending.pop()
            with contextlib.suppress(hdf5.FormatError):
                for name in thing.attrs:
                    with contextlib.suppress(hdf5.FormatError):
                        thing.attrs[name]
            with contextlib.suppress(hdf5.FormatError):
                if isinstance(thing, hdf5.Dataset):
                    thing.read()
                    continue
                for name in thing:
                    with contextlib.suppress(hdf5.FormatError, KeyError):
                        pending.append(thing[name])


_folder = tempfile.TemporaryDirectory()


def placed(raw: bytes, name: str) -> Path:
    """A file of these bytes."""
    path = Path(_folder.name, name)
    path.write_bytes(raw)
    return path


def read_keras(raw: bytes) -> None:
    keras.models.load_model(placed(raw, "fuzzed.keras"))


def small() -> Any:
    lay = keras.layers
    model = keras.Sequential([keras.Input((4,)), lay.Dense(3), lay.BatchNormalization()])
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    return model


_models: list[Any] = []


def read_weights(raw: bytes, name: str = "fuzzed.weights.h5") -> None:
    """Load into a model, which a refused file leaves as it was."""
    if not _models:
        _models.append(small())
    before = _models[0].get_weights()
    try:
        _models[0].load_weights(placed(raw, name))
    except (ValueError, TypeError):
        after = _models[0].get_weights()
        assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(before, after, strict=True))
        raise


def read_old(raw: bytes) -> None:
    keras.models.load_model(placed(raw, "fuzzed.h5"))


def read_safetensors(raw: bytes) -> None:
    keras.models.load_model(placed(raw, "fuzzed.safetensors"))


def read_config(raw: bytes) -> None:
    keras.models.model_from_json(raw.decode("utf-8", "surrogatepass"))


def read_checkpoint(raw: bytes) -> None:
    """Go on with the run that a checkpoint is of; one that is refused leaves the model as it was."""
    resumed.go_on(raw, Path(_folder.name, "resumed"))


# --- what they begin with -------------------------------------------------------------------------


def hdf5_seeds() -> dict[str, bytes]:
    folder = Path(__file__).parent / "hdf5" / "fixtures"
    found = {p.stem: p.read_bytes() for p in sorted(folder.rglob("*.h5"))}
    return {name: raw for name, raw in found.items() if len(raw) < 2**17}


def keras_seeds() -> dict[str, bytes]:
    file = io.BytesIO()
    small().save(file)
    found = {"small": file.getvalue()}
    for name in (
        "sequence",
        "attention",
        "pictures",
        "words",
        "texts",
        "numbers",
        "borders",
        "weighted",
    ):
        found[name] = (FIXTURES / f"{name}.keras").read_bytes()
    return found


def weights_seeds() -> dict[str, bytes]:
    file = io.BytesIO()
    weights.write_state(weights.state_of(small()), file)
    return {"small": file.getvalue()}


def saved(save: Callable[[Any], Any], name: str) -> dict[str, bytes]:
    save(str(Path(_folder.name, name)))
    return {name: Path(_folder.name, name).read_bytes()}


def old_seeds() -> dict[str, bytes]:
    return {name: (FIXTURES / f"{name}.h5").read_bytes() for name in ("pictures", "sequence")}


def config_seeds() -> dict[str, bytes]:
    """The descriptions of the models."""
    return {name: m.members(raw)["config.json"] for name, raw in keras_seeds().items()}


def layer_seeds() -> dict[str, bytes]:
    """A file of a model of each layer."""
    found = {}
    for name in zoo.names(keras):
        file = io.BytesIO()
        zoo.make(keras, name).save(file)
        found[name] = file.getvalue()
    return found


READERS: dict[str, Reader] = {
    "hdf5": Reader(hdf5_seeds, m.hdf5_bytes, read_hdf5),
    "weights.h5": Reader(weights_seeds, m.weights_file, read_weights),
    "safetensors": Reader(
        lambda: saved(small().save, "m.safetensors"), flat.safetensors_file, read_safetensors
    ),
    "safetensors of weights": Reader(
        lambda: saved(small().save_weights, "w.safetensors"),
        flat.safetensors_file,
        lambda raw: read_weights(raw, "fuzzed.safetensors"),
    ),
    "npz": Reader(
        lambda: saved(small().save_weights, "w.npz"),
        flat.npz_file,
        lambda raw: read_weights(raw, "fuzzed.npz"),
    ),
    "shards": Reader(
        lambda: saved(lambda p: small().save_weights(p, max_shard_size=1), "fuzzed.weights.json"),
        flat.list_of_shards,
        lambda raw: read_weights(raw, "fuzzed.weights.json"),
    ),
    "old h5": Reader(old_seeds, m.old_file, read_old),
    "keras": Reader(keras_seeds, m.keras_file, read_keras),
    "layers": Reader(layer_seeds, m.keras_file, read_keras),
    # A forged state must be known as such before it comes to callbacks and data.
    "checkpoint": Reader(resumed.seeds, resumed.changed, read_checkpoint, (ValueError, OSError)),
    # A configuration alone has no file that says how much is too much.
    "config": Reader(config_seeds, m.json_text, read_config, (ValueError, TypeError, MemoryError)),
}


# --- trying ---------------------------------------------------------------------------------------


@contextlib.contextmanager
def without_checksums() -> Any:
    """Let the reader of HDF5 pass over checksums of structure."""
    modules = (chunks, header, heaps, superblock, trees)
    before = [module.verify for module in modules]
    for module in modules:
        module.verify = lambda cursor: cursor.skip(4)
    try:
        yield
    finally:
        for module, verify in zip(modules, before, strict=True):
            module.verify = verify


def attempt(reader: Reader, raw: bytes) -> str:
    """How reading ends: "read", "refused", or what is wrong."""

    def stop(*_: Any) -> None:
        raise Hang

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        reader.read(raw)
    except Hang:
        return f"hang: more than {SECONDS} s"
    except reader.allowed:
        return "refused"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return "read"


def peak() -> int:
    """The most memory that the process has held so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (2**10)


def run(name: str, rounds: int, seed: int) -> dict[str, Any]:
    """Try so many cases; the outcome counts them and keeps the first that went wrong."""
    reader = READERS[name]
    seeds = list(reader.seeds().items())
    outcome: dict[str, Any] = {"read": 0, "refused": 0, "wrong": []}
    before = peak()
    for number in range(rounds):
        chance = random.Random(f"{name} {seed} {number}")
        origin, raw = chance.choice(seeds)
        changed = reader.mutate(raw, chance)
        with without_checksums() if chance.random() < 0.7 else contextlib.nullcontext():
            found = attempt(reader, changed)
        if found in outcome:
            outcome[found] += 1
        elif len(outcome["wrong"]) < 20:
            outcome["wrong"].append(f"{name}, {origin}, seed {seed}, round {number}: {found[:300]}")
    return {**outcome, "grown": peak() - before}


def limited() -> None:
    """Give the process no more memory than it has now, and a little."""
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if sys.platform == "linux" else 0
    most = pages * resource.getpagesize() + MEMORY
    if pages:
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))


def main() -> None:
    """Run as the arguments say and print the outcome as JSON."""
    name, rounds, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    warnings.simplefilter("ignore")
    if name not in READERS:
        raise SystemExit(f"READER must be one of {', '.join(READERS)}; it got {name!r}.")
    limited()
    print(json.dumps(run(name, rounds, seed)))


if __name__ == "__main__":
    main()
