"""``flickrexif login`` as its user meets it: words, exit codes, streams, the token file."""

from __future__ import annotations

import io
import json
import os
import re
import socket
import subprocess
import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from flickrexif.sandbox import API_SECRET, Catalogue, Faults, Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from command_line import CommandLine, Outcome

SCRIPT = Path(sys.executable).with_name("flickrexif")
KEY = "0123456789abcdef0123456789abcdef"
CATALOGUE = Catalogue(5, photos=10, owners=2)
pty = pytest.importorskip("pty")  # there are no terminals to pretend on Windows


@pytest.fixture(autouse=True)
def home(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of nobody, with a key and its secret in the environment."""
    monkeypatch.setenv("HOME", str(here))
    monkeypatch.setenv("FLICKR_API_KEY", KEY)
    monkeypatch.setenv("FLICKR_API_SECRET", API_SECRET)
    return here


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(catalogue=CATALOGUE, workers=0) as sandbox:
        yield sandbox


@pytest.fixture
def login(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    def login(*words: str, stdin: io.StringIO | None = None) -> Outcome:
        monkeypatch.setattr(sys, "stdin", stdin or io.StringIO())
        ended = run("login", *words)
        assert not [secret for secret in (KEY, API_SECRET) if secret in ended.out + ended.err]
        return ended

    return login


class Reader(io.StringIO):
    """A user: when asked for a line, opens the address shown last and reads the code there."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        super().__init__()
        self._capsys, self.shown = capsys, ""

    def readline(self, *_: object) -> str:
        self.shown = self._capsys.readouterr().err
        return f"{code_at(self.shown.split()[-1])}\nanother line\n".splitlines(keepends=True)[0]


def code_at(address: str) -> str:
    return re.search(r'class="code">([^<]+)<', httpx.get(address, timeout=20).text)[1]


@pytest.fixture
def logged_in(sandbox, login, capsys) -> str:
    """What the command said when it logged in."""
    code, out, _ = login("--endpoint", sandbox.rest_url, stdin=Reader(capsys))
    assert code == 0
    return out


def test_a_login_tells_the_address_then_who_and_where(sandbox, login, capsys, home):
    user = Reader(capsys)
    who = CATALOGUE.owners()[0]
    assert login("--endpoint", sandbox.rest_url, stdin=user) == (
        0,
        f"logged in as {who.username} ({who.nsid}), read only; "
        f"token kept in {home}/.flickr/oauth-tokens.sqlite\n",
        "",
    )
    lines = user.shown.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith(f"{sandbox.oauth_url}/authorize?oauth_token=")
    assert lines[1].endswith("&perms=read")


def test_show_tells_who_without_any_secret(logged_in, sandbox, login):
    assert login("--show", "--endpoint", sandbox.rest_url) == (0, logged_in, "")
    _, out, _ = login("--show", "--endpoint", sandbox.rest_url, "--json")
    assert set(json.loads(out)) == {"username", "fullname", "nsid", "perms", "path"}


def test_forget_removes_the_token_and_is_done_when_there_is_none(logged_in, sandbox, login, home):
    stored = (home / ".flickr" / "oauth-tokens.sqlite").read_bytes()
    assert KEY.encode() in stored
    assert login("--forget", "--endpoint", sandbox.rest_url) == (0, "the token is removed\n", "")
    assert login("--forget", "--endpoint", sandbox.rest_url) == (0, "nobody was logged in\n", "")
    code, out, err = login("--show", "--endpoint", sandbox.rest_url)
    assert (code, out) == (4, "")
    assert "run flickrexif login" in err


def test_a_browser_is_opened_when_asked_for(sandbox, login, capsys, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda address: bool(opened.append(address)))
    user = Reader(capsys)
    user.readline = lambda *_: code_at(opened[0])
    code, _, err = login("--browser", "--endpoint", sandbox.rest_url, stdin=user)
    assert code == 0
    assert opened[0] in err
    assert "No browser could be opened" in err


def test_a_terminal_is_asked_for_the_code(sandbox):
    ours, theirs = pty.openpty()
    words = [str(SCRIPT), "login", "--endpoint", sandbox.rest_url]
    with (
        os.fdopen(ours, "wb", buffering=0) as keyboard,
        subprocess.Popen(
            words, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as running,
    ):
        os.close(theirs)
        running.stderr.readline()
        address = running.stderr.readline().strip()
        assert running.stderr.read(len("Code: ")) == "Code: "
        keyboard.write(f"{code_at(address)}\n".encode())
        out, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (0, "")
    assert out.startswith("logged in as ")


# What goes wrong: one line, and the exit code that says whose matter it is


@pytest.mark.parametrize("variable", ["FLICKR_API_KEY", "FLICKR_API_SECRET"])
@pytest.mark.parametrize("value", [None, " "])
def test_a_missing_key_or_secret_exits_with_4(login, monkeypatch, variable, value):
    if value is None:
        monkeypatch.delenv(variable)
    else:
        monkeypatch.setenv(variable, value)
    code, out, err = login()
    assert (code, out, err.count("\n")) == (4, "", 1)
    assert variable in err


@pytest.mark.parametrize("words", [("--show", "--forget"), ("--browser", "--forget")])
def test_words_that_do_not_go_together_are_refused(login, words):
    code, out, err = login(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_a_refused_key_exits_with_4(login):
    with Sandbox(catalogue=CATALOGUE, workers=0, expired_keys=frozenset({KEY})) as sandbox:
        code, out, err = login("--endpoint", sandbox.rest_url)
    assert (code, out, err.count("\n")) == (4, "", 1)
    assert "consumer_key_unknown" in err


@pytest.mark.parametrize(
    ("line", "told"), [("123-456-789\n", "verifier_invalid"), ("", "no code was given")]
)
def test_a_wrong_code_exits_with_4(sandbox, login, line, told):
    code, out, err = login("--endpoint", sandbox.rest_url, stdin=io.StringIO(line))
    assert (code, out) == (4, "")
    assert told in err.splitlines()[-1]
    assert len(err.splitlines()) == 3


def test_an_endpoint_that_is_down_exits_with_5(login):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code, out, err = login("--endpoint", f"http://127.0.0.1:{port}")
    assert (code, out, err.count("\n")) == (5, "", 1)
    faults = Faults(script=((0, "502"),))
    with Sandbox(catalogue=CATALOGUE, workers=0, faults=faults) as sandbox:
        code, out, err = login("--endpoint", sandbox.rest_url)
    assert (code, out, err.count("\n")) == (5, "", 1)
    assert "HTTP 502" in err


@pytest.mark.parametrize("address", ["flickr", "http://flickr.test/"])
def test_an_endpoint_that_is_none_exits_with_2(login, address):
    code, out, err = login("--endpoint", address)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert repr(address) in err


@pytest.mark.parametrize("words", [(), ("--show",), ("--forget",)])
def test_a_token_file_nobody_can_use_exits_with_2(login, home, words):
    path = home / ".flickr" / "oauth-tokens.sqlite"
    path.parent.mkdir()
    path.write_text("mine")
    code, out, err = login(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert str(path) in err
    assert path.read_text() == "mine"
