"""What the rules write with: ONNX nodes, names, constants, sizes at run time, layouts of values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from annette.export.errors import Refused
from annette.export.flow import Flow, Step, Value
from annette.export.onnx.constants import written
from annette.export.onnx.dtypes import onnx_number, onnx_type, plain
from annette.export.sizes import Moving, Size, at, fixed, line, shape_at, size_of, traces
from annette.graph.dtypes import numpy_dtype

Layout = tuple[int, ...]


class Part:
    """A graph that is being written: the whole model, or the body of a loop."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.names: dict[int, dict[Layout, str]] = {}  # values: their names by layout
        self.sizes: dict[Moving, str] = {}
        self.lengths: dict[Moving, tuple[str, int]] = {}  # where a size can be read


class Writer:
    """Writes one model.

    A value may be there in several layouts: one is written transposed where an operator wants it so,
    and what follows goes on in that layout as long as it can. Layout p holds the value's axis p[i] as
    its axis i.
    """

    def __init__(self, opset: int) -> None:
        self.opset = opset
        self.parts: list[Part] = [Part()]
        self.done: set[int] = set()  # steps that an earlier one has written too
        self.alike: dict[int, Value] = {}  # by values, others that come out as the same
        self.taken: dict[str, int] = {}
        self.arrays: dict[str, np.ndarray] = {}  # weights and constants
        self.constants: dict[Any, str] = {}
        self.layer = ""
        self.alive: list[Any] = []

    # --- nodes --------------------------------------------------------------------------------

    @property
    def part(self) -> Part:
        """The graph that is being written."""
        return self.parts[-1]

    @contextmanager
    def inner(self) -> Iterator[Part]:
        """Write another graph inside, which sees what is written outside."""
        self.parts.append(Part())
        try:
            yield self.part
        finally:
            self.parts.pop()

    def name(self, wanted: str) -> str:
        """Return `wanted`, with a number if that name is taken."""
        count = self.taken.get(wanted, 0)
        self.taken[wanted] = count + 1
        return self.name(f"{wanted}_{count}") if count else wanted

    def nodes(self, op: str, inputs: Sequence[str], count: int, **attributes: Any) -> list[str]:
        """Write a node of several results; return their names."""
        from onnx import helper

        title = self.name(f"{self.layer}/{op}" if self.layer else op)
        outputs = [title if count == 1 else self.name(f"{title}:{i}") for i in range(count)]
        given = {k: v for k, v in attributes.items() if v is not None}
        self.part.nodes.append(helper.make_node(op, list(inputs), outputs, name=title, **given))
        return outputs

    def node(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Write a node of one result; return its name."""
        return self.nodes(op, inputs, 1, **attributes)[0]

    def const(self, array: Any, dtype: str | None = None) -> str:
        """Return the name of a constant."""
        array = plain(np.asarray(array), dtype)
        key = (array.dtype.str, array.shape, array.tobytes()) if array.size <= 64 else None
        if key is None or key not in self.constants:
            found = self.keep(array, f"{self.layer}/constant" if self.layer else "constant")
            if key is None:
                return found
            self.constants[key] = found
        return self.constants[key]

    def keep(self, array: np.ndarray, wanted: str) -> str:
        """Write an array under a name like `wanted`; return the name."""
        found = self.name(wanted)
        # What stands outside is seen in the bodies of loops too.
        self.arrays[found] = array
        return found

    def ints(self, *numbers: int) -> str:
        """Return the name of a constant row of int64."""
        return self.const(np.array(numbers, "int64"))

    def cast(self, name: str, dtype: str) -> str:
        """Return the same numbers as another dtype."""
        return self.node("Cast", name, to=onnx_type(dtype))

    # --- values -------------------------------------------------------------------------------

    def put(self, value: Value, name: str, layout: Layout | None = None) -> None:
        """Say what a value is called (in a layout)."""
        place = tuple(range(len(value.shape))) if layout is None else tuple(layout)
        self.alive.append(value)
        self.part.names.setdefault(id(value), {})[place] = name
        for axis, old in enumerate(place):
            size = value.shape[old]
            if isinstance(size, Moving):
                self.part.lengths.setdefault(size, (name, axis))

    def layouts(self, value: Value) -> dict[Layout, str]:
        """Return the names a value has by layout."""
        found: dict[Layout, str] = {}
        for part in self.parts:
            found.update(part.names.get(id(value), {}))
        return found

    def get(self, value: Value, layout: Layout | None = None) -> str:
        """Return what a value is called (in a layout), written transposed if it must be."""
        wanted = tuple(range(len(value.shape))) if layout is None else tuple(layout)
        there = self.layouts(value)
        if wanted in there:
            return there[wanted]
        if value.stored:
            return self._known(value, wanted)
        if not there:
            if not value.arrays:
                raise AssertionError(f"A value of {value.shape} is read before it is written.")
            self.put(value, written(self, value))
            return self.get(value, layout)
        old, name = next(iter(there.items()))
        made = self.node("Transpose", name, perm=[old.index(axis) for axis in wanted])
        self.put(value, made, wanted)
        return made

    def _known(self, value: Value, layout: Layout) -> str:
        """Write a weight or a constant, laid out as it is wanted."""
        array = value.array
        assert array is not None
        array = np.ascontiguousarray(np.transpose(array, layout)) if array.ndim else array
        self.alive.append(value)
        if value.dtype == "bfloat16":
            name = self.keep(array, self._title(value))
            name = self.cast(name, "float32")
            self.part.names.setdefault(id(value), {})[layout] = name
            return name
        small = value.name is None and array.size <= 64
        name = self.const(array) if small else self.keep(plain(array), self._title(value))
        self.parts[0].names.setdefault(id(value), {})[layout] = name
        return name

    def _title(self, value: Value) -> str:
        return value.name or (f"{self.layer}/constant" if self.layer else "constant")

    # --- sizes --------------------------------------------------------------------------------

    def size(self, size: Size) -> str:
        """Return the name of a row of one int64: a size at run time.

        Raises:
            Refused: if the size follows from none of those at hand.
        """
        if not isinstance(size, Moving):
            return self.ints(size)
        for part in reversed(self.parts):
            if size in part.sizes:
                return part.sizes[size]
        found = None
        for part in reversed(self.parts):
            if found is None and size in part.lengths:
                name, axis = part.lengths[size]
                found = self.node("Shape", name, start=axis, end=axis + 1)
        found = self.part.sizes[size] = found or self._computed(size)
        return found

    def _computed(self, size: Moving) -> str:
        known = {s: None for part in self.parts for s in (*part.sizes, *part.lengths)}
        for other in known:
            rule = line(size, other)
            if rule is None:
                continue
            name = self.size(other)
            if rule.up != 1:
                name = self.node("Mul", name, self.ints(rule.up))
            if rule.before:
                name = self.node("Add", name, self.ints(rule.before))
            if rule.down != 1:
                name = self.node("Div", name, self.ints(rule.down))
            return self.node("Add", name, self.ints(rule.plus)) if rule.plus else name
        for a in known:
            for b in known:
                product = Moving(tuple(n * m for n, m in zip(a.at, b.at, strict=True)))
                if product == size:
                    return self.node("Mul", self.size(a), self.size(b))
                if (rule := line(size, product)) and rule.down == 1 and not rule.plus:
                    both = self.node("Mul", self.size(a), self.size(b))
                    return self.node("Mul", both, self.ints(rule.up))
        raise Refused(
            f"{self.where}: a size in it ({', '.join(map(str, size.at[:3]))} for three sizes of the data) "
            "does not follow simply from the sizes of what it reads. Give the input_signature sizes "
            "where there is None."
        )

    @property
    def where(self) -> str:
        """The layer that is being written, for messages."""
        return f"Layer {self.layer!r}" if self.layer else "The model"

    def shape(self, sizes: Sequence[Size]) -> str:
        """Return the name of a row of int64: a shape at run time."""
        if fixed(sizes):
            return self.ints(*(at(n, 0) for n in sizes))
        pieces: list[str] = []
        run: list[int] = []
        for n in sizes:
            if isinstance(n, Moving):
                pieces += [self.ints(*run)] if run else []
                pieces.append(self.size(n))
                run = []
            else:
                run.append(n)
        pieces += [self.ints(*run)] if run else []
        return pieces[0] if len(pieces) == 1 else self.node("Concat", *pieces, axis=0)

    def reshaped(self, name: str, before: Sequence[Size], after: Sequence[Size]) -> str:
        """Return the same elements in another shape."""
        if tuple(before) == tuple(after):
            return name
        moving = [i for i, n in enumerate(after) if isinstance(n, Moving)]
        wanted: list[Any] = list(after)
        for i in moving:
            if i < len(before) and before[i] == after[i]:
                wanted[i] = 0
        left = [i for i in moving if wanted[i] != 0]
        if left and 0 not in [n for i, n in enumerate(after) if i not in moving]:
            wanted[left[0]] = -1
        if not moving and 0 in after:
            return self.node("Reshape", name, self.shape(after), allowzero=1)
        return self.node("Reshape", name, self.shape(wanted))

    def elements(self, sizes: Sequence[Size]) -> Size:
        """Return how many elements a shape has."""
        return size_of([math.prod(shape_at(sizes, t)) for t in range(traces(sizes))])


def write(writer: Writer, flow: Flow, rules: dict[str, Any]) -> None:
    """Write the steps of a flow, whose inputs have their names."""
    for step in flow.steps:
        if id(step) in writer.done or _known_before(step):
            continue
        before, writer.layer = writer.layer, step.layer or writer.layer
        try:
            rules[step.primitive.name](writer, step)
            round_halves(writer, step)
        finally:
            writer.layer = before


# What is done to weights alone when the file is written: they stand in it as they are used.
BEFORE = frozenset({"cast", "reshape", "transpose", "slice"})


def _known_before(step: Step) -> bool:
    """Compute what only lays out weights or brings them to a dtype; say whether it is such."""
    if step.primitive.name not in BEFORE or not all(x.stored for x in step.inputs):
        return False
    (result,) = step.outputs
    if not fixed(result.shape) or _moves(tuple(step.params.values())):
        return False
    made = step.primitive.run(np, *(x.array for x in step.inputs), **step.params)
    result.arrays = (np.asarray(made, numpy_dtype(result.dtype)),)
    result.name = step.inputs[0].name
    return True


def _moves(params: Any) -> bool:
    if isinstance(params, Moving):
        return True
    return isinstance(params, tuple) and any(map(_moves, params))


# What moves numbers without changing them: their bfloat16 stays bfloat16.
_MOVES = frozenset(
    {"reshape", "transpose", "broadcast_to", "concatenate", "slice", "pad", "flip", "take",
     "take_along_axis", "select", "maximum", "minimum", "max", "min", "relu", "gate", "negative",
     "absolute", "sign", "max_pool", "clip", "scan", "cast"}
)  # fmt: skip


def round_halves(writer: Writer, step: Step) -> None:
    """Bring what was computed for a bfloat16 to one: ONNX runtimes compute few of them."""
    if step.primitive.name in _MOVES:
        return
    for value in step.outputs:
        if value.dtype == "bfloat16":
            for layout, name in writer.layouts(value).items():
                writer.put(value, rounded(writer, name), layout)


def rounded(writer: Writer, name: str) -> str:
    """Return numbers of float32 as the nearest ones of bfloat16, still in float32."""
    return writer.cast(writer.node("Cast", name, to=onnx_number("bfloat16")), "float32")
