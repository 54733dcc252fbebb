"""Nested structures of lists, tuples, dicts and leaves: the functions of ``keras.tree``.

A dict's values come in the order of its sorted keys, an ``OrderedDict``'s in its own order, so that
two dicts with the same keys always line up. ``None`` is a leaf.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

_registered: dict[type, type] = {}


class MAP_TO_NONE:
    """Returned by the function given to `traverse` to put None in a place."""


def register_tree_node_class(cls: type) -> type:
    """Make a class a node of structures; usable as a decorator.

    The class has a method ``tree_flatten()`` returning ``(children, metadata)`` and a class method
    ``tree_unflatten(metadata, children)``.

    Raises:
        ValueError: if the class lacks one of them.
    """
    for method in ("tree_flatten", "tree_unflatten"):
        if not callable(getattr(cls, method, None)):
            raise ValueError(
                f"register_tree_node_class: {cls.__name__} has no method {method}(). A node class "
                "needs tree_flatten() and the class method tree_unflatten(metadata, children)."
            )
    _registered[cls] = cls
    return cls


def is_nested(structure: Any) -> bool:
    """Say whether `structure` is a node (list, tuple, dict, ...) and not a leaf."""
    return isinstance(structure, (list, tuple, dict, deque)) or type(structure) in _registered


def flatten(structure: Any) -> list[Any]:
    """Return the leaves of `structure`, left to right; of a leaf, a list of it alone."""
    leaves: list[Any] = []
    _collect(structure, leaves)
    return leaves


def flatten_with_path(structure: Any) -> list[tuple[tuple[Any, ...], Any]]:
    """Return ``(path, leaf)`` for each leaf; a path is the tuple of keys and positions to it."""
    found: list[tuple[tuple[Any, ...], Any]] = []

    def walk(node: Any, path: tuple[Any, ...]) -> None:
        if not is_nested(node):
            found.append((path, node))
            return
        keys, children = _children(node)
        for key, child in zip(keys, children, strict=True):
            walk(child, (*path, key))

    walk(structure, ())
    return found


def map_structure(func: Callable[..., Any], *structures: Any, none_is_leaf: bool = True) -> Any:
    """Apply `func` to corresponding leaves and return the results in the first structure's form.

    With ``none_is_leaf=False`` a None stays None and `func` does not see it.

    Raises:
        TypeError: if `func` cannot be called.
        ValueError: without a structure, or if the structures differ.
    """
    if not callable(func):
        raise TypeError(f"map_structure expects a function first; it got {func!r}.")
    if not structures:
        raise ValueError("map_structure expects at least one structure after the function.")
    first, *others = structures
    if not is_nested(first):
        for other in others:
            if is_nested(other):
                raise _mismatch(first, other)
        if first is None and not none_is_leaf:
            return None
        return func(*structures)
    keys, children = _children(first)
    rows = [children]
    for other in others:
        rows.append(_children_like(first, keys, other))
    mapped = [
        map_structure(func, *row, none_is_leaf=none_is_leaf) for row in zip(*rows, strict=True)
    ]
    return _rebuild(first, keys, mapped)


def map_structure_up_to(shallow_structure: Any, func: Callable[..., Any], *structures: Any) -> Any:
    """Apply `func` where `shallow_structure` has leaves; what lies below is passed whole.

    Raises:
        ValueError: without a structure, or if one does not begin like `shallow_structure`.
    """
    if not structures:
        raise ValueError("map_structure_up_to expects at least one structure after the function.")
    if not is_nested(shallow_structure):
        return func(*structures)
    keys, children = _children(shallow_structure)
    rows = [children] + [_children_like(shallow_structure, keys, s) for s in structures]
    mapped = [map_structure_up_to(row[0], func, *row[1:]) for row in zip(*rows, strict=True)]
    return _rebuild(shallow_structure, keys, mapped)


def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """Visit every node and leaf; what `func` returns takes its place, None means "keep".

    Top-down, the children of a replaced node are not visited. Return `MAP_TO_NONE` to put None.
    """

    def inside() -> Any:
        if not is_nested(structure):
            return structure
        keys, children = _children(structure)
        return _rebuild(structure, keys, [traverse(func, child, top_down) for child in children])

    if top_down:
        result = func(structure)
        if result is None:
            return inside()
    else:
        kept = inside()
        result = func(kept)
        if result is None:
            return kept
    return None if result is MAP_TO_NONE else result


def assert_same_structure(a: Any, b: Any, check_types: bool | None = None) -> None:
    """Raise unless `a` and `b` are nested alike; leaves may be anything.

    `check_types` is accepted for old programs and has no effect, as in Keras.

    Raises:
        ValueError: at the first difference: another type of node, length or keys.
    """
    map_structure(lambda *_: None, a, b)


def assert_same_paths(a: Any, b: Any) -> None:
    """Raise unless `a` and `b` have leaves at the same paths, whatever the types of their nodes.

    Raises:
        ValueError: naming the paths that only one of them has.
    """
    paths_a = {path for path, _ in flatten_with_path(a)}
    paths_b = {path for path, _ in flatten_with_path(b)}
    if paths_a != paths_b:
        only_a = ", ".join(sorted(map(str, paths_a - paths_b))) or "none"
        only_b = ", ".join(sorted(map(str, paths_b - paths_a))) or "none"
        raise ValueError(
            f"`a` and `b` don't have the same paths: only in `a`: {only_a}; only in `b`: {only_b}."
        )


def pack_sequence_as(structure: Any, flat_sequence: Iterable[Any]) -> Any:
    """Put the leaves of `flat_sequence` into the form of `structure`: the inverse of `flatten`.

    Raises:
        TypeError: if `flat_sequence` is not iterable.
        ValueError: if there are too few or too many leaves.
    """
    if isinstance(flat_sequence, (str, bytes)) or not isinstance(flat_sequence, Iterable):
        raise TypeError(
            "pack_sequence_as expects a list of leaves as flat_sequence; "
            f"it got {type(flat_sequence).__name__}."
        )
    leaves = list(flat_sequence)
    wanted = len(flatten(structure))
    if len(leaves) != wanted:
        raise ValueError(
            f"pack_sequence_as: the structure has {wanted} leaves, flat_sequence has {len(leaves)}."
        )
    supply = iter(leaves)
    return _fill(structure, supply)


unflatten_as = pack_sequence_as


def lists_to_tuples(structure: Any) -> Any:
    """Return `structure` with every list changed into a tuple."""
    return traverse(
        lambda node: tuple(node) if isinstance(node, list) else None, structure, top_down=False
    )


def map_shape_structure(func: Callable[[Any], Any], structure: Any) -> Any:
    """Apply `func` to every shape, that is every list or tuple of ints and Nones."""
    if _is_shape(structure) or not is_nested(structure):
        return func(structure)
    keys, children = _children(structure)
    return _rebuild(structure, keys, [map_shape_structure(func, child) for child in children])


def _is_shape(node: Any) -> bool:
    return isinstance(node, (list, tuple)) and all(n is None or isinstance(n, int) for n in node)


def _collect(node: Any, leaves: list[Any]) -> None:
    if not is_nested(node):
        leaves.append(node)
        return
    for child in _children(node)[1]:
        _collect(child, leaves)


def _fill(node: Any, supply: Any) -> Any:
    if not is_nested(node):
        return next(supply)
    keys, children = _children(node)
    return _rebuild(node, keys, [_fill(child, supply) for child in children])


def _children(node: Any) -> tuple[Sequence[Any], list[Any]]:
    """Return a node's keys (positions for sequences) and children, in the order of `flatten`."""
    if type(node) in _registered:
        children = list(node.tree_flatten()[0])
        return range(len(children)), children
    if isinstance(node, dict):
        keys = list(node) if isinstance(node, OrderedDict) else _sorted_keys(node)
        return keys, [node[key] for key in keys]
    return range(len(node)), list(node)


def _sorted_keys(node: dict[Any, Any]) -> list[Any]:
    try:
        return sorted(node)
    except TypeError:  # keys of several types: by type, then by value
        return sorted(node, key=lambda key: (type(key).__qualname__, str(key)))


def _children_like(first: Any, keys: Sequence[Any], other: Any) -> list[Any]:
    """Return the children of `other` in the order of `first`'s, or raise if it is another node."""
    if _kind(first) is not _kind(other):
        raise _mismatch(first, other)
    if isinstance(first, dict):
        if set(first) != set(other):
            raise _mismatch(first, other)
        return [other[key] for key in keys]
    children = _children(other)[1]
    if len(children) != len(keys):
        raise _mismatch(first, other)
    return children


def _kind(node: Any) -> type | None:
    if not is_nested(node):
        return None
    if type(node) in _registered or hasattr(node, "_fields"):
        return type(node)
    for kind in (dict, list, deque):
        if isinstance(node, kind):
            return kind
    return tuple


def _rebuild(node: Any, keys: Sequence[Any], children: list[Any]) -> Any:
    if type(node) in _registered:
        return type(node).tree_unflatten(node.tree_flatten()[1], children)
    if isinstance(node, dict):
        by_key = dict(zip(keys, children, strict=True))
        pairs = [(key, by_key[key]) for key in node]  # the user's own order of keys
        if isinstance(node, defaultdict):
            return defaultdict(node.default_factory, pairs)
        return OrderedDict(pairs) if isinstance(node, OrderedDict) else dict(pairs)
    if isinstance(node, deque):
        return deque(children, maxlen=node.maxlen)
    if isinstance(node, list):
        return children
    return type(node)(*children) if hasattr(node, "_fields") else tuple(children)


def _mismatch(a: Any, b: Any) -> ValueError:
    return ValueError(
        f"The structures don't match: one has {_describe(a)} where the other has {_describe(b)}."
    )


def _describe(node: Any) -> str:
    if isinstance(node, dict):
        return f"a dict with keys {_sorted_keys(node)}"
    if is_nested(node):
        return f"a {type(node).__name__} of {len(_children(node)[1])}"
    return f"a leaf ({type(node).__name__})"
