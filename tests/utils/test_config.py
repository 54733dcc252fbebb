"""utils.Config: named values that can be frozen."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from annette.utils import Config


def test_values_are_attributes_and_items():
    config = Config(units=32, rate=0.1)
    config.name = "small"
    config["seed"] = 7
    assert (config.units, config["rate"], config["name"], config.seed) == (32, 0.1, "small", 7)
    assert list(config) == list(config.keys()) == ["units", "rate", "name", "seed"]
    assert list(config.values()) == [32, 0.1, "small", 7]
    assert dict(config.items()) == config.as_dict() == json.loads(config.to_json())
    assert "seed" in config and "other" not in config and len(config) == 4
    assert repr(Config(a=1)) == "<Config {'a': 1}>"


def test_as_dict_is_a_copy():
    config = Config(a=1)
    config.as_dict()["a"] = 2
    assert config.a == 1


def test_values_are_taken_out():
    config = Config(a=1, b=2, c=3)
    assert config.pop("a") == 1
    assert config.pop("a", 5) == 5
    del config.b
    del config["c"]
    assert not len(config)
    assert config.get("a") is None and config.get("a", 4) == 4


def test_update_takes_what_dicts_take():
    config = Config(a=1)
    config.update({"b": 2}, c=3)
    config.update(Config(a=4))
    config.update([("d", 5)])
    assert config.as_dict() == {"a": 4, "b": 2, "c": 3, "d": 5}


def test_names_that_are_not_there():
    config = Config(units=1)
    with pytest.raises(AttributeError, match=r"'unit'.*units"):
        _ = config.unit
    with pytest.raises(AttributeError, match="'unit'"):
        del config.unit
    with pytest.raises(KeyError, match="unit"):
        config["unit"]
    with pytest.raises(KeyError, match="unit"):
        config.pop("unit")


@pytest.mark.parametrize(
    "change",
    [
        lambda c: setattr(c, "a", 2),
        lambda c: c.__setitem__("b", 2),
        lambda c: c.update(a=2),
        lambda c: c.pop("a"),
        lambda c: delattr(c, "a"),
        lambda c: c.__delitem__("a"),
    ],
)
def test_frozen_values_stay(change):
    config = Config(a=1)
    config.freeze()
    assert config.frozen
    with pytest.raises(ValueError, match="frozen"):
        change(config)
    assert config.as_dict() == {"a": 1}
    config.unfreeze()
    change(config)
    assert config.as_dict() != {"a": 1}


def test_frozen_is_not_set_by_hand():
    with pytest.raises(AttributeError, match="freeze"):
        Config().frozen = True


@pytest.mark.parametrize(
    "again", [copy.deepcopy, copy.copy, lambda c: pickle.loads(pickle.dumps(c))]
)
def test_copies_have_the_values_and_the_state(again):
    config = Config(a=[1])
    config.freeze()
    assert again(config).as_dict() == {"a": [1]}
    assert again(config).frozen
