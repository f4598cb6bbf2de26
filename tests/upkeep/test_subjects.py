"""What is to be taken down is named in every way that its owner would name it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flickrexif.errors import UsageError
from flickrexif.upkeep.subjects import (
    Subject,
    parse_owner,
    parse_photo,
    parse_subject,
    read_subjects,
)


@pytest.mark.parametrize(
    ("word", "subject"),
    [
        ("49512345678", Subject("photo", "49512345678")),
        (" 49512345678\n", Subject("photo", "49512345678")),
        ("12345678@N00", Subject("owner", "12345678@N00")),
        ("https://www.flickr.com/photos/anna/49512345678/", Subject("photo", "49512345678")),
        ("http://flickr.com/photos/anna/49512345678", Subject("photo", "49512345678")),
        (
            "https://www.flickr.com/photos/12345678@N00/495/in/photostream/?x=1#y",
            Subject("photo", "495"),
        ),
        ("https://www.flickr.com/photos/12345678@N00/", Subject("owner", "12345678@N00")),
        ("https://www.flickr.com/photos/12345678%40N00", Subject("owner", "12345678@N00")),
    ],
)
def test_ids_accounts_and_pages_are_understood(word, subject):
    assert parse_subject(word) == subject


@pytest.mark.parametrize(
    "word",
    [
        "",
        "0",
        "-5",
        "photo",
        "9" * 19,
        "12345678@N0",
        "\u0661\u0662\u0663",
        "https://www.flickr.com/photos/anna/",
        "https://www.flickr.com/photos/anna/albums/72157",
        "https://www.flickr.com/people/anna",
        "ftp://www.flickr.com/photos/anna/495",
    ],
)
def test_other_words_are_refused_with_examples(word):
    with pytest.raises(UsageError, match="give a photo id such as"):
        parse_subject(word)


def test_a_photo_is_no_owner_and_an_owner_no_photo():
    with pytest.raises(UsageError, match="names an owner, not a photo"):
        parse_photo("12345678@N00")
    with pytest.raises(UsageError, match="names a photo, not an owner"):
        parse_owner("495")


@given(st.text())
def test_no_word_breaks_the_parser(word):
    try:
        subject = parse_subject(word)
    except UsageError:
        return
    assert parse_subject(subject.name) == subject


def test_a_list_has_one_subject_a_line(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("\ufeff495\r\n\n# asked by mail\n12345678@N00\n", encoding="utf-8")
    assert read_subjects(path) == [Subject("photo", "495"), Subject("owner", "12345678@N00")]


def test_a_bad_line_is_told_by_its_number(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("495\nanna\n")
    with pytest.raises(UsageError, match=r"list.txt', line 2: 'anna' names no photo"):
        read_subjects(path)


def test_a_list_that_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "list.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="cannot be read"):
        read_subjects(tmp_path / "list.txt")
    with pytest.raises(UsageError, match="cannot be read"):
        read_subjects(tmp_path / "none.txt")
