"""``flickrexif sandbox --hub DIR -- COMMAND``: a Hub for as long as a command takes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

SCRIPT = Path(sys.executable).with_name("flickrexif")
ASK = """
import os
from urllib.error import HTTPError
from urllib.request import urlopen
try:
    print(urlopen(os.environ["HF_ENDPOINT"] + "/api/datasets/lab/none/refs").status)
except HTTPError as error:
    print(error.code, os.environ["HF_ENDPOINT"])
raise SystemExit(7)
"""


def beside_hub(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT, "sandbox", "--hub", folder, "--", *command],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_command_finds_the_hub_and_its_exit_code_is_passed_on(tmp_path):
    done = beside_hub(tmp_path / "hub", sys.executable, "-c", ASK)
    assert (done.returncode, done.stderr) == (7, "")
    status, endpoint = done.stdout.split()
    assert status == "404"
    with pytest.raises(OSError, match="refused"):
        urlopen(f"{endpoint}/api/datasets")


def test_what_a_command_made_is_there_for_the_next(tmp_path):
    code = "from huggingface_hub import HfApi; api = HfApi(); "
    made = "api.create_repo('lab/photos', repo_type='dataset')"
    asked = "print(api.repo_exists('lab/photos', repo_type='dataset'))"
    assert beside_hub(tmp_path / "hub", sys.executable, "-c", code + made).returncode == 0
    assert beside_hub(tmp_path / "hub", sys.executable, "-c", code + asked).stdout == "True\n"


def test_a_command_that_is_none_is_one_line(tmp_path):
    done = beside_hub(tmp_path / "hub", "no-such-program")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: cannot run 'no-such-program': No such file or directory\n"


def test_a_command_without_a_hub_is_refused():
    words = [SCRIPT, "sandbox", "--", "ls"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--hub DIR" in done.stderr


@pytest.mark.parametrize("to_whom", ["the sandbox", "both"])
def test_a_signal_ends_both(tmp_path, to_whom):
    waits = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    process = subprocess.Popen(
        [SCRIPT, "sandbox", "--hub", tmp_path / "hub", "--", sys.executable, "-c", waits],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    )
    with process:
        child = int(process.stdout.readline())
        if to_whom == "both":  # as a terminal does it
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.terminate()
        assert process.wait(30) == 128 + (signal.SIGINT if to_whom == "both" else signal.SIGTERM)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
