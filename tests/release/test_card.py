from __future__ import annotations

import pytest
from datasets import ClassLabel, Features, Image, Value
from huggingface_hub import DatasetCard

from flickrexif.release import BuildPlan, build, read_manifest
from flickrexif.release.card import card_data, template_path
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
        "[CC-BY-2.0](https://creativecommons.org/licenses/by/2.0/) | 120 |",
        "**120 photos by\n15 owners**",
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
