"""``flickrexif crawl`` as its user meets it: words, limits, other Flickrs, and what is none."""

from __future__ import annotations

import shlex
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from flickrexif.cli.reaching import AskedFlickr
from flickrexif.corpus import Corpus
from flickrexif.doctor import KEY_VARIABLE

SCRIPT = Path(sys.executable).with_name("flickrexif")
KEY = "0123456789abcdef0123456789abcdef"
MONTH = ("--months", "2020-01", "--per-user-month", "2")


@pytest.fixture
def refused(run):
    return run.under("crawl").refused


# Words


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--months 2020-01 --licenses 17", "'17' is unknown"),
        ("--months 2020-01 --licenses 4,gpl", "'gpl' is unknown"),
        ("--months 2020-01 --per-user-month 0", "per_user_month=0"),
        ("--months 2020-01 --per-month 0", "per_month=0"),
        ("--months 2020-01..2999-01", "lies in the future: end with 20"),
        ("--months 2020-01 --max-calls 9", "max_calls=9 is too few"),
        ("--months 2020-01 --max-calls -1", "max_calls=-1"),
        ("--months 2020-01 --max-calls 1.5", "'--max-calls'"),
        ("--months 2020-01 --max-hours 0", "max_hours=0.0 is not above 0"),
        ("--months 2020-01 --max-hours nan", "max_hours=nan"),
        ("--months 2020-01 --max-hours soon", "'--max-hours'"),
        ("--months 2020-01 --patience-hours -1", "patience_h=-1.0 is below 0"),
        ("--months 2020-01 --patience-hours long", "'--patience-hours'"),
        ("--months 2020-01 --calls-per-hour 0", "calls_per_hour=0.0 is not above 0"),
        ("--months 2020-01 --images-per-second -1", "images_per_second=-1.0 is not above 0"),
        ("--months 2020-01 --endpoint http://127.0.0.1:1/", "--sandbox and --endpoint"),
    ],
)
def test_bad_words_are_refused_in_one_line(refused, words, told):
    assert told in refused("--sandbox", *words.split(), "new")


@pytest.mark.parametrize(("asked", "patience_s"), [(None, 0.0), (0.0, 0.0), (1.5, 5400.0)])
def test_the_hours_of_patience_are_those_of_the_connection(asked, patience_s):
    words = {"sandbox": False, "anonymous": True, "calls_per_hour": None, "patience_hours": asked}
    with ExitStack() as stack:
        flickr = AskedFlickr(endpoint="http://127.0.0.1:1/", **words).connect(stack)
    assert flickr.patience_s == patience_s


def test_an_unknown_licence_is_told_with_the_known_ones(refused):
    told = refused("--sandbox", "--months", "2020-01", "--licenses", "gpl", "new")
    assert "permissive, all" in told
    assert all(known in told for known in ("0 (", "4 (CC-BY-2.0)", "16 (CC-BY-NC-ND-4.0)"))


@pytest.mark.parametrize("endpoint", ["127.0.0.1:8080", "ftp://127.0.0.1/", "http://", "flickr"])
def test_what_is_no_address_is_refused(refused, endpoint):
    assert f"{endpoint!r}" in refused(*MONTH, "--endpoint", endpoint, "new")


def test_more_calls_than_flickr_allows_are_refused(refused, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    told = refused(*MONTH, "--calls-per-hour", "3601", "new")
    assert "at most 3600" in told
    assert KEY not in told


def test_another_machine_s_flickr_needs_a_key(refused):
    told = refused(*MONTH, "--endpoint", "https://flickr.example/rest/", "new", code=4)
    assert KEY_VARIABLE in told


def test_help_tells_every_option_once_under_its_group_on_80_columns(run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = run("crawl", "--help")
    lines = out.splitlines()
    assert code == 0
    assert max(map(len, lines)) <= 80
    titles = [line for line in lines if line.endswith(":") and not line.startswith(" ")]
    assert titles == [
        "What to collect:",
        "From which Flickr:",
        "How fast, and how long:",
        "Other options:",
    ]
    told = [line.split()[0] for line in lines if line.startswith("  -")]
    assert len(told) == len(set(told)) >= 18
    speed = lines[lines.index(titles[2]) : lines.index(titles[3])]
    assert any(line.startswith("  --max-calls") for line in speed)


# Limits


def test_a_limit_tells_the_exact_command_and_that_one_resumes(run, open_box):
    with open_box() as (box, connection):
        words = ["crawl", *MONTH, "--endpoint", connection.rest_url, "a corpus"]
        limited = [*words, "--max-calls", "10"]
        code, out, err = run(*limited)
        assert (code, out) == (5, "")
        assert err == (
            "max_calls=10 are spent; to resume run the same command: "
            f"{shlex.join(['flickrexif', *limited])}\n"
        )
        assert sum(n for cause, n in box.requests.items() if cause.startswith("flickr.")) == 10
        code, _, _ = run(*words)
    assert code == 0


def test_hours_that_are_over_exit_with_5(run, open_box):
    with open_box() as (_, connection):
        words = ["crawl", *MONTH, "--endpoint", connection.rest_url, "--max-hours", "1e-6", "new"]
        code, out, err = run(*words)
    assert (code, out) == (5, "")
    assert err.startswith("max_hours=1e-06 have passed; to resume run the same command: ")


# Another Flickr


def test_two_terminals_just_work(here, tmp_path):
    served = subprocess.Popen(
        [SCRIPT, "sandbox", "--port", "0", "--faults", "0.1"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert served.stdout is not None
        rest_url = served.stdout.readline().split()[-1]
        words = ["crawl", "--months", "2020-01", "--per-month", "6", "--passes", "1"]
        remote = subprocess.run(
            [SCRIPT, *words, "remote", "--endpoint", rest_url],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    finally:
        served.terminate()
        served.communicate()
    assert remote.returncode in (0, 3), remote.stderr
    assert Corpus.open("remote").endpoint == rest_url
    assert not (tmp_path / "state").exists()


def test_a_refused_key_stops_at_once_with_its_code(run, open_box, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    with open_box(expired_keys=frozenset({KEY})) as (box, connection):
        words = ["crawl", *MONTH, "--endpoint", connection.rest_url, "new"]
        code, out, err = run(*words)
        assert box.requests.total() <= connection.concurrency
    assert (code, out, err.count("\n")) == (4, "", 1)
    assert "code 100" in err
    assert KEY_VARIABLE in err
    assert KEY not in err


@contextmanager
def other_server(status, content, *, port=0):
    """Something else on this machine; its port."""

    class Other(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

        def handle(self):
            try:
                super().handle()
            except OSError:  # a client that wanted TLS has left
                self.close_connection = True

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_):
            pass

    server = Server(("127.0.0.1", port), Other)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


every_stranger = pytest.mark.parametrize(
    ("status", "content", "told"),
    [
        (200, b"<html>Welcome to nginx!</html>", "html"),
        (404, b"<html>Not Found</html>", "http_404"),
        (403, b"<html>Forbidden</html>", "HTTP 403"),
        (500, b"", "HTTP 500"),
        (200, b'{"hello": "world"}', "no_stat"),
        (200, b"[1, 2, 3]", "no_stat"),
        (200, b'{"stat": "ok", "users": []}', ""),
    ],
    ids=["html", "404", "403", "500", "json", "a list", "nearly"],
)


@every_stranger
def test_what_is_no_flickr_is_refused_by_its_address(refused, status, content, told):
    with other_server(status, content) as port:
        endpoint = f"http://127.0.0.1:{port}/services/rest/"
        line = refused(*MONTH, "--endpoint", endpoint, "new")
    assert f"endpoint {endpoint!r} does not answer like Flickr (" in line
    assert told in line
    assert "https://api.flickr.com/services/rest/" in line


def test_nobody_at_the_address_is_refused(refused):
    with other_server(200, b"") as port:
        pass
    line = refused(*MONTH, "--endpoint", f"http://127.0.0.1:{port}", "new")
    assert "does not answer like Flickr (no answer" in line


def test_https_where_there_is_none_is_refused(refused):
    with other_server(200, b"") as port:
        line = refused(*MONTH, "--endpoint", f"https://127.0.0.1:{port}", "new")
    assert "does not answer like Flickr (no answer" in line


def test_a_folder_that_was_there_stays(run):
    Path("mine").mkdir()
    with other_server(404, b"") as port:
        code, _, _ = run("crawl", *MONTH, "--endpoint", f"http://127.0.0.1:{port}", "mine")
    assert code == 2
    assert list(Path("mine").iterdir()) == []


@every_stranger
def test_a_flickr_that_answered_once_is_only_down(run, open_box, status, content, told):
    with open_box() as (box, connection):
        words = ["crawl", *MONTH, "--endpoint", connection.rest_url, "begun"]
        assert run(*words, "--max-calls", "10")[0] == 5
        port = box.port
    before = Corpus.open("begun")
    with other_server(status, content, port=port):
        code, out, err = run(*words)
    assert (code, out, err.count("\n")) == ({403: 4}.get(status, 5), "", 1)
    assert told in err
    assert "endpoint" not in err
    assert Corpus.open("begun") == before
