"""A golden set on disk.

::

    DIR/
      golden.json            what was asked and found: plan, encoder, classes, accuracies, digests
      images.parquet         frozen pixels with their sha256
      embeddings.parquet     the encoder's embeddings of them, and the classes that the probe said
      stress.json            the files of failures, in the order they were added, with their sha256
      stress/00001.parquet   failures of one `golden_add`, each with its reason

Nothing but ``stress.json`` is ever written anew, and its entries stay.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flickrexif.errors import UsageError
from flickrexif.golden.choose import wanted
from flickrexif.golden.tables import Words, read_images
from flickrexif.imaging.crop import Crop
from flickrexif.probing.reporting.table import table
from flickrexif.probing.result import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flickrexif.golden.choose import Role
    from flickrexif.imaging.reading import Pixels

SCHEMA = 1
MANIFEST, IMAGES, EMBEDDINGS = "golden.json", "images.parquet", "embeddings.parquet"
LEDGER, STRESS = "stress.json", "stress"


@dataclass(frozen=True, slots=True)
class GoldenSet:
    """A frozen set of images, opened; its pixels are read when they are asked for."""

    path: Path
    manifest: Mapping[str, Any]
    ledger: tuple[Mapping[str, Any], ...]
    """The files of failures: name, images, sha256."""

    @classmethod
    def open(cls, path: Path | str) -> GoldenSet:
        """Read what the golden set at ``path`` tells of itself.

        Raises `UsageError` for a folder that is none, and for a damaged manifest or ledger.
        """
        path = Path(path)
        if not (path / MANIFEST).is_file():
            raise UsageError(
                f"{str(path)!r} is no golden set (no {MANIFEST}): make one with "
                "`flickrexif golden freeze`"
            )
        manifest = _sealed(path / MANIFEST)
        if manifest.get("schema") != SCHEMA:
            raise UsageError(
                f"{str(path / MANIFEST)!r} has schema {manifest.get('schema')!r}, this version "
                f"reads {SCHEMA}: use the version that froze it"
            )
        ledger = path / LEDGER
        files = _sealed(ledger)["files"] if ledger.exists() else []
        return cls(path, manifest, tuple(files))

    @property
    def classes(self) -> tuple[str, ...]:
        """In order; none where the images had no labels."""
        return tuple(self.manifest["classes"])

    @property
    def crop(self) -> Crop:
        """Of the frozen images."""
        return Crop(**self.manifest["crop"])

    @property
    def stress_files(self) -> tuple[Path, ...]:
        """The files of failures, in the order they were added."""
        return tuple(self.path / STRESS / entry["file"] for entry in self.ledger)

    def images(self) -> Iterator[tuple[Words, Pixels]]:
        """The frozen images in order; raises `UsageError` that names a damaged one."""
        yield from read_images(self.path / IMAGES)

    def stress(self) -> Iterator[tuple[Words, Pixels]]:
        """The failures in the order they were added; raises as `images`."""
        for file in self.stress_files:
            yield from read_images(file)

    def verify(self) -> None:
        """Raise `UsageError`, naming it, for the first image or file that is not as it was frozen.

        Of a damaged table of images it says which image, where one is damaged.
        """
        expected = {self.path / name: sha256 for name, sha256 in self.manifest["files"].items()}
        expected |= {self.path / STRESS / entry["file"]: entry["sha256"] for entry in self.ledger}
        for file, sha256 in expected.items():
            if not file.is_file():
                raise UsageError(f"{str(file)!r} is missing: restore the golden set from a copy")
            if sha256_of(file) == sha256:
                continue
            if file.name != EMBEDDINGS:
                for _ in read_images(file):
                    pass
            raise UsageError(
                f"{str(file)!r} is damaged (another sha256 than when it was written): restore the "
                "golden set from a copy"
            )

    @property
    def lacking(self) -> dict[str, dict[str, int]]:
        """How many images were asked for and how many there are: ``images``, ``fitted`` or both.

        Nothing where there are as many as were asked for, but for what equal classes round away.
        """
        plan, roles, classes = self.manifest["plan"], self.manifest["roles"], len(self.classes)
        per_class = wanted(images=plan["images"], fitted=plan["fitted"], classes=classes)
        words: dict[str, tuple[Role, ...]]
        words = {"images": ("test",), "fitted": ("train", "validation")}
        found = {}
        for word, of in words.items():
            there = sum(roles.get(role, 0) for role in of)
            if there < sum(per_class.get(role, 0) for role in of) * max(1, classes):
                found[word] = {"asked": plan[word], "there": there}
        return found

    def lines(self) -> list[str]:
        """What is in it, for people."""
        told, encoder = self.manifest, self.manifest["encoder"]
        roles = Counter(told["roles"])
        lines = [
            f"{self.path.name}: {roles['test']} images of {told['source']!r} in "
            f"{len(told['distortions'])} distortions at {self.crop.size} px, encoder "
            f"{encoder['name']} ({encoder['dim']} numbers)",
            f"splits: {told['splits']}",
        ]
        if self.classes:
            fitted = roles["train"] + roles["validation"]
            lines.append(
                f"{len(self.classes)} classes, linear probe fitted to {fitted} others (accuracies "
                f"in %, chance {percent(1 / len(self.classes))})"
            )
        lines += self._lack()
        header = ("distortion", "images", "accuracy")
        rows = [
            (name, str(roles["test"]), percent(each["accuracy"]))
            for name, each in told["distortions"].items()
        ]
        lines += table([header, *rows], left=(0,))
        still = [name for name, each in told["distortions"].items() if not each["changed"]]
        if still[1:]:
            lines.append(f"changes no pixel: {', '.join(still[1:])}")
        lines += [
            f"failure {image['name']!r} ({image['label']}): {image['reason']}"
            for entry in self.ledger
            for image in entry["images"]
        ]
        return lines

    def as_dict(self) -> dict[str, Any]:
        """Manifest and ledger, as JSON holds them, and `lacking`."""
        return {**self.manifest, "lacking": self.lacking, "stress": list(self.ledger)}

    def _lack(self) -> list[str]:
        does = {"images": "test", "fitted": "fit to"}
        told = [
            f"{count['asked']:,} to {does[word]}, there are {count['there']:,}"
            for word, count in self.lacking.items()
        ]
        return [f"fewer images than asked for: {'; '.join(told)}"] if told else []


def to_sealed(words: Mapping[str, Any]) -> str:
    """``words`` as JSON with a sha256 of themselves, so that damage is seen."""
    return json.dumps({**words, "sha256": _digest(words)}, indent=1, ensure_ascii=False) + "\n"


def sha256_of(file: Path) -> str:
    """SHA-256 of a file, in hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _sealed(file: Path) -> dict[str, Any]:
    try:
        found: Any = json.loads(file.read_text(encoding="utf-8"))
        whole = isinstance(found, dict) and found.pop("sha256", None) == _digest(found)
    except (OSError, ValueError) as error:
        raise UsageError(f"{str(file)!r} is damaged ({error}): restore it from a copy") from None
    if not whole:
        raise UsageError(f"{str(file)!r} is damaged (another sha256): restore it from a copy")
    return dict(found)


def _digest(words: Mapping[str, Any]) -> str:
    text = json.dumps(words, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
