"""Logging in and signing, over real sockets, against the sandbox and against servers that fail."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import sqlite3
import stat
import threading
import traceback
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import flickrapi
import httpx
import pytest
from flickrapi.auth import FlickrAccessToken
from hypothesis import given
from hypothesis import strategies as st

from flickrexif.errors import AccessError, UpstreamError, UsageError
from flickrexif.flickr import Connection
from flickrexif.flickr.login import forget_login, logged_in, login
from flickrexif.flickr.redaction import guarded_logs, redact
from flickrexif.flickr.search import SearchQuery, parse_search
from flickrexif.flickr.session import open_session
from flickrexif.flickr.signing import PUBLIC_ONLY, Signature, Token, oauth_failure, signed
from flickrexif.flickr.tokens import OAUTH_URL, TokenStore, oauth_url, stored_token
from flickrexif.sandbox import API_SECRET, Catalogue, Faults, Quirks, Sandbox
from flickrexif.sandbox.oauth import OAuth
from flickrexif.sandbox.site import Received

KEY = "fedcba9876543210fedcba9876543210"
QUERY = SearchQuery(4, datetime.fromisoformat("2020-01-01"), datetime.fromisoformat("2020-01-31"))
TOKEN = Token("721577-abcdef", "5ec2e7", API_SECRET, "Ann", "1@N00")


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, monkeypatch):
    """A home and a place for budgets that are nobody's."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FLICKREXIF_STATE_DIR", str(tmp_path / "budgets"))


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(5, photos=200, owners=10, first_month="2020-01", last_month="2020-01")


@pytest.fixture
def open_sandbox(catalogue):
    def open_sandbox(**words) -> Sandbox:
        return Sandbox(catalogue=catalogue, quirks=Quirks.none(), workers=0, **words)

    return open_sandbox


@pytest.fixture
def sandbox(open_sandbox):
    with open_sandbox() as sandbox:
        yield sandbox


def read_code(address: str) -> str:
    """What a user does: open the address, read the code."""
    return re.search(r'class="code">([^<]+)<', httpx.get(address, timeout=20).text)[1] + "\n"


def never(address: str) -> str:
    raise AssertionError(f"nobody should have been asked for a code at {address}")


def log_in(sandbox: Sandbox, **words):
    words = {"ask": read_code, "endpoint": sandbox.rest_url} | words
    return login(KEY, API_SECRET, **words)


def connection_to(sandbox: Sandbox, token: Token | None) -> Connection:
    there = Connection.at(sandbox.rest_url, api_key=KEY)
    return replace(there, token=token, retry_base_s=0.001)


def ask_flickr(connection: Connection, question):
    async def asking():
        async with open_session(connection) as flickr:
            return await question(flickr.client)

    with guarded_logs(*connection.secrets):
        return asyncio.run(asking())


def search(client):
    return client.search(QUERY, 1)


def assert_tells_nothing(error: BaseException, *secrets: str) -> None:
    told = "".join(traceback.format_exception(error))
    chained: BaseException | None = error
    while chained is not None:
        told += repr(chained) + str(vars(chained))
        chained = chained.__context__
    assert not [secret for secret in secrets if secret in told]


# The way in


def test_a_login_tells_who_and_where(sandbox, tmp_path):
    told = log_in(sandbox)
    who = sandbox.catalogue.owners()[0]
    path = tmp_path / "home" / ".flickr" / "oauth-tokens.sqlite"
    assert (told.username, told.nsid, told.perms, told.path) == (
        who.username, who.nsid, "read", path,
    )  # fmt: skip
    assert told.lines() == [
        f"logged in as {who.username} ({who.nsid}), read only; token kept in {path}"
    ]
    assert logged_in(KEY, endpoint=sandbox.rest_url) == told
    assert [query.get("perms") for path, query in sandbox.log if "authorize" in path] == ["read"]


def test_only_the_user_reads_the_token_file(sandbox, tmp_path):
    folder = tmp_path / "kept"
    told = log_in(sandbox, folder=folder)
    assert stat.S_IMODE(told.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    told.path.chmod(0o644)
    log_in(sandbox, folder=folder)
    assert stat.S_IMODE(told.path.stat().st_mode) == 0o600


def test_flickrapi_finds_a_login_to_flickr_and_we_find_flickrapis(tmp_path):
    TokenStore(KEY, folder=tmp_path).write(FlickrAccessToken("t", "s", "read", "A B", "ab", "1@N0"))
    theirs = flickrapi.OAuthTokenCache(KEY, path=str(tmp_path))
    assert (theirs.token.token, theirs.token.user_nsid) == ("t", "1@N0")
    theirs.token = FlickrAccessToken("t2", "s2", "write", "", "cd", "2@N0")
    assert stored_token(KEY, "x", folder=tmp_path) == Token("t2", "s2", "x", "cd", "2@N0")
    assert (
        logged_in(KEY, folder=tmp_path).lines()[0].startswith("logged in as cd (2@N0), may write")
    )
    del theirs.token


def test_logins_of_other_keys_and_places_are_kept_apart(sandbox, tmp_path):
    real = TokenStore(KEY, folder=tmp_path)
    real.write(FlickrAccessToken("real", "s", "read", "", "ab", "1@N0"))
    other = "0" * 32
    log_in(sandbox, folder=tmp_path)
    login(other, API_SECRET, ask=read_code, endpoint=sandbox.rest_url, folder=tmp_path)
    assert forget_login(KEY, endpoint=sandbox.rest_url, folder=tmp_path)
    assert not forget_login(KEY, endpoint=sandbox.rest_url, folder=tmp_path)
    assert logged_in(KEY, endpoint=sandbox.rest_url, folder=tmp_path) is None
    assert logged_in(other, endpoint=sandbox.rest_url, folder=tmp_path) is not None
    assert real.read().token == "real"


def test_who_only_looks_makes_no_folder(tmp_path):
    folder = tmp_path / "none"
    assert logged_in(KEY, folder=folder) is None
    assert stored_token(KEY, API_SECRET, folder=folder) is None
    assert not forget_login(KEY, folder=folder)
    assert not folder.exists()


def test_without_a_secret_nothing_is_signed(tmp_path):
    TokenStore(KEY, folder=tmp_path).write(FlickrAccessToken("t", "s", "read", "", "ab", "1@N0"))
    assert stored_token(KEY, " ", folder=tmp_path) is None


# What goes wrong on it


@pytest.mark.parametrize(
    ("key", "secret", "told"),
    [("", API_SECRET, "FLICKR_API_KEY"), (KEY, " ", "FLICKR_API_SECRET")],
)
def test_a_missing_key_or_secret_is_told_by_its_variable(key, secret, told):
    with pytest.raises(AccessError, match=told):
        login(key, secret, ask=never)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"expired_keys": frozenset({KEY})}, r"API key .*consumer_key_unknown.*FLICKR_API_KEY"),
        ({"faults": Faults(script=((0, "502"),))}, "HTTP 502"),
        ({"faults": Faults(script=((0, "429"),))}, "HTTP 429"),
        ({"faults": Faults(script=((0, "disconnect"),))}, "did not answer"),
        ({"faults": Faults(script=((0, "html"),))}, "no token came"),
        ({"faults": Faults(script=((2, "html"),))}, "no token came"),
        ({"faults": Faults(script=((2, "500"),))}, "HTTP 500"),
    ],
)
def test_a_flickr_that_fails_is_told_in_one_line(open_sandbox, tmp_path, words, told):
    with (
        open_sandbox(**words) as sandbox,
        pytest.raises((AccessError, UpstreamError), match=told) as caught,
    ):
        log_in(sandbox, folder=tmp_path)
    is_access = isinstance(caught.value, AccessError)
    assert is_access == ("expired_keys" in words)
    assert_tells_nothing(caught.value, KEY, API_SECRET)
    assert not list(tmp_path.glob("oauth*"))


def test_a_wrong_secret_is_told_by_its_variable(sandbox):
    wrong = API_SECRET[::-1]
    with pytest.raises(AccessError, match=r"signature_invalid.*FLICKR_API_SECRET") as caught:
        login(KEY, wrong, ask=never, endpoint=sandbox.rest_url)
    assert_tells_nothing(caught.value, KEY, wrong)


@pytest.mark.parametrize(
    ("code", "told"),
    [("000-000-000", "verifier_invalid"), ("", "no code was given"), (" \n", "no code was given")],
)
def test_a_wrong_code_leaves_nobody_logged_in(sandbox, code, told):
    with pytest.raises(AccessError, match=rf"{told}.*flickrexif login again"):
        log_in(sandbox, ask=lambda _: code)
    assert logged_in(KEY, endpoint=sandbox.rest_url) is None


def test_a_closed_port_is_upstreams_matter():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(UpstreamError, match=rf"{address}.*ConnectionError"):
        login(KEY, API_SECRET, ask=never, endpoint=address)


@pytest.mark.parametrize("address", ["flickr", "ftp://127.0.0.1", "http://flickr.test", "https://"])
def test_an_endpoint_that_is_none_is_refused_before_it_is_asked(address):
    with pytest.raises(UsageError, match=re.escape(address.removesuffix("//"))):
        login(KEY, API_SECRET, ask=never, endpoint=address)


@pytest.mark.parametrize(
    ("endpoint", "address"),
    [
        ("https://api.flickr.com/services/rest/", OAUTH_URL),
        ("https://www.flickr.com", OAUTH_URL),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/services/oauth"),
        ("http://localhost:8080/services/rest", "http://127.0.0.1:8080/services/oauth"),
    ],
)
def test_a_login_is_done_beside_the_web_service(endpoint, address):
    assert oauth_url(endpoint) == address


def damage(path, kind):
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "folder":
        path.mkdir()
    elif kind == "text":
        path.write_text("mine" * 1000)
    elif kind == "blob":
        store = TokenStore(KEY, folder=path.parent)
        store.write(FlickrAccessToken("t", "s", "read", "", "ab", "1@N0"))
        with sqlite3.connect(path) as database:
            database.execute("UPDATE oauth_tokens SET oauth_token = x'00'")
        database.close()
    else:
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE oauth_cache_db_version (version int not null)")
            database.execute("INSERT INTO oauth_cache_db_version VALUES (2)")
        database.close()


@pytest.mark.parametrize("kind", ["folder", "text", "blob", "of another flickrapi"])
def test_a_token_file_nobody_can_use_is_told_before_anybody_is_asked(tmp_path, kind):
    path = tmp_path / "oauth-tokens.sqlite"
    damage(path, kind)
    for attempt in (
        lambda: login(KEY, API_SECRET, ask=never, folder=tmp_path),
        lambda: logged_in(KEY, folder=tmp_path),
        lambda: forget_login(KEY, folder=tmp_path),
        lambda: stored_token(KEY, API_SECRET, folder=tmp_path),
    ):
        with pytest.raises(UsageError, match=re.escape(str(path))) as caught:
            attempt()
        assert "\n" not in str(caught.value)


# Signing


@given(
    words=st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).filter(
            lambda name: not name.startswith("oauth_")
        ),
        st.text(st.characters(codec="utf-8")),
    )
)
def test_a_signature_covers_every_argument(words):
    desk = OAuth(Catalogue(5, photos=1, owners=1).owners()[0])
    application = Token("", "", API_SECRET)
    request = httpx.Request("GET", "http://127.0.0.1:8080/services/rest/", params=words)
    signature = next(Signature(KEY, application).auth_flow(request)).headers["Authorization"]

    def arrived(address: str) -> Received:
        return Received(
            "/services/rest/", dict(words), KEY, address=address, authorization=signature
        )

    assert desk.caller(arrived(str(request.url))) is None
    assert sum(desk.verified().values()) == 1
    assert KEY in signature
    assert API_SECRET not in signature


def test_only_calls_that_can_be_narrowed_are_signed():
    connection = Connection(api_key=KEY, token=TOKEN)
    words, signature = signed({"method": "flickr.photos.search", "safe_search": "3"}, connection)
    assert signature is not None
    assert words == {"method": "flickr.photos.search", **PUBLIC_ONLY}
    assert PUBLIC_ONLY == {"safe_search": "1", "privacy_filter": "1"}
    for method in ("flickr.photos.getExif", "flickr.photos.getInfo", "flickr.people.getInfo"):
        assert signed({"method": method}, connection) == ({"method": method}, None)
    anonymous = replace(connection, token=None)
    words = {"method": "flickr.photos.search"}
    assert signed(words, anonymous) == (words, None)


def test_a_call_that_is_sent_again_is_signed_again(open_sandbox):
    faults = Faults(
        script=((lambda asked: asked.kind == "rest" and asked.attempt < 2, "truncated"),)
    )
    with open_sandbox(faults=faults) as sandbox:
        log_in(sandbox, endpoint=sandbox.rest_url)
        token = stored_token(KEY, API_SECRET, endpoint=sandbox.rest_url)
        page = ask_flickr(connection_to(sandbox, token), search)
        assert page.candidates
        assert sandbox.faults_met["truncated"] == 2
        assert sandbox.signed == {"flickr.photos.search": 3}


def test_exif_is_asked_for_by_nobody(sandbox, catalogue):
    log_in(sandbox)
    token = stored_token(KEY, API_SECRET, endpoint=sandbox.rest_url)
    photo = next(p for p in catalogue if p.visible == "public" and not p.owner.hides_exif)
    ask_flickr(connection_to(sandbox, token), lambda client: client.exif(photo.id))
    assert sandbox.signed == {}
    assert sandbox.requests["flickr.photos.getExif"] == 1


def test_a_photo_that_is_not_public_is_left_out_whoever_asks():
    row = {"id": "7", "owner": "1@N00", "dateupload": "1", "ispublic": 0}
    numbers = {"page": 1, "pages": 1, "perpage": 500, "total": 2}
    body = {"photos": {**numbers, "photo": [row, {**row, "ispublic": "1"}]}, "stat": "ok"}
    page = parse_search(body)
    assert (len(page.candidates), page.malformed) == (1, 1)


def test_a_login_taken_back_stops_a_crawl_with_the_remedy(sandbox):
    log_in(sandbox)
    token = stored_token(KEY, API_SECRET, endpoint=sandbox.rest_url)
    sandbox.revoke_logins()
    with pytest.raises(AccessError, match=r"code 98.*flickrexif login again.*--anonymous"):
        ask_flickr(connection_to(sandbox, token), search)
    assert sandbox.requests["flickr.photos.search"] == 1


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"api_secret": "0" * 16}, r"signature_invalid.*FLICKR_API_SECRET"),
        ({"key": "unknown"}, r"token_rejected.*flickrexif login again"),
    ],
)
def test_a_signature_that_does_not_fit_stops_a_crawl(sandbox, changed, told):
    log_in(sandbox)
    token = stored_token(KEY, API_SECRET, endpoint=sandbox.rest_url)
    connection = connection_to(sandbox, replace(token, **changed))
    with pytest.raises(AccessError, match=told) as caught:
        ask_flickr(connection, search)
    assert_tells_nothing(caught.value, *connection.secrets)
    assert sandbox.requests["flickr.photos.search"] == 1


def test_recorded_refusals_are_read(oracle):
    codes = {"consumer_key_unknown": 100, "signature_invalid": 96, "token_rejected": 98}
    found = {}
    for path in (oracle / "flickr").glob("oauth__*.txt"):
        failure = oauth_failure(401, path.read_bytes())
        found[failure.text] = failure.code
    assert found == codes


@given(content=st.binary())
def test_any_refusal_is_read_or_is_none(content):
    failure = oauth_failure(401, b"oauth_problem=" + content)
    assert re.fullmatch(r"[a-z_]{1,40}", failure.text)
    assert failure.code in (96, 98, 100)
    assert oauth_failure(200, b"oauth_problem=x") is None


# Secrets stay secret


@contextmanager
def failing_server(status: int, body: bytes):
    """Answers everything alike, and keeps the headers that came."""
    heard = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            heard.append(self.headers)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *words):
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", heard
        finally:
            server.shutdown()
            thread.join()


ECHO = f"oauth_problem=signature_invalid&debug_sbs=GET&x&oauth_consumer_key%3D{KEY}%26oauth_token"
ANSWERS = [
    (401, f"{ECHO}%3D{TOKEN.key}%26oauth_version%3D1.0".encode()),
    (400, f"oauth_problem=token_expired&oauth_token={TOKEN.key}".encode()),
    (200, f'{{"stat":"fail","code":98,"message":"oauth_token={TOKEN.key} {KEY}"}}'.encode()),
    (500, f"<html>{TOKEN.key} {KEY}</html>".encode()),
    (302, b""),
]


@pytest.mark.parametrize(("status", "body"), ANSWERS)
def test_no_log_line_and_no_error_holds_a_secret(caplog, status, body):
    caplog.set_level(logging.DEBUG)
    with failing_server(status, body) as (address, heard):
        connection = replace(Connection.at(address, api_key=KEY), token=TOKEN, retry_base_s=0.001)
        with pytest.raises(Exception, match=r"\w") as caught:
            ask_flickr(connection, search)
        assert TOKEN.key in heard[0]["Authorization"]
        assert 'oauth_signature="' in heard[0]["Authorization"]
        assert_tells_nothing(caught.value, *connection.secrets)
        assert repr(connection).count("token") == 0
        with pytest.raises((AccessError, UpstreamError)) as caught:
            login(KEY, API_SECRET, ask=never, endpoint=address)
        assert_tells_nothing(caught.value, *connection.secrets)
    assert len(caplog.records) > 10
    for secret in connection.secrets:
        assert secret not in caplog.text
    for header in heard:
        signature = re.search(r'oauth_signature="([^"]+)"', header["Authorization"])[1]
        assert signature not in caplog.text


def test_no_log_line_of_a_login_that_succeeds_holds_a_secret(open_sandbox, caplog):
    """flickrapi and its libraries log tokens; the sandbox's own lines are not the client's."""
    caplog.set_level(logging.DEBUG)
    codes = []

    def ask(address: str) -> str:
        codes.append(read_code(address).strip())
        return codes[0]

    with open_sandbox() as sandbox:
        log_in(sandbox, ask=ask)
        token = stored_token(KEY, API_SECRET, endpoint=sandbox.rest_url)
        ask_flickr(connection_to(sandbox, token), search)
        assert sandbox.signed == {"flickr.photos.search": 1}
    told = [record for record in caplog.records if record.name != "flickrexif.sandbox"]
    assert {"flickrapi.auth.OAuthFlickrInterface", "oauthlib.oauth1.rfc5849"} <= {
        record.name for record in told
    }
    lines = "\n".join(record.getMessage() for record in told)
    for secret in (token.key, token.secret, API_SECRET, KEY, codes[0]):
        assert secret not in lines
    named = r"oauth_(?:token|token_secret|signature|consumer_key|verifier)\W+(\w+)"
    assert set(re.findall(named, lines.replace("%3D", "="))) == {"key"}


SECRET_WORDS = [
    "oauth_token", "oauth_token_secret", "oauth_signature", "oauth_consumer_key", "oauth_verifier",
    "api_key", "api_sig",
]  # fmt: skip


@pytest.mark.parametrize("name", SECRET_WORDS)
@pytest.mark.parametrize(
    "written",
    ["?{0}={1}&page=1", 'OAuth {0}="{1}", x="y"', "GET&x&{0}%3D{1}%26page%3D1",
     "{{'{0}': '{1}', 'page': '1'}}", "[('{0}', '{1}'), ('page', '1')]", "b'{0}={1}&page=1'"],
)  # fmt: skip
def test_a_named_secret_is_hidden_wherever_it_stands(name, written):
    told = redact(written.format(name, "9a%2Fb%3D"))
    assert "9a" not in told
    assert "b%3D" not in told
    assert name in told
    assert told.count("[key]") == 1
    assert "page" in told or 'x="y"' in told


def test_what_is_no_secret_stays():
    line = 'oauth_signature_method="HMAC-SHA1", oauth_nonce="12", oauth_problem=token_rejected'
    assert redact(line) == line
    assert redact("a longer secret", "secret", "a longer") == "[key] [key]"


def test_tokens_are_in_no_repr():
    for thing in (TOKEN, Connection(api_key=KEY, token=TOKEN), TokenStore(KEY)):
        assert not [secret for secret in (KEY, *TOKEN.secrets) if secret in repr(thing)]
