"""The command about single files: what their EXIF says, as a corpus would have it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flickrexif import console
from flickrexif.cli.root import cli

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flickrexif.exif.file_labels import FileLabels

FAULTS = {
    "unknown_format": "no image file of a kind that is read here",
    "no_exif": "no EXIF",
    "no_tags": "EXIF without any of these tags",
    "truncated": "the file ends before its EXIF does",
    "bad_directory": "EXIF damaged, a directory of it cannot be read",
    "bad_tag": "EXIF damaged, a tag of it makes no sense",
}
SMARTPHONE = {True: "yes", False: "no", None: None}
COLUMNS = (
    "file", "make", "model", "exposure", "aperture", "iso", "focal length", "flash", "taken", "",
)  # fmt: skip


@cli.command("exif")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE...",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object per file, one a line.")
def exif(files: tuple[Path, ...], as_json: bool) -> None:
    """Print what image files say about how they were taken.

    Camera, exposure time, f-number, ISO speed, focal length, flash and date, each as a corpus is
    labelled with it; never position, serial numbers or names. JPEG, HEIC, AVIF, TIFF, DNG, PNG,
    WebP, JPEG 2000 and JPEG XL are read, and of large files only the parts that hold EXIF.

    A damaged file is told as such, with the tags that are sound. One without EXIF is no error.
    """
    from flickrexif.exif.file_labels import label_files

    found = label_files(files)
    if as_json:
        lines = [json.dumps(asdict(labels), ensure_ascii=False) for labels in found]
    else:
        lines = [*(_described(found[0]) if len(found) == 1 else _table(found))]
    console.show(found, lines, as_json=False)


def _described(labels: FileLabels) -> Iterator[str]:
    """One file, a line per tag."""
    yield labels.file
    mm = labels.focal_length_35mm
    camera = " ".join(filter(None, (labels.make_canonical, labels.model_canonical)))
    rows = {
        "Make": labels.make,
        "Model": labels.model,
        "Camera": camera if labels.make_canonical else None,
        "Smartphone": SMARTPHONE[labels.is_smartphone],
        "Exposure": labels.exposure,
        "Aperture": labels.aperture,
        "ISO Speed": labels.iso_speed,
        "Focal Length": labels.focal_length,
        "Focal Length 35mm": f"{mm} mm" if mm else None,
        "Flash": labels.flash,
        "Taken": labels.date_time_original,
    }
    if not labels.is_empty:
        yield from (f"  {name:18}{_shown(value)}" for name, value in rows.items())
    if note := _note(labels):
        yield f"  {note}"


def _table(found: Sequence[FileLabels]) -> Iterator[str]:
    """Many files, one a line."""
    rows = [COLUMNS, *(_row(labels) for labels in found)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(COLUMNS))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _row(labels: FileLabels) -> tuple[str, ...]:
    cells = (
        labels.make,
        labels.model,
        labels.exposure,
        labels.aperture,
        labels.iso_speed,
        labels.focal_length,
        labels.flash,
        labels.date_time_original,
    )
    return (labels.file, *map(_shown, cells), _note(labels))


def _note(labels: FileLabels) -> str:
    """What was amiss, in words; nothing for a sound file."""
    told = FAULTS[labels.fault] if labels.fault else ""
    if labels.needs:
        told += f"; bytes {labels.needs.start}-{labels.needs.end - 1} are wanted"
    return told


def _shown(value: str | None) -> str:
    """A stranger's text without what would steer a terminal."""
    if value is None:
        return "-"
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in value
    )
