"""Data of other libraries, each where it is installed: PyTorch, polars, pandas, SciPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import annette as keras

X = np.random.default_rng(0).normal(size=(40, 5)).astype("float32")
Y = X[:, :1] * 2


def model() -> Any:
    keras.utils.set_random_seed(0)
    made = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])
    made.compile("sgd", "mse")
    return made


def losses(*data: Any, **options: Any) -> list[float]:
    given = {"epochs": 2, "batch_size": 8, "shuffle": False, "verbose": 0, **options}
    history = model().fit(*data, **given).history
    return [*history["loss"], *history.get("val_loss", [])]


PLAIN = losses(X, Y)


def test_a_torch_loader_is_iterated_anew_each_epoch() -> None:
    torch = pytest.importorskip("torch")
    rows = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Y))
    loader = torch.utils.data.DataLoader(rows, batch_size=8)
    assert losses(loader) == pytest.approx(PLAIN)
    assert losses(torch.tensor(X, requires_grad=True), torch.tensor(Y)) == pytest.approx(PLAIN)
    assert len(losses(X, Y, validation_data=loader)) == 4
    assert model().predict(loader, verbose=0).shape == (40, 1)
    assert np.isfinite(losses(torch.tensor(X).bfloat16(), torch.tensor(Y))).all()
    with pytest.raises(ValueError, match="DataLoader"):
        losses(rows)


class TableOfBatches:
    """Like a tf.data.Dataset: iterable, its length by a method of its own."""

    element_spec = (None, None)

    def __iter__(self) -> Iterator[Any]:
        return ((X[i : i + 8], Y[i : i + 8]) for i in range(0, 40, 8))

    def cardinality(self) -> int:
        return 5


def test_an_iterable_of_batches_needs_no_length() -> None:
    assert losses(TableOfBatches()) == pytest.approx(PLAIN)
    assert model().evaluate(TableOfBatches(), verbose=0) > 0


def test_polars_frames_and_series() -> None:
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({f"c{i}": X[:, i] for i in range(5)})
    assert losses(frame, pl.Series("y", Y[:, 0])) == pytest.approx(PLAIN)
    assert len(losses(frame, Y, validation_split=0.25)) == 4
    with pytest.raises(ValueError, match="column 's' of the frame must be numeric"):
        losses(frame.with_columns(pl.lit("a").alias("s")), Y)
    with pytest.raises(ValueError, match="NaN"):
        losses(frame.with_columns(pl.lit(None, dtype=pl.Float32).alias("c0")), Y)
    with pytest.raises(ValueError, match=r"collect\(\)"):
        losses(frame.lazy(), Y)


def test_pandas_columns_of_every_kind() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=list("abcde"))
    for same in (frame, frame.astype("Float32"), frame.astype(pd.SparseDtype("float32", 0))):
        assert losses(same, pd.Series(Y[:, 0])) == pytest.approx(PLAIN)
    with pytest.raises(ValueError, match="factorize"):
        losses(frame, pd.Series(["u", "v"] * 20, dtype="category"))
    with pytest.raises(ValueError, match=r"'a' .*must be numeric.*get_dummies"):
        losses(frame.assign(a=pd.Series(["u", "v"] * 20, dtype="category")), Y)


KINDS = ("csr_matrix", "csc_matrix", "coo_array", "lil_matrix", "dok_matrix", "bsr_array")


@pytest.mark.parametrize("kind", KINDS)
def test_sparse_matrices_of_every_kind(kind: str) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    matrix = getattr(sparse, kind)(X)
    assert losses(matrix, Y) == pytest.approx(PLAIN)
    assert model().predict(matrix, verbose=0).shape == (40, 1)
    with pytest.raises(TypeError, match=r"toarray\(\)"):
        keras.ops.sum(sparse.csr_matrix(X))


def generator(batches: int) -> Iterator[Any]:
    yield from ((X[i * 8 : i * 8 + 8], Y[i * 8 : i * 8 + 8]) for i in range(batches))


def test_a_generator_that_is_used_up_before_the_last_epoch_is_warned_of() -> None:
    with pytest.warns(UserWarning, match="ran out of data"):
        history = model().fit(generator(3), epochs=3, verbose=0)
    assert history.epoch == [0]


REFUSED: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: losses(X, Y, validation_freq=1.5), ValueError, "validation_freq.*1.5"),
    (lambda: losses(X, Y, validation_freq=0), ValueError, "validation_freq.*0"),
    (lambda: losses(X, Y, validation_freq="x"), ValueError, "validation_freq.*'x'"),
    (lambda: losses(X, Y, initial_epoch=1.5), TypeError, "initial_epoch.*1.5"),
    (lambda: losses(X, Y, initial_epoch=None), TypeError, "initial_epoch.*None"),
    (lambda: keras.utils.PyDataset(workers="x").workers, TypeError, "workers.*'x'"),  # type: ignore[arg-type]
    (lambda: losses(np.array(["a"] * 40), Y), ValueError, "strings.*'a'.*TextVectorization"),
]


@pytest.mark.parametrize(("call", "error", "says"), REFUSED, ids=[r[2] for r in REFUSED])
def test_refused(call: Callable[[], Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        call()
