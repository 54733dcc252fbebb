"""Makes the reference pages while the documentation is built, from annette's own registries."""

from __future__ import annotations

import importlib
import re
import types
from html import unescape
from typing import Any

#: Family -> the module whose ALL_OBJECTS or __all__ says what is in it.
FAMILIES = {
    "Models": ["annette.models"],
    "Layers": ["annette.layers"],
    "Losses": ["annette.losses"],
    "Metrics": ["annette.metrics"],
    "Optimizers": ["annette.optimizers", "annette.optimizers.schedules"],
    "Callbacks": ["annette.callbacks"],
    "Activations": ["annette.activations"],
    "Initializers": ["annette.initializers"],
    "Regularizers": ["annette.regularizers"],
    "Constraints": ["annette.constraints"],
    "Operations": ["annette.ops"],
    "Random": ["annette.random"],
    "Data sets": ["annette.datasets"],
    "Preprocessing": ["annette.preprocessing"],
    "Utilities": ["annette.utils"],
    "Trees": ["annette.utils.tree"],
    "Dtype policies": ["annette.dtype_policies", "annette.mixed_precision"],
    "Saving": ["annette.saving"],
    "Wrappers": ["annette.wrappers"],
    "Configuration": ["annette.config", "annette.backend"],
    "Gradients, variables, scopes": ["annette"],
    "Backends": ["annette.backends"],
    "Graphs": ["annette.graph", "annette.fused"],
    "Compatibility": ["annette.compat"],
    "Checks": ["annette.testing"],
}
#: What the Markdown extension "arithmatex" makes of a formula between dollar signs.
_FORMULA = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
#: Modules whose names are all written elsewhere.
GATHERED = {"annette.callbacks"}
#: Classes that are put together with scikit-learn's when asked for, and where they are written.
ESTIMATORS = {
    "annette.wrappers": {
        "Estimator": "annette.wrappers.estimators.Estimator",
        "SKLearnClassifier": "annette.wrappers.estimators.Classifier",
        "SKLearnRegressor": "annette.wrappers.estimators.Regressor",
        "SKLearnTransformer": "annette.wrappers.estimators.Transformer",
    }
}


def on_config(config: Any) -> Any:
    """Put the reference pages behind the written ones."""
    pages = [{family: _path(family)} for family in FAMILIES]
    config["nav"].append({"Reference": [*pages, {"Primitives": "api/primitives.md"}]})
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add a page for each family, and the table of primitives."""
    from mkdocs.structure.files import File

    for family, modules in FAMILIES.items():
        files.append(File.generated(config, _path(family), content=_page(family, modules)))
    files.append(File.generated(config, "api/primitives.md", content=_primitives()))
    return files


def on_page_content(html: str, **_: Any) -> str:
    """Write formulas as MathML, which browsers show by themselves."""
    return _FORMULA.sub(_mathml, html)


def _mathml(match: re.Match[str]) -> str:
    from latex2mathml.converter import convert

    return str(convert(unescape(match[1])))


def _path(family: str) -> str:
    return f"api/{family.lower().replace(',', '').replace(' ', '-')}.md"


def _page(family: str, modules: list[str]) -> str:
    lines = [f"# {family}", ""]
    seen: set[int] = set()
    others: list[tuple[str, str]] = []
    for name in modules:
        module = importlib.import_module(name)
        lines += [f"`{name}`: " + (module.__doc__ or "").strip().split("\n\n")[0], ""]
        if name in ESTIMATORS:
            lines += _estimators(ESTIMATORS[name])
            continue
        for public in _public(module):
            value = getattr(module, public)
            if not getattr(value, "__doc__", None) or (name == "annette" and _elsewhere(value)):
                continue
            own = getattr(value, "__name__", public).rsplit(".", 1)[-1]
            if own != public and getattr(module, own, None) is value:
                others.append((public, own))
            elif id(value) not in seen:
                seen.add(id(value))
                lines += [f"::: {_where(value, name, public)}", ""]
    return "\n".join([*lines, *_aliases(others)])


def _aliases(others: list[tuple[str, str]]) -> list[str]:
    """Return the table of second names, such as `MSE`."""
    if not others:
        return []
    rows = [f"| `{name}` | `{first}` |" for name, first in others]
    return ["## Other names", "", "| name | the same as |", "| --- | --- |", *rows]


def _estimators(homes: dict[str, str]) -> list[str]:
    lines = []
    for name, home in homes.items():
        lines += [f"## {name}", "", f"::: {home}", "    options: {show_root_heading: false}", ""]
    return lines


def _elsewhere(value: Any) -> bool:
    """Whether a name of `annette` itself is a module, or is on another page."""
    if isinstance(value, types.ModuleType):
        return True
    modules = [importlib.import_module(n) for names in FAMILIES.values() for n in names]
    return any(
        getattr(module, "__dict__", {}).get(getattr(value, "__name__", "")) is value
        for module in modules
        if module.__name__ != "annette"
    )


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
        return False
    return str(value.__module__).startswith(module.__name__) or module.__name__ in GATHERED


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
        formula = str(record.formula).replace("|", "\\vert ")
        if formula.startswith("As "):  # a sentence
            rows.append(f"| `{name}` | `{formula}` |")
        else:
            rows.append(f"| `{name}` | ${formula}$ |")
    return "\n".join(rows)
