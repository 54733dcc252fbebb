"""Cells of anyone: what they must have, their first states, and how they are called."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.graph.dtypes import standardize
from annette.layers.layer import Layer
from annette.utils import tree
from annette.utils.signature import signature


def check_cell(owner: str, cell: Any) -> None:
    """Refuse what cannot be a cell.

    Raises:
        ValueError: naming what is missing.
    """
    what = f"{owner} expects a cell, such as LSTMCell(8), or a list of them"
    if isinstance(cell, type) or not hasattr(cell, "call"):
        raise ValueError(
            f"{what}; it got {cell!r}, which has no method call(inputs, states)."
            + (" Make an instance of it." if isinstance(cell, type) else "")
        )
    if "state_size" not in dir(cell) or cell.state_size is None:
        raise ValueError(
            f"{what}; {type(cell).__name__} has no state_size. Set it in __init__ to the size of "
            "its state, or a list of sizes."
        )
    size = cell.state_size
    if isinstance(size, bool) or not (
        isinstance(size, (list, tuple)) or hasattr(size, "__index__")
    ):
        raise ValueError(
            f"{owner} expects state_size of {type(cell).__name__} to be a whole number or a list "
            f"of them; it got {size!r}."
        )


def output_size(cell: Any) -> Any:
    """Return the size of a cell's output: its `output_size`, else that of its first state."""
    own = getattr(cell, "output_size", None)
    if own is not None:
        return own
    size = cell.state_size
    while isinstance(size, (list, tuple)):
        size = size[0]
    return size


def initial_state(cell: Any, rows: Any, dtype: str) -> Any:
    """Return a cell's first states, as it gives them itself, else zeros for its `state_size`."""
    own = getattr(cell, "get_initial_state", None)
    if own is None:
        dtype = getattr(cell, "compute_dtype", dtype)
        return tree.map_structure(lambda n: ops.zeros((rows, int(n)), dtype=dtype), cell.state_size)
    takes = signature(own)
    # Cells of Keras 2 take inputs and dtype besides.
    older = {"inputs": None, "dtype": dtype}
    given = {name: value for name, value in older.items() if takes.takes(name)}
    return own(batch_size=rows, **given)


def called(cell: Any, x: Any, states: Any, training: Any, **kwargs: Any) -> tuple[Any, Any]:
    """Return output and new states of one step of a cell, a layer or not."""
    call = cell if callable(cell) else cell.call
    takes = signature(cell.call)
    if takes.takes("training") and (isinstance(cell, Layer) or not callable(cell)):
        kwargs["training"] = training
    result = call(x, states, **kwargs)
    if not isinstance(result, (list, tuple)) or len(result) != 2:
        raise ValueError(
            f"The call of a cell returns the pair (output, new states); {type(cell).__name__} "
            f"returned {type(result).__name__}. End it with `return output, [state]`."
        )
    return result[0], result[1]


def in_dtype(states: Any, dtype: str) -> Any:
    """Return states of any structure as arrays of a dtype."""

    def convert(x: Any) -> Any:
        x = ops.convert_to_tensor(x)
        return x if standardize(x.dtype) == dtype else ops.cast(x, dtype)

    return tree.map_structure(convert, states)
