"""Utilities (``keras.utils``). Each is imported when it is first asked for."""

from __future__ import annotations

from annette.utils.on_demand import on_demand

_HOMES = {
    "annette.config": (
        "disable_interactive_logging",
        "enable_interactive_logging",
        "is_interactive_logging_enabled",
    ),
    "annette.layers.preprocessing.feature_space": ("FeatureSpace",),
    "annette.graph.symbolic": ("get_source_inputs", "is_keras_tensor"),
    "annette.models.plotting": ("model_to_dot", "plot_model"),
    "annette.preprocessing.image": ("array_to_img", "img_to_array", "load_img", "save_img"),
    "annette.preprocessing.pictures": ("image_dataset_from_directory",),
    "annette.preprocessing.text": ("text_dataset_from_directory",),
    "annette.preprocessing.timeseries": ("timeseries_dataset_from_array",),
    "annette.saving": (
        "CustomObjectScope",
        "custom_object_scope",
        "deserialize_keras_object",
        "get_custom_objects",
        "get_registered_name",
        "get_registered_object",
        "register_keras_serializable",
        "serialize_keras_object",
    ),
    "annette.training.progress": ("Progbar",),
    "annette.utils.batch": ("pack_x_y_sample_weight", "unpack_x_y_sample_weight"),
    "annette.utils.files": ("get_file",),
    "annette.utils.named_values": ("Config",),
    "annette.utils.numeric": ("normalize", "pad_sequences", "to_categorical"),
    "annette.utils.py_dataset": ("PyDataset",),
    "annette.utils.split": ("split_dataset",),
    "annette.utils.session": ("clear_session", "set_random_seed"),
}
# Public names that are spelled otherwise at home.
_ALIASES: dict[str, tuple[str, str | None]] = {
    "bounding_boxes": ("annette.preprocessing.bounding_boxes", None),
    "Sequence": ("annette.utils.py_dataset", "PyDataset"),
    "standardize_dtype": ("annette.graph.dtypes", "standardize"),
}
_WHERE = {name: (home, name) for home, names in _HOMES.items() for name in names} | _ALIASES

__all__ = sorted(_WHERE)

__getattr__, __dir__ = on_demand(__name__, _WHERE)
