"""What a row of the tables is: one call of an operation and what it must give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from annette import ops
from annette.utils import tree


class Static(NamedTuple):
    """An argument that is handed on as it is: never a Tensor in a trace."""

    value: Any


class Case(NamedTuple):
    """One call of an operation.

    `want` is what NumPy gives for it, `order` how many orders of its gradient are checked, `traced`
    whether the call means anything before there are numbers.
    """

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    want: Any
    order: int
    traced: bool

    @property
    def arrays(self) -> list[np.ndarray]:
        """The arrays among the arguments, which a trace or a gradient takes as inputs."""
        return [x for x in _flat(self.args) if isinstance(x, np.ndarray)]

    def call(self, *arrays: Any) -> Any:
        """Call the operation on `arrays` in place of the case's own."""
        given = iter(arrays)
        args = [_rebuilt(a, given) for a in self.args]
        return getattr(ops, self.name)(*args, **self.kwargs)

    def expected(self) -> list[np.ndarray]:
        """What NumPy says, flattened."""
        want = self.want
        if want is None:
            want = getattr(np, self.name)
        if callable(want):
            with np.errstate(all="ignore"):
                want = want(*(_rebuilt(a, iter(_own(a))) for a in self.args), **self.kwargs)
        return [np.asarray(w) for w in tree.flatten(want)]


def _flat(args: Any) -> list[Any]:
    found: list[Any] = []
    for a in args:
        found.extend(_flat(a) if type(a) in (list, tuple) else [a])
    return found


def _own(arg: Any) -> list[np.ndarray]:
    return [x for x in _flat([arg]) if isinstance(x, np.ndarray)]


def _rebuilt(arg: Any, arrays: Any) -> Any:
    if isinstance(arg, Static):
        return arg.value
    if type(arg) in (list, tuple):
        return type(arg)(_rebuilt(a, arrays) for a in arg)
    return next(arrays) if isinstance(arg, np.ndarray) else arg


CASES: list[Case] = []


def case(
    name: str, *args: Any, want: Any = None, order: int = 2, traced: bool = True, **kwargs: Any
) -> None:
    """Put a row into the table; without `want` NumPy's function of the name is the judge."""
    CASES.append(Case(name, args, kwargs, want, order, traced))


def label(row: Case) -> str:
    """Name a row in a test's report."""
    words = [_word(a) for a in row.args] + [f"{k}={_word(v)}" for k, v in row.kwargs.items()]
    return f"{row.name}({','.join(words)})"


def _word(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{list(value.shape)}".replace(" ", "")
    if isinstance(value, Static):
        return _word(value.value)
    if type(value) in (list, tuple):
        return "[" + ",".join(map(_word, value)) + "]"
    return getattr(value, "__name__", repr(value)).replace(" ", "")


def spread(*shape: int, seed: int, positive: bool = False, unit: bool = False) -> np.ndarray:
    """Numbers in float64, no two alike and none near a multiple of 1/2: no kinks or ties nearby."""
    rng = np.random.default_rng(seed)
    shift = 0.01 * (seed % 5)
    halves = np.arange(0 if positive else -4, 5) * 0.5
    places = (halves[:, None] + [0.1 + shift, 0.22 + shift, 0.34 + shift]).ravel()
    places = places[np.abs(places) < 0.9] if unit else places
    size = int(np.prod(shape))
    if size > places.size:
        return np.asarray(
            rng.permutation(np.concatenate([places, places * 1.3 + 0.007]))[:size]
        ).reshape(shape)
    return np.asarray(rng.permutation(places)[:size]).reshape(shape)


Function = Callable[..., Any]
