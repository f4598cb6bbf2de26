"""``manifest.json`` of a release of pairs: how it was made, and what its rows hold, in numbers.

Keys: schema_version, name, version, previous (the version before, or null), kind, made_with (the
versions of what decides its bytes), pixels (plain or masked) and, where they are masked, mask, crop
and achieved_ratio; synthetic, photos (rows, pairs), models (by side), licenses, figures (least,
median, greatest), validated (profile, findings of the pairs by check), of_the_set (what was found
in the whole set), left_out (reason → pairs), withdrawn (how many pairs in all), attributes (there
are none), configs (the features), files (rows, bytes, sha256). There is no date in it: the same
photos, plan and code give the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flickrexif.release.manifest import MANIFEST, made_with, read_manifest
from flickrexif.release.schema import MANIFEST_SCHEMA, PAIRS
from paircams.releasing.counted import count
from paircams.releasing.schema import pairs_config
from paircams.sandbox import TRUTH

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import polars as pl

    from flickrexif.release.manifest import Manifest
    from paircams.releasing.plan import PairsPlan
    from paircams.releasing.previous import Previous
    from paircams.report import Report


def words(report: Report, plan: PairsPlan) -> Manifest:
    """What can be told before a photo is written: all that says how the release is made."""
    config = pairs_config()
    return {
        "schema_version": MANIFEST_SCHEMA,
        "name": plan.name,
        "version": plan.version,
        "kind": PAIRS,
        "made_with": made_with() | dict(report.versions),
        "pixels": plan.kind,
        "synthetic": _is_synthetic(report.declared.root),
        **plan.masking,
        "validated": {"profile": report.profile},
        "of_the_set": [found.message for found in report.findings if found.subject_idx is None],
        "attributes": {},
        "configs": {config.name: config.features},
    }


def describe(
    told: Manifest, rows: pl.DataFrame, left_out: Mapping[str, int], before: Previous | None
) -> Manifest:
    """All of the manifest but its files: the `words` ``told``, and the numbers of the rows."""
    counted = count(rows)
    findings = counted.pop("findings")
    return (
        told
        | counted
        | {
            "previous": before.release.version if before else None,
            "validated": told["validated"] | {"findings": findings},
            "left_out": dict(sorted(left_out.items())),
            "withdrawn": len(before.ledger) if before else 0,
        }
    )


def _is_synthetic(root: Path) -> bool:
    """True for a simulated set, and for a release that was built from one."""
    if (root / TRUTH).is_file():
        return True
    above = [folder / MANIFEST for folder in (root, root.parent)]
    found: Any = next((file.parent for file in above if file.is_file()), None)
    return found is not None and bool(read_manifest(found).get("synthetic"))
