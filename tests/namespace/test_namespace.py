"""How much of Keras's public vocabulary is there, and that the page about it is true."""

from __future__ import annotations

import pytest

from .compare import compare, counted, share
from .report import PAGE, page

TABLE = compare()
# A name that is there with other parameters than Keras's, and why.
REASONS: dict[str, str] = {
    "keras.dtype_policies.DTypePolicy": "a policy without a name means nothing",
}


def test_the_share_of_keras_that_is_there() -> None:
    assert share(TABLE) >= 0.97


@pytest.mark.parametrize("namespace", TABLE)
def test_what_is_there_takes_what_keras_takes(namespace: str) -> None:
    other = {f.name: f.differences for f in counted(TABLE[namespace]) if f.there and not f.same}
    assert {k: v for k, v in other.items() if k not in REASONS} == {}


def test_the_page_is_up_to_date() -> None:
    written = PAGE.read_text()
    assert written == page(), "run: python -m tests.namespace.report"
