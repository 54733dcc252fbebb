"""Which backend is in use, what `annette info` says of it, and its number of threads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import annette as keras
from annette import config
from annette.backends import available_backends, current_backend, set_backend
from annette.backends.native import is_built
from tests.primitives.records import needs_jax, needs_native
from tests.programs import ROOT, annette

WORK = "import annette, numpy; print(annette.config.backend())"
WORKERS = """
import multiprocessing, annette
def work(_):
    return annette.config.backend()
if __name__ == "__main__":
    print(work(0), *multiprocessing.get_context("spawn").Pool(2).map(work, range(2)))
"""


def run(code, **environment):
    settings = {k: v for k, v in os.environ.items() if not k.startswith("ANNETTE_")}
    settings.update(environment, PYTHONPATH=str(ROOT), OPENBLAS_NUM_THREADS="1")
    return subprocess.run(
        [sys.executable, *(("-c", code) if isinstance(code, str) else (str(code),))],
        capture_output=True, text=True, env=settings, timeout=120, check=True,
    )  # fmt: skip


@pytest.fixture
def restored():
    before = current_backend()
    count = before.threads()
    yield
    set_backend(before.name)
    if count is not None:
        config.set_num_threads(count)


@needs_native
def test_the_native_backend_is_the_default_and_says_nothing():
    done = run(WORK)
    assert (done.stdout, done.stderr) == ("native\n", "")


def test_an_environment_variable_chooses():
    done = run(WORK, ANNETTE_BACKEND="numpy")
    assert (done.stdout, done.stderr) == ("numpy\n", "")


@needs_native
def test_an_empty_choice_is_none():
    assert run(WORK, ANNETTE_BACKEND="").stdout == "native\n"


def test_importing_does_not_load_the_core():
    done = run("import annette, sys; print([m for m in sys.modules if 'native' in m])")
    assert done.stdout == "[]\n"


def test_without_the_core_numpy_serves_and_one_line_says_so(tmp_path: Path):
    done = run(f"{WORK}; annette.backends.current_backend()", ANNETTE_CORE=str(tmp_path / "none"))
    assert done.stdout == "numpy\n"
    assert done.stderr.count("annette runs on NumPy") == 1
    assert done.stderr.count("\n") == 1 and "ANNETTE_BACKEND=numpy" in done.stderr


def test_where_nothing_was_compiled_the_line_says_how_to_mend_it():
    hidden = "import annette.backends.native as native; native.is_built = lambda: False"
    done = run(f"{hidden}; import annette; print(annette.backends.available_backends()); {WORK}")
    assert "native" not in done.stdout and done.stdout.endswith("numpy\n")
    assert (
        "its core is not compiled; install annette where there is a C++20 compiler" in done.stderr
    )


def test_workers_do_not_say_it_again(tmp_path: Path):
    program = tmp_path / "program.py"
    program.write_text(WORKERS)
    done = run(program, ANNETTE_CORE=str(tmp_path / "none"))
    assert done.stdout == "numpy numpy numpy\n"
    assert done.stderr.count("annette runs on NumPy") == 1


def test_asking_for_a_core_that_is_not_there_fails(tmp_path: Path):
    with pytest.raises(subprocess.CalledProcessError) as error:
        run(WORK, ANNETTE_BACKEND="native", ANNETTE_CORE=str(tmp_path / "none"))
    assert "ImportError" in error.value.stderr


def test_available_backends():
    assert ("native" in available_backends()) == is_built()
    assert "numpy" in available_backends()


@needs_native
def test_info_says_what_runs(tmp_path: Path):
    text = annette("info", cwd=tmp_path, ANNETTE_BACKEND="native", ANNETTE_NUM_THREADS="3").stdout
    lines = dict(line.split("  ", 1) for line in text.splitlines())
    found = {name: value.strip() for name, value in lines.items()}
    assert found["backend"].startswith("native")
    assert found["threads"] == "3"
    assert "baseline" in found["instruction set"] or "neon" in found["instruction set"]
    assert {"annette", "Python", "NumPy", "core"} <= set(found)


SEEDED = """
import random
import numpy, annette
annette.utils.set_random_seed(3)
annette.Sequential([annette.Input((3,)), annette.layers.Dense(2)]).predict(numpy.ones((1, 3)), verbose=0)
print(numpy.random.rand(), random.random())
"""


@pytest.mark.parametrize(
    "name", ["native", pytest.param("jax", marks=[needs_jax, pytest.mark.slow])]
)
def test_a_backend_that_comes_late_draws_no_random_numbers(name):
    """What a program draws after its seed does not depend on which backend computes."""
    expected = run(SEEDED, ANNETTE_BACKEND="numpy").stdout
    assert run(SEEDED, ANNETTE_BACKEND=name).stdout == expected


def test_info_says_why_the_native_backend_is_not_in_use(tmp_path: Path):
    text = annette("info", cwd=tmp_path, ANNETTE_BACKEND="numpy").stdout
    assert "native backend   not in use: " in text
    missing = str(tmp_path / "none")
    text = annette("info", cwd=tmp_path, ANNETTE_BACKEND="numpy", ANNETTE_CORE=missing).stdout
    assert "its core cannot be loaded" in text


@needs_native
def test_threads_can_be_set_and_change_no_result(restored):
    set_backend("native")
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((700,)), keras.layers.Dense(200)])
    x = np.random.default_rng(0).random((300, 700), dtype="float32")
    results = []
    for count in (1, 2, np.int64(3)):
        config.set_num_threads(count)
        assert config.num_threads() == count
        results.append(model.predict(x, verbose=0))
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


@pytest.mark.parametrize("count", [0, -1, 257, True])
def test_a_number_of_threads_out_of_range(count):
    with pytest.raises(ValueError, match="from 1 to 256; it got"):
        config.set_num_threads(count)


@pytest.mark.parametrize("count", [2.0, "2", None])
def test_a_number_of_threads_that_is_none(count):
    with pytest.raises(TypeError, match="whole number of threads"):
        config.set_num_threads(count)


def test_threads_of_another_backend(restored):
    set_backend("numpy")
    with pytest.raises(RuntimeError, match="the backend is 'numpy'"):
        config.set_num_threads(2)
    with pytest.raises(RuntimeError, match="the backend is 'numpy'"):
        config.num_threads()
