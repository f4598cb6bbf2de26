"""``README.md``: the dataset card, every number of it drawn from the manifest and the rows."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING, Any

import jinja2

from flickrexif.atomic import write_text
from flickrexif.errors import FlickrexifError
from flickrexif.release.figures import spoken, write_figures
from flickrexif.release.manifest import files_of
from flickrexif.release.numbers import FEW, count
from flickrexif.release.schema import PHOTOS_CONFIG, TREATED, Config

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.release.manifest import Manifest
    from flickrexif.release.numbers import Numbers

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


def write_card(release: Path, manifest: Manifest) -> tuple[str, ...]:
    """Write the card and its figures into the folder ``release``; the names of the files.

    ``manifest`` names the data files, which must be there: the numbers are counted in them. Raises
    as `render_card` does, before the card is written.
    """
    if manifest["kind"] == TREATED:
        write_text(release / CARD, render_card(manifest))
        return (CARD,)
    numbers = count(release, manifest)
    figures = write_figures(release, manifest, numbers)
    write_text(release / CARD, render_card(manifest, numbers=numbers, figures=figures))
    return (CARD, *figures)


def render_card(
    manifest: Manifest, *, numbers: Numbers | None = None, figures: tuple[str, ...] = ()
) -> str:
    """The card of the release that ``manifest`` (with its data files) describes.

    ``numbers`` and ``figures`` are what `flickrexif.release.numbers.count` and `write_figures`
    gave; treated releases have neither. Raises `FlickrexifError` where the template asks for a word
    that there is not: a card with a hole would not be noticed.
    """
    name = TEMPLATES.get(manifest["kind"], TEMPLATE)
    words: dict[str, Any] = {
        "card_data": _yaml(manifest),
        "release": {word: value for word, value in manifest.items() if word != "files"},
        "trimmed": sum(one.get("trimmed", 0) for one in manifest["attributes"].values()),
    }
    if numbers is not None:
        words |= {"numbers": numbers, "figures": figures, "few": FEW}
    return fill(template_path(name).read_text(encoding="utf-8"), words, name=name)


def fill(template: str, words: Mapping[str, Any], *, name: str) -> str:
    """The text of ``template`` with ``words`` in it; ``name`` tells which one in errors.

    Raises `FlickrexifError` for a word that is missing and for what is no template.
    """
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701 - it makes Markdown
    environment.filters |= {"grouped": "{:,}".format, "md": markdown_text, "spoken": spoken}
    try:
        return environment.from_string(template).render(words).rstrip() + "\n"
    except (jinja2.UndefinedError, jinja2.TemplateSyntaxError) as error:
        raise FlickrexifError(
            f"card template {name!r}, line {_line(error)}: {error.message}; "
            "mend the template, or reinstall flickrexif"
        ) from error


def markdown_text(words: str) -> str:
    """``words`` of others, so that Markdown shows them as they are and on one line."""
    shown = "".join(letter if letter.isprintable() else " " for letter in words)
    shown = " ".join(shown.split())
    shown = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|~#!])", r"\\\1", shown)


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
        "size_categories": [size_category(rows)],
        "tags": sorted(tags),
        "version": manifest["version"],
        "configs": [_config_files(name, manifest) for name in manifest["configs"]],
        "dataset_info": [dataset_info(name, manifest) for name in manifest["configs"]],
    }


def template_path(name: str = TEMPLATE) -> Path:
    """A card template: inside an installed package, or at the root of a checkout."""
    package = Path(str(files("flickrexif")))
    for folder in (package / "cards", package.parent / "cards"):
        if (folder / name).is_file():
            return folder / name
    raise FlickrexifError(f"the card template {name!r} is missing: reinstall flickrexif")


def _yaml(manifest: Manifest) -> str:
    from huggingface_hub import DatasetCardData

    return str(DatasetCardData(**card_data(manifest)).to_yaml())


def _line(error: jinja2.TemplateError) -> int | str:
    if isinstance(error, jinja2.TemplateSyntaxError):
        return error.lineno
    # Jinja puts the template's own lines into the traceback, as of a file of this name.
    lines = [at.lineno for at in extract_tb(error.__traceback__) if at.filename == "<template>"]
    return lines[-1] or "?" if lines else "?"


def _config_files(name: str, manifest: Manifest) -> dict[str, Any]:
    splits = [
        {"split": split, "path": f"{name}/{split}-*.parquet"} for split in files_of(name, manifest)
    ]
    is_default = name == PHOTOS_CONFIG or manifest["kind"] == TREATED
    default = {"default": True} if is_default else {}
    return {"config_name": name, **default, "data_files": splits}


def dataset_info(name: str, manifest: Manifest) -> dict[str, Any]:
    """Columns, rows and bytes of a config, as the card's YAML has them under ``dataset_info``."""
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


def size_category(rows: int) -> str:
    """The Hub's word for so many rows."""
    return next((word for limit, word in _SIZES if rows < limit), "n>10M")
