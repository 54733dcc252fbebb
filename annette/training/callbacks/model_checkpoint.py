"""ModelCheckpoint: save the model, or its weights, as training goes on."""

from __future__ import annotations

import os
import re
import string
from typing import Any, ClassVar

import numpy as np

from annette.training.callbacks.callback import Logs
from annette.training.callbacks.monitor_callback import MonitorCallback
from annette.training.plausible import Check, is_count, is_number, or_none
from annette.utils.io import print_msg
from annette.utils.warning import warn


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, after each epoch or after so many batches.

    A file is written beside its place and renamed when it is whole: whenever the program or the
    machine stops, the last checkpoint that was finished is there.

    Args:
        filepath: where to; ``{epoch}``, ``{batch}`` and the metrics' names are filled in, as in
            ``"model.{epoch:02d}-{val_loss:.2f}.keras"``. It ends in ``.keras``, or in
            ``.weights.h5`` with `save_weights_only`.
        monitor: the metric to watch, with `save_best_only`.
        verbose: 1 to say when it saves.
        save_best_only: whether to save only when the metric got better.
        save_weights_only: whether to save the weights alone.
        mode: ``"min"``, ``"max"`` or ``"auto"``.
        save_freq: ``"epoch"``, or after how many batches to save.
        initial_value_threshold: the value that must be beaten at first.
        max_to_keep: how many of the files that it wrote are kept, the last ones (with
            `save_best_only` the best ones); None for all. An older one is removed when the new one
            is whole and on the disk.

    Raises:
        ValueError: for a path with another ending, a wrong `save_freq` or `max_to_keep`; in the
            first epoch, if the mode is auto and the metric does not tell it.
        KeyError: while training, for a name in `filepath` that is no metric.
        OSError: while training, if the file cannot be written; the former one is as it was.
    """

    _remembered: ClassVar[dict[str, Check]] = {
        "best": or_none(is_number), "_batches_seen_since_last_saving": is_count,
        "_last_batch_seen": or_none(is_count), "_epoch": is_count,
        "_written": lambda value: isinstance(value, list),
    }  # fmt: skip

    def __init__(
        self,
        filepath: Any,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: Any = "epoch",
        initial_value_threshold: float | None = None,
        max_to_keep: int | None = None,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        self.verbose = verbose
        self.filepath = str(os.fspath(filepath))
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self._batches_seen_since_last_saving = 0
        self._last_batch_seen: int | None = None
        self._epoch = 0
        self._written: list[str] = []  # the files that are kept, the newest last
        self._patient = save_freq == "epoch"  # no batch is waited for
        if save_freq != "epoch" and not (_is_whole(save_freq) and save_freq > 0):
            raise ValueError(
                "ModelCheckpoint expects save_freq to be 'epoch' or a number of batches; it got "
                f"{save_freq!r}."
            )
        self.max_to_keep = max_to_keep
        if max_to_keep is not None and not (_is_whole(max_to_keep) and max_to_keep > 0):
            raise ValueError(
                "ModelCheckpoint expects max_to_keep to be a number of files, 1 or more, or None; "
                f"it got {max_to_keep!r}."
            )
        ending = ".weights.h5" if save_weights_only else ".keras"
        if not self.filepath.endswith(ending):
            raise ValueError(
                f"With save_weights_only={save_weights_only} the filepath of ModelCheckpoint must "
                f"end in {ending}; it got {self.filepath!r}."
            )

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Save if enough batches have gone by."""
        if self.save_freq != "epoch" and self._is_due(batch):
            self._save_model(self._epoch, batch, logs)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Note the epoch."""
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Save, unless it is done after batches."""
        if self.save_freq == "epoch":
            self._save_model(epoch, None, logs)

    def _is_due(self, batch: int) -> bool:
        last = self._last_batch_seen
        if last is None or batch <= last:  # a new epoch
            self._batches_seen_since_last_saving += batch + 1
        else:
            self._batches_seen_since_last_saving += batch - last
        self._last_batch_seen = batch
        if self._batches_seen_since_last_saving < self.save_freq:
            return False
        self._batches_seen_since_last_saving = 0
        return True

    def _save_model(self, epoch: int, batch: int | None, logs: Logs) -> None:
        logs = logs or {}
        filepath = self._get_file_path(epoch, batch, logs)
        if not self._should_save_model(epoch, logs, filepath):
            return
        folder = os.path.dirname(filepath)
        if folder:
            os.makedirs(folder, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(filepath)
        else:
            self.model.save(filepath)
        if self.max_to_keep is not None:
            self._remove_old(filepath)
        if self.verbose > 0:
            print_msg(f"\nEpoch {epoch + 1}: finished saving model to {filepath}")

    def set_state(self, state: Any) -> None:
        """Take back the best value, and the files that were written, of which old ones are removed."""
        super().set_state(state)
        # a file is not to say which others are removed: only those of this callback are
        self._written = [path for path in self._written if self._is_own(path)]

    def _is_own(self, path: Any) -> bool:
        """Say whether a path is one that `filepath` gives for some epoch and metrics."""
        parts = string.Formatter().parse(self.filepath)
        pattern = "".join(
            re.escape(text) + ("" if field is None else r"[^/\\]*") for text, field, _, _ in parts
        )
        return (
            isinstance(path, str)
            and re.fullmatch(pattern, path) is not None
            and path.count("..") == self.filepath.count("..")
        )

    def _remove_old(self, newest: str) -> None:
        """Note the file that was just written whole; remove those that are too many by now."""
        self._written = [path for path in self._written if path != newest] + [newest]
        for path in self._written[: -(self.max_to_keep or 0)]:
            try:
                os.unlink(path)
            except FileNotFoundError:
                pass
            except OSError as error:
                warn(
                    f"ModelCheckpoint could not remove the old file {path!r} ({error}); it tries "
                    "again after the next one."
                )
                continue
            self._written.remove(path)

    def _should_save_model(self, epoch: int, logs: dict[str, Any], filepath: str) -> bool:
        if not self.save_best_only:
            self._say(f"\nEpoch {epoch + 1}: saving model to {filepath}")
            return True
        if self.monitor_op is None:
            self._set_monitor_op()
        current = logs.get(self.monitor)
        if current is None:
            warn(
                f"Can save best model only with {self.monitor} available; the metrics are "
                f"{', '.join(logs) or 'none'}. It is saved without a comparison."
            )
            return True
        if not self._is_improvement(current, self.best):
            self._say(f"\nEpoch {epoch + 1}: {self.monitor} did not improve from {self.best:0.5f}")
            return False
        best = None if self.best is None else f"{self.best:0.5f}"
        self._say(
            f"\nEpoch {epoch + 1}: {self.monitor} improved from {best} to {current:0.5f}, saving "
            f"model to {filepath}"
        )
        self.best = current
        return True

    def _say(self, text: str) -> None:
        if self.verbose > 0:
            print_msg(text)

    def _get_file_path(self, epoch: int, batch: int | None, logs: dict[str, Any]) -> str:
        """Return the path with epoch, batch and metrics filled in.

        Raises:
            KeyError: for a name that is none of them.
        """
        known = {**logs, "epoch": epoch + 1}
        if batch is not None:
            known["batch"] = batch + 1
        try:
            return self.filepath.format(**known)
        except KeyError as error:
            raise KeyError(
                f'Failed to format this callback filepath: "{self.filepath}". It has no '
                f"{error}; there are {', '.join(known)}."
            ) from error


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)
