"""A reviewer's decisions reach the manifest, and nobody else's do."""

from __future__ import annotations

import csv
import http.client
import json
import re
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pair_reports import finding, report_of, verdict

from flickrexif.errors import UsageError
from paircams import validate
from paircams.decisions import Decided, file_for_decisions, read_decisions, write_decision
from paircams.pairs import read_pairs
from paircams.releasing import PairsPlan, build, verify
from paircams.review import Review

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pair_scenes import Album

ROWS = (
    "subject_idx,smartphone,camera,license\n"
    '001,001/smartphone.jpg,001/camera.jpg,"CC0-1.0, twice"\n'
    "002,002/smartphone.jpg,002/camera.jpg,\n"
    "003,too,many,fields,here\n"
    "002,,003/camera.jpg,\n"
)


@contextmanager
def reviewing(path: Path) -> Iterator[Review]:
    report = report_of(path, finding("002"), verdicts=(verdict("003", "review"),))
    with Review(report) as review:
        serving = threading.Thread(target=review.serve_forever)
        serving.start()
        try:
            yield review
        finally:
            review.stop()
            serving.join()


@pytest.fixture
def review(album: Album) -> Iterator[Review]:
    with reviewing(album.root) as served:
        yield served


def ask(
    review: Review,
    method: str = "POST",
    path: str | None = None,
    body: str | None = None,
    **headers: str | None,
) -> tuple[int, str, dict[str, str]]:
    told = {
        "Origin": f"http://127.0.0.1:{review.port}",
        "Content-Type": "application/json",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    connection = http.client.HTTPConnection("127.0.0.1", review.port, timeout=10)
    try:
        connection.request(
            method,
            f"/{review.token}/decide" if path is None else path,
            body,
            {name: value for name, value in told.items() if value is not None},
        )
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), dict(answer.headers)
    finally:
        connection.close()


def decide(review: Review, subject: str = "002", decision: str = "accept", **more: object) -> str:
    return json.dumps({"subject_idx": subject, "decision": decision, **more})


def decided(review: Review) -> dict[str, str]:
    known = read_decisions(review.file)
    return {name: told.decision for name, told in known.items() if told.decision}


def test_a_folder_without_a_manifest_gets_one_that_declares_the_same(album: Album) -> None:
    album.camera(3, "png").write_bytes(album.camera(3).read_bytes())
    before = read_pairs(album.root)
    manifest = file_for_decisions(before)
    after = read_pairs(manifest)
    assert manifest == album.root / "pairs.csv"
    assert [subject.files for subject in after.subjects] == [
        subject.files for subject in before.subjects
    ]


def test_a_decision_is_in_the_manifest_when_it_is_answered(review: Review) -> None:
    status, _, _ = ask(review, body=decide(review, note="seen\n twice"))
    assert status == 200
    assert read_decisions(review.file)["002"] == Decided("accept", "seen twice")
    assert ask(review, body=decide(review, "003", "reject"))[0] == 200
    assert decided(review) == {"002": "accept", "003": "reject"}
    assert ask(review, body=decide(review, "002", ""))[0] == 200
    assert decided(review) == {"003": "reject"}
    assert review.outcome().line().startswith("0 accepted, 1 rejected, 5 undecided; written to ")


def test_the_page_shows_what_was_decided_before(review: Review) -> None:
    ask(review, body=decide(review, "002", "reject", note="<b>"))
    status, page, headers = ask(review, "GET", f"/{review.token}/", Origin=None)
    assert status == 200
    marked = re.findall(r'<article [^>]*data-subject="(\w+)"[^>]*data-decision="reject"', page)
    assert marked == ["002"]
    assert 'value="&lt;b&gt;"' in page
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"] == "frame-ancestors 'none'"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": None},
        {"Origin": "https://127.0.0.1"},
        {"Host": "evil.example"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
    ],
)
def test_another_origin_or_host_is_refused(review: Review, headers: dict[str, str | None]) -> None:
    status, _, _ = ask(review, body=decide(review), **headers)
    assert status == 403
    assert decided(review) == {}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_the_token_there_is_nothing(review: Review, method: str) -> None:
    for path in ("/", "/decide", "/x/decide", f"/{review.token}", f"/{review.token[:-1]}/"):
        status, told, _ = ask(review, method, path, decide(review))
        assert status == 404
        assert review.token not in told
    assert decided(review) == {}


def test_the_page_is_not_shown_to_another_host(review: Review) -> None:
    assert ask(review, "GET", f"/{review.token}/", Origin=None, Host="evil.example")[0] == 403


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ("not json", {}),
        ("[]", {}),
        ('{"subject_idx": 2, "decision": "accept"}', {}),
        ('{"subject_idx": "002"}', {}),
        ('{"subject_idx": "002", "decision": "burn"}', {}),
        ('{"subject_idx": "999", "decision": "accept"}', {}),
        ('{"subject_idx": "002", "decision": "accept"}', {"Content_Type": "text/plain"}),
        ('{"subject_idx": "002", "decision": "accept"' + " " * 20_000 + "}", {}),
    ],
)
def test_what_is_no_decision_is_refused_and_changes_nothing(
    review: Review, body: str, headers: dict[str, str]
) -> None:
    before = review.file.read_bytes()
    status, _, _ = ask(review, body=body, **headers)
    assert status == 400
    assert review.file.read_bytes() == before
    assert ask(review, body=decide(review))[0] == 200


def test_done_ends_the_review(album: Album) -> None:
    with Review(report_of(album.root)) as review:
        serving = threading.Thread(target=review.serve_forever)
        serving.start()
        assert ask(review, body='{"done": true}')[0] == 200
        serving.join(timeout=10)
        assert not serving.is_alive()


def test_two_reviews_have_two_tokens(album: Album) -> None:
    with Review(report_of(album.root)) as one, Review(report_of(album.root)) as other:
        assert one.token != other.token
        assert len(one.token) >= 32
        with pytest.raises(UsageError, match=f"port {one.port}"):
            Review(report_of(album.root), port=one.port)


def test_what_other_cells_hold_stays_as_it_is(album: Album) -> None:
    manifest = album.root / "mine.csv"
    manifest.write_text(ROWS)
    write_decision(manifest, "002", Decided("reject", "a, b"))
    with manifest.open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["subject_idx", "smartphone", "camera", "license", "decision", "note"]
    assert rows == [
        ["001", "001/smartphone.jpg", "001/camera.jpg", "CC0-1.0, twice", "", ""],
        ["002", "002/smartphone.jpg", "002/camera.jpg", "", "reject", "a, b"],
        ["003", "too", "many", "fields", "here"],
        ["002", "", "003/camera.jpg", "", "reject", "a, b"],
    ]


def test_lines_of_jsonl_that_cannot_be_read_stay_as_they_are(album: Album) -> None:
    manifest = album.root / "mine.jsonl"
    good = '{"subject_idx": 7, "smartphone": "é.jpg", "camera": null}'
    manifest.write_text(f"{{\n[1]\n{good}\n")
    write_decision(manifest, "7", Decided("accept"))
    first, second, third = manifest.read_text().splitlines()
    assert (first, second) == ("{", "[1]")
    assert json.loads(third) == {**json.loads(good), "decision": "accept", "note": ""}
    assert read_decisions(manifest) == {"7": Decided("accept")}


NOTES = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=40)


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["", "accept", "reject"]), NOTES)))
def test_the_last_decision_stands(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[int, str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("decisions")
    for suffix, text in (
        ("csv", "subject_idx,smartphone,camera\n1,a,b\n2,c,d\n3,e,f\n"),
        ("jsonl", "".join(f'{{"subject_idx": "{n}"}}\n' for n in (1, 2, 3))),
    ):
        manifest = folder / f"pairs.{suffix}"
        manifest.write_text(text)
        expected = {str(number): Decided() for number in (1, 2, 3)}
        for number, decision, note in told:
            write_decision(manifest, str(number), Decided(decision, note))
            expected[str(number)] = Decided(decision, note)
        assert read_decisions(manifest) == expected


@pytest.fixture
def dataset(built: Path, tmp_path: Path) -> Path:
    """A release, which is a folder of parquet files."""
    return Path(shutil.copytree(built, tmp_path / "PairCams"))


def test_decisions_on_a_dataset_stand_beside_it_and_are_heeded(
    dataset: Path, tmp_path: Path
) -> None:
    declared = read_pairs(dataset)
    file = file_for_decisions(declared)
    assert file == tmp_path / "PairCams.decisions.csv"
    assert file.read_text() == "subject_idx,decision,note\n001,,\n002,,\n003,,\n"
    write_decision(file, "002", Decided("reject", "blurred, both"))
    write_decision(file, "003", Decided("accept"))
    again = {one.subject_idx: one.decision for one in read_pairs(dataset).subjects}
    assert again == {"001": None, "002": "reject", "003": "accept"}
    assert file_for_decisions(read_pairs(dataset)).read_text() == file.read_text()
    assert read_decisions(file)["002"] == Decided("reject", "blurred, both")
    assert verify(dataset) == []
    summary = build(dataset, PairsPlan("1.0.1"), out=tmp_path / "out", previous=dataset)
    assert summary.left_out == {"rejected in review": 1}


def test_a_parquet_manifest_has_its_file_under_either_name(album: Album) -> None:
    names = [f"00{number}/smartphone.jpg" for number in (1, 2)]
    rows = {"subject_idx": ["1", "2"], "smartphone": names, "camera": names}
    table = pa.table({**rows, "decision": ["accept", None]})
    pq.write_table(table, album.root / "pairs.parquet")
    expected = album.root / "pairs.parquet.decisions.csv"
    assert file_for_decisions(read_pairs(album.root / "pairs.parquet")) == expected
    assert file_for_decisions(read_pairs(album.root)) == expected
    assert read_decisions(expected) == {"1": Decided("accept"), "2": Decided()}
    write_decision(expected, "1", Decided())
    assert {one.decision for one in read_pairs(album.root).subjects} == {None}


def test_subjects_that_came_get_a_row_and_what_left_is_kept(dataset: Path, tmp_path: Path) -> None:
    file = tmp_path / "PairCams.decisions.csv"
    file.write_text("subject_idx,decision,note\n002,Reject,\n009,accept,left\n")
    assert file_for_decisions(read_pairs(dataset)) == file
    assert list(read_decisions(file)) == ["001", "002", "003", "009"]
    assert read_decisions(file)["009"] == Decided("accept", "left")
    assert read_pairs(dataset).subjects[1].decision == "reject"


def test_a_decision_that_is_none_is_found_in_its_file(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "PairCams.decisions.csv").write_text("subject_idx,decision\n001,perhaps\n")
    [found] = validate(dataset, only=("row",)).findings
    assert found.message.startswith("line 2 has the decision 'perhaps'")
    assert found.file == "PairCams.decisions.csv"


def test_a_decision_on_no_subject_is_an_error_and_never_passed_over(
    dataset: Path, tmp_path: Path
) -> None:
    file = tmp_path / "PairCams.decisions.csv"
    file.write_text("subject_idx,decision\n1,reject\n2,\n003,accept\n")
    [found] = validate(dataset, only=("P001",)).findings
    assert (found.rule, found.severity, found.file) == ("P001", "error", file.name)
    assert found.message == (
        "line 2 decides on subject '1', which the set does not have; write the subject as the set "
        "does, or delete the row"
    )
    plan = PairsPlan("1.0.1", leave_out_failed=True)
    with pytest.raises(UsageError, match=r"PairCams\.decisions\.csv': line 2 decides on subject"):
        build(dataset, plan, out=tmp_path / "out")
    file.write_text("subject_idx,decision\n001,reject\n")
    assert build(dataset, plan, out=tmp_path / "out").left_out == {"rejected in review": 1}


def test_decisions_between_semicolons_are_refused_by_that_name(
    dataset: Path, tmp_path: Path
) -> None:
    (tmp_path / "PairCams.decisions.csv").write_text("subject_idx;decision;note\n001;reject;\n")
    with pytest.raises(UsageError, match=r"decisions\.csv' has semicolons between its columns"):
        read_pairs(dataset)


def test_where_no_file_can_be_written_the_review_does_not_begin(dataset: Path) -> None:
    (dataset.parent / "PairCams.decisions.csv").mkdir()
    with pytest.raises(UsageError, match=r"PairCams\.decisions\.csv' cannot be written"):
        Review.open(dataset)
