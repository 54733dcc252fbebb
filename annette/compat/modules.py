"""Where the modules of earlier Keras releases went."""

from __future__ import annotations

#: Prefixes under which the same tree appears again.
ROOTS = (
    "tensorflow.compat.v2.keras",
    "tensorflow.compat.v1.keras",
    "tensorflow.python.keras",
    "tensorflow.keras",
    "tf_keras",
    "keras",
)

#: Parts of a path that only say which tree it is: keras.src.layers is keras.layers.
PASSED_OVER = frozenset({"src", "api", "_v2", "v2", "_tf_keras", "keras", "python"})

_LAYERS = (
    "core convolutional pooling local recurrent embeddings merge merging advanced_activations "
    "activation normalization noise regularization reshaping wrappers attention rnn "
    "experimental experimental.preprocessing preprocessing cudnn_recurrent "
    "convolutional_recurrent recurrent_v2"
)
_UTILS = (
    "np_utils vis_utils generic_utils data_utils layer_utils io_utils training_utils all_utils "
    "test_utils conv_utils losses_utils tf_utils multi_gpu_utils"
)
_ENGINE = (
    "topology training base_layer input_layer input_spec sequential functional network "
    "node saving keras_tensor"
)

#: Old module -> the modules of today in which its names are looked up, first hit first.
OLD: dict[str, tuple[str, ...]] = {
    **{f"layers.{name}": ("layers",) for name in _LAYERS.split()},
    **{f"utils.{name}": ("utils",) for name in _UTILS.split()},
    "engine": ("layers", "models", ""),
    **{f"engine.{name}": ("layers", "models", "") for name in _ENGINE.split()},
    "objectives": ("losses",),
    "initializations": ("initializers",),
    "optimizers.legacy": ("optimizers",),
    "optimizers.experimental": ("optimizers",),
    "optimizers.adam": ("optimizers",),
    "optimizers.gradient_descent": ("optimizers",),
    "optimizer_v2": ("optimizers",),
    **{
        f"optimizer_v2.{name}": ("optimizers", "optimizers.schedules")
        for name in ("adam", "gradient_descent", "rmsprop", "adagrad", "learning_rate_schedule")
    },
    "mixed_precision.experimental": ("mixed_precision",),
    "callbacks.callbacks": ("callbacks",),
    "callbacks.experimental": ("callbacks",),
    "backend.tensorflow_backend": ("backend",),
    "backend.common": ("backend",),
    "models.cloning": ("models",),
    "metrics.metrics": ("metrics",),
    "preprocessing.image": ("utils",),
}

#: Modules that Keras dropped and that are kept in this folder; their names come first.
OWN: dict[str, str] = {
    "layers": "annette.compat.convolutions",
    "preprocessing": "annette.compat.preprocessing",
    "preprocessing.image": "annette.compat.preprocessing.image",
    "preprocessing.sequence": "annette.compat.preprocessing.sequence",
    "preprocessing.text": "annette.compat.preprocessing.text",
    "wrappers": "annette.compat.estimators",
    "wrappers.scikit_learn": "annette.compat.estimators",
}

#: Names of Keras 1 and 2 that are spelled in another way today: module -> old -> new.
RENAMED: dict[str, dict[str, str]] = {
    "optimizers": {
        "sgd": "SGD",
        "rmsprop": "RMSprop",
        "adagrad": "Adagrad",
        "adadelta": "Adadelta",
        "adam": "Adam",
        "adamax": "Adamax",
        "nadam": "Nadam",
    },
    "layers": {
        "Merge": "Concatenate",
        "BatchNormalizationV1": "BatchNormalization",
        "BatchNormalizationV2": "BatchNormalization",
        "SyncBatchNormalization": "BatchNormalization",
        "CuDNNLSTM": "LSTM",
        "CuDNNGRU": "GRU",
        "TimeDistributedDense": "Dense",
    },
    "mixed_precision": {"set_policy": "set_global_policy"},
    "utils": {"Sequence": "PyDataset"},
    "models": {"Graph": "Model"},
}
