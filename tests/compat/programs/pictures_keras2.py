"""Pictures changed by ImageDataGenerator, as one wrote it for Keras 2."""

import numpy as np
from keras.callbacks import ReduceLROnPlateau
from keras.layers import Dense, Flatten
from keras.layers.normalization import BatchNormalization
from keras.models import Sequential
from keras.optimizers import SGD
from keras.preprocessing.image import ImageDataGenerator
from keras.utils import np_utils

np.random.seed(3)
n, size, batch_size, epochs = 200, 8, 25, 12
labels = np.random.randint(0, 2, n)
x = np.random.uniform(0, 120, (n, size, size, 1)).astype("float32")
for i, label in enumerate(labels):
    x[i, 3:5] += 130 * label
    x[i, :2] += 130 * (1 - label)
y = np_utils.to_categorical(labels, 2)

datagen = ImageDataGenerator(featurewise_center=True, featurewise_std_normalization=True, width_shift_range=0.1,
                             horizontal_flip=True, rotation_range=5)
datagen.fit(x[:150])
model = Sequential()
model.add(Flatten(input_shape=(size, size, 1)))
model.add(Dense(output_dim=16, init="uniform", activation="relu"))
model.add(BatchNormalization())
model.add(Dense(2, activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer=SGD(lr=0.05, momentum=0.9, nesterov=True), metrics=["accuracy"])
history = model.fit_generator(
    datagen.flow(x[:150], y[:150], batch_size=batch_size),
    steps_per_epoch=150 / batch_size,
    epochs=epochs,
    validation_data=datagen.flow(x[150:], y[150:], batch_size=batch_size),
    validation_steps=50 / batch_size,
    callbacks=[ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=20)],
    workers=4,
    verbose=0,
)
print("epochs", len(history.history["val_acc"]), "learned", max(history.history["val_acc"]) > 0.85)
scores = model.evaluate_generator(datagen.flow(x[150:], y[150:], shuffle=False), steps=2)
print("evaluated", len(scores), model.predict_generator(datagen.flow(x[150:], shuffle=False), steps=2).shape)
