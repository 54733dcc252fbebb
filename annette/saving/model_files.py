"""Whole models in files, and their weights alone."""

from __future__ import annotations

import datetime
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from annette.saving import (
    archive as archives,
    budget,
    flat,
    folder as folders,
    plain_json,
    sharing,
    weights as state,
)
from annette.saving.files import mapped, opened, replacing
from annette.saving.operations import as_keras_has_it, without_training
from annette.saving.restoring import How, made, naming, put_together
from annette.saving.serialization import (
    custom_object_scope,
    serialize_keras_object,
)
from annette.saving.walk import parts_of
from annette.utils.warning import warn

KERAS_VERSION = "3.15.1"  # the version of the format


def save_model(
    model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any
) -> None:
    """Save a model: how it is built, its weights, how it is compiled, the optimizer.

    A path that ends in ``.keras`` or ``.h5`` gets a file of Keras 3's, which Keras reads; one in
    ``.safetensors`` one whose weights every reader of that format reads. Each has checksums that
    annette compares when it loads the file. It is written beside its place and renamed when it is
    whole.

    Args:
        model: any model; classes of your own need `get_config` and to be registered.
        filepath: a path with one of these endings, or a binary file object.
        overwrite: whether a file that is there is replaced.
        zipped: False writes a folder, of any name that does not end in ``.keras``, with the files
            that the archive has as its members.
        **kwargs: `include_optimizer`, for ``.h5`` files; `save_format` changes nothing.

    Raises:
        ValueError: for a path with another ending, an option that is not known, or a model that
            has what the format has no place for.
        FileExistsError: if there is a file and `overwrite` is False.
        OSError: if it cannot be written; a file that was there is as it was.
    """
    include_optimizer = bool(kwargs.pop("include_optimizer", True))
    kwargs.pop("save_format", None)  # the ending says it
    if kwargs:
        raise ValueError(f"save_model does not take the arguments {sorted(kwargs)}.")
    if hasattr(filepath, "write"):
        whole = io.BytesIO()  # so that a model that cannot be saved writes nothing
        _write_archive(model, whole, True)
        filepath.write(whole.getvalue())
        return
    path = str(os.fspath(filepath))
    if zipped is False:
        if path.endswith(".keras"):
            raise ValueError(
                f"With zipped=False the model is a folder, whose name must not end in .keras; it "
                f"got {path!r}. Write {path.removesuffix('.keras')!r}."
            )
        _check_free(path, overwrite)
        folders.write(path, _described(model))
        return
    write = _of(path, "write_model", "filepath must end in {}; it got {!r}.", ".keras")
    _check_free(path, overwrite)
    with replacing(path) as file:
        write(model, file, include_optimizer)


def _check_free(path: str, overwrite: bool) -> None:
    if not overwrite and os.path.lexists(path):
        raise FileExistsError(
            f"There is a file {path!r} already, and overwrite=False. Choose another name, or pass "
            "overwrite=True."
        )


def _write_archive(model: Any, file: Any, include_optimizer: bool) -> None:
    archives.write_archive(file, _described(model))


def _write_h5(model: Any, file: Any, include_optimizer: bool) -> None:
    from annette.saving import keras_h5

    if _gathered(model):
        raise ValueError(
            f"The model {model.name!r} has layers that keep files, such as vocabularies, for which "
            "a .h5 file has no place. Save it as .keras."
        )
    keras_h5.write(model, file, _configured(model), KERAS_VERSION, include_optimizer)


def _write_safetensors(model: Any, file: Any, include_optimizer: bool) -> None:
    from annette.saving import safetensors

    arrays, places = flat.named_arrays(model)
    for name, data in _gathered(model):
        arrays[archives.ASSETS + name] = np.frombuffer(data, np.uint8)
    config = json.dumps(_configured(model))
    safetensors.write(file, arrays, {**_noted(), "places": places}, {"config": config})


def _described(model: Any) -> archives.Contents:
    """What is saved of a model."""
    config = json.dumps(_configured(model))
    metadata = {
        "keras_version": KERAS_VERSION,
        "date_saved": datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S"),
        "annette": _noted(),
    }
    writer = state.state_of(model)

    def write_weights(member: Any) -> None:
        writer.write(member)

    return archives.Contents(config, metadata, write_weights, _gathered(model))


def _noted() -> dict[str, Any]:
    return {"version": getattr(sys.modules.get("annette"), "__version__", "")}


def _configured(model: Any) -> dict[str, Any]:
    """The configuration of a model as Keras has it; it warns of what it cannot hold."""
    if not getattr(model, "built", True):
        warn(
            f"The model {model.name!r} is not built, so that it is saved without weights. Call it "
            "on data first, or call build(input_shape)."
        )
    described: dict[str, Any] = as_keras_has_it(sharing.described(serialize_keras_object, model))
    if '"__lambda__"' in json.dumps(described):
        warn(
            f"The model {model.name!r} holds a lambda, which is code: it is not saved, and the "
            "file cannot be loaded in another program. Write it as a function (def) and register "
            "it with @annette.saving.register_keras_serializable()."
        )
    return described


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
    """Load a model that annette or Keras saved (``.keras``, ``.h5``, ``.safetensors``, a folder).

    Nothing in the file is run or imported: classes and functions are annette's own, those that the
    program registered, and `custom_objects`.

    Args:
        filepath: the path of a file, or a binary file object.
        custom_objects: the program's own classes and functions by name.
        compile: whether to compile the model as it was, with the optimizer's state.
        safe_mode: False lets a configuration name other files, such as vocabularies, and ask for
            weights and constants that are far larger than the file. Lambdas are refused in any
            case: their code, bytecode of some release of Python, is never run.

    Raises:
        ValueError: if the file is damaged, not a model's, or does not fit together.
        TypeError: for a class or function that is not known.
        OSError: if it cannot be read.
    """
    how = How(custom_objects, compile, safe_mode)
    if hasattr(filepath, "read"):
        with naming("file"):
            return _load_archive(filepath, "file", how)
    path = str(os.fspath(filepath))
    if folders.is_model(path):
        with naming(path):
            return _load_members(folders.Folder(path), path, how)
    read: Callable[[str, How], Any] = _of(
        path, "read_model",
        "load_model reads files that end in {}, and folders; it got {!r}. Weights alone are loaded "
        "into a model that is there: model.load_weights(path).",
    )  # fmt: skip
    with naming(path):
        return read(path, how)


def _read_archive(path: str, how: How) -> Any:
    with opened(path) as file:
        return _load_archive(file, path, how)


def _load_archive(file: Any, named: str, how: How) -> Any:
    with archives.Archive(file, named) as archive:
        return _load_members(archive, named, how)


def _load_members(archive: Any, named: str, how: How) -> Any:
    config = _as_meant(archive.json(archives.CONFIG), archive.metadata)
    assets = archive.assets()
    with (
        archive.look(archives.WEIGHTS) as data,
        state.parsed_state(data, f"{named}: {archives.WEIGHTS}") as weights,
    ):
        stores = state.stores_of(weights)
        return put_together(config, stores, assets, named, how)


def _as_meant(config: Any, metadata: dict[str, Any]) -> Any:
    """A configuration as this release understands it, whoever wrote it."""
    if "annette" in metadata or not isinstance(config, dict):
        return config
    if str(metadata.get("keras_version", "")).startswith("2."):
        from annette.saving.keras2_config import renewed

        config = renewed(config)
    return without_training(config)


def _read_safetensors(path: str, how: How) -> Any:
    from annette.saving import safetensors

    with mapped(path) as view:
        arrays, metadata, own = safetensors.parse(view, path)
        if "config" not in metadata:
            raise ValueError(
                f"The file {path!r} has weights alone, and no model: make the model and call "
                "model.load_weights(path)."
            )
        config = plain_json.parsed(metadata["config"])
        assets, weights = _apart(arrays)
        stores = flat.stores(None, weights, _places(own) or {})
        return put_together(config, stores, assets, path, how)


def _apart(arrays: dict[str, Any]) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The assets among the arrays of a file, and the others."""
    inside = archives.ASSETS
    assets = {n.removeprefix(inside): bytes(a.bytes) for n, a in arrays.items() if _is_asset(n, a)}
    return assets, {n: a for n, a in arrays.items() if not _is_asset(n, a)}


def _is_asset(name: str, array: Any) -> bool:
    return name.startswith(archives.ASSETS) and array.dtype == np.uint8


def _places(own: dict[str, Any] | None) -> dict[str, str] | None:
    places = own.get("places") if own is not None else None
    return places if isinstance(places, dict) else None


def _read_h5(path: str, how: How) -> Any:
    from annette.saving import keras2

    with state.read_state(path) as weights:
        config = keras2.old_config(weights, path)
        compiled = keras2.training_config(weights) if how.compile else None
        with budget.loading(state.size_of(weights), how.safe_mode):
            model = made(config, how.custom_objects, how.safe_mode, path)
            if "model_weights" in weights and model.built:
                keras2.load_old_weights(model, weights, skip_mismatch=False, by_name=False)
            if compiled is not None:
                with custom_object_scope(how.custom_objects), budget.safe(how.safe_mode):
                    model.compile_from_config(compiled)
                keras2.load_optimizer(model, weights)
    return model


# --- weights alone ----------------------------------------------------------------------------


def save_weights(
    model: Any, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None
) -> None:
    """Save the weights of a model, and the optimizer's state.

    Args:
        model: the model, built.
        filepath: a path that ends in ``.weights.h5``, which Keras 3 reads, ``.safetensors`` or
            ``.npz``; with `max_shard_size` in ``.weights.json``.
        overwrite: whether a file that is there is replaced.
        max_shard_size: the most that a file may have, in GiB; the weights go into several.

    Raises:
        ValueError: for a path with another ending, or if the model is not built.
        FileExistsError: if there is a file and `overwrite` is False.
        OSError: if it cannot be written; a file that was there is as it was.
    """
    path = str(os.fspath(filepath))
    if max_shard_size is not None:
        if not path.endswith((".weights.h5", ".weights.json")):
            raise ValueError(
                "The filename must end in `.weights.json` when `max_shard_size` is specified; it "
                f"got {path!r}."
            )
        path = path.removesuffix("h5").removesuffix("json") + "json"
    elif path.endswith(".weights.json"):
        raise ValueError("A list of shards needs max_shard_size, the most for each, in GiB.")
    else:
        write = _of(path, "write_weights", "The filename must end in {}; it got {!r}.")
    if not model.built:
        raise ValueError(
            f"The model {model.name!r} has no weights to save before it is built: call it on "
            "data, or call build(input_shape)."
        )
    _check_free(path, overwrite)
    if max_shard_size is not None:
        from annette.saving import shards

        shards.save(model, Path(path), max_shard_size, _noted()["version"])
        return
    with replacing(path) as file:
        write(model, file)


def _write_weights_h5(model: Any, file: Any) -> None:
    state.write_state(state.state_of(model), file)


def _write_weights_safetensors(model: Any, file: Any) -> None:
    from annette.saving import safetensors

    arrays, places = flat.named_arrays(model)
    safetensors.write(file, arrays, {**_noted(), "places": places})


def _write_weights_npz(model: Any, file: Any) -> None:
    from annette.saving import npz

    arrays, places = flat.named_arrays(model)
    npz.write(file, arrays, {**_noted(), "places": places})


def load_weights(model: Any, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
    """Set the weights of a model to those in a file.

    It may be one of annette or Keras 3 (``.weights.h5``, ``.weights.json``, ``.keras``, ``.h5``),
    one of Keras 2 (``.h5``), or arrays of any program whose names are those of the variables, or
    their places in a ``.weights.h5`` file (``.safetensors``, ``.npz``). Everything is compared
    before anything changes. What the file has beyond the model is left out with a warning.

    Args:
        model: the model, built.
        filepath: the path of the file.
        skip_mismatch: whether what does not fit is left out, with a warning.
        **kwargs: `objects_to_skip`, layers that are left as they are; `by_name`, for old ``.h5``
            files: whether layers are found by name.

    Raises:
        ValueError: if something does not fit or the file is damaged; nothing is changed then.
        OSError: if it cannot be read.
    """
    by_name = bool(kwargs.pop("by_name", False))
    skipped = tuple(kwargs.pop("objects_to_skip", None) or ())
    if kwargs:
        raise ValueError(f"load_weights does not take the arguments {sorted(kwargs)}.")
    path = str(os.fspath(filepath))
    read = _of(path, "read_weights", "load_weights reads files that end in {}; it got {!r}.")
    with naming(path):
        read(model, path, _What(skip_mismatch, skipped, by_name))


class _What(NamedTuple):
    """What of a file's weights is to be loaded: the arguments of `load_weights`."""

    skip_mismatch: bool
    skipped: tuple[Any, ...]
    by_name: bool


def _read_weights_archive(model: Any, path: str, what: _What) -> None:
    _check_built(model)
    with opened(path) as file, archives.Archive(file, path) as archive:
        for name in archive.members:
            if name != archives.WEIGHTS:
                archive.read(name)
        with (
            archive.look(archives.WEIGHTS) as data,
            state.parsed_state(data, f"{path}: {archives.WEIGHTS}") as weights,
        ):
            _load_stores(model, state.stores_of(weights), what)


def _read_weights_h5(model: Any, path: str, what: _What) -> None:
    with state.read_state(path) as weights:
        _check_built(model)
        if "layer_names" not in weights.attrs and "model_weights" not in weights:
            _load_stores(model, state.stores_of(weights), what)
            return
        from annette.saving.keras2 import load_old_weights

        if what.skipped:
            raise ValueError("objects_to_skip is for files of Keras 3's own format.")
        load_old_weights(model, weights, what.skip_mismatch, what.by_name)


def _read_weights_shards(model: Any, path: str, what: _What) -> None:
    from annette.saving import shards

    _check_built(model)
    with shards.read(Path(path)) as stores:
        _load_stores(model, stores, what)


def _read_weights_safetensors(model: Any, path: str, what: _What) -> None:
    from annette.saving import safetensors

    _check_built(model)
    with mapped(path) as view:
        arrays, _, own = safetensors.parse(view, path)
        weights = _apart(arrays)[1] if own is not None else arrays
        _load_stores(model, flat.stores(model, weights, _places(own)), what)


def _read_weights_npz(model: Any, path: str, what: _What) -> None:
    from annette.saving import npz

    _check_built(model)
    with opened(path) as file, npz.Archive(file, path) as archive:
        arrays = archive.arrays()
        _load_stores(model, flat.stores(model, arrays, _places(archive.own)), what)


def _load_stores(model: Any, stores: dict[str, state.Store], what: _What) -> None:
    if what.by_name:
        raise ValueError(
            "by_name is for old .h5 files, of whole models; leave it out for this one."
        )
    state.load_stores(model, stores, what.skip_mismatch, what.skipped)


def _check_built(model: Any) -> None:
    if not model.built:
        raise ValueError(
            f"The model {model.name!r} has no weights to load into before it is built: call it on "
            "data, or call build(input_shape)."
        )


# --- which format is which ----------------------------------------------------------------------


class _Format(NamedTuple):
    """What is done with files of one ending; None where the format is not for that."""

    write_model: Any
    read_model: Any
    write_weights: Any
    read_weights: Any


_FORMATS = {  # the longer endings first
    ".weights.h5": _Format(None, None, _write_weights_h5, _read_weights_h5),
    ".weights.json": _Format(None, None, None, _read_weights_shards),
    ".keras": _Format(_write_archive, _read_archive, None, _read_weights_archive),
    ".h5": _Format(_write_h5, _read_h5, None, _read_weights_h5),
    ".hdf5": _Format(_write_h5, _read_h5, None, _read_weights_h5),
    ".safetensors": _Format(
        _write_safetensors, _read_safetensors, _write_weights_safetensors, _read_weights_safetensors
    ),
    ".npz": _Format(None, None, _write_weights_npz, _read_weights_npz),
}  # fmt: skip


def _of(path: str, what: str, problem: str, mend: str = "") -> Any:
    """What does something with a path of this ending; ValueError, which says `problem`."""
    ending = next((e for e in _FORMATS if path.endswith(e)), "")
    found = getattr(_FORMATS[ending], what) if ending else None
    if found is None:
        endings = [e for e, f in _FORMATS.items() if getattr(f, what) is not None]
        listed = ", ".join(endings[:-1]) + " or " + endings[-1]
        said = problem.format(listed, path)
        raise ValueError(f"{said} Write {path.rpartition('.')[0] + mend!r}." if mend else said)
    return found
