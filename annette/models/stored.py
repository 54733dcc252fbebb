"""The part of a model that has to do with files: saving, loading, and how it was compiled."""

from __future__ import annotations

from typing import Any

from annette.saving import serialization


class Stored:
    """What `Model` has for files."""

    def save(
        self, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any
    ) -> None:
        """Save the model, in a file ``.keras``, ``.h5`` or ``.safetensors``, or in a folder.

        Args:
            filepath: a path with one of these endings, or a binary file object.
            overwrite: whether a file that is there is replaced.
            zipped: False writes a folder with the files of which ``.keras`` is the archive.
            **kwargs: as for `annette.saving.save_model`.

        Raises:
            ValueError: for a path with another ending.
            FileExistsError: if there is a file and `overwrite` is False.
            OSError: if it cannot be written; a file that was there is as it was.
        """
        from annette.saving import model_files

        model_files.save_model(self, filepath, overwrite, zipped, **kwargs)

    def save_weights(
        self, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None
    ) -> None:
        """Save the weights, and the optimizer's state; see `annette.saving.save_weights`.

        Args:
            filepath: a path that ends in ``.weights.h5``, ``.safetensors`` or ``.npz``; with
                `max_shard_size` in ``.weights.json``.
            overwrite: whether a file that is there is replaced.
            max_shard_size: the most that a file may have, in GiB; the weights go into several.

        Raises:
            ValueError: for a path with another ending, or if the model is not built.
            FileExistsError: if there is a file and `overwrite` is False.
            OSError: if it cannot be written; a file that was there is as it was.
        """
        from annette.saving import model_files

        model_files.save_weights(self, filepath, overwrite, max_shard_size)

    def export(
        self,
        filepath: Any,
        format: str = "onnx",
        verbose: bool | None = None,
        input_signature: Any = None,
        **kwargs: Any,
    ) -> None:
        """Write the model's inference as an ONNX file, which other programs run without annette.

        Axes whose size is None stay open in the file. The file is written whole or not at all.

        Args:
            filepath: the path of the file, ``model.onnx``.
            format: "onnx"; annette has none of Keras's other formats.
            verbose: whether to print where the file is; None means yes.
            input_signature: shapes and dtypes of the inputs, as `InputSpec` or KerasTensors in the
                structure of the input; None where the model knows them. For a model of your own that
                was called on whole numbers, or that needs sizes where there is None.
            **kwargs: `opset_version`, the version of ONNX's operators, 18 unless given.

        Raises:
            ValueError: for another format, for what ONNX cannot express (layers are named), or if
                the model does not know what it takes. Nothing is written then.
            ImportError: if the package onnx is not installed.
            OSError: if it cannot be written; a file that was there is as it was.
        """
        from annette.export import export_model

        export_model(self, filepath, format, verbose, input_signature, **kwargs)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Set the weights to those in a file; see `annette.saving.load_weights`.

        All names and shapes are compared before any weight changes.

        Args:
            filepath: a path that ends in ``.weights.h5``, ``.weights.json``, ``.keras``, ``.h5``,
                ``.safetensors`` or ``.npz``.
            skip_mismatch: whether what does not fit is left out, with a warning.
            **kwargs: `objects_to_skip`, layers that are left as they are; `by_name`, for old
                ``.h5`` files: whether layers are found by name.

        Raises:
            ValueError: if something does not fit or the file is damaged.
            OSError: if it cannot be read.
        """
        from annette.saving import model_files

        model_files.load_weights(self, filepath, skip_mismatch, **kwargs)

    def _build_for(self, shapes: dict[str, Any]) -> None:
        super()._build_for(shapes)  # type: ignore[misc]  # that of Layer
        object.__setattr__(self, "_called_shapes", shapes)

    def get_build_config(self) -> dict[str, Any] | None:
        """Return the shapes the model was built or first called for."""
        model: Any = self
        found = super().get_build_config()  # type: ignore[misc]
        shapes = getattr(model, "_called_shapes", None)
        if found is not None or not shapes or not model._builds_by_calling:
            return found  # type: ignore[no-any-return]
        return {"input_shape": next(iter(shapes.values()))}

    def get_compile_config(self) -> dict[str, Any]:
        """Return the arguments of `compile` as plain values; an empty dict before it."""
        model: Any = self
        if not model.compiled:
            return {}
        given = model._compile_config
        return {k: serialization.serialize_keras_object(v) for k, v in given.items()}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile as `get_compile_config` reported; not at all for an empty dict."""
        model: Any = self
        if not config:
            return
        if not isinstance(config, dict):
            raise TypeError(f"compile_from_config expects a dict; it got {config!r}.")
        model.compile(**{k: serialization.deserialize_keras_object(v) for k, v in config.items()})
