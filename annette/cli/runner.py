"""`annette run`: a program runs as Python would run it, with annette in the place of Keras."""

from __future__ import annotations

import os
import sys
import types
from typing import Any


def run_program(
    program: str,
    args: list[str],
    as_module: bool = False,
    hints: bool = False,
    seed: int | None = None,
) -> None:
    """Run `program` as ``__main__`` and end the process with its exit code if it fails."""
    from annette import compat

    compat.install(hints=hints)
    if seed is not None:
        from annette.utils import set_random_seed

        set_random_seed(seed)
    try:
        if as_module:
            _run_module(program, args)
        else:
            _run_file(program, args)
    except SystemExit:
        raise
    except BaseException as error:
        _report(error)
        sys.exit(130 if isinstance(error, KeyboardInterrupt) else 1)


def _run_file(program: str, args: list[str]) -> None:
    if not os.path.isfile(program):
        sys.exit(f"annette: there is no program {program!r} here")
    sys.argv = [program, *args]
    sys.path.insert(0, os.path.dirname(os.path.abspath(program)))
    with open(program, "rb") as file:
        source = file.read()
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=program, __builtins__=__builtins__, __spec__=None)
    # Pickle, multiprocessing and the program itself look for __main__ here.
    sys.modules["__main__"] = main
    exec(compile(source, program, "exec"), main.__dict__)


def _run_module(name: str, args: list[str]) -> None:
    import importlib.util
    import runpy

    sys.path.insert(0, os.getcwd())
    try:
        found = importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        found = False
    if not found:
        sys.exit(f"annette: there is no module {name!r} here")
    sys.argv = [name, *args]
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def _report(error: BaseException) -> None:
    """Show the traceback as Python would, without the frames of this file and of runpy."""
    traceback = error.__traceback__
    while traceback is not None and _ours(traceback):
        traceback = traceback.tb_next
    sys.excepthook(type(error), error.with_traceback(traceback), traceback)


def _ours(traceback: Any) -> bool:
    name = traceback.tb_frame.f_code.co_filename
    return name == __file__ or "runpy" in name
