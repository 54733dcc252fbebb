"""The direction of the imports: what the architecture page says, read off the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "annette"

# Each room, and the rooms it may import when it is loaded. Any room may use the settings and the
# small helpers of `utils`.
ALLOWED: dict[str, set[str]] = {
    "graph": set(),
    "primitives": {"graph"},
    "ops": {"graph", "primitives", "fused"},
    "fused": {"graph", "primitives", "ops"},
    "random": {"graph", "primitives", "ops"},
    "tape": {"graph"},
    "backends": {"graph"},
    "saving": {"graph"},
    "activations": {"ops", "saving"},
    "initializers": {"graph", "ops", "random", "saving"},
    "regularizers": {"graph", "ops", "saving"},
    "constraints": {"graph", "ops", "saving"},
    "dtype_policies": {"graph"},
    "losses": {"graph", "ops", "saving", "fused"},
    "metrics": {
        "graph", "ops", "saving", "losses", "initializers", "dtype_policies", "activations",
    },
    "optimizers": {"graph", "ops", "saving", "fused", "initializers", "regularizers"},
    "layers": {
        "graph", "ops", "fused", "random", "saving", "activations", "initializers", "regularizers",
        "constraints", "dtype_policies",
    },
    "models": {
        "graph", "ops", "tape", "saving", "layers", "losses", "metrics", "optimizers",
        "dtype_policies",
    },
    "training": {"graph", "ops", "backends", "layers", "models", "random"},
}  # fmt: skip
ANYONE = {"config", "utils"}
# Who may ask for a backend, also from within a function: the loop, the setting's getter, the people
# who look at the engine, and the checks.
ASK_BACKENDS = {"training", "config", "cli", "testing", "backends", "compat", "__init__"}


def modules(room: str) -> list[Path]:
    folder = ROOT / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [ROOT / f"{room}.py"]


def imported(node: ast.AST) -> Iterator[str]:
    """Yield the rooms of annette that an import statement names."""
    if isinstance(node, ast.Import):
        names = [a.name for a in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module:
        alone = node.module == "annette"
        names = [f"annette.{a.name}" for a in node.names] if alone else [node.module]
    else:
        return
    yield from (n.split(".")[1] for n in names if n.startswith("annette."))


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def at_loading(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if not is_for_types(node):
            yield from imported(node)


@pytest.mark.parametrize("room", ALLOWED)
def test_a_room_imports_only_what_is_below_it(room: str) -> None:
    wrong = []
    for path in modules(room):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for name in at_loading(tree):
            if name != room and name not in ALLOWED[room] | ANYONE:
                wrong.append(f"{path.relative_to(ROOT)} imports annette.{name}")
    assert not wrong, "\n".join(wrong)


def test_every_room_is_here() -> None:
    others = {"cli", "compat", "datasets", "testing", "utils", "config", "callbacks", "__init__"}
    rooms = {p.stem for p in ROOT.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert rooms - others - {"__main__"} == set(ALLOWED)


def test_nothing_but_the_loop_and_the_entry_points_asks_for_a_backend() -> None:
    asking = set()
    for path in ROOT.rglob("*.py"):
        room = path.relative_to(ROOT).parts[0].removesuffix(".py")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if any("backends" in set(imported(node)) for node in ast.walk(tree)):
            asking.add(room)
    assert asking <= ASK_BACKENDS


def test_layers_never_mention_a_backend() -> None:
    for path in modules("layers"):
        assert "backend" not in path.read_text(encoding="utf-8"), path


def test_the_graph_knows_nothing_of_layers() -> None:
    for path in modules("graph"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        used = {name for node in ast.walk(tree) for name in imported(node)}
        assert not used & {"layers", "models", "training", "losses", "metrics", "optimizers"}, path
