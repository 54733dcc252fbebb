"""What annette offers where a program asks for TensorFlow itself."""

from __future__ import annotations

_ARRAYS = "tf.data.Dataset from arrays, generators and text files, and keras.utils.PyDataset"
_SAVING = "model.save and model.save_weights"
_EAGER = "the eager functions of tf and keras.ops: there are no sessions and no global graph"

_OFFERS = {
    "data": _ARRAYS,
    "raw_ops": "keras.ops",
    "Session": _EAGER,
    "Graph": _EAGER,
    "placeholder": _EAGER,
    "get_default_graph": _EAGER,
    "global_variables_initializer": _EAGER,
    "layers": "keras.layers",
    "losses": "keras.losses",
    "contrib": "keras and keras.ops",
    "estimator": "keras.Model with compile and fit",
    "feature_column": "columns prepared with NumPy or pandas",
    "train": "keras.optimizers, and " + _SAVING,
    "saved_model": _SAVING,
    "lite": _SAVING,
    "distribute": "the JAX backend",
    "tpu": "the JAX backend",
    "io": "Python's own files",
    "summary": "keras.callbacks.CSVLogger",
    "image": "the common functions of tf.image, keras.ops.image and the layers on pictures",
    "strings": "Python's own strings",
    "sparse": "dense arrays",
    "ragged": "arrays padded to one length",
    "RaggedTensor": "arrays padded to one length",
}
_COMMON = "keras, and of tf the common functions (see the guide 'Old programs')"


def needs_tensorflow(name: str) -> str:
    """Return the message for `tf.<name>`, which annette has not."""
    parts = [part for part in name.split(".") if part not in ("compat", "v1", "v2", "python")]
    offer = next((_OFFERS[part] for part in parts if part in _OFFERS), _COMMON)
    return f"tf.{name} needs TensorFlow itself; annette offers {offer}."
