"""`tf.data.Options`: settings that programs make and nothing here depends on."""

from __future__ import annotations

from typing import Any


class Options:
    """Settings of any name, at any depth: ``options.threading.private_threadpool_size = 1``."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made = Options()
        object.__setattr__(self, name, made)
        return made
