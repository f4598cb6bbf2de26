"""Commands from a corpus to a release."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from flickrexif import console
from flickrexif.cli.outputs import output_folder
from flickrexif.cli.root import (
    cli,
    json_option,
    open_progress,
    path_type,
    process_count,
    split_names,
)
from flickrexif.errors import FlickrexifError, UsageError


@cli.command()
@click.argument("corpus", type=path_type())
@click.option(
    "--preset",
    type=click.Choice(["auto", "paper"]),
    help="auto keeps the classes that the corpus can fill; paper has the published classes.  "
    "[default: auto; imported labels stay]",
)
@click.option("--min-photos", default=40, show_default=True, help="Photos that a class needs.")
@click.option("--min-owners", default=8, show_default=True, help="Owners that a class needs.")
@click.option(
    "--bins",
    multiple=True,
    metavar="NAME=BINS",
    help="exposure, aperture, iso: third-stop or full-stop; focal_length: 35mm or "
    "35mm-common. Repeatable.  [default: printed]",
)
@click.option("--seed", type=int, help="Decides the splits.  [default: the crawl's]")
@click.option(
    "--double-compression",
    is_flag=True,
    help="Decode every JPEG file and look for an earlier compression: slow.",
)
@json_option
def label(corpus: Path, bins: tuple[str, ...], as_json: bool, **words: Any) -> None:
    """Turn the EXIF of CORPUS into labels and splits.

    Values are normalised, classes chosen, and photos dealt into balanced splits without a shared
    owner. Writes photos.parquet, labels.parquet and labels.json; run it again at any time. Labels
    that were imported, of split files or a release, stay as they are unless --preset says
    otherwise: then it fills photos.parquet alone.

    A class is a value as Flickr prints it (1/60, 5.6, 50.0 mm) or, with --bins, the standard value
    nearest to it: --bins exposure=third-stop --bins focal_length=35mm.

    --double-compression tells which files were JPEG files before, at a lower quality and the same
    size: columns double_compressed and jpeg_first_quality. Flickr resizes and then encodes anew, so
    on its resized images this speaks of Flickr's file, and on originals of what was uploaded.

    Prints of each attribute its splits, why the other photos have no label and which classes were
    dropped; then which attributes go together, because a probe of one could learn the other.
    --json and labels.json tell every class and every pair.
    """
    from flickrexif.labels import label as run

    summary = run(corpus, bins=_named(bins), **words)
    console.show(summary.as_json(), summary.lines(), as_json=as_json)


def _named(bins: tuple[str, ...]) -> dict[str, str]:
    """NAME=BINS words as a mapping; `UsageError` for other words and for a name given twice."""
    named: dict[str, str] = {}
    for word in bins:
        name, equals, scheme = word.partition("=")
        if not (name and equals and scheme) or named.get(name, scheme) != scheme:
            raise UsageError(
                f"--bins {word!r}: write each attribute once, as in exposure=third-stop"
            )
        named[name] = scheme
    return named


def _refuse_idle(kind: str, *names: str) -> None:
    """Raise `UsageError` when an option that a ``kind`` of release has no use for was written."""
    words = click.get_current_context()
    for name in names:
        if words.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            flag = f"--{name.replace('_', '-')}"
            raise UsageError(f"{flag} is for masked releases, not for {kind}: leave it out")


@cli.command()
@click.argument("corpus", type=path_type())
@click.option("--version", "version", required=True, metavar="X.Y.Z", help="Such as 1.0.0.")
@click.option("--out", type=output_folder, help="The release folder.  [default: FlickrExif-X.Y.Z]")
@click.option(
    "--kind",
    type=click.Choice(["masked", "images", "metadata"]),
    default="masked",
    show_default=True,
    help="masked: cropped and masked, lossless; images: as fetched, EXIF stripped; no pixels.",
)
@click.option("--attributes", metavar="A,B", help="Only these.  [default: all that are labelled]")
@click.option(
    "--mask-ratio", default=0.9, show_default=True, help="Masked: the share of area hidden."
)
@click.option("--crop", default=224, show_default=True, help="Masked: pixels a side.")
@click.option("--allow-noncommercial", is_flag=True, help="Let non-commercial licences in.")
@click.option(
    "--previous",
    type=path_type(),
    help="The release before: its splits hold, and the CHANGELOG tells what changed.",
)
@click.option("--processes", type=click.IntRange(min=1), help="[default: one per core]")
@json_option
def build(
    corpus: Path,
    version: str,
    out: Path | None,
    attributes: str | None,
    mask_ratio: float,
    previous: Path | None,
    processes: int | None,
    as_json: bool,
    **words: Any,
) -> None:
    """Make a release of CORPUS that load_dataset opens.

    It grows beside its place and appears there whole; stopped, the same command goes on. It needs
    no network. Photos whose licence forbids adaptations are never masked.
    """
    from flickrexif.engine import InProcess, LocalPool
    from flickrexif.imaging import MaskSpec
    from flickrexif.release import BuildPlan
    from flickrexif.release import build as run

    if words["kind"] != "masked":
        _refuse_idle(words["kind"], "mask_ratio", "crop")
    mask = MaskSpec(ratio=mask_ratio)
    plan = BuildPlan(version=version, attributes=split_names(attributes), mask=mask, **words)
    count = process_count(processes)
    engine = LocalPool(count) if count > 1 else InProcess()
    target = out or Path(f"{plan.name}-{version}")
    with ExitStack() as stack:
        summary = run(
            corpus,
            plan,
            out=target,
            engine=engine,
            progress=open_progress(stack),
            previous=previous,
        )
    console.show(summary, summary.lines(), as_json=as_json)


@cli.command()
@click.argument("release", metavar="RELEASE|ORG/NAME")
@click.option("--version", metavar="X.Y.Z", help="A published version.  [default: main]")
@json_option
@click.pass_context
def verify(ctx: click.Context, release: str, version: str | None, as_json: bool) -> None:
    """Check that a release is whole, legal and leak-free.

    RELEASE is a folder; ORG/NAME a dataset on the Hub (or a folder that was published to), of which
    a version is fetched by its commit first. Files are compared with the manifest, the card with
    the data, splits with each other; licences and images are looked at. Exits with 0, or with 1
    and every finding named.
    """
    from flickrexif.publishing import is_published, verify_published
    from flickrexif.release import verify as run

    with ExitStack() as stack:
        progress = open_progress(stack)
        if is_published(release) or version is not None:
            findings = verify_published(release, version, progress=progress)
        else:
            findings = run(release, progress=progress)
    lines = [f"{finding.file}: {finding.rule}: {finding.message}" for finding in findings]
    console.show(findings, lines or [f"{release}: no findings"], as_json=as_json)
    ctx.exit(FlickrexifError.exit_code if findings else 0)
