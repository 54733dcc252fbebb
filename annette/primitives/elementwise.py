"""Elementwise primitives: each result element comes from the elements at its own place."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from annette.graph.dtypes import ALLOWED, COMPLEX, FLOATS, is_float, numpy_dtype
from annette.graph.primitive import Primitive, Spec
from annette.graph.tensor import operator

Domain = tuple[float, float]
# What a primitive may be given, by the word in its record.
_TAKES = {
    "any": frozenset(ALLOWED),
    "number": frozenset(ALLOWED) - {"bool"},
    "float": frozenset((*FLOATS, *COMPLEX)),
    "int": frozenset(ALLOWED) - {"bool", *FLOATS, *COMPLEX},
    "bits": frozenset(ALLOWED) - {*FLOATS, *COMPLEX},
}


_WORDS = {
    "number": "numbers",
    "float": "floating-point numbers",
    "int": "integers",
    "bits": "integers and bools",
}


def broadcast_shapes(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape that `shapes` make together by NumPy's rule.

    Raises:
        ValueError: if an axis has two different sizes, neither of them 1.
    """
    first = shapes[0]
    if all(s == first for s in shapes):
        return first
    result: list[int] = []
    for sizes in zip(*(_padded(s, max(map(len, shapes))) for s in shapes), strict=True):
        wide = {n for n in sizes if n != 1}
        if len(wide) > 1:
            raise ValueError(
                f"Shapes {' and '.join(map(str, shapes))} do not broadcast: counted from the last, "
                "two axes must be equal or one of them 1. Reshape or transpose one of them."
            )
        result.append(wide.pop() if wide else 1)
    return tuple(result)


def _padded(shape: tuple[int, ...], rank: int) -> tuple[int, ...]:
    return (1,) * (rank - len(shape)) + shape


def _same_dtype(name: str, inputs: tuple[Any, ...]) -> str:
    dtypes: set[str] = {x.dtype for x in inputs}
    if len(dtypes) > 1:
        raise ValueError(
            f"Primitive {name!r} takes inputs of one dtype; it got {sorted(dtypes)}. Cast them, or "
            "call the function of that name in annette.ops, which does."
        )
    return str(dtypes.pop())


def elementwise(
    name: str,
    formula: str,
    run: Callable[..., Any] | str,
    vjp: Callable[..., tuple[Any, ...]] | None,
    *,
    domain: Domain | tuple[Domain, ...] = (-3.0, 3.0),
    kernel: str | None = None,
    jax: Callable[..., Any] | None = None,
    kind: str = "float",
    takes: str = "any",
    gives: str | None = None,
) -> Primitive:
    """Register an elementwise primitive.

    Args:
        name: of the primitive.
        formula: what it computes, in LaTeX.
        run: computes it: the name of a NumPy function, or ``run(xp, *arrays)``.
        vjp: ``vjp(g, y, *inputs)``, a gradient for each input; None where there is none.
        domain: where the generated tests draw, one interval or one for each input.
        kernel: the expression in C++ of inputs ``x0``, ``x1``, where backends may use one.
        jax: computes it with JAX where `run` cannot.
        kind: "float", "int" or "bool": what the tests draw.
        takes: which dtypes: "any", "number", "float", "int" or "bits" (integers and bools).
        gives: the dtype of the result where it is not that of the inputs.
    """
    domains: tuple[Domain, ...] = domain if isinstance(domain[0], tuple) else (domain,)

    taken = _TAKES[takes]

    def shape(*inputs: Any) -> Spec:
        dtype = _same_dtype(name, inputs)
        if dtype not in taken:
            raise TypeError(
                f"Primitive {name!r} takes {_WORDS[takes]}; it got {dtype}. Cast it, or call the "
                "function of that name in annette.ops, which does."
            )
        return broadcast_shapes(*(x.shape for x in inputs)), gives or dtype

    def samples(rng: np.random.Generator) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
        return [
            (tuple(_draw(rng, kind, d, s) for d, s in zip(domains, shapes, strict=True)), {})
            for shapes in _shapes(len(domains))
        ]

    return Primitive(
        name, formula, run=run, shape=shape, vjp=vjp, samples=samples, kernel=kernel, jax=jax,
        family="elementwise",
    )  # fmt: skip


def _shapes(inputs: int) -> list[list[tuple[int, ...]]]:
    if inputs == 1:
        return [[(2, 3)], [()], [(0, 2)]]
    return [[(2, 3), (2, 3)], [(2, 3), (3,)], [(2, 1), (1, 3)], [(), (2,)]]


def _draw(rng: np.random.Generator, kind: str, domain: Domain, shape: tuple[int, ...]) -> Any:
    if kind == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    if kind == "int":
        return rng.integers(int(domain[0]), int(domain[1]) + 1, shape).astype("int32")
    return rng.uniform(*domain, shape)


def _erf(xp: Any, x: Any) -> Any:
    return np.asarray(np.frompyfunc(math.erf, 1, 1)(x), dtype=x.dtype)


def _erf_jax(x: Any) -> Any:
    from jax.scipy.special import erf as jax_erf

    return jax_erf(x)


def _erfc(xp: Any, x: Any) -> Any:
    return np.asarray(np.frompyfunc(math.erfc, 1, 1)(x), dtype=x.dtype)


def _erfc_jax(x: Any) -> Any:
    from jax.scipy.special import erfc as jax_erfc

    return jax_erfc(x)


def _sigmoid(xp: Any, x: Any) -> Any:
    # e^-|x| never overflows; the two forms agree where they meet.
    small = xp.exp(-xp.abs(x))
    return xp.where(x >= 0, 1, small) / (1 + small)


negative = elementwise(
    "negative", "-x", "negative", lambda g, y, x: (-g,), kernel="-x0", takes="number",
)  # fmt: skip
exp: Primitive = elementwise(
    "exp", r"e^x", "exp", lambda g, y, x: (g * y,), kernel="vexp(x0)", takes="float"
)
expm1 = elementwise(
    "expm1", r"e^x - 1", "expm1", lambda g, y, x: (g * (y + 1),), kernel="vexpm1(x0)",
    takes="float",
)  # fmt: skip
log = elementwise(
    "log", r"\ln x", "log", lambda g, y, x: (g / x,), domain=(0.3, 3.0), kernel="vlog(x0)",
    takes="float",
)  # fmt: skip
log1p = elementwise(
    "log1p", r"\ln(1 + x)", "log1p", lambda g, y, x: (g / (1 + x),), domain=(-0.6, 3.0),
    kernel="vlog1p(x0)", takes="float",
)  # fmt: skip
sqrt = elementwise(
    "sqrt", r"\sqrt{x}", "sqrt", lambda g, y, x: (g * 0.5 / y,), domain=(0.3, 3.0),
    kernel="std::sqrt(x0)", takes="float",
)  # fmt: skip
sin: Primitive = elementwise(
    "sin", r"\sin x", "sin", lambda g, y, x: (g * cos(x),), kernel="std::sin(x0)", takes="float"
)
cos: Primitive = elementwise(
    "cos", r"\cos x", "cos", lambda g, y, x: (-g * sin(x),), kernel="std::cos(x0)", takes="float"
)
arctan = elementwise(
    "arctan", r"\arctan x", "arctan", lambda g, y, x: (g / (1 + x * x),), kernel="std::atan(x0)",
    takes="float",
)  # fmt: skip
tanh = elementwise(
    "tanh", r"\tanh x", "tanh", lambda g, y, x: (g * (1 - y * y),), kernel="vtanh(x0)",
    takes="float",
)  # fmt: skip
sigmoid = elementwise(
    "sigmoid", r"1 / (1 + e^{-x})", _sigmoid, lambda g, y, x: (g * (y * (1 - y)),),
    kernel="vsigmoid(x0)", takes="float",
)  # fmt: skip
erf = elementwise(
    "erf", r"\tfrac{2}{\sqrt\pi} \int_0^x e^{-t^2} dt", _erf,
    lambda g, y, x: (g * (2.0 / math.sqrt(math.pi)) * exp(-(x * x)),),
    kernel="std::erf(x0)", jax=_erf_jax, takes="float",
)  # fmt: skip
erfc = elementwise(
    "erfc", r"1 - \operatorname{erf} x,\ \text{exact where small}", _erfc,
    lambda g, y, x: (g * (-2.0 / math.sqrt(math.pi)) * exp(-(x * x)),),
    kernel="std::erfc(x0)", jax=_erfc_jax, takes="float",
)  # fmt: skip
gate: Primitive = elementwise(
    "gate", r"g \text{ where } x > 0,\ 0 \text{ elsewhere}",
    lambda xp, g, x: xp.where(x > 0, g, xp.zeros((), g.dtype)),
    lambda h, y, g, x: (gate(h, x), None),
    domain=((-2.0, 2.0), (0.2, 3.0)), kernel="choose(x1 > T(0), x0, T(0))", takes="number",
)  # fmt: skip
relu = elementwise(
    "relu", r"\max(x, 0),\ \text{gradient } 0 \text{ at } 0", lambda xp, x: xp.maximum(x, 0),
    lambda g, y, x: (gate(g, y),),
    domain=(0.2, 3.0), kernel="maximum(x0, T(0))", takes="number",
)  # fmt: skip
absolute = elementwise(
    "absolute", "|x|", "absolute", lambda g, y, x: (g * sign(x),), domain=(0.2, 3.0),
    kernel="absolute(x0)",
)  # fmt: skip
sign: Primitive = elementwise(
    "sign", r"\operatorname{sgn} x", "sign", None, kernel="sign(x0)", takes="number"
)
floor = elementwise(
    "floor", r"\lfloor x \rfloor", "floor", None, kernel="std::floor(x0)", takes="float"
)
rint = elementwise(
    "rint",
    r"\text{nearest integer, ties to even}",
    "rint",
    None,
    kernel="std::nearbyint(x0)",
    takes="float",
)
isfinite = elementwise(
    "isfinite", r"|x| < \infty", "isfinite", None, gives="bool", kernel="finite(x0)"
)

add = elementwise(
    "add", "a + b", "add", lambda g, y, a, b: (g, g), domain=((-3, 3), (-3, 3)), kernel="x0 + x1"
)
subtract = elementwise(
    "subtract", "a - b", "subtract", lambda g, y, a, b: (g, -g), domain=((-3, 3), (-3, 3)),
    kernel="x0 - x1", takes="number",
)  # fmt: skip
multiply = elementwise(
    "multiply", "a b", "multiply", lambda g, y, a, b: (g * b, g * a),
    domain=((-3, 3), (-3, 3)), kernel="x0 * x1",
)  # fmt: skip
divide = elementwise(
    "divide", "a / b", "divide", lambda g, y, a, b: (g / b, -g * (y / b)),
    domain=((-3, 3), (0.4, 3)), kernel="x0 / x1", takes="float",
)  # fmt: skip


def _power_vjp(g: Any, y: Any, a: Any, b: Any) -> tuple[Any, ...]:
    where = operator("where")
    # 0^b has no logarithm: its gradient in b is 0, as the limit for b > 0 says.
    log_a = where(operator("equal")(a, 0), 0.0, log(where(operator("equal")(a, 0), 1.0, a)))
    # a^0 is 1 everywhere, at 0 too: its gradient is 0 times something finite.
    below = where(operator("equal")(b, 0), 1.0, b - 1)
    return g * b * power(a, below), g * y * log_a


power = elementwise(
    "power", "a^b", "power", _power_vjp, domain=((0.4, 2.5), (-2, 2)), kernel="power(x0, x1)",
    takes="number",
)  # fmt: skip


def _extremum_vjp(g: Any, y: Any, a: Any, b: Any) -> tuple[Any, ...]:
    equal = operator("equal")
    from_a, from_b = cast(equal(a, y), dtype=g.dtype), cast(equal(b, y), dtype=g.dtype)
    share = g / (from_a + from_b)
    return share * from_a, share * from_b


maximum = elementwise(
    "maximum", r"\max(a, b),\ \text{ties share the gradient}", "maximum", _extremum_vjp,
    domain=((-3, 3), (-3, 3)), kernel="maximum(x0, x1)",
)  # fmt: skip
minimum = elementwise(
    "minimum", r"\min(a, b),\ \text{ties share the gradient}", "minimum", _extremum_vjp,
    domain=((-3, 3), (-3, 3)), kernel="minimum(x0, x1)",
)  # fmt: skip
arctan2 = elementwise(
    "arctan2", r"\operatorname{atan2}(a, b)", "arctan2",
    lambda g, y, a, b: (g * b / (a * a + b * b), -g * a / (a * a + b * b)),
    domain=((0.3, 3), (0.3, 3)), kernel="arctan2(x0, x1)", takes="float",
)  # fmt: skip
floor_divide = elementwise(
    "floor_divide", r"\lfloor a / b \rfloor", "floor_divide", None,
    domain=((-9, 9), (1, 4)), kernel="floor_divide(x0, x1)", takes="number",
)  # fmt: skip
remainder = elementwise(
    "remainder", r"a - b \lfloor a / b \rfloor", "remainder",
    lambda g, y, a, b: (g, -g * floor_divide(a, b)),
    domain=((0.1, 0.9), (1, 4)), kernel="remainder(x0, x1)", takes="number",
)  # fmt: skip

less = elementwise(
    "less", "a < b", "less", None, domain=((-3, 3), (-3, 3)), gives="bool", kernel="x0 < x1"
)
less_equal = elementwise(
    "less_equal", r"a \le b", "less_equal", None, domain=((-3, 3), (-3, 3)), gives="bool",
    kernel="x0 <= x1",
)  # fmt: skip
equal = elementwise(
    "equal", "a = b", "equal", None, domain=((0, 2), (0, 2)), kind="int", gives="bool",
    kernel="x0 == x1",
)  # fmt: skip
not_equal = elementwise(
    "not_equal", r"a \ne b", "not_equal", None, domain=((0, 2), (0, 2)), kind="int", gives="bool",
    kernel="x0 != x1",
)  # fmt: skip

logical_not = elementwise(
    "logical_not", r"\neg a", "logical_not", None, kind="bool", gives="bool", kernel="!x0"
)
logical_and = elementwise(
    "logical_and", r"a \land b", "logical_and", None, domain=((0, 1), (0, 1)), kind="bool",
    gives="bool", kernel="x0 && x1",
)  # fmt: skip
logical_or = elementwise(
    "logical_or", r"a \lor b", "logical_or", None, domain=((0, 1), (0, 1)), kind="bool",
    gives="bool", kernel="x0 || x1",
)  # fmt: skip
bitwise_and = elementwise(
    "bitwise_and", r"a \mathbin{\&} b", "bitwise_and", None, domain=((0, 31), (0, 31)),
    kind="int", kernel="x0 & x1", takes="bits",
)  # fmt: skip
bitwise_or = elementwise(
    "bitwise_or", r"a \mathbin{|} b", "bitwise_or", None, domain=((0, 31), (0, 31)), kind="int",
    kernel="x0 | x1", takes="bits",
)  # fmt: skip
bitwise_xor = elementwise(
    "bitwise_xor", r"a \oplus b", "bitwise_xor", None, domain=((0, 31), (0, 31)), kind="int",
    kernel="x0 ^ x1", takes="bits",
)  # fmt: skip
bitwise_not = elementwise(
    "bitwise_not", r"{\sim} a", "invert", None, domain=(0, 31), kind="int", kernel="invert(x0)",
    takes="bits",
)  # fmt: skip
left_shift = elementwise(
    "left_shift", r"a \cdot 2^b", "left_shift", None, domain=((0, 31), (0, 4)), kind="int",
    kernel="left_shift(x0, x1)", takes="int",
)  # fmt: skip
right_shift = elementwise(
    "right_shift", r"\lfloor a / 2^b \rfloor", "right_shift", None, domain=((0, 31), (0, 4)),
    kind="int", kernel="right_shift(x0, x1)", takes="int",
)  # fmt: skip
gcd = elementwise(
    "gcd", r"\gcd(a, b)", "gcd", None, domain=((-30, 30), (-30, 30)), kind="int",
    kernel="common_divisor(x0, x1)", takes="int",
)  # fmt: skip


def _select_shape(condition: Any, a: Any, b: Any) -> Spec:
    if condition.dtype != "bool":
        raise ValueError(f"select takes a bool condition; it got {condition.dtype}.")
    return broadcast_shapes(condition.shape, a.shape, b.shape), _same_dtype("select", (a, b))


def _select_samples(rng: np.random.Generator) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    mask = rng.integers(0, 2, (2, 3)).astype(bool)
    wide, row = rng.normal(size=(2, 3)), rng.normal(size=3)
    return [((mask, wide, -wide), {}), ((mask, row, wide), {}), ((mask[0], wide, row), {})]


def _select_vjp(g: Any, y: Any, condition: Any, a: Any, b: Any) -> tuple[Any, ...]:
    where = operator("where")
    return None, where(condition, g, 0.0), where(condition, 0.0, g)


select = Primitive(
    "select", r"c\ ?\ a : b", run=lambda xp, c, a, b: xp.where(c, a, b), shape=_select_shape,
    vjp=_select_vjp, samples=_select_samples, kernel="choose(x0, x1, x2)", family="elementwise",
)  # fmt: skip


def _clip_shape(x: Any, low: Any, high: Any) -> Spec:
    return broadcast_shapes(x.shape, low.shape, high.shape), _same_dtype("clip", (x, low, high))


def _clip_vjp(g: Any, y: Any, x: Any, low: Any, high: Any) -> tuple[Any, ...]:
    where = operator("where")
    below, above = operator("less")(x, low), operator("greater")(x, high)
    return (
        where(operator("equal")(x, y), g, 0.0),
        where(operator("logical_and")(below, operator("less_equal")(low, high)), g, 0.0),
        where(operator("logical_or")(above, operator("greater")(low, high)), g, 0.0),
    )


def _clip_samples(rng: np.random.Generator) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    low, high = rng.uniform(-1.2, -0.8, 3), rng.uniform(0.8, 1.2, ())
    return [((rng.choice([-2.0, -0.3, 0.4, 2.0], (2, 3)), low, high), {})]


clip = Primitive(
    "clip", r"\min(\max(x, a), b),\ \text{gradient } 1 \text{ at the bounds}",
    run=lambda xp, x, low, high: xp.minimum(xp.maximum(x, low), high), shape=_clip_shape,
    vjp=_clip_vjp, samples=_clip_samples, kernel="minimum(maximum(x0, x1), x2)", family="elementwise",
)  # fmt: skip


def _cast_samples(rng: np.random.Generator) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    x = rng.uniform(0, 5, (2, 3))
    return [((x,), {"dtype": "float64"}), ((x.astype("float32"),), {"dtype": "int32"})]


def _cast_vjp(g: Any, y: Any, x: Any, *, dtype: str) -> tuple[Any, ...]:
    return (cast(g, dtype=x.dtype) if is_float(dtype) and is_float(x.dtype) else None,)


cast: Primitive = Primitive(
    "cast", r"x \text{ as dtype}",
    run=lambda xp, x, *, dtype: x.astype(numpy_dtype(dtype)),
    shape=lambda x, *, dtype: (x.shape, dtype), vjp=_cast_vjp, samples=_cast_samples,
    kernel="cast", family="elementwise",
)  # fmt: skip


def _bitcast(xp: Any, x: Any, *, dtype: str) -> Any:
    # Another width needs a last axis without gaps.
    x = x if xp is not np or x.dtype.itemsize == numpy_dtype(dtype).itemsize else x.copy("C")
    return x.view(numpy_dtype(dtype))


def _bitcast_shape(x: Any, *, dtype: str) -> Spec:
    before, after = numpy_dtype(x.dtype).itemsize, numpy_dtype(dtype).itemsize
    if before == after:
        return x.shape, dtype
    if not x.shape or x.shape[-1] * before % after:
        raise ValueError(
            f"The bits of {x.dtype} of shape {x.shape} cannot be read as {dtype}: its last axis "
            f"must hold a whole number of values of {after} bytes."
        )
    return (*x.shape[:-1], x.shape[-1] * before // after), dtype


bitcast = Primitive(
    "bitcast", r"\text{the same bits read as dtype}", run=_bitcast, shape=_bitcast_shape, vjp=None,
    samples=lambda rng: [
        ((rng.normal(size=(2, 3)),), {"dtype": "int64"}),
        ((rng.normal(size=(2, 4)).astype("float32"),), {"dtype": "int16"}),
        ((rng.integers(0, 9, (3, 4)).astype("int16"),), {"dtype": "int32"}),
    ],
    view=True, family="elementwise",
)  # fmt: skip
