"""The table of a model's layers, and how large its weights are."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from annette.graph.symbolic import FunctionOperation
from annette.utils.io import print_msg

_NUMBER, _NONE, _SYMBOL, _YES, _NO = 34, 45, 33, 34, 9
_BITS = {"bool": 1, "bfloat16": 16}


def count_params(weights: Iterable[Any]) -> int:
    """Return the number of numbers in `weights`."""
    return sum(math.prod(w.shape) for w in weights)


def weight_memory_size(weights: Iterable[Any]) -> float:
    """Return the size of `weights` in bytes, each weight counted once."""
    unique = {id(w): w for w in weights}.values()
    return float(sum(math.prod(w.shape) * _bits(w.dtype) for w in unique)) / 8


def readable_memory_size(size: float) -> str:
    """Return a number of bytes as ``1.50 KB``."""
    units = ["B", "KB", "MB", "GB", "TB", "PB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop(0)
    if size >= 1024:
        size /= 1024  # as Keras has it, beyond petabytes
    return f"{size:.2f} {units[0]}"


def print_summary(
    model: Any,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    print_fn: Callable[[str], Any] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
) -> None:
    """Print a table of a model's layers: name and type, output shape, number of parameters.

    Args:
        model: the model, built or not.
        line_length: the table's width in characters.
        positions: where each column ends, as fractions of the width.
        print_fn: called once with the whole text, instead of printing.
        expand_nested: whether to show the layers of models inside the model.
        show_trainable: whether to show which layers are trained.
        layer_range: names (or patterns) of the first and the last layer to show.

    Raises:
        ValueError: if the table does not fit into `line_length`, or `layer_range` names no layers.
    """
    import rich.console
    import rich.table

    nodes = None if _is_chain(model) else _nodes_of(model)
    layout = _Layout(model, nodes, expand_nested, show_trainable)
    widths, length = layout.widths(line_length, positions)
    columns = [
        rich.table.Column(name, justify=side, width=width)  # type: ignore[arg-type]
        for (name, side), width in zip(layout.header, widths, strict=True)
    ]
    table = rich.table.Table(*columns, width=length, show_lines=True)
    layers = _rows_of(model)
    first, stop = layer_bounds(layers, layer_range)
    for layer in layers[first:stop]:
        for row in layout.rows(layer):
            table.add_row(*row)
    lines = [_bold(f'Model: "{_escape(model.name)}"'), table, *_totals(model)]
    from annette import config

    if print_fn is None and config.is_interactive_logging_enabled():
        console = rich.console.Console(highlight=False)
        if not console.is_terminal and console.width < length:
            console.width = length  # a file has room
        for line in lines:
            console.print(line)
        return
    console = rich.console.Console(highlight=False, force_terminal=False, color_system=None)
    console.width = max(console.width, length)
    with console.capture() as captured:
        for line in lines:
            console.print(line)
    if print_fn is None:
        print_msg(captured.get(), line_break=False)
    else:
        print_fn(captured.get())


class _Layout:
    """How a model's table is laid out: its columns, and a layer's cells in them."""

    def __init__(
        self, model: Any, nodes: list[Any] | None, expand_nested: bool, show_trainable: bool
    ) -> None:
        self.model = model
        self.nodes = nodes
        self.expand_nested = expand_nested
        self.show_trainable = show_trainable
        self.header = [("Layer (type)", "left"), ("Output Shape", "left"), ("Param #", "right")]
        self.ends, self.length = [0.45, 0.80, 1.0], 88
        if nodes is not None:
            self.header.append(("Connected to", "left"))
            self.ends, self.length = [0.3, 0.56, 0.74, 1.0], 108
        if show_trainable:
            self.header.append(("Trainable", "center"))
            self.length += 12

    def widths(
        self, line_length: int | None, positions: Sequence[float] | None
    ) -> tuple[list[int], int]:
        """Return the columns' widths and the width of all."""
        ends = list(positions or self.ends)
        if self.show_trainable:
            ends = [end * 0.90 for end in ends] + [1.0]
        if len(ends) != len(self.header):
            raise ValueError(
                f"positions must have one number for each of the {len(self.header)} columns; "
                f"it got {positions!r}."
            )
        length = line_length or min(self.length, shutil.get_terminal_size().columns - 4)
        widths: list[int] = []
        for end in ends:
            widths.append(int(end * length) - sum(widths))
            if widths[-1] < 4:
                raise ValueError(
                    f"Insufficient console width to print summary: {length} characters. "
                    "Pass a larger line_length."
                )
        return widths, length

    def rows(self, layer: Any, level: int = 0) -> list[list[str]]:
        """Return a layer's row, and those of the layers in it if wanted."""
        rows = [self._cells(layer, "   " * level + "└ " if level else "")]
        if self.expand_nested:
            for inner in getattr(layer, "layers", None) or ():
                rows.extend(self.rows(inner, level + 1))
        return rows

    def _cells(self, layer: Any, prefix: str) -> list[str]:
        shown = layer.kind if isinstance(layer, FunctionOperation) else type(layer).__name__
        kind = f"[color({_SYMBOL})]{_escape(shown)}[/]"
        cells = [f"{_escape(prefix + layer.name)} ({kind})", _shape_text(layer), _params(layer)]
        if self.nodes is not None:
            cells.append(self._connections(layer))
        if self.show_trainable:
            cells.append(_trainable(layer))
        return cells

    def _connections(self, layer: Any) -> str:
        """Return what a layer reads in this model: ``dense[0][0], dense_1[0][0]``."""
        found = []
        for node in layer._inbound_nodes:
            if not any(node is n for n in self.nodes or ()):
                continue  # a call in another model
            for tensor in node.input_tensors:
                operation, node_index, tensor_index = tensor._keras_history
                where = f"[{_number(node_index)}][{_number(tensor_index)}]"
                found.append(f"{_escape(operation.name)}{where}")
        return ", ".join(found) or "-"


def layer_bounds(layers: Sequence[Any], layer_range: Sequence[str] | None) -> tuple[int, int]:
    """Return the first layer of `layer_range` and the one after its last, by their names.

    Raises:
        ValueError: if `layer_range` is not two strings, or they match no layers.
    """
    if layer_range is None:
        return 0, len(layers)
    if isinstance(layer_range, str) or len(layer_range) != 2:
        raise ValueError(
            "layer_range must be a list or tuple of two names, of the first layer and the last; "
            f"it got {layer_range!r}."
        )
    if not all(isinstance(name, str) for name in layer_range):
        raise ValueError(f"layer_range should contain strings only; it got {layer_range!r}.")
    lower, upper = (
        [i for i, layer in enumerate(layers) if re.match(name, layer.name)] for name in layer_range
    )
    if not lower or not upper:
        raise ValueError(
            f"layer_range={layer_range!r} does not match the layers' names, which are "
            f"{', '.join(layer.name for layer in layers)}."
        )
    if min(lower) > max(upper):
        return min(upper), max(lower) + 1
    return min(lower), max(upper) + 1


def _totals(model: Any) -> list[str]:
    trainable = getattr(model, "_collected_trainable_weights", None)
    parts = [
        ("Trainable", model.trainable_weights if trainable is None else trainable),
        ("Non-trainable", model.non_trainable_weights),
    ]
    optimizer = getattr(model, "optimizer", None)
    if getattr(model, "compiled", False) and optimizer is not None and optimizer.built:
        parts.append(("Optimizer", optimizer.variables))
    sizes = [(name, count_params(w), weight_memory_size(w)) for name, w in parts]
    total = ("Total", sum(n for _, n, _ in sizes), sum(b for _, _, b in sizes))
    return [
        f"{_bold(f' {name} params: ')}{_number(f'{count:,}')} ({readable_memory_size(size)})"
        for name, count, size in (total, *sizes)
    ]


# --- what is read off models and layers -------------------------------------------------------


def _is_functional(model: Any) -> bool:
    names = {c.__name__ for c in type(model).__mro__}
    return "Functional" in names and "Sequential" not in names


def _rows_of(model: Any) -> list[Any]:
    """Return what has a row: the layers, and in a functional model other operations as well."""
    operations = getattr(model, "_operations", None) if _is_functional(model) else None
    return list(operations if operations is not None else model.layers)


def _nodes_of(model: Any) -> list[Any]:
    """Return the calls a functional model is made of."""
    from annette.utils import tree

    found: dict[int, Any] = {}
    waiting = tree.flatten(model.outputs)
    while waiting:
        history = waiting.pop()._keras_history
        if history is None:
            continue
        node = history.operation._inbound_nodes[history.node_index]
        if id(node) not in found:
            found[id(node)] = node
            waiting.extend(node.input_tensors)
    return list(found.values())


def _is_chain(model: Any) -> bool:
    """Say whether each layer just reads the one before; if not, the table says what it reads."""
    if not _is_functional(model):
        return True
    nodes = _nodes_of(model)
    read = [id(t._keras_history.operation) for node in nodes for t in node.input_tensors]
    shared = len({id(node.operation) for node in nodes}) < len(nodes)
    joins = any(len(node.input_tensors) > 1 for node in nodes)
    entries = sum(not node.input_tensors for node in nodes)
    return not (shared or joins or entries > 1 or len(set(read)) < len(read))


def _output_shapes(layer: Any) -> Any:
    """Return the shapes a layer gives, None if it is not known yet."""
    nodes = getattr(layer, "_inbound_nodes", None)
    if nodes:
        return [tuple(t.shape) for t in nodes[-1].outputs]
    if _is_functional(layer):
        shapes = [tuple(t.shape) for t in layer.outputs]
        return shapes if len(shapes) == 1 else tuple(shapes)
    built_for = getattr(layer, "_build_shapes", None)
    if not built_for:
        return None
    try:
        return layer.compute_output_shape(*built_for.values())
    except (NotImplementedError, ValueError, TypeError):
        return None


def _shape_text(layer: Any) -> str:
    shapes = _output_shapes(layer)
    if shapes is None:
        return "?"
    if isinstance(shapes, list) and len(shapes) == 1 and isinstance(shapes[0], (list, tuple)):
        shapes = shapes[0]
    return _format_shapes(shapes)


def _format_shapes(shapes: Any) -> str:
    if isinstance(shapes, dict):
        return "{" + ", ".join(f"{k}: {_format_shapes(v)}" for k, v in shapes.items()) + "}"
    if any(isinstance(n, (list, tuple, dict)) for n in shapes):
        inner = ", ".join(_format_shapes(s) for s in shapes)
        return f"[{inner}]" if isinstance(shapes, list) else f"({inner})"
    return f"({', '.join(_number(n) for n in shapes)})"


def _params(layer: Any) -> str:
    if not hasattr(layer, "built"):  # an operation, not a layer
        return _number(0)
    if not layer.built:
        return f"{_number(0)} (unbuilt)"
    return _number(f"{layer.count_params():,}")


def _trainable(layer: Any) -> str:
    if not getattr(layer, "weights", None):
        return _bold("-")
    return _bold("Y", _YES) if layer.trainable else _bold("N", _NO)


# --- rich's markup ----------------------------------------------------------------------------


def _escape(text: str) -> str:
    import rich.markup

    return rich.markup.escape(text)


def _number(value: Any) -> str:
    return f"[color({_NONE if value is None else _NUMBER})]{value}[/]"


def _bold(text: str, color: int | None = None) -> str:
    return f"[bold]{text}[/]" if color is None else f"[bold][color({color})]{text}[/][/]"


def _bits(dtype: Any) -> int:
    name = str(dtype)
    if name in _BITS:
        return _BITS[name]
    digits = re.search(r"(\d+)$", name)
    return int(digits.group(1)) if digits else 8
