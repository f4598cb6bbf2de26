"""Which images of a set a golden set takes, and as what: a seeded choice, order-independent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from flickrexif.probing.controls import stream
from flickrexif.probing.protocols.leak_splits import Labelled, deal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flickrexif.golden.plan import GoldenPlan
    from flickrexif.imaging.image_place import Place
    from flickrexif.imaging.image_set import ImageSet
    from flickrexif.probing.release_data import Split

Role = Literal["train", "validation", "test", "stress"]
"""What an image is used for: a probe is fitted to train and validation, the others are tested."""

HELD_OUT = 0.25
"""The share of the fitted images on which the penalty is chosen."""


@dataclass(slots=True)
class Queue:
    """Images of one role and class in the order in which they are taken until there are enough."""

    role: Role
    label: str | None
    waiting: list[Place]
    wanted: int
    taken: int = 0

    @property
    def lacks(self) -> int:
        """How many are still to be taken."""
        return self.wanted - self.taken


@dataclass(frozen=True, slots=True)
class Choice:
    """The queues of a set, the classes in order (none of a set without labels), and how dealt."""

    queues: tuple[Queue, ...]
    classes: tuple[str, ...]
    splits: str
    left_out: Mapping[str, str] = field(default_factory=dict)

    def next_round(self) -> dict[str, Queue]:
        """The names of the images to read next: as many of each queue as it lacks."""
        found: dict[str, Queue] = {}
        for queue in self.queues:
            found |= dict.fromkeys((place.name for place in queue.waiting[: queue.lacks]), queue)
            del queue.waiting[: queue.lacks]
        return found


def wanted(*, images: int, fitted: int, classes: int) -> dict[Role, int]:
    """How many images each role takes of each of ``classes``, where there are as many.

    Of a set without classes, which are 0 then, there is nothing to fit to.
    """
    if not classes:
        return {"test": images}
    shares: dict[Role, float] = {
        "test": images,
        "train": fitted * (1 - HELD_OUT),
        "validation": fitted * HELD_OUT,
    }
    return {role: max(1, round(share / classes)) for role, share in shares.items()}


def choose(images: ImageSet, plan: GoldenPlan) -> Choice:
    """Equally many images of each class for each role; of a set without two classes, any.

    Of a class that has fewer than `wanted` all are taken.

    Test images come from the set's own test split, or one that the seed draws, the fitted ones from
    train and validation (`flickrexif.probing.protocols.leak_splits.deal`). Names and seed decide,
    not the order of the images.
    """
    if len(images.classes) < 2:
        waiting = _shuffled(images.places, plan.seed, "test")
        queue = Queue("test", None, waiting, min(plan.images, len(waiting)))
        return Choice((queue,), (), "none: a set without classes")
    labelled = [place for place in images.places if place.label is not None]
    known = [
        Labelled(place.name, str(place.label), place.split, place.credit.get("owner_id"))
        for place in labelled
    ]
    dealt = deal(known, images.classes, seed=plan.seed)
    attribute = dealt.attribute
    queues = []
    asked = wanted(images=plan.images, fitted=plan.fitted, classes=len(attribute.classes))
    for role, count in asked.items():
        split: Split = getattr(attribute, role)
        for number, label in enumerate(attribute.classes):
            own = [labelled[at] for at in split.photo_ids[split.labels == number].tolist()]
            waiting = _shuffled(own, plan.seed, role, label)
            queues.append(Queue(role, label, waiting, min(count, len(waiting))))
    return Choice(tuple(queues), attribute.classes, dealt.how, dealt.left_out)


def _shuffled(places: Sequence[Place], seed: int, *purpose: str) -> list[Place]:
    in_order = sorted(places, key=lambda place: place.name)
    order = stream(seed, "golden set", *purpose).permutation(len(in_order))
    return [in_order[at] for at in order.tolist()]
