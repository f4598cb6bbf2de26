"""The command line as its user meets it: words, exit codes, streams, settings, interruption."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import httpx
import pytest
from PIL import Image

from flickrexif.cli import NOTICE, cli
from flickrexif.cli.root import ORDER
from flickrexif.console import to_json
from flickrexif.corpus import Corpus, CrawlPlan
from flickrexif.crawling import status
from flickrexif.crawling.rates import keep_rates
from flickrexif.doctor import KEY_VARIABLE
from flickrexif.errors import UsageError
from flickrexif.flickr import Connection
from flickrexif.flickr.connection import REST_URL
from flickrexif.settings import FILE_NAME, PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from command_line import CommandLine

pytestmark = pytest.mark.usefixtures("here")
SCRIPT = Path(sys.executable).with_name("flickrexif")
KEY = "0123456789abcdef0123456789abcdef"
MONTH = "2020-01"


def run_script(*arguments: object) -> subprocess.CompletedProcess[str]:
    words = [str(SCRIPT), *(str(argument) for argument in arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


def command_at(path: tuple[str, ...]) -> click.Command:
    command: click.Command = cli
    for name in path:
        assert isinstance(command, click.Group)
        command = command.commands[name]
    return command


COMMANDS = sorted(commands(cli))
each_command = pytest.mark.parametrize("path", COMMANDS, ids=" ".join)


# Bad words


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("crawl --sandbox --months 2020-13..x new", "'2020-13'"),
        ("crawl --sandbox --months 2023-01..2020-01 new", "write 2020-01..2023-01"),
        ("crawl --sandbox --months 9000-01 new", "in the future"),
        ("crawl --sandbox new", "'--months'"),
        ("crawl --sandbox --months 2020-01 --licenses gpl new", "'gpl'"),
        ("crawl --sandbox --months 2020-01 --per-month 0 new", "per_month=0"),
        ("crawl --sandbox --months 2020-01 --per-user-month 0 new", "per_user_month=0"),
        ("crawl --sandbox --months 2020-01 --per-user-month x new", "'x'"),
        ("crawl --sandbox --months 2020-01 --size tiny new", "'tiny'"),
        ("crawl --sandbox --months 2020-01 --exif-from file new", "ignore_hidden_exif"),
        ("crawl --sandbox --months 2020-01 --ignore-hidden-exif new", "say --exif-from file"),
        ("crawl --nonsense", "'--nonsense'"),
        ("nonsense", "'nonsense'"),
        ("mask nonsense", "'nonsense'"),
        ("--config nowhere.toml doctor", "'nowhere.toml'"),
        ("doctor extra", "extra"),
        ("build new --version 1.0", "'1.0'"),
        ("build new", "'--version'"),
        ("build new --version 1.0.0 --mask-ratio 1.5", "1.5"),
        ("build new --version 1.0.0 --crop 0", "crop 0"),
        ("build new --version 1.0.0 --processes 0", "'--processes'"),
        ("probe new --threads 0", "'--threads'"),
        ("mask preview nowhere.jpg", "'nowhere.jpg'"),
        ("sandbox --port x", "'--port'"),
        ("sandbox --port 65536", "65536"),
        ("sandbox --faults 3", "'--faults'"),
    ],
)
def test_bad_words_are_refused_in_one_line(run: CommandLine, arguments: str, told: str) -> None:
    assert told in run.refused(*arguments.split())


@pytest.mark.parametrize("path", [(), ("mask",), ("config",)], ids=" ".join)
def test_a_missing_command_is_told_without_the_whole_help(
    run: CommandLine, path: tuple[str, ...]
) -> None:
    told = run.refused(*path)
    assert " ".join(["See flickrexif", *path, "--help."]) in told
    assert len(told) < 100


@pytest.mark.parametrize("words", ["label", "status", "build --version 1.0.0", "verify", "probe"])
@pytest.mark.parametrize("place", ["missing", "empty", "full", "file.txt"])
def test_a_folder_of_another_kind_is_refused(run: CommandLine, words: str, place: str) -> None:
    Path("empty").mkdir()
    Path("full").mkdir()
    Path("full", "notes.txt").write_text("mine")
    Path("file.txt").write_text("mine")
    told = run.refused(*words.split(), place)
    assert f"'{place}'" in told
    assert ("release" if words in ("verify", "probe") else "corpus") in told


def test_a_crawl_leaves_a_folder_of_something_else_alone(
    run: CommandLine,
) -> None:
    Path("photos").mkdir()
    Path("photos", "notes.txt").write_text("mine")
    told = run.refused("crawl", "--sandbox", "--months", MONTH, "photos")
    assert "'photos' is not empty and is no corpus" in told


def test_a_crawl_with_other_words_is_refused(run: CommandLine) -> None:
    Corpus.create(Path("made"), CrawlPlan(MONTH, seed=3), endpoint="embedded")
    told = run.refused("crawl", "--sandbox", "--months", MONTH, "made")
    assert "seed=3, not 0" in told


def test_an_embedded_corpus_is_not_resumed_from_the_real_flickr(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    Corpus.create(Path("made"), CrawlPlan(MONTH), endpoint="embedded")
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    told = run.refused("crawl", "--months", MONTH, "made")
    assert "endpoint='embedded'" in told
    assert KEY not in told


@pytest.mark.parametrize("key", [None, "", "  "])
def test_a_crawl_without_a_key_exits_with_4(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    if key is not None:
        monkeypatch.setenv(KEY_VARIABLE, key)
    told = run.refused("crawl", "--months", MONTH, "new", code=4)
    assert KEY_VARIABLE in told
    assert "--sandbox" in told


def test_a_text_file_has_no_mask_preview(run: CommandLine) -> None:
    Path("notes.txt").write_text("mine")
    assert "'notes.txt'" in run.refused("mask", "preview", "notes.txt")


@pytest.mark.parametrize("ratios", ["1.5", "0.5,x", "", "nan"])
def test_ratios_that_are_no_shares_are_refused(run: CommandLine, ratios: str) -> None:
    Image.new("RGB", (32, 32)).save("photo.png")
    assert "ratio" in run.refused("mask", "preview", "photo.png", "--ratios", ratios)


def test_a_mask_preview_makes_the_folder_of_its_sheet(run: CommandLine) -> None:
    Image.new("RGB", (40, 30)).save("photo.png")
    words = ("mask", "preview", "photo.png", "--ratios", "0.5", "--out", "new/sheet.png")
    assert run(*words) == (0, "new/sheet.png\n", "")
    assert Path("new/sheet.png").is_file()


def test_a_mask_preview_is_no_jpeg(run: CommandLine) -> None:
    Image.new("RGB", (40, 30)).save("photo.png")
    assert ".png" in run.refused("mask", "preview", "photo.png", "--out", "sheet.jpg")


@pytest.mark.parametrize("kind", ["images", "metadata"])
@pytest.mark.parametrize("words", ["--mask-ratio 0.9", "--crop 100"])
def test_a_build_without_a_mask_takes_no_word_of_it(
    run: CommandLine, kind: str, words: str
) -> None:
    told = run.refused("build", "corpus", "--version", "1.0.0", "--kind", kind, *words.split())
    assert f"{words.split()[0]} is for masked releases, not for {kind}" in told


def test_sentences_of_an_error_stand_apart(run: CommandLine) -> None:
    Path("afile").write_text("")
    told = run.refused("publish", "release", "--to", "afile")
    assert "'afile' is a file: name a folder. See flickrexif publish --help." in told


def test_a_mask_preview_tells_the_file_it_wrote(run: CommandLine) -> None:
    Image.new("RGB", (32, 32), "red").save("photo.png")
    words = ("mask", "preview", "photo.png", "--ratios", "0.5", "--out", "sheet.png")
    assert run(*words) == (0, "sheet.png\n", "")
    with Image.open("sheet.png") as sheet:
        assert sheet.format == "PNG"


# Help


@each_command
def test_help_tells_the_purpose_and_every_option(run: CommandLine, path: tuple[str, ...]) -> None:
    command = command_at(path)
    code, out, err = run(*path, "--help")
    assert (code, err) == (0, "")
    assert command.help
    assert command.help.split()[0] in out
    for option in command.params:
        if isinstance(option, click.Option):
            assert all(word in out for word in option.opts)


@each_command
def test_every_option_has_a_line_of_help(path: tuple[str, ...]) -> None:
    options = [one for one in command_at(path).params if isinstance(one, click.Option)]
    assert [one.opts for one in options if not one.help] == []


def test_help_lists_every_command_and_the_notice(run: CommandLine) -> None:
    code, out, _ = run("--help")
    assert code == 0
    assert NOTICE in " ".join(out.split())
    assert sorted(ORDER) == sorted(cli.commands)
    assert all(f"\n  {name} " in out for name in cli.commands)


def test_the_version_is_the_package_s(run: CommandLine) -> None:
    from flickrexif import __version__

    assert run("--version") == (0, f"flickrexif, version {__version__}\n", "")


def test_help_imports_nothing_heavy() -> None:
    code = f"""
import sys
from flickrexif.cli import cli
for path in {COMMANDS!r}:
    cli.main([*path, "--help"], standalone_mode=False)
    heavy = {{"torch", "polars", "datasets", "httpx", "numpy", "pyarrow"}} & set(sys.modules)
    assert not heavy, (path, heavy)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("Usage: ") == len(COMMANDS)


# Settings


def settings(run: CommandLine, *before: str) -> dict[str, tuple[object, str]]:
    code, out, err = run(*before, "config", "show", "--json")
    assert (code, err) == (0, "")
    return {
        f"{row['command']}.{row['option']}": (row["value"], row["origin"])
        for row in json.loads(out)
    }


def test_settings_tell_where_each_value_comes_from(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(FILE_NAME).write_text("[crawl]\nseed = 5\nper-month = 7\n")
    monkeypatch.setenv(f"{PREFIX}_CRAWL_PER_MONTH", "8")
    told = settings(run)
    assert told["crawl.seed"] == (5, "file")
    assert told["crawl.per-month"] == (8, "environment")
    assert told["crawl.per-user-month"] == (10, "default")


def test_settings_tell_every_option_but_json(run: CommandLine) -> None:
    expected = {
        f"{'.'.join(path)}.{str(option.name).replace('_', '-')}"
        for path in COMMANDS
        for option in command_at(path).params
        if path and isinstance(option, click.Option) and option.name not in ("as_json", "help")
    }
    assert set(settings(run)) == expected


def test_a_command_of_a_group_has_settings_too(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(FILE_NAME).write_text("[mask.preview]\nratios = '0.25'\nout = 'a.png'\n")
    monkeypatch.setenv(f"{PREFIX}_MASK_PREVIEW_OUT", "b.png")
    assert settings(run)["mask.preview.ratios"] == ("0.25", "file")
    Image.new("RGB", (32, 32)).save("photo.png")
    assert run("mask", "preview", "photo.png") == (0, "b.png\n", "")


def test_the_environment_can_name_the_file(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("other.toml").write_text("[crawl]\nseed = 5\n")
    monkeypatch.setenv(f"{PREFIX}_CONFIG", "other.toml")
    assert settings(run)["crawl.seed"] == (5, "file")


def test_a_named_file_stands_in_for_the_one_here(run: CommandLine) -> None:
    Path(FILE_NAME).write_text("[crawl]\nseed = 5\n")
    Path("other.toml").write_text("[crawl]\nper-month = 7\n")
    told = settings(run, "--config", "other.toml")
    assert told["crawl.per-month"] == (7, "file")
    assert told["crawl.seed"] == (0, "default")


def test_the_flag_wins_over_the_environment_and_that_over_the_file(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("crawl", "--sandbox", "--months", MONTH, "new")
    Path(FILE_NAME).write_text("[crawl]\nper-month = -1\n")
    assert "per_month=-1 " in run.refused(*words)
    monkeypatch.setenv(f"{PREFIX}_CRAWL_PER_MONTH", "-2")
    assert "per_month=-2 " in run.refused(*words)
    assert "per_month=-3 " in run.refused(*words, "--per-month=-3")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[frobnicate]\nseed = 1\n", "[frobnicate] is no command"),
        ("[crawl]\nfrobnicate = 1\n", "[crawl] has no 'frobnicate'"),
        ("[crawl]\napi-key = '0'\n", "[crawl] has no 'api-key'"),
        ("quiet = true\n", "[quiet] is no command"),
        (
            "[mask]\nratios = '0.5'\n",
            "[mask.ratios] is no command: use one of mask.apply, mask.leak, mask.preview",
        ),
        ("[mask.preview]\nfrobnicate = 1\n", "[mask.preview] has no 'frobnicate'"),
        ("[crawl\n", "cannot be read"),
    ],
)
def test_settings_nobody_knows_are_refused(run: CommandLine, text: str, told: str) -> None:
    Path(FILE_NAME).write_text(text)
    line = run.refused("doctor")
    assert told in line
    assert FILE_NAME in line


def test_a_setting_of_another_type_is_refused(run: CommandLine) -> None:
    Path(FILE_NAME).write_text("[crawl]\nseed = 'x'\n")
    assert "'--seed'" in run.refused("crawl", "--sandbox", "--months", MONTH, "new")


# The doctor


@pytest.mark.parametrize(("key", "level"), [(KEY, "ok"), (None, "absent")])
def test_the_doctor_tells_of_the_key_without_printing_it(
    run: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    key: str | None,
    level: str,
) -> None:
    if key:
        monkeypatch.setenv(KEY_VARIABLE, key)
    code, out, err = run("doctor", "--json")
    rows = json.loads(out)
    assert err == ""
    assert all(set(row) == {"name", "level", "found"} for row in rows)
    assert {row["level"] for row in rows} <= {"ok", "absent", "problem"}
    assert code == int(any(row["level"] == "problem" for row in rows))
    assert {row["name"]: row["level"] for row in rows}[KEY_VARIABLE] == level
    _, lines, _ = run("doctor")
    assert len(lines.splitlines()) == len(rows)
    assert KEY not in out + lines


# A small run


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    corpus = tmp_path_factory.mktemp("crawled") / "corpus"
    words = ("crawl", "--sandbox", "--months", MONTH, "--per-month", 6, corpus, "--json")
    done = run_script(*words)
    assert (done.returncode, done.stderr) == (0, "")
    return corpus, done.stdout


def test_a_crawl_tells_what_it_came_to(crawled: tuple[Path, str]) -> None:
    _, out = crawled
    summary = json.loads(out)
    assert [month["accepted"] for month in summary["months"]] == [6]
    assert summary["failed"] == 0


def test_a_finished_crawl_asks_nothing_again(crawled: tuple[Path, str]) -> None:
    corpus, out = crawled
    words = ("crawl", "--sandbox", "--months", MONTH, "--per-month", 6, corpus, "--json")
    done = run_script(*words)
    assert (done.returncode, done.stderr) == (0, "")
    before, after = json.loads(out), json.loads(done.stdout)
    assert after.pop("run") == {"accepted": 0, "api_calls": 0, "image_requests": 0}
    assert before.pop("run")["accepted"] == 6
    assert after == before


def test_status_is_the_corpus_s(crawled: tuple[Path, str], run: CommandLine) -> None:
    corpus, _ = crawled
    code, out, err = run("status", corpus, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == json.loads(to_json(status(corpus)))
    lines = run("status", corpus)[1].splitlines()
    assert lines[1].split()[:2] == [MONTH, "settled"]
    assert lines[-1] == "no crawl is running: every month is settled"


def test_status_has_a_row_for_each_month_when_asked(run: CommandLine) -> None:
    corpus = Corpus.create(Path("made"), CrawlPlan("2020-01..2023-12"), endpoint=REST_URL)
    _, few, _ = run("status", corpus.path)
    _, many, _ = run("status", corpus.path, "--months")
    assert many.count(" waiting ") == 48
    assert many.count("\n") == few.count("\n") + 47


def test_status_tells_the_budgets_of_the_key_but_never_the_key(
    run: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = Corpus.create(Path("made"), CrawlPlan(MONTH), endpoint=REST_URL)
    with corpus.state() as state, state.transaction():
        keep_rates(state, Connection(api_key=KEY))
    assert "budget" not in run("status", corpus.path)[1]
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    monkeypatch.setenv("FLICKREXIF_STATE_DIR", str(Path.cwd() / "budgets"))
    code, out, err = run("status", corpus.path)
    assert (code, err) == (0, "")
    assert "budget of API: 1 requests at hand, 3,200 an hour" in out.splitlines()
    assert KEY not in out
    assert not Path("budgets").exists()


def test_too_few_photos_leave_every_attribute_out_with_a_reason(
    crawled: tuple[Path, str], run: CommandLine
) -> None:
    code, out, err = run("label", crawled[0], "--json")
    labels = json.loads(out)
    assert (code, err) == (0, "")
    assert labels["attributes"] == {}
    assert len(labels["left_out"]) == 10
    assert all(labels["left_out"].values())
    assert json.loads((crawled[0] / "labels.json").read_text())["left_out"] == labels["left_out"]


def test_settings_reach_the_work(
    crawled: tuple[Path, str],
    run: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def seed(*words: str) -> object:
        return json.loads(run("label", crawled[0], "--json", *words)[1])["seed"]

    Path(FILE_NAME).write_text("[label]\nseed = 5\n")
    assert seed() == 5
    monkeypatch.setenv(f"{PREFIX}_LABEL_SEED", "6")
    assert seed() == 6
    assert seed("--seed", "7") == 7


def test_nothing_labelled_is_not_built_and_nothing_is_written(
    crawled: tuple[Path, str], run: CommandLine
) -> None:
    assert run("label", crawled[0])[0] == 0
    words = ("build", crawled[0], "--version", "1.0.0", "--processes", "1")
    assert "no attribute" in run.refused(*words)


# Interruption


class Interruptible:
    """A crawl at work in a session of its own, as behind a terminal."""

    def __init__(self, corpus: Path) -> None:
        self.words = ["crawl", "--sandbox", "--months", "2020-01..2020-06", str(corpus)]
        self.process = subprocess.Popen(
            [SCRIPT, *self.words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.corpus = corpus

    def accepted(self) -> int:
        try:
            return status(self.corpus).accepted
        except UsageError:  # not made yet
            return 0

    def stop_at(self, accepted: int, number: signal.Signals) -> tuple[int, str, str]:
        """Signal the terminal's whole group when so many photos are in; code and streams.

        The workers inherit the streams, so these end only when the last worker has.
        """
        until = time.monotonic() + 60
        while self.accepted() < accepted and self.process.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.02)
        os.killpg(self.process.pid, number)
        self.process.wait(timeout=20)
        out, err = self.process.communicate(timeout=10)
        return self.process.returncode, out, err

    def __enter__(self) -> Interruptible:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()


def test_control_c_saves_the_crawl_and_tells_how_to_resume(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    with Interruptible(corpus) as crawl:
        code, out, err = crawl.stop_at(1, signal.SIGINT)
    assert (code, out) == (130, "")
    told = f"interrupted; to resume run the same command: flickrexif {' '.join(crawl.words)}\n"
    assert err.endswith(told)  # a slow machine may tell its progress before
    first = status(corpus)
    assert first.accepted > 0
    assert {month.state for month in first.months} == {"looking", "waiting"}
    with Interruptible(corpus) as crawl:
        code, _, err = crawl.stop_at(first.accepted + 1, signal.SIGINT)
    assert (code, err.endswith(told)) == (130, True)
    second = status(corpus)
    assert second.accepted > first.accepted
    assert second.listed == first.listed
    assert second.requests["api search"] == first.requests["api search"]


def test_workers_end_when_the_crawl_is_killed(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    with Interruptible(corpus) as crawl:
        until = time.monotonic() + 60
        while not crawl.accepted() and crawl.process.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.02)
        crawl.process.kill()
        crawl.process.wait(timeout=10)
        crawl.process.communicate(timeout=10)
    assert crawl.process.returncode == -signal.SIGKILL
    assert status(corpus).accepted > 0


def test_a_served_sandbox_answers_until_it_is_interrupted(tmp_path: Path) -> None:
    with subprocess.Popen(
        [SCRIPT, "sandbox", "--port", "0"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as served:
        assert served.stdout is not None
        rest_url = served.stdout.readline().split()[-1]
        echo = {"method": "flickr.test.echo", "api_key": "0" * 32, "format": "json"}
        assert httpx.get(rest_url, params=echo).status_code == 200
        served.send_signal(signal.SIGINT)
        _, err = served.communicate(timeout=20)
    assert served.returncode == 0
    assert err == "Ctrl-C ends it.\n"
