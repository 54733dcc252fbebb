"""The same values in another arrangement."""

from __future__ import annotations

import numpy as np

from annette.export.errors import Refused
from annette.export.flow import Step
from annette.export.onnx.dtypes import WIDER
from annette.export.onnx.layouts import common, layout_of, natural
from annette.export.onnx.rules.composed import product_of_rows
from annette.export.onnx.table import refuse, rule
from annette.export.onnx.writer import Writer
from annette.export.sizes import Moving, Size

_END = np.iinfo("int64").max


@rule("reshape")
def _reshape(w: Writer, step: Step) -> None:
    (x,) = step.inputs
    if not product_of_rows(w, step):
        w.put(step.outputs[0], w.reshaped(w.get(x), x.shape, step.outputs[0].shape))


@rule("transpose")
def _transpose(w: Writer, step: Step) -> None:
    """Nothing is written: the result is there in layouts of its own, where its input is."""
    (x,), axes = step.inputs, step.params["axes"]
    w.get(x, layout_of(w, x))
    for place, name in w.layouts(x).items():
        # The input's axis a is the result's axis axes.index(a).
        w.put(step.outputs[0], name, tuple(axes.index(a) for a in place))


@rule("broadcast_to")
def _broadcast_to(w: Writer, step: Step) -> None:
    (x,), shape = step.inputs, step.outputs[0].shape
    # Expand takes 1 for "as it is": only what is repeated must be told.
    have = (*(1,) * (len(shape) - len(x.shape)), *x.shape)
    wanted = [1 if a == b else b for a, b in zip(have, shape, strict=True)]
    w.put(step.outputs[0], w.node("Expand", w.get(x), w.shape(wanted)))


@rule("concatenate")
def _concatenate(w: Writer, step: Step) -> None:
    axis = step.params["axis"]
    places = [layout_of(w, x) for x in step.inputs]
    own = natural(len(step.outputs[0].shape))
    place = next((p for p in places if p != own), own)
    if any(place not in w.layouts(x) and not x.stored for x in step.inputs):
        place = own
    names = [w.get(x, place) for x in step.inputs]
    w.put(step.outputs[0], w.node("Concat", *names, axis=place.index(axis)), place)


@rule("slice")
def _slice(w: Writer, step: Step) -> None:
    (x,) = step.inputs
    place = layout_of(w, x)
    starts: list[str] = []
    ends: list[str] = []
    axes, steps = [], []
    how = zip(step.params["start"], step.params["stop"], step.params["step"], strict=True)
    for axis, (start, stop, stride) in enumerate(how):
        if isinstance(stride, Moving):
            raise Refused(f"{w.where} takes every n-th element with an n that is not known.")
        size = x.shape[axis]
        if (start, stop, stride) == (0, size, 1):
            continue
        starts.append(w.size(start))
        ends.append(_end(w, stop, size))
        axes.append(place.index(axis))
        steps.append(stride)
    name = w.get(x, place)
    if axes:
        name = w.node("Slice", name, _row(w, starts), _row(w, ends), w.ints(*axes), w.ints(*steps))
    w.put(step.outputs[0], name, place)


def _end(w: Writer, stop: Size, size: Size) -> str:
    if stop == size or (isinstance(stop, int) and isinstance(size, int) and stop >= size):
        return w.ints(_END)
    if isinstance(stop, Moving) and isinstance(size, Moving):
        gaps = {a - b for a, b in zip(stop.at, size.at, strict=True)}
        if len(gaps) == 1 and (gap := gaps.pop()) < 0:
            return w.ints(gap)
    return w.size(stop)


def _row(w: Writer, names: list[str]) -> str:
    return names[0] if len(names) == 1 else w.node("Concat", *names, axis=0)


@rule("pad")
def _pad(w: Writer, step: Step) -> None:
    (x,) = step.inputs
    place = layout_of(w, x)
    widths = [step.params["widths"][a] for a in place]
    name, shape = w.get(x, place), [x.shape[a] for a in place]
    dtype = WIDER[x.dtype] if x.dtype in ("bool", "int16", "uint16") else x.dtype
    zero = w.const(np.array(0), dtype)
    name = w.cast(name, dtype) if dtype != x.dtype else name
    lows: list[Size] = []
    highs: list[Size] = []
    for axis, (low, high, between) in enumerate(widths):
        if between and shape[axis] != 0:
            name, shape = spread(w, name, shape, axis, between, zero)
            high = high - between if isinstance(high, int) else _less(high, between)
        lows.append(low)
        highs.append(high)
    if any(n != 0 for n in (*lows, *highs)):
        name = w.node("Pad", name, w.shape([*lows, *highs]), zero)
    name = w.cast(name, x.dtype) if dtype != x.dtype else name
    w.put(step.outputs[0], name, place)


def _less(n: Moving, by: int) -> Moving:
    return Moving(tuple(m - by for m in n.at))


def spread(
    w: Writer, name: str, shape: list[Size], axis: int, between: int, zero: str
) -> tuple[str, list[Size]]:
    """Put zeros after each element along an axis."""
    name = w.node("Unsqueeze", name, w.ints(axis + 1))
    pads = [0] * (len(shape) + 1)
    name = w.node("Pad", name, w.ints(*pads, *pads[: axis + 1], between, *pads[axis + 2 :]), zero)
    n = shape[axis]
    wide: Size = (
        Moving(tuple(m * (between + 1) for m in n.at))
        if isinstance(n, Moving)
        else n * (between + 1)
    )
    after = [*shape[:axis], wide, *shape[axis + 1 :]]
    before = [*shape[: axis + 1], between + 1, *shape[axis + 1 :]]
    return w.reshaped(name, before, after), after


@rule("flip")
def _flip(w: Writer, step: Step) -> None:
    (x,), axes = step.inputs, step.params["axes"]
    place = layout_of(w, x)
    name = w.get(x, place)
    if axes:
        count = len(axes)
        where = [place.index(a) for a in axes]
        name = w.node(
            "Slice", name, w.ints(*[-1] * count), w.ints(*[-_END] * count), w.ints(*where),
            w.ints(*[-1] * count),
        )  # fmt: skip
    w.put(step.outputs[0], name, place)


@rule("identity", "stop_gradient")
def _identity(w: Writer, step: Step) -> None:
    layout, (name,) = common(w, step.inputs, step.outputs[0])
    w.put(step.outputs[0], name, layout)


@rule("custom_gradient")
def _custom_gradient(w: Writer, step: Step) -> None:
    for x, y in zip(step.inputs, step.outputs, strict=False):
        w.put(y, w.get(x))


refuse("ONNX up to opset 25 has no operator that reads the same bits as another dtype.", "bitcast")
