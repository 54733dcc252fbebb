"""A program whose training is killed again and again, and one that kills it.

`python interrupted.py FOLDER KILLS SEED` forks runs of training, kills each at a random moment or in a
random call of the system, and starts it again; it prints what came of it as JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path

import numpy as np

import annette as keras
from annette.saving import files
from annette.saving.checkpoint import read_checkpoint

EPOCHS, ROWS, BATCH = 6, 130, 16
SPAN = 0.5  # seconds in which a kill comes
CALLS = ("_open", "_fsync", "_replace", "write")


def data():
    generator = np.random.default_rng(0)
    x = generator.random((ROWS, 6)).astype("float32")
    return x, (x.sum(1, keepdims=True) > 3).astype("float32")


def network():
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(16, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy", "auc"])
    return model


def callbacks(folder):
    here = keras.callbacks
    return [
        here.EarlyStopping(monitor="val_loss", patience=4, restore_best_weights=True),
        here.ReduceLROnPlateau(monitor="val_auc", factor=0.5, patience=1, cooldown=1, mode="max"),
        here.CSVLogger(folder / "log.csv"),
        here.ModelCheckpoint(folder / "epoch-{epoch}.keras", max_to_keep=2),
    ]


def train(folder, resume=True):
    """Train, from where it was interrupted; return a digest of all that it came to."""
    x, y = data()
    model = network()
    backup = keras.callbacks.BackupAndRestore(folder / "run", save_freq=3, delete_checkpoint=False)
    found = callbacks(folder)
    history = model.fit(
        x, y, batch_size=BATCH, epochs=EPOCHS, validation_split=0.2, verbose=0, callbacks=found,
        resume=backup if resume else None,
    )  # fmt: skip
    return digest(model, history, folder, found)


def digest(model, history, folder, found):
    variables = [*model.variables, *model.optimizer.variables]
    parts = [v.numpy().tobytes() for v in variables]
    parts += [repr(sorted(history.history.items())).encode(), repr(history.epoch).encode()]
    parts += [(folder / "log.csv").read_bytes(), repr(sorted(saved(folder))).encode()]
    parts += [repr([c.best for c in found[:2]]).encode(), repr(np.random.rand()).encode()]
    return [hashlib.sha256(part).hexdigest() for part in parts]


def saved(folder):
    return [path.name for path in folder.glob("epoch-*.keras")]


def check(folder):
    """Every file that is there can be loaded."""
    for path in folder.glob("run/*.annette"):
        read_checkpoint(path)
    for path in folder.glob("epoch-*.keras"):
        keras.models.load_model(path)


def die_in(call, number):
    """Let the process be killed in the n-th call of some kind, before or after it has done its work."""
    left = [number]

    def dying(real, *args, **kwargs):
        left[0] -= 1
        late = number % 2
        if left[0] == 0 and not late:
            os.kill(os.getpid(), signal.SIGKILL)
        found = real(*args, **kwargs)
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    if call == "write":
        real_write = files.Hashing.write
        files.Hashing.write = lambda self, data: dying(real_write, self, data)
    else:
        real_call = getattr(files, call)
        setattr(files, call, lambda *args, **kwargs: dying(real_call, *args, **kwargs))


def forked(work):
    """Do some work in a child; return its process id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def run_once(folder, result, seconds, call, number):
    """Run the training in a child and kill it; say whether it came to its end before."""

    def work():
        check(folder)
        keras.utils.set_random_seed(
            number
        )  # what the restarted program begins with must not matter
        if call is not None:
            die_in(call, number)
        result.write_text(json.dumps(train(folder)))

    child = forked(work)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise SystemExit("the training failed")
    return os.WIFEXITED(status)


def main(folder, kills, seed):
    chance = random.Random(seed)
    start, never = folder / "start", folder / "never"

    def begin_only():
        """What all runs go on from, whatever random numbers their programs begin with."""
        keras.utils.set_random_seed(1)
        keras.callbacks.BackupAndRestore.save = stop_after(keras.callbacks.BackupAndRestore.save)
        train(start)

    def never_interrupted():
        keras.utils.set_random_seed(1)
        (folder / "expected").write_text(json.dumps(train(never, resume=False)))

    for place, work in ((start, begin_only), (never, never_interrupted)):
        place.mkdir(parents=True)
        os.waitpid(forked(work), 0)
    expected = json.loads((folder / "expected").read_text())
    done = ends = 0
    while done < kills:
        here = folder / f"try-{ends}"
        shutil.copytree(start, here)
        while True:
            by_time = chance.random() < 0.5 and done < kills
            call = None if by_time or done >= kills else chance.choice(CALLS)
            seconds = chance.random() * SPAN if by_time else None
            result = folder / "result"
            if run_once(here, result, seconds, call, chance.randrange(1, 60)):
                break
            done += 1
        left = [p.name for p in (here / "run").iterdir() if p.name.endswith(".unfinished")]
        if json.loads(result.read_text()) != expected or left:
            raise SystemExit(f"run {ends} came to something else: {left}")
        shutil.rmtree(here)
        ends += 1
    print(json.dumps({"kills": done, "runs": ends, "equal": ends}))


def stop_after(save):
    def saving(self, *args):
        save(self, *args)
        os._exit(0)

    return saving


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
