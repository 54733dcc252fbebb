"""FeatureSpace: the columns of a table, each prepared in its way, as one input."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from annette import ops
from annette.graph.symbolic import KerasTensor
from annette.layers.core.identity import Identity
from annette.layers.core.input_layer import Input
from annette.layers.layer import Layer
from annette.layers.merging.concatenate import Concatenate
from annette.layers.preprocessing.base import as_array
from annette.layers.preprocessing.category_encoding import CategoryEncoding
from annette.layers.preprocessing.discretization import Discretization
from annette.layers.preprocessing.hashed_crossing import HashedCrossing
from annette.layers.preprocessing.hashing import Hashing
from annette.layers.preprocessing.integer_lookup import IntegerLookup
from annette.layers.preprocessing.normalization import Normalization
from annette.layers.preprocessing.rescaling import Rescaling
from annette.layers.preprocessing.string_lookup import StringLookup
from annette.layers.preprocessing.text_vectorization import TextVectorization
from annette.saving import serialization
from annette.utils.naming import auto_name

# Where Keras has the classes that stand in a space's configuration.
_MODULE = "keras.src.layers.preprocessing.feature_space"
_OUTPUTS = ("int", "one_hot", "float")
_LOOKUPS = (StringLookup, IntegerLookup, TextVectorization)


class Cross:
    """Features that are crossed: their combination becomes one of `crossing_dim` numbers.

    Raises:
        ValueError: for an `output_mode` that cannot be.
    """

    _keras_module = _MODULE

    def __init__(self, feature_names: Any, crossing_dim: int, output_mode: str = "one_hot") -> None:
        if output_mode not in ("int", "one_hot"):
            raise ValueError(
                f"A cross expects output_mode 'int' or 'one_hot'; it got {output_mode!r}."
            )
        self.feature_names = tuple(feature_names)
        self.crossing_dim = crossing_dim
        self.output_mode = output_mode

    @property
    def name(self) -> str:
        """The features' names with ``_X_`` between them."""
        return "_X_".join(self.feature_names)

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal cross."""
        return {
            "feature_names": self.feature_names,
            "crossing_dim": self.crossing_dim,
            "output_mode": self.output_mode,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Cross:
        """Return the cross that `config` describes."""
        return cls(**config)


class Feature:
    """One column: its dtype, the layer that prepares it, and how the result is given.

    Raises:
        ValueError: for an `output_mode` that cannot be.
    """

    _keras_module = _MODULE

    def __init__(self, dtype: str, preprocessor: Any, output_mode: str) -> None:
        if output_mode not in _OUTPUTS:
            raise ValueError(
                "A feature expects output_mode to be one of 'int', 'one_hot', 'float'; it got "
                f"{output_mode!r}."
            )
        self.dtype = dtype
        if isinstance(preprocessor, dict):
            preprocessor = serialization.deserialize_keras_object(preprocessor)
        self.preprocessor = preprocessor
        self.output_mode = output_mode

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal, unadapted feature."""
        described = serialization.serialize_keras_object(self.preprocessor)
        return {"dtype": self.dtype, "preprocessor": described, "output_mode": self.output_mode}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Feature:
        """Return the feature that `config` describes."""
        return cls(**config)


class FeatureSpace(Layer):
    """Prepares the columns of a table, each in its way, and puts them side by side.

    `adapt` first takes from data what the preparation needs: means, vocabularies, bins. Then a
    dict of columns gives an array of rows for a network, or `get_inputs` and
    `get_encoded_features` begin a functional model.

    Args:
        features: the kind of each column by its name: what one of the class's methods gives
            (``FeatureSpace.string_categorical(max_tokens=10)``), or such a method's name.
        output_mode: ``"concat"``, all side by side, in the order of their names, crosses last;
            ``"dict"``, each by itself.
        crosses: tuples of names of columns that are also taken in combination, or what
            ``FeatureSpace.cross`` gives.
        crossing_dim: how many numbers a cross has.
        hashing_dim: how many numbers a hashed column has that is given by its kind's name.
        num_discretization_bins: how many bins a column put into bins has, likewise.
        name: of the layer.

    Input shape: a dict of columns (rows,) or (rows, 1), or of single values.
    Output shape: (rows, size of all columns), or a dict of (rows, size).

    Raises:
        ValueError: for no features, an unknown kind or mode, crosses of columns that are not
            there, data that are no dict, or a call before `adapt`.
    """

    _keras_module = "keras.utils"
    _untracked = ("_inputs", "_encoded", "_merged")

    def __init__(
        self,
        features: dict[str, Any],
        output_mode: str = "concat",
        crosses: Any = None,
        crossing_dim: int = 32,
        hashing_dim: int = 32,
        num_discretization_bins: int = 32,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        if not isinstance(features, dict) or not features:
            raise ValueError(
                f"FeatureSpace expects features, a dict of at least one; it got {features!r}."
            )
        if output_mode not in ("concat", "dict"):
            raise ValueError(
                f"FeatureSpace expects output_mode 'concat' or 'dict'; it got {output_mode!r}."
            )
        self.crossing_dim, self.hashing_dim = crossing_dim, hashing_dim
        self.num_discretization_bins = num_discretization_bins
        self.output_mode = output_mode
        self.features = {k: self._standardized(k, v) for k, v in features.items()}
        self.crosses = [self._standardized_cross(c) for c in crosses or []]
        self.preprocessors = {k: f.preprocessor for k, f in self.features.items()}
        self.crossers = {
            c.name: HashedCrossing(c.crossing_dim, name=c.name, output_mode="int")
            for c in self.crosses
        }
        self.one_hot_encoders: dict[str, Any] = {}
        self._is_adapted = not self._to_adapt()
        self._inputs: dict[str, Any] | None = None
        self._encoded: dict[str, Any] = {}
        self._merged: Any = None

    # --- the kinds of columns -------------------------------------------------------------------

    @classmethod
    def cross(cls, feature_names: Any, crossing_dim: int, output_mode: str = "one_hot") -> Cross:
        """Return a cross of columns."""
        return Cross(feature_names, crossing_dim, output_mode)

    @classmethod
    def feature(cls, dtype: str, preprocessor: Any, output_mode: str) -> Feature:
        """Return a column that a layer of your own choice prepares."""
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def float(cls, name: str | None = None) -> Feature:
        """Return a column of numbers that are taken as they are."""
        name = _layer_name("float", name)
        return Feature("float32", Identity(dtype="float32", name=name), "float")

    @classmethod
    def float_rescaled(
        cls, scale: Any = 1.0, offset: Any = 0.0, name: str | None = None
    ) -> Feature:
        """Return a column of numbers that are multiplied and moved."""
        name = _layer_name("float_rescaled", name)
        return Feature("float32", Rescaling(scale, offset, name=name), "float")

    @classmethod
    def float_normalized(cls, name: str | None = None) -> Feature:
        """Return a column of numbers that are brought to mean 0 and variance 1."""
        name = _layer_name("float_normalized", name)
        return Feature("float32", Normalization(axis=-1, name=name), "float")

    @classmethod
    def float_discretized(
        cls,
        num_bins: Any,
        bin_boundaries: Any = None,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Return a column of numbers that are put into bins."""
        bins = None if bin_boundaries is not None else num_bins
        name = _layer_name("float_discretized", name)
        return Feature("float32", Discretization(bin_boundaries, bins, name=name), output_mode)

    @classmethod
    def integer_categorical(
        cls,
        max_tokens: Any = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Return a column of whole numbers that are looked up in a vocabulary."""
        name = _layer_name("integer_categorical", name)
        layer = IntegerLookup(max_tokens, num_oov_indices, name=name)
        return Feature("int32", layer, output_mode)

    @classmethod
    def string_categorical(
        cls,
        max_tokens: Any = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Return a column of strings that are looked up in a vocabulary."""
        name = _layer_name("string_categorical", name)
        return Feature("string", StringLookup(max_tokens, num_oov_indices, name=name), output_mode)

    @classmethod
    def string_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Return a column of strings that are hashed."""
        name = _layer_name("string_hashed", name)
        return Feature("string", Hashing(num_bins, name=name), output_mode)

    @classmethod
    def integer_hashed(
        cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Return a column of whole numbers that are hashed."""
        name = _layer_name("integer_hashed", name)
        return Feature("int32", Hashing(num_bins, name=name), output_mode)

    def _standardized(self, name: str, given: Any) -> Feature:
        if isinstance(given, Feature):
            return given
        if isinstance(given, dict):
            found: Feature = serialization.deserialize_keras_object(given)
            return found
        if given in ("float", "float_rescaled", "float_normalized"):
            made: Feature = getattr(self, given)(name=name)
            return made
        if given in ("integer_categorical", "string_categorical"):
            made = getattr(self, given)(name=name)
            return made
        if given in ("integer_hashed", "string_hashed"):
            made = getattr(self, given)(self.hashing_dim, name=name)
            return made
        if given == "float_discretized":
            return self.float_discretized(self.num_discretization_bins, name=name)
        raise ValueError(
            f"FeatureSpace got {given!r} for the feature {name!r}. Its kinds are float, "
            "float_rescaled, float_normalized, float_discretized, integer_categorical, "
            "integer_hashed, string_categorical and string_hashed."
        )

    def _standardized_cross(self, given: Any) -> Cross:
        if isinstance(given, dict):
            given = serialization.deserialize_keras_object(given)
        made = given if isinstance(given, Cross) else Cross(given, self.crossing_dim)
        unknown = [n for n in made.feature_names if n not in self.features]
        if unknown:
            raise ValueError(
                f"FeatureSpace got the cross {made.feature_names} of the feature {unknown[0]!r}, "
                "which is not among its features."
            )
        return made

    # --- adapt ----------------------------------------------------------------------------------

    def _to_adapt(self) -> list[str]:
        """Return the columns whose layers learn from data."""
        return [k for k, layer in self.preprocessors.items() if _learns(layer)]

    def adapt(self, dataset: Any) -> None:
        """Take from data what the columns' layers need.

        Args:
            dataset: a dict of columns, a frame, or rows or batches (dicts) to go through.

        Raises:
            ValueError: if a column is missing, or the data is of another kind.
        """
        columns = _columns_of(dataset)
        for name in self._to_adapt():
            if name not in columns:
                raise ValueError(
                    f"FeatureSpace '{self.name}' has no data for the feature {name!r}: the columns "
                    f"are {', '.join(map(repr, columns))}."
                )
            self.preprocessors[name].adapt(_as_column(as_array(columns[name])))
        self._is_adapted = self.built = True
        self._inputs = None

    def _check_adapted(self) -> None:
        if not self._is_adapted:
            raise ValueError(
                f"FeatureSpace '{self.name}' must be adapted before it is used: call "
                "adapt(data) first."
            )

    # --- the columns prepared -------------------------------------------------------------------

    def __call__(self, data: Any) -> Any:
        """Prepare a dict of columns, or of single values."""
        self._check_adapted()
        if not isinstance(data, dict):
            raise ValueError(
                f"FeatureSpace '{self.name}' takes a dict of columns; it got {type(data).__name__}."
            )
        missing = [k for k in self.features if k not in data]
        if missing:
            raise ValueError(
                f"FeatureSpace '{self.name}' has no data for the feature {missing[0]!r}: the "
                f"columns are {', '.join(map(repr, data))}."
            )
        columns = {k: as_array(data[k]) for k in self.features}
        single = all(len(x.shape) == 0 for x in columns.values())
        found = self._merge(self._encode({k: _as_column(x) for k, x in columns.items()}))
        self.built = True
        if not single:
            return found
        if isinstance(found, dict):
            return {k: ops.squeeze(x, 0) for k, x in found.items()}
        return ops.squeeze(found, 0)

    def _encode(self, columns: dict[str, Any]) -> dict[str, Any]:
        """Return each column and each cross in its final form, in the order of names."""
        plain = {k: self.preprocessors[k](columns[k]) for k in sorted(self.features)}
        found = {k: self._as_output(k, self.features[k].output_mode, x) for k, x in plain.items()}
        # As in Keras it is the columns' numbers, not their raw values, that are crossed.
        for cross in sorted(self.crosses, key=lambda c: c.name):
            crossed = self.crossers[cross.name]([plain[n] for n in cross.feature_names])
            found[cross.name] = self._as_output(cross.name, cross.output_mode, crossed)
        return found

    def _as_output(self, name: str, mode: str, x: Any) -> Any:
        if mode == "int":
            return x
        if mode == "float":
            return ops.cast(x, "float32") if "float" not in str(x.dtype) else x
        encoder = self.one_hot_encoders.get(name)
        if encoder is None or encoder.num_tokens != self._places(name):
            encoder = CategoryEncoding(self._places(name), output_mode="multi_hot")
            self.one_hot_encoders[name] = encoder
        return encoder(x)

    def _places(self, name: str) -> int:
        """Return how many numbers a column or cross may be."""
        layer = self.crossers[name] if name in self.crossers else self.preprocessors[name]
        if isinstance(layer, (Hashing, HashedCrossing)):
            return layer.num_bins
        if isinstance(layer, Discretization):
            return layer._bins
        if hasattr(layer, "vocabulary_size"):
            return int(layer.vocabulary_size())
        if isinstance(layer, CategoryEncoding):
            return layer.num_tokens
        raise ValueError(
            f"FeatureSpace '{self.name}' does not know how many numbers {type(layer).__name__} "
            f"gives for the feature {name!r}. Use output_mode='float' or 'int' for it."
        )

    def _merge(self, found: dict[str, Any]) -> Any:
        if self.output_mode == "dict":
            return found
        for name, x in found.items():
            if "float" not in str(x.dtype):
                raise ValueError(
                    f"FeatureSpace '{self.name}' cannot put the feature {name!r} beside others: it "
                    f"has dtype {x.dtype}. Use output_mode='dict', or encode it ('one_hot')."
                )
        parts = list(found.values())
        return Concatenate()(parts) if len(parts) > 1 else parts[0]

    # --- as the beginning of a model ------------------------------------------------------------

    def _build_model(self) -> None:
        self._check_adapted()
        if self._inputs is None:
            self._inputs = {k: Input((1,), dtype=f.dtype, name=k) for k, f in self.features.items()}
            self._encoded = self._encode(dict(self._inputs))
            self._merged = self._merge(self._encoded)

    def get_inputs(self) -> dict[str, KerasTensor]:
        """Return an Input for each column."""
        self._build_model()
        assert self._inputs is not None  # made just now
        return dict(self._inputs)

    def get_encoded_features(self) -> Any:
        """Return the KerasTensor (or a dict of them) that the columns become."""
        self._build_model()
        return self._merged

    # --- files ----------------------------------------------------------------------------------

    def save(self, filepath: Any) -> None:
        """Save the space, and what its columns' layers learnt, in a ``.keras`` file.

        `annette.saving.load_model` makes it again.

        Raises:
            ValueError: for a path with another ending.
            OSError: if it cannot be written; a file that was there is as it was.
        """
        from annette.saving.model_files import save_model

        save_model(self, filepath)

    def save_own_variables(self, store: Any) -> None:
        """Put nothing into `store`: the columns' layers save what they have."""

    def load_own_variables(self, store: Any) -> None:
        """Look anew at the columns' layers, which have been given what they learnt."""
        self._inputs = None

    def get_build_config(self) -> dict[str, Any] | None:
        """Return what each column's layer was built for; None before `adapt`.

        Keras knows by it that the columns' layers have learnt.
        """
        if not self._is_adapted:
            return None
        return {name: layer.get_build_config() or {} for name, layer in self.preprocessors.items()}

    def build_from_config(self, config: dict[str, Any] | None) -> None:
        """Build the columns' layers for what `get_build_config` returned.

        Raises:
            ValueError: if there is something for a column that is not a feature.
        """
        for name, shapes in (config or {}).items():
            nothing = shapes is None  # Keras's word for a layer that needs no building
            if name not in self.preprocessors or not (nothing or isinstance(shapes, dict)):
                raise ValueError(
                    f"The build_config of a FeatureSpace has {name!r}, which is none of its features "
                    f"({', '.join(map(repr, self.preprocessors))}) or has no dict of shapes."
                )
            if not nothing and not self.preprocessors[name].built:
                self.preprocessors[name].build_from_config(shapes)
        self._is_adapted = True

    # --- configuration --------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal space, not adapted."""
        described = serialization.serialize_keras_object
        return {
            "features": {k: described(f) for k, f in self.features.items()},
            "output_mode": self.output_mode,
            "crosses": [described(c) for c in self.crosses],
            "crossing_dim": self.crossing_dim,
            "hashing_dim": self.hashing_dim,
            "num_discretization_bins": self.num_discretization_bins,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return the space that `config` describes."""
        return cls(**config)


def _learns(layer: Any) -> bool:
    """Say whether a layer is still to learn from data."""
    if isinstance(layer, Normalization):
        return layer.input_mean is None
    if isinstance(layer, Discretization):
        return layer.input_bin_boundaries is None
    if isinstance(layer, _LOOKUPS):
        return layer.input_vocabulary is None
    return hasattr(layer, "adapt")


def _layer_name(kind: str, name: str | None) -> str:
    return f"{name or auto_name(kind)}_preprocessor"


def _columns_of(data: Any) -> dict[str, Any]:
    """Return the columns of a dict or frame, or of the rows or batches of dicts in a dataset."""
    if isinstance(data, dict):
        return data
    if hasattr(data, "columns") and hasattr(data, "to_numpy"):
        return {str(c): data[c].to_numpy() for c in data.columns}
    if not isinstance(data, Iterable) or hasattr(data, "__array__"):
        raise ValueError(
            f"FeatureSpace adapts to a dict of columns, or to dicts; it got {type(data).__name__}."
        )
    parts: dict[str, list[np.ndarray]] = {}
    for row in data:
        row = row[0] if isinstance(row, tuple) else row
        if not isinstance(row, dict):
            raise ValueError(
                f"FeatureSpace adapts to dicts of columns; its data holds {type(row).__name__}."
            )
        for name, value in row.items():
            parts.setdefault(name, []).append(_as_column(as_array(value)))
    return {name: np.concatenate(column) for name, column in parts.items()}


def _as_column(x: Any) -> Any:
    """Return a value, or a row of values, as a column (rows, 1)."""
    if len(x.shape) == 0:
        return x.reshape((1, 1)) if isinstance(x, np.ndarray) else ops.reshape(x, (1, 1))
    if len(x.shape) == 1:
        return x[:, None] if isinstance(x, np.ndarray) else ops.expand_dims(x, -1)
    return x
