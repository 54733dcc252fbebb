"""Windows of a series with tf.data, normalized, as the courses on forecasting have it."""

import numpy as np
import tensorflow as tf
from tensorflow.keras.layers.experimental import preprocessing

tf.keras.backend.clear_session()
tf.random.set_seed(51)
np.random.seed(51)
time = np.arange(400, dtype="float32")
series = 10 * np.sin(time / 10) + 0.02 * time + np.random.normal(0, 0.1, 400).astype("float32")


def windowed_dataset(series, window_size, batch_size, shuffle_buffer):
    dataset = tf.data.Dataset.from_tensor_slices(series)
    dataset = dataset.window(window_size + 1, shift=1, drop_remainder=True)
    dataset = dataset.flat_map(lambda window: window.batch(window_size + 1))
    dataset = dataset.shuffle(shuffle_buffer).map(lambda window: (window[:-1], window[-1]))
    return dataset.batch(batch_size).prefetch(1)


train = windowed_dataset(series[:300], 20, 32, 1000)
normalize = preprocessing.Normalization(axis=None)
normalize.adapt(train.map(lambda x, y: x))
model = tf.keras.models.Sequential([
    tf.keras.layers.InputLayer(input_shape=(20,)),
    normalize,
    tf.keras.layers.Dense(16, activation="relu"),
    tf.keras.layers.Dense(1),
])
model.compile(loss=tf.keras.losses.Huber(), optimizer=tf.keras.optimizers.SGD(lr=0.02, momentum=0.9), metrics=["mae"])
history = model.fit(train, epochs=40, verbose=0)
windows = np.stack([series[i : i + 20] for i in range(300, 380)])
forecast = model.predict(tf.data.Dataset.from_tensor_slices(windows).batch(16), verbose=0)[:, 0]
error = tf.keras.metrics.mean_absolute_error(series[320:400], forecast).numpy()
print("shape", forecast.shape, "better", history.history["mae"][-1] < history.history["mae"][0] / 2, "near", error < 2)
