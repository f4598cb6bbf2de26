"""Train, validation and test of a labelled set: those that it has, or those that a seed draws."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from flickrexif.errors import UsageError
from flickrexif.probing.controls import stream
from flickrexif.probing.release_data import SPLITS, AttributeData, Split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flickrexif.imaging.image_place import Place

HELD_OUT = 0.2
"""The share of a class that goes into each split drawn beside train."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """What is known of one image besides its pixels."""

    name: str
    label: str
    split: str | None
    owner: str | None = None

    @classmethod
    def of(cls, place: Place) -> Labelled:
        """What is known of the labelled image at ``place``."""
        return cls(place.name, str(place.label), place.split, place.credit.get("owner_id"))


@dataclass(frozen=True, slots=True, eq=False)
class Dealt:
    """Images in three splits, by their places; ``how`` tells in words where the splits are from.

    The owner of an image without one is its own name. ``left_out`` has the classes that lack an
    image in some split, with the reason.
    """

    attribute: AttributeData
    how: str
    left_out: Mapping[str, str]


def deal(images: Sequence[Labelled], classes: Sequence[str], *, seed: int) -> Dealt:
    """Put ``images`` into three splits; the order they come in has no influence on which.

    The set's own train and test are kept, and its validation, if it has one; where there is no
    test, its validation stands in. What is missing is drawn from train, class by class, and
    everything is drawn where the set has no two of them. Owners are not kept apart in what is
    drawn; ``how`` tells of how many, where they are known, there are images in two splits.
    Raises `UsageError` when fewer than two classes have an image in each split.
    """
    own = {split for image in images if (split := image.split)}
    named = [image.split for image in images]
    if {"train", "validation", "test"} <= own:
        how = "the set's own train, validation and test"
    elif "train" in own and len(own) == 2:
        (tested,) = own - {"train"}
        named = ["test" if split == tested else split for split in named]
        how = f"the set's own train and {tested}; validation drawn from train by seed {seed}"
        named = _drawn(images, named, "train", ("validation",), seed=seed)
    else:
        how = f"drawn by seed {seed}, class by class"
        named = _drawn(images, [None] * len(images), None, ("test", "validation"), seed=seed)
    return _dealt(images, named, classes, how)


def _drawn(
    images: Sequence[Labelled],
    named: list[str | None],
    source: str | None,
    wanted: tuple[str, ...],
    *,
    seed: int,
) -> list[str | None]:
    """``named`` with a share of what is ``source`` moved to each of ``wanted``, the rest train."""
    found = list(named)
    by_class: dict[str, list[int]] = {}
    for place, image in enumerate(images):
        if named[place] == source:
            by_class.setdefault(image.label, []).append(place)
    for label, places in by_class.items():
        in_order = sorted(places, key=lambda place: images[place].name)
        shuffled = stream(seed, "leak splits", label).permutation(in_order).tolist()
        count = max(1, round(HELD_OUT * len(shuffled)))
        for place in shuffled:
            found[place] = "train"
        for turn, split in enumerate(wanted):
            for place in shuffled[turn * count : (turn + 1) * count]:
                found[place] = split
    return found


def _dealt(
    images: Sequence[Labelled], named: list[str | None], classes: Sequence[str], how: str
) -> Dealt:
    counts = Counter((image.label, split) for image, split in zip(images, named, strict=True))
    if unused := sum(split is None for split in named):
        how += f"; {unused} images outside them are not used"
    if shared := _in_two_splits(images, named):
        how += f"; owners with images in more than one of them: {shared:,}"
    left_out = {}
    for label in classes:
        has = {split: counts[label, split] for split in SPLITS}
        if not all(has.values()):
            told = ", ".join(f"{count} {split}" for split, count in has.items())
            left_out[label] = f"an image is needed in each split, it has {told}"
    kept = [label for label in classes if label not in left_out]
    if len(kept) < 2:
        raise UsageError(
            f"{len(kept)} of {len(classes)} classes have a readable image in each of train, "
            "validation and test, two are needed: add images, three or more to a class"
        )
    places: dict[str, list[int]] = {split: [] for split in SPLITS}
    number = {label: at for at, label in enumerate(kept)}
    for place, (image, split) in enumerate(zip(images, named, strict=True)):
        if split in places and image.label in number:
            places[split].append(place)
    splits = (_split(images, places[split], number) for split in SPLITS)
    return Dealt(AttributeData("label", tuple(kept), False, *splits), how, left_out)


def _in_two_splits(images: Sequence[Labelled], named: Sequence[str | None]) -> int:
    """How many known owners have images in two splits or more."""
    pairs = zip(images, named, strict=True)
    met = {(image.owner, split) for image, split in pairs if image.owner and split}
    return sum(splits > 1 for splits in Counter(owner for owner, _ in met).values())


def _split(images: Sequence[Labelled], places: list[int], number: Mapping[str, int]) -> Split:
    labels = np.array([number[images[place].label] for place in places], dtype=np.int64)
    owners = np.array([images[place].owner or images[place].name for place in places], np.str_)
    return Split(np.array(places, dtype=np.int64), labels, owners)
