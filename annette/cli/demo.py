"""`annette demo`: a network learns to read handwritten digits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from rich import box
from rich.columns import Columns
from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

import annette as keras
from annette.callbacks import Callback
from annette.datasets import digits

_SHADES = " ░▒▓█"
_SHOWN = 5
_DRAWN_WIDTH = 19  # columns of a drawing and the space beside it
_INK = 16
_BATCH = 32


def run_demo(picture: Path, epochs: int, seed: int) -> None:
    """Train, show what was learnt in the terminal, and write `picture`."""
    console = Console(highlight=False)
    keras.utils.set_random_seed(seed)
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    console.print()
    console.rule("[bold]annette reads handwritten digits[/]")
    console.print(
        f"\n{len(x_train):,} digits to learn from, {len(x_test)} that the network will not see. "
        "The first of them:\n"
    )
    shown = range(_shown(console))
    console.print(_row([_drawing(x_train[i], str(y_train[i])) for i in shown]))

    model = build(epochs * _steps(len(x_train)))
    console.print("\nThe network:\n")
    model.summary()

    train, test = (x_train / _INK, y_train), (x_test / _INK, y_test)
    history = _train(console, model, train, test, epochs)
    probabilities = model.predict(test[0], verbose=0)
    said = probabilities.argmax(axis=1)
    _report(console, x_test, y_test, said, probabilities)
    if draw_picture(picture, history, x_test, y_test, said):
        console.print(f"\nCurves and confusion matrix: [bold]{picture}[/]\n")
    else:
        console.print(
            "\nWith matplotlib you would also get a picture of the learning curves: "
            "pip install 'annette\\[plots]'\n"
        )


def build(steps: int) -> Any:
    """Return the network: 64 pixels, two hidden layers, ten classes; compiled for so many steps."""
    layers = keras.layers
    model = keras.Sequential([keras.Input((8, 8)), layers.Flatten()], name="digits")
    for units in (128, 64):
        model.add(layers.Dense(units))
        model.add(layers.BatchNormalization())
        model.add(layers.Activation("relu"))
        model.add(layers.Dropout(0.3))
    model.add(layers.Dense(10, activation="softmax"))
    falling = keras.optimizers.schedules.CosineDecay(0.002, steps)
    model.compile(
        keras.optimizers.Adam(falling), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def _steps(rows: int) -> int:
    return -(-rows // _BATCH)


class _Bar(Callback):
    """One bar for all epochs; a line every fifth of them where there is no terminal."""

    def __init__(self, console: Console, epochs: int) -> None:
        super().__init__()
        self.console = console
        self.epochs = epochs
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(32),
            MofNCompleteColumn(),
            TextColumn("{task.fields[shown]}"),
            console=console,
        )
        self.task = self.progress.add_task("epoch", total=epochs, shown="")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Show where the training is."""
        logs = logs or {}
        shown = (
            f"loss {logs['loss']:.4f}   accuracy {logs['accuracy']:.3f}   "
            f"on unseen digits {logs['val_accuracy']:.3f}"
        )
        self.progress.update(self.task, advance=1, shown=shown)
        last = epoch + 1 == self.epochs
        if not self.console.is_terminal and ((epoch + 1) % max(1, self.epochs // 5) == 0 or last):
            self.console.print(f"epoch {epoch + 1:3}/{self.epochs}   {shown}")


def _train(console: Console, model: Any, train: Any, test: Any, epochs: int) -> dict[str, Any]:
    import time

    console.print("\nLearning:\n")
    bar = _Bar(console, epochs)
    begin = time.perf_counter()
    if console.is_terminal:
        bar.progress.start()
    try:
        history = model.fit(
            *train,
            batch_size=_BATCH,
            epochs=epochs,
            validation_data=test,
            verbose=0,
            callbacks=[bar],
        )
    finally:
        if console.is_terminal:
            bar.progress.stop()
    seconds = time.perf_counter() - begin
    console.print(f"\n{epochs * _steps(len(train[0])):,} steps in {seconds:.1f} s")
    return dict(history.history)


def _report(console: Console, x: Any, y: Any, said: Any, probabilities: Any) -> None:
    right = int((said == y).sum())
    accuracy = right / len(y)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("digit", justify="right")
    table.add_column("read right", justify="right")
    table.add_column("")
    for digit in range(10):
        of = y == digit
        share = float((said[of] == digit).mean())
        table.add_row(
            str(digit),
            f"{int((said[of] == digit).sum())} of {int(of.sum())}",
            "█" * round(20 * share) + "░" * (20 - round(20 * share)),
        )
    console.print()
    console.print(
        Panel.fit(f"[bold]{right} of {len(y)} unseen digits read right: {accuracy:.1%}[/]")
    )
    console.print(table)
    wrong = np.flatnonzero(said != y)
    if len(wrong):
        sure = probabilities[wrong, said[wrong]]
        worst = wrong[np.argsort(-sure)][: _shown(console)]
        console.print("Misread, the most confident first:\n")
        captions = [f"{y[i]} read as {said[i]}" for i in worst]
        console.print(_row([_drawing(x[i], c) for i, c in zip(worst, captions, strict=True)]))


def _drawing(image: np.ndarray, caption: str) -> Panel:
    """Draw a digit of 0..16 with shade characters, two a pixel."""
    lines = ["".join(_SHADES[-(-int(v) // 4)] * 2 for v in row) for row in image]
    return Panel(Text("\n".join(lines)), subtitle=caption, box=box.ROUNDED, padding=0, expand=False)


def _shown(console: Console) -> int:
    """Return how many drawings fit side by side, five at most."""
    return max(1, min(_SHOWN, console.width // _DRAWN_WIDTH))


def _row(panels: list[Panel]) -> Columns:
    return Columns(panels, padding=(0, 1))


def draw_picture(path: Path, history: dict[str, Any], x: Any, y: Any, said: Any) -> bool:
    """Write curves, confusion matrix and misread digits; False if matplotlib is not there."""
    try:
        import matplotlib
    except ImportError:
        return False
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    with plt.rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}):
        figure: Any = plt.figure(figsize=(12, 7.2), layout="constrained")
        figure.get_layout_engine().set(w_pad=0.1, h_pad=0.1)
        left, right = figure.subfigures(1, 2, width_ratios=(1, 1.05))
        loss, accuracy = left.subplots(2, 1, sharex=True)
        _curves(loss, history, "loss", "Loss")
        _curves(accuracy, history, "accuracy", "Accuracy")
        accuracy.set_xlabel("epoch")
        above, below = right.subfigures(2, 1, height_ratios=(4, 1.15))
        _confusion(above.subplots(), y, said)
        _misread(below, x, y, said)
        figure.suptitle(
            f"annette reads handwritten digits: {(said == y).mean():.1%} of {len(y)} unseen ones",
            fontsize=14,
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=130)
        plt.close(figure)
    return True


_BLUE, _ORANGE = "#2f6db3", "#e07b39"


def _curves(axes: Any, history: dict[str, Any], key: str, title: str) -> None:
    epochs = range(1, len(history[key]) + 1)
    axes.plot(epochs, history[key], color=_BLUE, label="training (with dropout)")
    axes.plot(epochs, history["val_" + key], color=_ORANGE, label="unseen digits")
    axes.set_title(title, loc="left", fontweight="bold")
    axes.grid(alpha=0.25)
    axes.legend(frameon=False)
    if key == "loss":
        axes.set_ylim(bottom=0)
    else:
        axes.set_ylim(top=1.005)


def _confusion(axes: Any, y: Any, said: Any) -> None:
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (y, said), 1)
    axes.imshow(np.sqrt(counts), cmap="Blues")
    half = counts.max() / 3
    for (row, column), count in np.ndenumerate(counts):
        if count:
            colour = "white" if count > half else ("#b03a2e" if row != column else "black")
            weight = "bold" if row != column else "normal"
            axes.text(column, row, count, ha="center", va="center", color=colour, fontweight=weight)
    axes.set_xticks(range(10))
    axes.set_yticks(range(10))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("read as")
    axes.set_ylabel("digit")
    axes.set_title("Confusion matrix", loc="left", fontweight="bold")


def _misread(figure: Any, x: Any, y: Any, said: Any) -> None:
    wrong = np.flatnonzero(said != y)[:8]
    figure.suptitle("Misread", x=0.02, ha="left", fontweight="bold", fontsize=11)
    for place, axes in enumerate(np.atleast_1d(figure.subplots(1, 8))):
        axes.axis("off")
        if place < len(wrong):
            i = wrong[place]
            axes.imshow(x[i], cmap="gray_r", vmin=0, vmax=16)
            axes.set_title(f"{y[i]} as {said[i]}", fontsize=9)
