"""What holds of every solver."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
import torch
from torch.nn.functional import one_hot

from flickrexif.errors import UsageError
from flickrexif.probing import ProbeReport, probe
from flickrexif.probing.embeddings import Embeddings
from flickrexif.probing.measure import Features, measure, solve
from flickrexif.probing.plan import SOLVERS, ProbePlan
from flickrexif.probing.references import References, reference_accuracy
from flickrexif.probing.release_data import AttributeData, Split
from flickrexif.probing.solvers import Fitted, Labelled, Lbfgs, Ridge, Sgd, Solver, solver_of
from flickrexif.probing.solvers import ridge as ridge_solver

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import CommandLine

CLASSES = 5
EACH: dict[str, Solver] = {
    "lbfgs": Lbfgs(),
    "ridge": Ridge(),
    "sgd": Sgd(trials=8, epochs=20, batch=128),
}
each_solver = pytest.mark.parametrize("name", EACH)
deterministic = pytest.mark.parametrize("name", ["lbfgs", "ridge"])


def drawn(
    rows: int, seed: int, *, dim: int = 24, apart: float = 0.35
) -> tuple[torch.Tensor, torch.Tensor]:
    """A cone of features in which the classes lie near each other."""
    random = torch.Generator().manual_seed(99)
    means = apart * torch.randn(CLASSES, dim, generator=random)
    spread = torch.linspace(1.0, 0.3, dim)
    random.manual_seed(seed)
    labels = torch.randint(CLASSES, (rows,), generator=random)
    return torch.randn(rows, dim, generator=random) * spread + means[labels] + 1, labels


def labelled(rows: int, seed: int, **more: float) -> Labelled:
    features, labels = drawn(rows, seed, **more)
    return Labelled.of(features, labels.numpy())


TRAIN, VALIDATION, TEST = (labelled(n, seed) for seed, n in enumerate((1500, 500, 2000)))


def accuracy(name: str, train: Labelled = TRAIN, validation: Labelled = VALIDATION) -> float:
    fitted = EACH[name](train, validation, classes=CLASSES)
    return float((fitted.predict(TEST.features)[:, 0] == TEST.labels).double().mean())


def logits(fitted: Fitted, features: torch.Tensor) -> torch.Tensor:
    return fitted.heads.logits(fitted.scaling(features))


def test_every_solver_of_the_plan_is_tested_here():
    assert set(EACH) == set(SOLVERS)
    for name in SOLVERS:
        assert type(solver_of(ProbePlan(solver=name))) is type(EACH[name])


def test_solvers_agree_within_three_points():
    found = {name: accuracy(name) for name in EACH}
    assert 0.5 < found["lbfgs"] < 0.95
    assert max(found.values()) - min(found.values()) < 0.03


@each_solver
def test_equal_words_give_equal_bits(name: str):
    first, second = (EACH[name](TRAIN, VALIDATION, classes=CLASSES) for _ in range(2))
    assert first.choice == second.choice
    assert torch.equal(first.heads.weights, second.heads.weights)
    assert torch.equal(first.heads.biases, second.heads.biases)


@each_solver
def test_no_tensor_is_made_elsewhere_than_the_features_are(name: str):
    wanted = EACH[name](TRAIN, VALIDATION, classes=CLASSES)
    permutations = np.zeros((1, len(TRAIN) + len(VALIDATION)), np.int64)
    with torch.device("meta"):  # what is made without naming a device would have no values
        found = EACH[name](TRAIN, VALIDATION, classes=CLASSES, permutations=permutations)
        said = found.predict(TEST.features)
    assert found.choice == wanted.choice
    assert torch.equal(said[:, 0], wanted.predict(TEST.features)[:, 0])


@each_solver
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_a_gpu_finds_what_the_cpu_finds(name: str):
    train, validation = (
        Labelled(rows.features.cuda(), rows.labels.cuda()) for rows in (TRAIN, VALIDATION)
    )
    fitted = EACH[name](train, validation, classes=CLASSES)
    assert fitted.heads.weights.device.type == "cuda"
    said = fitted.predict(TEST.features.cuda())[:, 0].cpu()
    assert float((said == TEST.labels).double().mean()) == pytest.approx(accuracy(name), abs=0.01)


@deterministic
def test_the_order_of_photos_does_not_matter(name: str):
    order = torch.randperm(len(TRAIN), generator=torch.Generator().manual_seed(4))
    turned = Labelled(TRAIN.features[order], TRAIN.labels[order])
    one, other = (EACH[name](rows, VALIDATION, classes=CLASSES) for rows in (TRAIN, turned))
    assert one.choice == other.choice
    wanted = logits(one, TEST.features)
    torch.testing.assert_close(wanted, logits(other, TEST.features), atol=1e-3, rtol=1e-3)


@deterministic
def test_the_names_of_classes_do_not_matter(name: str):
    renamed = torch.tensor([3, 0, 4, 1, 2])
    train, validation = (Labelled(r.features, renamed[r.labels]) for r in (TRAIN, VALIDATION))
    one, other = (
        EACH[name](*rows, classes=CLASSES) for rows in ((TRAIN, VALIDATION), (train, validation))
    )
    assert one.choice == other.choice
    wanted, turned = logits(one, TEST.features), logits(other, TEST.features)
    torch.testing.assert_close(wanted, turned[:, :, renamed], atol=1e-3, rtol=1e-3)


@deterministic
def test_shift_and_scale_of_features_do_not_matter(name: str):
    scale = torch.linspace(0.01, 100, TRAIN.features.shape[1])
    train, validation = (Labelled(r.features * scale - 3, r.labels) for r in (TRAIN, VALIDATION))
    one = EACH[name](TRAIN, VALIDATION, classes=CLASSES)
    other = EACH[name](train, validation, classes=CLASSES)
    said = other.predict(TEST.features * scale - 3)
    assert float((said == one.predict(TEST.features)).double().mean()) > 0.99


@each_solver
def test_permuted_labels_are_fitted_beside_the_true_ones(name: str):
    both = torch.cat([TRAIN.labels, VALIDATION.labels])
    random = np.random.default_rng(0)
    permutations = np.stack([random.permutation(both.numpy()) for _ in range(3)])
    fitted = EACH[name](TRAIN, VALIDATION, classes=CLASSES, permutations=permutations)
    said = fitted.predict(TEST.features)
    right = (said == TEST.labels[:, None]).double().mean(0)
    assert said.shape == (len(TEST), 4)
    assert float(right[0]) == pytest.approx(accuracy(name), abs=0.005)
    assert bool((right[1:] < 0.3).all())


@each_solver
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_features_of_any_precision_are_taken_mixed_too(name: str, dtype: torch.dtype):
    train = Labelled.of(TRAIN.features.to(dtype), TRAIN.labels.numpy())
    assert train.features.dtype == torch.float32
    assert accuracy(name, train) == pytest.approx(accuracy(name), abs=0.02)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_features_that_are_no_finite_numbers_are_refused(bad: float):
    features = torch.zeros(4, 2)
    features[2, 1] = bad
    with pytest.raises(ValueError, match="1 of 4 rows hold NaN or infinite features"):
        Labelled.of(features, np.zeros(4, np.int64))


def test_features_and_labels_must_be_as_many():
    with pytest.raises(ValueError, match="4 rows of features and 3 labels"):
        Labelled.of(torch.zeros(4, 2), np.zeros(3, np.int64))


def test_ridge_solves_the_normal_equations():
    features, labels = drawn(80, 7, dim=6)
    heads = ridge_solver.fit(features, labels[None], [0.3, 2.0], classes=CLASSES)
    centred = (features - features.mean(0)).double()
    goals = one_hot(labels, CLASSES).double()
    for place, penalty in enumerate((0.3, 2.0)):
        gram = centred.T @ centred / 80 + penalty * torch.eye(6, dtype=torch.double)
        weights = torch.linalg.solve(gram, centred.T @ goals / 80)
        torch.testing.assert_close(heads.weights[:, place].double(), weights, atol=1e-5, rtol=1e-4)
        mean = heads.logits(features)[:, place].double().mean(0)
        torch.testing.assert_close(mean, goals.mean(0), atol=1e-5, rtol=1e-4)


def attribute(*, classes: int = 4, ordinal: bool = False) -> AttributeData:
    """Balanced: 40 photos of each class to train on, 10 to choose and 20 to test."""
    splits, first = [], 0
    for count in (40, 10, 20):
        labels = np.tile(np.arange(classes), count)
        ids = np.arange(first, first + len(labels))
        owners = np.array([f"o{photo_id // 4}" for photo_id in ids])
        splits.append(Split(ids, labels, owners))
        first += len(labels)
    return AttributeData("lens", tuple("abcdefgh"[:classes]), ordinal, *splits)


def embedded(vectors: torch.Tensor) -> Embeddings:
    return Embeddings("eye", {}, np.arange(len(vectors)), vectors)


PLANS = {
    "lbfgs": ProbePlan(resamples=100, shuffles=3, device="cpu"),
    "ridge": ProbePlan(solver="ridge", resamples=100, shuffles=3, device="cpu"),
    "sgd": ProbePlan(solver="sgd", trials=4, epochs=5, resamples=100, shuffles=3, device="cpu"),
}


@each_solver
@pytest.mark.parametrize("value", [0.0, 1.0, 7.3])
def test_embeddings_that_are_all_alike_are_exactly_at_chance(name: str, value: float):
    lens = attribute()
    found = measure(
        lens, embedded(torch.full((280, 9), value)), PLANS[name], references=References()
    )
    assert found.balanced_accuracy == found.accuracy == found.shuffled == found.chance == 0.25
    assert not found.above_chance


@each_solver
def test_a_result_tells_the_point_that_was_chosen(name: str):
    lens = attribute(ordinal=True)
    random = torch.Generator().manual_seed(1)
    labels = np.concatenate([lens.train.labels, lens.validation.labels, lens.test.labels])
    vectors = torch.randn(280, 9, generator=random)
    vectors[:, 0] += 3 * torch.from_numpy(labels)
    found = measure(lens, embedded(vectors), PLANS[name], references=References())
    assert found.accuracy > 0.4
    assert (found.learning_rate is not None) == (name == "sgd")
    assert (found.steps is not None) == (name == "lbfgs")
    assert sum(map(sum, found.confusion)) == found.test == 80
    assert found.accuracy == sum(found.confusion[i][i] for i in range(4)) / 80
    assert found.spearman > found.kendall > 0.4
    assert 0 < found.macro_f1 <= 1


def test_half_precision_embeddings_are_probed():
    vectors = torch.eye(4).repeat(70, 1).half()
    assert Features.of(attribute(), embedded(vectors)).test.dtype == torch.float32
    found = measure(attribute(), embedded(vectors), PLANS["lbfgs"], references=References())
    assert found.accuracy == 1


def test_an_embedding_that_is_no_number_is_told_with_its_photo():
    vectors = torch.zeros(280, 3)
    vectors[170, 1] = float("nan")
    with pytest.raises(UsageError, match=r"'eye' gives 1 of 40 photos of 'lens' .* photo 170\)"):
        Features.of(attribute(), embedded(vectors))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"classes": ("a",)}, "only 1 class; a probe needs two"),
        ({"classes": tuple(map(str, range(200)))}, "200 classes and only 160 train"),
        ({"classes": ("a", "b", "c")}, r"train labels outside its 3 classes \(0 to 3\)"),
    ],
)
def test_an_attribute_that_cannot_be_learnt_is_refused_in_one_line(change: dict, told: str):
    lens = attribute()
    words = {
        name: getattr(lens, name) for name in ("name", "ordinal", "train", "validation", "test")
    }
    broken = AttributeData(**(words | change))
    features = Features.of(lens, embedded(torch.zeros(280, 3)))
    with pytest.raises(UsageError, match=told) as error:
        solve(broken, features, PLANS["lbfgs"], shuffles=0)
    assert "\n" not in str(error.value)


def test_a_reference_of_photos_that_are_too_few_is_not_told():
    few = Embeddings("size", {}, np.arange(10), torch.zeros(10, 2))
    assert reference_accuracy(attribute(), few, PLANS["lbfgs"]) is None


def test_a_report_tells_its_solver_and_all_scores_and_is_read_again(release: Path, tmp_path: Path):
    plan = ProbePlan(solver="sgd", trials=2, epochs=2, attributes=("iso",), resamples=100)
    report = probe(release, plan, out=tmp_path)
    assert report.solver == "sgd"
    assert (report.plan["trials"], report.plan["epochs"]) == (2, 2)
    (iso,) = report.results
    assert iso.nuisance_columns == ("width", "height")
    assert iso.nuisance is not None
    assert sum(map(sum, iso.confusion)) == iso.test
    assert ProbeReport.read(tmp_path) == report
    table = pl.read_parquet(tmp_path / "results.parquet")
    assert table["confusion"].to_list() == [[list(row) for row in iso.confusion]]


def test_the_command_takes_a_solver(run: CommandLine, release: Path):
    told = run("probe", release, "--solver", "ridge", "--attributes", "coin", "--json").told
    assert told["solver"] == "ridge"
    assert told["results"][0]["steps"] is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"solver": "adam"}, "unknown solver 'adam'; known are: lbfgs, sgd, ridge"),
        ({"trials": 0}, "trials is 0; give at least 1"),
        ({"epochs": 0}, "epochs is 0; give at least 1"),
        ({"penalties": ()}, r"penalties \(\) must be positive; give at least one"),
    ],
)
def test_words_that_no_solver_takes_are_refused(words: dict, told: str):
    with pytest.raises(UsageError, match=told):
        ProbePlan(**words)
