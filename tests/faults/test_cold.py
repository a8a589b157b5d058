"""Row 62: nothing but the engine is compiled yet. What is loaded is compiled meanwhile, and nobody hears of it."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from chronus import places
from chronus.catalogue.kinds import Catalogue
from chronus.drills.bench import FOUNDING
from chronus.memory import layout
from tests.faults.table import nothing_missing
from tests.kit.live import Home, engine, until
from tests.kit.takes import memory_of, take
from tests.kit.talk import Talker

pytestmark = [pytest.mark.proof, pytest.mark.clock, pytest.mark.timeout(400)]

SONG = "bpm 174; load kick model=dnb; seq kick: X.........x....."


@pytest.fixture
def bare(tmp_path) -> Path:
    """A folder for caches in which there is what an engine cannot be without, and no kernel but that of `out`."""
    cache = tmp_path / "cache"
    kernels = cache / "chronus" / places.kernel_cache().name
    shutil.copytree(places.kernel_cache(), kernels)
    for code in kernels.rglob("*.code-*"):
        if code.parent.name.startswith("modules") and not code.name.startswith("out."):
            code.unlink()
    for known in (*kernels.glob("*.complete"), *kernels.glob("*.costs")):
        known.unlink()
    return cache


BUSY_SECONDS = 100
"""Some kernels take so long on a machine on which many others compile."""


def compilers(pid: int) -> list[psutil.Process]:
    return [child for child in psutil.Process(pid).children() if "chronus compiling" in " ".join(child.cmdline())]


def test_row_62_with_an_empty_cache_the_engine_comes_first_and_the_founding_lines_next(tmp_path, measured):
    began = time.monotonic()
    with engine(tmp_path, "--device", "null", XDG_CACHE_HOME=str(tmp_path / "cache")) as running:
        measured("62", "an engine with an empty cache", time.monotonic() - began, "s", bar=10, soak=True)
        began = time.monotonic()
        done = running.home.chronus(typed=FOUNDING, seconds=300)
        measured("62", "then the founding lines answered", time.monotonic() - began, "s", bar=20, soak=True)
        assert done.returncode == 0, done.stdout + done.stderr
        nothing_missing(running.status()["counters"])
        assert running.stop() == 0


def test_row_62_a_render_with_an_empty_cache_compiles_what_its_script_needs_and_nothing_else(tmp_path, measured):
    script, cache = tmp_path / "three.chronus", tmp_path / "cache"
    script.write_text("load tb303; patch tb303 > filter > delay\nseq tb303: ..x.x.x.\n")
    began = time.monotonic()
    words = ("render", str(script), "-o", str(tmp_path / "three.wav"), "--bars", "2")
    done = Home(tmp_path).chronus(*words, seconds=300, XDG_CACHE_HOME=str(cache))
    measured("62", "a render of three modules with an empty cache", time.monotonic() - began, "s", bar=12, soak=True)
    assert done.returncode == 0, done.stdout + done.stderr
    made = {code.name.partition("-")[0] for code in cache.rglob("*.code-*")}
    kernels = {"tb303.tb303_1", "filter.filter_1", "delay.delay_2", "out.out_2"}
    assert made == {"block._block", "unpaced.render", "loudness._energies"} | kernels


def test_row_62_each_kind_is_answered_when_it_plays_and_no_frame_is_lost(tmp_path, bare, measured):
    took: dict[str, float] = {}

    def loading(running, memory):
        with Talker(running.home) as line:
            line.socket.settimeout(BUSY_SECONDS)
            before = [running.worker(slot) for slot in range(2)]
            for kind in sorted(set(Catalogue.load().kinds) - {"out", "kick"}):
                took[kind] = line.fine(f"load {kind} as k_{kind}")
                line.fine(f"unload k_{kind}")
            assert [running.worker(slot) for slot in range(2)] == before

    done = take(tmp_path, loading, song=SONG, XDG_CACHE_HOME=str(bare))
    slowest = max(took, key=lambda kind: took[kind])
    measured("62", f"load of what was never compiled, the slowest ({slowest})", took[slowest], "s", bar=2, soak=True)
    measured("62", "frames lost", done.lost, bar=0)


def test_row_62_others_are_answered_while_somebody_waits_for_a_compiler(tmp_path, bare, measured):
    with engine(tmp_path, "--device", "null", XDG_CACHE_HOME=str(bare)) as running:
        with Talker(running.home) as anna, Talker(running.home) as ben:
            ben.fine("load kick")
            anna.begin("load tb303; load bass; patch tb303 > filter > distortion > delay")
            slowest = max(ben.fine("set kick.decay 200ms") for _ in range(50))
            assert compilers(running.process.pid)
            anna.socket.settimeout(BUSY_SECONDS)
            anna.rest()
            assert all(reply.ok for reply in anna.replies)
        measured("62", "answers to others meanwhile, the slowest", slowest * 1e3, "ms", bar=250, soak=True)
        assert running.stop() == 0


def test_row_62_compilers_that_are_killed_over_it_are_begun_again_and_the_load_is_answered(tmp_path, bare):
    killed = []

    def breaking(running, memory):
        with Talker(running.home) as line:
            for kinds in ("bass", "tb303"):
                line.socket.settimeout(BUSY_SECONDS)
                line.begin(f"load {kinds}")
                for one in until(lambda: compilers(running.process.pid), 10):
                    killed.append(one.pid)
                    os.kill(one.pid, signal.SIGKILL)
                line.rest()
            assert all(reply.ok for reply in line.replies), [reply.text for reply in line.replies]

    assert take(tmp_path, breaking, song=SONG, XDG_CACHE_HOME=str(bare)).lost == 0 and killed


def test_row_62_a_cache_that_fails_while_the_engine_plays_refuses_the_load_and_nothing_else(tmp_path, bare):
    def breaking(running, memory):
        (modules,) = {code.parent for code in bare.rglob("out.*.code-*")}
        shutil.rmtree(modules)
        modules.touch()
        with Talker(running.home) as line:
            line.socket.settimeout(BUSY_SECONDS)
            refused = line.ask("load bass")
            assert not refused.ok and refused.code == "E_FILE" and str(modules) in refused.text, refused
            assert "XDG_CACHE_HOME" in refused.text and line.ask("set kick.decay 200ms").ok
            modules.unlink()
            assert line.ask("load bass").ok, "it can be said again"

    assert take(tmp_path, breaking, song=SONG, XDG_CACHE_HOME=str(bare)).lost == 0


def test_row_62_a_rack_comes_back_though_the_kernels_are_gone_that_it_needs(tmp_path, bare):
    with engine(tmp_path, "--device", "null", XDG_CACHE_HOME=str(bare)) as running:
        with Talker(running.home) as line:
            line.socket.settimeout(BUSY_SECONDS)
            line.fine("load bass; patch bass > delay; seq bass: x.x.x.x.")
        running.process.kill()
        running.process.wait()
    for code in bare.rglob("modules_*/*.code-*"):
        if not code.name.startswith("out."):
            code.unlink()
    with engine(tmp_path, "--device", "null", XDG_CACHE_HOME=str(bare)) as running:
        assert any("recovered" in note for note in running.notes), running.notes
        until(lambda: running.status()["modules"] == 2, BUSY_SECONDS, "the rack is not there")
        blocks = memory_of(running).ring(0).view(np.float32).reshape(layout.RING_BLOCKS, -1)
        until(lambda: np.abs(blocks[:, layout.RING_HEAD * 2 :]).max() > 0.01, 10, "nothing is heard of it")
        assert running.stop() == 0


def test_row_62_two_engines_and_two_renders_fill_one_cache_at_once(tmp_path, bare):
    script = tmp_path / "song.chronus"
    script.write_text("load bass; load tb303; patch tb303 > filter > delay\nseq bass: x.x.x.x.\nseq tb303: ..x.x.x.\n")
    homes = [Home(folder) for folder in (tmp_path / "a", tmp_path / "b") if not folder.mkdir()]
    done: dict[int, object] = {}

    def render(k: int) -> None:
        words = ("render", str(script), "-o", str(tmp_path / f"{k}.wav"), "--bars", "2", "--float")
        done[k] = homes[k].chronus(*words, seconds=300, XDG_CACHE_HOME=str(bare))

    def play(k: int) -> None:
        typed = "load bass; load tb303; patch tb303 > filter > delay\nload kick; load snare"
        done[k] = homes[k - 2].chronus("--device", "null", typed=typed, seconds=300, XDG_CACHE_HOME=str(bare))

    threads = [threading.Thread(target=(render if k < 2 else play), args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.returncode for one in done.values()] == [0] * 4, [one.stdout + one.stderr for one in done.values()]
    assert (tmp_path / "0.wav").read_bytes() == (tmp_path / "1.wav").read_bytes()


def test_row_62_a_module_that_cannot_be_compiled_is_refused_by_its_name(tmp_path, bare):
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "knot.py").write_text(
        '"""A module that no compiler understands."""\nfrom chronus.catalogue.spec import Spec\nfrom chronus.dsp.kernel import kernel\n\n'
        'SPEC = Spec(kind="knot", help="a knot")\n\n\n@kernel(SPEC)\n'
        "def render(ins, outs, params, moving, state, memory, seed, rate, frames):\n    outs[0][0, 0] = memory.knot\n"
    )
    with engine(tmp_path, "--device", "null", XDG_CACHE_HOME=str(bare), CHRONUS_MODULES=str(modules)) as running:
        with Talker(running.home) as line:
            line.socket.settimeout(BUSY_SECONDS)
            refused = line.ask("load knot")
            assert not refused.ok and refused.code == "E_MODULE" and "knot x1 cannot be compiled" in refused.text
            assert line.ask("load kick").ok
        assert running.stop() == 0
