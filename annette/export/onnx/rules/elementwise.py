"""Operations place by place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from annette.export.errors import Refused
from annette.export.flow import Step
from annette.export.onnx.dtypes import WIDER
from annette.export.onnx.layouts import common
from annette.export.onnx.rules.composed import gelu, layer_norm, mean_of, normalized, pooled_mean
from annette.export.onnx.rules.error_function import precise_erf
from annette.export.onnx.table import rule
from annette.export.onnx.writer import Writer, rounded
from annette.graph.dtypes import is_float

Names = Sequence[str]
_FLOATS = {"float16", "bfloat16", "float32", "float64"}


def widened(w: Writer, names: Names, dtype: str) -> tuple[list[str], str]:
    """Return inputs in a dtype that ONNX runtimes compute, and that dtype."""
    wide = WIDER.get(dtype, dtype)
    return ([*names] if wide == dtype else [w.cast(n, wide) for n in names]), wide


def by_places(
    w: Writer, step: Step, write: Callable[[list[str], str], str], gives: str | None = None
) -> None:
    """Write an operation with ``write(names, dtype)``, narrow whole numbers as wider ones."""
    layout, names = common(w, step.inputs, step.outputs[0])
    dtype = step.inputs[-1].dtype
    names, wide = widened(w, names, dtype)
    name = write(names, wide)
    if gives is None and wide != dtype:
        name = w.cast(name, dtype)
    w.put(step.outputs[0], name, layout)


def _simple(name: str, op: str, gives: str | None = None, **attributes: Any) -> None:
    @rule(name)
    def write(w: Writer, step: Step) -> None:
        _no_uint64(w, step)
        by_places(w, step, lambda names, dtype: w.node(op, *names, **attributes), gives)


# What comes out alike when the bits are taken as signed.
_WRAPS = frozenset({"add", "subtract", "multiply", "negative", "equal", "not_equal"})


def _no_uint64(w: Writer, step: Step) -> None:
    if step.inputs[0].dtype == "uint64" and step.primitive.name not in _WRAPS:
        raise Refused(
            f"{w.where} computes {step.primitive.name!r} of uint64, which ONNX runtimes cannot. "
            "Cast to int64 before."
        )


for _name, _op in {
    "exp": "Exp", "log": "Log", "sqrt": "Sqrt", "sin": "Sin", "cos": "Cos", "arctan": "Atan",
    "tanh": "Tanh", "sigmoid": "Sigmoid", "sign": "Sign",
    "floor": "Floor", "rint": "Round", "negative": "Neg", "subtract": "Sub", "power": "Pow",
}.items():  # fmt: skip
    _simple(_name, _op)
for _name, _op in {"less": "Less", "less_equal": "LessOrEqual", "equal": "Equal"}.items():
    _simple(_name, _op, gives="bool")


@rule("relu")
def _relu(w: Writer, step: Step) -> None:
    _no_uint64(w, step)

    def write(names: list[str], dtype: str) -> str:
        if dtype in _FLOATS:
            return w.node("Relu", *names)
        return w.node("Max", *names, _number(w, 0, dtype))

    by_places(w, step, write)


@rule("not_equal")
def _not_equal(w: Writer, step: Step) -> None:
    by_places(w, step, lambda names, dtype: w.node("Not", w.node("Equal", *names)), "bool")


def _or_logic(name: str, op: str, logic: str) -> None:
    """Numbers by one operator, bools by another."""

    @rule(name)
    def write(w: Writer, step: Step) -> None:
        if step.inputs[0].dtype == "bool":
            layout, names = common(w, step.inputs, step.outputs[0])
            w.put(step.outputs[0], w.node(logic, *names) if logic else names[0], layout)
            return
        _no_uint64(w, step)
        if name == "multiply" and (mean_of(w, step) or gelu(w, step)):
            return
        if name == "add" and (normalized(w, step) or layer_norm(w, step)):
            return
        by_places(w, step, lambda names, dtype: w.node(op, *names))


for _name, _op, _logic in (
    ("add", "Add", "Or"), ("multiply", "Mul", "And"), ("maximum", "Max", "Or"),
    ("minimum", "Min", "And"), ("absolute", "Abs", ""),
):  # fmt: skip
    _or_logic(_name, _op, _logic)


@rule("logical_and", "logical_or", "logical_not")
def _logical(w: Writer, step: Step) -> None:
    op = {"logical_and": "And", "logical_or": "Or", "logical_not": "Not"}[step.primitive.name]
    layout, names = common(w, step.inputs, step.outputs[0])
    flags = [n if x.dtype == "bool" else w.cast(n, "bool")
             for n, x in zip(names, step.inputs, strict=True)]  # fmt: skip
    w.put(step.outputs[0], w.node(op, *flags), layout)


@rule("divide")
def _divide(w: Writer, step: Step) -> None:
    if not pooled_mean(w, step):
        by_places(w, step, lambda names, dtype: w.node("Div", *names))


def _number(w: Writer, value: float, dtype: str) -> str:
    return w.const(np.array(value), dtype)


@rule("expm1")
def _expm1(w: Writer, step: Step) -> None:
    """``tanh(x / 2) (e^x + 1)``, exact where x is small."""

    def write(names: list[str], dtype: str) -> str:
        half = w.node("Mul", names[0], _number(w, 0.5, dtype))
        above = w.node("Add", w.node("Exp", names[0]), _number(w, 1.0, dtype))
        return w.node("Mul", w.node("Tanh", half), above)

    by_places(w, step, write)


def _infinite(w: Writer, name: str, dtype: str, below: int = 1) -> str:
    # Of halves only from opset 20 on.
    name = w.cast(name, "float32") if dtype == "float16" else name
    return w.node("IsInf", name, detect_negative=below)


@rule("log1p")
def _log1p(w: Writer, step: Step) -> None:
    """``log(u) x / (u - 1)`` with ``u = 1 + x`` (Kahan), exact where x is small."""

    def write(names: list[str], dtype: str) -> str:
        (x,) = names
        one = _number(w, 1.0, dtype)
        u = w.node("Add", x, one)
        plain = w.node("Or", w.node("Equal", u, one), _infinite(w, u, dtype, 0))
        safe = w.node("Where", plain, _number(w, 2.0, dtype), u)
        far = w.node("Where", plain, one, x)
        quotient = w.node("Div", far, w.node("Sub", safe, one))
        return w.node("Where", plain, x, w.node("Mul", w.node("Log", safe), quotient))

    by_places(w, step, write)


@rule("erf")
def _erf(w: Writer, step: Step) -> None:
    def write(names: list[str], dtype: str) -> str:
        return precise_erf(w, names[0]) if dtype == "float64" else w.node("Erf", *names)

    by_places(w, step, write)


@rule("isfinite")
def _isfinite(w: Writer, step: Step) -> None:
    def write(names: list[str], dtype: str) -> str:
        if not is_float(step.inputs[0].dtype):
            return w.node("Equal", names[0], names[0])
        return w.node("Not", w.node("Or", _infinite(w, names[0], dtype), w.node("IsNaN", *names)))

    by_places(w, step, write, "bool")


@rule("gate")
def _gate(w: Writer, step: Step) -> None:
    def write(names: list[str], dtype: str) -> str:
        zero = _number(w, 0, dtype)
        return w.node("Where", w.node("Greater", names[1], zero), names[0], zero)

    by_places(w, step, write)


@rule("arctan2")
def _arctan2(w: Writer, step: Step) -> None:
    """The angle of ``b + i a``: the arc tangent of the quotient, turned half round where b < 0."""

    def write(names: list[str], dtype: str) -> str:
        a, b = names
        zero, half = _number(w, 0, dtype), _number(w, np.pi, dtype)
        low = w.node("Less", b, zero)
        still = w.node("Equal", b, zero)
        one = _number(w, 1, dtype)
        angle = w.node("Atan", w.node("Div", a, w.node("Where", still, one, b)))
        up = w.node("Less", a, zero)
        turn = w.node("Where", up, w.node("Neg", half), half)
        moved = w.node("Where", low, w.node("Add", angle, turn), angle)
        upright = w.node("Mul", w.node("Sign", a), _number(w, np.pi / 2, dtype))
        return w.node("Where", still, upright, moved)

    by_places(w, step, write)


def _remainder(w: Writer, names: Names, dtype: str) -> str:
    """The remainder with the sign of b, as Python has it."""
    a, b = names
    if dtype not in _FLOATS:
        return w.node("Mod", a, b, fmod=0)
    zero = _number(w, 0, dtype)
    left = w.node("Mod", a, b, fmod=1)
    other = w.node("Xor", w.node("Less", left, zero), w.node("Less", b, zero))
    there = w.node("Not", w.node("Equal", left, zero))
    return w.node("Where", w.node("And", other, there), w.node("Add", left, b), left)


@rule("remainder")
def _remainder_rule(w: Writer, step: Step) -> None:
    _no_uint64(w, step)
    by_places(w, step, lambda names, dtype: _remainder(w, names, dtype))


@rule("floor_divide")
def _floor_divide(w: Writer, step: Step) -> None:
    _no_uint64(w, step)

    def write(names: list[str], dtype: str) -> str:
        whole = w.node("Sub", names[0], _remainder(w, names, dtype))
        quotient = w.node("Div", whole, names[1])
        return w.node("Round", quotient) if dtype in _FLOATS else quotient

    by_places(w, step, write)


@rule("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not")
def _bits(w: Writer, step: Step) -> None:
    word = step.primitive.name.split("_")[1]
    layout, names = common(w, step.inputs, step.outputs[0])
    if step.inputs[0].dtype == "bool":
        op = {"and": "And", "or": "Or", "xor": "Xor", "not": "Not"}[word]
    else:
        op = f"Bitwise{word.capitalize()}"
    w.put(step.outputs[0], w.node(op, *names), layout)


@rule("left_shift", "right_shift")
def _shift(w: Writer, step: Step) -> None:
    """Shifts of uint64, the only ones that ONNX has with unsigned numbers."""
    layout, (a, b) = common(w, step.inputs, step.outputs[0])
    dtype = step.inputs[0].dtype
    b = w.cast(b, "uint64")
    if step.primitive.name == "left_shift":
        name = w.node("BitShift", w.cast(a, "uint64"), b, direction="LEFT")
    elif dtype.startswith("u"):
        name = w.node("BitShift", w.cast(a, "uint64"), b, direction="RIGHT")
    else:
        # A negative number is shifted as its complement, so that the ones above it stay.
        wide = w.cast(a, "int64")
        low = w.node("Less", wide, w.const(np.array(0, "int64")))
        bits = w.node("Where", low, w.node("BitwiseNot", wide), wide)
        moved = w.node("BitShift", w.cast(bits, "uint64"), b, direction="RIGHT")
        moved = w.cast(moved, "int64")
        name = w.node("Where", low, w.node("BitwiseNot", moved), moved)
    w.put(step.outputs[0], w.cast(name, dtype), layout)


@rule("select")
def _select(w: Writer, step: Step) -> None:
    layout, (condition, a, b) = common(w, step.inputs, step.outputs[0])
    dtype = step.outputs[0].dtype
    (a, b), wide = widened(w, (a, b), dtype)
    name = w.node("Where", condition, a, b)
    w.put(step.outputs[0], name if wide == dtype else w.cast(name, dtype), layout)


@rule("clip")
def _clip(w: Writer, step: Step) -> None:
    _no_uint64(w, step)
    by_places(
        w, step, lambda names, dtype: w.node("Min", w.node("Max", names[0], names[1]), names[2])
    )


@rule("cast")
def _cast(w: Writer, step: Step) -> None:
    layout, (name,) = common(w, step.inputs, step.outputs[0])
    before, after = step.inputs[0].dtype, step.params["dtype"]
    if after == "bfloat16":
        if before == "float64":
            name = w.cast(name, "float32")
        name = rounded(w, name)
    elif not (before == "bfloat16" and after == "float32"):
        if after == "uint64" and is_float(before):
            name = w.cast(name, "int64")
        name = w.cast(name, after)
    w.put(step.outputs[0], name, layout)
