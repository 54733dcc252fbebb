"""Whether a run is kept, and where it begins; `resume` is imported where one is."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from annette.training.callbacks.backup_and_restore import BackupAndRestore
from annette.utils import tree

if TYPE_CHECKING:
    from annette.training.resume import Keeper


class Place(NamedTuple):
    """Where training begins or goes on."""

    epoch: int
    batch: int = 0  # batches of the epoch that are done
    logs: dict[str, Any] | None = None  # of the last batch or epoch
    stopped: bool = False  # nothing is left but the end
    finished: bool = False  # nor that


@contextlib.contextmanager
def keeping(resume: Any, callbacks: Any) -> Iterator[Keeper | None]:
    """Give what keeps the run, if `fit` has a folder or a `BackupAndRestore` for that.

    Raises:
        ValueError: if both are given, or several; if what is in the folder is damaged.
        TypeError: if `resume` is neither a path nor a `BackupAndRestore`.
        OSError: if the folder cannot be read or made; BlockingIOError if another run is in it.
    """
    backup = _backup_of(resume, callbacks)
    if backup is None:
        yield None
        return
    from annette.training.resume import Keeper

    with backup.held():
        yield Keeper(backup)


def _backup_of(resume: Any, callbacks: Any) -> BackupAndRestore | None:
    listed = getattr(callbacks, "callbacks", None) or tree.flatten(callbacks or [])
    found = [c for c in listed if isinstance(c, BackupAndRestore)]
    if resume is not None and resume is not False:
        if isinstance(resume, BackupAndRestore):
            found.append(resume)
        elif isinstance(resume, (str, os.PathLike)):
            found.append(BackupAndRestore(resume, save_freq="auto", delete_checkpoint=False))
        else:
            raise TypeError(
                "fit expects resume to be a folder's path or a BackupAndRestore; it got "
                f"{resume!r}."
            )
    if len(found) > 1:
        raise ValueError(
            "fit keeps a run in one folder: give resume or one BackupAndRestore, not several."
        )
    return found[0] if found else None
