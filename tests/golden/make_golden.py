"""Record golden values from real Keras: `python tests/golden/make_golden.py` where it is installed.

Everything is run on Keras's JAX backend. The tables of `ops` and preprocessing are run on its
TensorFlow backend too where TensorFlow is installed, and that counts where int64 or float64 play a
part: only there do they keep their width, as they do in annette.

    make_golden.py                  record every case anew
    make_golden.py WORD ...         show the cases with such a word in their names; write nothing
    make_golden.py --missing        record the cases that are not in the files yet
    make_golden.py --only WORD ...  record the cases with such a word anew
    make_golden.py --check [WORD ...]  compare what Keras gives now with the files, and make sure that
                                    every number, were it off by a thousandth, would be seen
    make_golden.py --prune          drop what no case names any more; Keras is not needed for it

`--missing`, `--only` and `--prune` leave every other recorded value as it is, bit by bit.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import tempfile
import traceback
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.golden.cases import Case, load_all, run_case  # noqa: E402
from tests.golden.store import (  # noqa: E402
    differences,
    read_json,
    read_values,
    write_json,
    write_values,
)

WIDE_KINDS = (
    "ops",
    "ops_nn",
    "ops_dtypes",
    "ops_linalg",
    "ops_edges",
    "ops_widths",
    "preprocessing",
    "images_wide",
)
QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "CUDA_VISIBLE_DEVICES": "-1",
    "JAX_PLATFORMS": "cpu",
    # Each case is compiled for itself and runs once.
    "XLA_FLAGS": "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true",
}


def run_backend(path: str) -> None:
    """Run the cases named in the file, as far as they are this backend's; pickle the results there."""
    import keras

    cases = load_all()
    results: dict[str, Any] = {"version": keras.__version__, "cases": {}, "errors": {}, "used": {}}
    only_wide = keras.config.backend() != "jax"
    for key in pickle.loads(Path(path).read_bytes()):
        case = cases[key]
        if only_wide and case.kind not in WIDE_KINDS:
            continue
        used: set[str] = set()
        try:
            results["cases"][key] = run_case(case, keras, used)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            results["errors"][key] = (
                f"{type(error).__name__}: {str(error)[:300]} ({place.filename}:{place.lineno})"
            )
        results["used"][key] = used
    Path(path).write_bytes(pickle.dumps(results))


def collect(backend: str, keys: list[str]) -> dict[str, Any]:
    """What one backend gives for the cases of these ids, from a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "results")
        Path(path).write_bytes(pickle.dumps(keys))
        environment = {**os.environ, **QUIET, "KERAS_BACKEND": backend}
        command = [sys.executable, __file__, "--into", path]
        subprocess.run(
            command,
            check=True,
            env=environment,
            stderr=None if os.environ.get("LOUD") else subprocess.DEVNULL,
        )
        return pickle.loads(Path(path).read_bytes())


def is_wide(leaf: Any) -> bool:
    """Whether this is an array of int64, uint64, float64 or complex128."""
    return not isinstance(leaf, str) and (leaf.dtype.itemsize == 8 or leaf.dtype == "complex128")


def prefer_wide(case: str, wide: dict[str, Any], narrow: dict[str, Any]) -> dict[str, Any]:
    """JAX's leaves, which follow Keras's dtype rules; TensorFlow's where 64 bits play a part."""
    found = {}
    for part in dict.fromkeys(path.partition(".")[0] for path in narrow):
        mine = {p: leaf for p, leaf in narrow.items() if p.partition(".")[0] == part}
        theirs = {p: leaf for p, leaf in wide.items() if p.partition(".")[0] == part}
        if isinstance(mine.get(part), str):
            found.update(theirs or mine)  # one backend refuses, or both do
        elif mine.keys() != theirs.keys():
            found.update(mine)
        else:
            clear = "64" in case.split("/")[1] + part
            found.update(
                {
                    p: theirs[p] if clear or "64" in p or is_wide(theirs[p]) else leaf
                    for p, leaf in mine.items()
                }
            )
    return found


def merge(jax: dict[str, Any], tensorflow: dict[str, Any]) -> dict[str, Any]:
    """One result a case; errors only where no backend has one."""
    cases = dict(jax["cases"])
    for key, leaves in tensorflow.get("cases", {}).items():
        cases[key] = prefer_wide(key, leaves, cases[key]) if key in cases else leaves
    errors = {key: text for key, text in jax["errors"].items() if key not in cases}
    used = {key: sorted(names) for key, names in jax["used"].items()}
    return {"version": jax["version"], "cases": cases, "errors": errors, "used": used}


def disagreements(jax: dict[str, Any], tensorflow: dict[str, Any]) -> list[str]:
    """Where the two backends differ, widths aside: a hint that a value is an artefact."""
    notes = [f"{key}: {text}" for key, text in tensorflow.get("errors", {}).items()]
    for key, leaves in tensorflow.get("cases", {}).items():
        mine = jax["cases"].get(key)
        if mine is not None:
            mine = {path: widen(leaf, leaves.get(path)) for path, leaf in mine.items()}
            found = differences(mine, leaves, is_json=False, tolerance="approximate")
            notes += [f"{key}: {text}" for text in found if "refused" not in text]
    return notes


def widen(leaf: Any, like: Any) -> Any:
    """The leaf with the 64 bits that JAX leaves out."""
    if (
        isinstance(leaf, str)
        or like is None
        or not is_wide(like)
        or leaf.dtype.kind != like.dtype.kind
    ):
        return leaf
    return leaf.astype(like.dtype)


def recorded(case: Case) -> dict[str, Any]:
    """All that is in the file of a case's kind; nothing where there is no file yet."""
    try:
        return (read_json if case.json else read_values)(case.kind)
    except FileNotFoundError:
        return {}


def missing() -> list[str]:
    """The ids of the cases that are not in the files yet."""
    return [key for key, case in load_all().items() if case.name not in recorded(case)]


def write(found: dict[str, Any], kept: bool) -> None:
    """The files with what was found, in the tables' order; what else they hold is kept or dropped."""
    files: dict[tuple[str, bool], dict[str, Any]] = {}
    before: dict[tuple[str, bool], dict[str, Any]] = {}
    for key, case in load_all().items():
        place = (case.kind, case.json)
        file, old = files.setdefault(place, {}), before.setdefault(place, recorded(case))
        if key in found:
            file[case.name] = found[key]
        elif kept and case.name in old:
            file[case.name] = old[case.name]
    for (kind, json), file in files.items():
        # Cases that nobody asked about must not change because another way of packing them came.
        if (
            not kept
            or list(file) != list(before[kind, json])
            or any(key in found for key in _ids(kind, json))
        ):
            (write_json if json else write_values)(kind, file)


def _ids(kind: str, json: bool) -> list[str]:
    return [k for k, case in load_all().items() if case.kind == kind and case.json is json]


def write_names(version: str, used: dict[str, list[str]], kept: bool) -> None:
    """Which public names the cases of each kind use, and the version of Keras that was asked."""
    names = {kind: set(old) for kind, old in read_json("made_with").items() if kind != "keras"}
    names = names if kept else {}
    for key, some in used.items():
        names.setdefault(load_all()[key].kind, set()).update(some)
    content = {kind: sorted(names[kind]) for kind in sorted(names)}
    write_json("made_with", {"keras": version, **content})


def prune() -> None:
    """Drop what no case names any more; annette itself tells which names are still in use."""
    import annette

    used: dict[str, set[str]] = {}
    for case in load_all().values():
        with contextlib.suppress(Exception):
            run_case(case, annette, used.setdefault(case.kind, set()))
    write({}, kept=True)
    made = dict(read_json("made_with"))
    version = made.pop("keras")
    left = {kind: sorted(set(names) & used.get(kind, set())) for kind, names in made.items()}
    write_json("made_with", {"keras": version, **{k: names for k, names in left.items() if names}})


def can_be_off(leaf: Any) -> bool:
    """Floats that are not rounding noise, nor float16, whose own rounding is a thousandth."""
    if isinstance(leaf, str) or leaf.dtype not in ("float32", "float64"):
        return False
    sizes = abs(leaf[abs(leaf) < 1e30])
    return bool(sizes.size and sizes.max() > 2e-6)


def check(merged: dict[str, Any], keys: list[str]) -> int:
    """How many cases differ from the files, or would not notice values off by 1e-3."""
    bad = 0
    for key in keys:
        case = load_all()[key]
        old = recorded(case).get(case.name, {})
        options: dict[str, Any] = {"is_json": case.json, "tolerance": case.tolerance}
        if key not in merged["cases"]:
            found = ["Keras refuses it now"]
        elif case.name not in recorded(case):
            found = ["is not recorded"]
        else:
            found = differences(merged["cases"][key], old, **options)
        for path, leaf in () if case.json else old.items():
            if can_be_off(leaf):
                off = {**old, path: (leaf * 1.001).astype(leaf.dtype)}
                if not differences(off, old, **options):
                    found.append(f"{path} off by 1e-3 is not seen")
        bad += bool(found)
        for text in found:
            print("CHECK", key, text)
    print(f"{len(keys)} cases checked, {bad} differ")
    return bad


def asked(keys: list[str]) -> tuple[dict[str, Any], int]:
    """What Keras gives for these cases, and how many it refuses; remarks on them are printed."""
    jax = collect("jax", keys)
    wide = [key for key in keys if load_all()[key].kind in WIDE_KINDS]
    tensorflow = collect("tensorflow", wide) if wide and find_spec("tensorflow") else {}
    merged = merge(jax, tensorflow)
    for key, text in merged["errors"].items():
        print(f"REFUSED BY KERAS {key}: {text}")
    for note in disagreements(jax, tensorflow):
        print("BACKENDS DIFFER", note)
    return merged, len(merged["errors"])


def main(arguments: list[str]) -> int:
    """Record, compare, prune or show, as the arguments say."""
    mode = arguments[0] if arguments and arguments[0].startswith("--") else ""
    words = arguments[1:] if mode else arguments
    if mode not in ("", "--missing", "--only", "--check", "--prune") or (
        (mode == "--only") > bool(words) or (mode in ("--missing", "--prune") and words)
    ):
        print(__doc__)
        return 2
    if mode == "--prune":
        prune()
        return 0
    keys = missing() if mode == "--missing" else list(load_all())
    keys = [key for key in keys if not words or any(word in key for word in words)]
    if not keys:
        print("no case is to be run")
        return int(mode != "--missing")
    merged, refused = asked(keys)
    if mode == "--check":
        return int(check(merged, keys) > 0)
    if words and not mode:
        for key, value in merged["cases"].items():
            print(key, value)
        return int(refused > 0)
    write(merged["cases"], kept=bool(mode))
    write_names(merged["version"], merged["used"], kept=bool(mode))
    print(f"Keras {merged['version']}: {len(merged['cases'])} cases recorded, {refused} refused")
    return int(refused > 0)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--into"]:
        run_backend(sys.argv[2])
    else:
        sys.exit(main(sys.argv[1:]))
