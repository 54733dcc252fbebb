"""Threads that compute or write meanwhile, or nobody, where the system gives none."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor


class Threads:
    """So many threads at most (as there are processors, if it is not said), to be used in a `with`.

    When the program ends, whose last act may be to save, and where a limit is reached, there are
    none to be had: the caller computes by itself then.
    """

    def __init__(self, count: int | None = None) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._refused = False
        with contextlib.suppress(RuntimeError):  # it cannot be imported first at a program's end
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(count or min(os.cpu_count() or 1, 8))

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Have it computed; what it returns or raises is the result."""
        if self._pool is not None and not self._refused:
            try:
                return self._pool.submit(function, *args)
            except RuntimeError:
                self._refused = True  # what is computed already is waited for in `close`
        done: Future[Any] = Future()
        try:
            done.set_result(function(*args))
        except Exception as error:
            done.set_exception(error)
        return done

    def map(self, function: Callable[..., Any], items: Iterable[Any]) -> list[Any]:
        """The results for all items."""
        waiting = [self.submit(function, item) for item in items]
        return [each.result() for each in waiting]

    def close(self) -> None:
        """Wait for what is being computed, and let go of the threads."""
        if self._pool is None:
            return
        try:
            self._pool.shutdown(cancel_futures=True)
        except BaseException:  # an interrupt: what is being written comes to its end first
            self._pool.shutdown()
            raise
        finally:
            self._pool = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
