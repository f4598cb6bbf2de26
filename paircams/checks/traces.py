"""What do the files tell that they should not: about people, and about their side?"""

from __future__ import annotations

from collections import Counter
from statistics import median
from typing import TYPE_CHECKING

from paircams.checks.check import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from paircams.collection import Collection, Pair, Sound
    from paircams.limits import Limits
    from paircams.photo import Contents

TRAITS: dict[str, Callable[[Contents], object]] = {
    "the file format": lambda contents: contents.format,
    "having EXIF of a camera": lambda contents: not contents.exif.is_empty,
    "the JPEG quantisation tables": lambda contents: _encoder(contents),
    "the colour profile": lambda contents: contents.provenance.profile,
    "the bit depth": lambda contents: contents.provenance.bit_depth,
    "the size in pixels": lambda contents: _size(contents),
}
"""What can be read from a file without a look at its picture."""

DIFFERENCES: dict[str, Callable[[Contents], object]] = {
    "the file format": lambda contents: contents.format,
    "the colour profile": lambda contents: contents.provenance.profile,
    "the bit depth": lambda contents: contents.provenance.bit_depth,
}
NAMED = 3


def private_photos(collection: Collection, _: Limits) -> Iterator[Fault]:
    """Photos with private tags: the names of the tags, never what they hold."""
    for photo in collection.sound:
        if photo.contents.private_tags:
            listed = ", ".join(photo.contents.private_tags)
            yield Fault.of(photo.file, f"holds {listed}; strip them before publishing")


def unlicensed(collection: Collection, _: Limits) -> Iterator[Fault]:
    """Subjects without a licence in a set that states licences."""
    subjects = collection.declared.subjects
    if any(subject.license for subject in subjects):
        for subject in subjects:
            if not subject.license:
                yield Fault("has no license; state one as for the others", subject.subject_idx)


def differences(collection: Collection, limits: Limits) -> Iterator[Fault]:
    """Traits in which the two sides differ, one finding a trait with the number of pairs.

    A difference is nothing wrong with a pair; it is something besides the camera that a model may
    see.
    """
    for name, trait in DIFFERENCES.items():
        unlike = [p for p in collection.pairs if _differs(p, trait)]
        if unlike:
            yield _difference(name, trait, unlike, collection)
    ratios = sorted(_pixels(p.smartphone) / _pixels(p.camera) for p in collection.pairs)
    middle = median(ratios) if ratios else 1.0
    if len(ratios) >= limits.telltale_pairs and max(middle, 1 / middle) > limits.size_ratio:
        larger = "smartphone" if middle > 1 else "camera"
        value = max(middle, 1 / middle)
        reason = f"the {larger}'s photos have {value:.1f} times the pixels of the other side's"
        yield Fault(f"{reason}; scale both alike before use", value=value, limit=limits.size_ratio)


def _differs(pair: Pair, trait: Callable[[Contents], object]) -> bool:
    told = trait(pair.smartphone.contents), trait(pair.camera.contents)
    return None not in told and told[0] != told[1]


def _difference(
    name: str, trait: Callable[[Contents], object], unlike: Sequence[Pair], collection: Collection
) -> Fault:
    first = unlike[0]
    here, there = trait(first.smartphone.contents), trait(first.camera.contents)
    names = ", ".join(pair.subject_idx for pair in unlike[:NAMED])
    more = f" and {len(unlike) - NAMED} more" if len(unlike) > NAMED else ""
    reason = (
        f"{name} differs in {len(unlike)} of {len(collection.pairs)} pairs ({names}{more}), as "
        f"{here} and {there}; convert both sides alike before use"
    )
    share = len(unlike) / len(collection.pairs)
    return Fault(
        reason, value=share, evidence={"subjects": ",".join(p.subject_idx for p in unlike)}
    )


def _pixels(photo: Sound) -> int:
    return photo.contents.provenance.width * photo.contents.provenance.height


def _size(contents: Contents) -> tuple[int, int]:
    made = contents.provenance
    return max(made.width, made.height), min(made.width, made.height)


def _encoder(contents: Contents) -> str | None:
    """A fingerprint of the quantisation tables, equal for equal encoder settings."""
    tables = contents.provenance.tables
    return None if tables is None else tables.fingerprint


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
