"""`hear`: what is measured is the sound that was heard, from what the replicas kept of it or rendered again from the journal."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from chronus import places
from chronus.ears import references
from chronus.ears.hearing import hear
from chronus.engine_line import Listen, Stretch
from chronus.errors import ChronusError
from chronus.journal import reading
from chronus.memory import layout, taps
from chronus.memory.layout import BLOCK, Memory
from chronus.render.take import Take, play_journal
from chronus.takes.again import rendered
from chronus.takes.listening import Listener

JOURNAL = Path(__file__).parent.parent / "journal" / "recorded" / "drums.journal"
START, UNTIL = 12_345, 80_001


@pytest.fixture(scope="module")
def whole():
    """(the take with its taps, all of the mix behind its latency)."""
    journal = reading.read_take(JOURNAL)
    take = Take(int(journal.header["rate"]), int(journal.header["seed"]), None, tapped=True)
    end = play_journal(take, journal, None)
    take.render(max(end, UNTIL + take.rate))
    return take, take.sound()


def test_rendered_again_the_mix_is_the_same_to_the_bit_and_so_is_a_module(whole):
    take, sound = whole
    name = next(name for name in take.conductor.plan.seats if name != "out")
    seat, end = take.conductor.plan.seats[name], take.frame // BLOCK
    own = taps.samples(take.memory, seat.handle, end, 200, stereo=seat.stereo)
    last = Stretch(name, take.frame - len(own), take.frame, -6.0)
    mix, tail = rendered(JOURNAL, [Stretch("out", START, UNTIL), last], take.latency)
    assert np.array_equal(mix, sound[START:UNTIL]) and np.abs(mix).max() > 0.01
    assert np.array_equal(tail, own * np.float32(10 ** (-6 / 20)))


def test_what_was_kept_of_the_mix_is_measured_without_rendering_it(whole):
    take, sound = whole
    listener, out = Listener(take.memory), take.conductor.plan.seats["out"].handle
    until = len(sound) - 3 * BLOCK - 7
    asked = Listen(7, "/no/journal", take.latency, out, Stretch("out", until - take.rate, until), bpm=120, beat=100)
    said = listener.hear(asked)
    figures = dict(said.result)
    assert 0.5 >= -figures.pop("reduction") >= 0
    assert said.id == 7 and figures == hear(sound[until - take.rate : until], take.rate, 120, 100).plain()
    assert len(said.lines) <= 22 and all(len(line) <= 78 for line in said.lines)


def test_two_are_told_beside_one_another(whole):
    take, sound = whole
    listener, out = Listener(take.memory), take.conductor.plan.seats["out"].handle
    until = len(sound) - 512
    one, other = Stretch("out", until - take.rate, until), Stretch("out", until - 2 * take.rate, until - take.rate)
    said = listener.hear(Listen(7, "/no/journal", take.latency, out, one, other, called="step 3"))
    differs = said.result["beside"]["differs"]
    assert differs["true_peak"] == pytest.approx(said.result["true_peak"] - said.result["beside"]["true_peak"])
    assert len(said.lines) == 18 and all(len(line) <= 78 for line in said.lines)


def test_a_memory_without_taps_keeps_nothing(whole):
    take, _ = whole
    memory = Memory()
    memory.board[layout.RATE] = take.rate
    asked = Listen(1, str(JOURNAL), take.latency, 0, Stretch("out", START, UNTIL))
    assert Listener(memory).hear(asked).result["seconds"] == pytest.approx((UNTIL - START) / take.rate, abs=1e-3)


def test_a_reference_of_a_file_is_what_the_file_is_and_what_is_the_same_does_not_differ(whole, tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    take, sound = whole
    listener, out = Listener(take.memory), take.conductor.plan.seats["out"].handle
    until = len(sound) - 512
    soundfile.write(tmp_path / "a.wav", sound[until - take.rate : until], take.rate, "FLOAT")
    nothing, there = Stretch("out", 0, 1), Stretch("out", until - take.rate, until)
    kept = listener.hear(Listen(1, "", take.latency, out, nothing, keep="mine", file=str(tmp_path / "a.wav")))
    assert kept.result["reference"] == str(tmp_path / "references" / "mine.json") and "mine" in references.names()
    said = listener.hear(Listen(2, "", take.latency, out, there, reference="mine", called="mine"))
    assert set(said.result["beside"]["differs"]["bands"]) <= {0, None} and said.result["beside"]["differs"]["plr"] == 0
    assert said.lines[-1] == f"mine is {tmp_path / 'a.wav'}" and len(said.lines) <= 21


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"source": "x", "figures": {"bands": 3}}'])
def test_what_is_no_reference_is_told(text, tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    (tmp_path / "references").mkdir()
    (tmp_path / "references" / "mine.json").write_text(text)
    with pytest.raises(ChronusError, match=r"mine\.json is no reference; `hear save-ref mine` makes it anew"):
        references.find("mine")
    with pytest.raises(ChronusError, match="there is no reference other"):
        references.find("other")


def test_the_references_that_come_with_chronus_say_of_what_they_are():
    for name in ("acid", "dnb", "jungle", "techno"):
        found = references.find(name)
        script = found.source.removeprefix("the first 16 bars of ").partition(",")[0]
        assert (places.shipped("patches") / f"{script}.chronus").exists() and -20 < found.figures["integrated"] < -6
