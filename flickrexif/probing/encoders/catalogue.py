"""The 47 encoders of the published comparison, as data: ``catalogue.csv`` beside this module.

The comparison is Ramos et al., "Processing and acquisition traces in visual encoders" (ICCV 2025).
``architecture`` is timm's, with the tag of the weights wherever the Hub has them, so that no name
means other weights in another version of timm; ``weights`` is the repository, or the address of a
checkpoint that no repository has. ``gflop`` counts two for a multiplication with its addition.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, cast

from flickrexif.probing.preprocess import PreprocessSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.imaging.crop import Interpolation
    from flickrexif.imaging.normalise import Colour
    from flickrexif.probing.encoders.protocol import Family

NORMALISATIONS: Mapping[str, tuple[Colour, Colour]] = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "clip": ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
    "half": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
}
"""Mean and standard deviation by name; ``clip`` is that of OpenAI's CLIP."""

_ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    # 12 heads of 32 (facebookresearch/moco-v3, vits.py); timm's ViT-S has 6 of 64.
    "mocov3:vit_small": {"num_heads": 12},
}


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One encoder: its weights, how it sees a photo, and what it costs."""

    name: str
    family: Family
    architecture: str
    weights: str
    preprocess: PreprocessSpec
    dim: int
    gflop: float
    """10^9 operations for one image."""
    published: str
    """What the published plots call it."""

    @property
    def is_checkpoint(self) -> bool:
        """Whether the weights are a file at an address, not a repository of the Hub."""
        return self.weights.startswith("https://")

    @property
    def file_name(self) -> str:
        """What a checkpoint's file is called."""
        return self.weights.rpartition("/")[2]

    @property
    def arguments(self) -> Mapping[str, Any]:
        """What timm must be told besides the architecture."""
        return _ARGUMENTS.get(self.name, {})


@cache
def catalogue() -> Mapping[str, CatalogueEntry]:
    """All of them by name, in the order of the file."""
    text = (resources.files(__package__) / "catalogue.csv").read_text(encoding="utf-8")
    entries = (_entry(row) for row in csv.DictReader(text.splitlines()))
    return {entry.name: entry for entry in entries}


def _entry(row: dict[str, str]) -> CatalogueEntry:
    interpolation = cast("Interpolation", row["interpolation"])
    colours = NORMALISATIONS[row["normalisation"]]
    return CatalogueEntry(
        name=row["name"],
        family=cast("Family", row["family"]),
        architecture=row["architecture"],
        weights=row["weights"],
        preprocess=PreprocessSpec(int(row["crop"]), interpolation, *colours),
        dim=int(row["dim"]),
        gflop=float(row["gflop"]),
        published=row["published"],
    )
