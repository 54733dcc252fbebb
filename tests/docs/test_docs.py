"""The code in README and in the documentation runs, page by page and block after block."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

import annette

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Packages that a page's code uses besides annette.
NEEDS = {"exporting.md": ("onnx", "onnxruntime")}
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def code(page: Path) -> str:
    """The page's blocks as one program that keeps the page's line numbers."""
    text = page.read_text()
    lines = [""] * (text.count("\n") + 1)
    for match in BLOCK.finditer(text):
        first = text[: match.start(1)].count("\n")
        block = match[1].splitlines()
        lines[first : first + len(block)] = block
    return "\n".join(lines).rstrip()


WITH_CODE = [page for page in PAGES if code(page)]


def test_extractor_finds_blocks_and_keeps_their_lines(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# T\n\n```python\na = 1\n```\n\n```sh\nno\n```\n\n```python\nb = a\n```\n")
    assert code(page).split("\n") == ["", "", "", "a = 1", *[""] * 7, "b = a"]


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda p: str(p.relative_to(ROOT)))
def test_page_runs(page: Path, tmp_path: Path) -> None:
    for package in NEEDS.get(page.name, ()):
        pytest.importorskip(package)
    # A process of its own: a page may install the import hook, or set a seed.
    program = f"exec(compile({code(page)!r}, {str(page)!r}, 'exec'))"
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr[-3000:]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    broken = [t for t in LINK.findall(page.read_text()) if not (page.parent / t).exists()]
    assert not broken


def test_pages_are_in_the_table_of_contents() -> None:
    contents = (ROOT / "mkdocs.yml").read_text()
    written = [str(p.relative_to(ROOT / "docs")) for p in PAGES if p.name != "README.md"]
    assert not [name for name in written if name not in contents]


def test_gallery_has_every_example() -> None:
    gallery = (ROOT / "docs" / "guides" / "examples.md").read_text()
    programs = {p.name for p in (ROOT / "examples").glob("*.py")} - {"example_tools.py"}
    assert programs
    assert not [name for name in sorted(programs) if f"`{name}`" not in gallery]


@pytest.mark.parametrize("page", ["docs/architecture.md", "docs/extending.md", "CONTRIBUTING.md"])
def test_paths_that_a_page_names_exist(page: str) -> None:
    named = re.findall(r"`((?:annette|tests|docs|benchmarks)/[\w./]*)`", (ROOT / page).read_text())
    assert named
    assert not [path for path in named if not (ROOT / path).exists()]


@pytest.fixture(scope="module")
def hooks() -> Any:
    """The module that makes the reference pages."""
    spec = importlib.util.spec_from_file_location("hooks", ROOT / "docs" / "hooks.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_reference_has_every_public_namespace(hooks: Any) -> None:
    listed = {name for names in hooks.FAMILIES.values() for name in names}
    found = {
        value.__name__
        for value in (getattr(annette, name) for name in annette.__all__)
        if isinstance(value, types.ModuleType)
    }
    # training has no names of its own for users but its callbacks
    assert found - listed == {"annette.training"}


def test_reference_pages_describe_their_names_or_name_what_they_are_the_same_as(hooks: Any) -> None:
    pages = {family: hooks._page(family, names) for family, names in hooks.FAMILIES.items()}
    assert all("::: annette." in page for page in pages.values())
    everything = "\n".join(pages.values())
    missing = []
    for names in hooks.FAMILIES.values():
        for module in (importlib.import_module(name) for name in names):
            for name in hooks._public(module) if module.__name__ not in hooks.ESTIMATORS else ():
                value = getattr(module, name)
                if isinstance(value, str | types.ModuleType):
                    continue
                if f"::: {hooks._where(value, module.__name__, name)}\n" not in everything:
                    missing.append(f"{module.__name__}.{name}")
    assert not missing
    assert "| `swish` | `silu` |" in pages["Activations"]
    assert "::: annette.tape.grad\n" in pages["Gradients, variables, scopes"]


def test_reference_reads_formulas_of_both_notations() -> None:
    pytest.importorskip("griffe")
    spec = importlib.util.spec_from_file_location("notation", ROOT / "docs" / "notation.py")
    assert spec is not None and spec.loader is not None
    notation = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(notation)
    text = "Sum.\n\n    .. math:: y = x_1\n        + x_2\n\n    Of :math:`x`.\n"
    assert notation.dollars(text) == "Sum.\n\n    $y = x_1 + x_2$\n\n    Of $x$.\n"
