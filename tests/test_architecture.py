"""The arrows between the rooms go one way; read from the imports, not from anybody's word."""

from __future__ import annotations

import ast
import builtins
import re
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

import annette

ROOT = Path(annette.__file__).parent

# From the bottom up: a room may import those before it; rooms of one row do not know each other.
ORDER = [
    {"config"},
    {"utils"},
    {"graph"},
    {"primitives"},
    {"ops"},
    {"fused"},
    {"tape", "random"},
    {"saving"},
    {"activations", "constraints", "dtype_policies", "initializers", "regularizers"},
    {"layers", "losses", "optimizers"},
    {"metrics", "mixed_precision"},
    {"models"},
    {"backends"},
    {"training", "export"},
    {"backend", "callbacks", "datasets", "preprocessing", "testing", "wrappers"},
    {"compat"},
    {"cli"},
    {"annette", "__main__"},
]
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}

# Imports against the arrows, each with its reason; a new one needs a word with those who keep the
# architecture, and one that is gone must be taken off the list.
AGAINST = {
    # a name in ops whose operation is a fused one
    ("ops/__init__.py", "fused"): "softmax and its kind are fused operations with a name in ops",
    ("ops/attention.py", "fused"): "attention is a fused operation with a name in ops",
    ("ops/nn.py", "fused"): "softmax and its kind are fused operations with a name in ops",
    # inside functions only
    ("graph/variable.py", "ops"): "assign casts with ops; T transposes",
    ("graph/symbolic.py", "ops"): "a function of ops.image is known once its module is imported",
    ("config.py", "backends"): "keras.config.backend() names the backend in use",
    ("config.py", "dtype_policies"): "keras.config.dtype_policy() gives and sets the global policy",
    ("models/stored.py", "export"): "Model.export starts the export",
    ("layers/weights.py", "metrics"): "a layer gathers the metrics that are its attributes",
    ("models/model.py", "training"): "fit, evaluate and predict start the training loop",
    ("utils/numeric.py", "ops"): "to_categorical and normalize take what ops take",
    ("utils/numeric.py", "graph"): "to_categorical and normalize take what ops take",
    ("ops/image/warping.py", "random"): "elastic_transform draws its noise",
    # at the top of a module
    ("utils/session.py", "random"): "set_random_seed and clear_session start the global generator",
}

# Who may ask for a backend.
ASKS = {"backends", "training", "models", "config", "cli", "testing", "compat", "annette"}


class Import(NamedTuple):
    """One import: by which file, of which module, in which line, inside a function or not."""

    file: str
    module: str
    line: int
    lazy: bool


@cache
def trees():
    return {
        p.relative_to(ROOT).as_posix(): ast.parse(p.read_text(encoding="utf-8"))
        for p in sorted(ROOT.rglob("*.py"))
    }


@cache
def imports():
    found = []
    for file, tree in trees().items():
        _walk(file, tree.body, False, found)
    return found


def _walk(file, nodes, lazy, found):
    for node in nodes:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            _walk(file, node.orelse, lazy, found)
            continue
        if isinstance(node, ast.Import):
            found += [Import(file, a.name, node.lineno, lazy) for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [Import(file, f"{_base(file, node)}.{a.name}", node.lineno, lazy)
                      for a in node.names]  # fmt: skip
        inside = lazy or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        for part in ("body", "orelse", "finalbody", "handlers"):
            _walk(file, getattr(node, part, []), inside, found)


def _base(file, node):
    """Return the module an import is from, relative ones counted from the file's package."""
    if not node.level:
        return node.module
    package = ["annette", *Path(file).parts[:-1]]
    package = package[: len(package) - node.level + 1]
    return ".".join([*package, *([node.module] if node.module else [])])


def room(module):
    """Return the room a module of annette is in: its first name, or "annette" for the top."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in RANK else "annette"


def own(file):
    first = Path(file).parts[0].removesuffix(".py")
    return "annette" if first == "__init__" else first


def inner():
    return [i for i in imports() if i.module.split(".")[0] == "annette"]


def test_every_room_has_its_place():
    rooms = {own(file) for file in trees()}
    assert rooms <= set(RANK), "a new room needs its place in ORDER"


def test_the_arrows_go_one_way():
    against = {}
    for i in inner():
        source, target = own(i.file), room(i.module)
        if source != target and RANK[target] >= RANK[source] and "annette" not in (source, target):
            against.setdefault((i.file, target), []).append(f"annette/{i.file}:{i.line} {i.module}")
    new = {k: v for k, v in against.items() if k not in AGAINST}
    assert not new, f"imports against the arrows: {new}"
    gone = set(AGAINST) - set(against)
    assert not gone, f"no longer so, take it off the list: {gone}"


def test_only_the_top_imports_the_whole():
    """`import annette` or a public name of it inside the library hides which room is meant."""
    allowed = {"annette", "cli", "compat", "__main__"}
    whole = [i for i in inner() if room(i.module) == "annette" and own(i.file) not in allowed]
    assert not whole


def test_within_the_engine_only_the_named_rooms_are_known():
    """The floor everything stands on, spelled out."""
    knows = {}
    for i in inner():
        if not i.lazy and own(i.file) != room(i.module):
            knows.setdefault(own(i.file), set()).add(room(i.module))
    assert knows["graph"] <= {"config", "utils"}
    assert knows["primitives"] <= {"graph"}
    assert knows["ops"] <= {"config", "utils", "graph", "primitives", "fused"}
    assert knows["fused"] <= {"graph", "primitives", "ops"}
    assert knows["backends"] <= {"graph", "primitives", "fused"}


def test_the_first_operations_know_no_fused_ones():
    """Fused operations are composed of ops.numpy, which must therefore stand below them."""
    above = {"ops/__init__.py", "ops/attention.py", "ops/nn.py"}
    users = {i.file for i in inner() if own(i.file) == "ops" and room(i.module) == "fused"}
    assert users <= above
    for i in inner():
        if i.file.startswith("ops/numpy/") or i.file == "ops/common.py":
            assert not i.module.startswith(("annette.ops.nn", "annette.fused")), i


def test_a_backend_knows_the_graph_and_the_registries_only():
    known = {room(i.module) for i in inner() if own(i.file) == "backends"}
    assert known <= {"backends", "graph", "primitives", "fused"}


def test_few_ask_for_a_backend():
    askers = {own(i.file) for i in inner() if room(i.module) == "backends"}
    assert askers <= ASKS
    models = {i.file for i in inner() if room(i.module) == "backends" and own(i.file) == "models"}
    assert models <= {"models/model.py"}


@pytest.mark.parametrize(
    "place", ["layers", "losses", "metrics", "optimizers", "fused", "primitives", "ops"]
)
def test_the_vocabulary_never_mentions_a_backend(place):
    for file, tree in trees().items():
        if own(file) != place:
            continue
        names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        names |= {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        names |= {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and
                  isinstance(n.value, str) and " " not in n.value}  # fmt: skip
        spoken = {n for n in names if re.search("backend", n, re.IGNORECASE)}
        assert not spoken, f"annette/{file}"


@pytest.mark.parametrize("place", ["layers", "losses", "metrics", "optimizers"])
def test_the_vocabulary_imports_nothing_but_numpy_from_outside(place):
    outside = {i.module.split(".")[0] for i in imports() if own(i.file) == place}
    assert outside - set(sys.stdlib_module_names) <= {"annette", "numpy"}


def test_only_numpy_is_imported_at_once():
    """What else is installed is imported where it is used, so that importing stays light."""
    heavy = [
        i
        for i in imports()
        if not i.lazy and i.module.split(".")[0] not in {*sys.stdlib_module_names, "annette", "numpy"}
        and own(i.file) != "cli"
    ]  # fmt: skip
    assert not heavy


# Names that hide Python's, and are meant where they are called.
HIDDEN = {
    ("ops/core.py", "map"), ("ops/control.py", "map"),
    ("ops/numpy/reduction.py", "max"), ("ops/numpy/reduction.py", "min"),
    ("ops/numpy/reduction.py", "sum"), ("ops/numpy/reduction.py", "any"),
}  # fmt: skip


def test_names_that_hide_pythons_are_called_knowingly():
    """In a module that defines `map` or `sum`, a call of it is not Python's: easily forgotten."""
    found = set()
    for file, tree in trees().items():
        if not file.startswith("ops/"):
            continue
        defined = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
        defined |= {a.asname or a.name for n in tree.body if isinstance(n, ast.ImportFrom)
                    for a in n.names}  # fmt: skip
        hiding = defined & set(dir(builtins))
        found |= {(file, n.func.id) for n in ast.walk(tree) if isinstance(n, ast.Call)
                  and isinstance(n.func, ast.Name) and n.func.id in hiding}  # fmt: skip
    assert found <= HIDDEN
