"""The golden files: writing, reading, and comparing a result with what was recorded."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ..tolerances import (
    STATISTICS_BOUNDED_EXTREME,
    STATISTICS_DEVIATION,
    STATISTICS_MEAN,
    STATISTICS_UNBOUNDED_EXTREME,
    TOLERANCES,
    Tolerance,
)

HERE = Path(__file__).parent
REFUSED = "refused"  # what a sweep notes where Keras itself raises: then anything will do

# --- files ----------------------------------------------------------------------------------------


def write_values(kind: str, results: dict[str, dict[str, Any]]) -> None:
    """All arrays of a kind in one npz: a flat array per dtype, and an index of whose is what."""
    flat: dict[str, list[np.ndarray]] = {}
    sizes: dict[str, int] = {}
    index: dict[str, dict[str, Any]] = {}
    for name, leaves in results.items():
        entry = index[name] = {}
        for path, leaf in leaves.items():
            if isinstance(leaf, str):
                entry[path] = leaf
                continue
            dtype = str(leaf.dtype)
            entry[path] = [dtype, list(leaf.shape), sizes.get(dtype, 0)]
            flat.setdefault(dtype, []).append(leaf.ravel())
            sizes[dtype] = sizes.get(dtype, 0) + leaf.size
    text = json.dumps(index, separators=(",", ":")).encode()
    arrays: dict[str, Any] = {dtype: np.concatenate(parts) for dtype, parts in sorted(flat.items())}
    np.savez_compressed(HERE / f"{kind}.npz", index=np.frombuffer(text, "uint8"), **arrays)


@cache
def read_values(kind: str) -> dict[str, dict[str, Any]]:
    """{case: {path: array}} of a kind."""
    with np.load(HERE / f"{kind}.npz") as file:
        arrays = {key: file[key] for key in file.files}
    index = json.loads(arrays.pop("index").tobytes())

    def leaf(entry: Any) -> Any:
        if isinstance(entry, str):
            return entry
        dtype, shape, start = entry
        return arrays[dtype][start : start + int(np.prod(shape, dtype=np.int64))].reshape(shape)

    return {
        name: {path: leaf(entry) for path, entry in leaves.items()}
        for name, leaves in index.items()
    }


def write_json(name: str, content: Any) -> None:
    """A JSON file, one entry a line, so that a change shows as one."""
    lines = [
        f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"
        for key, value in content.items()
    ]
    (HERE / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


@cache
def read_json(name: str) -> dict[str, Any]:
    """The content of a JSON file."""
    return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))


# --- comparing ------------------------------------------------------------------------------------


def differences(got: Any, expected: Any, *, is_json: bool, tolerance: str) -> list[str]:
    """What is wrong with `got`, a sentence each; nothing where it is as recorded."""
    if is_json:
        return list(_json_differences(got, expected, "result"))
    return list(_value_differences(got, expected, TOLERANCES[tolerance]))


def _value_differences(
    got: dict[str, Any], expected: dict[str, Any], tolerance: Tolerance
) -> Iterable[str]:
    for path, want in expected.items():
        label = path or "result"
        if isinstance(want, str):
            continue
        if path not in got:
            yield f"{label} is missing"
        elif isinstance(got[path], str):
            yield f"{label}: {got[path]}; Keras gives {want.dtype}{list(want.shape)}"
        else:
            yield from _array_differences(label, got[path], want, tolerance)
    refused = tuple(f"{path}." for path, want in expected.items() if isinstance(want, str))
    for path in got.keys() - expected.keys():
        if not path.startswith(refused):
            yield f"{path or 'result'} is more than Keras gives"


def _array_differences(
    label: str, got: np.ndarray, want: np.ndarray, tolerance: Tolerance
) -> Iterable[str]:
    if got.shape != want.shape:
        yield f"{label} has shape {got.shape}, Keras {want.shape}"
        return
    if got.dtype != want.dtype:
        yield f"{label} is {got.dtype}, Keras {want.dtype}"
    if want.dtype.kind in "bSUO" or got.dtype.kind in "SUO":
        wrong = got != want
    else:
        wide = "complex128" if "c" in (got.dtype.kind, want.dtype.kind) else "float64"
        wrong = ~_close(got.astype(wide), want.astype(wide), want.dtype, tolerance)
    if np.any(wrong):
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        where = f"{label}{list(place)}" if place else label
        yield f"{where} = {got[place]!r}, Keras {want[place]!r} ({int(np.sum(wrong))} of {want.size} values)"


def _close(got: np.ndarray, want: np.ndarray, dtype: np.dtype, tolerance: Tolerance) -> np.ndarray:
    with np.errstate(invalid="ignore", over="ignore"):
        size = np.abs(want[np.isfinite(want)])
        floor = tolerance.absolute * max(1.0, float(size.max(initial=0.0)))
        relative = max(
            tolerance.relative, 2e-3 if dtype == np.float16 else 0.0
        )  # float16 has 11 bits
        near = np.abs(got - want) <= relative * np.abs(want) + floor
        return near | (got == want) | (np.isnan(got) & np.isnan(want))


def _json_differences(got: Any, want: Any, path: str) -> Iterable[str]:
    if isinstance(want, dict) and want.get("statistics"):
        yield from _statistics_differences(got, want)
    elif isinstance(want, dict) and isinstance(got, dict):
        for key in want.keys() | got.keys():
            if key not in got:
                yield f"{path} lacks {key!r}, in Keras {want[key]!r}"
            elif key not in want:
                yield f"{path} has {key!r} = {got[key]!r}, which Keras has not"
            else:
                yield from _json_differences(got[key], want[key], f"{path}.{key}")
    elif isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        for position, (mine, theirs) in enumerate(zip(got, want, strict=True)):
            yield from _json_differences(mine, theirs, f"{path}[{position}]")
    elif not _same_scalar(got, want):
        yield f"{path} is {got!r}, in Keras {want!r}"


def _same_scalar(got: Any, want: Any) -> bool:
    if isinstance(got, bool) or isinstance(want, bool):
        return got is want
    if isinstance(got, int | float) and isinstance(want, int | float):
        bound = TOLERANCES["config"]
        return got == want or abs(got - want) <= bound.relative * abs(want) + bound.absolute
    return type(got) is type(want) and got == want


def _statistics_differences(got: dict[str, Any], want: dict[str, Any]) -> Iterable[str]:
    """Two random arrays are alike when their moments are, not their values."""
    for key in ("shape", "dtype"):
        if got[key] != want[key]:
            yield f"{key} is {got[key]}, in Keras {want[key]}"
    spread = want["deviation"]
    extreme = STATISTICS_BOUNDED_EXTREME if want["bounded"] else STATISTICS_UNBOUNDED_EXTREME
    bounds = {
        "mean": STATISTICS_MEAN * spread,
        "deviation": STATISTICS_DEVIATION * spread,
        "least": extreme * abs(want["least"] - want["mean"]),
        "greatest": extreme * abs(want["greatest"] - want["mean"]),
    }
    for key, bound in bounds.items():
        if not abs(got[key] - want[key]) <= bound:
            yield f"{key} is {got[key]:.6g}, in Keras {want[key]:.6g}, allowed are {bound:.2g}"
