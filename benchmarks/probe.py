"""Linear probes against what they replace: solvers on the same features, or photos embedded.

    python benchmarks/probe.py solvers                quick: 4,000 x 128, 10 trials of 40 epochs
    python benchmarks/probe.py solvers --full         20,000 x 512, 17 and 88 classes, 30 x 100
    python benchmarks/probe.py solvers --full --device cuda --train 100000 --dim 768
    python benchmarks/probe.py embed --help           images through encoders, ViT-B/16 among them

``solvers`` prints, from one run, the seconds and the test accuracy of each solver: the probe's own
``lbfgs`` (its whole path), ``sgd`` (all trials side by side) and ``ridge``; the trials of the
published protocol one after the other in plain torch, from the same first weights and in the same
order of rows; and scikit-learn's logistic regression with one C, where it is installed. All choose
on a validation split and refit. Seconds are CPU seconds of this process, or of the clock on a GPU.
Of ``sgd``, whose products are known beforehand, the share is told that they have of what one large
product of matrices reaches on the device in the same run, in float32 without TF32.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import probe_embed
import torch
from probe_device import name_of, product_speed, seconds
from torch.nn.functional import cross_entropy, normalize

from flickrexif.errors import UsageError
from flickrexif.probing.placing import device_named
from flickrexif.probing.solvers import Labelled, Lbfgs, Ridge, Sgd
from flickrexif.probing.solvers.sgd import MOMENTUM, Point, first_head, shares, sobol_points

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

QUICK = {"train": 4000, "dim": 128, "classes": "9", "trials": 10, "epochs": 40, "batch": 256}
FULL = {"train": 20_000, "dim": 512, "classes": "17,88", "trials": 30, "epochs": 100, "batch": 1024}
WITHOUT_SKLEARN = 'sklearn, one C     not installed; python -m pip install "scikit-learn>=1.5"'


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """Synthetic embeddings of C classes in three splits of N, N/5 and 2N/5 rows."""

    train: Labelled
    validation: Labelled
    test: Labelled
    classes: int

    @classmethod
    def of(cls, words: argparse.Namespace, classes: int) -> Data:
        """A cone of unit vectors as CLIP's: mean cosine about 0.76, a power-law spectrum.

        The classes' means differ in directions of middle and low variance alone, and little.
        """
        random = torch.Generator().manual_seed(words.seed)
        spectrum = torch.arange(1, words.dim + 1).float().pow(-0.5)
        spectrum /= spectrum.norm()
        turn, _ = torch.linalg.qr(torch.randn(words.dim, words.dim, generator=random))
        means = torch.randn(classes, words.dim, generator=random) * spectrum * words.signal
        means[:, : words.dim // 8] = 0
        axis = 1.78 * normalize(torch.randn(words.dim, generator=random), dim=0)

        def draw(count: int) -> Labelled:
            labels = torch.randint(classes, (count,), generator=random)
            noise = torch.randn(count, words.dim, generator=random) * spectrum
            features = normalize((noise + means[labels]) @ turn + axis)
            return Labelled.of(features.to(words.device), labels.numpy())

        return cls(
            *(draw(n) for n in (words.train, words.train // 5, 2 * words.train // 5)), classes
        )

    @property
    def both(self) -> Labelled:
        """Train and validation."""
        parts = (self.train, self.validation)
        features, labels = (
            torch.cat([getattr(part, name) for part in parts]) for name in ("features", "labels")
        )
        return Labelled(features, labels)

    def cosine(self) -> float:
        """The mean cosine of two rows."""
        some = self.train.features[:1000]
        return float((some @ some.T).mean())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was chosen, in words, and how right it was on the test split."""

    chosen: str
    accuracy: float
    point: Point | None = None


def ours(solver: Lbfgs | Sgd | Ridge, data: Data) -> Outcome:
    fitted = solver(data.train, data.validation, classes=data.classes)
    right = fitted.predict(data.test.features)[:, 0] == data.test.labels
    choice = fitted.choice
    words, point = [f"penalty {choice.penalty:.1e}"], None
    if choice.steps is not None:
        words.append(f"{choice.steps} steps")
    if choice.learning_rate is not None:
        words.append(f"rate {choice.learning_rate:.3g}")
        point = Point(choice.learning_rate, choice.penalty)
    return Outcome(", ".join(words), float(right.float().mean()), point)


def one_by_one(data: Data, words: argparse.Namespace) -> Outcome:
    """The published protocol in plain torch: each trial by itself, the best one again."""
    best, chosen = -1.0, None
    for point in sobol_points(words.trials)[: words.turns]:
        accuracy = _accuracy(trial(data.train, data.classes, point, words), data.validation)
        if accuracy > best:
            best, chosen = accuracy, point
    assert chosen is not None
    accuracy = _accuracy(trial(data.both, data.classes, chosen, words), data.test)
    told = f"penalty {chosen.weight_decay:.1e}, rate {chosen.learning_rate:.3g}"
    return Outcome(told, accuracy, chosen)


def whole(took_s: float, data: Data, words: argparse.Namespace) -> float:
    """The seconds of all trials and the last fit, of those of ``turns`` trials and the last fit."""
    train, both = len(data.train), len(data.train) + len(data.validation)
    return took_s * (words.trials * train + both) / (words.turns * train + both)


def trial(rows: Labelled, classes: int, point: Point, words: argparse.Namespace) -> torch.nn.Module:
    random = torch.Generator().manual_seed(words.seed)
    features = normalize(rows.features)
    head = torch.nn.Linear(features.shape[1], classes, device=features.device)
    with torch.no_grad():
        for ours, drawn in zip(
            head.parameters(), first_head(features, classes, random), strict=True
        ):
            ours.copy_(drawn)
    optimiser = torch.optim.SGD(
        head.parameters(), point.learning_rate, MOMENTUM, weight_decay=point.weight_decay
    )
    for share in shares(words.epochs):
        optimiser.param_groups[0]["lr"] = share * point.learning_rate
        order = torch.randperm(len(rows), generator=random).to(features.device)
        for some in order.split(words.batch):
            optimiser.zero_grad(set_to_none=True)
            cross_entropy(head(features[some]), rows.labels[some]).backward()
            optimiser.step()
    return head


def by_sklearn(data: Data) -> Outcome:
    """One C, the library's default, over standardised features; nothing is chosen."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler()
    both, test = data.both, data.test
    features = scaler.fit_transform(both.features.cpu().numpy())
    model = LogisticRegression(max_iter=1000).fit(features, both.labels.cpu().numpy())
    right = (
        model.predict(scaler.transform(test.features.cpu().numpy())) == test.labels.cpu().numpy()
    )
    return Outcome(f"C 1, {int(np.max(model.n_iter_))} steps", float(right.mean()))


def operations(data: Data, words: argparse.Namespace) -> float:
    """Of ``sgd``: logits and slopes of each trial and epoch, then of the chosen one on both splits.

    Two for a multiplication with its addition.
    """
    rows, dim = data.train.features.shape
    step = 4 * dim * data.classes
    return step * words.epochs * (rows * words.trials + rows + len(data.validation))


def timed(run: Callable[[], Outcome], device: str) -> tuple[float, Outcome]:
    """The seconds, by the clock of the device."""
    found: list[Outcome] = []
    return seconds(lambda: found.append(run()), device), found[0]


def compare(words: argparse.Namespace, classes: int) -> None:
    data = Data.of(words, classes)
    sgd = Sgd(trials=words.trials, epochs=words.epochs, batch=words.batch, seed=words.seed)
    print(
        f"\n{len(data.train):,} rows of {words.dim}, {classes} classes (chance {1 / classes:.4f}), "
        f"mean cosine {data.cosine():.2f}"
    )
    few = argparse.Namespace(**{**vars(words), "train": 200, "turns": 1, "epochs": 1})
    some = Data.of(few, classes)
    ours(Lbfgs(), some), one_by_one(some, few)  # torch's first calls load what later ones use
    product = product_speed(words.device, "float32")
    turns_s, trials = timed(lambda: one_by_one(data, words), words.device)
    trials_s = whole(turns_s, data, words)
    every = words.turns == words.trials
    told = "" if every else f"{turns_s:.2f} s for {words.turns}, and its best"
    _told(f"{words.trials} trials by turns", trials_s, trials, told)
    for name, solver in (("lbfgs", Lbfgs()), ("sgd", sgd), ("ridge", Ridge())):
        took_s, outcome = timed(lambda solver=solver: ours(solver, data), words.device)
        apart = 100 * (outcome.accuracy - trials.accuracy)
        told = f"{trials_s / took_s:6.1f} x faster, {apart:+.2f} points"
        if name == "sgd":
            told += f", {operations(data, words) / took_s / product:.0%} of a product's speed"
        if outcome.point is not None and every:
            told += ", the same point" if outcome.point == trials.point else ", ANOTHER point"
        _told(name, took_s, outcome, told)
    if words.no_sklearn:
        return
    try:
        took_s, outcome = timed(lambda: by_sklearn(data), "cpu")
        _told("sklearn, one C", took_s, outcome)
    except ModuleNotFoundError as error:
        if error.name != "sklearn":
            raise
        print(WITHOUT_SKLEARN)


def solvers(words: argparse.Namespace) -> None:
    for name, value in (FULL if words.full else QUICK).items():
        if getattr(words, name) is None:
            setattr(words, name, value)
    words.turns = min(words.turns or words.trials, words.trials)
    torch.set_num_threads(words.threads)
    words.device = device_named(words.device)
    print(
        f"torch {torch.__version__} on {name_of(words.device)}, "
        f"{words.threads} threads, {words.trials} trials of {words.epochs} epochs in batches of "
        f"{words.batch}; {'CPU' if words.device == 'cpu' else 'wall'} seconds"
    )
    for classes in map(int, words.classes.split(",")):
        compare(words, classes)


def _told(name: str, took_s: float, outcome: Outcome, more: str = "") -> None:
    line = f"{name:18} {took_s:9.2f} s  test {outcome.accuracy:.4f}  {outcome.chosen:34} {more}"
    print(line.rstrip(), flush=True)


def _accuracy(head: torch.nn.Module, rows: Labelled) -> float:
    with torch.inference_mode():
        right: Tensor = head(normalize(rows.features)).argmax(1) == rows.labels
        return float(right.float().mean())


def _solvers_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--full", action="store_true", help="the sizes of the targets; minutes")
    for name in ("train", "dim", "trials", "epochs", "batch"):
        parser.add_argument(f"--{name}", type=int, help=f"[quick {QUICK[name]}, full {FULL[name]}]")
    parser.add_argument(
        "--classes", metavar="A,B", help=f"[quick {QUICK['classes']}, full {FULL['classes']}]"
    )
    parser.add_argument(
        "--turns", type=int, help="trials run one after the other; the time of all is told from it"
    )
    parser.add_argument("--no-sklearn", action="store_true", help="it runs on the CPU, for minutes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:1")
    parser.add_argument("--signal", type=float, default=0.07, help="how far classes are apart")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    of_solvers = commands.add_parser("solvers", help="fit heads over synthetic features")
    _solvers_arguments(of_solvers)
    of_solvers.set_defaults(run=solvers)
    of_embed = commands.add_parser(
        "embed",
        help="photos to embeddings",
        description=probe_embed.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    probe_embed.add_arguments(of_embed)
    of_embed.set_defaults(run=probe_embed.main)
    words = parser.parse_args()
    try:
        words.run(words)
    except UsageError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
