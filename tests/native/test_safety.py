"""What users do around training: fork, threads, Ctrl-C, thousands of models, errors."""

from __future__ import annotations

import json
import signal
import sys
import textwrap
import threading
import time
from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers, ops
from annette.backends.native.plan import Plan
from annette.training.programs import Step
from tests.primitives.records import needs_native

from .running import child, graph_of, native, output, python, threads, using

pytestmark = needs_native

# What runs in the background is started deaf to Ctrl-C, and its children with it.
NETWORK = """
import signal
import numpy as np
import annette as keras
from annette import layers

signal.signal(signal.SIGINT, signal.default_int_handler)

def network(seed=1, width=128, inputs=200):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [layers.Input((inputs,)), layers.Dense(width, "relu"), layers.Dense(10, "softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model

rng = np.random.default_rng(0)
x = rng.normal(size=(512, 200)).astype("float32")
y = rng.integers(0, 10, 512)
"""


def program(text: str) -> str:
    return NETWORK + textwrap.dedent(text)


# --- processes --------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no fork")
def test_fork_after_training() -> None:
    """A child trains on with the model it was given, and gives what the parent gives."""
    out = python(
        program("""
            import multiprocessing, warnings
            warnings.simplefilter("ignore", DeprecationWarning)  # of fork beside threads
            model = network()
            model.fit(x, y, batch_size=128, verbose=0)

            def work(queue):
                model.fit(x, y, batch_size=128, verbose=0)
                queue.put(model.predict(x, verbose=0))

            context = multiprocessing.get_context("fork")
            queue = context.Queue()
            children = [context.Process(target=work, args=(queue,)) for _ in range(2)]
            for c in children:
                c.start()
            found = [queue.get(timeout=60) for _ in children]
            for c in children:
                c.join(60)
            assert [c.exitcode for c in children] == [0, 0], [c.exitcode for c in children]
            model.fit(x, y, batch_size=128, verbose=0)
            mine = model.predict(x, verbose=0)
            assert all(np.array_equal(f, mine) for f in found)
            print("ok")
        """),
        timeout=120,
        ANNETTE_NUM_THREADS="2",
    )
    assert out == "ok\n"


def test_spawned_processes(tmp_path: Any) -> None:
    path = tmp_path / "spawning.py"
    path.write_text(
        program("""
            import multiprocessing

            def work(seed):
                model = network(seed)
                model.fit(x, y, batch_size=128, verbose=0)
                return model.predict(x, verbose=0)

            if __name__ == "__main__":
                here = [work(s) for s in (1, 2)]
                with multiprocessing.get_context("spawn").Pool(2) as pool:
                    there = pool.map(work, (1, 2))
                assert all(np.array_equal(a, b) for a, b in zip(here, there))
                print("ok")
        """)
    )
    assert output([sys.executable, str(path)], limit=120) == "ok\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no groups of processes")
def test_no_child_of_a_test_outlives_it() -> None:
    """Neither one that hangs, nor those that it has started."""
    text = """
        import subprocess, sys
        inner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        print("ready", flush=True)
        inner.wait()
    """
    command = [sys.executable, "-c", textwrap.dedent(text)]
    with child(command, limit=600) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    assert process.returncode == -signal.SIGKILL
    with child(command, limit=2) as process:
        # The pipe is at its end when the last process that holds it has ended.
        process.communicate()
    assert process.returncode == -signal.SIGKILL


# --- threads ----------------------------------------------------------------------------------------


def train(seed: int, width: int, epochs: int = 3) -> bytes:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(256, 200)).astype("float32"), rng.integers(0, 10, 256)
    inputs = keras.Input((200,))
    start = keras.initializers.GlorotUniform(seed=seed)
    hidden = layers.Dense(width, "relu", kernel_initializer=start)(inputs)
    output = layers.Dense(10, "softmax", kernel_initializer=start)(hidden)
    model = keras.Model(inputs, output)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=64, epochs=epochs, shuffle=False, verbose=0)
    return b"".join(w.tobytes() for w in [*model.get_weights(), model.predict(x, verbose=0)])


@pytest.mark.parametrize("count", [1, 2])
def test_two_python_threads_train_two_models(count: int) -> None:
    jobs = [(1, 128), (2, 300)]
    with using("native"), threads(count):
        alone = [train(*job) for job in jobs]
        for _ in range(3):
            found: list[Any] = [None, None]

            def work(i: int, into: list[Any] = found) -> None:
                into[i] = train(*jobs[i])

            workers = [threading.Thread(target=work, args=(i,)) for i in range(2)]
            for w in workers:
                w.start()
            for w in workers:
                w.join(60)
            assert found == alone


def test_two_python_threads_predict_with_one_model() -> None:
    with using("native"):
        inputs = keras.Input((20,))
        model = keras.Model(inputs, layers.Dense(5, "tanh")(inputs))
        rows = [np.random.default_rng(i).normal(size=(300, 20)).astype("float32") for i in range(4)]
        expected = [model.predict(x, verbose=0) for x in rows]
        wrong: list[int] = []

        def work(i: int) -> None:
            for _ in range(30):
                if not np.array_equal(model.predict(rows[i], verbose=0), expected[i]):
                    wrong.append(i)

        workers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for w in workers:
            w.start()
        for w in workers:
            w.join(60)
        assert not wrong


# --- memory -----------------------------------------------------------------------------------------

GROWTH = """
import gc, sys
def resident():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20

def one(i):
    model = network(i, 64)
    model.train_on_batch(x[:32], y[:32])

kept = network()
kept.fit(x, y, verbose=0)
for i in range(MODELS // 5):
    one(i)
for _ in range(PREDICTS // 5):
    kept.predict(x[:8], verbose=0)
before = resident()
for i in range(MODELS):
    one(i)
models = resident()
for i in range(PREDICTS):
    kept.predict(x[: 1 + i % 40], verbose=0)
print(models - before, resident() - models)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.parametrize(
    ("models", "predicts"),
    [(60, 500), pytest.param(1000, 10_000, marks=pytest.mark.slow)],
)
def test_memory_stays_flat(models: int, predicts: int) -> None:
    text = GROWTH.replace("MODELS", str(models)).replace("PREDICTS", str(predicts))
    by_models, by_predicts = map(float, python(program(text), timeout=900).split())
    print(f"{models} models: {by_models:+.1f} MiB; {predicts} predicts: {by_predicts:+.1f} MiB")
    assert by_models < 8 and by_predicts < 8


def test_programs_kept_are_bounded() -> None:
    """Batches of ever new sizes must not keep a program each."""
    with using("native"):
        model = keras.Sequential([layers.Input((3,)), layers.Dense(2)])
        model.compile("sgd", "mse")
        for rows in range(1, 100):
            x = np.zeros((rows, 3), "float32")
            model.predict(x, verbose=0)
            model.train_on_batch(x, np.zeros((rows, 2)))
            model(x), model(x), model(x)
        steps = [what for what in model._programs.values() if isinstance(what, Step)]
        # Beside the steps there are shapes, which take little.
        assert len(steps) <= 64 and len(model._programs) <= 400 and len(model._called) <= 40


# --- Ctrl-C -----------------------------------------------------------------------------------------

INTERRUPTED = """
import json, os, signal, threading, time
big = np.tile(x, (40, 1)), np.tile(y, 40)
model = network(1, 256)
model.fit(x, y, verbose=0)
sent, waits = 0.0, []

def send(after):
    global sent
    time.sleep(after)
    sent = time.perf_counter()
    os.kill(os.getpid(), signal.SIGINT)

for n in range(COUNT):
    threading.Thread(target=send, args=(0.05 + 0.01 * (n % 10),)).start()
    try:
        model.fit(*big, epochs=100_000, batch_size=32 if n % 2 else 4096, verbose=0)
    except KeyboardInterrupt:
        waits.append(time.perf_counter() - sent)
assert len(waits) == COUNT
# The process and the model live on.
model.fit(x, y, epochs=1, verbose=0)
assert np.isfinite(model.predict(x, verbose=0)).all()
print(json.dumps(waits))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a process")
def test_ctrl_c_is_answered() -> None:
    waits = json.loads(python(program(INTERRUPTED.replace("COUNT", "4")), timeout=120))
    assert len(waits) == 4


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a process")
def test_how_soon_ctrl_c_is_answered() -> None:
    waits = json.loads(python(program(INTERRUPTED.replace("COUNT", "50")), timeout=300))
    print(f"the slowest answer to Ctrl-C of {len(waits)}: {1000 * max(waits):.0f} ms")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a process")
def test_ctrl_c_from_outside() -> None:
    """Unhandled it ends the process as Python ends one, without a crash."""
    text = program("""
        model = network()
        print("ready", flush=True)
        model.fit(x, y, epochs=1_000_000, verbose=0)
    """)
    with child([sys.executable, "-c", text], limit=120) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert "KeyboardInterrupt" in errors and process.returncode in (-signal.SIGINT, 130, 1)


# --- errors -----------------------------------------------------------------------------------------


class Stop(Exception):
    """What the test raises."""


def test_an_error_in_a_numpy_call_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    from annette.backends.native import translate

    count = [0]
    real = translate._numpy_call

    def counted(node: Any) -> Any:
        call = real(node)

        def run(inputs: Any, outputs: Any) -> None:
            count[0] += 1
            if count[0] == 2:
                raise Stop("as asked")
            call(inputs, outputs)

        return run

    monkeypatch.setattr(translate, "_numpy_call", counted)
    x = np.array([3.0, 1.0, 2.0])
    made = native().compile(graph_of(lambda x: ops.sort(x) + 1.0, [x]))
    np.testing.assert_array_equal(made([x])[0], [2, 3, 4])
    with pytest.raises(Stop, match="as asked"):
        made([x])
    # The program is whole afterwards.
    np.testing.assert_array_equal(made([x])[0], [2, 3, 4])


def test_an_error_in_rows_leaves_the_program_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    from annette.backends.native import translate

    def failing(node: Any) -> Any:
        def run(inputs: Any, outputs: Any) -> None:
            raise Stop

        return run

    monkeypatch.setattr(translate, "_numpy_call", failing)
    x = np.ones((4, 3))
    made = native().compile(graph_of(ops.sort, [x]))
    for _ in range(3):
        with pytest.raises(Stop):
            made.run_rows([np.ones((12, 3))], None, 0, 12, 4, 10.0)


def test_a_plan_is_the_same_every_time() -> None:
    x = np.ones((30, 40), "float32")

    def function(x: Any) -> Any:
        y = ops.softmax(ops.matmul(x, ops.transpose(x)))
        return ops.sum(y * 2.0, axis=0), ops.tanh(y)

    plans = [Plan(native().core, graph_of(function, [x]), []) for _ in range(2)]
    forms = [[[item.name for item in u.items] for u in p.units] for p in plans]
    assert forms[0] == forms[1] and plans[0].arena_bytes == plans[1].arena_bytes
