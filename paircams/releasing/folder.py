"""A release of pairs on disk, as what makes the version after it reads it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from flickrexif.errors import UsageError
from flickrexif.release.manifest import files_of
from flickrexif.release.schema import PAIRS
from flickrexif.release.source import sha256_of
from paircams.releasing.schema import TOLD
from paircams.releasing.shape import check_shape, read_pairs_manifest

if TYPE_CHECKING:
    import os

    from flickrexif.release.manifest import Manifest


@dataclass(frozen=True, slots=True)
class PairsFolder:
    """The release of pairs in the folder ``path``."""

    path: Path
    manifest: Manifest

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, command: str) -> PairsFolder:
        """Read the manifest; raises `UsageError` where it is none of a release of pairs.

        ``command`` is flickrexif's own for other releases, which the refusal names.
        """
        folder = Path(path)
        manifest = read_pairs_manifest(folder, command=command)
        for fault in check_shape(manifest):
            raise UsageError(
                f"{str(folder)!r} cannot be read ({fault.file}: {fault.message}): "
                "see `paircams verify`"
            )
        return cls(folder, manifest)

    @property
    def version(self) -> str:
        """The version of the release."""
        return str(self.manifest["version"])

    @property
    def files(self) -> list[str]:
        """The names of its parquet files, in order."""
        return [name for names in files_of(PAIRS, self.manifest).values() for name in names]

    def rows(self) -> pl.DataFrame:
        """Every row without its image, as `TOLD` has them, and the name of its ``file``.

        Raises `UsageError` for a file that is missing or damaged.
        """
        parts = [pl.DataFrame(schema={**TOLD, "file": pl.String})]
        for name in self.files:
            try:
                part = pl.read_parquet(self.path / name, columns=list(TOLD), glob=False)
            except (pl.exceptions.PolarsError, OSError) as error:
                raise UsageError(
                    f"{str(self.path / name)!r} is missing or damaged ({type(error).__name__}): "
                    "see `paircams verify`"
                ) from error
            parts.append(part.with_columns(file=pl.lit(name)))
        return pl.concat(parts)

    def refuse_rotten(self, name: str) -> None:
        """Raise `UsageError` for a file that is not as the manifest tells.

        What rotted must not get a digest that fits.
        """
        if sha256_of(self.path / name) != self.manifest["files"][name]["sha256"]:
            raise UsageError(
                f"{str(self.path / name)!r} is damaged (another sha256 than in the manifest): "
                "fetch the release again"
            )
