"""The outputs of a model, and what a user gives for them: one thing for all, or parts by output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from annette.utils import tree


class Output(NamedTuple):
    """One output: its value, where it stands among the others, and what it is called.

    `label` is the key of a dict, the name of a functional model's layer, or None; `prefix` is what
    its metrics' names begin with in the logs.
    """

    value: Any
    path: tuple[Any, ...]
    label: str | None
    prefix: str


def outputs_of(y_pred: Any, names: list[str] | None) -> list[Output]:
    """Return the outputs in their order; `names` are those of the layers, where they are known."""
    flat = tree.flatten_with_path(y_pred)
    known: Any = names if names and len(names) == len(flat) else [None] * len(flat)
    deep = any(len(path) > 1 for path, _ in flat)
    found = []
    for (path, value), name in zip(flat, known, strict=True):
        label = path[-1] if path and isinstance(path[-1], str) else name
        # As in Keras: structures in structures go by the layers' names.
        called = (name or label) if deep else label
        found.append(Output(value, path, label, f"{called}_" if called and len(flat) > 1 else ""))
    return found


def spread(
    what: str,
    given: Any,
    y_pred: Any,
    outputs: list[Output],
    complete: bool = False,
    serves_all: Callable[[Any], bool] = lambda given: not tree.is_nested(given),
) -> list[Any]:
    """Return the part of `given` for each output: by position, by key or by the layer's name.

    Args:
        what: what it is, for messages.
        given: one thing for all outputs, or lists and dicts that follow the outputs.
        y_pred: the outputs in their structure.
        outputs: the same, flat.
        complete: whether a dict must have a key for each output.
        serves_all: whether a thing is one for every output.

    Raises:
        ValueError: if it has another number of parts, or a name that no output has.
    """

    def parts(given: Any, level: Any, below: list[Output]) -> list[Any]:
        if given is None or serves_all(given):
            return [given] * len(below)
        if not tree.is_nested(level):
            return [given]
        children = _children(level, below)
        if isinstance(given, dict):
            chosen = _by_name(what, given, children, complete)
        elif len(given) == len(children):
            chosen = list(given)
        elif len(given) == len(below):
            return list(given)
        else:
            raise ValueError(
                f"{what} has {len(given)} entr{'y' if len(given) == 1 else 'ies'} for a model with "
                f"{len(children)} output{'s' * (len(children) > 1)}. Give one for each output, "
                "None for none."
            )
        rows = zip(chosen, children, strict=True)
        return [part for one, (_, child, group) in rows for part in parts(one, child, group)]

    return parts(given, y_pred, outputs)


_Child = tuple[Any, Any, list[Output]]


def _children(level: Any, below: list[Output]) -> list[_Child]:
    """Return (key, structure, outputs) of each child."""
    if isinstance(level, dict):
        order = tree.flatten_with_path({k: i for i, k in enumerate(level)})
        pairs = [(path[0], level[path[0]]) for path, _ in order]
    else:
        pairs = list(enumerate(level))
    found, place = [], 0
    for key, child in pairs:
        count = len(tree.flatten(child))
        found.append((key, child, below[place : place + count]))
        place += count
    return found


def _by_name(what: str, given: dict[Any, Any], children: list[_Child], complete: bool) -> list[Any]:
    names = [
        [key, *([group[0].label] if not tree.is_nested(child) else [])]
        for key, child, group in children
    ]
    shown = ", ".join(repr(n[-1] if n[-1] is not None else n[0]) for n in names)
    unknown = [k for k in given if not any(k in n for n in names)]
    lacking = complete and any(not any(n in given for n in both) for both in names)
    if unknown or lacking:
        which = f"the key {unknown[0]!r}" if unknown else f"the keys {', '.join(map(repr, given))}"
        raise ValueError(
            f"{what} has {which}, but the outputs are called {shown}. Use those names, or name the "
            "layers so."
        )
    return [next((given[n] for n in reversed(both) if n in given), None) for both in names]


def match_targets(what: str, given: Any, y_pred: Any, outputs: list[Output]) -> list[Any]:
    """Return the target of each output.

    Raises:
        ValueError: if there is another number of them, or one is lacking by name.
    """
    if given is None:
        return [None] * len(outputs)
    if len(outputs) == 1:
        flat = tree.flatten(given)
        return flat if len(flat) == 1 else [_only(what, given, outputs, len(flat))]
    if not tree.is_nested(given) or (
        not isinstance(given, dict) and len(tree.flatten(given)) != len(outputs)
    ):
        _only(what, given, outputs, len(tree.flatten(given)))
    return spread(what, given, y_pred, outputs, complete=True, serves_all=lambda given: False)


def _only(what: str, given: Any, outputs: list[Output], count: int) -> Any:
    label = outputs[0].label
    if len(outputs) == 1 and isinstance(given, dict) and label in given:
        return given[label]
    raise ValueError(
        f"The model has {len(outputs)} output{'s' * (len(outputs) > 1)}; {what} has {count} "
        f"part{'s' * (count != 1)}. Give one for each output."
    )


def match_weights(sample_weight: Any, y_pred: Any, outputs: list[Output]) -> list[Any]:
    """Return each output's sample weights: its own, or the one that serves all."""
    if len(outputs) == 1 and tree.is_nested(sample_weight):
        return match_targets("sample_weight", sample_weight, y_pred, outputs)
    return spread("sample_weight", sample_weight, y_pred, outputs)
