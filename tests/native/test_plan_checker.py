"""A wrong plan is refused before it runs, and wrong arrays before they are touched."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.primitives.records import needs_native

from .running import native, python

pytestmark = needs_native

ARENA, CONSTANT, INPUT, VARIABLE, OUTPUT = range(5)
N = 8
BYTES = N * 4


class Draft:
    """A plan that is right: output = negative(input + variable), by way of the arena.

    A test changes one thing of it.
    """

    def __init__(self) -> None:
        core = native().core
        self.core = core
        self.f32, self.f64, self.i32 = (core.codes[n] for n in ("float32", "float64", "int32"))
        self.isa: Any = core.isa
        self.values: list[Any] = [
            (INPUT, 0, BYTES), (VARIABLE, 0, BYTES), (ARENA, 0, BYTES), (OUTPUT, 0, BYTES),
            (CONSTANT, 0, np.arange(N, dtype="float32")), (ARENA, 64, BYTES),
        ]  # fmt: skip
        self.work: list[Any] = [
            self.loop("add", [self.view(0), self.view(1)], [self.view(2)]),
            self.loop("negative", [self.view(2)], [self.view(3)]),
        ]
        self.arena: Any = 128
        self.inputs: Any = [self.f32]
        self.variables: Any = 1
        self.outputs: Any = 1
        self.guards: Any = []
        self.calls: Any = []

    def view(
        self, value: int, offset: int = 0, shape: Any = (N,), strides: Any = (1,), type: Any = None
    ) -> Any:
        return value, self.f32 if type is None else type, offset, shape, strides

    def loop(self, step: str, reads: list[Any], writes: list[Any], **changes: Any) -> Any:
        index = changes.get("index", self.core.steps[step].index)
        count = len(reads)
        types = changes.get("types", [self.f32] * (count + len(writes)))
        given = changes.get("given", tuple(range(count)))
        made = changes.get("made", tuple(range(count, count + len(writes))))
        steps = [(index, changes.get("type", self.f32), given, made, ())]
        ins = [(i, v) for i, v in enumerate(reads)]
        outs = [(changes.get("stored", count + i), v) for i, v in enumerate(writes)]
        shape = changes.get("shape", (N,))
        sums = changes.get("sums", [])
        loop = (shape, types, ins, outs, changes.get("steps", steps), sums)
        return self.core.kinds["loop"], step, [], [], (), loop, -1, None

    def kind(self, name: str, reads: list[Any], writes: list[Any], ints: Any = ()) -> Any:
        return self.core.kinds[name], name, reads, writes, ints, None, -1, None

    def build(self) -> Any:
        return self.core.module.Program(
            self.isa, self.values, self.work, self.arena, self.inputs, self.variables,
            self.outputs, self.guards, self.calls,
        )  # fmt: skip


def test_the_draft_is_right() -> None:
    program = Draft().build()
    x, v, y = np.arange(N, dtype="float32"), np.ones(N, "float32"), np.empty(N, "float32")
    program.run([x], [v], [y])
    np.testing.assert_array_equal(y, -(x + 1))


def _set(name: str, value: Any) -> Any:
    return lambda d: setattr(d, name, value)


def _value(number: int, value: Any) -> Any:
    return lambda d: d.values.__setitem__(number, value)


def _first(make: Any) -> Any:
    return lambda d: d.work.__setitem__(0, make(d))


def _last(make: Any) -> Any:
    return lambda d: d.work.__setitem__(1, make(d))


def _add(d: Draft, **changes: Any) -> Any:
    return d.loop("add", [d.view(0), d.view(1)], [d.view(2)], **changes)


def _product(d: Draft, a: Any, b: Any, shape: Any, types: Any = None) -> Any:
    made = [(0, d.view(2, shape=shape, strides=(shape[1], 1)))]
    loop = (shape, types or [d.f32], [], made, [], [])
    return d.core.kinds["matmul"], "matmul", [a, b], [], (), loop, -1, None


def _summed(d: Draft, into: Any, register: int = 1, shape: Any = (2, N // 2)) -> Any:
    """The second loop over rows, their sum into a view."""
    strides = (shape[-1], 1) if len(shape) > 1 else (1,)
    views = [d.view(i, shape=shape, strides=strides) for i in (2, 3)]
    return d.loop("negative", views[:1], views[1:], shape=shape, sums=[(register, into)])


def _conv(d: Draft, ints: Any = None, **changes: Any) -> Any:
    """A convolution of N places of one channel with one tap."""
    axis = (1, 1, 1, 1, 1, 1, 1, 0, 0)
    last = (N, N, 1, 1, 1, 1, 1, 0, 0)
    x = changes.get("x", d.view(0, shape=(1, 1, 1, N, 1), strides=(N, N, N, 1, 1)))
    w = changes.get("w", d.view(1, shape=(1, 1, 1, 1, 1), strides=(1, 1, 1, 1, 1)))
    shape = changes.get("shape", (1, N, 1))
    out = d.view(2, shape=shape, strides=(N, 1, 1))
    loop = (shape, [changes.get("type", d.f32)], [], [(0, out)], [], [])
    given = (1, 1, 1, 1, 0, *axis, *axis, *last) if ints is None else ints
    return d.core.kinds["conv"], "conv", [x, w], [], given, loop, -1, None


PIECE = 5  # the place of what one instruction makes and uses up
_ONE = (1, 1, 1, 1, 1, 1, 1, 0, 0)


def _pooled(d: Draft, **changes: Any) -> None:
    """The convolution's N places, pooled one by one into the value that follows."""
    line = changes.get("line", (N, N, 1, 1, 1, 1, 1, 0, 0))
    d.values[2] = (changes.get("place", PIECE), 0, changes.get("bytes", BYTES))
    number = changes.get("type", d.f32)
    made = d.view(2, shape=(1, 1, 1, N, 1), strides=(N, N, N, 1, 1), **changes.get("made", {}))
    shape = (1, line[1], 1)
    kept = d.view(changes.get("into", 3), shape=shape, strides=(N, 1, 1), type=number)
    loop = (shape, [number], [], [(0, kept)], [], [])
    high = changes.get("high", _ONE)
    ints = (1, changes.get("channels", 1), 1, 1, 1, *_ONE, *high, *line)
    kind = d.core.kinds[changes.get("kind", "depthwise")]
    conv = _conv(d, **changes.get("conv", {}))
    inner = (kind, "max_pool", [made], [], ints, loop, -1, changes.get("pool"))
    d.work[:] = [(*conv[:-1], inner), *changes.get("more", [])]


def test_the_pooled_draft_is_right() -> None:
    draft = Draft()
    _pooled(draft)
    x, v, y = np.arange(N, dtype="float32"), np.full(N, 3, "float32"), np.empty(N, "float32")
    draft.build().run([x], [v], [y])
    np.testing.assert_array_equal(y, 3 * x)


WRONG: dict[str, Any] = {
    "what is pooled lies in the arena": lambda d: _pooled(d, place=ARENA),
    "a pooling of more channels": lambda d: _pooled(d, channels=2),
    "a pooling of other lines": lambda d: _pooled(d, high=(1, 1, 1, 1, 1, 1, 1, 0, -1)),
    "a pooling of a part": lambda d: _pooled(d, made={"offset": 1}),
    "a pooling that is a convolution": lambda d: _pooled(d, kind="conv"),
    "a pooling that is pooled": lambda d: _pooled(d, pool=_conv(d)),
    "a pooling into what is pooled": lambda d: _pooled(d, into=2),
    "a pooling into what is still read": lambda d: _pooled(d, into=1),
    "a pooling that gives more places": lambda d: (
        d.values.__setitem__(3, (OUTPUT, 0, 2 * BYTES)),
        _pooled(d, line=(N, 2 * N, 1, 1, 1, 1, 1, 0, 0)),
    ),
    "a pooling of another dtype": lambda d: (
        d.values.__setitem__(3, (OUTPUT, 0, 2 * BYTES)),
        _pooled(d, made={"type": d.f64}, type=d.f64, bytes=2 * BYTES),
    ),
    "pieces that are read later": lambda d: _pooled(
        d, more=[d.loop("negative", [d.view(2)], [d.view(3)])]
    ),
    "pieces that are read before": lambda d: _pooled(
        d, conv={"x": d.view(2, shape=(1, 1, 1, N, 1), strides=(N, N, N, 1, 1))}
    ),
    "a sum to another number of values": _last(lambda d: _summed(d, d.view(5, shape=(1,)))),
    "a sum of what nothing fills": _last(lambda d: _summed(d, d.view(5), register=9)),
    "a sum to a constant": _last(lambda d: _summed(d, d.view(4, shape=(N // 2,)))),
    "a sum to what its loop writes": _last(lambda d: _summed(d, d.view(3, shape=(N // 2,)))),
    "a sum over one axis": _last(lambda d: _summed(d, d.view(5, shape=(1,)), shape=(N,))),
    "a convolution without windows": _first(lambda d: _conv(d, ())),
    "a convolution with numbers left over": _first(
        lambda d: _conv(d, (1, 1, 1, 1, 0, *((1, 1, 1, 1, 1, 1, 1, 0, 0) * 4)))
    ),
    "a convolution of groups that do not divide": _first(
        lambda d: _conv(d, (1, 1, 1, 2, 0, *((1, 1, 1, 1, 1, 1, 1, 0, 0) * 3)))
    ),
    "a convolution of no images": _first(
        lambda d: _conv(d, (0, 1, 1, 1, 0, *((1, 1, 1, 1, 1, 1, 1, 0, 0) * 3)))
    ),
    "a tap that the kernel has not": _first(
        lambda d: _conv(d, (1, 1, 1, 1, 0, *((1, 1, 1, 1, 1, 1, 1, 1, 0) * 3)))
    ),
    "an image of another size": _first(
        lambda d: _conv(d, x=d.view(0, shape=(1, 1, 1, 4, 1), strides=(4, 4, 4, 1, 1)))
    ),
    "a kernel of another size": _first(
        lambda d: _conv(d, w=d.view(1, shape=(1, 1, 1, 1, 2), strides=(2, 2, 2, 2, 1)))
    ),
    "a convolution into another size": _first(lambda d: _conv(d, shape=(1, 4, 1))),
    "a convolution into another dtype": _first(lambda d: _conv(d, type=d.f64)),
    "an instruction set that is not there": _set("isa", "abacus"),
    "values that overlap": lambda d: (
        d.values.__setitem__(5, (ARENA, 0, BYTES)),
        d.work.insert(1, d.loop("negative", [d.view(0)], [d.view(5)])),
        d.work.append(d.loop("add", [d.view(2), d.view(5)], [d.view(3)])),
    ),
    "a value beyond the arena": _value(2, (ARENA, 128, BYTES)),
    "a value before the arena": _value(2, (ARENA, -64, BYTES)),
    "a value at an odd place": _value(2, (ARENA, 4, BYTES)),
    "a value of a huge size": _value(2, (ARENA, 64, 2**63 - 1)),
    "a value of negative size": _value(2, (ARENA, 0, -1)),
    "a value in an unknown place": _value(2, (9, 0, BYTES)),
    "a constant too small": _value(0, (CONSTANT, 0, np.zeros(3, "float32"))),
    "a slot of no input": _value(0, (INPUT, 1, BYTES)),
    "a negative slot": _value(0, (INPUT, -1, BYTES)),
    "a slot of no variable": _value(1, (VARIABLE, 7, BYTES)),
    "a slot of no output": _value(3, (OUTPUT, 1, BYTES)),
    "two values in one array": lambda d: (
        d.values.__setitem__(5, (OUTPUT, 0, 4 * BYTES)),
        d.work.append(d.loop("negative", [d.view(2)], [d.view(5)])),
    ),
    "an arena of negative size": _set("arena", -1),
    "an arena that is too small": _set("arena", 16),
    "an unknown dtype": _set("inputs", [99]),
    "a guard outside the arena": _set("guards", [(1000, 64)]),
    "fewer inputs than values": _set("inputs", []),
    "reading before writing": lambda d: d.work.reverse(),
    "reading what nothing writes": lambda d: d.work.pop(0),
    "writing to an input": _first(lambda d: d.loop("add", [d.view(1), d.view(1)], [d.view(0)])),
    "writing to a constant": _first(lambda d: d.loop("add", [d.view(1), d.view(1)], [d.view(4)])),
    "a view that reaches too far": _last(lambda d: d.loop("negative", [d.view(2, 1)], [d.view(3)])),
    "a view that starts too early": _last(lambda d: d.loop("negative", [d.view(2, -1)], [d.view(3)])),
    "a view of huge strides": _last(
        lambda d: d.loop("negative", [d.view(2, strides=(2**62,))], [d.view(3)])
    ),
    "a view with a huge offset": _last(
        lambda d: d.loop("negative", [d.view(2, 2**63 - 1)], [d.view(3)])
    ),
    "a view that runs back too far": _last(
        lambda d: d.loop("negative", [d.view(2, strides=(-1,))], [d.view(3)])
    ),
    "a view of an unknown value": _last(lambda d: d.loop("negative", [d.view(77)], [d.view(3)])),
    "a view of a negative value": _last(lambda d: d.loop("negative", [d.view(-1)], [d.view(3)])),
    "a view of too many axes": _last(
        lambda d: d.kind("sum", [d.view(2, shape=(1,) * 9, strides=(1,) * 9)], [d.view(3)], (9, 0))
    ),
    "a view of unequal shape and strides": _last(
        lambda d: d.kind("sum", [d.view(2, strides=(1, 1))], [d.view(3)], (1, 0))
    ),
    "an operand of another rank": _first(lambda d: _add(d, shape=(2, 4))),
    "writing one place several times": _last(
        lambda d: d.loop("negative", [d.view(2)], [d.view(3, strides=(0,))])
    ),
    "writing where others are still read": _first(
        lambda d: d.loop("negative", [d.view(1)], [d.view(1, N - 1, strides=(-1,))])
    ),
    "a loop too long": _first(lambda d: _add(d, shape=(2**62,))),
    "a loop of negative size": _first(lambda d: _add(d, shape=(-1,))),
    "an unknown step": _first(lambda d: _add(d, index=10_000)),
    "a step of negative number": _first(lambda d: _add(d, index=-1)),
    "a step of an unknown dtype": _first(lambda d: _add(d, type=50)),
    "a step of a dtype it has not": _first(lambda d: _add(d, type=d.core.codes["int8"])),
    "a step of another dtype": _first(lambda d: _add(d, type=d.f64)),
    "a register of another dtype": _first(lambda d: _add(d, types=[d.f32, d.i32, d.f32])),
    "a register that is not there": _first(lambda d: _add(d, given=(0, 9))),
    "a register below zero": _first(lambda d: _add(d, given=(0, -1))),
    "a register that nothing fills": _first(lambda d: _add(d, given=(0, 2))),
    "a register filled twice": _first(lambda d: _add(d, made=(1,))),
    "storing what nothing fills": _first(lambda d: _add(d, steps=[])),
    "storing a register that is not there": _first(lambda d: _add(d, stored=9)),
    "too many operands": _first(lambda d: _add(d, given=(0, 1, 0))),
    "more operands than fit": _first(lambda d: _add(d, given=(0,) * 7)),
    "more registers than fit": _first(lambda d: _add(d, types=[d.f32] * 65)),
    "a kind that is not there": _last(lambda d: (99, "x", [], [], (), None, -1, None)),
    "a kind of negative number": _last(lambda d: (-1, "x", [], [], (), None, -1, None)),
    "a loop without steps": _last(lambda d: (d.core.kinds["loop"], "x", [], [], (), None, -1, None)),
    "a call of nothing": _last(lambda d: d.kind("call", [d.view(2)], [d.view(3)])),
    "a call of what is not given": _last(
        lambda d: (*d.kind("call", [d.view(2)], [d.view(3)])[:6], 5)
    ),
    "matrices that do not fit": _last(
        lambda d: _product(
            d, d.view(0, shape=(2, 4), strides=(4, 1)), d.view(1, shape=(2, 4), strides=(4, 1)), (2, 4)
        )
    ),
    "a product of one matrix": _last(
        lambda d: (d.core.kinds["matmul"], "m", [d.view(0)], [], (), None, -1, None)
    ),
    "a product of vectors": _last(lambda d: _product(d, d.view(0), d.view(1), (1, 1))),
    "a product into another dtype": _last(
        lambda d: _product(
            d, d.view(0, shape=(2, 4), strides=(4, 1)), d.view(1, shape=(4, 2), strides=(2, 1)),
            (2, 2), [d.f64],
        )
    ),
    "a reduction of wrong axes": _last(lambda d: d.kind("sum", [d.view(2)], [d.view(3)], (5, 5))),
    "a reduction without axes": _last(lambda d: d.kind("sum", [d.view(2)], [d.view(3)], ())),
    "a reduction to another size": _last(lambda d: d.kind("sum", [d.view(2)], [d.view(3)], (0, 1))),
    "a reduction of nothing": _last(lambda d: d.kind("sum", [], [d.view(3)], (0, 1))),
    "the place of the largest of nothing": _last(
        lambda d: d.kind(
            "argmax", [d.view(2, shape=(8, 0), strides=(1, 1))], [d.view(3, type=d.i32)], (1, 1)
        )
    ),
    "a softmax of no axis": _last(
        lambda d: d.kind("softmax", [d.view(2, shape=(), strides=())], [d.view(3)])
    ),
    "a softmax over gaps": _last(
        lambda d: d.kind(
            "softmax", [d.view(2, shape=(4,), strides=(2,))], [d.view(3, shape=(4,))]
        )
    ),
    "a class for each row too few": _last(
        lambda d: d.kind(
            "sparse_cross_entropy",
            [d.view(0, shape=(1,), type=d.i32), d.view(2, shape=(2, 4), strides=(4, 1))],
            [d.view(3, shape=(2,))],
        )
    ),
    "places that are no whole numbers": _last(
        lambda d: d.kind("take", [d.view(2), d.view(0)], [d.view(3)], (1, N, 1, N))
    ),
    "places beside wrong sizes": _last(
        lambda d: d.kind("take", [d.view(2), d.view(0, type=d.i32)], [d.view(3)], (1, 5, 1, N))
    ),
    "sizes whose product overflows": _last(
        lambda d: d.kind(
            "take", [d.view(2), d.view(0, type=d.i32)], [d.view(3)], (2**62, 2**62, 2**62, N)
        )
    ),
    "random bits without a key": _last(lambda d: d.kind("random_bits", [d.view(2)], [d.view(3)], (N,))),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_plan_is_refused(what: str) -> None:
    draft = Draft()
    WRONG[what](draft)
    with pytest.raises(draft.core.module.PlanError, match=r"\w"):
        draft.build()


def test_a_plan_of_the_wrong_form_is_refused() -> None:
    """Not even tuples of numbers: refused as well, if in Python's own words."""
    for change in ("values", "work"):
        for wrong in ([None], ["x"], [()], [(1,)], [("a",) * 7], [(None,) * 7], [(2**80,) * 7]):
            draft = Draft()
            setattr(draft, change, wrong)
            with pytest.raises((TypeError, ValueError, RuntimeError, IndexError)):
                draft.build()


def test_a_touched_guard_is_noticed() -> None:
    """What guards lie over must keep its bytes; here an instruction writes there, as a bug would."""
    draft = Draft()
    draft.guards = [(0, 16)]
    with pytest.raises(draft.core.module.PlanError, match="add"):
        draft.build().run(*(list(map(np.ones, (N,), ("float32",))) for _ in range(3)))


def arrays() -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    return tuple([np.zeros(N, "float32")] for _ in range(3))  # type: ignore[return-value]


@pytest.mark.parametrize("which", [0, 1, 2])
def test_wrong_arrays_are_refused_at_a_run(which: int) -> None:
    draft = Draft()
    program, refused = draft.build(), draft.core.module.PlanError
    for wrong in (
        [], [np.zeros(N - 1, "float32")], [np.zeros(N, "float64")],
        [np.zeros(N, "float32")] * 2, [np.zeros(2 * N, "float32")[::2]],
    ):  # fmt: skip
        given = list(arrays())
        given[which] = wrong
        with pytest.raises(refused):
            program.run(*given)
    given = list(arrays())
    given[which] = [3]  # type: ignore[list-item]  # no array at all
    with pytest.raises((TypeError, BufferError)):
        program.run(*given)


def test_outputs_must_be_writable() -> None:
    inputs, variables, outputs = arrays()
    outputs[0].flags.writeable = False
    with pytest.raises((BufferError, ValueError)):
        Draft().build().run(inputs, variables, outputs)


def rows(**changes: Any) -> Any:
    """Run over 12 rows of 2 in batches of 4 (a batch is one input), one thing changed."""
    draft = Draft()
    given = {
        "arrays": [(np.ones((12, 2), "float32"), draft.f32)], "order": None, "start": 0, "stop": 12,
        "batch": 4, "seconds": 10.0, "variables": [np.zeros(N, "float32")],
        "outputs": [np.empty(3 * N, "float32")], "collect": True,
    }  # fmt: skip
    return draft.build().run_rows(**{**given, **changes})


def test_rows_are_run() -> None:
    out = np.empty(3 * N, "float32")
    assert rows(outputs=[out], order=np.arange(12)[::-1].copy()) == 12
    assert (out == -1).all()


WRONG_ROWS: dict[str, dict[str, Any]] = {
    "no arrays": {"arrays": []},
    "rows too wide": {"arrays": [(np.ones((12, 3), "float32"), 10)]},
    "rows too few": {"arrays": [(np.ones((11, 2), "float32"), 10)]},
    "another dtype": {"arrays": [(np.ones((12, 2), "float32"), 11)]},
    "an unknown dtype": {"arrays": [(np.ones((12, 2), "float32"), 77)]},
    "rows with gaps": {"arrays": [(np.ones((12, 4), "float32")[:, ::2], 10)]},
    "an array without rows": {"arrays": [(np.ones((), "float32"), 10)]},
    "an order too short": {"order": np.arange(11)},
    "an order beyond the rows": {"order": np.full(12, 12)},
    "an order before the rows": {"order": np.full(12, -1)},
    "an order of narrow numbers": {"order": np.arange(12, dtype="int32")},
    "an order with gaps": {"order": np.arange(24)[::2]},
    "no batch": {"batch": 0},
    "a negative batch": {"batch": -4},
    "a batch of another size": {"batch": 3},
    "a start before the rows": {"start": -4},
    "a start within a batch": {"start": 2},
    "a start after the stop": {"start": 16, "stop": 12},
    "a stop beyond the rows": {"stop": 13},
    "no outputs": {"outputs": []},
    "outputs too small": {"outputs": [np.empty(2 * N, "float32")]},
    "outputs with gaps": {"outputs": [np.empty(6 * N, "float32")[::2]]},
    "outputs that run back": {"outputs": [np.empty(3 * N, "float32")[::-1]]},
    "no variables": {"variables": []},
    "variables too small": {"variables": [np.zeros(3, "float32")]},
}


@pytest.mark.parametrize("what", WRONG_ROWS)
def test_wrong_rows_are_refused(what: str) -> None:
    with pytest.raises(native().core.module.PlanError):
        rows(**WRONG_ROWS[what])


def test_places_outside_are_kept_inside() -> None:
    """Places are numbers of the user's: wrong ones must not reach other memory."""
    from annette import ops

    from .running import graph_of, run

    x, at = np.arange(5.0), np.array([-(2**31), -1, 4, 5, 2**31 - 1], "int32")
    (y,) = run(graph_of(lambda x, at: ops.take(x, at, axis=0), [x, at]), [x, at])
    assert np.isin(y[np.isfinite(y)], x).all()


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_broken_plans_are_refused_or_harmless(seed: int) -> None:
    """Numbers of right plans are replaced at random: none of it may end the process."""
    rounds = 2000 if seed == 0 else 50_000
    call = f"from tests.native.mutate import main; main({seed}, {rounds})"
    refused, ran = map(int, python(call).split())
    assert refused > rounds / 2 and ran > 0
