"""The progress bar says what Keras's says, in a terminal, in a file and in one line an epoch."""

from __future__ import annotations

import io
import re
import sys

import numpy as np
import pytest

from annette import config
from annette.training import progress
from annette.training.progress import Progbar


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 1000.0

    monkeypatch.setattr(progress.time, "time", lambda: Clock.now)
    return Clock


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")

    def open_terminal():  # within the test: pytest changes sys.stdout before it
        monkeypatch.setattr(sys, "stdout", Terminal())
        return sys.stdout

    return open_terminal


def plain(text):
    return re.sub(r"\x1b\[\d+m", "", text)


def run(clock, bar, steps, seconds=0.004):
    for step in range(1, steps + 1):
        clock.now += seconds
        bar.update(step, [("accuracy", 0.5), ("loss", 2.5 / step)], finalize=step == steps)


def test_the_last_line_is_keras_line(clock, terminal):
    screen = terminal()
    run(clock, Progbar(313, stateless_metrics=()), 313)
    last = plain(screen.getvalue()).split("\r")[-1]
    assert last.rstrip(" ") == (
        "313/313 ━━━━━━━━━━━━━━━━━━━━ 1s 4ms/step - accuracy: 0.5000 - loss: 0.0080\n"
    )


def test_a_terminal_is_drawn_over_at_most_twenty_times_a_second(clock, terminal):
    screen = terminal()
    run(clock, Progbar(100), 100, seconds=0.02)
    assert 30 <= screen.getvalue().count("\r") <= 50
    assert screen.getvalue().count("\n") == 1


def test_a_file_gets_one_line_without_colours(clock, capsys):
    run(clock, Progbar(10, stateless_metrics=()), 10, seconds=2)
    assert capsys.readouterr().out == (
        "10/10 ━━━━━━━━━━━━━━━━━━━━ 20s 2s/step - accuracy: 0.5000 - loss: 0.2500\n"
    )


def test_verbose_2_is_one_line(clock, capsys):
    run(clock, Progbar(10, verbose=2), 10, seconds=0.1)
    assert capsys.readouterr().out == "10/10 - 1s - 100ms/step - accuracy: 0.5000 - loss: 0.2500\n"


def test_verbose_0_is_nothing(clock, capsys):
    run(clock, Progbar(3, verbose=0), 3)
    assert capsys.readouterr().out == ""


def test_an_unknown_number_of_steps(clock, terminal):
    screen = terminal()
    bar = Progbar(None)
    clock.now += 1
    bar.update(4, [("loss", 1.0)])
    assert "      4/Unknown 1s 250ms/step - loss: 1.0000" in plain(screen.getvalue())


@pytest.mark.parametrize(("left", "text"), [(5, " 5s "), (125, " 2:05 "), (7265, " 2:01:05 ")])
def test_the_time_left(clock, terminal, left, text):
    screen = terminal()
    bar = Progbar(2)
    clock.now += left
    bar.update(1)
    assert text in plain(screen.getvalue())


@pytest.mark.parametrize(
    ("seconds", "text"), [(3, " 3s/step"), (0.02, " 20ms/step"), (0.00003, " 30us/step")]
)
def test_the_time_of_a_step_leaves_out_the_first(clock, capsys, seconds, text):
    bar = Progbar(11)
    clock.now += 100  # preparing takes long
    bar.update(1)
    clock.now += 10 * seconds
    bar.update(11)
    assert text in capsys.readouterr().out


def test_small_values_are_written_with_an_exponent(clock, capsys):
    Progbar(1).update(1, [("loss", 0.00012), ("mse", np.float32(2)), ("bad", float("nan"))])
    assert " - loss: 1.2000e-04 - mse: 2.0000 - bad: nan" in capsys.readouterr().out


def test_stateless_values_are_averaged(clock, capsys):
    bar = Progbar(4, stateless_metrics=["loss"], verbose=2)
    bar.update(2, [("loss", 1.0), ("acc", 1.0)])
    bar.add(1, [("loss", 4.0), ("acc", 3.0)])
    bar.update(4, finalize=True)
    assert " - loss: 2.0000 - acc: 3.0000" in capsys.readouterr().out


def test_a_line_longer_than_the_terminal_is_cut_while_it_is_redrawn(clock, terminal, monkeypatch):
    screen = terminal()
    monkeypatch.setattr(progress, "_columns", lambda: 60)
    bar = Progbar(10)
    clock.now += 1
    bar.update(5, [(f"metric_{i}", 0.5) for i in range(9)])
    assert len(plain(screen.getvalue()).strip("\r")) < 60
    bar.update(10, finalize=True)
    assert "metric_8" in screen.getvalue()


def test_an_output_without_the_bars_character_gets_another(clock, monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    run(clock, Progbar(1), 1)
    assert b"1/1 ==================== 0s" in raw.getvalue()


def test_without_interactive_logging_it_goes_to_the_log(clock, caplog, capsys):
    config.disable_interactive_logging()
    try:
        with caplog.at_level("INFO", logger="annette"):
            run(clock, Progbar(2), 2)
    finally:
        config.enable_interactive_logging()
    assert "2/2 ━" in caplog.text
    assert capsys.readouterr().out == ""


def test_only_one_kind_of_exceptions():
    with pytest.raises(ValueError, match="not both"):
        Progbar(1, stateful_metrics=["a"], stateless_metrics=["b"])
