"""How fast a crawl may ask, kept in its state for who looks at it from beside."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from flickrexif.crawling.eta import Supply
from flickrexif.crawling.outlook import used
from flickrexif.flickr.budget import bucket_name, image_bucket_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flickrexif.corpus.state import State
    from flickrexif.flickr.budgets import BudgetStore
    from flickrexif.flickr.connection import Connection

API, IMAGES = "API", "image host"


@dataclass(frozen=True, slots=True)
class BudgetLeft:
    """A host's budget on this machine: ``tokens`` requests at hand, ``slowdown`` of the rate.

    ``tokens`` below 0 are requests that wait for theirs; ``slowdown`` is 1 but after an HTTP 429.
    """

    host: str
    tokens: float
    per_hour: float
    slowdown: float


def keep_rates(state: State, connection: Connection) -> None:
    """Keep the rates of a run that begins; belongs in a transaction."""
    asked = {API: connection.calls_per_hour, IMAGES: connection.images_per_second * 3600}
    for host, per_hour in asked.items():
        if isfinite(per_hour):
            state.remind(_reminder(host), max(1, round(per_hour)))
        else:
            state.forget(_reminder(host))


def budgets_left(
    state: State, connection: Connection, store: BudgetStore
) -> tuple[BudgetLeft, ...]:
    """The budgets of a crawl at this moment, in ``store``; none of a host without a limit.

    The rates are those of the last run.
    """
    names = {
        API: bucket_name("api", connection.api_key),
        IMAGES: image_bucket_name(connection.image_base),
    }
    budgets = []
    for host, name in names.items():
        per_hour = state.reminder(_reminder(host))
        if per_hour is not None:
            left = store.left(name, per_hour / 3600)
            budgets.append(BudgetLeft(host, left.tokens, per_hour, left.slowdown))
    return tuple(budgets)


def supplies(budgets: Iterable[BudgetLeft], calls: Mapping[str, int]) -> list[Supply]:
    """What the budgets allow at their full rates, since a slowed one recovers within minutes.

    One that is slowed again and again shows in the time that the work took.
    """
    phases = dict(zip((API, IMAGES), used(calls), strict=True))
    return [
        Supply(budget.per_hour / 3600, budget.tokens, *phases[budget.host]) for budget in budgets
    ]


def _reminder(host: str) -> str:
    return f"{host} requests per hour"
