"""The packages whose names are imported when they are first asked for."""

import ast
import subprocess
import sys
from types import ModuleType

import pytest

import annette
from annette import callbacks, layers

PACKAGES = pytest.mark.parametrize("package", [layers, callbacks], ids=lambda p: p.__name__)


def _told_to_type_checkers(package: ModuleType) -> dict[str, tuple[str, str]]:
    with open(str(package.__file__), encoding="utf-8") as file:
        tree = ast.parse(file.read())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    return {
        alias.asname or alias.name: (str(node.module), alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@PACKAGES
def test_type_checkers_are_told_of_the_same_names(package: ModuleType) -> None:
    assert _told_to_type_checkers(package) == package._WHERE


@PACKAGES
def test_every_name_is_found_and_listed(package: ModuleType) -> None:
    assert set(package.__all__) <= set(dir(package))
    assert all(callable(getattr(package, name)) for name in package.__all__)


def test_a_layer_of_two_names_is_one_layer() -> None:
    assert layers.AvgPool2D is layers.AveragePooling2D


def test_a_name_that_is_none_is_refused() -> None:
    for package in (annette, annette.ops, annette.layers, annette.utils, annette.callbacks):
        with pytest.raises(AttributeError, match="Perceptron"):
            package.Perceptron  # noqa: B018  # the access is what is tested


SELDOM = (
    "annette.layers.convolution",
    "annette.layers.preprocessing",
    "annette.ops.image",
    "annette.training.callbacks.tensorboard",
    "json",
)


@pytest.mark.parametrize("then", ["", "; x = annette.ops.ones((4, 2)); m.fit(x, x, verbose=0)"])
def test_what_is_seldom_used_is_not_imported(then: str) -> None:
    code = (
        "import sys, annette; m = annette.Sequential([annette.layers.Dense(2)]); "
        f"m.compile('adam', 'mse'){then}; "
        f"print(*(name for name in sys.modules if name.startswith({SELDOM})))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""
