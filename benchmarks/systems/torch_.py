"""PyTorch: the training loop one writes by hand, on whole tensors, without a DataLoader."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from systems.programs import PREDICT_BATCH, Run
from workloads import Workload


def network(sizes: tuple[int, ...]) -> nn.Sequential:
    """Return a dense network with ReLU; the last layer gives logits, as its losses want them."""
    layers: list[nn.Module] = []
    for n, m in itertools.pairwise(sizes):
        layers += [nn.Linear(n, m), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def class_loss(logits: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return the loss and the number of right answers among several classes."""
    return functional.cross_entropy(logits, y), (logits.argmax(1) == y).sum()


def binary_loss(logits: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return the loss and the number of right answers among two classes."""
    logits = logits.squeeze(1)
    loss = functional.binary_cross_entropy_with_logits(logits, y)
    return loss, ((logits > 0) == (y > 0.5)).sum()


def epoch(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    judge: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
    x: Tensor,
    y: Tensor,
    batch: int,
) -> tuple[float, float]:
    """Train on every row once, in a new order; return mean loss and accuracy."""
    model.train()
    loss_sum, right_sum = torch.zeros(()), torch.zeros((), dtype=torch.int64)
    for chosen in torch.randperm(len(x)).split(batch):
        loss, right = judge(model(x[chosen]), y[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss_sum += loss.detach() * len(chosen)
        right_sum += right
    return loss_sum.item() / len(x), right_sum.item() / len(x)


def adam(model: nn.Module) -> torch.optim.Optimizer:
    """Return Adam in its fused form, the faster one on a processor."""
    return torch.optim.Adam(model.parameters(), fused=True)


def trainer(model: nn.Module, x: np.ndarray, y: np.ndarray, batch: int) -> Run:
    """Return what trains the model on several classes for a number of epochs."""
    optimizer = adam(model)
    x_, y_ = torch.from_numpy(x), torch.from_numpy(y)

    def run(epochs: int) -> float:
        for _ in range(epochs):
            _, accuracy = epoch(model, optimizer, class_loss, x_, y_, batch)
        return accuracy

    return run


class Images(nn.Module):
    """A network given images with the channels last, which it sees as PyTorch's channels_last."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers).to(memory_format=torch.channels_last)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        return self.layers(x.permute(0, 3, 1, 2))


def convolutions(channels: int) -> Images:
    """Return the small network for images of 28 x 28."""
    return Images(
        nn.Conv2d(channels, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.5), nn.Linear(1600, 10),
    )  # fmt: skip


def normed(inputs: int, filters: int, size: int, strides: int) -> list[nn.Module]:
    """Return a convolution without bias, and its normalization."""
    padding = size // 2
    return [
        nn.Conv2d(inputs, filters, size, strides, padding, bias=False),
        nn.BatchNorm2d(filters),
    ]


class Block(nn.Module):
    """Two convolutions, and a way around them."""

    def __init__(self, inputs: int, filters: int, strides: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *normed(inputs, filters, 3, strides), nn.ReLU(), *normed(filters, filters, 3, 1)
        )
        same = inputs == filters and strides == 1
        self.short = nn.Sequential(*([] if same else normed(inputs, filters, 1, strides)))

    def forward(self, x: Tensor) -> Tensor:
        """Return what both ways give together."""
        return functional.relu(self.body(x) + self.short(x))


def separable_layers(inputs: int) -> list[nn.Module]:
    """Return separable convolutions with their normalizations."""
    layers = normed(inputs, 32, 3, 1)
    before = 32
    for filters, strides in ((64, 1), (128, 2), (128, 1)):
        layers += [
            nn.ReLU(),
            nn.Conv2d(before, before, 3, strides, 1, groups=before, bias=False),
            nn.Conv2d(before, filters, 1, bias=False),
            nn.BatchNorm2d(filters),
        ]
        before = filters
    return [*layers, nn.ReLU()]


def means() -> list[nn.Module]:
    """Return what makes ten logits of 128 channels."""
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10)]


class LastStep(nn.Module):
    """A recurrent network, and ten logits of its last step."""

    def __init__(self, recurrent: nn.Module, units: int) -> None:
        super().__init__()
        self.recurrent, self.logits = recurrent, nn.Linear(units, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        return self.logits(self.recurrent(x)[0][:, -1])


class TransformerBlock(nn.Module):
    """Attention and two dense layers, each added to what went in and normalized; ten logits."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.block = nn.TransformerEncoderLayer(
            width, heads, 4 * width, dropout=0.0, layer_norm_eps=1e-6, batch_first=True
        )
        self.logits = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        return self.logits(self.block(x).mean(1))


class Programs:
    """The jobs."""

    def recurrent(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Training of one recurrent layer that reads an image line by line."""
        kind = {"lstm": nn.LSTM, "gru": nn.GRU, "simple_rnn": nn.RNN}[work.name]
        _, width, units = work.sizes
        return trainer(LastStep(kind(width, units, batch_first=True), units), x, y, work.batch)

    def stacked(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Training of two LSTM layers, one on the other."""
        _, width, units = work.sizes
        layers = nn.LSTM(width, units, num_layers=2, batch_first=True)
        return trainer(LastStep(layers, units), x, y, work.batch)

    def transformer(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Training of one block of a transformer."""
        _, width, heads = work.sizes
        return trainer(TransformerBlock(width, heads), x, y, work.batch)

    def next_step(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """One step of one sequence after another, the state handed on."""
        width, units, outputs = work.sizes
        layer, last = nn.LSTM(width, units, batch_first=True), nn.Linear(units, outputs)
        step = torch.ones(1, 1, width)

        def run(calls: int) -> None:
            state = None
            with torch.inference_mode():
                for _ in range(calls):
                    y_, state = layer(step, state)
                    last(y_[:, -1])

        return run

    def convnet(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Training of a small convolutional network."""
        return trainer(convolutions(work.sizes[-1]), x, y, work.batch)

    def convnet_predict(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """All images through the network, in batches, into one array."""
        model = nn.Sequential(convolutions(work.sizes[-1]), nn.Softmax(1)).eval()

        def run(calls: int) -> None:
            for _ in range(calls):
                with torch.inference_mode():
                    batches = torch.from_numpy(x).split(work.batch)
                    torch.cat([model(batch) for batch in batches]).numpy()

        return run

    def residual(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Training of three residual blocks."""
        blocks = [Block(work.sizes[-1], 32, 1), Block(32, 64, 2), Block(64, 128, 2)]
        return trainer(Images(*blocks, *means()), x, y, work.batch)

    def separable(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Training of a network of separable convolutions."""
        return trainer(Images(*separable_layers(work.sizes[-1]), *means()), x, y, work.batch)

    def classes(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Training: Adam, cross-entropy on whole-number labels, accuracy."""
        return trainer(network(work.sizes), x, y, work.batch)

    def digits(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Twenty epochs of training, then the accuracy on the digits kept back."""
        model = network(work.sizes)
        train = trainer(model, x[: work.rows], y[: work.rows], work.batch)

        def run(_: int) -> float:
            train(20)
            model.eval()
            with torch.inference_mode():
                logits = model(torch.from_numpy(x[work.rows :]))
                loss, right = class_loss(logits, torch.from_numpy(y[work.rows :]))
            loss.item()
            return right.item() / (len(x) - work.rows)

        return run

    def binary(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Training for two classes with validation after every epoch."""
        model = network(work.sizes)
        optimizer = adam(model)
        x_, y_ = torch.from_numpy(x).split(work.rows), torch.from_numpy(y).split(work.rows)

        def run(epochs: int) -> float:
            for _ in range(epochs):
                epoch(model, optimizer, binary_loss, x_[0], y_[0], work.batch)
                model.eval()
                with torch.inference_mode():
                    loss, right = binary_loss(model(x_[1]), y_[1])
                loss.item()
            return right.item() / len(x_[1])

        return run

    def xor(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Many epochs of one step each."""
        model = network(work.sizes)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, fused=True)
        x_, y_ = torch.from_numpy(x), torch.from_numpy(y)

        def run(epochs: int) -> float:
            for _ in range(epochs):
                _, accuracy = epoch(model, optimizer, binary_loss, x_, y_, work.batch)
            return accuracy

        return run

    def call_one(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """One row at a time through the module."""
        model = nn.Sequential(network(work.sizes), nn.Softmax(1)).eval()
        x_ = torch.from_numpy(x)

        def run(calls: int) -> None:
            with torch.inference_mode():
                for _ in range(calls):
                    model(x_)

        return run

    def predict_all(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """All rows through the module, in batches, into one array."""
        model = nn.Sequential(network(work.sizes), nn.Softmax(1)).eval()

        def run(calls: int) -> None:
            for _ in range(calls):
                with torch.inference_mode():
                    batches = torch.from_numpy(x).split(PREDICT_BATCH)
                    torch.cat([model(batch) for batch in batches]).numpy()

        return run

    def product(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """A matrix product."""
        a, b = torch.ones(work.rows, work.rows), torch.ones(work.rows, work.rows)
        out = torch.empty_like(a)

        def run(calls: int) -> None:
            for _ in range(calls):
                torch.mm(a, b, out=out)

        return run


jobs = Programs()


def forget() -> None:
    """Nothing is kept."""


def versions() -> str:
    """Return the version and the number of threads."""
    return f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads"
