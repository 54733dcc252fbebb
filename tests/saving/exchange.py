"""Files that go from one of annette and Keras to the other and back, with what must come of them.

    python tests/saving/exchange.py keras write FOLDER [WORD ...]     models, and what they predict
    python tests/saving/exchange.py annette pass FOLDER ONWARDS       load, compare, save again
    python tests/saving/exchange.py all [WORD ...]                    there and back, both ways
    KERAS_BACKEND=tensorflow python tests/saving/exchange.py record   the fixture of the tests

`all` runs Keras in the Python that ANNETTE_KERAS_PYTHON names, else in its own.
"""

from __future__ import annotations

import importlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.saving import exchange_cases as cases

FIXTURE = Path(__file__).parent / "fixtures" / "exchange.tar.xz"
STEPS = {"epochs": 4, "batch_size": 8, "verbose": 0, "shuffle": False}


class Differs(AssertionError):
    """What came out of a file is not what went in."""


def learn(k: Any, model: Any, x: Any, y: Any) -> float:
    """Train a little; return the last loss."""
    if k.__name__ == "keras":
        model.run_eagerly = True  # small models: to trace them takes longer
    return float(model.fit(x, y, **STEPS).history["loss"][-1])


def predicted(k: Any, name: str, model: Any, x: Any) -> Any:
    """What a model makes of the data, in its structure, as arrays of float32."""
    for layer in getattr(model, "layers", ()):
        if getattr(layer, "stateful", False):
            layer.reset_state()
    if cases.CASES[name].called:
        # What hashes numbers is in no program of annette's: it is called by itself.
        direct = k.__name__ == "annette" and hasattr(model, "layers")
        found = model.call(x) if direct else model(x)
    else:
        found = model.predict(x, verbose=0, batch_size=8)
    return k.tree.map_structure(lambda t: np.asarray(k.ops.convert_to_numpy(t), "float32"), found)


def state(k: Any, name: str, model: Any, x: Any) -> dict[str, np.ndarray]:
    """What a model predicts, its weights and those of its optimizer."""
    found = {f"y{i}": v for i, v in enumerate(k.tree.flatten(predicted(k, name, model, x)))}
    optimizer = getattr(model, "optimizer", None)
    for letter, variables in (
        ("w", model.weights),
        ("o", optimizer.variables if optimizer else ()),
    ):
        for i, variable in enumerate(variables):
            value = np.asarray(k.ops.convert_to_numpy(variable))
            found[f"{letter}{i:03}"] = value if value.dtype != "O" else value.astype("U")
    return {n: v.astype("float32") if v.dtype.name == "bfloat16" else v for n, v in found.items()}


def made(k: Any, name: str) -> tuple[Any, dict[str, np.ndarray]]:
    """A model of a case, trained where it can be, and its state."""
    case = cases.CASES[name]
    model = case.build(k)
    x = cases.arrays(name, model, k)
    y = cases.targets(name, predicted(k, name, model, x))
    if case.learn is not None and model.trainable_weights:
        model.compile(**case.learn(k))
        learn(k, model, x, y)
    return model, state(k, name, model, x)


def goes_on(k: Any, name: str, model: Any) -> dict[str, np.ndarray]:
    """The state after more of the same training; nothing for what is not trained."""
    if getattr(model, "optimizer", None) is None:
        return {}
    x = cases.arrays(name, model, k)
    y = cases.targets(name, predicted(k, name, model, x))
    loss = learn(k, model, x, y)
    return {"loss": np.float32(loss), **state(k, name, model, x)}


def load(k: Any, path: Any) -> Any:
    """Load a model in which there may be classes of a program's own."""
    cases.own(k)
    return k.saving.load_model(path)


def compare(name: str, found: dict[str, Any], expected: dict[str, Any], exact: bool) -> None:
    """Raise Differs unless two states are equal: weights to the bit if `exact`."""
    if set(found) != set(expected):
        raise Differs(f"{sorted(set(found) ^ set(expected))} are in one of both")
    near = cases.CASES[name].near
    for key, value in expected.items():
        given = found[key]
        if given.shape != value.shape:
            raise Differs(f"{key} has shape {given.shape} and not {value.shape}")
        if exact and key[0] in "wo":
            same = np.array_equal(given, value)
        else:
            wide = 1 if exact else 10  # rounding grows while a model is trained
            kind = value.dtype.kind
            same = (
                np.allclose(given, value, rtol=wide * near, atol=wide * near / 4)
                if kind == "f"
                else np.array_equal(given, value)
            )
        if not same:
            far = np.max(np.abs(given.astype("f8") - value.astype("f8")))
            raise Differs(f"{key} differs by {far:.2g}: {given.ravel()[:4]}, {value.ravel()[:4]}")


def check(k: Any, name: str, model: Any, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Raise Differs unless a loaded model is as it was saved, and goes on as it would have."""
    compare(name, state(k, name, model, cases.arrays(name, model, k)), before, exact=True)
    found = goes_on(k, name, model)
    if not cases.CASES[name].chance:
        compare(name, found, after, exact=False)


def keep(path: Path, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Write what a model must give."""
    parts = {f"{when}.{n}": v for when, d in (("b", before), ("a", after)) for n, v in d.items()}
    np.savez(path, **parts)


def kept(file: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `keep` wrote."""
    with np.load(file) as parts:
        whole = {n: parts[n] for n in parts.files}
    return tuple({n[2:]: v for n, v in whole.items() if n[0] == w} for w in "ba")  # type: ignore[return-value]


# --- as a script --------------------------------------------------------------------------------


def write(k: Any, name: str, folder: Path) -> None:
    """Make a model and its files."""
    model, before = made(k, name)
    model.save(folder / f"{name}.keras")
    if hasattr(model, "save_weights"):
        model.save_weights(folder / f"{name}.weights.h5")
    keep(folder / f"{name}.npz", before, goes_on(k, name, model))


def hand_on(k: Any, name: str, folder: Path, onwards: Path | None) -> None:
    """Load a model, save it again, and see that all is as it was."""
    before, after = kept(folder / f"{name}.npz")
    model = load(k, folder / f"{name}.keras")
    if onwards is not None:
        model.save(onwards / f"{name}.keras")
        if hasattr(model, "save_weights"):
            model.save_weights(onwards / f"{name}.weights.h5")
        keep(onwards / f"{name}.npz", before, after)
    check(k, name, model, before, after)
    if (folder / f"{name}.weights.h5").exists():
        other = load(k, folder / f"{name}.keras")
        for weight in other.weights:
            if "float" in str(weight.dtype):
                weight.assign(np.zeros(tuple(weight.shape), "float32"))
        other.load_weights(folder / f"{name}.weights.h5")
        compare(name, state(k, name, other, cases.arrays(name, other, k)), before, exact=True)


def chosen(words: list[str]) -> list[str]:
    """The cases whose names have one of the words in them; all without words."""
    return [n for n in cases.CASES if not words or any(w in n for w in words)]


def many(system: str, what: Any, names: list[str]) -> int:
    """Do something for each case; return how many failed."""
    k = importlib.import_module(system)
    failed = 0
    for name in names:
        if system == "keras" and cases.CASES[name].shares:
            continue
        try:
            what(k, name)
        except Exception as error:
            failed += 1
            text = "".join(traceback.format_exception(error)) if "TRACE" in os.environ else ""
            print(f"  {name}: {type(error).__name__}: {str(error)[:600]}\n{text}", flush=True)
    return failed


def both_ways(words: list[str]) -> int:
    """There and back, from either side, and the numbers of what passed."""
    theirs = os.environ.get("ANNETTE_KERAS_PYTHON", sys.executable)
    environment = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", **os.environ}
    rc = 0
    with tempfile.TemporaryDirectory() as place:
        for first, second in (("keras", "annette"), ("annette", "keras")):
            folders = [str(Path(place, f"{first}{i}")) for i in range(3)]
            for folder in folders:
                Path(folder).mkdir()
            steps = [
                (first, "write", folders[0], "-"),
                (second, "pass", folders[0], folders[1]),
                (first, "pass", folders[1], folders[2]),
            ]
            for system, verb, *where in steps:
                python = theirs if system == "keras" else sys.executable
                print(f"{system}: {verb} ({first} -> {second} -> {first})", flush=True)
                command = [python, __file__, system, verb, *where, *words]
                rc |= subprocess.run(command, env=environment, check=False).returncode
    return rc


def record() -> None:
    """Write the fixture: files of Keras, with what they must give."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        failed = many("keras", lambda k, n: write(k, n, folder), chosen([]))
        print(f"{failed} failed")
        with tarfile.open(FIXTURE, "w:xz", preset=9) as packed:
            for path in sorted(folder.iterdir()):
                if path.name.endswith(".weights.h5"):
                    continue  # the same as in the other file
                info = tarfile.TarInfo(path.name)
                info.size = path.stat().st_size
                packed.addfile(info, io.BytesIO(path.read_bytes()))


def recorded() -> Iterator[tuple[str, bytes]]:
    """The files of the fixture."""
    with tarfile.open(FIXTURE) as packed:
        for member in packed:
            file = packed.extractfile(member)
            if file is not None:
                yield member.name, file.read()


def main(arguments: list[str]) -> int:
    """Do what the command line says."""
    warnings.simplefilter("ignore")
    if arguments[:1] == ["all"]:
        return both_ways(arguments[1:])
    if arguments == ["record"]:
        record()
        return 0
    system, verb, folder, onwards, *words = arguments
    names = chosen(words)
    if verb == "write":
        failed = many(system, lambda k, n: write(k, n, Path(folder)), names)
    else:
        names = [n for n in names if Path(folder, f"{n}.keras").exists()]
        failed = many(system, lambda k, n: hand_on(k, n, Path(folder), Path(onwards)), names)
    print(f"  {len(names) - failed} of {len(names)} {verb}ed", flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
