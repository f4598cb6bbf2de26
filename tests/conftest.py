"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest

ORACLE = Path(__file__).resolve().parents[2] / "shared" / "oracle"


@pytest.fixture(scope="session")
def oracle() -> Path:
    """Real answers, files and splits with known truth, kept beside the checkout, never in it."""
    if not ORACLE.is_dir():
        pytest.skip("the oracle folder (../shared/oracle) is not beside this checkout")
    return ORACLE
