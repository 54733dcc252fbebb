"""Recording some golden values leaves the others as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from . import make_golden, store
from .cases import Case

X = np.array([0.1, -0.0, np.nan], "float32")


def cases(*names: str) -> dict[str, Case]:
    return {
        f"{kind}/{n}": Case(kind, n, lambda k: X, kind == "texts", "values")
        for kind in ("numbers", "texts")
        for n in names
    }


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(store, "HERE", tmp_path)
    for read in (store.read_values, store.read_json):
        read.cache_clear()
    monkeypatch.setattr(make_golden, "load_all", lambda: cases("a", "b", "c"))
    store.write_values("numbers", {"a": {"": X}, "old": {"": X}, "b": {"": 2 * X, "n": X[:0]}})
    store.write_json("texts", {"a": {"x": 1}, "b": [2]})
    store.write_json("made_with", {"keras": "3", "numbers": ["ops.add"], "texts": ["ops.gone"]})
    yield tmp_path
    for read in (store.read_values, store.read_json):
        read.cache_clear()


def again() -> tuple[dict[str, Any], dict[str, Any]]:
    for read in (store.read_values, store.read_json):
        read.cache_clear()
    return store.read_values("numbers"), store.read_json("texts")


def test_what_is_missing_is_what_no_file_has(folder: Path) -> None:
    assert make_golden.missing() == ["numbers/c", "texts/c"]


def test_a_new_case_joins_and_the_others_keep_their_bits(folder: Path) -> None:
    make_golden.write({"numbers/c": {"": X[:1]}, "texts/c": "new"}, kept=True)
    numbers, texts = again()
    assert list(numbers) == ["a", "b", "c"] and texts == {"a": {"x": 1}, "b": [2], "c": "new"}
    assert numbers["a"][""].tobytes() == X.tobytes()
    assert numbers["b"][""].tobytes() == (2 * X).tobytes() and numbers["b"]["n"].shape == (0,)
    assert numbers["c"][""].tobytes() == X[:1].tobytes()


def test_a_kind_that_nobody_asked_about_is_not_written(folder: Path) -> None:
    before = (folder / "texts.json").stat().st_mtime_ns, (folder / "texts.json").read_bytes()
    make_golden.write({"numbers/c": {"": X}}, kept=True)
    assert (
        (folder / "texts.json").stat().st_mtime_ns,
        (folder / "texts.json").read_bytes(),
    ) == before


def test_all_anew_forgets_what_was_there(folder: Path) -> None:
    make_golden.write({"numbers/a": {"": 3 * X}}, kept=False)
    assert list(again()[0]) == ["a"]


def test_pruned_is_what_no_case_names(folder: Path) -> None:
    make_golden.prune()
    numbers, texts = again()
    assert list(numbers) == ["a", "b"] and list(texts) == ["a", "b"]
    assert numbers["b"][""].tobytes() == (2 * X).tobytes()


def test_names_join_those_of_the_other_kinds(folder: Path, monkeypatch: Any) -> None:
    make_golden.write_names("4", {"numbers/c": ["ops.abs"]}, kept=True)
    again()
    assert store.read_json("made_with") == {
        "keras": "4",
        "numbers": ["ops.abs", "ops.add"],
        "texts": ["ops.gone"],
    }


def test_a_check_sees_values_that_changed(folder: Path, capsys: Any) -> None:
    found = {"numbers/a": {"": X}, "numbers/b": {"": X, "n": X[:0]}}
    assert make_golden.check({"cases": found}, ["numbers/a", "numbers/b"]) == 1
    assert "numbers/b" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--only"], ["--missing", "x"], ["--prune", "x"], ["--other"]])
def test_wrong_arguments_record_nothing(words: list[str], capsys: Any) -> None:
    assert make_golden.main(words) == 2
    assert "--missing" in capsys.readouterr().out


def test_the_leaf_that_keeps_its_width_counts() -> None:
    """A backend that refuses a dtype gives way to one that does not, dtype by dtype."""
    narrow = {"float32": X, "int64": np.ones(3, "int32"), "bool": "refused: no"}
    wide = {"float32": 2 * X, "int64": X.astype("float64"), "bool.0": X, "bool.1": X}
    with np.errstate(invalid="ignore"):
        merged = make_golden.prefer_wide("ops/f", wide, narrow)
    assert {p: x.dtype.name for p, x in merged.items()} == {
        "float32": "float32",
        "int64": "float64",
        "bool.0": "float32",
        "bool.1": "float32",
    }
    assert merged["float32"] is narrow["float32"]
