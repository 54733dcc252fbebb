"""Variables: values that stay, and that nobody changes but by `assign` and training."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from annette import Variable, ops
from annette.backends import make_backend
from annette.graph import trace

VIEWS = {
    "convert_to_tensor": lambda v: ops.convert_to_tensor(v),
    "reshape": lambda v: ops.reshape(v, (-1,)),
    "transpose": lambda v: ops.transpose(v),
    "slice": lambda v: v[0],
    "flip": lambda v: ops.flip(v, axis=0),
    "broadcast": lambda v: ops.broadcast_to(v, (2, 30, 40)),
    "cast to its own dtype": lambda v: ops.cast(v, "float64"),
    "stop_gradient": lambda v: ops.stop_gradient(v),
    "value": lambda v: v.value,
    "numpy": lambda v: v.numpy(),
    "asarray": lambda v: np.asarray(v),
    "what assign returned": lambda v: v.assign(v.value),
    "T": lambda v: v.T,
}


@pytest.mark.parametrize("how", VIEWS)
def test_what_was_read_stays_as_it_was_read(how):
    """A program changes variables in place; numbers taken out before must not change with them."""
    v = Variable(np.ones((30, 40)))
    graph, _ = trace(lambda: v.assign_add(ops.ones((30, 40), "float64")), [])
    program = make_backend("numpy").compile(graph)
    program([])
    taken = VIEWS[how](v)
    before = np.array(taken)
    program([])
    np.testing.assert_array_equal(np.asarray(taken), before)
    assert (v.numpy() == 3).all()


@pytest.mark.parametrize("how", VIEWS)
def test_writing_into_what_was_read_does_not_change_the_variable(how):
    v = Variable(np.ones((30, 40)))
    taken = VIEWS[how](v)
    try:
        taken[...] = 5.0
    except ValueError as refused:
        assert "read-only" in str(refused)
    assert (v.numpy() == 1).all()


def test_the_first_value_is_a_copy():
    start = np.ones(3)
    v = Variable(start)
    start[:] = 7
    assert (v.numpy() == 1).all()
    v.assign(start)
    start[:] = 9
    assert (v.numpy() == 7).all()


def test_assign_casts_and_checks_the_shape():
    v = Variable(np.zeros(3), dtype="float32", name="weight")
    v.assign([1, 2, 3])
    assert v.numpy().dtype == np.float32
    with pytest.raises(ValueError, match=r"'weight'.*\(3,\).*\(2,\)"):
        v.assign(np.zeros(2))
    v.assign_add(1.0)
    v.assign_sub([1.0, 0.0, 0.0])
    np.testing.assert_array_equal(v.numpy(), [1, 3, 4])


def test_augmented_assignment_leaves_the_variable():
    v = Variable(np.ones(3))
    w = v
    w += 1.0
    assert (v.numpy() == 1).all() and (np.asarray(w) == 2).all()


def test_the_dtype_is_that_of_the_value_or_as_asked():
    assert Variable(1.0).dtype == "float32"
    assert Variable(1).dtype == "int32"
    assert Variable(True).dtype == "bool"
    assert Variable(np.ones(2, "float64")).dtype == "float64"
    assert Variable(np.ones(2, ">f8")).numpy().dtype.isnative


def test_bfloat16_needs_a_package():
    try:
        import ml_dtypes  # noqa: F401  # to know whether it is there
    except ImportError:
        with pytest.raises(ImportError, match="pip install ml_dtypes"):
            Variable(np.ones(2), dtype="bfloat16")
    else:
        assert Variable(np.ones(2), dtype="bfloat16").dtype == "bfloat16"


def test_an_initializer_needs_a_shape():
    v = Variable(lambda shape, dtype: np.ones(shape, dtype), shape=(2, 3))
    assert v.shape == (2, 3) and v.dtype == "float32"
    with pytest.raises(ValueError, match="needs a shape"):
        Variable(lambda shape, dtype: np.ones(shape, dtype))
    with pytest.raises(ValueError, match=r"\(3,\).*\(2,\)"):
        Variable(np.ones(2), shape=(3,))


def test_python_operators():
    v = Variable(np.array([[1.0, 2.0], [3.0, 4.0]]))
    np.testing.assert_array_equal(v @ v, v.numpy() @ v.numpy())
    np.testing.assert_array_equal(2.0 - v, 2 - v.numpy())
    np.testing.assert_array_equal(-v, -v.numpy())
    np.testing.assert_array_equal(v**2.0, v.numpy() ** 2)
    np.testing.assert_array_equal(v > 2.0, v.numpy() > 2)
    np.testing.assert_array_equal(np.ones((2, 2)) * v, v.numpy())
    np.testing.assert_array_equal(v[1], [3, 4])


def test_deepcopy_is_another_variable():
    v = Variable(np.ones(3), trainable=False, name="weight")
    other = copy.deepcopy(v)
    other.assign(np.zeros(3))
    assert (v.numpy() == 1).all() and other.name == "weight" and not other.trainable


def test_a_name_of_an_initializer_makes_the_first_value():
    import annette

    zeros = annette.Variable(initializer="zeros", shape=(2,), dtype="int32")
    assert zeros.numpy().tolist() == [0, 0] and zeros.dtype == "int32"
    assert annette.Variable("ones", shape=(1, 2)).numpy().tolist() == [[1, 1]]
    with pytest.raises(ValueError, match="shape"):
        annette.Variable("ones")
    with pytest.raises(ValueError, match="onse"):
        annette.Variable("onse", shape=(2,))
