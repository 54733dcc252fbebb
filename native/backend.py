"""What `pip` calls to build annette: scikit-build-core, but for editable installs.

Those build the core into the source tree and put the tree on the path, so that no hook stands
between Python and its modules and new files are seen at once.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from scikit_build_core.build import (
    build_sdist,
    build_wheel,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
]

ROOT = Path(__file__).resolve().parent.parent
get_requires_for_build_editable = get_requires_for_build_wheel


def build_editable(
    wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None
) -> str:
    """Make a wheel that holds the way to the source tree alone."""
    import build as native

    try:
        native.build()
    except native.NotBuilt as error:
        print(native.NOTICE.format(error), file=sys.stderr)
    way = ROOT / "build" / "annette.pth"
    way.parent.mkdir(exist_ok=True)
    way.write_text(f"{ROOT}\n", encoding="utf-8")
    # An override in pyproject.toml puts that file, and nothing else, into the wheel.
    os.environ["ANNETTE_EDITABLE"] = "1"
    return build_wheel(wheel_directory, config_settings, metadata_directory)
