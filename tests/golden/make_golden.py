"""Record golden values from real Keras: `python tests/golden/make_golden.py` where it is installed.

Everything is run on Keras's JAX backend. The tables of `ops` and preprocessing are run on its
TensorFlow backend too where TensorFlow is installed, and that counts where int64 or float64 play a
part: only there do they keep their width, as they do in annette. Words given as arguments show the cases they occur in and
write nothing. `--check` compares a fresh run with the files instead, and makes sure that every
number in it but rounding noise, were it off by a thousandth, would be seen.
"""

from __future__ import annotations

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

WIDE_KINDS = ("ops", "ops_nn", "ops_dtypes", "ops_linalg", "preprocessing")
QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "CUDA_VISIBLE_DEVICES": "-1",
    "JAX_PLATFORMS": "cpu",
}


def run_backend(path: str, words: list[str]) -> None:
    """Run the cases that this process's backend is asked for and pickle the results."""
    import keras

    from tests.golden.cases import load_all, run_case

    results: dict[str, Any] = {"version": keras.__version__, "cases": {}, "errors": {}, "used": {}}
    only_wide = keras.config.backend() != "jax"
    for key, case in load_all().items():
        if (only_wide and case.kind not in WIDE_KINDS) or (
            words and not any(word in key for word in words)
        ):
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


def collect(backend: str, words: list[str]) -> dict[str, Any]:
    """The results of one backend, from a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "results")
        environment = {**os.environ, **QUIET, "KERAS_BACKEND": backend}
        command = [sys.executable, __file__, "--into", path, *words]
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
    if wide.keys() != narrow.keys():
        return narrow
    return {
        path: leaf
        if is_wide(leaf) or isinstance(narrow[path], str) or "64" in case.split("/")[1] + path
        else narrow[path]
        for path, leaf in wide.items()
    }


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
    from tests.golden.store import differences

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


def write(merged: dict[str, Any]) -> None:
    """All golden files, in the tables' order."""
    from tests.golden.cases import load_all
    from tests.golden.store import write_json, write_values

    values: dict[str, dict[str, Any]] = {}
    texts: dict[str, dict[str, Any]] = {}
    for key, case in load_all().items():
        if key in merged["cases"]:
            (texts if case.json else values).setdefault(case.kind, {})[case.name] = merged["cases"][
                key
            ]
    for kind, results in values.items():
        write_values(kind, results)
    for kind, results in texts.items():
        write_json(kind, results)
    names = sorted({name for used in merged["used"].values() for name in used})
    write_json("made_with", {"keras": merged["version"], "names": names})


def can_be_off(leaf: Any) -> bool:
    """Floats that are not rounding noise, nor float16, whose own rounding is a thousandth."""
    if isinstance(leaf, str) or leaf.dtype not in ("float32", "float64"):
        return False
    sizes = abs(leaf[abs(leaf) < 1e30])
    return bool(sizes.size and sizes.max() > 1e-6)


def check(merged: dict[str, Any]) -> int:
    """How many cases differ from the files, or would not notice values off by 1e-3."""
    from tests.golden.cases import load_all
    from tests.golden.store import differences, read_json, read_values

    bad = 0
    for key, case in load_all().items():
        recorded = (read_json if case.json else read_values)(case.kind).get(case.name, {})
        options: dict[str, Any] = {"is_json": case.json, "tolerance": case.tolerance}
        found = differences(merged["cases"][key], recorded, **options)
        for path, leaf in () if case.json else recorded.items():
            if can_be_off(leaf):
                off = {**recorded, path: (leaf * 1.001).astype(leaf.dtype)}
                if not differences(off, recorded, **options):
                    found.append(f"{path} off by 1e-3 is not seen")
        bad += bool(found)
        for text in found:
            print("CHECK", key, text)
    print(f"{len(load_all())} cases checked, {bad} differ")
    return bad


def main(arguments: list[str]) -> int:
    """Record everything, or show the named cases."""
    checking = arguments == ["--check"]
    arguments = [] if checking else arguments
    jax = collect("jax", arguments)
    tensorflow = collect("tensorflow", arguments) if find_spec("tensorflow") else {}
    merged = merge(jax, tensorflow)
    if checking:
        return int(check(merged) > 0)
    if arguments:
        for key, value in merged["cases"].items():
            print(key, value)
    for key, text in merged["errors"].items():
        print(f"REFUSED BY KERAS {key}: {text}")
    for note in disagreements(jax, tensorflow):
        print("BACKENDS DIFFER", note)
    if not arguments:
        write(merged)
        print(
            f"Keras {merged['version']}: {len(merged['cases'])} cases, {len(merged['errors'])} refused"
        )
    return 1 if merged["errors"] else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--into"]:
        run_backend(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(main(sys.argv[1:]))
