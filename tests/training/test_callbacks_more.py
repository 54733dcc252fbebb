"""SwapEMAWeights and RemoteMonitor."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import numpy as np
import pytest

import annette as keras
from annette.callbacks import Callback, RemoteMonitor, SwapEMAWeights

X = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


def compiled(**kwargs):
    dense = keras.layers.Dense(1, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((3,)), dense])
    model.compile(keras.optimizers.SGD(0.1, ema_momentum=0.9, **kwargs), "mse")
    return model


class Watch(Callback):
    """Keeps the sum of the weights at several moments."""

    def __init__(self):
        super().__init__()
        self.seen = {"begin": [], "end": [], "test": []}

    def note(self, moment):
        self.seen[moment].append(float(np.sum(self.model.get_weights()[0])))

    def on_epoch_begin(self, epoch, logs=None):
        self.note("begin")

    def on_epoch_end(self, epoch, logs=None):
        self.note("end")

    def on_test_batch_end(self, batch, logs=None):
        self.note("test")


def fit(*callbacks):
    model, watch = compiled(use_ema=True), Watch()
    history = model.fit(
        X, Y, epochs=3, verbose=0, shuffle=False, batch_size=64,
        validation_data=(X, Y), validation_batch_size=64, callbacks=[*callbacks, watch],
    )  # fmt: skip
    return model, watch.seen, history.history


def test_validation_sees_the_averages_and_training_the_weights():
    model, plain, history = fit()
    averaged_model, averaged, averaged_history = fit(SwapEMAWeights())
    assert averaged["begin"] == plain["begin"]
    assert averaged["end"] == plain["end"]
    assert averaged_history["loss"] == history["loss"]
    assert averaged["test"] != plain["test"]
    average = plain["test"][0]  # after the first step the average is the weight itself
    for value, seen in zip(plain["test"][1:], averaged["test"][1:], strict=True):
        average = 0.9 * average + 0.1 * value
        assert seen == pytest.approx(average, rel=1e-5)
    np.testing.assert_array_equal(model.get_weights()[0], averaged_model.get_weights()[0])


def test_between_epochs_the_averages_stay_if_asked():
    model, plain, _ = fit()
    swapped_model, swapped, _ = fit(SwapEMAWeights(swap_on_epoch=True))
    assert swapped["begin"] == plain["begin"]
    assert swapped["end"] == swapped["test"]
    np.testing.assert_array_equal(model.get_weights()[0], swapped_model.get_weights()[0])


def test_evaluate_and_predict_use_the_averages_and_leave_the_weights():
    model = compiled(use_ema=True)
    for _ in range(3):
        model.train_on_batch(X, Y)
    before = model.get_weights()
    loss = model.evaluate(X, Y, verbose=0)
    assert model.evaluate(X, Y, verbose=0, callbacks=[SwapEMAWeights()]) > loss
    rows = model.predict(X, verbose=0)
    assert not np.array_equal(model.predict(X, verbose=0, callbacks=[SwapEMAWeights()]), rows)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_optimizer_without_averages_is_refused():
    with pytest.raises(ValueError, match="use_ema=True"):
        compiled().fit(X, Y, verbose=0, callbacks=[SwapEMAWeights()])


@pytest.fixture
def server():
    received = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            received.append((self.path, dict(self.headers), body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as found:
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{found.server_port}", received
        found.shutdown()
        thread.join()


def test_each_epoch_is_posted_as_a_form(server):
    root, received = server
    compiled().fit(X, Y, epochs=2, verbose=0, callbacks=[RemoteMonitor(root)])
    assert [path for path, _, _ in received] == ["/publish/epoch/end/"] * 2
    values = [json.loads(parse_qs(body)["data"][0]) for _, _, body in received]
    assert [v["epoch"] for v in values] == [0, 1]
    assert all(isinstance(v["loss"], float) for v in values)


def test_each_epoch_is_posted_as_json_with_headers(server):
    root, received = server
    monitor = RemoteMonitor(root, "/here", headers={"X-Key": "k"}, send_as_json=True)
    compiled().fit(X, Y, verbose=0, callbacks=[monitor])
    path, headers, body = received[0]
    assert (path, headers["Content-Type"]) == ("/here", "application/json")
    assert headers["X-Key"] == "k"
    assert set(json.loads(body)) == {"epoch", "loss"}


def test_a_server_that_is_not_there_is_warned_of():
    with pytest.warns(UserWarning, match="could not reach"):
        compiled().fit(X, Y, verbose=0, callbacks=[RemoteMonitor("http://127.0.0.1:9")])


def test_an_address_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="http://"):
        compiled().fit(X, Y, verbose=0, callbacks=[RemoteMonitor("file:///tmp")])
