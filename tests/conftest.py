"""What every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Machines are shared and slow at times: no test has a deadline. CI draws the same examples always.
settings.register_profile(
    "flickrexif",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("flickrexif")

ORACLE = Path(__file__).resolve().parents[2] / "shared" / "oracle"


@pytest.fixture(scope="session")
def oracle() -> Path:
    """Real answers, files and splits with known truth, kept beside the checkout, never in it."""
    if not ORACLE.is_dir():
        pytest.skip("the oracle folder (../shared/oracle) is not beside this checkout")
    return ORACLE
