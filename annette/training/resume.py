"""Training that goes on after an interruption: what is kept, when, and how it is taken up again."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from annette.training.callbacks.backup_and_restore import BackupAndRestore
from annette.training.callbacks.callback_list import CallbackList
from annette.training.chance import are_random_states, random_states, set_random_states
from annette.training.data import DataSource
from annette.training.fingerprint import differences, fingerprint
from annette.training.keeping import Place
from annette.training.plausible import (
    Check,
    dict_of,
    is_count,
    is_flag,
    is_log,
    is_numeric,
    is_plain,
    or_none,
)
from annette.training.variables import (
    misfits,
    own_states,
    set_own_states,
    set_variables,
    variables_of,
)
from annette.utils import tree
from annette.utils.io import print_msg
from annette.utils.warning import warn

_FORMAT = 1
# "auto": seconds between two checkpoints at least, and as many times what one takes.
_PAUSE, _SHARE = 10.0, 20.0
# ... and an epoch of so many seconds may be kept within, so that epochs run one at a time.
_LONG_EPOCH = 1.0


_are_arrays = dict_of(lambda value: isinstance(value, np.ndarray))
_are_stores = dict_of(_are_arrays)


def _are_callbacks(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(v, list) and len(v) == 2 and isinstance(v[0], str) for v in value
    )


def _is_final(value: Any) -> bool:
    return value is None or (
        isinstance(value, dict)
        and all(fits(value.get(name)) for name, fits in _FINAL.items())
        and _are_arrays(value.get("variables"))
    )


# What a state is made of: a file that is whole may still be none that a run wrote.
_FINAL: dict[str, Check] = {
    "own": _are_stores, "callbacks": _are_callbacks, "random": are_random_states,
}  # fmt: skip
_PARTS: dict[str, Check] = {
    **_FINAL,
    **dict.fromkeys(("number", "epoch", "batch"), is_count),
    **dict.fromkeys(("begun_with", "started_with"), are_random_states),
    "is": dict_of(is_plain),
    "logs": dict_of(is_log),
    "source": dict_of(lambda value: True),
    "validation": or_none(dict_of(lambda value: True)),
    "stopped": is_flag,
    "variables": _are_arrays,
    "final": _is_final,
}


class Keeper:
    """Keeps the state of one run of training with a `BackupAndRestore`, and takes it up again."""

    def __init__(self, backup: BackupAndRestore) -> None:
        self.backup = backup
        whole = isinstance(backup.save_freq, (int, np.integer))
        self._every = int(backup.save_freq) if whole else 0  # batches
        self._auto = backup.save_freq == "auto"
        self._batches = 0  # since the last checkpoint
        self._number = 0  # of the next checkpoint
        self._slot = 0  # the file of the last one
        self._saved_at = time.monotonic()
        self._cost = 0.0
        self._epoch_begin, self._epoch_seconds = self._saved_at, math.inf
        self._before_end: dict[str, Any] | None = None
        self._found = self._loaded()
        self._came_with = random_states()
        # What the data draws when it is looked at first is then what it drew when the run began.
        self._begun_with = self._came_with if self._found is None else self._found[0]["begun_with"]
        set_random_states(self._begun_with)

    def _loaded(self) -> tuple[dict[str, Any], int] | None:
        found = self.backup.load()
        if found is None:
            return None
        where = f"The checkpoint in {self.backup.backup_dir!r}"
        state = found[0]
        if state.get("format") != _FORMAT:
            raise ValueError(
                f"{where} has format {state.get('format')!r}; this version of annette knows "
                f"{_FORMAT}. Remove the folder to train from the beginning."
            )
        wrong = [n for n in sorted(_PARTS) if n not in state or not _PARTS[n](state[n])]
        if wrong:
            raise ValueError(
                f"{where} is no whole one: it has no {', '.join(wrong)} as they should be. Remove the "
                "folder to train from the beginning."
            )
        return found

    # --- beginning ----------------------------------------------------------------------------

    def begin(
        self, model: Any, source: DataSource, validation: DataSource | None,
        callbacks: CallbackList, settings: dict[str, Any], first: Place, epochs: int,
    ) -> Place:  # fmt: skip
        """Take up the run in the folder, or begin one there; callbacks are told of the beginning.

        Raises:
            ValueError: if what is in the folder is of another run.
            OSError: if the folder cannot be read or written.
        """
        self._model, self._source, self._validation = model, source, validation
        self._callbacks = callbacks
        self._is = fingerprint(model, source, validation, settings)
        if self._found is None:
            if (callbacks.params or {}).get("resumed"):
                callbacks.set_params({**callbacks.params, "resumed": False})
            callbacks.on_train_begin()
            self._started_with = random_states()
            self._write(self._state(first.epoch, 0, {}))
            return first
        (state, self._slot), self._found = self._found, None
        try:
            self._check(state)
        except ValueError:
            set_random_states(self._came_with)
            raise
        self._number = state["number"] + 1
        return self._take_up(state, epochs)

    def _check(self, state: dict[str, Any]) -> None:
        said = differences(state["is"], self._is)
        if not said:
            values = {**state["variables"], **(state["final"] or {}).get("variables", {})}
            said = "; ".join(misfits(variables_of(self._model), values)[:5])
            if said and not all(layer.built for layer in self._model._flatten_layers()):
                said += " (the model is not built yet: call it on data, or build it, before fit)"
        if not said:
            pairs = ((self._source, state["source"]), (self._validation, state["validation"]))
            if any(kept is not None and set(kept) != _asked(source) for source, kept in pairs):
                said = "the place in the data is kept in another way"
        said = said or self._unlikely(state)
        if said:
            raise ValueError(
                f"The checkpoint in {self.backup.backup_dir!r} is of another training run: {said}. "
                "Train with what it was begun with, or choose another folder (or remove this one) "
                "to train from the beginning."
            )

    def _unlikely(self, state: dict[str, Any]) -> str:
        """Say what no run comes to: what would be gone through again is bounded by what was done."""
        histories = [kept for name, kept in state["callbacks"] if name == "History"]
        epochs = state["epoch"]
        for kept in histories:
            if isinstance(kept, dict) and isinstance(kept.get("epoch"), list):
                epochs = min(epochs, len(kept["epoch"]))
        if not self._source.could_be(state["source"], epochs, state["batch"]):
            return "the place in the data is none that so many epochs come to"
        validation = self._validation
        kept = state["validation"]
        if validation is not None and kept and not validation.could_be(kept, epochs, 0):
            return "the place in the validation data is none that so many epochs come to"
        if state["batch"] and not all(map(or_none(is_numeric), tree.flatten(state["logs"]))):
            return "the metrics within the epoch are no numbers"
        return ""

    def _take_up(self, state: dict[str, Any], epochs: int) -> Place:
        place = Place(
            state["epoch"], state["batch"], state["logs"], stopped=state["stopped"], finished=False
        )
        over = not place.batch and (place.stopped or place.epoch >= epochs)
        if over and state["final"] is not None:
            final = state["final"]
            with self._all_or_nothing():
                self._set({**state["variables"], **final["variables"]}, final, told=False)
            self._say(f"ended after epoch {place.epoch}; nothing is trained again")
            return place._replace(finished=True)
        callbacks = self._callbacks
        self._say(f"goes on in epoch {place.epoch + 1}, after {place.batch} of its batches")
        callbacks.set_params({**(callbacks.params or {}), "resumed": True})
        callbacks.on_train_begin()
        if place.batch:
            # before anything is set, so that what it changes is not changed twice
            callbacks.on_epoch_begin(place.epoch)
        with self._all_or_nothing():
            self._started_with = state["started_with"]
            set_random_states(self._started_with)  # what data gone through again draws from
            if not place.stopped:
                self._source.set_state(state["source"], place.epoch, place.batch)
                if self._validation is not None and state["validation"] is not None:
                    self._validation.set_state(state["validation"], 0, 0)
            self._set(state["variables"], state, told=True)
        self._saved_at = time.monotonic()
        return place

    @contextlib.contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """Set all variables back if something fails within."""
        variables = variables_of(self._model)
        before = {name: v.numpy() for name, v in variables.items()}
        try:
            yield
        except BaseException:
            set_variables(variables, before)
            raise

    def _say(self, what: str) -> None:
        if (self._callbacks.params or {}).get("verbose"):
            print_msg(f"The training that is kept in {self.backup.backup_dir!r} {what}.")

    def _set(self, values: dict[str, Any], state: dict[str, Any], told: bool) -> None:
        """Set variables, callbacks and random generators."""
        set_own_states(self._model, state["own"])
        set_variables(variables_of(self._model), values)
        self._set_callbacks(state["callbacks"], told)
        set_random_states(state["random"])

    # --- callbacks ----------------------------------------------------------------------------

    def _callback_states(self) -> list[Any]:
        return [
            [type(c).__name__, c.get_state() if hasattr(c, "get_state") else None]
            for c in self._callbacks.callbacks
        ]

    def _set_callbacks(self, states: list[Any], told: bool) -> None:
        """Give each callback its state; those of one class are told apart by their order."""
        waiting: dict[str, list[Any]] = {}
        for name, state in states:
            waiting.setdefault(name, []).append(state)
        new = []
        for callback in self._callbacks.callbacks:
            name = type(callback).__name__
            kept = waiting.get(name)
            if not kept:
                new += [name] if told and _remembers(callback) else []
                continue
            state = kept.pop(0)
            if state is not None:
                _give(callback, state)
        gone = [n for n, kept in waiting.items() for state in kept if state is not None]
        if told and (new or gone):
            said = [f"{', '.join(new)} was not there"] if new else []
            said += [f"{', '.join(gone)} was there"] if gone else []
            warn(f"The training that goes on had other callbacks: {' and '.join(said)}.")

    # --- while training -----------------------------------------------------------------------

    def lets_epochs_run(self) -> bool:
        """Say whether epochs may run many at a time: none is so long that it must be kept within."""
        return not self._every and (not self._auto or self._epoch_seconds < _LONG_EPOCH)

    def wants_epoch(self) -> bool:
        """Say whether the end of the epoch that runs is to be kept."""
        return self.backup.save_freq == "epoch" or self._is_time()

    def stop_before(self, place: int, stop: int, rows: int) -> int:
        """Return the row before which to stop for a checkpoint, batches being of so many rows."""
        return min(stop, place + (self._every - self._batches) * rows) if self._every else stop

    def _is_time(self) -> bool:
        pause = max(_PAUSE, _SHARE * self._cost)
        return self._auto and time.monotonic() - self._saved_at >= pause

    def after_batches(self, epoch: int, done: int, count: int, logs: Any) -> None:
        """Save if it is time, `done` batches of the epoch being done, `count` since it was asked."""
        self._batches += count
        if self._model.stop_training:
            return  # the end of the epoch comes at once
        if (self._every and self._batches >= self._every) or self._is_time():
            self._batches = 0
            self._save(epoch, done, dict(logs))

    def after_epoch(self, epoch: int, logs: dict[str, Any]) -> None:
        """Save if it is time, the epoch being over."""
        self._epoch_seconds = time.monotonic() - self._epoch_begin
        if self.wants_epoch():
            self._save(epoch + 1, 0, logs)
        self._epoch_begin = time.monotonic()

    def before_end(self, epoch: int, logs: dict[str, Any]) -> None:
        """Note what a longer run would go on with, before the end changes weights."""
        state = None if self.backup.delete_checkpoint else self._known_state(epoch, 0, logs)
        if state is not None:
            state["variables"] = {name: np.array(v) for name, v in state["variables"].items()}
            self._before_end = state

    def finish(self) -> None:
        """Save that training has ended, and with what; or remove the checkpoints."""
        if self.backup.delete_checkpoint:
            self.backup.remove()
            return
        state = self._before_end
        final = None if state is None else self._known_state(state["epoch"], 0, {})
        if state is None or final is None:
            return  # which was warned of
        changed = {
            name: value
            for name, value in final["variables"].items()
            if name not in state["variables"] or _differ(value, state["variables"][name])
        }
        kept = {key: final[key] for key in ("own", "callbacks", "random")}
        state["final"] = {"variables": changed, **kept}
        self._try(state)

    def _state(self, epoch: int, batch: int, logs: dict[str, Any]) -> dict[str, Any]:
        stopped = not batch and bool(self._model.stop_training or self._source.exhausted)
        validation = self._validation
        return {
            "format": _FORMAT,
            "number": self._number,
            "is": self._is,
            "epoch": epoch,
            "batch": batch,
            "logs": logs,
            "stopped": stopped,
            "variables": {name: v.array for name, v in variables_of(self._model).items()},
            "own": own_states(self._model),
            "begun_with": self._begun_with,
            "started_with": self._started_with,
            "random": random_states(),
            "source": self._source.get_state(epoch, batch),
            "validation": None if validation is None else validation.get_state(0, 0),
            "callbacks": self._callback_states(),
            "final": None,
        }

    def _known_state(self, epoch: int, batch: int, logs: dict[str, Any]) -> dict[str, Any] | None:
        """Return the state; None, with a warning, if a callback cannot bring its file to the disk."""
        try:
            return self._state(epoch, batch, logs)
        except OSError as error:
            self._warn(error)
            return None

    def _save(self, epoch: int, batch: int, logs: dict[str, Any]) -> None:
        state = self._known_state(epoch, batch, logs)
        if state is not None:
            self._try(state)

    def _try(self, state: dict[str, Any]) -> None:
        """Write a checkpoint; one that cannot be written is no reason to lose the run."""
        begin = time.monotonic()
        try:
            self._write(state)
        except OSError as error:
            self._warn(error)
        self._saved_at = time.monotonic()
        self._cost = self._saved_at - begin

    def _write(self, state: dict[str, Any]) -> None:
        self._slot = self.backup.save(state, self._slot)
        self._number += 1

    def _warn(self, error: OSError) -> None:
        warn(
            f"A checkpoint of training could not be written, and training goes on without it; the "
            f"one before is as it was. {error}",
            RuntimeWarning,
        )


def _remembers(callback: Any) -> bool:
    return hasattr(callback, "get_state") and callback.get_state() is not None


def _give(callback: Any, state: Any) -> None:
    """Give a callback its state.

    Raises:
        ValueError: if it cannot take it up, with the error that it raised.
    """
    try:
        callback.set_state(state)
    except (KeyError, TypeError, IndexError, AttributeError, ValueError) as error:
        raise ValueError(
            f"{type(callback).__name__} could not take up what it had told before training was "
            f"interrupted ({type(error).__name__}: {error}). Its set_state must take what its "
            "get_state returned; or remove the folder to train from the beginning."
        ) from error


def _asked(source: DataSource | None) -> set[str]:
    return set() if source is None else set(source.get_state(0, 0))


def _differ(a: np.ndarray, b: np.ndarray) -> bool:
    return a.tobytes() != b.tobytes()
