"""Say whether an installed annette has its core, and train a little with it: the test of a wheel."""

import numpy as np

import annette as keras
from annette.backends import set_backend
from annette.backends.native import is_built

assert is_built(), "this wheel holds no native core"
set_backend("native")
rng = np.random.default_rng(0)
x = rng.normal(size=(256, 8)).astype("float32")
y = (x[:, 0] > 0).astype("int32")
model = keras.Sequential(
    [keras.Input((8,)), keras.layers.Dense(16, activation="relu"), keras.layers.Dense(2)]
)
model.compile(
    keras.optimizers.Adam(0.05), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
)
loss = model.fit(x, y, epochs=20, verbose=0).history["loss"]
assert loss[-1] < loss[0] / 2, loss
print("annette", keras.__version__, "loss", loss[0], "->", loss[-1])
