"""``README.md``: the dataset card, every number of it drawn from the manifest."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flickrexif.errors import FlickrexifError
from flickrexif.release.manifest import files_of
from flickrexif.release.schema import PHOTOS_CONFIG, TREATED, Config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.release.manifest import Manifest

CARD = "README.md"
TEMPLATES = {TREATED: "treated.md"}
"""By kind of release; of all others it is `TEMPLATE`."""
TEMPLATE = "flickrexif.md"

_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)


def render_card(manifest: Manifest) -> str:
    """The card of the release that ``manifest`` (with its data files) describes."""
    from huggingface_hub import DatasetCard, DatasetCardData

    template = template_path(TEMPLATES.get(manifest["kind"], TEMPLATE))
    words = {name: value for name, value in manifest.items() if name != "files"}
    card = DatasetCard.from_template(
        DatasetCardData(**card_data(manifest)),
        template_str=template.read_text(encoding="utf-8"),
        release=words,
        trimmed=sum(one.get("trimmed", 0) for one in manifest["attributes"].values()),
    )
    return str(card.content).rstrip() + "\n"


def card_data(manifest: Manifest) -> dict[str, Any]:
    """The card's YAML: what the Hub indexes and what ``load_dataset`` goes by."""
    is_treated = manifest["kind"] == TREATED
    about = manifest["source" if is_treated else "corpus"]
    tags = ["image-forensics", "linear-probing"]
    tags += [] if is_treated else ["exif", "camera", "flickr"]
    tags += ["synthetic"] if about.get("synthetic") else []
    rows = _rows(manifest) if is_treated else manifest["photos"]["rows"]
    return {
        "pretty_name": manifest["name"],
        "license": "other",
        "license_name": "as-the-source" if is_treated else "per-photo",
        "license_link": f"{CARD}#licences",
        "annotations_creators": ["machine-generated"],
        "source_datasets": ["extended" if is_treated else "original"],
        "task_categories": ["image-classification"],
        "size_categories": [_size(rows)],
        "tags": sorted(tags),
        "version": manifest["version"],
        "configs": [_config_files(name, manifest) for name in manifest["configs"]],
        "dataset_info": [_dataset_info(name, manifest) for name in manifest["configs"]],
    }


def template_path(name: str = TEMPLATE) -> Path:
    """A card template: inside an installed package, or at the root of a checkout."""
    package = Path(str(files("flickrexif")))
    for folder in (package / "cards", package.parent / "cards"):
        if (folder / name).is_file():
            return folder / name
    raise FlickrexifError(f"the card template {name!r} is missing: reinstall flickrexif")


def _config_files(name: str, manifest: Manifest) -> dict[str, Any]:
    splits = [
        {"split": split, "path": f"{name}/{split}-*.parquet"} for split in files_of(name, manifest)
    ]
    is_default = name == PHOTOS_CONFIG or manifest["kind"] == TREATED
    default = {"default": True} if is_default else {}
    return {"config_name": name, **default, "data_files": splits}


def _dataset_info(name: str, manifest: Manifest) -> dict[str, Any]:
    by_split = {
        split: [manifest["files"][file] for file in names]
        for split, names in files_of(name, manifest).items()
    }
    splits = [
        {
            "name": split,
            "num_bytes": _total(described, "uncompressed_bytes"),
            "num_examples": _total(described, "rows"),
        }
        for split, described in by_split.items()
    ]
    return {
        "config_name": name,
        "features": Config(name, manifest["configs"][name]).card_features(),
        "splits": splits,
        "download_size": sum(_total(described, "bytes") for described in by_split.values()),
        "dataset_size": sum(split["num_bytes"] for split in splits),
    }


def _rows(manifest: Mapping[str, Any]) -> int:
    return sum(file.get("rows", 0) for file in manifest["files"].values())


def _total(described: list[Mapping[str, int]], word: str) -> int:
    return sum(one[word] for one in described)


def _size(rows: int) -> str:
    return next((word for limit, word in _SIZES if rows < limit), "n>10M")
