"""`Model.export`: what is written where, what the file says of itself, what is refused before writing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import annette as keras
from annette import layers
from annette.export.onnx import OPSET  # its package was asked for above
from annette.saving import files

from .running import onnx, onnxruntime, outputs


def small(**how):
    start = keras.Input((4,), name="flower")
    hidden = layers.Dense(3, activation="relu", name="hidden")(start)
    return keras.Model(start, layers.Dense(2, name="kind")(hidden), name="iris", **how)


def test_a_file_runs_where_annette_is_not(tmp_path, capsys):
    model = small()
    path = tmp_path / "model.onnx"
    model.export(path)
    assert capsys.readouterr().out == f"Saved artifact at '{path}'.\n"
    running = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    (found,) = running.run(["kind"], {"flower": x})
    np.testing.assert_allclose(found, model.predict(x, verbose=0), rtol=1e-5, atol=1e-6)


def test_a_file_says_what_it_is(tmp_path):
    model = small()
    model.export(tmp_path / "model.onnx", verbose=False)
    proto = onnx.load(tmp_path / "model.onnx")
    assert (proto.producer_name, proto.producer_version) == ("annette", keras.__version__)
    assert [(o.domain, o.version) for o in proto.opset_import] == [("", OPSET)]
    assert "iris" in proto.doc_string and proto.graph.name == "iris"
    (start,), (end,) = proto.graph.input, proto.graph.output
    assert (start.name, end.name) == ("flower", "kind")
    rows, columns = start.type.tensor_type.shape.dim
    assert (rows.dim_param, columns.dim_value) == ("batch", 4)
    assert end.type.tensor_type.shape.dim[0].dim_param == "batch"
    weights = {t.name: onnx.numpy_helper.to_array(t) for t in proto.graph.initializer}
    assert weights.keys() >= {w.path for w in model.weights}
    np.testing.assert_array_equal(weights["hidden/kernel"], model.weights[0].numpy())
    assert {"hidden/MatMul", "hidden/Relu"} <= {n.name.split("/", 1)[-1] for n in proto.graph.node}


def test_the_same_model_is_the_same_file(tmp_path):
    model = small()
    for name in ("a", "b"):
        model.export(tmp_path / name, verbose=0)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_exporting_changes_nothing():
    start = keras.Input((4,))
    x = layers.Dense(3, activity_regularizer="l2")(start)
    model = keras.Model(start, layers.BatchNormalization()(layers.Dropout(0.5, seed=1)(x)))
    model.compile("sgd", "mse")
    data = np.ones((8, 4), "float32"), np.ones((8, 3), "float32")
    model.fit(*data, verbose=0)
    before = [w.numpy() for w in model.weights]
    from annette.export.onnx import onnx_model

    onnx_model(model)
    for weight, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)
    model.fit(*data, verbose=0)
    assert all(np.isfinite(float(loss)) for loss in model.losses)


def test_the_opset_can_be_asked_for(tmp_path):
    model = small()
    model.export(tmp_path / "new.onnx", verbose=False, opset_version=21)
    assert onnx.load(tmp_path / "new.onnx").opset_import[0].version == 21
    for wrong in (17, 99, "18", True):
        with pytest.raises(ValueError, match=r"opset_version must be a whole number from 18 to"):
            model.export(tmp_path / "wrong.onnx", opset_version=wrong)


def test_a_model_that_met_few_rows_takes_any_number(tmp_path):
    """A Sequential without an Input is built for its first data; a given batch size stays."""
    x = np.ones((2, 4), "float32")
    met = keras.Sequential([layers.Dense(3)])
    met(x)
    given = keras.Sequential([keras.Input((4,), batch_size=2), layers.Dense(3)])
    for model, rows in ((met, "batch"), (given, 2)):
        model.export(tmp_path / "model.onnx", verbose=False)
        proto = onnx.load(tmp_path / "model.onnx")
        size = proto.graph.input[0].type.tensor_type.shape.dim[0]
        assert (size.dim_param or size.dim_value) == rows
        np.testing.assert_allclose(outputs(proto, x)[0], np.asarray(model(x)), rtol=1e-5)
    met.export(tmp_path / "model.onnx", verbose=False)
    assert outputs(onnx.load(tmp_path / "model.onnx"), np.ones((7, 4), "float32"))[0].shape == (
        7,
        3,
    )


def test_an_output_called_like_an_input_has_another_name(tmp_path):
    start = keras.Input((4,), name="a")
    model = keras.Model(start, {"a": layers.Dense(2)(start)})
    model.export(tmp_path / "model.onnx", verbose=False)
    graph = onnx.load(tmp_path / "model.onnx").graph
    assert ([x.name for x in graph.input], [x.name for x in graph.output]) == (["a"], ["a_1"])


def test_a_signature_gives_sizes_and_dtypes(tmp_path):
    start = keras.Input((None, None))
    model = keras.Model(start, layers.Flatten()(start[:, :3, :2]))
    signature = [layers.InputSpec(shape=(2, None, 5), dtype="float32")]
    model.export(tmp_path / "model.onnx", verbose=False, input_signature=signature)
    proto = onnx.load(tmp_path / "model.onnx")
    sizes = proto.graph.input[0].type.tensor_type.shape.dim
    assert [d.dim_param or d.dim_value for d in sizes] == [2, f"{model.input_names[0]}_axis_1", 5]
    x = np.arange(40, dtype="float32").reshape(2, 4, 5)
    np.testing.assert_array_equal(outputs(proto, x)[0], np.asarray(model(x)))
    with pytest.raises(ValueError, match=r"input_signature expects an InputSpec.*'float32'"):
        model.export(tmp_path / "model.onnx", input_signature="float32")


@pytest.mark.parametrize(
    ("format", "mend"),
    [
        ("tf_saved_model", "TensorFlow"), ("openvino", "OpenVINO reads the ONNX file"),
        ("litert", "LiteRT"), ("torch", "onnxruntime"),
    ],
)  # fmt: skip
def test_other_formats_are_refused_by_name_with_the_mend(format, mend, tmp_path):
    with pytest.raises(ValueError, match=rf"format='{format}'.*{mend}.*Use format='onnx'"):
        small().export(tmp_path / "model", format=format)
    assert not list(tmp_path.iterdir())


def test_arguments_that_are_none_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"expects format='onnx'; it got 'pickle'"):
        small().export(tmp_path / "model", format="pickle")
    with pytest.raises(TypeError, match=r"unknown arguments 'opset'.*opset_version"):
        small().export(tmp_path / "model", opset=20)


def test_what_cannot_be_written_leaves_the_former_file(tmp_path, monkeypatch):
    path = tmp_path / "model.onnx"
    small().export(path, verbose=False)
    before = path.read_bytes()
    start = keras.Input((4, 4))
    with pytest.raises(ValueError, match="cholesky"):
        keras.Model(start, keras.ops.cholesky(start)).export(path)
    assert path.read_bytes() == before

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "_fsync", full)
    with pytest.raises(OSError, match="what was there before is as it was"):
        small().export(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["model.onnx"]


def test_a_model_too_large_for_one_file_is_refused(tmp_path, monkeypatch):
    from annette.export.onnx import document

    monkeypatch.setattr(document, "LARGEST", 2**24 + 100)
    with pytest.raises(ValueError, match=r"weights take .* GB.*half precision"):
        keras.Sequential([keras.Input((9,)), layers.Dense(9)]).export(tmp_path / "large.onnx")
    assert not list(tmp_path.iterdir())


def test_without_the_package_the_error_says_what_to_install(tmp_path):
    program = (
        "import sys\n"
        "sys.modules['onnx'] = None\n"
        "import annette as keras\n"
        "model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])\n"
        "try:\n    model.export('model.onnx')\n"
        "except ImportError as error:\n    print(error)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path,
        env={"PYTHONPATH": str(Path(keras.__file__).parents[1]), **_environment()},
    )  # fmt: skip
    assert "pip install 'annette[onnx]'" in ran.stdout
    assert not list(tmp_path.iterdir())


def _environment():
    import os

    return {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
