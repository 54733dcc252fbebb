"""Leaving out the nodes that nobody reads: what several operations became is written besides."""

from __future__ import annotations

from typing import Any


def reads(node: Any) -> set[str]:
    """Return the names that a node reads, those of its bodies included."""
    found = set(node.input)
    for attribute in node.attribute:
        if attribute.HasField("g"):
            for inner in attribute.g.node:
                found |= reads(inner)
            found |= {o.name for o in attribute.g.output}
    return found


def needed(nodes: list[Any], ends: set[str]) -> list[Any]:
    """Return the nodes that the results called `ends` need."""
    wanted, kept = set(ends), []
    for node in reversed(nodes):
        if any(name in wanted for name in node.output):
            kept.append(node)
            wanted |= reads(node)
    return kept[::-1]
