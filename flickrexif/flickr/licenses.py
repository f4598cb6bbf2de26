"""Flickr's licences, keyed by Flickr's numeric id (flickr.photos.licenses.getInfo, June 2025)."""

from __future__ import annotations

from dataclasses import dataclass

from flickrexif.errors import UsageError


@dataclass(frozen=True, slots=True)
class License:
    """One licence a photo may carry on Flickr."""

    id: int
    name: str
    spdx: str
    """The SPDX id, or a LicenseRef where SPDX has none."""
    url: str
    is_permissive: bool
    """True when changed copies may be given away, commercially too."""
    allows_derivatives: bool
    allows_commercial: bool


def _creative_commons(license_id: int, words: str, version: str) -> License:
    no_derivatives, no_commerce = "nd" in words.split("-"), "nc" in words.split("-")
    return License(
        id=license_id,
        name=f"CC {words.upper()} {version}",
        spdx=f"CC-{words.upper()}-{version}",
        url=f"https://creativecommons.org/licenses/{words}/{version}/",
        is_permissive=not (no_derivatives or no_commerce),
        allows_derivatives=not no_derivatives,
        allows_commercial=not no_commerce,
    )


def _free(license_id: int, name: str, spdx: str, url: str) -> License:
    return License(license_id, name, spdx, url, True, True, True)


_ALL_RIGHTS_RESERVED = License(
    id=0,
    name="All Rights Reserved",
    spdx="LicenseRef-All-Rights-Reserved",
    url="https://www.flickrhelp.com/hc/en-us/articles/"
    "10710266545556-Using-Flickr-images-shared-by-other-members",
    is_permissive=False,
    allows_derivatives=False,
    allows_commercial=False,
)

UNKNOWN = License(
    id=-9,
    name="unknown",
    spdx="LicenseRef-Unknown",
    url=_ALL_RIGHTS_RESERVED.url,
    is_permissive=False,
    allows_derivatives=False,
    allows_commercial=False,
)
"""Stands for a licence that nobody has told, as of imported photos; the id is none of Flickr's."""

LICENSES: tuple[License, ...] = (
    _ALL_RIGHTS_RESERVED,
    _creative_commons(1, "by-nc-sa", "2.0"),
    _creative_commons(2, "by-nc", "2.0"),
    _creative_commons(3, "by-nc-nd", "2.0"),
    _creative_commons(4, "by", "2.0"),
    _creative_commons(5, "by-sa", "2.0"),
    _creative_commons(6, "by-nd", "2.0"),
    _free(
        7,
        "No known copyright restrictions",
        "LicenseRef-No-Known-Copyright-Restrictions",
        "https://www.flickr.com/commons/usage/",
    ),
    _free(
        8,
        "United States Government Work",
        "LicenseRef-US-Government-Work",
        "https://www.usa.gov/government-copyright",
    ),
    _free(
        9,
        "Public Domain Dedication (CC0)",
        "CC0-1.0",
        "https://creativecommons.org/publicdomain/zero/1.0/",
    ),
    _free(
        10,
        "Public Domain Mark",
        "CC-PDM-1.0",
        "https://creativecommons.org/publicdomain/mark/1.0/",
    ),
    _creative_commons(11, "by", "4.0"),
    _creative_commons(12, "by-sa", "4.0"),
    _creative_commons(13, "by-nd", "4.0"),
    _creative_commons(14, "by-nc", "4.0"),
    _creative_commons(15, "by-nc-sa", "4.0"),
    _creative_commons(16, "by-nc-nd", "4.0"),
)
"""Every licence known, in the order of their ids."""

FORBIDDING = frozenset(one.spdx for one in (*LICENSES, UNKNOWN) if not one.allows_derivatives)
"""The SPDX ids of licences under which no changed copy may be given away."""

PERMISSIVE: tuple[int, ...] = tuple(known.id for known in LICENSES if known.is_permissive)
"""The ids of licences under which changed copies may be given away."""

_BY_WORD = {str(known.id): known.id for known in LICENSES}
_BY_WORD |= {known.spdx.lower(): known.id for known in LICENSES}
_GROUPS = {"permissive": PERMISSIVE, "all": tuple(known.id for known in LICENSES)}


def license_of(license_id: int) -> License:
    """The licence with that Flickr id, or `UNKNOWN`.

    Raises `UsageError` for an id nobody has documented.
    """
    if license_id == UNKNOWN.id:
        return UNKNOWN
    if not 0 <= license_id < len(LICENSES):
        raise UsageError(
            f"licence id {license_id!r} is unknown: Flickr's ids are 0 to {len(LICENSES) - 1}"
        )
    return LICENSES[license_id]


def parse_licenses(words: str) -> tuple[int, ...]:
    """The ids that a comma list of ids, SPDX ids, ``permissive`` or ``all`` names, ascending.

    Raises `UsageError` for a word that names no licence, listing those that do.
    """
    ids: set[int] = set()
    for word in (part.strip().lower() for part in words.split(",")):
        if word in _GROUPS:
            ids.update(_GROUPS[word])
        elif word in _BY_WORD:
            ids.add(_BY_WORD[word])
        else:
            known = ", ".join(f"{one.id} ({one.spdx})" for one in LICENSES)
            raise UsageError(f"licence {word!r} is unknown: use permissive, all, or of {known}")
    return tuple(sorted(ids))
