"""A training loop of one's own over tf.data, as the guides of TensorFlow 2 have it."""

import numpy as np
import tensorflow as tf
from tensorflow import keras

gpus = tf.config.list_physical_devices("GPU")
for gpu in gpus:
    tf.config.experimental.set_memory_growth(gpu, True)
print("GPUs", len(gpus), "eager", tf.executing_eagerly())
tf.random.set_seed(1)
rng = np.random.default_rng(0)
x = rng.normal(size=(400, 6)).astype("float32")
y = (x[:, :3].sum(axis=1) > 0).astype("int32")

AUTOTUNE = tf.data.experimental.AUTOTUNE
train = tf.data.Dataset.from_tensor_slices((x[:320], y[:320]))
train = train.map(lambda a, b: (tf.cast(a, tf.float32), b), num_parallel_calls=AUTOTUNE)
train = train.cache().shuffle(320).batch(32).prefetch(AUTOTUNE)
valid = tf.data.Dataset.from_tensor_slices((x[320:], y[320:])).batch(40)
print(train.element_spec)

model = keras.Sequential([keras.layers.Dense(16, activation="relu", input_shape=(6,)), keras.layers.Dense(2)])
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
optimizer = tf.keras.optimizers.legacy.Adam(learning_rate=0.02)
train_metric = keras.metrics.SparseCategoricalAccuracy()
val_metric = keras.metrics.SparseCategoricalAccuracy()


@tf.function
def train_step(features, targets):
    with tf.GradientTape() as tape:
        logits = model(features, training=True)
        loss = loss_fn(targets, logits)
        loss += 1e-4 * tf.add_n([tf.nn.l2_loss(w) for w in model.trainable_weights])
    grads = tape.gradient(loss, model.trainable_weights)
    grads, _ = tf.clip_by_global_norm(grads, 5.0)
    optimizer.apply_gradients(zip(grads, model.trainable_weights))
    train_metric.update_state(targets, logits)
    return loss


@tf.function(input_signature=[tf.TensorSpec([None, 6], tf.float32), tf.TensorSpec([None], tf.int32)])
def test_step(features, targets):
    val_metric.update_state(targets, model(features, training=False))


for epoch in range(6):
    for step, (features, targets) in enumerate(train):
        loss = train_step(features, targets)
    for features, targets in valid:
        test_step(features, targets)
    result = val_metric.result()
    if epoch < 5:
        train_metric.reset_state()
        val_metric.reset_state()
print("steps", step + 1, "finite", bool(tf.math.is_finite(loss)))
print("right", float(train_metric.result()) > 0.9, float(result) > 0.85)
model.compile("adam", loss_fn, metrics=["accuracy"])
print("evaluate", round(model.evaluate(valid, verbose=0)[1], 4) == round(float(result), 4))
