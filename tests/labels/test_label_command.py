"""`flickrexif label` as its user meets it."""

from __future__ import annotations

import json
import shutil

import pytest


@pytest.fixture
def corpus(made_corpus, here):
    return shutil.copytree(made_corpus.path, here / "corpus")


@pytest.fixture
def label(run):
    return run.under("label")


def test_json_is_what_stands_in_the_file(corpus, label):
    words = ("--min-photos", "20", "--min-owners", "6", "--bins", "iso=full-stop")
    code, out, err = label(corpus, "--json", *words)
    assert (code, err) == (0, "")
    assert json.loads(out) == json.loads((corpus / "labels.json").read_text(encoding="utf-8"))
    assert json.loads(out)["bins"] == {"iso": "full-stop"}


def test_bins_may_stand_in_the_settings(corpus, label):
    (corpus.parent / "flickrexif.toml").write_text(
        '[label]\nbins = ["iso=full-stop", "exposure=third-stop"]\n'
    )
    told = json.loads(label(corpus, "--json")[1])
    assert told["bins"] == {"exposure": "third-stop", "iso": "full-stop"}


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--bins", "iso"], "--bins 'iso': write each attribute once, as in exposure=third-stop"),
        (["--bins", "iso="], "--bins 'iso=': write each attribute once"),
        (["--bins", "iso=printed", "--bins", "iso=full-stop"], "write each attribute once"),
        (["--bins", "shoe=large"], "'shoe' has no bins: use one of exposure, aperture, iso, focal"),
        (["--bins", "iso=large"], "iso has no bins 'large': use one of printed, third-stop, full"),
        (["--bins", "focal_length=35"], "use one of printed, 35mm, 35mm-common"),
        (["--preset", "paper", "--bins", "iso=full-stop"], "leave the bins out or use preset auto"),
    ],
)
def test_other_words_are_one_line_and_write_nothing(corpus, label, words, line):
    assert line in label.refused(corpus, *words)
    assert not (corpus / "labels.json").exists()


def test_the_same_words_twice_are_no_contradiction(corpus, label):
    assert label(corpus, "--bins", "iso=full-stop", "--bins", "iso=full-stop")[0] == 0


def test_people_read_few_lines(corpus, label):
    code, out, _ = label(corpus, "--min-photos", "20", "--min-owners", "6")
    assert code == 0
    assert "not labelled: " in out
    assert "go together (Cramér's V" in out
    assert max(map(len, out.splitlines())) < 250
