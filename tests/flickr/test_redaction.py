from __future__ import annotations

import io
import logging

from hypothesis import given
from hypothesis import strategies as st

from flickrexif.flickr.redaction import RedactKey, guarded_logs, redact

KEY = "0123456789abcdef0123456789abcdef"


@given(before=st.text(), after=st.text())
def test_the_key_never_survives(before, after):
    assert KEY not in redact(before + KEY + after, KEY)


def test_a_key_argument_is_hidden_even_when_the_key_is_not_known():
    address = f"http://127.0.0.1/rest/?api_key={KEY}&page=1"
    assert redact(address) == "http://127.0.0.1/rest/?api_key=[key]&page=1"


def test_the_filter_cleans_arguments_and_tracebacks():
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(RedactKey(KEY))
    logger = logging.getLogger("flickrexif.test_redaction")
    logger.propagate = False
    logger.addHandler(handler)
    try:
        raise ValueError(f"asked {KEY}")
    except ValueError:
        logger.exception("at %s", f"?api_key={KEY}")
    assert "ValueError" in written.getvalue()
    assert KEY not in written.getvalue()


def test_the_http_librarys_own_lines_are_cleaned(caplog):
    with caplog.at_level(logging.DEBUG), guarded_logs(KEY):
        logging.getLogger("httpx").info("HTTP Request: GET http://x/?api_key=%s", KEY)
        logging.getLogger("httpcore.http11").debug("send b'?api_key=%s&page=1'", KEY)
        logging.getLogger("aiohttp.client").warning("Illegal cookie from %s", KEY)
        logging.getLogger("asyncio").error("Unclosed connection", exc_info=ValueError(KEY))
    assert len(caplog.records) == 4
    assert KEY not in caplog.text
