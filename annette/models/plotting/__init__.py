"""A model as a drawing: `plot_model` and `model_to_dot`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from annette.models.plotting.diagram import Options, describe
from annette.models.plotting.dot import Dot

__all__ = ["Dot", "model_to_dot", "plot_model"]

_DIRECTIONS = ("TB", "BT", "LR", "RL")


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Dot:
    """Return a drawing of a model: `to_string` is DOT, `to_svg` a picture, `write` makes a file.

    It is annette's own object whether ``pydot`` is installed or not. A box is a layer; one that is
    called several times is one box. A subclassed model, whose layers' order is not known, is one
    box too.

    Args:
        model: a built model.
        show_shapes: whether to show what shapes a layer takes and gives.
        show_dtype: whether to show the dtype it gives.
        show_layer_names: whether to show its name beside its class.
        rankdir: where arrows go: ``"TB"`` down, ``"LR"`` to the right, ``"BT"``, ``"RL"``.
        expand_nested: whether models inside the model are shown with their layers, in a frame.
        dpi: dots per inch of a png; an SVG has none.
        subgraph: whether the DOT is a ``subgraph`` to be put into another one.
        show_layer_activations: whether to show the activations of layers that have one.
        show_trainable: whether to show if a layer with weights is trained.
        splines: how arrows go: ``"ortho"`` in right angles, ``"line"``, ``"polyline"``,
            ``"curved"`` or ``"spline"``.
        **kwargs: nothing; what else is given is an error.

    Raises:
        ValueError: if the model is not built, or an argument is none that there is.
    """
    if kwargs:
        raise ValueError(f"model_to_dot got unknown arguments {', '.join(map(repr, kwargs))}.")
    if not hasattr(model, "layers") or not hasattr(model, "built"):
        raise ValueError(f"A model is expected; it got {model!r} of type {type(model).__name__}.")
    if rankdir not in _DIRECTIONS:
        raise ValueError(f"rankdir must be one of {', '.join(_DIRECTIONS)}; it got {rankdir!r}.")
    if not model.built:
        raise ValueError(
            f"Model '{model.name}' is not built, so its layers and shapes are not known. Call "
            "model.build(input_shape), or call it on data first."
        )
    options = Options(
        show_shapes, show_dtype, show_layer_names, expand_nested, show_layer_activations,
        show_trainable,
    )  # fmt: skip
    return Dot(describe(model, options), rankdir, dpi, splines, subgraph)


def plot_model(
    model: Any,
    to_file: str | os.PathLike[str] = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Any:
    """Draw a model into a file; in a notebook the picture is returned and so shown.

    ``.svg`` is drawn by annette and needs nothing; ``.dot`` is the text for Graphviz. ``.png``,
    ``.pdf`` and others need Graphviz's program ``dot``, or (png and pdf) the package ``cairosvg``.

    Args:
        model: a built model.
        to_file: the file; its ending says the format, png if it has none.
        show_shapes: as in `model_to_dot`, like those that follow.
        show_dtype: whether to show the dtype a layer gives.
        show_layer_names: whether to show its name beside its class.
        rankdir: ``"TB"``, ``"LR"``, ``"BT"`` or ``"RL"``.
        expand_nested: whether to show the layers of models inside the model.
        dpi: dots per inch of a png.
        show_layer_activations: whether to show activations.
        show_trainable: whether to show which layers are trained.
        splines: how arrows go.
        **kwargs: nothing; what else is given is an error.

    Raises:
        ValueError: if the model is not built, or an argument is none that there is.
        ImportError: if the format needs a program that is not there.
    """
    if kwargs:
        raise ValueError(f"plot_model got unknown arguments {', '.join(map(repr, kwargs))}.")
    dot = model_to_dot(
        model,
        show_shapes=show_shapes,
        show_dtype=show_dtype,
        show_layer_names=show_layer_names,
        rankdir=rankdir,
        expand_nested=expand_nested,
        dpi=dpi,
        show_layer_activations=show_layer_activations,
        show_trainable=show_trainable,
        splines=splines,
    )
    path = Path(to_file)
    kind = path.suffix[1:].lower()
    dot.write(path if kind else path.with_suffix(".png"))
    return _shown(path, kind or "png")


def _shown(path: Path, kind: str) -> Any:
    """Return what a notebook shows; nothing outside of one."""
    if "IPython" not in sys.modules or kind not in ("svg", "png", "jpg", "jpeg"):
        return None
    display = sys.modules["IPython"].display
    if kind == "svg":
        return display.SVG(filename=str(path))
    return display.Image(filename=str(path.with_suffix(f".{kind}")))
