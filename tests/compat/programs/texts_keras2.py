"""Sentiment of short texts, as one wrote it for Keras 2.2."""

from __future__ import print_function

import numpy as np
from keras import backend as K
from keras.callbacks import EarlyStopping
from keras.layers import Dense, Dropout, Embedding, Flatten
from keras.layers.core import Activation
from keras.models import Sequential
from keras.optimizers import Adam
from keras.preprocessing.sequence import pad_sequences
from keras.preprocessing.text import Tokenizer
from keras.utils.np_utils import to_categorical

np.random.seed(7)
good, bad = "good great fine lovely".split(), "bad awful poor dull".split()
rest = "the film was a story and an evening".split()
labels = np.random.randint(0, 2, 200)
texts = []
for label in labels:
    words = list(np.random.choice(rest, 5)) + list(np.random.choice((bad, good)[label], 2))
    np.random.shuffle(words)
    texts.append(" ".join(words).capitalize() + "!")

tokenizer = Tokenizer(num_words=50)
tokenizer.fit_on_texts(texts)
x = pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=8)
y = to_categorical(labels)
print("words", len(tokenizer.word_index))


def precision(y_true, y_pred):
    hits = K.sum(K.round(K.clip(y_true * y_pred, 0, 1)))
    return hits / (K.sum(K.round(K.clip(y_pred, 0, 1))) + K.epsilon())


model = Sequential()
model.add(Embedding(50, 8, input_length=8))
model.add(Flatten())
model.add(Dense(16))
model.add(Activation("relu"))
model.add(Dropout(0.2))
model.add(Dense(2, activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer=Adam(lr=0.01, decay=1e-5), metrics=["acc", precision])
history = model.fit(x[:160], y[:160], nb_epoch=15, batch_size=16, verbose=0, validation_split=0.1,
                    callbacks=[EarlyStopping(monitor="val_acc", patience=14)])
loss, accuracy, hits = model.evaluate(x[160:], y[160:], verbose=0)
print("epochs", len(history.history["val_acc"]), "right", accuracy > 0.9, "precise", hits > 0.9)
print("classes", (model.predict_classes(x[160:]) == labels[160:]).mean() > 0.9)
K.clear_session()
