"""``README.md`` of a release of pairs: every number of it from the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flickrexif.release.card import CARD, dataset_info, fill, size_category, template_path
from flickrexif.release.manifest import files_of
from flickrexif.release.schema import PAIRS

if TYPE_CHECKING:
    from flickrexif.release.manifest import Manifest

TEMPLATE = "paircams.md"
_TAGS = ("camera", "image-forensics", "image-retrieval", "pairs")


def render_card(manifest: Manifest) -> str:
    """Return the card of the release that ``manifest`` (with its data files) describes."""
    from huggingface_hub import DatasetCardData

    words = {
        "card_data": str(DatasetCardData(**card_data(manifest)).to_yaml()),
        "release": {word: value for word, value in manifest.items() if word != "files"},
    }
    return fill(template_path(TEMPLATE).read_text(encoding="utf-8"), words, name=TEMPLATE)


def card_data(manifest: Manifest) -> dict[str, Any]:
    """The card's YAML: what the Hub indexes and what ``load_dataset`` goes by."""
    licenses = list(manifest["licenses"])
    return {
        "pretty_name": manifest["name"],
        "license": "other",
        "license_name": licenses[0] if len(licenses) == 1 else "per-photo",
        "license_link": f"{CARD}#licences",
        "annotations_creators": ["machine-generated"],
        "source_datasets": ["original"],
        "task_categories": ["image-feature-extraction"],
        "size_categories": [size_category(manifest["photos"]["rows"])],
        "tags": [*_TAGS, *(["synthetic"] if manifest["synthetic"] else [])],
        "version": manifest["version"],
        "configs": [
            {
                "config_name": PAIRS,
                "default": True,
                "data_files": [
                    {"split": split, "path": f"{PAIRS}/{split}-*.parquet"}
                    for split in files_of(PAIRS, manifest)
                ],
            }
        ],
        "dataset_info": [dataset_info(PAIRS, manifest)],
    }
