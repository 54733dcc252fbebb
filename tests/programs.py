"""Running programs in processes of their own, as users do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def annette(
    *arguments: str | Path, cwd: Path, check: bool = True, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command `annette` where Keras and TensorFlow cannot be imported.

    Packages of these names that raise come first on the path, so that a program that ran has been
    answered by annette, whatever is installed.
    """
    for name in ("keras", "tensorflow", "tf_keras"):
        package = cwd / "not_importable" / name
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").write_text(
            f"raise RuntimeError('the real {name} was imported')\n"
        )
    path = os.pathsep.join([str(cwd / "not_importable"), str(ROOT)])
    # One thread a matrix product: these are small, and tests share the machine.
    settings = {"MPLBACKEND": "Agg", "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"}
    settings["OPENBLAS_NUM_THREADS"] = "1"
    result = subprocess.run(
        [sys.executable, "-m", "annette", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path, **settings, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=600,
    )
    if check:
        assert result.returncode == 0, result.stdout[-1000:] + result.stderr[-3000:]
    return result
