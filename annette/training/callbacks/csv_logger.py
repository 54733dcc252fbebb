"""CSVLogger: the metrics of each epoch as a row of a CSV file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from annette.training.callbacks.callback import Callback, Logs
from annette.training.plausible import check_parts, is_count, is_flag, is_text, list_of, or_none
from annette.utils.warning import warn

_KEPT = {"size": or_none(is_count), "keys": or_none(list_of(is_text)), "append_header": is_flag}


class CSVLogger(Callback):
    """Writes every epoch's metrics to a CSV file as they come.

    The columns are ``epoch`` and the metrics of the first epoch in the order of their names; a
    metric that is missing in an epoch is ``NA``. A run that goes on after an interruption takes the
    lines off that were written after its checkpoint, so that no line is missing or there twice.

    Args:
        filename: the file's name.
        separator: what stands between two values.
        append: whether to go on with an existing file instead of writing it anew.
    """

    def __init__(
        self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False
    ) -> None:
        super().__init__()
        self.sep = separator
        self.filename = os.fspath(filename)
        self.append = append
        self.append_header = True
        self.keys: list[str] | None = None
        self.writer: Any = None
        self.csv_file: Any = None
        self._named = False  # the file's name is on the disk

    def on_train_begin(self, logs: Logs = None) -> None:
        """Open the file."""
        goes_on = self.append or (self.params or {}).get("resumed", False)
        self.append_header = True
        if goes_on and os.path.exists(self.filename):
            with open(self.filename, encoding="utf-8") as file:
                self.append_header = not file.readline()
        self._open("a" if goes_on else "w")
        self.writer = None
        self.keys = None

    def get_state(self) -> Any:
        """Return how much of the file is written, all of it being on the disk."""
        if self.csv_file is None or self.csv_file.closed:
            return {"size": None, "keys": self.keys, "append_header": self.append_header}
        from annette.saving.files import bring_to_disk

        bring_to_disk(self.csv_file, folder=not self._named)
        self._named = True
        return {
            "size": os.fstat(self.csv_file.fileno()).st_size,
            "keys": self.keys,
            "append_header": self.append_header,
        }

    def set_state(self, state: Any) -> None:
        """Cut the file to what was written of it then, and go on there."""
        check_parts(type(self).__name__, state, _KEPT)
        self.keys, self.append_header = state["keys"], state["append_header"]
        if self.csv_file is None or self.csv_file.closed or state["size"] is None:
            return
        found = os.fstat(self.csv_file.fileno()).st_size
        if found < state["size"]:
            warn(
                f"CSVLogger goes on with {self.filename!r}, which has {found} bytes; it had "
                f"{state['size']} when training was interrupted. The lines between are missing."
            )
            self.append_header = found == 0
            return
        self.csv_file.truncate(state["size"])
        if self.keys is not None:
            self.writer = self._csv_writer()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Write the epoch's row."""
        logs = logs or {}
        if self.keys is None:
            self.keys = sorted(logs)
            if not any(key.startswith("val_") for key in self.keys):
                # validation may come in a later epoch only
                self.keys += [f"val_{key}" for key in self.keys]
        if self.writer is None:
            self.writer = self._csv_writer()
            if self.append_header:
                self.writer.writerow(["epoch", *self.keys])
        self.writer.writerow([epoch, *(_cell(logs.get(key, "NA")) for key in self.keys)])
        self.csv_file.flush()

    def on_train_end(self, logs: Logs = None) -> None:
        """Close the file."""
        self._close()
        self.writer = None

    def _open(self, mode: str) -> None:
        self._close()
        self._named = False
        self.csv_file = open(  # noqa: SIM115 - open until the training ends
            self.filename, mode, encoding="utf-8", newline=""
        )

    def _csv_writer(self) -> Any:
        import csv

        return csv.writer(self.csv_file, delimiter=self.sep)

    def _close(self) -> None:
        if self.csv_file is not None and not self.csv_file.closed:
            self.csv_file.close()


def _cell(value: Any) -> Any:
    """Return a value as it is written; several in one cell as a quoted list."""
    if isinstance(value, str) or not isinstance(value, Iterable) or getattr(value, "ndim", 1) == 0:
        return value
    return f'"[{", ".join(map(str, value))}]"'
