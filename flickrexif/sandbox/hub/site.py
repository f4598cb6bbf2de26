"""The Hub behind its door: every request is written down, may meet a fault, and is answered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flickrexif.sandbox.hub import routes
from flickrexif.sandbox.hub.faults import HubFault, HubFaultDesk
from flickrexif.sandbox.hub.messages import Answer, Received, Refused
from flickrexif.sandbox.hub.tokens import Role, Tokens
from flickrexif.sandbox.hub.visit import Premises, Visit

if TYPE_CHECKING:
    from flickrexif.sandbox.hub.ledger import HubLedger

_BEFORE = frozenset(HubFault) - {
    HubFault.LATE,
    HubFault.LOST,
    HubFault.MOVED_HEAD,
    HubFault.SLOW,
    HubFault.CUT,
    HubFault.FLIPPED,
}
"""Faults that come instead of the work."""


@dataclass(frozen=True, slots=True)
class HubSite:
    """Answers requests to a Hub."""

    premises: Premises
    tokens: Tokens
    desk: HubFaultDesk
    ledger: HubLedger

    def answer(self, received: Received) -> Answer | None:
        """Return the answer to a request, or None where the caller is hung up on."""
        found = routes.match(received.verb, received.path)
        asked = self.ledger.enter(found[0].kind if found else routes.OTHER, received)
        fault = self.desk.draw(asked)
        answer = self._answer(received, found, fault)
        if answer is None:
            self.ledger.close(asked, 0)
        else:
            has_body = received.verb != "HEAD"
            self.ledger.close(asked, answer.status, sent=len(answer.body) if has_body else 0)
        return answer

    def _answer(
        self,
        received: Received,
        found: tuple[routes.Route, dict[str, str]] | None,
        fault: HubFault | None,
    ) -> Answer | None:
        if fault is HubFault.EXPIRED_TOKEN:
            self.tokens.expire()
        elif fault in _BEFORE:
            refusal = self.desk.refusal(fault) if fault else None
            return refusal.answer() if refusal else None
        try:
            proper = self._proper(received, found)
        except Refused as refusal:
            proper = refusal.answer()
        return self._spoilt(proper, found[1] if found else {}, fault)

    def _proper(
        self, received: Received, found: tuple[routes.Route, dict[str, str]] | None
    ) -> Answer:
        if found is None:
            raise routes.lost(received.path)
        route, words = found
        if route.needs == "signature":
            return route.handler(Visit(self.premises, received, words, Role.STRANGER))
        role = self.tokens.role(received.headers.get("authorization"))
        visit = Visit(self.premises, received, words, role)
        if route.needs == "write":
            visit.may_write()
        return route.handler(visit)

    def _spoilt(
        self, answer: Answer, words: dict[str, str], fault: HubFault | None
    ) -> Answer | None:
        if fault is HubFault.LOST:
            return None
        if fault is HubFault.LATE:
            late = self.desk.refusal(fault)
            return late.answer() if late else None
        if fault is HubFault.MOVED_HEAD and "repo" in words and answer.status < 400:
            self.premises.store.repository(words["repo"]).commit({})
        if fault is HubFault.SLOW:
            return replace(answer, pause_s=self.desk.faults.slow_s)
        return replace(answer, is_cut=fault is HubFault.CUT, is_flipped=fault is HubFault.FLIPPED)
