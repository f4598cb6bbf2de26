from __future__ import annotations

import math

import pytest

from flickrexif.flickr.failures import BROKEN_FILES, Failure, attempts_of, is_transient

VAGUE = "Sorry, the Flickr API service is not currently available."


@pytest.mark.parametrize(
    "failure",
    [
        Failure("transport", "no answer (ReadTimeout)"),
        Failure("status", "", status=429),
        Failure("status", "", status=500),
        Failure("status", "", status=502),
        Failure("body", "unparseable"),
        Failure("body", "no_photo_list"),
        Failure("body", "truncated"),
        Failure("body", "html"),
        Failure("foreign", "html"),
        Failure("refused", "redirected", status=302),
        Failure("api", "Search is unavailable", code=10),
        Failure("api", "Service currently unavailable", code=105),
        Failure("api", VAGUE, code=201),
        Failure("api", VAGUE, code=0),
    ],
)
def test_what_may_pass_is_tried_again(failure):
    assert is_transient(failure)
    assert attempts_of(failure) > 1


@pytest.mark.parametrize(
    "failure",
    [
        Failure("status", "", status=400),
        Failure("status", "", status=401),
        Failure("status", "", status=403),
        Failure("status", "", status=404),
        Failure("refused", "gone", status=404),
        Failure("refused", "gone", status=410),
        Failure("refused", "too_large"),
        Failure("foreign", "", status=404),
        Failure("api", "Photo not found", code=1),
        Failure("api", "Permission denied", code=2),
        Failure("api", "Invalid API Key", code=100),
        Failure("api", "Something else", code=201),
        Failure("api", "Illogical arguments", code=18),
    ],
)
def test_what_will_not_change_is_not(failure):
    assert not is_transient(failure)
    assert attempts_of(failure) == 1


def test_a_broken_file_is_believed_sooner_than_a_broken_host():
    for text in BROKEN_FILES:
        assert attempts_of(Failure("body", text)) == 3
    assert attempts_of(Failure("body", "html")) == math.inf
    assert attempts_of(Failure("status", "", status=502)) == math.inf
