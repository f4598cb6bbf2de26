"""The sides of camera models that no table tells, from the pairs themselves.

A pair has one photo on either side, so its two models stand on different sides: the pairs colour
their models in two colours. Where pairs disagree, the more numerous ones decide, and the checks
find the others. Which colour is the smartphones' is told by models whose side is known, else by
what kind of devices their names tell: by the photos of all models together, never by one model, as
the older side of the published set holds a smartphone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from flickrexif.exif.cameras import identify, makers
from flickrexif.exif.lensfun import lensfun_cameras
from flickrexif.exif.smartphones import model_rules
from flickrexif.exif.spelling import fold_make, fold_model
from paircams.classes import model_key, side_named
from paircams.layout import SIDES, Misplaced, Side, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from paircams.rows import Row

CLEAR = 2 / 3
"""The share of the photos of told devices that must agree on which colour is the smartphones'."""
_NAMED_ALONE = ("Apple", "Google", "Samsung", "Sony")
"""Makers whose models are known by their names alone; those of others look like each other's."""


def colour_models(photos: Iterable[tuple[str, str]], known: Mapping[str, Side]) -> dict[str, Side]:
    """The side of each model that ``known`` lacks and that the pairs tell.

    ``photos`` are (subject, model), models as `paircams.classes.model_key` has them; only subjects
    of exactly two photos by two models count.
    """
    by_subject: defaultdict[str, list[str]] = defaultdict(list)
    for subject, model in photos:
        by_subject[subject].append(model)
    pairs = [sorted(models) for models in by_subject.values() if len(models) == 2]
    counts = Counter((one, other) for one, other in pairs if one != other)
    shown = Counter(model for models in by_subject.values() for model in models)
    told: dict[str, Side] = {}
    for group in _two_coloured(counts):
        first = _side_of_first_colour(group, shown, known)
        if first is not None:
            sides = SIDES if first == SIDES[0] else SIDES[::-1]
            told |= {model: sides[colour] for model, colour in group.items() if model not in known}
    return told


def models_told(rows: Iterable[Row]) -> Iterator[tuple[str, str]]:
    """Subject and model of each photo whose side is for its model to tell."""
    for row in rows:
        model = row.cells.get("model", "")
        if row.reason is None and model and not side_named(row.cells.get("camera_class", "")):
            yield row.cells["subject_idx"], model_key(model)


def coloured_models(sides: Mapping[str, Side], rows: Iterable[Row]) -> Misplaced:
    """A finding that names the models of ``sides`` as ``rows`` write them."""
    written = {model_key(model): model for row in rows if (model := row.cells.get("model"))}
    by_side = {side: sorted(written[key] for key in sides if sides[key] == side) for side in SIDES}
    named = "; ".join(
        f"{side}: {printable(', '.join(names))}" for side, names in by_side.items() if names
    )
    reason = (
        f"no class is declared for {len(sides)} of the camera models, which stand where the pairs "
        f"tell ({named}); name them in a table of model,camera_class (--classes)"
    )
    return Misplaced("coloured-model", "", None, "camera models", reason)


def _two_coloured(pairs: Counter[tuple[str, str]]) -> list[dict[str, int]]:
    """Groups of models that pairs connect, each model with a colour, 0 or 1.

    Frequent pairs go first, of equally frequent ones the first by name. Two models of a group have
    their colours already: a pair of one colour is outnumbered.
    """
    groups: dict[str, dict[str, int]] = {}
    for (one, other), _ in sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0])):
        left = groups.setdefault(one, {one: 0})
        right = groups.setdefault(other, {other: 0})
        if left is right:
            continue
        turn = left[one] == right[other]
        left |= {model: colour ^ turn for model, colour in right.items()}
        groups |= dict.fromkeys(right, left)
    return list({id(group): group for group in groups.values()}.values())


def _side_of_first_colour(
    group: Mapping[str, int], shown: Counter[str], known: Mapping[str, Side]
) -> Side | None:
    """The side of colour 0; None where nothing tells it clearly."""
    declared, named = Counter[Side](), Counter[Side]()
    for model, colour in group.items():
        if model in known:
            declared[known[model] if colour == 0 else _other(known[model])] += shown[model]
        elif (is_phone := _is_smartphone(model)) is not None:
            side = SIDES[0] if is_phone else SIDES[1]
            named[side if colour == 0 else _other(side)] += shown[model]
    votes = declared or named
    ((side, count), *_) = votes.most_common(1) or [(SIDES[0], 0)]
    return side if count and count >= CLEAR * votes.total() else None


def _other(side: Side) -> Side:
    return SIDES[1 - SIDES.index(side)]


def _is_smartphone(model: str) -> bool | None:
    """What the name of a model tells without its maker; None where it tells nothing for sure."""
    told = {identify(make, model).is_smartphone for make in _makes(model)}
    if not told:
        rules = [rule for maker in _NAMED_ALONE for rule in model_rules(maker)]
        told = {rule.verdict for rule in rules if rule.pattern.fullmatch(model)}
    return told.pop() if len(told) == 1 else None


def _makes(model: str) -> set[str]:
    """Makes that the model's name begins with, or under which Lensfun has it."""
    found = {one.make for one in lensfun_cameras() if fold_model(one.model) == fold_model(model)}
    first = model.split()[:1]
    return found | {word for word in first if fold_make(word) in makers()}
