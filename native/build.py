"""Build the core into the source tree, where `import annette` finds it.

    python native/build.py                             # for this interpreter
    python native/build.py --sanitize thread           # build/thread/_core.*.so

The build's own files are kept in build/, so that only what changed is compiled anew. Without a
compiler it says so and ends well: annette then runs on NumPy.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "annette" / "backends" / "native"
NOTICE = "annette's native core was not built: {}\nEverything works without it, on NumPy."


class NotBuilt(Exception):
    """Why the core was not built."""


class NoCompiler(NotBuilt):
    """There is nothing here to build it with."""


def environment() -> dict[str, str]:
    """Return the environment in which CMake and Ninja of this interpreter are found first."""
    own = os.pathsep.join([sysconfig.get_path("scripts"), str(Path(sys.executable).parent)])
    return {**os.environ, "PATH": own + os.pathsep + os.environ.get("PATH", "")}


def configure(folder: Path, definitions: dict[str, str]) -> None:
    """Let CMake look for a compiler and write the build's files."""
    import nanobind

    env = environment()
    cmake = shutil.which("cmake", path=env["PATH"])
    if cmake is None:
        raise NoCompiler("CMake is not installed (pip install cmake).")
    command = [cmake, "-S", str(ROOT), "-B", str(folder)]
    # Ninja's place changes with the environment: the one of an earlier build may be gone.
    ninja = shutil.which("ninja", path=env["PATH"])
    if ninja is not None and os.name != "nt":
        command += ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={ninja}"]
    elif os.name == "nt" and "CMAKE_GENERATOR" not in env:
        command += ["-T", "ClangCL"]
    given = {
        "Python_EXECUTABLE": sys.executable,
        "nanobind_DIR": nanobind.cmake_dir(),
        "ANNETTE_STRICT": "ON",
        **definitions,
    }
    command += [f"-D{name}={value}" for name, value in given.items()]
    again = folder.exists()
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    if done.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        if again:  # what CMake remembers of another environment may be what fails
            return configure(folder, definitions)
        log = folder.with_suffix(".log")
        log.parent.mkdir(exist_ok=True)
        log.write_text(done.stdout + done.stderr, encoding="utf-8")
        raise NoCompiler(
            "CMake found nothing to compile it with. Install a C++20 compiler, GCC or Clang "
            f"(what CMake said: {log.relative_to(ROOT)})."
        )


def compile_all(folder: Path) -> None:
    """Compile what changed."""
    cmake = shutil.which("cmake", path=environment()["PATH"])
    assert cmake is not None
    command = [cmake, "--build", str(folder), "--config", "Release", "--parallel"]
    done = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise NotBuilt(f"the compiler failed.\n{done.stdout.strip()}")


def build(sanitize: str = "") -> None:
    """Build the module; of an earlier one nothing is left where that fails."""
    if sanitize:
        folder, target = ROOT / "build" / sanitize.replace(",", "-"), None
    else:
        folder, target = ROOT / "build" / str(sys.implementation.cache_tag), PACKAGE
    definitions = {"ANNETTE_SANITIZE": sanitize, "ANNETTE_OUTPUT": str(target or folder)}
    try:
        configure(folder, definitions)
        compile_all(folder)
    except NotBuilt:
        suffix = sysconfig.get_config_var("EXT_SUFFIX")
        ((target or folder) / f"_core{suffix}").unlink(missing_ok=True)
        raise


def main() -> int:
    """Build, and say what came of it."""
    parser = argparse.ArgumentParser(description="Build annette's native core.")
    parser.add_argument("--sanitize", default="", metavar="address,undefined|thread")
    parser.add_argument("--stamp", type=Path, help="a file to touch when it was built")
    given = parser.parse_args()
    sanitize = given.sanitize
    try:
        build(sanitize)
    except NoCompiler as error:
        print(NOTICE.format(error), file=sys.stderr)
        return 2 if sanitize else 0
    except NotBuilt as error:
        print(NOTICE.format(error), file=sys.stderr)
        return 1
    if given.stamp:
        given.stamp.touch()
    return 0


if __name__ == "__main__":
    sys.exit(main())
