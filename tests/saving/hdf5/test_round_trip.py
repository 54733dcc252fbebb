"""Whatever is written is read back the same, be it ever so oddly shaped or named."""

from __future__ import annotations

import io

import numpy as np
from hypothesis import HealthCheck, given, settings, strategies as st
from hypothesis.extra import numpy as arrays

from annette.saving import hdf5

DTYPES = st.sampled_from(
    ["f2", "f4", "f8", ">f4", "i1", "<i2", ">i4", "i8", "u1", "u8", "?", "S1", "S5"]
)
NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1,
                max_size=12).filter(lambda name: name != ".")  # fmt: skip
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
SHAPES = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
NUMBERS = arrays.arrays(DTYPES, SHAPES)
WORDS = st.lists(TEXTS, max_size=5)
VALUES = st.one_of(NUMBERS, TEXTS, WORDS)
ATTRIBUTES = st.dictionaries(NAMES, VALUES, max_size=4)
TREES = st.recursive(
    st.tuples(VALUES, ATTRIBUTES),
    lambda inner: st.tuples(st.dictionaries(NAMES, inner, max_size=4), ATTRIBUTES),
    max_leaves=8,
)


def put(group, tree):
    members, attributes = tree
    group.attrs.update(attributes)
    for name, (content, inner) in members.items():
        if isinstance(content, dict):
            put(group.group(name), (content, inner))
        else:
            group.dataset(name, content, attrs=inner)


def same(found, written, text):
    """Compare; of attributes, strings of fixed length are read as `str`, too."""
    if isinstance(written, str):
        assert found == written
        return
    expected = np.array(written, object) if isinstance(written, list) else written
    if text and expected.dtype.kind == "S":
        expected = np.vectorize(lambda s: s.decode("utf-8", "surrogateescape"), [object])(expected)
    assert np.shape(found) == expected.shape
    np.testing.assert_array_equal(np.asarray(found), expected)


def check(thing, tree):
    content, attributes = tree
    assert set(thing.attrs) == set(attributes)
    for name, value in attributes.items():
        same(thing.attrs[name], value, True)
    if not isinstance(content, dict):
        read = thing.read()
        same(read[()] if isinstance(content, str) else read, content, False)
        return
    assert list(thing) == sorted(content)
    for name, inner in content.items():
        check(thing[name], inner)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.tuples(st.dictionaries(NAMES, TREES, max_size=12), ATTRIBUTES))
def test_any_tree(tree):
    writer = hdf5.Writer()
    put(writer, tree)
    file = io.BytesIO()
    writer.write(file)
    with hdf5.File(file.getvalue()) as read:
        check(read, tree)
