from __future__ import annotations

from collections.abc import Iterator

import pytest

from annette import compat


@pytest.fixture
def installed() -> Iterator[None]:
    """`keras` and `tensorflow` are annette while the test runs."""
    compat.install()
    yield
    compat.uninstall()
