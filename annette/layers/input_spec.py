"""InputSpec: what a layer demands of its inputs, and the errors of those that do not meet it."""

from __future__ import annotations

from typing import Any

from annette.utils import tree


class InputSpec:
    """The rank, shape and axes that an input must have; None where anything goes.

    Args:
        dtype: of the input.
        shape: sizes, None where free.
        ndim: number of axes.
        max_ndim, min_ndim: bounds of it.
        axes: size of some axes, by number.
        allow_last_axis_squeeze: whether a last axis of size 1 may be missing or too much.
        name: of the input, for a dict of inputs.
        optional: whether it may be None.
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = dtype
        self.shape = tuple(shape) if shape is not None else None
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = {int(k): v for k, v in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional

    def __repr__(self) -> str:
        parts = {k: v for k, v in vars(self).items() if v not in (None, False, {})}
        return f"InputSpec({', '.join(f'{k}={v}' for k, v in parts.items())})"

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal InputSpec."""
        return dict(vars(self))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        """Return the InputSpec that `config` describes."""
        return cls(**config)


def check_input(spec: Any, inputs: Any, layer: Any) -> None:
    """Refuse inputs that do not meet a layer's `input_spec`.

    Raises:
        ValueError: naming the layer, what it expects, what came, and the mend.
    """
    specs = list(tree.flatten(spec))
    given = list(tree.flatten(inputs))
    if len(specs) != len(given):
        raise ValueError(
            f"{_named(layer)} expects {len(specs)} input{'s' * (len(specs) > 1)}; it got "
            f"{len(given)}."
        )
    for one, x in zip(specs, given, strict=True):
        if one is None or (x is None and one.optional):
            continue
        if not hasattr(x, "shape"):
            raise ValueError(
                f"{_named(layer)} expects an array; it got {x!r}. Convert it with numpy.asarray."
            )
        problem = _problem(one, tuple(x.shape))
        if problem:
            expected, mend = problem
            raise ValueError(
                f"{_named(layer)} expects inputs {expected}; it got an array of shape "
                f"{tuple(x.shape)}. {mend}"
            )


def _named(layer: Any) -> str:
    return f"{type(layer).__name__} '{layer.name}'"


def _problem(spec: InputSpec, shape: tuple[Any, ...]) -> tuple[str, str] | None:
    """Return what was expected and how to mend it, or None if `shape` is right."""
    rank = len(shape)
    if spec.ndim is not None and rank != spec.ndim and not _squeezes(spec, shape):
        return f"of {spec.ndim} axes (rows first)", _rank_mend(rank, spec.ndim)
    if spec.min_ndim is not None and rank < spec.min_ndim:
        return f"of {spec.min_ndim} axes or more (rows first)", _rank_mend(rank, spec.min_ndim)
    if spec.max_ndim is not None and rank > spec.max_ndim:
        return f"of {spec.max_ndim} axes or fewer (rows first)", "Put Flatten() before it."
    for axis, size in spec.axes.items():
        at = axis + rank if axis < 0 else axis
        if size is not None and at < rank and shape[at] not in (size, None):
            where = "last axis" if axis == -1 else f"axis {axis}"
            return f"whose {where} is {size}", _axis_mend(shape, axis, size)
    if spec.shape is not None:
        for i, (n, size) in enumerate(zip(shape, spec.shape, strict=False)):
            if size is not None and n is not None and n != size:
                return f"of shape {spec.shape}", f"Its axis {i} should be {size}, not {n}."
    return None


def _squeezes(spec: InputSpec, shape: tuple[Any, ...]) -> bool:
    if not spec.allow_last_axis_squeeze or spec.ndim is None:
        return False
    last = spec.shape[-1] if spec.shape else None
    return (len(shape) == spec.ndim + 1 and shape[-1] == 1) or (
        len(shape) == spec.ndim - 1 and last == 1
    )


def _rank_mend(rank: int, wanted: int) -> str:
    if rank == 1:
        return "A single sample needs an axis of rows: x[numpy.newaxis]."
    if rank > wanted:
        return "Put Flatten() or Reshape() before it."
    return "Put Reshape() before it, or add axes with numpy.expand_dims."


def _axis_mend(shape: tuple[Any, ...], axis: int, size: int) -> str:
    rest = 1
    for n in shape[1:]:
        rest *= n or 0
    if axis == -1 and rest == size and len(shape) > 2:
        return "Put Flatten() before it."
    if len(shape) == 1:
        return "A single sample needs an axis of rows: x[numpy.newaxis]."
    return (
        f"Give inputs with {size} there, as the layer was built for, or make a layer for "
        f"{shape[axis]}."
    )
