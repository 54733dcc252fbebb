"""Whole models in files, and their weights alone."""

from __future__ import annotations

import datetime
import io
import json
import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

from annette.saving import archive as archives, budget, weights as state
from annette.saving.files import opened, replacing
from annette.saving.operations import as_keras_has_it, without_training
from annette.saving.serialization import (
    custom_object_scope,
    deserialize_keras_object,
    numbering,
    serialize_keras_object,
    sharing,
    without_single,
)
from annette.saving.walk import parts_of

KERAS_VERSION = "3.15.1"  # the version of the format
_OLD = (".h5", ".hdf5")


def save_model(
    model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any
) -> None:
    """Save a model in one file: how it is built, its weights, how it is compiled, the optimizer.

    The file is in Keras 3's format, which Keras reads, with checksums that annette compares when
    it loads the file. It is written beside its place and renamed when it is whole.

    Args:
        model: any model; classes of your own need `get_config` and to be registered.
        filepath: a path that ends in ``.keras``, or a binary file object.
        overwrite: whether a file that is there is replaced.
        zipped: True or None; a model is one file.
        **kwargs: old options that change nothing.

    Raises:
        ValueError: for a path with another ending, or an option that is not known.
        FileExistsError: if there is a file and `overwrite` is False.
        OSError: if it cannot be written; a file that was there is as it was.
    """
    kwargs.pop("include_optimizer", True)  # it is, where there is one
    save_format = kwargs.pop("save_format", None)
    if kwargs:
        raise ValueError(f"save_model does not take the arguments {sorted(kwargs)}.")
    if zipped is False:
        raise ValueError("annette saves a model as one file: leave out zipped=False.")
    if hasattr(filepath, "write"):
        whole = io.BytesIO()  # so that a model that cannot be saved writes nothing
        _write(model, whole)
        filepath.write(whole.getvalue())
        return
    path = os.fspath(filepath)
    if str(path).endswith(_OLD) or save_format in ("h5", "hdf5"):
        raise ValueError(
            f"annette reads the .h5 files of Keras 2 and writes the format of Keras 3; it got "
            f"{path!r}. Write {str(path).rpartition('.')[0] + '.keras'!r}."
        )
    if not str(path).endswith(".keras"):
        raise ValueError(
            f"filepath must end in .keras; it got {path!r}. Write {path + '.keras'!r}."
        )
    _check_free(path, overwrite)
    with replacing(path) as file:
        _write(model, file)


def _check_free(path: str, overwrite: bool) -> None:
    if not overwrite and os.path.lexists(path):
        raise FileExistsError(
            f"There is a file {path!r} already, and overwrite=False. Choose another name, or pass "
            "overwrite=True."
        )


def _write(model: Any, file: Any) -> None:
    if not getattr(model, "built", True):
        warnings.warn(
            f"The model {model.name!r} is not built, so that it is saved without weights. Call it "
            "on data first, or call build(input_shape).",
            stacklevel=4,
        )
    with numbering():
        described = without_single(serialize_keras_object(model))
    config = json.dumps(as_keras_has_it(described))
    if '"__lambda__"' in config:
        warnings.warn(
            f"The model {model.name!r} holds a lambda, which is code: it is not saved, and the "
            "file cannot be loaded in another program. Write it as a function (def) and register "
            "it with @annette.saving.register_keras_serializable().",
            stacklevel=4,
        )
    metadata = {
        "keras_version": KERAS_VERSION,
        "date_saved": datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S"),
        "annette": {"version": getattr(sys.modules.get("annette"), "__version__", "")},
    }
    writer = state.state_of(model)
    archives.write_archive(
        file, config, metadata, lambda member: _send(writer, member), _gathered(model)
    )


def _send(writer: Any, member: Any) -> None:
    writer.write(member)


def _gathered(model: Any) -> list[tuple[str, bytes]]:
    """What the model's parts save as files, each with its path."""
    found: list[tuple[str, bytes]] = []
    for path, owner in parts_of(model):
        if not hasattr(owner, "save_assets"):
            continue
        with tempfile.TemporaryDirectory() as folder:
            owner.save_assets(folder)
            for file in sorted(p for p in Path(folder).rglob("*") if p.is_file()):
                name = file.relative_to(folder).as_posix()
                found.append((f"{path}/{name}" if path else name, file.read_bytes()))
    return found


# --- and back ---------------------------------------------------------------------------------


def load_model(
    filepath: Any,
    custom_objects: dict[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """Load a model that annette or Keras saved (``.keras``; ``.h5`` of Keras 2).

    Nothing in the file is run or imported: classes and functions are annette's own, those that the
    program registered, and `custom_objects`.

    Args:
        filepath: the path of a file, or a binary file object.
        custom_objects: the program's own classes and functions by name.
        compile: whether to compile the model as it was, with the optimizer's state.
        safe_mode: False lets a configuration name other files, such as vocabularies. Lambdas are
            refused in any case: their code is never run.

    Raises:
        ValueError: if the file is damaged, not a model's, or does not fit together.
        TypeError: for a class or function that is not known.
        OSError: if it cannot be read.
    """
    if hasattr(filepath, "read"):
        return _load_archive(filepath, "file", custom_objects, compile, safe_mode)
    path = os.fspath(filepath)
    if str(path).endswith(_OLD):
        return _load_old(str(path), custom_objects, compile, safe_mode)
    if not str(path).endswith(".keras"):
        raise ValueError(
            f"load_model reads files that end in .keras, .h5 or .hdf5; it got {path!r}. Weights "
            "alone are loaded into a model that is there: model.load_weights(path)."
        )
    with opened(path) as file:
        return _load_archive(file, str(path), custom_objects, compile, safe_mode)


def _load_archive(
    file: Any, named: str, custom_objects: Any, compile: bool, safe_mode: bool
) -> Any:
    with archives.Archive(file, named) as archive:
        config = archive.json(archives.CONFIG)
        if not isinstance(config, dict) or "class_name" not in config:
            raise archives.ArchiveError(f"The file {named!r} has a configuration of no model.")
        config = _as_meant(config, archive.metadata)
        if not compile:
            config = {k: v for k, v in config.items() if k != "compile_config"}
        with (
            archive.look(archives.WEIGHTS) as data,
            state.parsed_state(data, f"{named}: {archives.WEIGHTS}") as weights,
        ):
            with budget.loading(state.size_of(weights), safe_mode) as later:
                model = _made(config, custom_objects, safe_mode, named)
                _build_optimizer(model, weights)
                _load_assets(model, archive, named)
            later.finish(state.load_state(model, weights))
    return model


def _as_meant(config: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    """A configuration as this release understands it, whoever wrote it."""
    if "annette" in metadata:
        return config
    if str(metadata.get("keras_version", "")).startswith("2."):
        from annette.saving.keras2_config import renewed

        config = renewed(config)
    meant: dict[str, Any] = without_training(config)
    return meant


def _load_old(path: str, custom_objects: Any, compile: bool, safe_mode: bool) -> Any:
    """Load a model of Keras 2; its optimizer starts afresh, as other releases have others."""
    from annette.saving import keras2

    with state.read_state(path) as weights:
        config = keras2.old_config(weights, path)
        with budget.loading(state.size_of(weights), safe_mode) as later:
            model = _made(config, custom_objects, safe_mode, path)
        if "model_weights" in weights and model.built:
            keras2.load_old_weights(model, weights, skip_mismatch=False, by_name=False)
        later.finish(set())
        compiled = keras2.training_config(weights) if compile else None
    if compiled is not None:
        with custom_object_scope(custom_objects):
            model.compile_from_config(compiled)
    return model


def _made(config: dict[str, Any], custom_objects: Any, safe_mode: bool, named: str) -> Any:
    try:
        with sharing():
            model = deserialize_keras_object(config, custom_objects, safe_mode=safe_mode)
    except (KeyError, IndexError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"The configuration in {named!r} cannot be made into a model: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not hasattr(model, "load_weights") and not hasattr(model, "save"):  # a FeatureSpace
        raise ValueError(f"The file {named!r} describes a {type(model).__name__}, not a model.")
    return model


def _build_optimizer(model: Any, weights: Any) -> None:
    """Build the optimizer if the one that was saved was built."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or not model.built or optimizer.built:
        return
    saved = sum(dataset.name.startswith("/optimizer/") for dataset in weights.walk())
    if saved > len(optimizer.variables):
        optimizer.build(model.trainable_variables)


def _load_assets(model: Any, archive: archives.Archive, named: str) -> None:
    assets = archive.assets()
    for path, owner in parts_of(model):
        if not hasattr(owner, "load_assets"):
            continue
        inside = f"{path}/" if path else ""
        with tempfile.TemporaryDirectory() as folder:
            for name, data in assets.items():
                if name.startswith(inside):
                    file = Path(folder, *name.removeprefix(inside).split("/"))
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_bytes(data)
            try:
                owner.load_assets(folder)
            except FileNotFoundError as error:
                missing = Path(str(error.filename)).name
                raise archives.ArchiveError(
                    f"The file {named!r} has no {missing!r} for {path!r}."
                ) from error


# --- weights alone ----------------------------------------------------------------------------


def save_weights(
    model: Any, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None
) -> None:
    """Save the weights of a model, and the optimizer's state, in Keras 3's format.

    Raises:
        ValueError: if the path does not end in ``.weights.h5``, or the model is not built.
        FileExistsError: if there is a file and `overwrite` is False.
        OSError: if it cannot be written; a file that was there is as it was.
    """
    if max_shard_size is not None:
        raise ValueError("annette saves weights in one file: leave out max_shard_size.")
    path = os.fspath(filepath)
    if not str(path).endswith(".weights.h5"):
        raise ValueError(f"The filename must end in `.weights.h5`; it got {path!r}.")
    if not model.built:
        raise ValueError(
            f"The model {model.name!r} has no weights to save before it is built: call it on "
            "data, or call build(input_shape)."
        )
    _check_free(path, overwrite)
    writer = state.state_of(model)
    with replacing(path) as file:
        state.write_state(writer, file)


def load_weights(model: Any, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
    """Set the weights of a model to those in a file: ``.weights.h5``, ``.keras`` or old ``.h5``.

    Everything is compared before anything changes.

    Args:
        model: the model, built.
        filepath: the path of the file.
        skip_mismatch: whether what does not fit is left out, with a warning.
        **kwargs: `by_name`, for files of Keras 2: whether layers are found by name.

    Raises:
        ValueError: if something does not fit or the file is damaged; nothing is changed then.
        OSError: if it cannot be read.
    """
    by_name = bool(kwargs.pop("by_name", False))
    if kwargs:
        raise ValueError(f"load_weights does not take the arguments {sorted(kwargs)}.")
    path = str(os.fspath(filepath))
    if path.endswith(".keras"):
        _check_built(model)
        with (
            opened(path) as file,
            archives.Archive(file, path) as archive,
            archive.look(archives.WEIGHTS) as data,
            state.parsed_state(data, f"{path}: {archives.WEIGHTS}") as weights,
        ):
            state.load_state(model, weights, skip_mismatch)
        return
    if not path.endswith(_OLD):
        raise ValueError(
            f"load_weights reads files that end in .weights.h5, .keras, .h5 or .hdf5; it got "
            f"{path!r}."
        )
    with state.read_state(path) as weights:
        _check_built(model)
        if "layer_names" in weights.attrs or "model_weights" in weights:
            from annette.saving.keras2 import load_old_weights

            load_old_weights(model, weights, skip_mismatch, by_name)
        elif by_name:
            raise ValueError("by_name is for files of Keras 2; leave it out for this one.")
        else:
            state.load_state(model, weights, skip_mismatch)


def _check_built(model: Any) -> None:
    if not model.built:
        raise ValueError(
            f"The model {model.name!r} has no weights to load into before it is built: call it on "
            "data, or call build(input_shape)."
        )
