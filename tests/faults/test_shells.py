"""Rows 25 and 26 as they are heard: a shell is killed, hung up or interrupted, and the music does not notice."""

import shutil
import subprocess

import pytest

from tests.kit.live import PYTHON
from tests.kit.takes import settle, take
from tests.kit.terminal import Terminal


@pytest.mark.proof
@pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is not installed")
def test_rows_25_26_a_shell_that_is_killed_or_hung_up_or_interrupted_loses_no_frame(tmp_path, measured):
    def breaking(running, memory):
        home, pids = running.home, set(running.pids())
        piped = subprocess.Popen(
            [PYTHON, "-m", "chronus"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=home.environment
        )
        assert piped.stdin and piped.stdout
        piped.stdin.write(b"set bass.cutoff 600\nwait 500 bars\n")
        piped.stdin.flush()
        assert piped.stdout.readline().startswith(b"ok 1 ")
        piped.kill()
        assert piped.wait() < 0
        window = Terminal(home.folder, home.environment)
        try:
            window.wait_for_prompt()
            for k in (1, 2):
                window.type(f"set bass.cutoff {700 + k}; wait 500 bars", "Enter", "C-c")
                window.wait_for(f"ok {2 * k - 1} set bass.cutoff")
                window.wait_for_prompt()
            window.enter("wait 500 bars")
        finally:
            window.close()  # its shell hears a SIGHUP
        settle(memory, 0.5)
        assert pids <= set(running.pids())
        assert home.chronus("-c", "assert bass.cutoff == 702").returncode == 0

    done = take(tmp_path, breaking)
    for row in ("25", "26"):
        measured(row, "frames lost", done.lost, bar=0)
