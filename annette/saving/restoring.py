"""Making a model of what a file holds: its configuration, its weights and its other files."""

from __future__ import annotations

import contextlib
import tempfile
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from annette.saving import archive as archives, budget, sharing, weights as state
from annette.saving.serialization import deserialize_keras_object
from annette.saving.walk import parts_of


class How(NamedTuple):
    """How a model is to be loaded: the arguments of `load_model`."""

    custom_objects: dict[str, Any] | None
    compile: bool
    safe_mode: bool


@contextlib.contextmanager
def naming(path: str) -> Iterator[None]:
    """Let errors within say which file they are of."""
    try:
        yield
    except (OSError, ImportError, MemoryError, Warning):
        raise
    except Exception as error:
        usual = isinstance(error, (ValueError, TypeError))
        if usual and repr(path) in str(error):
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        what = str(error) if usual else f"{type(error).__name__}: {error}"
        raise kind(f"The file {path!r} cannot be loaded: {what}") from error


def put_together(
    config: Any,
    stores: dict[str, state.Store],
    assets: dict[str, bytes],
    named: str,
    how: How,
) -> Any:
    """A model of its configuration and of what a file has for each of its parts."""
    if not isinstance(config, dict) or "class_name" not in config:
        raise archives.ArchiveError(f"The file {named!r} has a configuration of no model.")
    if not how.compile:
        config = {k: v for k, v in config.items() if k != "compile_config"}
    with budget.loading(state.total(stores), how.safe_mode):
        model = made(config, how.custom_objects, how.safe_mode, named)
        kept = [store for path, store in stores.items() if path.split("/")[0] == "optimizer"]
        build_optimizer(model, sum(map(len, kept)))
        _load_assets(model, assets, named)
        state.load_stores(model, stores, whole=True)
    return model


def made(config: dict[str, Any], custom_objects: Any, safe_mode: bool, named: str) -> Any:
    """The model that a configuration describes, without the file's weights.

    Raises:
        ValueError: if it is none.
    """
    with sharing.sharing(config):
        model = deserialize_keras_object(config, custom_objects, safe_mode=safe_mode)
    if not hasattr(model, "load_weights") and not hasattr(model, "save"):  # a FeatureSpace
        raise ValueError(f"The file {named!r} describes a {type(model).__name__}, not a model.")
    return model


def build_optimizer(model: Any, saved: int) -> None:
    """Give a model's optimizer its variables, if the one that was saved had so many."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or not model.built or optimizer.built:
        return
    if saved > len(optimizer.variables):
        optimizer.build(model.trainable_variables)


def _load_assets(model: Any, assets: dict[str, bytes], named: str) -> None:
    names = sorted(assets)
    for path, owner in parts_of(model):
        if not hasattr(owner, "load_assets"):
            continue
        inside = f"{path}/" if path else ""
        with tempfile.TemporaryDirectory() as folder:
            for name in names[bisect_left(names, inside) :]:
                if not name.startswith(inside):
                    break
                file = Path(folder, *name.removeprefix(inside).split("/"))
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(assets[name])
            try:
                owner.load_assets(folder)
            except FileNotFoundError as error:
                missing = Path(str(error.filename)).name
                raise archives.ArchiveError(
                    f"The file {named!r} has no {missing!r} for {path!r}."
                ) from error
