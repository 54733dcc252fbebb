"""The registries and the compiled core say the same: no kernel without a record, nor the reverse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from annette.backends.native.plan import Plan
from annette.backends.native.program import supported
from annette.backends.native.translate import Translator
from annette.fused import FUSED
from annette.testing import sample_graph
from tests.primitives.records import NAMES, RECORDS, needs_native

from .running import instruction_sets, native, retyped

pytestmark = needs_native
# What plans are made of besides operations: calls of NumPy, fused elementwise steps, and matrices
# laid out for the products of a loop's body.
OF_PLANS = {"call", "loop", "pack"}
# Forms of a record's kernel that a plan chooses by the operands.
FORMS = {"depthwise_filter": "conv_filter"}
# Taken out or looked through when a graph is made ready; there is nothing to run.
NOTHING = {"identity", "stop_gradient"}


def kernels() -> dict[str, Any]:
    return {name: r for name, r in RECORDS.items() if r.kernel is not None}


@pytest.mark.parametrize("isa", instruction_sets())
def test_every_kernel_a_record_names_exists(isa: str) -> None:
    core = native(isa).core
    for name, record in kernels().items():
        if record.family == "elementwise":
            assert name in core.steps or name == "cast", f"{name!r} has a formula and no step"
        elif record.family == "shape":
            assert name in NOTHING or hasattr(Translator, f"_{name}"), f"{name!r} is no view"
        else:
            assert record.kernel in core.kinds or record.kernel in core.steps, (
                f"{name!r} names the kernel {record.kernel!r}, which the core lacks"
            )


@pytest.mark.parametrize("isa", instruction_sets())
def test_every_step_and_kind_of_the_core_has_a_record(isa: str) -> None:
    core = native(isa).core
    named = kernels()
    fused = {r.kernel for r in FUSED.values()}
    for step in core.steps.values():
        if step.name.startswith("cast_"):
            assert step.name[5:] in core.codes
        elif step.fused:
            assert step.name in fused, f"no fused operation names the step {step.name!r}"
        else:
            assert step.name in named and named[step.name].family == "elementwise", step.name
    structured = {r.kernel for r in named.values() if r.family != "elementwise"}
    assert {FORMS.get(k, k) for k in core.kinds} - OF_PLANS <= structured


def test_instruction_sets_have_the_same_steps() -> None:
    tables = [native(isa).core.steps for isa in instruction_sets()]
    for table in tables[1:]:
        assert list(table) == list(tables[0])
        for name, step in table.items():
            assert step.types == tables[0][name].types, name


@pytest.mark.parametrize("name", [n for n in NAMES if RECORDS[n].kernel is not None])
def test_a_record_with_a_kernel_runs_on_it(name: str) -> None:
    """On real numbers no NumPy is called."""
    record = RECORDS[name]
    for arrays, params in record.samples(np.random.default_rng(0)):
        if any(isinstance(v, str) for v in params.values()):
            continue
        for dtype in ("float64",) if "body" in params else ("float32", "float64"):
            graph = sample_graph(record, retyped(arrays, dtype), params)
            plan = Plan(native().core, graph, [])
            assert [item.name for u in plan.units for item in u.items if item.kind == "call"] == []


def test_what_has_no_kernel_is_called() -> None:
    """The other half of what the records say: an operation without a kernel that is no composite."""
    for name in NAMES:
        record = RECORDS[name]
        if record.kernel is not None or name in FUSED or name == "custom_gradient":
            continue
        arrays, params = record.samples(np.random.default_rng(0))[0]
        graph = sample_graph(record, arrays, params)
        if not supported(native().core, graph):  # of complex numbers: NumPy runs all of it
            continue
        plan = Plan(native().core, graph, [])
        kinds = {item.kind for u in plan.units for item in u.items}
        assert kinds <= {"call", "step"} and "call" in kinds, name
