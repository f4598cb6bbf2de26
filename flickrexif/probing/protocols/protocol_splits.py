"""Train, validation and test of any set of images, labelled or not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from flickrexif.errors import UsageError
from flickrexif.treating.rows import dealt, owner_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from flickrexif.imaging.image_place import Place


@dataclass(frozen=True, slots=True)
class Parts:
    """The images of each split, and in words where the splits are from."""

    places: Mapping[str, tuple[Place, ...]]
    how: str

    def rows(self, split: str, among: Sequence[Place]) -> NDArray[np.int64]:
        """Where the images of ``split`` stand in ``among``; those that do not are left out."""
        at = {place.name: row for row, place in enumerate(among)}
        names = (place.name for place in self.places[split])
        return np.array([at[name] for name in names if name in at], dtype=np.int64)

    def require_three(self) -> None:
        """Raise `UsageError` unless each split has an image: a probe needs all three."""
        if lacking := [split for split, places in self.places.items() if not places]:
            counts = ", ".join(f"{len(places)} {split}" for split, places in self.places.items())
            raise UsageError(
                f"a probe needs images in each split, and there are {counts}: add images, or put "
                f"some into a folder called {lacking[0]!r}"
            )


def parted(places: Sequence[Place], *, seed: int) -> Parts:
    """Put ``places`` into three splits, as `flickrexif.treating` does.

    The set's own splits are kept; where there is no test, its validation stands in. A validation
    that it lacks, or everything where it has train alone, is drawn by a hash of the owner (of the
    image, where that is unknown), so that no owner is in two splits that are drawn.
    """
    told = {place.split for place in places if place.split} - {"train"}
    tested = "test" if "test" in told else "validation"
    if told == {"validation"}:
        places = [replace(p, split="test" if p.split == tested else p.split) for p in places]
    if told == {"validation", "test"}:
        how = "the set's own train, validation and test"
    elif told:
        how = f"the set's own train and {tested}; validation drawn from train by seed {seed}"
    else:
        how = f"drawn by seed {seed}, owners apart"
    by_split = dealt(places, seed=seed)
    split_names = ("train", "validation", "test")
    return Parts({split: tuple(by_split.get(split, ())) for split in split_names}, how)


def owners_of(places: Sequence[Place]) -> NDArray[np.str_]:
    """The owner of each image; its own name where the owner is unknown."""
    return np.array([owner_of(place) for place in places], dtype=np.str_)
