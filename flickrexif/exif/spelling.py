"""How make and model strings are compared: not by case, blanks, punctuation or company form."""

from __future__ import annotations

import re

COMPANY_FORMS = frozenset(
    ("ag", "co", "company", "corp", "corporation", "gmbh", "inc", "kk", "limited", "llc", "ltd")
)
"""Words that a maker writes after its name, or not: ``NIKON CORPORATION``, ``NIKON CO``."""

_WORD = re.compile(r"[^\W_]+")
_JOINTS = " -_"


def fold_make(make: str) -> str:
    """The key by which makes are compared; ``""`` when ``make`` has neither letter nor digit."""
    words = _WORD.findall(make.casefold())
    while len(words) > 1 and words[-1] in COMPANY_FORMS:
        words.pop()
    return "".join(words)


def fold_model(model: str) -> str:
    """The key by which models are compared; ``+`` and ``*`` are part of names and stay."""
    return model.casefold().translate(dict.fromkeys(map(ord, _JOINTS)))


def without_brand(model: str, *brands: str) -> str:
    """``model`` without the first of ``brands`` that it begins with; never emptied."""
    for brand in brands:
        if brand and model.casefold().startswith(brand.casefold()):
            rest = model[len(brand) :]
            if rest[:1] in _JOINTS and rest.strip(_JOINTS):
                return rest.strip(_JOINTS)
    return model
