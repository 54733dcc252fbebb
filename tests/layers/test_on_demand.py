"""The names of `annette.layers`, each imported when it is first asked for."""

import ast
import subprocess
import sys

import pytest

import annette
from annette import layers


def _told_to_type_checkers() -> dict[str, tuple[str, str]]:
    with open(layers.__file__, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    return {
        alias.asname or alias.name: (str(node.module), alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_type_checkers_are_told_of_the_same_names() -> None:
    assert _told_to_type_checkers() == layers._WHERE


def test_every_name_is_found_and_listed() -> None:
    assert {*layers.__all__, "serialize", "deserialize"} <= set(dir(layers))
    assert all(callable(getattr(layers, name)) for name in layers.__all__)
    assert layers.AvgPool2D is layers.AveragePooling2D


def test_a_name_that_is_none_is_refused() -> None:
    for package in (annette, annette.ops, annette.layers, annette.utils):
        with pytest.raises(AttributeError, match="Perceptron"):
            package.Perceptron  # noqa: B018  # the access is what is tested


def test_importing_annette_imports_no_layer_but_what_models_need() -> None:
    code = (
        "import sys, annette; print(*(m for m in sys.modules if m.startswith("
        "('annette.layers.convolution', 'annette.layers.preprocessing', 'annette.ops.image'))))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""
