"""The probe's solver against sequential trials of plain SGD, on the same synthetic features.

Both choose on a validation split and are refitted to train and validation; CPU seconds are those of
this process. Run: python benchmarks/probe.py [--train 1000 --dim 128 --classes 9 --trials 10 ...]
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from flickrexif.probing.linear import Scaling, fit
from flickrexif.probing.plan import PENALTIES

MOMENTUM = 0.9
RATES = (1e-3, 1.0)
DECAYS = (1e-6, 1e-1)


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    train: tuple[Tensor, Tensor]
    validation: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]

    @property
    def both(self) -> tuple[Tensor, Tensor]:
        """Train and validation."""
        features = torch.cat([self.train[0], self.validation[0]])
        return features, torch.cat([self.train[1], self.validation[1]])


def synthetic(words: argparse.Namespace) -> Data:
    """Gaussian classes whose weak signal lies in the directions of middle and low variance."""
    generator = torch.Generator().manual_seed(words.seed)
    spectrum = torch.arange(1, words.dim + 1).float().pow(-0.5)
    turn, _ = torch.linalg.qr(torch.randn(words.dim, words.dim, generator=generator))
    means = torch.randn(words.classes, words.dim, generator=generator) * spectrum * words.signal
    means[:, : words.dim // 8] = 0

    def draw(count: int) -> tuple[Tensor, Tensor]:
        labels = torch.randint(words.classes, (count,), generator=generator)
        noise = torch.randn(count, words.dim, generator=generator) * spectrum
        return (noise + means[labels]) @ turn, labels

    train, validation, test = (draw(n) for n in (words.train, words.train // 5, words.train // 2))
    scaling = Scaling.of(train[0])
    return Data(*((scaling(features), labels) for features, labels in (train, validation, test)))


def by_path(data: Data, classes: int) -> float:
    """Test accuracy of the probe's own solver: the whole path in one batch, then a refit."""
    penalties = torch.tensor(PENALTIES)
    targets = data.train[1].expand(len(penalties), -1)
    path = fit(data.train[0], targets, penalties, classes=classes)
    found = path.predict(data.validation[0]) == data.validation[1][:, None]
    accuracies = found.float().mean(0)
    best = (accuracies == accuracies.max()).nonzero().amax()
    features, labels = data.both
    final = fit(features, labels[None], penalties[best][None], classes=classes)
    return float((final.predict(data.test[0])[:, 0] == data.test[1]).float().mean())


def by_trials(data: Data, classes: int, words: argparse.Namespace) -> float:
    """Test accuracy of ``words.trials`` sequential SGD runs: the best on validation, refitted."""
    points = torch.quasirandom.SobolEngine(2, scramble=False).draw(words.trials + 1)[1:]
    choices = [(_between(RATES, u), _between(DECAYS, v)) for u, v in points.tolist()]
    scores = [
        _accuracy(sgd(data.train, classes, rate, decay, words), data.validation)
        for rate, decay in choices
    ]
    rate, decay = choices[max(range(len(scores)), key=scores.__getitem__)]
    return _accuracy(sgd(data.both, classes, rate, decay, words), data.test)


def sgd(
    train: tuple[Tensor, Tensor], classes: int, rate: float, decay: float, words: argparse.Namespace
) -> torch.nn.Linear:
    """A linear head by momentum SGD with a cosine schedule, one step after the other."""
    torch.manual_seed(words.seed)
    features, labels = train
    head = torch.nn.Linear(features.shape[1], classes)
    optimiser = torch.optim.SGD(head.parameters(), rate, momentum=MOMENTUM, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, words.epochs)
    for _ in range(words.epochs):
        for rows in torch.randperm(len(labels)).split(words.batch):
            optimiser.zero_grad(set_to_none=True)
            cross_entropy(head(features[rows]), labels[rows]).backward()
            optimiser.step()
        schedule.step()
    return head


def _accuracy(head: torch.nn.Linear, split: tuple[Tensor, Tensor]) -> float:
    with torch.inference_mode():
        return float((head(split[0]).argmax(1) == split[1]).float().mean())


def _between(bounds: tuple[float, float], share: float) -> float:
    low, high = bounds
    return float(low * (high / low) ** share)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (
        ("train", 1000),
        ("dim", 128),
        ("classes", 9),
        ("trials", 10),
        ("epochs", 50),
        ("batch", 256),
        ("seed", 0),
        ("threads", 1),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--signal", type=float, default=0.15)
    words = parser.parse_args()
    torch.set_num_threads(words.threads)
    data = synthetic(words)
    by_path(data, words.classes)  # torch's first calls load what later ones use
    started = time.process_time()
    ours = by_path(data, words.classes)
    path_s = time.process_time() - started
    started = time.process_time()
    theirs = by_trials(data, words.classes, words)
    trials_s = time.process_time() - started
    print(f"path of {len(PENALTIES)} penalties, L-BFGS: {path_s:8.3f} CPU s, accuracy {ours:.4f}")
    print(
        f"{words.trials} sequential SGD trials:      {trials_s:8.3f} CPU s, accuracy {theirs:.4f}"
    )
    print(f"ratio of CPU seconds: {trials_s / path_s:.1f} (chance {1 / words.classes:.4f})")


if __name__ == "__main__":
    main()
