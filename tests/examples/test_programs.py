"""The examples on tables and texts: on rows made up, and on the real ones where they lie at hand."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.examples.test_examples import FOLDER, example


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module that the examples share; pytest changes nothing in it for good."""
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.delitem(sys.modules, "example_tools", raising=False)
    return __import__("example_tools")


@pytest.fixture
def made_up(tools: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No data set is at hand."""
    monkeypatch.setattr(tools, "find", lambda name: None)


def real(tools: Any, *files: str) -> None:
    for file in files:
        if tools.find(file) is None:
            pytest.skip(f"there is no {file} here; name its folder in ANNETTE_DATA")


# --- rows made up ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("made_up")
def test_reviews_are_told_apart_and_a_large_network_overfits() -> None:
    found = example("imdb_overfitting").main(epochs=5, rows=1000, words=800, picture=None)
    assert len(found) == 6 and min(found.values()) > 0.6
    assert found["larger: 256 + 256"] > 0.85


@pytest.mark.usefixtures("made_up")
def test_a_transformer_tells_texts_apart_and_draws_its_looks(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    picture = tmp_path / "looks.png"
    found = example("transformer_classifier").main(epochs=12, picture=str(picture))
    assert found["right"] > found["commonest"] + 0.15
    assert picture.stat().st_size > 1000


@pytest.mark.usefixtures("made_up")
def test_news_need_a_middle_as_wide_as_their_topics() -> None:
    found = example("reuters_topics").main(epochs=10, picture=None)
    assert found["64 units"] > 0.7 > found["2 units"] and found["majority"] < 0.2


@pytest.mark.usefixtures("made_up")
def test_prices_of_houses_are_foretold() -> None:
    found = example("housing_k_fold").main(epochs=60, rows=1500, picture=None)
    assert found["Boston"] < 0.5 and found["California"] < 0.5


@pytest.mark.usefixtures("made_up")
def test_customers_who_leave_are_found_oftener_when_they_weigh_more() -> None:
    found = example("churn_preprocessing").main(epochs=15)
    assert found["alike"]["auc"] > 0.93 and found["weighted"]["auc"] > 0.93
    assert found["weighted"]["recall"] > found["alike"]["recall"]
    assert found["alike"]["accuracy"] > found["majority"]["accuracy"] + 0.05


@pytest.mark.usefixtures("made_up")
def test_a_census_goes_through_a_feature_space() -> None:
    found = example("census_feature_space").main(rows=4000)
    assert found["auc"] > 0.93 and found["accuracy"] > found["majority"] + 0.05


@pytest.mark.usefixtures("made_up")
def test_the_ill_are_told_from_the_well() -> None:
    found = example("disease_risk").main(epochs=30)
    for figures in found.values():
        assert figures["auc"] > 0.85 and figures["accuracy"] > figures["majority"] + 0.1


@pytest.mark.usefixtures("made_up")
def test_texts_are_told_apart_by_words_and_by_vectors() -> None:
    found = example("spam_and_fake_news").main(epochs=6)
    assert found["tweets: tf-idf"] > 0.9 and found["tweets: embedding"] > 0.85
    assert found["sms: embedding"] >= found["sms: majority"] - 0.02


@pytest.mark.usefixtures("made_up")
def test_tickets_are_routed(capsys: pytest.CaptureFixture[str]) -> None:
    found = example("ticket_router").main(epochs=10, rows=2000)
    assert found["department"] > 0.6 and found["urgency"] < 0.3 * found["mean urgency"]
    out = capsys.readouterr().out
    assert "val_department_accuracy" in out and "urgency_loss" in out


@pytest.mark.usefixtures("made_up")
def test_parts_of_ones_own_learn_and_are_made_anew() -> None:
    found = example("own_parts").main(epochs=12, picture=None)
    assert found["accuracy"] > 0.9 and 0.6 < found["worst"] <= found["accuracy"]
    assert found["apart"] == 0.0


@pytest.mark.usefixtures("made_up")
def test_four_ways_of_training_come_to_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    found = example("training_loops").main(epochs=2, rows=500)
    ways = ("own steps", "loop", "half batches")
    assert all(found[f"{way}: apart"] < 1e-4 for way in ways)
    assert found["fit"] > 0.2
    assert "'accuracy'" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.usefixtures("made_up")
def test_digits_are_read_under_all_callbacks(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    assert example("mnist_callbacks").main(epochs=8, log=str(log), picture=None) > 0.88
    rows = log.read_text().splitlines()
    assert len(rows) == 9 and "val_accuracy" in rows[0] and "learning_rate" in rows[0]


def test_a_confusion_counts_what_was_read_as_what() -> None:
    table = example("mnist_callbacks").confusion(np.array([3, 3, 8]), np.array([3, 5, 8]))
    assert (table[3, 3], table[3, 5], table[8, 8], table.sum()) == (1, 1, 1, 3)


@pytest.mark.usefixtures("made_up")
def test_noise_is_taken_away() -> None:
    found = example("denoising_autoencoder").main(epochs=25, picture=None)
    assert found["cleaned"] < 0.6 * min(found["noisy"], found["mean"])


@pytest.mark.usefixtures("made_up")
def test_digits_are_read_by_a_convolutional_network() -> None:
    assert example("mnist_convnet").main(epochs=9, picture=None) > 0.87


@pytest.mark.usefixtures("made_up")
def test_tumours_are_found_where_each_pixel_by_itself_tells_little() -> None:
    found = example("brain_scans").main(epochs=12, rows=120, parts=2, picture=None)
    assert found["auc"] > max(0.9, found["logistic auc"] + 0.2)
    assert found["accuracy"] > found["majority"] + 0.1


def test_copies_of_a_slice_are_never_both_learnt_from_and_judged() -> None:
    group = np.array([0, 0, 1, 2, 3, 3, 3, 4])
    found = example("brain_scans").grouped_folds(group, 3)
    for train, test in found:
        assert not set(group[train]) & set(group[test])
        assert sorted([*train, *test]) == list(range(8))
    assert sorted(np.concatenate([test for _, test in found]).tolist()) == list(range(8))


@pytest.mark.usefixtures("made_up")
def test_forgeries_are_found_of_writers_not_seen() -> None:
    found = example("signatures").main(epochs=4, writers=8, parts=2, picture=None)
    assert found["auc"] > max(0.9, found["cosine auc"] + 0.03)
    assert found["equal error"] < 0.2


@pytest.mark.usefixtures("made_up")
def test_pairs_are_of_one_writer_and_half_of_them_with_a_forgery() -> None:
    program = example("signatures")
    rows = program.signatures(3)
    rows["x"] = np.arange(len(rows["x"]))  # a row stands for its picture
    (first, second), alike = program.pairs(rows, np.array([1, 3]), 10, np.random.default_rng(0))
    assert rows["writer"][first].tolist() == rows["writer"][second].tolist()
    assert rows["genuine"][first].all() and alike.mean() == 0.5
    assert (rows["genuine"][second] == alike).all() and (first != second).all()


def test_as_many_forgeries_pass_as_genuine_ones_fail() -> None:
    rate, limit = example("signatures").equal_error(
        np.array([1, 1, 1, 1, 0, 0, 0, 0]), np.array([1.0, 2, 3, 6, 4, 7, 8, 9])
    )
    assert rate == 0.25 and limit == 4


@pytest.mark.usefixtures("made_up")
def test_forecasts_beat_the_plain_ones() -> None:
    for errors in example("weather_forecast").main(epochs=40, picture=None).values():
        assert errors["network"] < 0.95 * min(v for k, v in errors.items() if k != "network")


def test_windows_end_before_what_is_forecast() -> None:
    rows = np.arange(10.0)[:, None]
    x, y = example("weather_forecast").windows(rows, 3, 2)
    assert x[0, :, 0].tolist() == [0, 1, 2] and y.tolist() == [4, 5, 6, 7, 8, 9]
    assert len(x) == len(y)


def test_the_pole_is_kept_upright() -> None:
    before, after = example("cart_pole").main(rounds=25, picture=None)
    assert before < 60 and after > 150


def test_a_cart_pushed_right_goes_right_and_its_pole_falls_left() -> None:
    carts = example("cart_pole").CartPoles(2, seed=0)
    carts.state[:] = 0.0
    standing = np.ones(2, dtype=bool)
    for _ in range(8):
        standing &= carts.push(np.array([1, 0]))
    x, v, angle, _ = carts.state.T
    assert x[0] > 0 > angle[0] and v[0] > 0 and standing.all()
    np.testing.assert_allclose(carts.state[0], -carts.state[1])


def test_what_a_push_led_to_counts_later_ones_less() -> None:
    stood = np.array([[True, True], [True, False], [True, False]])
    found = example("cart_pole").returns(stood, discount=0.5)
    assert found.tolist() == [[1.75, 1.0], [1.5, 0.0], [1.0, 0.0]]


def test_the_grid_search_prefers_what_learns() -> None:
    found = example("grid_search").main(epochs=4, rows=700)
    assert found["test"] > 0.85 and found["validation"] > 0.85


@pytest.mark.usefixtures("made_up")
def test_what_was_learnt_helps_with_new_digits() -> None:
    found = example("fine_tuning").main(epochs=25)
    assert found["moved while frozen"] == 0.0 < found["moved"]
    assert found["fine-tuned"] > max(found["anew"], 0.85) and found["frozen"] > 0.75


@pytest.mark.usefixtures("made_up")
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("mnist_callbacks", {"epochs": 1, "log": "log.csv"}),
        ("denoising_autoencoder", {"epochs": 1, "rows": 200}),
        ("mnist_convnet", {"epochs": 1, "rows": 200}),
        ("brain_scans", {"epochs": 1, "rows": 40, "parts": 2}),
        ("signatures", {"epochs": 1, "writers": 4, "parts": 2, "each": 2}),
        ("weather_forecast", {"epochs": 1}),
        ("cart_pole", {"rounds": 2, "carts": 2}),
    ],
)
def test_pictures_are_drawn(
    name: str, arguments: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    example(name).main(**arguments)
    assert (tmp_path / f"{name}.png").stat().st_size > 1000


# --- what they share ------------------------------------------------------------------------------


def test_a_table_is_read_by_columns(tools: Any, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text('a,b,c\n1,2.5,"x, y"\n2,,z\n')
    table = tools.read_table(file)
    assert table["a"].tolist() == [1, 2] and table["a"].dtype == "int64"
    assert table["b"][0] == 2.5 and np.isnan(table["b"][1])
    assert table["c"].tolist() == ["x, y", "z"]


def test_folds_are_disjoint_and_cover_all_rows(tools: Any) -> None:
    found = tools.folds(10, 3)
    assert sorted(np.concatenate([test for _, test in found]).tolist()) == list(range(10))
    assert all(sorted([*train, *test]) == list(range(10)) for train, test in found)


def test_data_are_looked_for_in_the_named_folder(
    tools: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANNETTE_DATA", str(tmp_path))
    assert tools.find("only_here.csv") is None
    (tmp_path / "only_here.csv").write_text("a\n1\n")
    assert tools.find("only_here.csv") == tmp_path / "only_here.csv"


def test_images_are_squares_of_one_channel_and_small_ones_doubled(tools: Any) -> None:
    pixels = np.array([[1.0, 2.0, 3.0, 4.0]])
    assert tools.as_images(pixels, least=2)[0, :, :, 0].tolist() == [[1, 2], [3, 4]]
    doubled = tools.as_images(pixels, least=3)
    assert doubled.shape == (1, 4, 4, 1) and doubled[0, 0, :, 0].tolist() == [1, 1, 2, 2]


def test_a_ranking_is_the_area_under_the_roc_curve(tools: Any) -> None:
    truth = np.array([0, 0, 1, 1])
    assert tools.ranking(truth, np.array([0.1, 0.4, 0.35, 0.8])) == 0.75  # three pairs of four
    assert tools.ranking(truth, np.array([0.1, 0.4, 0.4, 0.8])) == 0.875  # a tie is half a pair
    assert tools.ranking(truth, np.array([0.8, 0.9, 0.1, 0.2])) == 0.0


# --- the real rows --------------------------------------------------------------------------------


@pytest.mark.slow
def test_real_reviews(tools: Any) -> None:
    real(tools, "imdb_reviews_10k.zip")
    found = example("imdb_overfitting").main(epochs=6, picture=None)
    assert min(found.values()) > 0.83


@pytest.mark.slow
def test_real_news(tools: Any) -> None:
    real(tools, "reuters_r8.zip")
    found = example("reuters_topics").main(picture=None)
    assert found["64 units"] > 0.95 and found["majority"] < 0.5


def test_real_houses(tools: Any) -> None:
    real(tools, "boston_housing.npz", "california_housing.zip")
    found = example("housing_k_fold").main(epochs=40, rows=5000, picture=None)
    assert found["Boston"] < 0.42 and found["California"] < 0.6


def test_real_customers(tools: Any) -> None:
    real(tools, "churn_modelling.csv")
    found = example("churn_preprocessing").main(epochs=20)
    assert found["alike"]["accuracy"] > 0.84 and found["weighted"]["recall"] > 0.65


@pytest.mark.slow
def test_a_real_census(tools: Any) -> None:
    real(tools, "adult_census.zip")
    found = example("census_feature_space").main(epochs=6)
    assert found["accuracy"] > 0.845 and found["auc"] > 0.9


def test_real_patients(tools: Any) -> None:
    real(tools, "heart_cleveland.csv", "pima_diabetes.csv")
    found = example("disease_risk").main()
    assert found["heart"]["accuracy"] > 0.79 and found["diabetes"]["accuracy"] > 0.73


@pytest.mark.slow
def test_real_messages(tools: Any) -> None:
    real(tools, "sms_spam.tsv", "covid_fake_news.zip")
    found = example("spam_and_fake_news").main()
    assert found["sms: tf-idf"] > 0.97 and found["sms: embedding"] > 0.94
    assert found["tweets: tf-idf"] > 0.91 and found["tweets: embedding"] > 0.91


@pytest.mark.slow
def test_real_handwriting(tools: Any, tmp_path: Path) -> None:
    real(tools, "mnist.npz")
    log = str(tmp_path / "log.csv")
    assert example("mnist_callbacks").main(epochs=4, rows=20000, log=log, picture=None) > 0.95
    assert example("fine_tuning").main()["fine-tuned"] > 0.9


@pytest.mark.slow
def test_real_handwriting_by_convolution(tools: Any) -> None:
    real(tools, "mnist.npz")
    assert example("mnist_convnet").main(epochs=2, rows=20000, picture=None) > 0.96
    found = example("denoising_autoencoder").main(picture=None)
    assert found["cleaned"] < 0.018


@pytest.mark.slow
def test_real_brain_scans(tools: Any) -> None:
    real(tools, "brain_mri_tumour.npz")
    found = example("brain_scans").main(picture=None)
    assert found["accuracy"] > found["majority"] + 0.05
    assert found["auc"] > found["logistic auc"] > 0.65


@pytest.mark.slow
def test_real_signatures_of_writers_not_seen(tools: Any) -> None:
    real(tools, "signatures_svc2004.npz")
    found = example("signatures").main(epochs=3, picture=None)
    assert found["auc"] > found["cosine auc"] and found["equal error"] < 0.35


def test_real_weather(tools: Any) -> None:
    real(tools, "daily_min_temperatures.csv", "jena_climate_jan2009.csv")
    daily, hourly = example("weather_forecast").main(picture=None).values()
    assert daily["network"] < 0.93 * daily["stays"]
    assert hourly["network"] < hourly["stays"]


def test_what_real_questions_are_after_is_told(tools: Any) -> None:
    real(tools, "trec_questions.csv")
    found = example("transformer_classifier").main(epochs=6, picture=None)
    assert found["right"] > 0.75 and found["commonest"] < 0.3
