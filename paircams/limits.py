"""The thresholds of the checks, by profile, each with what was measured for it."""

from __future__ import annotations

from dataclasses import dataclass

from flickrexif.errors import UsageError


@dataclass(frozen=True, slots=True)
class Limits:
    """What the checks tolerate. Differences are those of `paircams.thumbnail.Thumbnail`.

    Measured over 106 real photos: 48 true pairs (of printed cards), and all 5,517 couples of photos
    of different subjects.
    """

    same_picture_difference: float = 0.10
    """Photos saved again: at most 0.063 (JPEG 30 to 95, PNG, at a half and a third of the size),
    0.084 sharpened fourfold, 0.120 brightened by 15 %; true pairs: at least 0.167."""
    duplicate_hash_bits: int = 4
    """Photos saved again: at most 4 of 64 bits, 6 sharpened; different subjects: at least 16."""
    duplicate_difference: float = 0.25
    """Different subjects: at least 0.476. Cropped by 2 % on each side: at most 0.336, so 46 of 106
    such copies are found."""
    capture_gap_s: float = 600.0
    """Not measured: no set of pairs with the clocks of both cameras was at hand."""
    clock_pairs: int = 3
    """From how many pairs of two cameras on a day their clock difference is estimated."""
    telltale_share: float = 0.9
    """The share of photos whose side a trait tells at which the set is said to betray it."""
    telltale_pairs: int = 4


PROFILES = {
    "lenient": Limits(capture_gap_s=3600.0),
    "paper": Limits(),
    "strict": Limits(capture_gap_s=120.0),
}
"""The profiles differ in how long a time may lie between the two photos of a pair."""


def limits_of(profile: str) -> Limits:
    """The limits of ``profile``; `UsageError` names the known ones."""
    if profile not in PROFILES:
        known = ", ".join(PROFILES)
        raise UsageError(f"no profile {profile!r}; choose one of {known}")
    return PROFILES[profile]
