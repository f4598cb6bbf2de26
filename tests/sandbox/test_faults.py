from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter

import httpx
import pytest
from flat_renderer import FlatRenderer

from flickrexif.errors import UsageError
from flickrexif.sandbox import Catalogue, Fault, Faults, Quirks, Sandbox
from flickrexif.sandbox.faults import FaultDesk
from flickrexif.sandbox.ledger import Ledger

KEY = "0123456789abcdef0123456789abcdef"
ECHO = {"method": "flickr.test.echo", "api_key": KEY, "format": "json", "nojsoncallback": 1}
SEARCH = ECHO | {"method": "flickr.photos.search", "min_taken_date": "2020-01-01"}
SORRY = "Sorry, the Flickr API service is not currently available."


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(seed=4, photos=600, owners=30)


@pytest.fixture(scope="module")
def http():
    with httpx.Client(timeout=20) as client:
        yield client


def faulty(catalogue: Catalogue, faults: Faults) -> Sandbox:
    return Sandbox(
        catalogue=catalogue,
        faults=faults,
        quirks=Quirks.none(),
        renderer=FlatRenderer(),
        workers=0,
    )


def always(fault: str, **more) -> Faults:
    return Faults(script=((lambda asked: True, fault),), persistence=1, **more)


def file_of(sandbox: Sandbox) -> str:
    photo = next(photo for photo in sandbox.catalogue if photo.visible == "public")
    name = f"{photo.id}_{photo.original_secret}_o.jpg"
    return f"{sandbox.image_base}/{photo.server}/{name}"


@pytest.mark.parametrize(("fault", "status"), [("429", 429), ("500", 500), ("502", 502)])
def test_statuses_come_with_a_page_and_no_hint_when_to_return(catalogue, http, fault, status):
    with faulty(catalogue, always(fault)) as sandbox:
        for ask in (
            lambda: http.get(sandbox.rest_url, params=ECHO),
            lambda: http.get(file_of(sandbox)),
        ):
            response = ask()
            assert response.status_code == status
            assert response.headers["content-type"] == "text/html"
            assert response.text.startswith("<html>")
            assert "retry-after" not in response.headers
            assert ask().status_code == 200
        assert sandbox.faults_met == {fault: 2}


def test_the_page_of_429_has_the_size_of_flickrs(catalogue, http):
    with faulty(catalogue, always("429")) as sandbox:
        assert len(http.get(sandbox.rest_url, params=ECHO).content) == 117


def test_a_web_page_comes_as_if_all_were_well(catalogue, http):
    with faulty(catalogue, always("html")) as sandbox:
        for url, words in ((sandbox.rest_url, SEARCH), (file_of(sandbox), None)):
            response = http.get(url, params=words)
            assert (response.status_code, response.headers["content-type"]) == (200, "text/html")
            assert b"<html>" in response.content


def test_a_body_breaks_off(catalogue, http):
    with faulty(catalogue, always("truncated")) as sandbox:
        for url, words in ((sandbox.rest_url, SEARCH), (file_of(sandbox), None)):
            with pytest.raises(httpx.RemoteProtocolError, match="complete message"):
                http.get(url, params=words)
            assert http.get(url, params=words).status_code == 200


def test_a_broken_off_body_promised_all_of_it(catalogue):
    with faulty(catalogue, always("truncated")) as sandbox:
        address = httpx.URL(file_of(sandbox))
        with socket.create_connection((address.host, address.port)) as wire:
            wire.sendall(f"GET {address.path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            head, body = wire.makefile("rb").read().split(b"\r\n\r\n", 1)
        whole = httpx.get(address).content
    assert f"content-length: {len(whole)}".encode() in head.lower()
    assert body == whole[: len(whole) // 2]


def test_a_caller_is_hung_up_on(catalogue, http):
    with faulty(catalogue, always("disconnect")) as sandbox:
        for url, words in ((sandbox.rest_url, SEARCH), (file_of(sandbox), None)):
            with pytest.raises(httpx.RemoteProtocolError, match="disconnected"):
                http.get(url, params=words)
            assert http.get(url, params=words).status_code == 200


def test_an_answer_takes_its_time(catalogue, http):
    with faulty(catalogue, always("slow", slow_s=0.4)) as sandbox:
        begun = time.monotonic()
        slow = http.get(sandbox.rest_url, params=ECHO)
        taken = time.monotonic() - begun
        quick = http.get(sandbox.rest_url, params=ECHO)
        assert slow.json() == quick.json()
        assert taken > 0.4


def test_a_slow_answer_does_not_hold_up_the_end(catalogue):
    before, begun = set(threading.enumerate()), time.monotonic()
    with faulty(catalogue, always("slow", slow_s=30)) as sandbox, pytest.raises(httpx.ReadTimeout):
        httpx.get(sandbox.rest_url, params=ECHO, timeout=0.2)
    while set(threading.enumerate()) - before and time.monotonic() - begun < 9:
        time.sleep(0.01)
    assert time.monotonic() - begun < 9


@pytest.mark.parametrize("format_", ["rest", "json"])
def test_the_service_is_sorry_in_bad_json_whatever_was_asked(catalogue, http, format_):
    with faulty(catalogue, always("201")) as sandbox:
        response = http.get(sandbox.rest_url, params=SEARCH | {"format": format_})
        assert response.status_code == 200
        with pytest.raises(json.JSONDecodeError):
            response.json()
        repaired = json.loads(response.text.replace(", }", "}"))
        assert repaired == {"stat": "fail", "code": 201, "message": SORRY}
        photo = http.get(file_of(sandbox))
        assert photo.headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize(("fault", "others"), [("105", {"105": 2}), ("10", {"10": 1})])
def test_temporary_codes_come_in_the_format_asked(catalogue, http, fault, others):
    with faulty(catalogue, always(fault)) as sandbox:
        answer = http.get(sandbox.rest_url, params=SEARCH).json()
        assert (answer["stat"], answer["code"]) == ("fail", int(fault))
        http.get(sandbox.rest_url, params=ECHO)
        assert http.get(file_of(sandbox)).status_code == 200
        assert sandbox.faults_met == others
        xml = http.get(sandbox.rest_url, params=SEARCH | {"format": "rest"}).text
        assert f'<err code="{fault}"' in xml


def test_an_image_is_a_placeholder_for_once(catalogue, http):
    with faulty(catalogue, always("placeholder")) as sandbox:
        moved = http.get(file_of(sandbox))
        assert moved.status_code == 302
        assert "photo_unavailable" in moved.headers["location"]
        assert http.get(file_of(sandbox)).status_code == 200
        assert http.get(sandbox.rest_url, params=ECHO).status_code == 200


def test_a_script_names_requests_by_number_or_nature(catalogue, http):
    def is_second_page(asked) -> bool:
        return asked.cause == "flickr.photos.search" and asked.query.get("page") == "2"

    faults = Faults(script=((1, "500"), (is_second_page, Fault.TOO_MANY)), persistence=3)
    with faulty(catalogue, faults) as sandbox:
        statuses = [http.get(sandbox.rest_url, params=ECHO).status_code for _ in range(3)]
        assert statuses == [200, 500, 200]
        pages = [
            http.get(sandbox.rest_url, params=SEARCH | {"page": page}).status_code
            for page in (1, 2, 2, 2, 2, 2)
        ]
        assert pages == [200, 429, 429, 429, 200, 429]


def test_rates_hit_their_share_and_never_for_ever(catalogue, http):
    faults = Faults(rates={"429": 0.2, "500": 0.1}, persistence=2, seed=1)
    with faulty(catalogue, faults) as sandbox:
        statuses = Counter()
        for page in range(200):
            words = ECHO | {"color": page}
            tries = [http.get(sandbox.rest_url, params=words).status_code]
            while tries[-1] != 200:
                tries.append(http.get(sandbox.rest_url, params=words).status_code)
            assert len(tries) <= 3
            statuses.update(tries[:1])
        assert http.get(file_of(sandbox)).status_code == 200
    assert 20 < statuses[429] < 65
    assert 8 < statuses[500] < 40


def test_faults_depend_on_the_address_and_not_on_the_order():
    faults = Faults.everywhere(0.4, seed=2)

    def met(order) -> dict[str, str | None]:
        ledger, desk = Ledger(), FaultDesk(faults)
        fates = {}
        for page in order:
            query = {"page": str(page), "api_key": str(order)}
            asked = ledger.enter("rest", "flickr.photos.search", "/services/rest/", query)
            fates[page] = desk.draw(asked)
        return fates

    assert met(range(300)) == met(range(299, -1, -1))
    share = sum(fate is not None for fate in met(range(300)).values()) / 300
    assert 0.3 < share < 0.5
    assert {fate for fate in met(range(300)).values() if fate} == set(Fault) - {Fault.PLACEHOLDER}


def test_another_seed_is_another_weather():
    def story(seed: int) -> list:
        ledger, desk = Ledger(), FaultDesk(Faults.everywhere(0.3, seed=seed))
        pages = ({"page": str(page)} for page in range(100))
        return [desk.draw(ledger.enter("rest", "any", "/services/rest/", page)) for page in pages]

    assert story(1) == story(1)
    assert story(1) != story(2)


def test_a_client_that_repeats_comes_through_everything(catalogue):
    with faulty(catalogue, Faults.everywhere(0.6, slow_s=0.01)) as sandbox:
        urls = [f"{sandbox.rest_url}?{httpx.QueryParams(SEARCH | {'page': n})}" for n in range(25)]
        with httpx.Client(timeout=20) as client:
            for url in [*urls, file_of(sandbox)]:
                assert any(_is_good(client, url) for _ in range(4))
        assert sum(sandbox.faults_met.values()) > 15


def _is_good(client: httpx.Client, url: str) -> bool:
    try:
        response = client.get(url)
    except httpx.TransportError:
        return False
    if response.status_code != 200 or response.headers["content-type"] == "text/html":
        return False
    return "image" in response.headers["content-type"] or '"stat":"ok"' in response.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"rates": {"503": 0.1}},
        {"image_rates": {"418": 0.1}},
        {"script": ((0, "teapot"),)},
        {"rates": {"429": 0.7, "500": 0.4}},
        {"rates": {"429": -0.1}},
    ],
)
def test_faults_that_make_no_sense_are_refused(wrong):
    with pytest.raises(UsageError):
        Faults(**wrong)
