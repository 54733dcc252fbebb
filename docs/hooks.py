"""Makes the reference pages while the documentation is built, from annette's own registries."""

from __future__ import annotations

import types
from typing import Any

from mkdocs.structure.files import File, Files

#: Family -> the module whose ALL_OBJECTS or __all__ says what is in it.
FAMILIES = {
    "Models": ["annette.models"],
    "Layers": ["annette.layers"],
    "Losses": ["annette.losses"],
    "Metrics": ["annette.metrics"],
    "Optimizers": ["annette.optimizers", "annette.optimizers.schedules"],
    "Callbacks": ["annette.training.callbacks"],
    "Activations": ["annette.activations"],
    "Initializers": ["annette.initializers"],
    "Regularizers": ["annette.regularizers"],
    "Constraints": ["annette.constraints"],
    "Operations": ["annette.ops"],
    "Random": ["annette.random"],
    "Data sets": ["annette.datasets"],
    "Utilities": ["annette.utils"],
    "Configuration": ["annette.config"],
}


def on_config(config: Any) -> Any:
    """Put the reference pages behind the written ones."""
    pages = [{family: _path(family)} for family in FAMILIES]
    config["nav"].append({"Reference": [*pages, {"Primitives": "api/primitives.md"}]})
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add a page for each family, and the table of primitives."""
    for family, modules in FAMILIES.items():
        files.append(File.generated(config, _path(family), content=_page(family, modules)))
    files.append(File.generated(config, "api/primitives.md", content=_primitives()))
    return files


def _path(family: str) -> str:
    return f"api/{family.lower().replace(' ', '-')}.md"


def _page(family: str, modules: list[str]) -> str:
    import importlib

    lines = [f"# {family}", ""]
    for name in modules:
        module = importlib.import_module(name)
        lines += [(module.__doc__ or "").strip().split("\n\n")[0], ""]
        seen: set[int] = set()
        for public in _public(module):
            value = getattr(module, public)
            if id(value) in seen or not getattr(value, "__doc__", None):
                continue
            seen.add(id(value))
            lines += [f"::: {_where(value, name, public)}", ""]
    return "\n".join(lines)


def _public(module: Any) -> list[str]:
    """Return the public names of a module: its list, else what is written in it or under it."""
    names = getattr(module, "__all__", None) or [
        name
        for name, value in vars(module).items()
        if isinstance(value, (type, types.FunctionType, types.ModuleType)) and _own(value, module)
    ]
    return sorted((n for n in names if not n.startswith("_")), key=str.lower)


def _own(value: Any, module: Any) -> bool:
    if isinstance(value, types.ModuleType):
        return module.__name__ == "annette.datasets" and value.__name__.startswith(module.__name__)
    return str(value.__module__).startswith(module.__name__)


def _where(value: Any, module: str, name: str) -> str:
    """Return where `value` is written, so that the reference finds its source."""
    if isinstance(value, types.ModuleType):
        return value.__name__
    origin = getattr(value, "__module__", module)
    return f"{origin}.{getattr(value, '__qualname__', name)}"


def _primitives() -> str:
    from annette import primitives
    from annette.graph.primitive import PRIMITIVES

    del primitives  # imported for the records it makes
    rows = ["# Primitives", "", "Everything else is composed of these.", ""]
    rows += ["| name | formula |", "| --- | --- |"]
    for name, record in sorted(PRIMITIVES.items()):
        formula = str(record.formula).replace("|", "\\|")
        rows.append(f"| `{name}` | `{formula}` |")
    return "\n".join(rows)
