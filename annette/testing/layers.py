"""A layer held against its promises."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from annette import ops
from annette.backends import available_backends, make_backend
from annette.graph import Graph, KerasTensor, gradient, trace
from annette.graph.dtypes import is_float, numpy_dtype, standardize
from annette.testing.gradients import check_gradient, wide
from annette.testing.reference import about, check_near, interpret, same
from annette.utils import tree


def check_layer(
    layer: Any,
    input_shape: Any,
    *,
    input_dtype: str = "float32",
    inputs: Any = None,
    arguments: dict[str, Any] | None = None,
    order: int = 1,
    tolerance: float = 1e-6,
    backends: Sequence[str] | None = None,
    seed: int = 0,
    rounds: int = 1,
) -> None:
    """Hold a layer against its promises.

    Its config makes an equal layer; the shape it infers is the one it gives, unknown sizes
    included; its weights can be carried over; it gives the same on every backend; the gradients by
    weights and inputs are right; gradient steps lower a loss.

    Args:
        layer: an instance, of which copies are made by its config, never used itself.
        input_shape: of one input, rows first; a list of shapes for several.
        input_dtype: of the inputs; integers are drawn from 0 to 2.
        inputs: the arrays themselves, in place of drawn ones.
        arguments: keyword arguments of the call, such as ``training``.
        order: how many orders of the gradient to check; 0 for none.
        tolerance: the largest relative error of a gradient.
        backends: by name; all that are installed if None.
        seed: of inputs and directions.
        rounds: how often in a row a layer computes with its own results, as in the steps of a
            sequence; as many times the rounding of one is allowed between backends.

    Raises:
        AssertionError: naming the layer.
    """
    rng = np.random.default_rng(seed)
    arrays = _drawn(rng, input_shape, input_dtype) if inputs is None else inputs
    given = arguments or {}
    with about(f"Layer {type(layer).__name__}"):
        make = _check_config(layer)
        _check_inference(make, arrays, given)
        _check_weights(make, arrays, given, backends, rounds)
        if order:
            _check_layer_gradient(make, arrays, given, order, tolerance, rng)
        _check_learning(make, arrays, given, rng)


def _drawn(rng: np.random.Generator, shape: Any, dtype: str) -> Any:
    if isinstance(shape, dict):
        return {k: _drawn(rng, s, dtype) for k, s in shape.items()}
    if shape and isinstance(shape[0], (tuple, list)):
        return [_drawn(rng, s, dtype) for s in shape]
    if is_float(dtype):
        return rng.normal(size=shape).astype(numpy_dtype(dtype))
    return rng.integers(0, 2 if dtype == "bool" else 3, shape).astype(numpy_dtype(dtype))


def _check_config(layer: Any) -> Callable[..., Any]:
    """Check the round trip through `get_config`; return a maker of equal layers."""
    config = json.loads(json.dumps(layer.get_config()))

    def make(**changes: Any) -> Any:
        return type(layer).from_config({**json.loads(json.dumps(config)), **changes})

    again = json.loads(json.dumps(make().get_config()))
    assert again == config, f"its config {config} makes a layer whose config is {again}."
    return make


def _check_inference(make: Callable[..., Any], arrays: Any, given: dict[str, Any]) -> None:
    """Check inferred shapes and dtypes against those of a run, also where sizes are not known."""
    ran = tree.map_structure(lambda y: (tuple(y.shape), standardize(y.dtype)),
                             make()(arrays, **given))  # fmt: skip
    flat_ran = [ran] if _is_spec(ran) else _specs_in(ran)
    shapes = tree.map_structure(lambda x: tuple(x.shape), arrays)
    rank = max(len(x.shape) for x in tree.flatten(arrays))
    for unknown in range(rank):
        axes = {0, unknown}

        def symbol(x: Any, axes: set[int] = axes) -> KerasTensor:
            shape = tuple(None if i in axes else n for i, n in enumerate(x.shape))
            return KerasTensor(shape, standardize(x.dtype))

        fresh = make()
        try:
            inferred = tree.flatten(fresh(tree.map_structure(symbol, arrays), **given))
        except (ValueError, TypeError):
            assert unknown, f"it cannot be called with an unknown number of rows of {shapes}."
            continue
        _check_inferred(fresh, inferred, flat_ran, tree.flatten(fresh(arrays, **given)))


def _is_spec(x: Any) -> bool:
    return isinstance(x, tuple) and len(x) == 2 and isinstance(x[1], str)


def _specs_in(nested: Any) -> list[Any]:
    if _is_spec(nested):
        return [nested]
    parts = nested.values() if isinstance(nested, dict) else nested
    return [spec for part in parts for spec in _specs_in(part)]


def _check_inferred(fresh: Any, inferred: list[Any], ran: list[Any], later: list[Any]) -> None:
    assert [(tuple(y.shape), standardize(y.dtype)) for y in later] == ran, (
        "built on a KerasTensor it gives other shapes than built on arrays."
    )
    for symbol, (shape, dtype) in zip(inferred, ran, strict=True):
        fits = len(symbol.shape) == len(shape) and all(
            n is None or n == m for n, m in zip(symbol.shape, shape, strict=True)
        )
        assert fits and symbol.dtype == dtype, (
            f"it infers {symbol.dtype}{list(symbol.shape)}; running gives {dtype}{list(shape)}."
        )
    assert fresh.built, "it was called and is not built."


def _check_weights(
    make: Callable[..., Any],
    arrays: Any,
    given: dict[str, Any],
    backends: Sequence[str] | None,
    rounds: int,
) -> None:
    """Check that weights carry over, and that a traced call gives what a call at once gives."""
    first, second = make(), make()
    first(arrays, **given)
    second(arrays, **given)
    second.set_weights(first.get_weights())
    outputs = tree.flatten(first(arrays, **given))
    for a, b in zip(outputs, tree.flatten(second(arrays, **given)), strict=True):
        assert same(a, b), "with the weights of another it gives other numbers."
    flat = [np.asarray(x) for x in tree.flatten(arrays)]
    graph = _call_graph(first, arrays, flat, given)
    for a, b in zip(interpret(graph, flat)[0], outputs, strict=True):
        assert same(a, np.asarray(b)), f"traced it gives {a}, at once {b}."
    for name in backends if backends is not None else available_backends():
        program = make_backend(name).compile(graph)
        for i, (a, b) in enumerate(zip(program(flat), outputs, strict=True)):
            if is_float(standardize(b.dtype)):
                check_near(f"backend {name!r}, output {i}", a, np.asarray(b), rounds)
            else:
                assert same(a, b), f"backend {name!r}, output {i} is {a}, not {b}."


def _call_graph(layer: Any, arrays: Any, flat: list[np.ndarray], given: dict[str, Any]) -> Graph:
    def call(*xs: Any) -> Any:
        return tree.flatten(layer(tree.pack_sequence_as(arrays, list(xs)), **given))

    return trace(call, [(x.shape, standardize(x.dtype)) for x in flat], "layer")[0].check()


def _check_layer_gradient(
    make: Callable[..., Any],
    arrays: Any,
    given: dict[str, Any],
    order: int,
    tolerance: float,
    rng: np.random.Generator,
) -> None:
    """Check the gradients by inputs and weights, in float64, at weights moved off their start."""
    layer = make(dtype="float64")
    flat = [wide(x) for x in tree.flatten(arrays)]
    layer(tree.pack_sequence_as(arrays, flat), **given)
    weights = layer.trainable_weights
    values = [w.numpy() + 0.1 * rng.normal(size=w.shape) for w in weights]

    def function(*xs: Any) -> Any:
        for weight, value in zip(weights, xs[len(flat) :], strict=True):
            weight.assign(value)
        return layer(tree.pack_sequence_as(arrays, list(xs[: len(flat)])), **given)

    check_gradient(function, [*flat, *values], order, tolerance)


def _check_learning(
    make: Callable[..., Any], arrays: Any, given: dict[str, Any], rng: np.random.Generator
) -> None:
    """Check that some step against the gradient lowers the distance from a random target."""
    layer = make(dtype="float64")
    outputs = tree.flatten(layer(arrays, **given))
    weights = layer.trainable_weights
    if not weights:
        return
    targets = [rng.normal(size=y.shape) for y in outputs]

    def loss(*values: Any) -> Any:
        for weight, value in zip(weights, values, strict=True):
            weight.assign(value)
        ys = tree.flatten(layer(arrays, **given))
        total: Any = np.zeros(())
        for y, target in zip(ys, targets, strict=True):
            total = total + ops.mean(ops.square(y - target))
        return total

    def step(*values: Any) -> list[Any]:
        value = loss(*values)
        return [value, *(g for g in gradient([value], values) if g is not None)]

    start = [w.numpy() for w in weights]
    graph, _ = trace(step, [(w.shape, w.dtype) for w in weights], "loss")
    (before, *grads), _ = interpret(graph, start)
    assert len(grads) == len(weights), "a trainable weight has no influence on the output."
    for rate in (1.0, 0.1, 0.01, 1e-3, 1e-4):
        moved = [w - rate * g for w, g in zip(start, grads, strict=True)]
        if interpret(graph, moved)[0][0] < before:
            return
    raise AssertionError(f"no step against the gradient lowers the loss below {before}.")
