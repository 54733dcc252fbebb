"""Golden cases: what is drawn at random, compared by its moments, its shape and its dtype."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .cases import add_case, uniform
from .cases_functions import statistics

SHAPE = (200, 300)
DRAWN: dict[str, list[tuple[bool, tuple[Any, ...], dict[str, Any]]]] = {
    # whether the distribution has bounds that 60,000 draws come near to, arguments
    "uniform": [
        (True, (SHAPE,), {}),
        (True, (SHAPE,), {"minval": -2.0, "maxval": 0.5}),
        (True, (SHAPE,), {"dtype": "float16"}),
    ],
    "normal": [(False, (SHAPE,), {}), (False, (SHAPE,), {"mean": 3.0, "stddev": 0.2})],
    "truncated_normal": [(True, (SHAPE,), {}), (True, (SHAPE,), {"mean": -1.0, "stddev": 0.5})],
    "randint": [
        (True, (SHAPE, 0, 10), {}),
        (True, (SHAPE, -5, 6), {}),
        (True, (SHAPE, 0, 200), {"dtype": "uint8"}),
    ],
    "gamma": [(False, (SHAPE, 0.5), {}), (False, (SHAPE, 3.0), {})],
    "beta": [(True, (SHAPE, 2.0, 1.5), {}), (True, (SHAPE, 0.8, 0.8), {})],
    "binomial": [(True, (SHAPE, 5.0, 0.5), {}), (False, (SHAPE, 40.0, 0.3), {})],
    "categorical": [
        (True, (np.log(np.array([[0.2, 0.5, 0.3]], "float32")), 60000), {}),
        (True, (np.zeros((2, 4), "float32"), 30000), {"dtype": "uint8"}),
    ],
    "dropout": [
        (True, (np.ones(SHAPE, "float32"), 0.3), {}),
        (True, (np.ones((60000, 2), "float32"), 0.4), {"noise_shape": (60000, 1)}),
    ],
    "shuffle": [(True, (np.arange(60000, dtype="float32"),), {})],
}


def _drawn(name: str, bounded: bool, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    def run(k: Any) -> Any:
        return statistics(
            k.ops.convert_to_numpy(getattr(k.random, name)(*args, seed=5, **kwargs)), bounded
        )

    return run


for _name, _variants in DRAWN.items():
    for _bounded, _args, _kwargs in _variants:
        _text = ",".join(str(a if not isinstance(a, np.ndarray) else a.shape) for a in _args)
        add_case(
            "random", f"{_name}({_text},{_kwargs})", _drawn(_name, _bounded, _args, _kwargs),
            json=True,
        )  # fmt: skip

# Shape and scale of each element by its own parameters.
_SPREAD = np.array([[0.5], [3.0], [20.0]], "float32")
_WIDE = np.repeat(_SPREAD, 120000, axis=1)


def _by_row(draw: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def run(k: Any) -> Any:
        values = np.asarray(k.ops.convert_to_numpy(draw(k)))
        return [statistics(row, False) for row in values]

    return run


_ROWS = {
    "gamma of arrays": lambda k: k.random.gamma(_WIDE.shape, _WIDE, seed=3),
    "beta of arrays": lambda k: k.random.beta(_WIDE.shape, _WIDE, 2.0 + _WIDE, seed=3),
    "binomial of arrays": lambda k: k.random.binomial(_WIDE.shape, 2 * _WIDE + 4, 0.4, seed=3),
}
for _name, _draw in _ROWS.items():
    add_case("random", _name, _by_row(_draw), json=True)


def _seeds(k: Any) -> Any:
    draw = lambda seed: np.asarray(k.ops.convert_to_numpy(k.random.normal((5,), seed=seed)))  # noqa: E731
    generator = k.random.SeedGenerator(3)
    first, second = draw(generator), draw(generator)
    return {
        "one number twice": bool((draw(4) == draw(4)).all()),
        "one generator twice": bool((first == second).all()),
        "two generators of one seed": bool((first == draw(k.random.SeedGenerator(3))).all()),
        "no seed twice": bool((draw(None) == draw(None)).all()),
        "config": generator.get_config(),
    }


add_case("random", "seeds", _seeds, json=True)


def _shuffled(k: Any) -> Any:
    x = uniform(4, 6, seed=951)
    y = np.asarray(k.ops.convert_to_numpy(k.random.shuffle(x, axis=1, seed=2)))
    return {
        "rows keep their numbers": bool((np.sort(x, axis=1) == np.sort(y, axis=1)).all()),
        "moved": bool((x != y).any()),
    }


add_case("random", "shuffle(axis=1)", _shuffled, json=True)
