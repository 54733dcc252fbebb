"""Nested structures: taken apart, put together and compared as keras.tree does."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque, namedtuple

import pytest
from hypothesis import given, strategies as st

from annette.utils import tree

Point = namedtuple("Point", "x y")

structures = st.recursive(
    st.integers() | st.none() | st.text(max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3)
        | st.builds(Point, inner, inner)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("structure", "leaves"),
    [
        (5, [5]),
        (None, [None]),
        ("ab", ["ab"]),
        ([], []),
        ([1, (2, [3])], [1, 2, 3]),
        ({"b": 1, "a": 2}, [2, 1]),
        (OrderedDict([("b", 1), ("a", 2)]), [1, 2]),
        (Point(1, {"z": 2, "y": None}), [1, None, 2]),
        (deque([1, 2]), [1, 2]),
        ({1: "a", "k": "b"}, ["a", "b"]),
    ],
)
def test_flatten_gives_leaves_in_order(structure, leaves):
    assert tree.flatten(structure) == leaves


@given(structures)
def test_packing_the_leaves_gives_the_structure_back(structure):
    assert tree.pack_sequence_as(structure, tree.flatten(structure)) == structure


@given(structures)
def test_paths_lead_to_the_leaves(structure):
    pairs = tree.flatten_with_path(structure)
    assert [leaf for _, leaf in pairs] == tree.flatten(structure)
    for path, leaf in pairs:
        node = structure
        for key in path:
            node = node[key]
        assert node is leaf


@given(structures)
def test_a_structure_is_the_same_as_itself(structure):
    tree.assert_same_structure(structure, structure)
    tree.assert_same_paths(structure, structure)


def test_a_mapped_dict_keeps_the_order_and_type_of_the_first():
    made = tree.map_structure(lambda a, b: a + b, {"b": 1, "a": 2}, {"a": 10, "b": 20})
    assert list(made.items()) == [("b", 21), ("a", 12)]
    mapped = tree.map_structure(str, defaultdict(list, k=1))
    assert isinstance(mapped, defaultdict)
    assert mapped["new"] == []


def test_none_is_left_alone_if_it_is_no_leaf():
    assert tree.map_structure(lambda x: x + 1, [1, None], none_is_leaf=False) == [2, None]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([1, 2], [1]),
        ([1], (1,)),
        ({"a": 1}, {"b": 1}),
        (1, [1]),
        ([1], 1),
        (Point(1, 2), (1, 2)),
    ],
)
def test_different_structures_are_told_apart(a, b):
    with pytest.raises(ValueError, match="don't match"):
        tree.assert_same_structure(a, b)


def test_the_same_paths_do_not_need_the_same_types():
    tree.assert_same_paths([1, (2,)], (3, [4]))
    with pytest.raises(ValueError, match=r"only in `b`: \(1,\)"):
        tree.assert_same_paths([1], [1, 2])


def test_traverse_replaces_nodes_and_leaves():
    assert tree.traverse(lambda x: tuple(x) if isinstance(x, list) else None, [1, [2]]) == (1, [2])
    assert tree.lists_to_tuples([1, [2, {"a": [3]}]]) == (1, (2, {"a": (3,)}))
    assert tree.traverse(lambda x: tree.MAP_TO_NONE if x == 1 else None, [1, 2]) == [None, 2]


def test_shapes_are_leaves_for_map_shape_structure():
    assert tree.map_shape_structure(len, [(None, 2), {"a": (3,)}]) == [2, {"a": 1}]


def test_map_up_to_passes_what_lies_below_whole():
    assert tree.map_structure_up_to([0, 0], lambda x: x, ["a", ["b", "c"]]) == ["a", ["b", "c"]]


def test_a_registered_class_is_a_node():
    @tree.register_tree_node_class
    class Pair:
        def __init__(self, a, b):
            self.a, self.b = a, b

        def tree_flatten(self):
            return (self.a, self.b), "metadata"

        @classmethod
        def tree_unflatten(cls, metadata, children):
            return cls(*children)

    made = tree.map_structure(lambda x: x * 2, [Pair(1, 2)])
    assert (made[0].a, made[0].b) == (2, 4)
    assert tree.is_nested(Pair(1, 2))


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: tree.pack_sequence_as([1, 2], [1]), ValueError, "2 leaves.*has 1"),
        (lambda: tree.pack_sequence_as([1], 5), TypeError, "it got int"),
        (lambda: tree.map_structure(1, [1]), TypeError, "expects a function"),
        (lambda: tree.map_structure(str), ValueError, "at least one structure"),
        (lambda: tree.map_structure_up_to([1], str), ValueError, "at least one structure"),
        (lambda: tree.register_tree_node_class(int), ValueError, "no method tree_flatten"),
    ],
)
def test_wrong_calls_are_explained(call, error, text):
    with pytest.raises(error, match=text):
        call()
