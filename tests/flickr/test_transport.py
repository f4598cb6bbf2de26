from __future__ import annotations

import asyncio
import gc
import gzip
import logging
import shutil
import socket
import ssl
import subprocess
import threading
import traceback
from contextlib import suppress
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_server import RawServer, answer, chunked, closed, kept, reset

from flickrexif.errors import UsageError
from flickrexif.flickr import Connection
from flickrexif.flickr.failures import RequestFailed, is_transient
from flickrexif.flickr.fetch import fetch
from flickrexif.flickr.redaction import guarded_logs
from flickrexif.flickr.transport import open_http

KEY = "0123456789abcdef0123456789abcdef"
QUICK = httpx.Timeout(0.5, connect=5.0, pool=5.0)
"""Only a stalled answer is waited for in the tests; a busy machine may take its time to connect."""
BODY = bytes(range(256)) * 1000


def everything(_: bytes) -> int:
    return 2**30


def straight(url: str, timeout: httpx.Timeout = QUICK) -> httpx.AsyncClient:
    """Past httpx, as files are fetched."""
    return open_http(Connection.at(url, api_key=KEY), timeout=timeout)


def over_aiohttp(url: str, timeout: httpx.Timeout = QUICK) -> httpx.AsyncClient:
    """httpx over aiohttp, as the web service is asked."""
    http = straight(url, timeout)
    http.below = None
    return http


def by_itself(url: str, timeout: httpx.Timeout = QUICK) -> httpx.AsyncClient:
    """httpx alone, as behind a proxy."""
    return httpx.AsyncClient(timeout=timeout, trust_env=False)


each_way = pytest.mark.parametrize("client", [straight, over_aiohttp, by_itself])
over_any_aiohttp = pytest.mark.parametrize("client", [straight, over_aiohttp])


def ask(client, server: RawServer, *, times=1, path="/", **words):
    """The answers to so many requests, one after the other, through one client."""

    async def asking():
        async with client(server.url) as http:
            words.setdefault("reach", everything)
            return [await fetch(http, server.url + path, **words) for _ in range(times)]

    return asyncio.run(asking())


def failure_of(client, server: RawServer, **words):
    with pytest.raises(RequestFailed) as caught:
        ask(client, server, **words)
    return caught.value.failure


@each_way
@pytest.mark.parametrize(
    "content",
    [
        answer(BODY),
        chunked(BODY[:1000], BODY[1000:]),
        b"HTTP/1.1 200\r\ncontent-length: %d\r\n\r\n" % len(BODY) + BODY,
    ],
)
def test_a_whole_answer_is_read_whole(client, content):
    with RawServer([kept(content)]) as server:
        first, second = ask(client, server, times=2)
    assert (first.status, first.content, first.is_cut) == (200, BODY, False)
    assert second.content == BODY


@over_any_aiohttp
def test_an_answer_with_a_length_and_chunks_is_read_at_the_second_attempt(client):
    with RawServer([kept(chunked(BODY, more="Content-Length: 7\r\n"))]) as server:

        async def asking():
            async with client(server.url) as http:
                with pytest.raises(RequestFailed):
                    await fetch(http, server.url, reach=everything)
                return [await fetch(http, server.url, reach=everything) for _ in range(2)]

        assert [one.content for one in asyncio.run(asking())] == [BODY, BODY]
    assert len(server.asked) == 3


@each_way
def test_an_answer_may_end_with_its_connection(client):
    with RawServer([closed(b"HTTP/1.0 200 OK\r\n\r\n" + BODY)]) as server:
        assert ask(client, server)[0].content == BODY


@each_way
@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect"])
def test_no_redirect_is_followed(client, status):
    with RawServer([kept(answer(status=status, Location="/elsewhere"))]) as server:
        assert ask(client, server)[0].status == int(status[:3])
    assert len(server.asked) == 1


@each_way
@pytest.mark.parametrize(
    "sending",
    [
        closed(answer(BODY, length=len(BODY) + 1)),
        closed(answer(BODY[:100], length=len(BODY))),
        closed(chunked(BODY, ends=False)),
        closed(chunked(BODY)[:-2000]),
        closed(b"HTTP/1.1 200 OK\r\nContent-"),
        closed(),
        reset(),
        reset(answer(BODY[:100], length=len(BODY))),
        closed(b"HTTQ/9 what\r\n\r\n"),
        kept(answer(b"no gzip", Content_Encoding="gzip")),
        kept(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno number\r\n"),
    ],
)
def test_what_does_not_come_whole_is_a_failure_that_may_pass(client, sending):
    with RawServer([sending]) as server:
        failure = failure_of(client, server)
    assert failure.kind == "transport"
    assert is_transient(failure)


@each_way
def test_nobody_listening_is_a_failure(client):
    with RawServer([closed()]) as server:
        pass

    async def asking():
        async with client(f"http://127.0.0.1:{free_port()}") as http:
            await fetch(http, f"http://127.0.0.1:{free_port()}/", reach=everything)

    with pytest.raises(RequestFailed, match="no answer"):
        asyncio.run(asking())
    assert server.asked == []


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@each_way
def test_a_silent_host_is_left(client):
    with RawServer([kept(b"")]) as server:
        assert failure_of(client, server).kind == "transport"


@each_way
def test_a_host_that_drips_is_left(client):
    with RawServer([]) as server:

        def drip(connection):
            connection.sendall(answer(b"", length=10**6))
            while not server.wait(0.05):
                connection.sendall(b"x")
            return False

        server.sendings.append(drip)
        failure = failure_of(client, server, deadline_s=0.6)
    assert failure.text == "no answer (TimeoutError)"


@each_way
def test_the_rest_of_a_long_answer_is_never_downloaded(client):
    length = 64 * 2**20
    with RawServer([]) as server:

        def flood(connection):
            connection.sendall(answer(b"", length=length))
            for _ in range(length // 2**16):
                connection.sendall(BODY[: 2**16])
                server.sent += 2**16
            return True

        server.sendings.append(flood)
        (told,) = ask(client, server, reach=lambda _: 70_000)
    assert (len(told.content), told.is_cut) == (70_000, True)
    assert server.sent < length // 4


@each_way
def test_nothing_is_read_of_an_answer_that_is_told_to_be_too_long(client):
    with RawServer([kept(answer(b"", length=1001))]) as server:  # its body never comes
        (told,) = ask(client, server, longest=1000)
    assert (told.status, told.content, told.is_cut) == (200, b"", True)


@each_way
@pytest.mark.parametrize(
    "sending", [kept(answer(BODY)), kept(chunked(BODY)), kept(answer(BODY, status="404 No"))]
)
def test_what_is_not_told_to_be_too_long_is_read(client, sending):
    with RawServer([sending]) as server:
        (told,) = ask(client, server, longest=len(BODY))
    assert told.content == (BODY if told.status == 200 else BODY[:4096])


@pytest.mark.parametrize(
    ("words", "ways"), [({}, 0), ({"headers": {"Range": "bytes=0-9"}}, 0), ({"params": {}}, 1)]
)
def test_only_plain_requests_go_past_httpx(words, ways):
    seen = []

    async def see(request):
        seen.append(request)

    async def asking():
        async with straight(server.url) as http:
            http.event_hooks = {"request": [see]}
            return await fetch(http, server.url, reach=everything, **words)

    with RawServer([kept(answer(BODY))]) as server:
        assert asyncio.run(asking()).content == BODY
    assert (len(seen), len(server.asked)) == (ways, 1)


@each_way
@pytest.mark.parametrize("url", ["http://[bad/1.jpg", "no address", "ftp://127.0.0.1/", "http:///"])
def test_what_is_no_address_is_a_failure(client, url):
    async def asking():
        async with client("http://127.0.0.1:1") as http:
            await fetch(http, url, reach=everything)

    with pytest.raises(RequestFailed, match="no answer"):
        asyncio.run(asking())


@each_way
def test_the_reach_may_grow_with_what_came(client):
    with RawServer([kept(answer(BODY))]) as server:
        (told,) = ask(client, server, reach=lambda some: 100_000 if some else 1000)
    assert (told.content, told.is_cut) == (BODY[:100_000], True)


@each_way
def test_a_compressed_answer_is_bounded_after_it_grew(client):
    bomb = gzip.compress(bytes(64 * 2**20))
    with RawServer([kept(answer(bomb, Content_Encoding="gzip"))]) as server:
        (told,) = ask(client, server, reach=lambda _: 2**20)
    assert (len(told.content), told.is_cut) == (2**20, True)
    with RawServer([kept(answer(gzip.compress(BODY), Content_Encoding="gzip"))]) as server:
        assert ask(client, server)[0].content == BODY


@each_way
def test_a_connection_is_used_again_also_after_an_error(client):
    gone = answer(b"<html>gone</html>", status="404 Not Found")
    with RawServer([kept(answer(b"a")), kept(gone), kept(answer(b"b"))]) as server:
        told = ask(client, server, times=5)
    assert [one.status for one in told] == [200, 404, 200, 200, 200]
    assert (len(server.asked), server.connections) == (5, 1)


@each_way
def test_a_long_error_page_is_not_read_to_its_end(client):
    with RawServer([kept(answer(BODY, status="500 Oops"))]) as server:
        (told,) = ask(client, server)
    assert (told.status, len(told.content), told.is_cut) == (500, 4096, True)


@each_way
def test_nothing_is_sent_twice_behind_the_budgets_back(client):
    """A kept connection that closes on the next request is a failure, told and counted."""
    with RawServer([kept(answer(b"a")), closed()]) as server:
        failure = failure_of(client, server, times=2)
    assert failure.kind == "transport"
    assert len(server.asked) == 2


@over_any_aiohttp
def test_no_cookie_is_taken(client):
    with RawServer([kept(answer(b"a", Set_Cookie="who=you; Path=/"))]) as server:
        url = server.url.replace("127.0.0.1", "localhost")  # an address alone gets no cookies

        async def asking():
            async with client(url) as http:
                for _ in range(2):
                    await fetch(http, url, reach=everything)

        asyncio.run(asking())
    assert len(server.asked) == 2
    assert "cookie" not in "".join(server.asked).lower()


@over_any_aiohttp
def test_the_crawler_says_who_it_is(client):
    with RawServer([kept(answer())]) as server:
        ask(client, server)
    assert "user-agent: flickrexif/" in server.asked[0].lower()
    assert server.asked[0].lower().count("user-agent") == 1


@over_any_aiohttp
def test_no_proxy_stands_before_this_machine(client, monkeypatch):
    with RawServer([kept(answer(b"proxied"))]) as proxy, RawServer([kept(answer(b"own"))]) as own:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert ask(client, own)[0].content == b"own"
    assert proxy.asked == []


def test_a_proxy_of_the_environment_is_used_for_other_machines(monkeypatch):
    with RawServer([kept(answer(b"proxied"))]) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)

        async def asking():
            async with open_http(Connection(api_key=KEY)) as http:
                return await fetch(http, "http://flickr.test/rest/", reach=everything)

        assert asyncio.run(asking()).content == b"proxied"
    assert proxy.asked[0].startswith("GET http://flickr.test/rest/ ")


@pytest.mark.parametrize("proxy", ["socks9://127.0.0.1:9", "gopher://127.0.0.1:9"])
def test_a_proxy_that_cannot_be_used_is_told_in_one_line(monkeypatch, proxy):
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(UsageError, match="HTTPS_PROXY") as caught:
        open_http(Connection(api_key=KEY))
    assert "\n" not in str(caught.value)


@each_way
@settings(max_examples=20)
@given(words=st.dictionaries(st.text("abc_", min_size=1), st.text(max_size=12), max_size=4))
def test_arguments_arrive_as_they_were_meant(client, words):
    with RawServer([kept(answer())]) as server:
        ask(client, server, params=words)
    target = server.asked[0].split()[1]
    assert dict(parse_qsl(urlsplit(target).query, keep_blank_values=True)) == words


@each_way
@pytest.mark.parametrize(
    "sending",
    [
        kept(answer(status="302 Found", Location=f"http://x.test/?api_key={KEY}")),
        closed(),
        reset(),
        closed(b"HTTQ/9 what\r\n\r\n"),
        closed(answer(b"a", length=9)),
        kept(b""),
    ],
)
def test_no_error_and_no_log_line_holds_the_key(client, sending, caplog):
    caught = None
    with RawServer([sending]) as server, caplog.at_level(logging.DEBUG), guarded_logs(KEY):
        try:
            ask(client, server, path=f"/?api_key={KEY}")
        except RequestFailed as error:
            caught = error
    if caught is not None:
        assert KEY not in "".join(traceback.format_exception(caught))
        assert (caught.__cause__, caught.__context__) == (None, None)
    assert KEY in server.asked[0]
    assert KEY not in caplog.text


@each_way
def test_many_at_once_share_the_connections(client):
    async def asking(url):
        async with client(url, httpx.Timeout(10.0)) as http:
            jobs = [fetch(http, url, reach=everything) for _ in range(40)]
            return await asyncio.gather(*jobs)

    with RawServer([kept(answer(BODY))]) as server:
        told = asyncio.run(asking(server.url))
    assert all(one.content == BODY for one in told)
    assert server.connections <= 40


@each_way
def test_a_crawl_that_stops_in_the_middle_leaves_nothing_open(client):
    """Warnings are errors here, also those of what was never closed."""

    async def asking(url):
        async with client(url, httpx.Timeout(10.0)) as http:
            job = asyncio.create_task(fetch(http, url, reach=everything))
            await asyncio.sleep(0.1)
            job.cancel()
            with pytest.raises(asyncio.CancelledError):
                await job

    with RawServer([kept(answer(b"half", length=100))]) as server:
        asyncio.run(asking(server.url), debug=True)
    gc.collect()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1, and the key in the same file."""
    if shutil.which("openssl") is None:
        pytest.skip("the openssl command, which makes the certificate, is not installed")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=here"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-out", path, "-keyout", path.parent / "key"]
    subprocess.run(["openssl", *words, *names], check=True, capture_output=True)
    path.write_text(path.read_text() + (path.parent / "key").read_text())
    return path


def ask_over_tls(certificate, trusted, *, times):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def serve(reader, writer):
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(answer(BODY))
                await writer.drain()
        writer.close()

    async def asking():
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with open_http(Connection.at(url), trusted=trusted) as http:
            try:
                return [await fetch(http, url, reach=everything) for _ in range(times)]
            finally:
                await http.aclose()
                server.close()

    return asyncio.run(asking())


def test_an_encrypted_answer_is_read_whole(certificate):
    told = ask_over_tls(certificate, ssl.create_default_context(cafile=certificate), times=3)
    assert [one.content for one in told] == [BODY] * 3
    gc.collect()


def test_a_host_that_nobody_vouches_for_is_not_believed(certificate):
    with pytest.raises(RequestFailed, match="no answer"):
        ask_over_tls(certificate, None, times=1)
    gc.collect()


@over_any_aiohttp
def test_the_clients_threads_end_with_it(client):
    before = threading.active_count()
    with RawServer([kept(answer())]) as server:
        ask(client, server)
    assert threading.active_count() == before
