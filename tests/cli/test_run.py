"""`annette run` behaves as `python` does: arguments, paths, exit codes, tracebacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.programs import annette


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def program(folder: Path, text: str, name: str = "program.py") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_arguments_name_and_file_are_those_of_the_program(folder: Path) -> None:
    program(folder, "import sys\nprint(__name__, sys.argv, __file__)\n")
    result = annette("run", "program.py", "--epochs", "3", "-x", "a b", cwd=folder)
    expected = "__main__ ['program.py', '--epochs', '3', '-x', 'a b'] program.py"
    assert result.stdout.strip() == expected


def test_options_after_the_program_are_its_own(folder: Path) -> None:
    program(folder, "import sys\nprint(sys.argv[1:])\n")
    result = annette("run", "program.py", "--hints", "--seed", "4", "--help", cwd=folder)
    assert result.stdout.strip() == "['--hints', '--seed', '4', '--help']"


def test_modules_beside_the_program_are_found(folder: Path) -> None:
    (folder / "sub").mkdir()
    program(folder, "value = 5\n", "sub/helper.py")
    program(folder, "import helper\nprint(helper.value)\n", "sub/program.py")
    assert annette("run", "sub/program.py", cwd=folder).stdout.strip() == "5"


def test_main_can_be_pickled_and_found(folder: Path) -> None:
    text = "import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))) is A)\n"
    program(folder, text)
    assert annette("run", "program.py", cwd=folder).stdout.strip() == "True"


def test_source_in_another_encoding_is_read(folder: Path) -> None:
    (folder / "program.py").write_bytes("# coding: latin-1\nprint(len('é'))\n".encode("latin-1"))
    assert annette("run", "program.py", cwd=folder).stdout.strip() == "1"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("raise SystemExit(3)", 3),
        ("import sys; sys.exit()", 0),
        ("import sys; sys.exit('bad')", 1),
        ("1 / 0", 1),
        ("def (", 1),
        ("raise KeyboardInterrupt", 130),
    ],
)
def test_exit_code_is_that_of_the_program(folder: Path, text: str, code: int) -> None:
    program(folder, text)
    assert annette("run", "program.py", cwd=folder, check=False).returncode == code


def test_traceback_begins_in_the_program(folder: Path) -> None:
    program(folder, "def f():\n    return 1 / 0\n\nf()\n")
    lines = annette("run", "program.py", cwd=folder, check=False).stderr.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert 'program.py", line 4, in <module>' in lines[1]
    assert lines[-1] == "ZeroDivisionError: division by zero"
    assert not [line for line in lines if "runner.py" in line or "click" in line]


def test_output_before_an_error_is_kept(folder: Path) -> None:
    program(folder, "print('before')\nraise ValueError('x')\n")
    result = annette("run", "program.py", cwd=folder, check=False)
    assert result.stdout.strip() == "before"


def test_missing_program_is_named(folder: Path) -> None:
    result = annette("run", "nothing.py", cwd=folder, check=False)
    assert result.returncode == 1 and "nothing.py" in result.stderr


def test_module_runs_with_m(folder: Path) -> None:
    (folder / "package").mkdir()
    program(folder, "", "package/__init__.py")
    program(folder, "import sys, keras\nprint(__name__, sys.argv[1:])\n", "package/work.py")
    result = annette("run", "-m", "package.work", "a", cwd=folder)
    assert result.stdout.strip() == "__main__ ['a']"
    missing = annette("run", "-m", "package.nothing", cwd=folder, check=False)
    assert missing.returncode == 1 and "package.nothing" in missing.stderr


def test_seed_makes_two_runs_equal(folder: Path) -> None:
    program(
        folder,
        "import keras, numpy, random\nprint(keras.random.normal((3,)), "
        "numpy.random.rand(), random.random())\n",
    )
    first, second, other = (
        annette("run", "--seed", seed, "program.py", cwd=folder).stdout for seed in "778"
    )
    assert first == second != other


def test_hints_name_old_spellings_once_with_line_and_todays(folder: Path) -> None:
    program(
        folder,
        "from keras.models import Sequential\n"
        "from keras.layers.core import Dense\n"
        "from keras.utils import np_utils\n"
        "import numpy as np\n"
        "model = Sequential()\n"
        "model.add(Dense(2, input_dim=3, activation='softmax'))\n"
        "from keras.optimizers import SGD\n"
        "model.compile(SGD(lr=0.1), 'categorical_crossentropy', metrics=['accuracy'])\n"
        "y = np_utils.to_categorical([0, 1, 0], 2)\n"
        "h = model.fit(np.eye(3), y, nb_epoch=1, verbose=0)\n"
        "for _ in range(2):\n"
        "    model.predict_classes(np.eye(3))\n"
        "print(h.history['acc'])\n",
    )
    result = annette("run", "--hints", "program.py", cwd=folder)
    for old, line, today in (
        ("keras.layers.core", 2, "keras.layers"),
        ("keras.utils.np_utils", 3, "keras.utils"),
        ("Dense(input_dim=...)", 6, "keras.Input"),
        ("SGD(lr=...)", 8, "SGD(learning_rate=...)"),
        ("fit(nb_epoch=...)", 10, "fit(epochs=...)"),
        ("predict_classes(x)", 12, "argmax"),
        ("'acc'", 13, "'accuracy'"),
    ):
        found = [row for row in result.stderr.splitlines() if old in row]
        assert len(found) == 1, (old, result.stderr)
        assert f"program.py:{line}:" in found[0] and today in found[0]
    assert not annette("run", "program.py", cwd=folder).stderr


def test_info_names_backend_and_versions(folder: Path) -> None:
    import numpy as np

    text = annette("info", cwd=folder).stdout
    assert np.__version__ in text and "backend" in text and "Python" in text


def test_help_lists_the_commands(folder: Path) -> None:
    text = annette("--help", cwd=folder).stdout
    assert all(name in text for name in ("run", "demo", "info"))
