"""Runs attacks in a process of its own, which is watched: python -m tests.saving.attacks.watch.

Prints for each attack, and for its harmless twin, how loading ended, how long it took, how much
memory it needed, and what it did that loading has no business to do.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

import annette
import annette as keras
from tests.saving.attacks import table

# Folders in which modules lie, which may be read when they are imported.
_CODE = tuple(
    str(Path(p).resolve())
    for p in {*filter(None, sys.path), sys.prefix, sys.base_prefix, Path(annette.__file__).parent}
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_NEVER = re.compile(
    r"socket\.|subprocess\.|os\.(system|exec|fork|posix_spawn|spawn|startfile|putenv|unsetenv)"
    r"|urllib\.|http\.|ftplib\.|smtplib\.|ssl\.|ctypes\.|pickle\.|shutil\.|webbrowser\.|pty\."
    r"|os\.(link|symlink|rename|remove|rmdir|truncate|chmod|chown|mkdir|setxattr|kill|utime)"
    r"|tempfile\.|sqlite3\.|mmap\.__new__$|code\.__new__|function\.__new__"
)


class Watch:
    """What happens while it is on; an audit hook cannot be taken away again."""

    def __init__(self) -> None:
        self.on = False
        self.files: set[str] = set()
        self.folder = ""
        self.seen: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event == "open":
            self._opened(*args[:3])
        elif event == "import":
            root = str(args[0]).partition(".")[0]
            if root in table.FORBIDDEN_MODULES:
                self.seen.append(f"import {args[0]}")
        elif event == "exec":
            where = str(getattr(args[0], "co_filename", "?"))
            if not where.startswith((*_CODE, "<frozen", "<__array_function__")):
                self.seen.append(f"exec of code of {where!r}")
        elif _NEVER.match(event) and event != "mmap.__new__":
            self.seen.append(f"{event}{args!r}"[:200])

    def _opened(self, path: Any, mode: Any, flags: Any) -> None:
        if isinstance(path, int):
            return
        name = os.fsdecode(path)
        writing = bool((flags or 0) & _WRITING) or any(c in str(mode or "") for c in "wax+")
        code = os.path.realpath(name).startswith(_CODE) and not writing
        if name not in self.files and not code:
            self.seen.append(f"open {name!r} {'for writing' if writing else 'for reading'}")


def peak(begin: bool = False) -> int:
    """The most memory of this process, in bytes, since this was called with `begin`."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            if begin:
                Path("/proc/self/clear_refs").write_text("5")
            found = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
            if found:
                return int(found[1]) * 1024
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale


def tried(watch: Watch, load: Any, given: Any) -> dict[str, Any]:
    """How loading ends, with its measures; an attack's model is not called."""
    gc.collect()
    before = peak(begin=True)
    clock = time.process_time()
    watch.seen, watch.on = [], True
    error, model = None, None
    try:
        model = load(given)
    except Exception as caught:
        error = caught
    finally:
        watch.on = False
    return {
        "seconds": time.process_time() - clock,
        "memory": peak() - before,
        "seen": watch.seen[:9],
        "error": None if error is None else [type(error).__name__, str(error)],
        "expected": isinstance(error, (ValueError, TypeError, OSError)),
        "model": model,
    }


_known: dict[Any, dict[str, Any]] = {}  # what came of twins


def run(attack: table.Attack, watch: Watch, folder: Path) -> dict[str, Any]:
    """Both files of an attack, loaded."""
    outcome = {}
    for kind, build in (("twin", attack.twin), ("attack", attack.attack)):
        given: Any = build()
        same = (attack.entry, given if isinstance(given, bytes) else json.dumps(given))
        if kind == "twin" and same in _known:  # many attacks have one twin
            outcome[kind] = _known[same]
            continue
        if attack.suffix:
            path = folder / f"{kind}{attack.suffix}"
            path.write_bytes(given)
            given = path
        watch.files = {str(given)} if attack.suffix else set()
        listed = sorted(os.listdir(folder))
        found = tried(watch, table.LOADERS[attack.entry], given)
        found["left"] = sorted(set(os.listdir(folder)) ^ set(listed))
        found["named"] = not attack.suffix or repr(str(given)) in str(found["error"])
        model = found.pop("model")
        if kind == "twin" and model is not None:
            found["predicts"] = bool(np.isfinite(table.predicted(model)).all())
        outcome[kind] = found
        if kind == "twin":
            _known[same] = found
        if attack.suffix:
            path.unlink()
    return outcome


def misbehave(path: Path) -> None:
    """Do what no file may make loading do, so that it is known to be noticed."""
    path.read_text()
    path.write_text("x")
    exec(compile("1", "<attack>", "exec"))
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", 9), 0.01)
    with contextlib.suppress(OSError):
        subprocess.run(["no-such-program"], check=False)
    np.ones(10 * 2**20)


def main() -> None:
    """Run all attacks, and print what came of each."""
    warnings.simplefilter("ignore")
    keras.utils.set_random_seed(0)
    keras.layers.ALL_OBJECTS  # noqa: B018  # imports what an attack would be blamed for
    import difflib  # noqa: F401

    watch = Watch()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "secret.txt").write_text("secret\n")
        if "--itself" in sys.argv:
            found = tried(watch, misbehave, folder / "secret.txt")
            print(json.dumps({"events": found["seen"], "memory": found["memory"]}))
            return
        for attack in table.ATTACKS:
            print(json.dumps({"name": attack.name, **run(attack, watch, folder)}), flush=True)


if __name__ == "__main__":
    main()
