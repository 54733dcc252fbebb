"""The compiled core, and what it says of itself."""

from __future__ import annotations

import functools
import importlib.machinery
import importlib.util
import os
from typing import Any

_PACKAGE = "annette.backends.native"


@functools.cache  # a compiled module is loaded once in a process
def load() -> Any:
    """Return the compiled module: that of ``ANNETTE_CORE`` (a path), else the one installed.

    Raises:
        ImportError: if it was not built, or cannot be loaded here.
    """
    path = os.environ.get("ANNETTE_CORE")
    if path is None:
        from annette.backends.native import _core  # type: ignore[attr-defined]  # compiled

        return _core
    loader = importlib.machinery.ExtensionFileLoader(f"{_PACKAGE}._core", path)
    spec = importlib.util.spec_from_loader(loader.name, loader, origin=path)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


class Step:
    """An elementwise operation of the core, for the dtypes it takes."""

    __slots__ = ("fused", "index", "inputs", "name", "outputs", "types")

    def __init__(self, index: int, entry: tuple[Any, ...]) -> None:
        self.index = index
        self.name, self.inputs, self.outputs, self.fused, types = entry
        # From a dtype's code to the codes of the first input and of the result.
        self.types = {t: (first, result) for t, first, result in types}


class Core:
    """The module and its tables, for one instruction set."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.sets: list[str] = module.instruction_sets()
        sets = self.sets
        wanted = os.environ.get("ANNETTE_ISA")
        if wanted is not None and wanted not in sets:
            raise ValueError(
                f"ANNETTE_ISA must be an instruction set of this machine and build, one of "
                f"{', '.join(sets)}; it is {wanted!r}."
            )
        self.isa: str = wanted or sets[-1]
        self.codes = {name: code for code, name in enumerate(module.types())}
        self.kinds = {name: number for number, name in enumerate(module.kinds())}
        # Columns of a panel of a product's second matrix.
        self.panels = dict(zip(("float32", "float64"), module.panels(self.isa), strict=True))
        self.most_box: int = module.box_bytes()  # of the input that a window reaches
        self.steps = {e[0]: Step(i, e) for i, e in enumerate(module.steps(self.isa))}
