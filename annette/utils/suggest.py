"""Answers to a name that is not known: the nearest one that is."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, or None if nothing is close.

    Case, underscores and hyphens do not count: `"ReLu"` finds `relu`, `"adam-w"` finds `adamw`.
    """
    import difflib

    spellings: dict[str, list[str]] = {}
    for candidate in known:
        spellings.setdefault(_fold(candidate), []).append(candidate)
    hits = difflib.get_close_matches(_fold(name), list(spellings), n=1, cutoff=0.6)
    if not hits:
        return None
    # Of the spellings of one name (`relu`, `ReLU`) the one most like what was written.
    return max(spellings[hits[0]], key=lambda s: difflib.SequenceMatcher(None, s, name).ratio())


def unknown(kind: str, name: object, known: Iterable[str]) -> ValueError:
    """The error for an unknown `name` of a `kind` ("loss", "optimizer", ...); the caller raises it.

    It says what came, the nearest known name, and, if none is near, which names there are.
    """
    names = sorted(set(known))
    hit = nearest(name, names) if isinstance(name, str) else None
    every = f"The known ones are: {', '.join(names)}."
    mend = every if hit is None else f"Did you mean {hit!r}?"
    return ValueError(f"Unknown {kind} {name!r}. {mend}")


def _fold(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")
