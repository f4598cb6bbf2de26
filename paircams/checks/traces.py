"""What do the files tell that they should not: about people, and about their side?"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from paircams.checks.check import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from paircams.collection import Collection
    from paircams.limits import Limits
    from paircams.photo import Contents

TRAITS: dict[str, Callable[[Contents], object]] = {
    "the file format": lambda contents: contents.format,
    "having EXIF of a camera": lambda contents: contents.has_exif,
    "the JPEG quantisation tables": lambda contents: contents.encoder,
}


def private_photos(collection: Collection, _: Limits) -> Iterator[Fault]:
    """Photos with private tags: the names of the tags, never what they hold."""
    for photo in collection.sound:
        if photo.contents.private_tags:
            listed = ", ".join(photo.contents.private_tags)
            yield Fault.of(photo.file, f"holds {listed}; strip them before publishing")


def telltales(collection: Collection, limits: Limits) -> Iterator[Fault]:
    """Traits of the files by which the sides of the pairs can be told without a look at them."""
    if len(collection.pairs) < limits.telltale_pairs:
        return
    for name, trait in TRAITS.items():
        sides = [(trait(p.smartphone.contents), trait(p.camera.contents)) for p in collection.pairs]
        share = told_share(sides)
        if share >= limits.telltale_share:
            reason = f"{name} tells the side of {share:.0%} of the photos; treat both sides alike"
            yield Fault(reason, value=share, limit=limits.telltale_share)


def told_share(sides: list[tuple[object, object]]) -> float:
    """The share of photos whose side is that of most other photos with the same value of a trait.

    ``sides`` holds the values on the smartphone and the camera side, one tuple per pair. A value
    that no other photo has, or both sides have equally, tells half. A photo never votes on itself,
    so a trait with a value of its own for every photo tells nothing.
    """
    counts = Counter(value for value, _ in sides), Counter(value for _, value in sides)
    told = 0.0
    for pair in sides:
        for own in (0, 1):
            lead = counts[own][pair[own]] - 1 - counts[1 - own][pair[own]]
            told += 0.5 if lead == 0 else float(lead > 0)
    return told / (2 * len(sides)) if sides else 0.5
