"""The records the sweeps go through, and what they must know that no record says."""

from __future__ import annotations

import importlib.util
import pkgutil

import pytest

import annette.fused
from annette.backends.native import is_built
from annette.fused import FUSED
from annette.graph import PRIMITIVES

# Every module of fused operations registers its records when it is imported.
for _module in pkgutil.iter_modules(annette.fused.__path__, "annette.fused."):
    importlib.import_module(_module.name)

RECORDS = dict(PRIMITIVES)
NAMES = sorted(RECORDS)
FUSED_NAMES = sorted(FUSED)

# Records from floats to floats without a gradient of their own, and why.
NOT_DIFFERENTIABLE = {
    "sign": "flat wherever it is smooth",
    "floor": "flat wherever it is smooth",
    "rint": "flat wherever it is smooth",
    "floor_divide": "flat wherever it is smooth",
    "stop_gradient": "that is what it is for",
}
# Its gradient is whatever the user says, so no difference quotient can judge it.
GIVEN_GRADIENT = {"custom_gradient"}

needs_jax = pytest.mark.skipif(
    importlib.util.find_spec("jax") is None, reason="JAX is not installed"
)
needs_native = pytest.mark.skipif(not is_built(), reason="the native core is not built")
