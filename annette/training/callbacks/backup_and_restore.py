"""BackupAndRestore: training that goes on exactly where it was interrupted."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from annette.training.callbacks.callback import Callback
from annette.training.plausible import is_count
from annette.utils.warning import warn

if TYPE_CHECKING:
    from pathlib import Path

# The files of a folder; the second one with `double_checkpoint`, written by turns.
FILES = ("checkpoint.annette", "checkpoint-2.annette")


class BackupAndRestore(Callback):
    """Keeps the state of training in a file, from which the same program goes on after an interruption.

    The run that goes on has the same bits as one that was never interrupted: weights, optimizer,
    metrics, random generators, the order of the rows, the history, and what callbacks remember
    (`get_state`). ``fit(resume=folder)`` does the same with ``save_freq="auto"`` and
    ``delete_checkpoint=False``.

    A checkpoint is one file with checksums, written beside its place and renamed when it is whole.
    One that cannot be written while training is warned of, and training goes on: the former one
    stays. The first one is written before training, where failing costs nothing: it raises.

    Args:
        backup_dir: a folder for this run alone.
        save_freq: ``"epoch"``, after how many batches to save, or ``"auto"``: at the end of an
            epoch or within one, so often that saving takes a small part of the time (at most a
            twentieth, and not more than once in 10 seconds).
        double_checkpoint: whether to keep the last checkpoint but one as well, in case the disk
            damages the last one.
        delete_checkpoint: whether to remove the checkpoints when training has ended. If not, a
            further run does not train again: it has the weights and the history at once, and goes
            on from there if `epochs` is more.

    Raises:
        ValueError: for a wrong argument; when training begins, if the folder has the checkpoint of
            another run (other data, another model or other arguments), or a damaged one.
        OSError: when training begins, if the folder cannot be read or written, or another run has
            it (BlockingIOError; on POSIX).
    """

    def __init__(
        self,
        backup_dir: Any,
        save_freq: Any = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        folder = os.fspath(backup_dir) if hasattr(backup_dir, "__fspath__") else backup_dir
        if not isinstance(folder, str) or not folder:
            raise ValueError(
                f"BackupAndRestore expects backup_dir to be a folder's path; it got {backup_dir!r}."
            )
        whole = isinstance(save_freq, (int, np.integer)) and not isinstance(save_freq, bool)
        if save_freq not in ("epoch", "auto") and not (whole and save_freq > 0):
            raise ValueError(
                "BackupAndRestore expects save_freq to be 'epoch', 'auto' or a number of batches; "
                f"it got {save_freq!r}."
            )
        self.backup_dir = folder
        self._folder = _path(folder)  # while it is held, wherever the program changes its own to
        self.save_freq = save_freq
        self.double_checkpoint = bool(double_checkpoint)
        self.delete_checkpoint = bool(delete_checkpoint)

    def _paths(self) -> list[Path]:
        return [self._folder / name for name in FILES]

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Make the folder, keep it for this run, and remove what a run that was killed left in it.

        Raises:
            OSError: if that cannot be done; BlockingIOError if another run is in it.
        """
        from annette.saving import lock

        self._folder = folder = _path(self.backup_dir).absolute()
        with lock.alone_in(folder):
            for left in folder.glob(".annette-*.unfinished"):
                with contextlib.suppress(OSError):
                    left.unlink()
            yield
        if self.delete_checkpoint and not any(path.exists() for path in self._paths()):
            with contextlib.suppress(OSError):  # something else is in it
                os.rmdir(folder)

    def load(self) -> tuple[Any, int] | None:
        """Return the last state that was saved and the number of its file; None if there is none.

        Raises:
            ValueError: if the file is damaged, and there is no other one.
            OSError: if it cannot be read.
        """
        from annette.saving.checkpoint import read_checkpoint

        found: list[tuple[int, int, Any]] = []
        problems: list[Exception] = []
        for number, path in enumerate(self._paths()):
            if not path.exists():
                continue
            try:
                state = read_checkpoint(path)
                if not isinstance(state, dict) or not is_count(state.get("number")):
                    raise ValueError(f"The file {str(path)!r} has no state of a training run.")
                found.append((state["number"], number, state))
            except (ValueError, OSError) as error:
                problems.append(error)
        if problems and not found:
            raise ValueError(
                f"Training cannot go on from the folder {self.backup_dir!r}: {problems[0]} Remove "
                "the folder to train from the beginning."
            ) from problems[0]
        if not found:
            return None
        if problems:
            warn(f"Training goes on from an older checkpoint: {problems[0]}")
        _, place, state = max(found, key=lambda item: item[0])
        return state, place

    def save(self, state: Any, place: int) -> int:
        """Write a state; return the number of the file, which is another than `place` if two are kept.

        Raises:
            OSError: if it cannot be written; the files are as they were then.
        """
        from annette.saving.checkpoint import write_checkpoint

        place = 1 - place if self.double_checkpoint else place
        write_checkpoint(self._paths()[place], state)
        return place

    def remove(self) -> None:
        """Remove the checkpoints."""
        try:
            for path in self._paths():
                path.unlink(missing_ok=True)
        except OSError as error:
            warn(f"The checkpoints in {self.backup_dir!r} could not be removed ({error}).")


def _path(folder: str) -> Path:
    from pathlib import Path  # only where a run is kept: it takes 3 ms to import

    return Path(folder)
