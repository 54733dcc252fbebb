"""Optimizers follow their rules, alike eagerly and traced, with all the options of the base."""

import numpy as np
import pytest

from annette import Variable, optimizers
from annette.backends import current_backend
from annette.graph.trace import trace
from annette.optimizers import schedules

G = np.array([3.0, -4.0], "float32")
MAKERS = {
    "sgd": lambda **k: optimizers.SGD(0.1, **k),
    "momentum": lambda **k: optimizers.SGD(0.1, momentum=0.9, **k),
    "nesterov": lambda **k: optimizers.SGD(0.1, momentum=0.9, nesterov=True, **k),
    "rmsprop": lambda **k: optimizers.RMSprop(0.1, **k),
    "rmsprop momentum": lambda **k: optimizers.RMSprop(0.1, momentum=0.5, **k),
    "rmsprop centered": lambda **k: optimizers.RMSprop(0.1, centered=True, **k),
    "rmsprop both": lambda **k: optimizers.RMSprop(0.1, centered=True, momentum=0.5, **k),
    "adam": lambda **k: optimizers.Adam(0.1, **k),
    "amsgrad": lambda **k: optimizers.Adam(0.1, amsgrad=True, **k),
    "adamw": lambda **k: optimizers.AdamW(0.1, **k),
    "adagrad": lambda **k: optimizers.Adagrad(0.1, **k),
    "adadelta": lambda **k: optimizers.Adadelta(1.0, **k),
    "adamax": lambda **k: optimizers.Adamax(0.1, **k),
    "nadam": lambda **k: optimizers.Nadam(0.1, **k),
    "ftrl": lambda **k: optimizers.Ftrl(0.1, l1_regularization_strength=0.1, **k),
    "lion": lambda **k: optimizers.Lion(0.1, **k),
    "lamb": lambda **k: optimizers.Lamb(0.1, **k),
    "adafactor": lambda **k: optimizers.Adafactor(0.1, **k),
    "muon": lambda **k: optimizers.Muon(0.1, **k),
    "schedule-free": lambda **k: optimizers.ScheduleFreeAdamW(0.1, **k),
    "schedule": lambda **k: optimizers.Adam(schedules.ExponentialDecay(0.1, 2, 0.5), **k),
}
OPTIONS = {
    "plain": {},
    "clipnorm": {"clipnorm": 1.0},
    "clipvalue": {"clipvalue": 0.5},
    "global_clipnorm": {"global_clipnorm": 1.0},
    "weight_decay": {"weight_decay": 0.1},
    "ema": {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 2},
    "accumulation": {"gradient_accumulation_steps": 2},
    "loss scale": {"loss_scale_factor": 8.0},
}


def weight(value=(1.0, 2.0), name="w", **kwargs):
    return Variable(np.array(value, "float32"), name=name, **kwargs)


def after(optimizer, steps=1, g=G, **kwargs):
    w = weight(**kwargs)
    for _ in range(steps):
        optimizer.apply([g], [w])
    return w.numpy()


@pytest.mark.parametrize(
    ("optimizer", "steps", "expected"),
    [
        (optimizers.SGD(0.1), 1, [0.7, 2.4]),
        (optimizers.SGD(0.1, momentum=0.5), 2, [1 - 0.3 - 0.45, 2 + 0.4 + 0.6]),
        (optimizers.SGD(0.1, momentum=0.5, nesterov=True), 1, [1 - 0.45, 2 + 0.6]),
        (optimizers.Adam(0.1), 1, [0.9, 2.1]),
        (optimizers.Adam(0.1), 3, [0.7, 2.3]),
        (optimizers.Adam(0.1, amsgrad=True), 3, [0.7, 2.3]),
        (optimizers.AdamW(0.1, weight_decay=0.5), 1, [0.85, 2.0]),
        (optimizers.RMSprop(0.1, rho=0.75), 1, [0.8, 2.2]),
        (optimizers.RMSprop(0.1, rho=0.75, momentum=0.5), 1, [0.8, 2.2]),
        (optimizers.Adagrad(0.1, initial_accumulator_value=0.0), 1, [0.9, 2.1]),
        (optimizers.Adamax(0.1), 3, [0.7, 2.3]),
        (optimizers.Lion(0.1), 3, [0.7, 2.3]),
        (optimizers.ScheduleFreeAdamW(0.1), 1, [0.9, 2.1]),
        (optimizers.Ftrl(0.1, initial_accumulator_value=0.0, beta=1.0), 1, [0.675, 1.68]),
    ],
)
def test_rule(optimizer, steps, expected):
    np.testing.assert_allclose(after(optimizer, steps), expected, rtol=1e-4)


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("maker", MAKERS)
def test_traced_equals_eager(maker, option):
    if maker == "adamw" and option == "weight_decay":
        option = "plain"
    eager, traced = (MAKERS[maker](**OPTIONS[option]) for _ in range(2))
    mine, theirs = ([weight(), weight([[0.5]], "v")] for _ in range(2))
    eager.build(mine)
    traced.build(theirs)
    specs = [((2,), "float32"), ((1, 1), "float32")]
    graph, _ = trace(lambda *gs: traced.apply(list(gs), theirs), specs)
    program = current_backend().compile(graph)
    rng = np.random.default_rng(0)
    for _ in range(4):
        gs = [rng.normal(size=s).astype(d) for s, d in specs]
        eager.apply(gs, mine)
        program(gs)
    for a, b in zip([*mine, *eager.variables], [*theirs, *traced.variables], strict=True):
        np.testing.assert_allclose(b.numpy(), a.numpy(), rtol=1e-5, atol=1e-7)
    assert int(eager.iterations) == (2 if option == "accumulation" else 4)


@pytest.mark.parametrize(
    ("options", "g", "expected"),
    [
        ({"clipnorm": 1.0}, [3.0, -4.0], [-0.6, 0.8]),
        ({"clipnorm": 10.0}, [3.0, -4.0], [-3.0, 4.0]),
        ({"clipnorm": 1.0}, [0.0, 0.0], [0.0, 0.0]),
        ({"clipvalue": 0.5}, [3.0, -0.25], [-0.5, 0.25]),
        ({"global_clipnorm": 1.0}, [3.0, -4.0], [-0.6, 0.8]),
        ({"loss_scale_factor": 4.0}, [4.0, -8.0], [-1.0, 2.0]),
    ],
)
def test_gradients_are_clipped_and_scaled(options, g, expected):
    w = after(optimizers.SGD(1.0, **options), g=np.array(g, "float32"), value=(0.0, 0.0))
    np.testing.assert_allclose(w, expected, rtol=1e-5)


def test_global_clipping_takes_all_weights_together():
    a, b = weight([0.0]), weight([0.0])
    optimizers.SGD(1.0, global_clipnorm=1.0).apply([np.array([3.0]), np.array([4.0])], [a, b])
    np.testing.assert_allclose([a.numpy()[0], b.numpy()[0]], [-0.6, -0.8], rtol=1e-5)


def test_weight_decay_and_what_is_left_out_of_it():
    optimizer = optimizers.SGD(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    w, b = weight([1.0], "kernel"), weight([1.0], "bias")
    optimizer.apply([np.zeros(1), np.zeros(1)], [w, b])
    np.testing.assert_allclose([w.numpy()[0], b.numpy()[0]], [0.95, 1.0])
    with pytest.raises(ValueError, match="before"):
        optimizer.exclude_from_weight_decay(var_names=["kernel"])


def test_accumulated_gradients_are_averaged_and_applied_at_once():
    optimizer = optimizers.SGD(1.0, gradient_accumulation_steps=2)
    w = weight([0.0])
    seen = []
    for g in (1.0, 3.0, 5.0, 7.0):
        optimizer.apply([np.array([g], "float32")], [w])
        seen.append(float(w.numpy()[0]))
    assert seen == [0.0, -2.0, -2.0, -8.0]


def test_moving_average_and_its_end():
    optimizer = optimizers.SGD(1.0, use_ema=True, ema_momentum=0.5)
    w = weight([0.0])
    for _ in range(3):
        optimizer.apply([np.array([1.0], "float32")], [w])
    assert w.numpy()[0] == -3.0
    optimizer.finalize_variable_values([w])
    assert w.numpy()[0] == -2.25


def test_constraint_holds_after_the_step():
    from annette.constraints import NonNeg

    w = weight([1.0])
    w.constraint = NonNeg()
    optimizers.SGD(1.0).apply([np.array([5.0])], [w])
    assert w.numpy()[0] == 0.0


def test_float64_weights_keep_their_precision():
    w = Variable(np.array([1.0]), dtype="float64")
    optimizers.Adam(0.5).apply([np.array([1e-3])], [w])
    assert w.dtype == "float64" and w.numpy().dtype == "float64"
    assert abs(w.numpy()[0] - (1 - 0.5 * 1e-3 / (1e-3 + 1e-7 / np.sqrt(1e-3)))) < 1e-6


def test_learning_rate_can_be_read_and_set():
    optimizer = optimizers.SGD(0.5)
    assert float(optimizer.learning_rate) == 0.5
    optimizer.learning_rate = 0.25
    np.testing.assert_allclose(after(optimizer), [0.25, 3.0])
    optimizer.learning_rate = schedules.PiecewiseConstantDecay([1], [0.1, 0.01])
    assert float(optimizer.learning_rate) == pytest.approx(0.1)
    with pytest.raises(TypeError, match="PiecewiseConstantDecay"):
        optimizer.learning_rate = 0.1


def test_learning_rate_from_a_callable():
    np.testing.assert_allclose(after(optimizers.SGD(lambda: 0.1)), [0.7, 2.4], rtol=1e-6)


def test_apply_gradients_takes_pairs():
    w = weight()
    optimizer = optimizers.SGD(0.1)
    assert int(optimizer.apply_gradients([(G, w)])) == 1
    np.testing.assert_allclose(w.numpy(), [0.7, 2.4], rtol=1e-6)


def test_weights_without_gradient_stay_and_are_named():
    w, v = weight(), weight(name="unused")
    with pytest.warns(UserWarning, match="unused"):
        optimizers.SGD(0.1).apply([G, None], [w, v])
    np.testing.assert_array_equal(v.numpy(), [1.0, 2.0])


def test_stateless_apply_leaves_the_variables_alone():
    optimizer, w = optimizers.Adam(0.1), weight()
    optimizer.build([w])
    state = [v.numpy() for v in optimizer.variables]
    (new_w,), new_state = optimizer.stateless_apply(state, [G], [w.numpy()])
    np.testing.assert_allclose(new_w, [0.9, 2.1], rtol=1e-4)
    assert int(new_state[0]) == 1 and int(optimizer.iterations) == 0
    np.testing.assert_array_equal(w.numpy(), [1.0, 2.0])


def test_saved_state_goes_on_where_it_was():
    first, w = optimizers.Adam(0.1), weight()
    for _ in range(3):
        first.apply([G], [w])
    store = {}
    first.save_own_variables(store)
    second, v = optimizers.Adam(0.1), Variable(w.numpy(), name="w")
    second.build([v])
    second.load_own_variables(store)
    first.apply([G], [w])
    second.apply([G], [v])
    np.testing.assert_array_equal(v.numpy(), w.numpy())


def test_own_optimizer():
    class Signs(optimizers.Optimizer):
        def __init__(self, learning_rate=0.1, **kwargs):
            super().__init__(learning_rate=learning_rate, **kwargs)

        def build(self, variables):
            if not self.built:
                super().build(variables)
                self.seen = self.add_optimizer_variables(variables, "seen")

        def update_step(self, gradient, variable, learning_rate):
            seen = self.seen[self._get_variable_index(variable)]
            self.assign_add(seen, gradient)
            self.assign_sub(variable, learning_rate * np.sign(gradient))

    optimizer = Signs()
    np.testing.assert_allclose(after(optimizer), [0.9, 2.1], rtol=1e-6)
    assert optimizer.variables[-1].path.endswith("w_seen")


@pytest.mark.parametrize("maker", MAKERS)
def test_config_makes_an_equal_optimizer(maker):
    optimizer = MAKERS[maker](clipnorm=2.0)
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()
    np.testing.assert_array_equal(after(again, 3), after(optimizer, 3))


def test_names_and_variable_paths():
    optimizer = optimizers.Adam(name="opt")
    optimizer.build([weight(name="a")])
    assert [v.path for v in optimizer.variables] == [
        "opt/iteration",
        "opt/learning_rate",
        "opt/a_momentum",
        "opt/a_velocity",
    ]
    assert type(optimizers.get("ADAM")) is optimizers.Adam
    assert type(optimizers.get("adamw")) is optimizers.AdamW
    assert type(optimizers.get({"class_name": "SGD", "config": {}})) is optimizers.SGD


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: optimizers.get("adamm"), "Did you mean 'adam'"),
        (lambda: optimizers.get(3), "optimizer"),
        (lambda: optimizers.get(np.sin), "optimizer"),
        (lambda: optimizers.SGD(learning_rat=0.1), "Did you mean 'learning_rate'"),
        (lambda: optimizers.SGD("fast"), "learning_rate"),
        (lambda: optimizers.SGD(float("nan")), "learning_rate"),
        (lambda: optimizers.SGD(momentum=2.0), "momentum"),
        (lambda: optimizers.SGD(clipnorm=1.0, clipvalue=1.0), "Only one"),
        (lambda: optimizers.SGD(clipnorm=-1.0), "clipnorm"),
        (lambda: optimizers.SGD(use_ema=True, ema_momentum=2.0), "ema_momentum"),
        (lambda: optimizers.SGD(gradient_accumulation_steps=1), "gradient_accumulation_steps"),
        (lambda: optimizers.AdamW(weight_decay=None), "weight_decay"),
        (lambda: optimizers.SGD().apply([G]), "build"),
        (lambda: optimizers.SGD().apply([G], []), "one gradient a variable"),
        (lambda: optimizers.SGD().apply([None], [weight()]), "no gradient"),
        (lambda: optimizers.SGD().apply_gradients([]), "none"),
        (lambda: optimizers.SGD().apply([np.zeros(3)], [weight()]), r"shape \(3,\)"),
        (lambda: schedules.ExponentialDecay(0.1, 0, 0.5), "decay_steps"),
        (lambda: schedules.PiecewiseConstantDecay([1], [0.1]), "one value more"),
    ],
)
def test_wrong_arguments_are_named(make, says):
    with pytest.raises(ValueError, match=says):
        make()


def test_a_weight_it_was_not_built_for_is_named():
    optimizer = optimizers.SGD()
    optimizer.build([weight(name="a")])
    with pytest.raises(ValueError, match="'b'"):
        optimizer.apply([G], [weight(name="b")])


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (schedules.ExponentialDecay(1.0, 2, 0.25), [1.0, 0.5, 0.25, 0.125]),
        (schedules.ExponentialDecay(1.0, 2, 0.25, staircase=True), [1.0, 1.0, 0.25, 0.25]),
        (schedules.InverseTimeDecay(1.0, 2, 2.0), [1.0, 0.5, 1 / 3, 0.25]),
        (schedules.PolynomialDecay(1.0, 2, 0.0), [1.0, 0.5, 0.0, 0.0]),
        (schedules.PolynomialDecay(1.0, 2, 0.0, cycle=True), [1.0, 0.5, 0.0, 0.25]),
        (schedules.PiecewiseConstantDecay([0, 2], [3.0, 2.0, 1.0]), [3.0, 2.0, 2.0, 1.0]),
        (schedules.CosineDecay(1.0, 2), [1.0, 0.5, 0.0, 0.0]),
        (schedules.CosineDecay(1.0, 2, alpha=0.5), [1.0, 0.75, 0.5, 0.5]),
        (schedules.CosineDecay(0.0, 2, warmup_target=1.0, warmup_steps=1), [0.0, 1.0, 0.5, 0.0]),
        (schedules.CosineDecayRestarts(1.0, 1, t_mul=2.0), [1.0, 1.0, 0.5, 1.0]),
        (schedules.CosineDecayRestarts(1.0, 1, t_mul=1.0, m_mul=0.5), [1.0, 0.5, 0.25, 0.125]),
    ],
)
def test_schedule(schedule, expected):
    rates = [float(schedule(step)) for step in range(4)]
    np.testing.assert_allclose(rates, expected, rtol=1e-5, atol=1e-7)
    again = schedules.deserialize(schedules.serialize(schedule))
    assert again.get_config() == schedule.get_config()
