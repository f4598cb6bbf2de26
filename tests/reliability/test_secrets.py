"""A recognisable key through every kind of failure, with every logger at its most talkative."""

from __future__ import annotations

import signal
from dataclasses import replace
from urllib.parse import quote

import pytest
from lives import wait_until
from small_flickr import PLAN

from flickrexif.crawling import CrawlPlan
from flickrexif.flickr.signing import Token
from flickrexif.sandbox import Faults
from flickrexif.sandbox.faults import Fault

KEY = "feedc0de5ec2e7feedc0de5ec2e7feed"
ODD_KEY = "feed c0de/5ec2e7&feed=c0de+5ec2e7"
"""No key of Flickr's looks so; what is sent of it is written otherwise than it is read."""
TALKATIVE = {"PYTHONASYNCIODEBUG": "1", "PYTHONDEVMODE": "1", "HTTPX_LOG_LEVEL": "trace"}
LOGIN = Token("721577-0ff5e7c0de5ec2e7", "70ce9c0de5ec2e70", "a91c0de5ec2e7a91", "somebody")
SMALL = replace(PLAN, months="2020-01")


@pytest.fixture
def tell_all(begin, tmp_path):
    """Begins a crawl that tells all; `traces` are the places where a key may not be."""

    class TellAll:
        state = tmp_path / "state"
        corpus = tmp_path / "corpus"

        def __call__(self, connection, plan=SMALL, **words):
            environment = {**TALKATIVE, "FLICKREXIF_STATE_DIR": str(self.state)}
            words = {"environment": environment, "tells_all": True, **words}
            self.life = begin(self.corpus, connection, plan, **words)
            return self.life

        def traces(self) -> list[bytes]:
            files = [file for file in tmp_path.rglob("*") if file.is_file()]
            return [str(file).encode() + file.read_bytes() for file in files]

    return TellAll()


def holds(traces, *keys) -> bool:
    forms = {form.encode() for key in keys for form in (key, quote(key, safe=""), key[:20])}
    return any(form in trace for form in forms for trace in traces)


def test_the_search_for_keys_finds_them(tmp_path):
    assert holds([f"api_key={KEY}".encode()], KEY)
    assert holds([f"api_key={quote(ODD_KEY, safe='')}".encode()], ODD_KEY)
    assert not holds([b"api_key=[key]"], KEY, ODD_KEY)


@pytest.mark.parametrize("kind", [None, *Fault])
def test_no_key_is_told_when_requests_fail(kind, tell_all, open_box):
    rates = {} if kind is None else {kind: 0.9}
    for_images = {} if kind in ("105", "201", "10") else rates
    faults = Faults(rates=rates, image_rates=for_images, persistence=10**6, slow_s=0.01)
    with open_box(faults=faults) as (_, connection):
        life = tell_all(replace(connection, api_key=KEY, retry_base_s=0.001))
        life.wait()
    assert life.message.count("[key]") > 3
    assert not holds(tell_all.traces(), KEY)


def test_no_key_is_told_when_it_is_refused(tell_all, open_box):
    for key in (KEY, ODD_KEY):
        with open_box(expired_keys=frozenset({KEY})) as (_, connection):
            life = tell_all(replace(connection, api_key=key))
            assert life.wait() == 4
        assert "API key" in life.message
    assert not holds(tell_all.traces(), KEY, ODD_KEY)


@pytest.mark.parametrize("faults", [None, "disconnect", "html"])
def test_no_part_of_a_login_is_told_when_it_is_refused(faults, tell_all, open_box):
    rates = {faults: 0.9} if faults else {}
    with open_box(faults=Faults(rates=rates, persistence=10**6)) as (_, connection):
        signed = replace(connection, api_key=KEY, token=LOGIN, retry_base_s=0.001)
        life = tell_all(signed)
        assert life.wait() in (4, 5)
    assert not holds(tell_all.traces(), KEY, *LOGIN.secrets)


def test_no_key_is_told_when_nobody_answers(tell_all, open_box):
    with open_box() as (_, connection):
        gone = replace(connection, api_key=KEY, retry_base_s=0.001)
    odd = replace(gone, rest_url="http://127.0.0.1:1/rest/", name=gone.name)
    unreal = replace(gone, rest_url="http://127.0.0.1:99999/rest/", name=gone.name)
    for connection in (gone, odd, unreal):
        life = tell_all(connection)
        assert life.wait() != 0
        assert len(life.message) > 500
    assert not holds(tell_all.traces(), KEY)


def test_no_key_is_told_when_the_crawl_is_stopped(tell_all, open_box):
    with open_box() as (box, connection):
        mine = replace(connection, api_key=KEY)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGKILL):
            life, before = tell_all(mine), box.requests.total()
            wait_until(lambda least=before: box.requests.total() > least + 5, life)
            life.send(number)
            assert life.wait() != 0
    assert not holds(tell_all.traces(), KEY)


def test_no_key_is_told_when_the_folder_fails(tell_all, open_box):
    with open_box() as (_, connection):
        mine = replace(connection, api_key=KEY)
        assert tell_all(mine).wait() == 0
        assert tell_all(mine, CrawlPlan("2020-02")).wait() == 2
        for size in (0, 50_000):
            (tell_all.corpus / "state.sqlite").write_bytes(bytes(size))
            assert tell_all(mine).wait() == 2
    assert not holds(tell_all.traces(), KEY)


def test_a_connection_and_its_errors_print_no_key(open_box):
    with open_box() as (_, connection):
        assert KEY not in repr(replace(connection, api_key=KEY))
        with pytest.raises(ValueError, match="calls_per_hour") as told:
            raise ValueError(f"calls_per_hour {replace(connection, api_key=KEY)}")
        assert KEY not in str(told.value)
