"""Time for tests of budgets: true time that passes only by sleeping, and clocks that may lie."""

from __future__ import annotations

from flickrexif.flickr.pace import Moment


class Time:
    """A machine's clocks; ``wall`` can be set, ``restart`` begins the uptime anew."""

    def __init__(self) -> None:
        self.true = 1_000_000.0
        self._wall_is_ahead = 0.0
        self._started = 0.0

    def __call__(self) -> Moment:
        return Moment(wall=self.true + self._wall_is_ahead, uptime=self.true - self._started)

    def set_wall(self, by: float) -> None:
        self._wall_is_ahead += by

    def restart(self, *, after: float) -> None:
        self.true += after
        self._started = self.true

    async def sleep(self, seconds: float) -> None:
        self.true += seconds
