"""The joint for arguments that a constructor does not know."""

from __future__ import annotations

from typing import Any

import pytest

from annette.utils import arguments


class Base:
    def __init__(self, name: str = "", trainable: bool = True) -> None:
        pass


class Derived(Base):
    def __init__(self, units: int, **kwargs: Any) -> None:
        pass


def test_nothing_registered_changes_nothing() -> None:
    given = {"old": 1}
    assert arguments.translate(Derived, given) is given


def test_translator_of_a_base_serves_subclasses() -> None:
    arguments.register("Base", lambda cls, kwargs: {cls.__name__: kwargs["old"]})
    try:
        assert arguments.translate(Derived, {"old": 1}) == {"Derived": 1}
    finally:
        arguments.unregister("Base")


@pytest.mark.parametrize(
    ("given", "named"),
    [({"unit": 1}, "Did you mean 'units'"), ({"zzz": 1}, "It takes: name, trainable, units")],
)
def test_what_is_left_is_refused_with_the_nearest_name(given: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named) as error:
        arguments.reject(Derived, given)
    assert "Derived" in str(error.value)


def test_nothing_left_is_not_refused() -> None:
    arguments.reject(Derived, {})
