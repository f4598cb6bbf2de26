from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from datasets import ClassLabel, Features, Image, Value
from huggingface_hub import DatasetCard
from hypothesis import given
from hypothesis import strategies as st

import flickrexif
from flickrexif.errors import FlickrexifError
from flickrexif.release import BuildPlan, build, read_manifest
from flickrexif.release.card import card_data, fill, markdown_text, render_card, template_path
from flickrexif.release.numbers import ClassCounts, Credit, count
from flickrexif.release.schema import attribute_config, photos_config

NOTICE = "This product uses the Flickr API but is not endorsed or certified by SmugMug, Inc."


@pytest.fixture(params=["masked", "images", "metadata"])
def release(request, releases):
    return releases[request.param]


def test_the_yaml_is_made_from_the_manifest(release):
    card = DatasetCard.load(release / "README.md")
    found = card.data.to_dict()
    expected = card_data(read_manifest(release))
    assert {word: found[word] for word in expected} == expected
    assert found["configs"][0]["config_name"] == "photos"
    assert found["configs"][0]["default"] is True


def test_the_card_says_what_it_must(release):
    text = (release / "README.md").read_text()
    assert NOTICE in text
    for words in (
        "**This release is synthetic.**",
        "## Licences",
        "**The annotations**",
        "## Taking a photo down",
        "What does {CLIP} know about your camera?",
        "@software{flickrexif",
        "{{The flickrexif authors}}",
        "What the labels are not for",
        "sandbox:seed=0",
        "- months: `2020-01..2020-02`",
        "](figures/licences.svg)\n\n*Photos per licence. Full texts: [CC-BY-2.0](https://",
        "**120 photos by 15 owners**",
        "on this dataset's page on the Hub",
        "For photo 50000000000 of this release:",
        "> [Photo 50000000000](https://www.flickr.test/photos/owner0/50000000000) by Owner 0 on",
    ):
        assert words in text, words
    assert "{%" not in text
    assert "None" not in text
    assert "Undefined" not in text


def test_only_masked_releases_speak_of_masks(releases):
    texts = {kind: (path / "README.md").read_text() for kind, path in releases.items()}
    assert "| center | 0.9 | 0.895727 | black |" in texts["masked"]
    assert "## Masks" not in texts["images"] + texts["metadata"]
    assert "no pixels" in texts["metadata"]


def test_a_corpus_of_flickr_is_not_called_synthetic(corpus_writer, tmp_path):
    real = corpus_writer(tmp_path / "corpus", endpoint="https://api.flickr.com/services/rest")
    build(real, BuildPlan("1.0.0", "metadata"), out=tmp_path / "release")
    text = (tmp_path / "release" / "README.md").read_text()
    assert "synthetic" not in text.lower()
    assert "Photos from Flickr" in text


def test_the_card_counts_what_was_left_out(corpus_writer, tmp_path):
    corpus = corpus_writer(tmp_path / "corpus", licenses={0: 6, 1: 2}, images={2: b"no image"})
    build(corpus, BuildPlan("1.0.0", crop=16), out=tmp_path / "release")
    text = (tmp_path / "release" / "README.md").read_text()
    for line in (
        "- 1 photos: licence allows no derivatives",
        "- 1 photos: licence is noncommercial",
        "- 1 photos: image cannot be read",
    ):
        assert line in text
    trimmed = sum(
        words["trimmed"] for words in read_manifest(tmp_path / "release")["attributes"].values()
    )
    assert f"- {trimmed} rows of labels" in text


def test_the_schema_speaks_as_datasets_does():
    config = attribute_config("x", ("1/60", "100", 'a "b"'), has_image=True)
    features = Features(
        {"image": Image(), "label": ClassLabel(names=["1/60", "100", 'a "b"'])}
        | {"photo_id": Value("int64")}
        | {
            name: Value("string")
            for name in ("owner_id", "owner_name", "license", "license_url", "page_url")
        }
    )
    assert Features.from_dict(config.features) == features
    assert Features.from_arrow_schema(config.arrow_schema()) == features
    assert config.arrow_schema().remove_metadata() == features.arrow_schema.remove_metadata()
    assert config.card_features() == features._to_yaml_list()


def test_the_photos_schema_speaks_as_datasets_does():
    config = photos_config()
    features = Features.from_dict(config.features)
    assert features.arrow_schema.remove_metadata() == config.arrow_schema().remove_metadata()
    assert config.card_features() == features._to_yaml_list()


def test_the_template_is_found():
    assert template_path().read_text().startswith("---\n{{ card_data }}\n---\n")


def test_every_column_of_photos_is_explained(release):
    text = (release / "README.md").read_text()
    explained = set(re.findall(r"`(\w+)`", text[text.index("| columns |") :]))
    assert set(photos_config().features) <= explained


def test_the_classes_are_counted_in_the_rows(release, rows_of):
    text = (release / "README.md").read_text()
    for name, words in read_manifest(release)["attributes"].items():
        start = text.index(f"**{name}**\n\n| class |")
        table = text[start : text.index("\n\n", start + 20)].splitlines()[4:]
        assert len(table) == len(words["classes"])
        for code, line in enumerate(table):
            of_splits = [rows_of(release, name, split) for split in ("train", "valid", "test")]
            rows = [rows.filter(label=code) for rows in of_splits]
            told = [one.height for one in rows] + [one["owner_id"].n_unique() for one in rows]
            shown = markdown_text(words["classes"][code])
            assert line == f"| {shown} | {' | '.join(map(str, told))} |"


def test_a_long_table_of_classes_is_folded(release):
    manifest, numbers = read_manifest(release), count(release, read_manifest(release))
    many = [f"class {place}" for place in range(9)]
    counts = ClassCounts("", dict.fromkeys(("train", "validation", "test"), 7), {"train": 3}, 3)
    manifest["attributes"]["make"]["classes"] = many
    classes = dict(numbers.classes) | {"make": tuple(replace(counts, name=one) for one in many)}
    text = render_card(manifest, numbers=replace(numbers, classes=classes))
    start = text.index("<summary><b>make</b>: 9 classes</summary>\n\n| class |")
    assert text.index("| class 8 |") < text.index("\n\n</details>", start)
    assert "<b>iso</b>" not in text


def test_each_kind_speaks_of_what_it_holds(releases):
    texts = {kind: (path / "README.md").read_text() for kind, path in releases.items()}
    assert "A row has `label`" in texts["metadata"]
    assert "A row has `image`" in texts["images"]
    assert "Image(decode=False)" in texts["images"]
    assert "Image(decode=False)" not in texts["masked"] + texts["metadata"]
    assert "cropped, resized and masked\n" in texts["masked"]
    assert "masked" not in texts["images"].replace("masking", "") + texts["metadata"]


def test_licences_that_a_release_refuses_are_told(release):
    manifest, numbers = read_manifest(release), count(release, read_manifest(release))
    told = "only photos whose licence allows commercial use"
    assert told not in render_card(manifest, numbers=numbers)
    manifest["corpus"]["licenses"] = "all"
    assert told in render_card(manifest, numbers=numbers)
    assert told not in render_card(manifest | {"allow_noncommercial": True}, numbers=numbers)


def test_owners_who_were_not_asked_are_told(release):
    manifest, numbers = read_manifest(release), count(release, read_manifest(release))
    assert "photos of owners who hide their EXIF on Flickr are not in" in render_card(
        manifest, numbers=numbers
    )
    manifest["corpus"]["ignore_hidden_exif"] = True
    assert "**owners were not asked**" not in render_card(manifest, numbers=numbers)
    manifest["corpus"]["exif_from"] = "file"
    assert "**owners were not asked**" in render_card(manifest, numbers=numbers)


def test_an_imported_corpus_claims_nothing_that_nobody_told(release):
    manifest, numbers = read_manifest(release), count(release, read_manifest(release))
    manifest["corpus"] |= {"months": "imported", "size": "none"}
    text = render_card(manifest, numbers=numbers)
    assert "nothing was crawled" in text
    for claim in ("EXIF consent", "No owner is in two splits", "re-encoded by Flickr"):
        assert claim not in text


def test_weak_associations_get_no_sentence(release):
    manifest, numbers = read_manifest(release), count(release, read_manifest(release))
    text = render_card(manifest, numbers=replace(numbers, pairs=(), confounds=()))
    assert "Attributes go together" not in text
    assert "Image size tells" not in text


def test_a_name_with_marks_is_shown_as_it_is(release):
    manifest, numbers = read_manifest(release), count(release, read_manifest(release))
    credit = Credit(7, "https://page", "a_*b*](http://evil)\n<img>", "CC0-1.0", "https://cc0")
    text = render_card(manifest, numbers=replace(numbers, credit=credit))
    assert r"by a\_\*b\*\](http://evil) &lt;img&gt; on Flickr," in text


@given(st.text())
def test_text_of_others_makes_no_markdown(words):
    shown = markdown_text(words)
    assert len(shown.splitlines()) <= 1
    assert shown == " ".join(shown.split())
    assert not set("<>") & set(shown)
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]|~#!]", shown.replace("&amp;", ""))


@pytest.mark.parametrize("word", ["seed", "made_with", "licenses"])
def test_a_missing_word_is_an_error_in_one_line(release, word):
    manifest, numbers = read_manifest(release), count(release, read_manifest(release))
    del manifest[word]
    with pytest.raises(FlickrexifError) as error:
        render_card(manifest, numbers=numbers)
    (line,) = str(error.value).splitlines()
    assert re.fullmatch(rf"card template 'flickrexif.md', line \d+: .*'{word}'; mend .*", line)


def test_a_card_without_its_numbers_is_an_error(release):
    with pytest.raises(
        FlickrexifError, match=r"'flickrexif.md', line \d+: '(numbers|figures)' is undefined"
    ):
        render_card(read_manifest(release))


@pytest.mark.parametrize(
    ("template", "told"),
    [("a\nb {{ absent }}", "line 2: 'absent' is undefined"), ("a\n\n{% if %}", "line 3: Expected")],
)
def test_the_line_of_a_fault_is_told(template, told):
    with pytest.raises(FlickrexifError, match=re.escape(f"card template 'x.md', {told}")) as error:
        fill(template, {}, name="x.md")
    assert "\n" not in str(error.value)


def test_a_faulty_template_stops_a_build_and_leaves_no_release(corpus, tmp_path):
    """In a copy of the package, since a template lies beside the code."""
    package = Path(flickrexif.__file__).parent
    shutil.copytree(package, tmp_path / "flickrexif", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(template_path().parent, tmp_path / "cards", dirs_exist_ok=True)
    template = tmp_path / "cards" / "flickrexif.md"
    sound = template.read_text()
    template.write_text(sound.replace("{{ release.version }}", "{{ release.vresion }}", 1))
    command = [sys.executable, "-c", "from flickrexif.cli import main; main()", "build"]
    command += [str(corpus), "--version", "1.0.0", "--kind", "metadata", "--out", "release"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    failed = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert failed.returncode == 1
    (line,) = failed.stderr.splitlines()
    assert "card template 'flickrexif.md', line " in line
    assert "has no attribute 'vresion'" in line
    assert not (tmp_path / "release").exists()
    assert not list(tmp_path.rglob("README.md"))
