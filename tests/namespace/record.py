"""Record real Keras's public names and signatures: `python tests/namespace/record.py` where it is.

Writes `keras_names.json` beside this file: namespace -> name -> kind and parameters.
"""

from __future__ import annotations

import inspect
import json
import os
import types
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
# Namespaces that hold other namespaces' names once more, or Keras's own insides.
SKIPPED = {"keras.src", "keras.legacy", "keras.backend", "keras.metrics.legacy"}


def described(thing: Any) -> dict[str, Any]:
    """Return the kind of a public thing and, where it can be called, its parameters."""
    if not callable(thing):
        return {"kind": "value"}
    kind = "class" if inspect.isclass(thing) else "function"
    try:
        parameters = inspect.signature(thing).parameters.values()
    except (ValueError, TypeError):
        return {"kind": kind}
    return {"kind": kind, "parameters": [parameter(p) for p in parameters if p.name != "self"]}


def parameter(p: inspect.Parameter) -> list[Any]:
    """Return a parameter as [name, default]: "*" and "**" stand for the rest, no default is "-"."""
    if p.kind is p.VAR_POSITIONAL:
        return ["*", "-"]
    if p.kind is p.VAR_KEYWORD:
        return ["**", "-"]
    if p.default is p.empty:
        return [p.name, "-"]
    plain = p.default is None or isinstance(p.default, (bool, int, float, str, tuple, list))
    return [p.name, repr(p.default) if plain else "..."]


def namespaces(root: types.ModuleType) -> dict[str, types.ModuleType]:
    """Return the public modules under a package by name."""
    found, queue = {}, [("keras", root)]
    while queue:
        name, module = queue.pop(0)
        if name in found or name in SKIPPED:
            continue
        found[name] = module
        for attribute in sorted(vars(module)):
            inner = getattr(module, attribute)
            if isinstance(inner, types.ModuleType) and not attribute.startswith("_"):
                queue.append((f"{name}.{attribute}", inner))
    return found


def main() -> None:
    """Write the file."""
    os.environ.setdefault("KERAS_BACKEND", "jax")
    import keras

    table = {
        name: {
            n: described(x)
            for n, x in sorted(vars(module).items())
            if not n.startswith("_") and not isinstance(x, types.ModuleType)
        }
        for name, module in namespaces(keras).items()
    }
    text = json.dumps({"version": keras.__version__, "namespaces": table}, indent=None)
    (HERE / "keras_names.json").write_text(text.replace("}, ", "},\n") + "\n")


if __name__ == "__main__":
    main()
