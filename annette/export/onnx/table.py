"""The table: for each operation of annette how ONNX says it, or why it cannot."""

from __future__ import annotations

from collections.abc import Callable

from annette.export.flow import Step
from annette.export.onnx.writer import Writer

Rule = Callable[[Writer, Step], None]
RULES: dict[str, Rule] = {}
# Operations without a rule, each with its reason. A fused one needs neither: it is written as what it
# is composed of.
REFUSED: dict[str, str] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Make a function the rule of operations."""

    def add(function: Rule) -> Rule:
        for name in names:
            if name in RULES:
                raise ValueError(f"There is a rule for {name!r} already.")
            RULES[name] = function
        return function

    return add


def refuse(reason: str, *names: str) -> None:
    """Say why operations have no rule."""
    REFUSED.update(dict.fromkeys(names, reason))


def load() -> None:
    """Let the rules of all families register themselves."""
    from annette.export.onnx import rules as rules
