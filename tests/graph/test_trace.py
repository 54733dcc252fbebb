"""A trace keeps what a function does; a graph checks itself, prints, and is lowered."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from annette import Variable, ops, random
from annette.graph import Graph, GraphError, Tensor, gradient, trace
from annette.graph.lower import lower
from annette.graph.tensor import Node
from annette.testing import interpret

GOLDEN = Path(__file__).parent / "printed"


def chain():
    """x -> exp -> negative -> sum"""
    return trace(lambda x: ops.sum(-ops.exp(x)), [((2, 3), "float32")], "chain")[0]


# --- tracing --------------------------------------------------------------------------------------


def test_a_trace_gives_shapes_and_dtypes_without_computing():
    graph, result = trace(
        lambda x, i: {"a": ops.take(x, i, axis=0), "b": [x > 0, None]},
        [((4, 3), "float32"), ((2,), "int32")],
    )
    assert (result["a"].shape, result["a"].dtype) == ((2, 3), "float32")
    assert (result["b"][0].shape, result["b"][0].dtype) == ((4, 3), "bool")
    assert result["b"][1] is None
    assert [t.shape for t in graph.outputs] == [(2, 3), (4, 3)]


def test_constants_and_python_numbers_become_constants_of_the_graph():
    graph, _ = trace(lambda x: [x * 2.0 + np.ones(3, "float32"), 5], [((3,), "float32")])
    assert sorted(t.shape for t in graph.check().constants()) == [(), (), (3,)]
    outputs, _ = interpret(graph, [np.ones(3, "float32")])
    np.testing.assert_array_equal(outputs[0], [3, 3, 3])
    assert outputs[1] == 5


def test_what_is_computed_of_known_values_alone_is_computed_once_and_for_all():
    graph, _ = trace(lambda x: x + ops.exp(ops.zeros((3,))), [((3,), "float32")])
    assert [n.primitive.name for n in graph.nodes] == ["add"]


def test_a_variable_is_read_once_and_assigned_its_last_value():
    v = Variable(np.ones(3, "float32"))

    def function(x):
        v.assign(v + x)
        v.assign(v * v)
        return v.value

    graph, _ = trace(function, [((3,), "float32")])
    assert list(graph.reads) == [v]
    assert len(graph.assigns) == 1
    outputs, new = interpret(graph.check(), [np.full(3, 2.0, "float32")])
    np.testing.assert_array_equal(outputs[0], [9, 9, 9])
    np.testing.assert_array_equal(new[0], [9, 9, 9])
    np.testing.assert_array_equal(v.numpy(), [1, 1, 1]), "interpreting changes nothing"


def test_a_variable_assigned_to_itself_is_not_changed():
    v = Variable(np.ones(3))
    graph, _ = trace(lambda: v.assign(v.value), [])
    assert graph.assigns == []


def test_a_symbol_has_no_numbers():
    def function(x):
        with pytest.raises(TypeError, match=r"ops\.where"):
            bool(x > 0)
        with pytest.raises(ValueError, match="run_eagerly"):
            x.numpy()
        with pytest.raises(ValueError, match="run_eagerly"):
            float(x)
        return x

    trace(function, [((), "float32")])


def test_an_error_inside_a_trace_leaves_no_trace_behind():
    def function(x):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        trace(function, [((), "float32")])
    assert isinstance(ops.add(1, 2), np.ndarray)


def test_augmented_assignment_makes_new_values():
    """`total = zeros; total += x` records, and changes no array that others hold."""

    def function(x):
        total = ops.zeros((3,), "float32")
        total += x
        total *= 2.0
        total[1:]  # reading a part
        return total

    graph, _ = trace(function, [((3,), "float32")])
    np.testing.assert_array_equal(interpret(graph, [np.ones(3, "float32")])[0][0], [2, 2, 2])
    a = ops.ones((3,))
    b = a
    b += 1
    np.testing.assert_array_equal(a, [1, 1, 1])
    np.testing.assert_array_equal(b, [2, 2, 2])


# --- checking -------------------------------------------------------------------------------------


def test_a_right_graph_passes():
    assert isinstance(chain().check(), Graph)


def corrupted(change):
    graph = chain()
    change(graph)
    return graph


def _wrong_order(graph):
    graph.nodes[0], graph.nodes[1] = graph.nodes[1], graph.nodes[0]


def _missing(graph):
    del graph.nodes[0]


def _wrong_shape(graph):
    graph.nodes[1].outputs[0].shape = (3, 2)


def _wrong_dtype(graph):
    graph.nodes[1].outputs[0].dtype = "float64"


def _impossible(graph):
    graph.nodes[2].params = {"axis": (0, 5), "keepdims": False}


def _foreign(graph):
    graph.nodes[1].inputs = (Tensor((2, 3), "float32"),)


def _lost_output(graph):
    graph.nodes.pop()


CORRUPTIONS = {
    "wrong order": (_wrong_order, r"Node 0 \(negative\) reads its input 0"),
    "missing node": (_missing, r"Node 0 \(negative\) reads its input 0"),
    "wrong shape": (_wrong_shape, r"Node 1 \(negative\) is recorded as giving"),
    "wrong dtype": (_wrong_dtype, r"Node 1 \(negative\) is recorded as giving"),
    "impossible parameters": (_impossible, r"Node 2 \(sum\) has inputs that do not go together"),
    "a Tensor of another graph": (_foreign, r"Node 1 \(negative\) reads its input 0"),
    "an output nobody computes": (_lost_output, r"'chain': an output is computed by none"),
}


@pytest.mark.parametrize("how", CORRUPTIONS)
def test_a_corrupted_graph_is_refused_by_name(how):
    change, message = CORRUPTIONS[how]
    with pytest.raises(GraphError, match=message):
        corrupted(change).check()


def test_an_assignment_of_another_shape_is_refused_by_name():
    v = Variable(np.ones(3, "float32"), name="weight")
    graph, _ = trace(lambda x: v.assign(x), [((3,), "float32")])
    graph.check()
    graph.assigns = [(v, Tensor((4,), "float32", value=np.ones(4, "float32")))]
    with pytest.raises(GraphError, match=r"'weight' is float32\[3\].*float32\[4\]"):
        graph.check()
    graph.assigns = [(v, Tensor((3,), "float32"))]
    with pytest.raises(GraphError, match="the new value of 'weight' is computed by none"):
        graph.check()


# --- printing -------------------------------------------------------------------------------------


def mlp_step():
    """One step of gradient descent of a network 4-5-3 with softmax cross-entropy."""
    rng = np.random.default_rng(0)
    w1 = Variable(rng.normal(size=(4, 5)), dtype="float32", name="hidden/kernel")
    b1 = Variable(np.zeros(5), dtype="float32", name="hidden/bias")
    w2 = Variable(rng.normal(size=(5, 3)), dtype="float32", name="output/kernel")
    b2 = Variable(np.zeros(3), dtype="float32", name="output/bias")
    for v in (w1, b1, w2, b2):
        v.path = v.name

    def step(x, labels):
        weights = [w1, b1, w2, b2]
        symbols = [v.value for v in weights]
        hidden = ops.relu(ops.matmul(x, symbols[0]) + symbols[1])
        logits = ops.matmul(hidden, symbols[2]) + symbols[3]
        losses = ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)
        loss = ops.mean(losses)
        for v, symbol, g in zip(weights, symbols, gradient([loss], symbols), strict=True):
            v.assign(symbol - 0.1 * g)
        return loss

    return trace(step, [((2, 4), "float32"), ((2,), "int32")], "mlp_step")[0]


def draws():
    """A dropout mask and the step of its generator."""
    generator = random.SeedGenerator(7)
    return trace(lambda x: random.dropout(x, 0.5, seed=generator), [((2, 3), "float32")], "draws")[
        0
    ]


def normalized():
    """A fused operation of several results, and reshaping."""

    def function(x, gamma, beta):
        y, mean, variance = ops_batch_norm(x, gamma, beta, axes=(0,), epsilon=1e-3, once=False)
        return ops.reshape(y, (-1,)), ops.squeeze(mean), ops.squeeze(variance)

    from annette.fused.nn import batch_norm as ops_batch_norm

    specs = [((4, 3), "float32"), ((3,), "float32"), ((3,), "float32")]
    return trace(function, specs, "normalized")[0]


GRAPHS = {
    "mlp_step": mlp_step,
    "mlp_step_lowered": lambda: lower(mlp_step()),
    "draws": draws,
    "normalized": normalized,
    "normalized_lowered": lambda: lower(normalized()),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_canonical_graphs_print_as_they_did(name):
    """A change shows here as a difference of text; `ANNETTE_GOLDEN=1` writes the files anew."""
    text = str(GRAPHS[name]().check()) + "\n"
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("ANNETTE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_every_printed_graph_is_checked():
    assert {p.stem for p in GOLDEN.glob("*.txt")} == set(GRAPHS)


# --- lowering -------------------------------------------------------------------------------------


def test_lowering_keeps_the_results():
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(2, 4)).astype("float32"), np.array([0, 2], "int32")
    graph = mlp_step()
    before, after = interpret(graph, [x, labels]), interpret(lower(graph).check(), [x, labels])
    for a, b in zip([*before[0], *before[1]], [*after[0], *after[1]], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_lowering_leaves_what_has_a_kernel():
    names = [
        n.primitive.name
        for n in lower(mlp_step(), lambda node: node.primitive.name == "sparse_cross_entropy").nodes
    ]
    assert "sparse_cross_entropy" in names
    names = [n.primitive.name for n in lower(mlp_step()).nodes]
    assert "sparse_cross_entropy" not in names and "log_softmax" not in names


def test_lowering_passes_by_what_does_nothing():
    graph, _ = trace(lambda x: ops.stop_gradient(ops.stop_gradient(x)), [((3,), "float32")])
    lowered = lower(graph).check()
    assert lowered.nodes == [] and lowered.outputs == graph.inputs


def test_lowering_does_a_repeated_operation_once():
    graph, _ = trace(
        lambda x: ops.sum(x * 2.0) + ops.sum(x * 2.0) + ops.sum(x * 3.0), [((3,), "float32")]
    )
    assert len(lower(graph).check().nodes) == len(graph.nodes) - 2


def test_equal_inputs_with_other_parameters_are_not_merged():
    graph, _ = trace(
        lambda x: (ops.sum(x, axis=0), ops.sum(x, axis=1), ops.sum(x, axis=1)),
        [((3, 3), "float32")],
    )
    assert len(lower(graph).check().nodes) == 2


def test_constants_that_differ_in_sign_of_zero_or_dtype_are_not_merged():
    graph, _ = trace(
        lambda x: (ops.divide(x, np.float32(0.0)), ops.divide(x, np.float32(-0.0))),
        [((3,), "float32")],
    )
    first, second = interpret(lower(graph).check(), [np.ones(3, "float32")])[0]
    assert (first == np.inf).all() and (second == -np.inf).all()


def test_a_node_shows_what_it_is():
    graph = chain()
    assert isinstance(graph.nodes[0], Node)
    assert repr(graph.nodes[0].primitive) == "<Primitive exp>"
    assert repr(graph.inputs[0]) == "<Tensor x0: float32[2,3]>"
