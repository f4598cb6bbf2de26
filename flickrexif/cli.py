"""The command line: parses, makes one call, prints its result. It decides nothing."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flickrexif import console
from flickrexif._version import __version__
from flickrexif.errors import AccessError, FlickrexifError, PartialError, UsageError
from flickrexif.progress import Bar, Progress, Silent
from flickrexif.settings import FILE_NAME, PREFIX, origins, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flickrexif.flickr import Connection

NOTICE = "This product uses the Flickr API but is not endorsed or certified by SmugMug, Inc."

# The order in which a user meets them.
_ORDER = (
    "crawl", "status", "label", "build", "verify", "probe", "audit",
    "mask", "encoders", "sandbox", "doctor", "config",
)  # fmt: skip


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_ORDER)


def _path(*, exists: bool = False) -> click.Path:
    return click.Path(path_type=Path, exists=exists)


def _json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(
        command
    )


@click.group(
    cls=_Commands,
    epilog=NOTICE,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": PREFIX,
        "max_content_width": 100,
    },
)
@click.version_option(__version__, "-V", "--version", prog_name="flickrexif")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no log lines, only errors.")
@click.option(
    "--config",
    "settings",
    envvar=f"{PREFIX}_CONFIG",
    type=_path(exists=True),
    metavar="FILE",
    help=f"Defaults for options.  [default: {FILE_NAME}, where there is one]",
)
@click.pass_context
def cli(ctx: click.Context, quiet: bool, settings: Path | None) -> None:
    """Build EXIF-labelled image corpora from Flickr, publish them, probe vision encoders on them.

    \b
    The way: crawl → label → build → verify → probe.
    Exit codes: 0 done, 1 findings or failure, 2 usage, 3 some photos failed, 4 key or permission,
    5 upstream down (run again to resume), 130 interrupted (state saved).
    """
    console.tell_log(quiet=quiet)
    ctx.obj = quiet
    here = settings or (Path(FILE_NAME) if Path(FILE_NAME).is_file() else None)
    if here is not None:
        ctx.default_map = read_settings(here, cli)


def _progress(stack: ExitStack) -> Progress:
    return Silent() if click.get_current_context().obj else stack.enter_context(Bar())


def _processes(asked: int | None) -> int:
    return asked or os.cpu_count() or 1


def _names(words: str | None) -> tuple[str, ...] | None:
    return tuple(word.strip() for word in words.split(",") if word.strip()) if words else None


@cli.command()
@click.argument("corpus", type=_path(), default="corpus")
@click.option("--months", required=True, metavar="A..B", help="Such as 2020-01..2023-12.")
@click.option(
    "--licenses",
    default="permissive",
    show_default=True,
    help="permissive, all, or a comma list of Flickr ids or SPDX names.",
)
@click.option(
    "--per-user-month", default=10, show_default=True, help="At most so many of an owner's month."
)
@click.option("--per-month", type=int, help="At most so many of a month.  [default: no cap]")
@click.option(
    "--size",
    type=click.Choice(["large", "original", "medium", "none"]),
    default="large",
    show_default=True,
    help="One size for the whole corpus; large is 1024 px, none fetches no images.",
)
@click.option(
    "--exif-from",
    type=click.Choice(["auto", "api", "file"]),
    default="auto",
    show_default=True,
    help="auto: one API call per owner asks for consent, then the originals' first bytes.",
)
@click.option(
    "--ignore-hidden-exif", is_flag=True, help="Needed by --exif-from file: it cannot see consent."
)
@click.option("--seed", default=0, show_default=True, help="Decides which photos win a cap.")
@click.option("--sandbox", is_flag=True, help="Crawl an embedded Flickr: no key, no network.")
@_json_option
def crawl(corpus: Path, sandbox: bool, as_json: bool, **words: Any) -> None:
    """Fill CORPUS with photos, EXIF and images.

    Interrupt it at any time; the same command resumes and fetches nothing twice. The Flickr API key
    is read from the environment variable FLICKR_API_KEY.
    """
    from flickrexif.crawling import CrawlPlan
    from flickrexif.crawling import crawl as run

    plan = CrawlPlan(**words)
    with ExitStack() as stack:
        connection = _embedded(stack) if sandbox else _flickr()
        summary = run(corpus, plan, connection=connection, progress=_progress(stack))
    console.show(summary, summary.lines(), as_json=as_json)
    if summary.failed:
        raise PartialError(
            f"{summary.failed} photos failed for now: run the same command to try them again"
        )


def _flickr() -> Connection:
    from flickrexif.doctor import KEY_VARIABLE
    from flickrexif.flickr import Connection

    key = os.environ.get(KEY_VARIABLE, "")
    if not key.strip():
        raise AccessError(f"no Flickr API key: set {KEY_VARIABLE}, or try --sandbox without one")
    return Connection(api_key=key)


def _embedded(stack: ExitStack) -> Connection:
    from flickrexif.flickr import Connection
    from flickrexif.sandbox import Sandbox

    flickr = stack.enter_context(Sandbox(workers=_processes(None)))
    return Connection.embedded(flickr.rest_url, flickr.image_base)


@cli.command()
@click.argument("corpus", type=_path())
@_json_option
def status(corpus: Path, as_json: bool) -> None:
    """Tell what CORPUS holds, also while a crawl runs."""
    from flickrexif.corpus import Corpus

    told = Corpus.open(corpus).status()
    console.show(told, told.lines(), as_json=as_json)


@cli.command()
@click.argument("corpus", type=_path())
@click.option(
    "--preset",
    type=click.Choice(["auto", "paper"]),
    default="auto",
    show_default=True,
    help="auto keeps the classes that the corpus can fill; paper has the published classes.",
)
@click.option("--min-photos", default=40, show_default=True, help="auto: photos a class needs.")
@click.option("--min-owners", default=8, show_default=True, help="auto: owners a class needs.")
@click.option("--seed", type=int, help="Decides the splits.  [default: the crawl's]")
@_json_option
def label(corpus: Path, as_json: bool, **words: Any) -> None:
    """Turn the EXIF of CORPUS into labels and splits.

    Values are normalised, classes chosen, and photos dealt into balanced splits without a shared
    owner. Writes photos.parquet, labels.parquet and labels.json; run it again at any time.
    """
    from flickrexif.labels import label as run

    summary = run(corpus, **words)
    console.show(summary.as_json(), summary.lines(), as_json=as_json)


@cli.command()
@click.argument("corpus", type=_path())
@click.option("--version", "version", required=True, metavar="X.Y.Z", help="Such as 1.0.0.")
@click.option("--out", type=_path(), help="The release folder.  [default: FlickrExif-X.Y.Z]")
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
@click.option("--previous", type=_path(), help="The release before, for the CHANGELOG.")
@click.option("--processes", type=click.IntRange(min=1), help="[default: one per core]")
@_json_option
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

    mask = MaskSpec(ratio=mask_ratio)
    plan = BuildPlan(version=version, attributes=_names(attributes), mask=mask, **words)
    count = _processes(processes)
    engine = LocalPool(count) if count > 1 else InProcess()
    target = out or Path(f"{plan.name}-{version}")
    with ExitStack() as stack:
        summary = run(
            corpus, plan, out=target, engine=engine, progress=_progress(stack), previous=previous
        )
    console.show(summary, summary.lines(), as_json=as_json)


@cli.command()
@click.argument("release", type=_path())
@_json_option
@click.pass_context
def verify(ctx: click.Context, release: Path, as_json: bool) -> None:
    """Check that RELEASE is whole, legal and leak-free.

    Files against the manifest, the card against the data, splits against each other, licences,
    image bytes against the mask. Exits with 0, or with 1 and every finding named.
    """
    from flickrexif.release import verify as run

    with ExitStack() as stack:
        findings = run(release, progress=_progress(stack))
    lines = [f"{finding.file}: {finding.rule}: {finding.message}" for finding in findings]
    console.show(findings, lines or [f"{release}: no findings"], as_json=as_json)
    ctx.exit(FlickrexifError.exit_code if findings else 0)


@cli.command()
@click.argument("release", type=_path())
@click.option("--encoder", default="residual", show_default=True, help="See flickrexif encoders.")
@click.option("--attributes", metavar="A,B", help="Only these.  [default: all of the release]")
@click.option("--out", type=_path(), help="Write results, figure and embeddings into this folder.")
@click.option("--seed", default=0, show_default=True, help="Of permutations and resamples.")
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Of torch; results are equal to the last digit for equal numbers of threads.",
)
@_json_option
def probe(
    release: Path,
    attributes: str | None,
    out: Path | None,
    as_json: bool,
    **words: Any,
) -> None:
    """Tell what a frozen encoder knows of the camera.

    A linear probe per attribute: the penalty is chosen on validation, the test split is looked at
    once. Intervals are bootstrapped over owners. Beside each accuracy stand chance, the majority
    class, permuted labels, and what image size and a coarse thumbnail alone tell.
    """
    from flickrexif.probing import ProbePlan
    from flickrexif.probing import probe as run

    plan = ProbePlan(attributes=_names(attributes), **words)
    with ExitStack() as stack:
        report = run(release, plan, out=out, progress=_progress(stack))
    console.show(report.as_dict(), report.lines(), as_json=as_json)


@cli.command()
@click.argument("release", type=_path())
@_json_option
def audit(release: Path, as_json: bool) -> None:
    """Tell what RELEASE gives away besides its labels.

    Bias-corrected Cramér's V between each attribute and image size, quality, month, licence, owner
    and the other attributes.
    """
    from flickrexif.auditing import audit as run

    report = run(release)
    console.show(report.as_dict(), report.lines(), as_json=as_json)


@cli.group()
def mask() -> None:
    """Hide most of an image, so that traces remain."""


@mask.command("preview")
@click.argument("image", type=_path())
@click.option(
    "--ratios",
    default="0.5,0.75,0.9,0.95",
    show_default=True,
    metavar="A,B",
    help="Shares of the area to hide.",
)
@click.option(
    "--geometry",
    type=click.Choice(["center", "border", "random_patches", "checkerboard"]),
    default="center",
    show_default=True,
    help="What is hidden.",
)
@click.option(
    "--out", type=_path(), default="mask-preview.png", show_default=True, help="The sheet, a PNG."
)
def mask_preview(image: Path, ratios: str, geometry: Any, out: Path) -> None:
    """Write a contact sheet of IMAGE under several mask ratios."""
    from flickrexif.atomic import atomic_path
    from flickrexif.imaging import MaskSpec, UnreadableImage, decode_rgb
    from flickrexif.imaging import mask_preview as run

    try:
        wanted = [float(word) for word in ratios.split(",")]
    except ValueError:
        raise UsageError(f"ratios {ratios!r} are no numbers: give some such as 0.5,0.9") from None
    try:
        photo = decode_rgb(image.read_bytes())
    except (OSError, UnreadableImage) as error:
        raise UsageError(f"{str(image)!r} is no readable image ({error}): name another") from error
    sheet = run(photo, wanted, spec=MaskSpec(geometry=geometry))
    with atomic_path(out) as partial:
        sheet.save(partial, format="PNG")
    click.echo(out)


@cli.command()
@_json_option
def encoders(as_json: bool) -> None:
    """List the encoders that probe knows; none is downloaded."""
    from flickrexif.probing import encoder_names

    names = encoder_names()
    console.show(names, names, as_json=as_json)


@cli.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="0 picks a free one.",
)
@click.option("--seed", default=0, show_default=True, help="Another seed, other photos.")
@click.option(
    "--faults",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="The share of answers that fail.",
)
def sandbox(port: int, seed: int, faults: float) -> None:
    """Serve an embedded Flickr on 127.0.0.1.

    Its web service and its image host answer any Flickr client until interrupted. Photos, owners
    and cameras are simulated.
    """
    from flickrexif.sandbox import Faults, Sandbox

    served = Sandbox(seed=seed, port=port, faults=Faults.everywhere(faults) if faults else None)
    with served:
        click.echo(f"web service  {served.rest_url}")
        click.echo(f"image host   {served.image_base}")
        click.echo(f"API key      any 32 hexadecimal digits, such as {'0' * 32}")
        click.echo("Ctrl-C ends it.", err=True)
        with suppress(KeyboardInterrupt):
            served.serve_forever()


@cli.command()
@_json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Tell whether this machine is ready.

    Exits with 1 when something that every command needs is missing.
    """
    from flickrexif.doctor import examine

    checks = examine(Path.cwd())
    lines = [f"{check.level:8} {check.name:16} {check.found}" for check in checks]
    console.show(checks, lines, as_json=as_json)
    ctx.exit(FlickrexifError.exit_code if any(c.level == "problem" for c in checks) else 0)


@cli.group()
def config() -> None:
    """Look at the defaults of options."""


@config.command("show")
@_json_option
@click.pass_context
def config_show(ctx: click.Context, as_json: bool) -> None:
    """Print the value of each option and where it comes from."""
    rows = list(origins(cli, ctx.find_root()))
    told = [
        {"command": command, "option": option, "value": value, "origin": origin}
        for command, option, value, origin in rows
    ]
    lines = [
        f"{command}.{option} = {value!r}  ({origin})" for command, option, value, origin in rows
    ]
    console.show(told, lines, as_json=as_json)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    console.run(cli, "flickrexif", arguments)
