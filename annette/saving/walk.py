"""Finding the parts of a model that have a state, each under the path that Keras 3 gives it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from annette.utils.naming import to_snake_case

# Attributes that hold no part of an object, or parts that are found elsewhere.
_PASSED = frozenset(
    {"_inbound_nodes", "_init_arguments", "_losses", "_compiled", "_keras_mask", "_owned", "_found",
     "history", "_loss_tracker", "_compiled_loss", "_compiled_metrics", "_compile_config",
     "_functional", "_row", "_operations", "_trainable_variables", "_non_trainable_variables",
     "_variables", "_metrics", "_model", "_programs", "_called"}
)  # fmt: skip


class Part(NamedTuple):
    """An object with a state, and where it is kept."""

    path: str
    owner: Any


def parts_of(root: Any) -> list[Part]:
    """Every part of `root`, itself first (its path is ""), each under the first path to it.

    A layer's parts are found in its attributes by their names, public ones first; what is in a
    list, tuple or dict is named after its class, and numbered.
    """
    found: list[Part] = []
    _visit(root, "", set(), found)
    return found


def has_state(value: Any) -> bool:
    """Whether an object saves and loads its own variables."""
    return not isinstance(value, type) and (
        hasattr(value, "save_own_variables") and hasattr(value, "load_own_variables")
    )


def _visit(owner: Any, path: str, seen: set[int], found: list[Part]) -> None:
    if id(owner) in seen:
        return
    seen.add(id(owner))
    found.append(Part(path, owner))
    for name, value in _attributes(owner):
        below = f"{path}/{name}" if path else name
        if has_state(value):
            _visit(value, below, seen, found)
        elif isinstance(value, (list, tuple, dict)):
            _visit_container(value, below, seen, found, set())


def _visit_container(
    container: Any, path: str, seen: set[int], found: list[Part], within: set[int]
) -> None:
    if id(container) in within:
        return
    within.add(id(container))
    used: dict[str, int] = {}
    for value in container.values() if isinstance(container, dict) else container:
        if has_state(value):
            _visit(value, f"{path}/{_numbered(_class_name(value), used)}", seen, found)
        elif isinstance(value, (list, tuple, dict)):
            _visit_container(value, f"{path}/{_numbered('container', used)}", seen, found, within)


def _class_name(value: Any) -> str:
    return to_snake_case(getattr(type(value), "_saved_name", type(value).__name__))


def _numbered(name: str, used: dict[str, int]) -> str:
    used[name] = used.get(name, -1) + 1
    return f"{name}_{used[name]}" if used[name] else name


def _attributes(owner: Any) -> Iterator[tuple[str, Any]]:
    """The attributes that may hold parts, by the names they are saved under."""
    if getattr(owner, "_layers_first", False):
        yield "layers", owner.layers
    passed = _PASSED.union(getattr(owner, "_untracked", ()))
    renamed: dict[str, str] = getattr(owner, "_saved_as", {})
    names = {n: renamed.get(n, n) for n in vars(owner) if n not in passed}
    names.update({n: n for n in _properties(owner) if n not in passed})
    for name, saved in sorted(names.items(), key=lambda item: _rank(item[1])):
        if name.startswith("__"):
            continue
        try:
            value = getattr(owner, name)
        except Exception:  # a property that has no value now
            continue
        yield saved, value


def _rank(name: str) -> str:
    return "~" + name if name.startswith("_") else name


def _properties(owner: Any) -> Iterator[str]:
    """The properties by which classes of the program's own may show parts, and a model's layers."""
    for cls in type(owner).__mro__:
        own = not cls.__module__.startswith("annette.") and cls is not object
        for name, value in vars(cls).items():
            if isinstance(value, property) and (own or name == "layers"):
                yield name
