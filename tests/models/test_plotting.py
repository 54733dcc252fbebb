"""plot_model and model_to_dot: what is drawn, where it lies, and which formats there are."""

from __future__ import annotations

import itertools
import re
import shutil
import sys
import xml.etree.ElementTree as ET

import pytest

import annette as keras
from annette import layers
from annette.models.plotting.diagram import Box, Options, describe
from annette.models.plotting.layout import place
from annette.models.plotting.svg import box_size, turned
from annette.utils import model_to_dot, plot_model

SVG = "{http://www.w3.org/2000/svg}"
EVERYTHING = {
    "show_shapes": True, "show_dtype": True, "show_layer_activations": True, "show_trainable": True,
    "show_layer_names": True,
}  # fmt: skip


def chain():
    return keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(3, activation="relu", name="d"),
            layers.Dense(1, name="e"),
        ],
        name="chain",
    )


def forked():
    """Two inputs, three outputs, a model in the model, one in that, and a skip over both."""
    keras.utils.clear_session()  # the addition's name is counted
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    h = layers.Dense(2, activation="relu", name="h")(a)
    deep = keras.Sequential([keras.Input((2,)), layers.Dense(5, name="d1")], name="deep")
    p, q = keras.Input((3,), name="p"), keras.Input((2,), name="q")
    z = layers.Dense(2, name="z")(p)
    joined = layers.Concatenate(name="joined")([z, deep(q)])
    inner = keras.Model([p, q], [layers.Dense(2, name="last")(joined), z], name="inner")
    r1, r2 = inner([b, h])
    c = layers.Concatenate(name="c")([h, r2])
    kept = layers.Dense(3, name="kept", trainable=False)(layers.Add(name="s")([r1, h]))
    return keras.Model([a, b], [layers.Dense(1, name="o")(c), kept, c + 1], name="forked")


def residual():
    x = inputs = keras.Input((8,))
    for _ in range(3):
        y = layers.Dense(8)(layers.Dense(8)(x))
        x = layers.Add()([x, y])
    return keras.Model(inputs, x)


def shared():
    a, b = keras.Input((2,), name="a"), keras.Input((2,), name="b")
    dense = layers.Dense(2, name="twin")
    return keras.Model([a, b], layers.Add(name="s")([dense(a), dense(b)]))


def around():
    """A layer that reads what it led to: boxes in a circle."""
    a = keras.Input((2,), name="a")
    f, g = layers.Dense(2, name="f"), layers.Dense(2, name="g")
    return keras.Model(a, f(g(f(a))))


MODELS = [chain, forked, residual, shared, around]


def arrows(model, **settings):
    """Return the arrows between boxes by their titles, read from the DOT."""
    text = model_to_dot(model, **settings).to_string()
    titles = dict(re.findall(r"(n\d+) \[label=<.*?<b>(.*?)</b>", text))
    return {(titles[a], titles[b]) for a, b in re.findall(r"(n\d+) -> (n\d+);", text)}


def test_arrows_are_the_ways_of_the_data():
    assert arrows(chain()) == {("d (Dense)", "e (Dense)")}
    assert arrows(shared()) == {
        ("a (InputLayer)", "twin (Dense)"), ("b (InputLayer)", "twin (Dense)"), ("twin (Dense)", "s (Add)"),
    }  # fmt: skip
    found = {tuple(title.split()[0] for title in pair) for pair in arrows(forked())}
    assert found == {
        ("a", "h"), ("h", "inner"), ("b", "inner"), ("h", "c"), ("inner", "c"), ("c", "o"),
        ("inner", "s"), ("h", "s"), ("s", "kept"), ("c", "add"),
    }  # fmt: skip


def test_nested_models_are_opened_to_the_right_ends():
    found = {
        tuple(title.split()[0] for title in pair) for pair in arrows(forked(), expand_nested=True)
    }
    assert found == {
        ("a", "h"), ("b", "p"), ("h", "q"), ("p", "z"), ("q", "d1"), ("z", "joined"),
        ("d1", "joined"), ("joined", "last"), ("last", "s"), ("z", "c"), ("h", "c"), ("c", "o"),
        ("h", "s"), ("s", "kept"), ("c", "add"),
    }  # fmt: skip
    text = model_to_dot(forked(), expand_nested=True).source
    assert re.findall(r'label="(.*?)"', text) == ["inner", "deep"]
    assert text.count("subgraph cluster_") == 2 and text.count("{") == text.count("}")


def texts(dot):
    return [e.text for e in ET.fromstring(dot.to_svg()).iter(f"{SVG}text")]


def test_a_box_says_what_is_asked():
    found = texts(model_to_dot(chain(), **EVERYTHING))
    assert found[:10] == [
        "d (Dense)", "Activation", "relu", "Input shape", "(None, 4)", "Output shape", "(None, 3)",
        "Output dtype", "float32", "Trainable",
    ]  # fmt: skip
    assert texts(model_to_dot(chain(), show_layer_names=False)) == ["Dense", "Dense"]
    assert texts(model_to_dot(chain())) == ["d (Dense)", "e (Dense)"]
    found = texts(model_to_dot(forked(), **EVERYTHING))
    assert "Not trainable" in found and "[(None, 2), (None, 2)]" in found and "add (Add)" in found


def test_odd_names_are_written_safely():
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1, name="a<b&c")], name='"x"')
    assert texts(model_to_dot(model)) == ["a<b&c (Dense)"]
    assert "a&lt;b&amp;c (Dense)" in model_to_dot(model).source


def test_a_subclassed_model_is_one_box():
    class Own(keras.Model):
        def __init__(self):
            super().__init__(name="own")
            self.dense = layers.Dense(1)

        def call(self, x):
            return self.dense(x)

    model = Own()
    with pytest.raises(ValueError, match="'own' is not built"):
        model_to_dot(model)
    model.build((None, 2))
    assert texts(model_to_dot(model, show_shapes=True))[0] == "own (Own)"


def overlap(a, b):
    (ax, ay, aw, ah), (bx, by, bw, bh) = a, b
    return ax < bx + bw and bx < ax + aw and ay < by + bh and by < ay + ah


@pytest.mark.parametrize("rankdir", ["TB", "LR", "BT", "RL"])
@pytest.mark.parametrize("make", MODELS)
def test_nothing_lies_upon_another_and_arrows_meet_their_boxes(make, rankdir):
    frame = describe(make(), Options(show_shapes=True, expand_nested=True))
    sideways = rankdir in ("LR", "RL")

    def size(box: Box):
        return box_size(box)[::-1] if sideways else box_size(box)

    placed = turned(place(frame, size, sideways), rankdir)
    areas = {box.key: tuple(area) for box, *area in placed.boxes}
    assert set(areas) == {box.key for box in frame.boxes()}
    for a, b in itertools.combinations(areas.values(), 2):
        assert not overlap(a, b)
    for x, y, w, h in [*areas.values(), *(tuple(area) for _, *area in placed.frames)]:
        assert (
            x >= -0.1 and y >= -0.1 and x + w <= placed.width + 0.1 and y + h <= placed.height + 0.1
        )
    for inner, x, y, w, h in placed.frames:
        own = {box.key for box in inner.boxes()}
        for key, (bx, by, bw, bh) in areas.items():
            if key in own:
                assert x < bx and y < by and bx + bw < x + w and by + bh < y + h
            else:
                assert not overlap((x, y, w, h), (bx, by, bw, bh))
    for points, head in placed.arrows:
        if head:
            x, y = points[-1]
            assert any(
                bx - 0.1 <= x <= bx + bw + 0.1 and by - 0.1 <= y <= by + bh + 0.1
                for bx, by, bw, bh in areas.values()
            )
        for (ax, ay), (bx, by) in itertools.pairwise(points):
            assert abs(ax - bx) < 0.1 or abs(ay - by) < 0.1  # right angles


@pytest.mark.parametrize("make", [chain, forked, residual, shared])
def test_arrows_pass_no_box_on_their_way(make):
    placed = place(describe(make(), Options(expand_nested=True)), box_size)
    areas = [tuple(area) for _, *area in placed.boxes]
    for points, _ in placed.arrows:
        for (ax, ay), (bx, by) in itertools.pairwise(points):
            line = min(ax, bx), min(ay, by) + 0.1, abs(ax - bx) + 1e-6, abs(ay - by) - 0.2
            assert line[3] <= 0 or not any(overlap(line, area) for area in areas)


def test_directions():
    def middles(rankdir):
        root = ET.fromstring(model_to_dot(chain(), rankdir=rankdir).to_svg())
        return [(float(e.get("x")), float(e.get("y"))) for e in root.iter(f"{SVG}text")]

    (x1, y1), (x2, y2) = middles("TB")
    assert x1 == x2 and y1 < y2
    (x1, y1), (x2, y2) = middles("LR")
    assert x1 < x2 and y1 == y2
    assert middles("BT")[0][1] > middles("BT")[1][1]
    assert middles("RL")[0][0] > middles("RL")[1][0]


def test_a_long_model_is_drawn_and_skips_stay_beside_it():
    x = inputs = keras.Input((4,))
    for _ in range(60):
        x = layers.Add()([x, layers.Dense(4)(x)])
    root = ET.fromstring(model_to_dot(keras.Model(inputs, x)).to_svg())
    assert float(root.get("width")) < 500


@pytest.mark.parametrize("splines", ["ortho", "curved", "polyline"])
def test_svg_needs_nothing(tmp_path, monkeypatch, splines):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert plot_model(forked(), tmp_path / "m.svg", expand_nested=True, splines=splines) is None
    root = ET.parse(tmp_path / "m.svg").getroot()
    assert root.tag == f"{SVG}svg" and len(list(root.iter(f"{SVG}path"))) > 10
    plot_model(chain(), str(tmp_path / "m.dot"))
    assert (tmp_path / "m.dot").read_text().startswith("digraph G {")
    assert model_to_dot(chain()).create(prog="dot", format="svg").startswith(b"<svg")
    assert model_to_dot(chain())._repr_svg_().startswith("<svg")


@pytest.mark.parametrize("file", ["m.png", "m.pdf", "m"])
def test_other_formats_say_what_they_need(tmp_path, monkeypatch, file):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    with pytest.raises(ImportError, match=r"Graphviz.*\.svg"):
        plot_model(chain(), tmp_path / file)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for Graphviz is a script")
def test_graphviz_is_used_where_it_is(tmp_path, monkeypatch):
    program = tmp_path / "dot"
    program.write_text(f"#!{sys.executable}\nimport sys\nprint(sys.argv[1:], sys.stdin.read())\n")
    program.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda name: str(program) if name == "dot" else None)
    plot_model(chain(), tmp_path / "m.pdf", dpi=72)
    written = (tmp_path / "m.pdf").read_text()
    assert "'-Tpdf'" in written and "digraph G {" in written and "dpi=72;" in written


def test_subgraph():
    text = model_to_dot(chain(), subgraph=True).to_string()
    assert text.startswith("subgraph cluster_n0 {") and text.rstrip().endswith("}")


@pytest.mark.parametrize(
    ("model", "settings", "says"),
    [
        (chain, {"rankdir": "XX"}, "rankdir must be one of TB"),
        (chain, {"layer_range": ["a", "b"]}, "'layer_range'"),
        (lambda: 3, {}, "A model is expected; it got 3"),
        (lambda: keras.Sequential([layers.Dense(1)]), {}, "not built"),
    ],
)
def test_what_cannot_be_drawn(tmp_path, model, settings, says):
    for draw in (model_to_dot, lambda m, **k: plot_model(m, tmp_path / "m.svg", **k)):
        with pytest.raises(ValueError, match=says):
            draw(model(), **settings)
