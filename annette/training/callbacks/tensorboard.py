"""TensorBoard: what happens in training, written for TensorBoard to show."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from annette.training.callbacks.callback import Callback, Logs
from annette.training.event_file import EventFile
from annette.training.plausible import Check, is_count

_RUNS = ("train", "validation")


class TensorBoard(Callback):
    """Writes metrics, weights and the model's form to files for TensorBoard.

    ``tensorboard --logdir logs`` shows them (``pip install tensorboard``); writing them needs
    nothing. Each epoch's metrics are ``epoch_<metric>`` in the runs ``train`` and ``validation``,
    with the learning rate. What evaluation gives is ``evaluation_<metric>_vs_iterations`` in
    ``validation``, over the optimizer's steps.

    Args:
        log_dir: the folder to write to.
        histogram_freq: every so many epochs the weights' histograms are written; 0 for never.
        write_graph: whether to write the model's form.
        write_images: whether to write the weights as pictures beside their histograms, from the
            smallest value (black) to the largest (white).
        write_steps_per_second: whether to write how many batches a second were trained.
        update_freq: ``"epoch"`` for metrics by the epoch alone; ``"batch"`` or a number to write
            them as ``batch_<metric>`` every so many batches as well.
        profile_batch: the number of a batch, or of the first and the last one, counted from 1,
            whose times are written as ``batch_milliseconds``; 0 for none. What takes the time
            inside a step is shown by ``model.profile``.
        embeddings_freq: every so many epochs the tables of the `Embedding` layers are written for
            TensorBoard's projector; 0 for never.
        embeddings_metadata: the file with the names of an embedding's rows, in `log_dir`; a dict
            from the layers' names where there are several.

    Raises:
        ValueError: if a number is none that it may be, or `embeddings_metadata` names a layer that
            is not there.
    """

    _remembered: ClassVar[dict[str, Check]] = {"_step": is_count}

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: str | int = "epoch",
        profile_batch: Any = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: str | dict[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.log_dir = os.fspath(log_dir)
        for name, value in (
            ("histogram_freq", histogram_freq), ("embeddings_freq", embeddings_freq),
        ):  # fmt: skip
            if not _is_whole(value) or value < 0:
                raise ValueError(
                    f"{name} must be a number of epochs, 0 for never; it got {value!r}."
                )
        self.histogram_freq = histogram_freq
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = _frequency(update_freq)
        self.profile_batch = profile_batch
        self._profiled = _batches_to_time(profile_batch)
        self.embeddings_freq = embeddings_freq
        self.embeddings_metadata = embeddings_metadata
        self._writers: dict[str, EventFile] = {}
        self._training = False
        self._step = 0
        if self.update_freq != "epoch" or self._profiled:
            # Whoever wants to see each batch slows the others down: only if it is needed.
            self.on_train_batch_begin = self._batch_begins  # type: ignore[method-assign]
            self.on_train_batch_end = self._batch_ends  # type: ignore[method-assign]

    def set_model(self, model: Any) -> None:
        """Take the model, and look whether the embeddings are there."""
        super().set_model(model)
        if self.embeddings_freq:
            self._embeddings()

    def on_train_begin(self, logs: Logs = None) -> None:
        """Begin new files, and write the model's form."""
        self._close()
        self._training, self._step = True, 0
        if self.write_graph:
            self._write_form()

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Note the time and the number of steps so far."""
        self._epoch_begin = time.perf_counter(), self._iterations()

    def _batch_begins(self, batch: int, logs: Logs = None) -> None:
        self._step += 1
        self._batch_begin = time.perf_counter()

    def _batch_ends(self, batch: int, logs: Logs = None) -> None:
        seconds = max(time.perf_counter() - self._batch_begin, 1e-9)
        found = {}
        if self._step in self._profiled:
            found["batch_milliseconds"] = 1e3 * seconds
        if self.update_freq != "epoch" and self._step % int(self.update_freq) == 0:
            if self.write_steps_per_second:
                found["batch_steps_per_second"] = 1 / seconds
            found.update({f"batch_{name}": value for name, value in (logs or {}).items()})
        self._scalars("train", found, self._step)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Write the epoch's metrics, and weights and embeddings if it is their turn."""
        logs = logs or {}
        found = {f"epoch_{k}": v for k, v in logs.items() if not k.startswith("val_")}
        rate = _learning_rate(self.model)
        if rate is not None and "learning_rate" not in logs:
            found["epoch_learning_rate"] = rate
        if self.write_steps_per_second:
            begin, before = self._epoch_begin
            seconds = max(time.perf_counter() - begin, 1e-9)
            found["epoch_steps_per_second"] = (self._iterations() - before) / seconds
        self._scalars("train", found, epoch)
        validation = {k.removeprefix("val_"): v for k, v in logs.items() if k.startswith("val_")}
        self._scalars("validation", {f"epoch_{k}": v for k, v in validation.items()}, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            self._write_embeddings()

    def on_test_end(self, logs: Logs = None) -> None:
        """Write what the evaluation gave."""
        if getattr(self.model, "optimizer", None) is not None and logs:
            found = {f"evaluation_{name}_vs_iterations": v for name, v in logs.items()}
            self._scalars("validation", found, self._iterations())
        if not self._training:
            self._close()

    def on_train_end(self, logs: Logs = None) -> None:
        """Close the files."""
        self._training = False
        self._close()

    # --- what is written ----------------------------------------------------------------------

    def _writer(self, run: str) -> EventFile:
        if run not in self._writers:
            self._writers[run] = EventFile(Path(self.log_dir) / run)
        return self._writers[run]

    def _close(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()

    def _scalars(self, run: str, found: dict[str, Any], step: int) -> None:
        numbers = {tag: float(value) for tag, value in found.items() if np.ndim(value) == 0}
        if not numbers:
            return  # a metric with several values has no curve
        writer = self._writer(run)
        for tag, value in numbers.items():
            writer.scalar(tag, value, step)
        writer.flush()

    def _iterations(self) -> int:
        optimizer = getattr(self.model, "optimizer", None)
        return 0 if optimizer is None else int(optimizer.iterations)

    def _write_form(self) -> None:
        """Write the model's configuration, where it has one."""
        try:
            form = self.model.to_json()
        except (NotImplementedError, TypeError, ValueError):
            return  # a subclassed model need not have one
        writer = self._writer("train")
        writer.text("keras", form, 0, "graph_keras_model", b"1")
        writer.flush()

    def _write_weights(self, epoch: int) -> None:
        writer = self._writer("train")
        for layer in self.model.layers:
            for weight in layer.weights:
                values = np.asarray(weight.numpy())
                writer.histogram(f"{weight.path}/histogram", values, epoch)
                pictures = as_pictures(values) if self.write_images else None
                if pictures is not None:
                    writer.images(f"{weight.path}/image", pictures, epoch)
        writer.flush()

    def _embeddings(self) -> dict[str, Any]:
        """Return the embedding layers by name.

        Raises:
            ValueError: if `embeddings_metadata` names one that is not there.
        """
        found = {
            layer.name: layer for layer in self.model.layers if type(layer).__name__ == "Embedding"
        }
        metadata = self.embeddings_metadata
        strange = sorted(set(metadata) - set(found)) if isinstance(metadata, dict) else []
        if strange:
            raise ValueError(
                f"embeddings_metadata names {strange}, and the model has no such Embedding; it "
                f"has {sorted(found)}."
            )
        return found

    def _write_embeddings(self) -> None:
        """Write each table as rows of numbers, and the file that tells the projector of them."""
        folder = Path(self.log_dir)
        folder.mkdir(parents=True, exist_ok=True)
        entries = []
        for name, layer in self._embeddings().items():
            file = f"embedding_{name.replace('/', '_')}.tsv"
            np.savetxt(folder / file, layer.weights[0].numpy(), "%.7g", delimiter="\t")
            metadata = self.embeddings_metadata
            about = metadata.get(name) if isinstance(metadata, dict) else metadata
            lines = [("tensor_name", name), ("tensor_path", file), ("metadata_path", about)]
            inner = "".join(f'  {key}: "{value}"\n' for key, value in lines if value)
            entries.append(f"embeddings {{\n{inner}}}\n")
        (folder / "projector_config.pbtxt").write_text("".join(entries), encoding="utf-8")


def as_pictures(values: np.ndarray) -> np.ndarray | None:
    """Return a weight as at most three grey pictures.

    Output shape: (n, h, w) uint8; None for a single number and for weights of four axes or more.
    """
    values = np.squeeze(values)
    if values.ndim == 1:
        values = values[None, :, None]
    elif values.ndim == 2:
        values = (values.T if values.shape[0] > values.shape[1] else values)[None]
    elif values.ndim == 3:
        values = np.moveaxis(values, -1, 0)
    else:
        return None
    low, high = np.nanmin(values), np.nanmax(values)
    scaled = (values[:3] - low) / ((high - low) or 1.0)
    return np.asarray(np.rint(255 * np.nan_to_num(scaled)), np.uint8)


def _learning_rate(model: Any) -> float | None:
    rate = getattr(getattr(model, "optimizer", None), "learning_rate", None)
    return None if rate is None else float(rate)


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _frequency(update_freq: Any) -> str | int:
    """Return ``"epoch"``, or every how many batches metrics are written.

    Raises:
        ValueError: if it is neither.
    """
    if update_freq == "batch":
        return 1
    if update_freq == "epoch" or (_is_whole(update_freq) and update_freq > 0):
        found: str | int = update_freq
        return found
    raise ValueError(
        f"update_freq must be 'epoch', 'batch' or a number of batches; it got {update_freq!r}."
    )


def _batches_to_time(profile_batch: Any) -> range:
    """Return the numbers of the batches.

    Raises:
        ValueError: unless it is a number, or a first and a last one in their order.
    """
    given = profile_batch
    if isinstance(given, str):
        try:
            given = tuple(int(part) for part in given.split(","))
        except ValueError:
            given = ()
        given = given[0] if len(given) == 1 else given
    if _is_whole(given) and given >= 0:
        return range(given, given + 1) if given else range(0)
    if isinstance(given, (list, tuple)) and len(given) == 2 and all(map(_is_whole, given)):
        first, last = given
        if 0 < first <= last:
            return range(first, last + 1)
    raise ValueError(
        "profile_batch must be the number of a batch, 0 for none, or the first and the last one "
        f"such as (10, 20); it got {profile_batch!r}."
    )
