"""Renders end when the sound does: echoes, releases, drones, and what never ends."""

import numpy as np
import pytest

from chronus.render.reel import FLOOR

RATE = 16000
WORDS = ("--float", "--rate", str(RATE))
HIT = "seq hat: x len=1024\n"

CHAINS = {
    "echoes a second apart": f"load delay time=1000ms feedback=0.6 mix=0.5\nload hat\npatch hat > delay\n{HIT}wait 1 beat",
    "echoes two seconds apart": f"load delay time=2000ms feedback=0.7 mix=1\nload hat\npatch hat > delay\n{HIT}wait 1 beat",
    "one late echo": f"load delay time=1900ms feedback=0 mix=1\nload hat\npatch hat > delay\n{HIT}wait 1 beat",
    "two delays in a row": f"load hat\nload delay as a time=1500ms feedback=0.3 mix=1\nload delay as b time=1700ms feedback=0.3 "
    f"mix=1\npatch hat > a > b\n{HIT}wait 1 beat",
    "five delays in a row": "load hat\n"
    + "".join(f"load delay as d{k} time={1900 + k}ms feedback=0 mix=1\n" for k in range(5))
    + f"patch hat > d0 > d1 > d2 > d3 > d4\n{HIT}wait 1 beat",
    "delays side by side": f"load hat\nload delay as a time=1999ms feedback=0.5 mix=1\nload delay as b time=30ms feedback=0.9\n"
    f"patch hat > a\npatch hat > b\n{HIT}wait 1 beat",
    "from side to side": f"load hat\nload delay time=1800ms feedback=0.6 mode=pingpong\npatch hat > delay\n{HIT}wait 1 beat",
    "musical echoes": f"bpm 60\nload hat\nload delay time=7/16 feedback=0.5\npatch hat > delay\n{HIT}wait 1 beat",
    "a circle through a delay": f"load hat\nload delay time=1600ms feedback=0 mix=1\nload filter cutoff=2k\nload mixer\n"
    f"patch hat > mixer.in1\npatch mixer > delay > filter > mixer.in2\nset mixer.level2 -6db\n{HIT}wait 1 beat",
    "a dark delay": "load kick\nload delay time=900ms feedback=0.8 tone=400\npatch kick > delay\nseq kick: x len=1024\nwait 1 beat",
    "a linear release": "load sine\nload adsr attack=10ms release=4s curve=linear\npatch sine > adsr\nseq sine: a4@4 len=1024\nwait 1 bar",
    "an exponential release": "load saw\nload adsr attack=10ms release=6s\npatch saw > adsr\nseq saw: a2@4 len=1024\nwait 1 bar",
    "a release behind a filter": "load saw\nload adsr release=3s\npatch saw > filter > adsr > delay\nset delay.time 1500ms\n"
    "seq saw: a2@2 len=1024\nwait 1 bar",
    "a chord that rings": "load saw voices=8\nload adsr release=3s\npatch saw > adsr\nseq saw: a2:m7@4 len=1024\nwait 1 bar",
    "a drone behind an envelope": "load saw\nload adsr release=5s\npatch saw > adsr\nseq adsr: x@2 len=1024\nwait 1 bar",
    "a drone behind a vca that an envelope opens": "load saw\nload vca level=0\nload adsr release=5s\npatch saw > vca\n"
    "patch adsr.env > vca.level\nseq adsr: x@2 len=1024\nwait 1 bar",
    "a drone that moves another's pitch": "load sine as carrier\nload sine as mover freq=30\npatch mover > carrier.freq 2 st\n"
    "load adsr release=4s\npatch carrier > adsr\nseq carrier: a3@2 len=1024\nwait 1 bar",
    "noise behind an envelope, with echoes": "load noise\nload adsr decay=50ms sustain=0 release=50ms\n"
    "load delay time=1800ms feedback=0.7\npatch noise > adsr > delay\nseq adsr: x len=1024\nwait 1 beat",
    "a bass and a 303 in one delay": "load bass\nload tb303\nload delay time=1300ms feedback=0.5\npatch bass > delay\n"
    "patch tb303 > distortion > delay\nseq bass: a1 len=1024\nseq tb303: . . a2 len=1024\nwait 1 beat",
    "kicks whose gate opens another": "load kick\nload noise\nload adsr release=3s sustain=0.5\npatch noise > adsr\n"
    "patch kick.gate > adsr.gate\nseq kick: x len=1024\nwait 1 bar",
    "a tail that a slow wave hides": f"load hat\nload delay time=300ms feedback=0.9\nload vca level=0\nload lfo rate=0.3 shape=square\n"
    f"patch hat > delay > vca\npatch lfo > vca.level\n{HIT}wait 1 beat",
    "drums through everything": "load kick\nload snare\nload hat\nload mixer\nload distortion\nload delay time=700ms feedback=0.75\n"
    "patch kick > mixer.in1\npatch snare > mixer.in2\npatch hat > mixer.in3\npatch mixer > distortion > delay\n"
    "seq kick: x len=1024\nseq snare: . x len=1024\nseq hat: . . x len=1024\nwait 1 beat",
}  # fmt: skip


def level(sound: np.ndarray) -> float:
    """Of all of it, in dB."""
    return 10 * np.log10(np.square(sound, dtype=np.float64).sum() + 1e-30)


def test_a_tail_is_as_long_as_what_is_heard(render, figure):
    assert len(CHAINS) >= 20
    worst = 0.0
    for name, script in CHAINS.items():
        by_itself = render(script, *WORDS)
        assert by_itself.code == 0, f"{name}: {by_itself.lines} {by_itself.said}"
        tail = by_itself.sound
        seconds = len(tail) / RATE + 15
        long = render(script, *WORDS, "--seconds", f"{seconds}").sound
        assert 0.5 < len(tail) / RATE < 60, f"{name}: {len(tail) / RATE} s"
        assert np.abs(tail[-1]).max() >= FLOOR, f"{name}: silence is left at its end"
        assert np.abs(long[len(tail) :]).max() < FLOOR, f"{name}: {len(tail) / RATE:.2f} s, and more was to come"
        apart = abs(level(long) - level(tail))
        worst = max(worst, apart)
        for at in range(0, len(tail), RATE // 2):
            here, there = tail[at : at + RATE // 2], long[at : at + RATE // 2]
            if np.abs(there).max() > 10 * FLOOR:
                assert abs(level(here) - level(there)) <= 0.1, f"{name}: at {at / RATE} s"
        assert apart <= 0.1, f"{name}: {apart} dB"
    figure(f"tails of {len(CHAINS)} chains, beside a render that is long enough: {worst:.4f} dB at most")


def test_a_tail_of_sixty_seconds_is_faded_out_and_a_shorter_one_can_be_asked_for(render):
    endless = "load bass\nload delay time=400ms feedback=1.1\npatch bass > delay\nseq bass: x len=1024\nwait 1 beat"
    for words, seconds, fade in (((), 60, 5), (("--tail", "3"), 3, 1.5), (("--tail", "0"), 0, 0)):
        sound = render(endless, *WORDS, *words).sound
        assert abs(len(sound) - (0.5 + seconds) * RATE) < RATE / 2
        last = sound[-RATE // 4 :]
        if fade:
            begins = round((0.5 + seconds - fade) * RATE)
            assert np.abs(sound[begins - RATE : begins]).max() > 0.01, "it has faded too early"
            assert np.abs(last[-20:]).max() < 0.001, "it is cut off"


@pytest.mark.parametrize(
    ("script", "longest"),
    [
        ("load saw\nwait 1 bar", 2.2),
        ("load saw\npatch saw > filter\nwait 1 bar", 2.5),
        ("load noise\nload delay time=500ms feedback=0\npatch noise > delay\nwait 1 bar", 2.7),
        ("load saw\nload adsr release=1s\npatch saw > adsr\npatch saw > out\nseq adsr: x@16 len=1024 gate=100%\nwait 1 bar", 4),
        ("load sine as mover freq=25\nload saw\npatch mover > saw.freq 1 st\nwait 1 bar", 2.2),
        ("load saw\nload adsr release=500ms\npatch saw > adsr\ngate adsr on\nwait 1 bar", 3),
        ("load saw\nload adsr release=500ms\npatch saw > adsr\nload lfo rate=2 shape=square\npatch lfo > adsr.gate\nwait 1 bar", 3),
        ("load saw\nload adsr release=500ms\npatch saw > adsr\nnote saw a3 len=4/1\nwait 1 bar", 3),
        ("load saw\nload lfo as clock rate=1 shape=square\npatch clock > saw.gate\nwait 1 bar", 2.2),
        ("load lfo rate=50\nload vca\npatch lfo > vca > out\nwait 1 bar", 2.4),
        ("load saw\nwait 1 bar\nstop", 2.2),
        ("load saw\npanic\nwait 1 bar", 2.1),
        ("load kick\nseq kick: x...\nwait 1 bar\nset kick.decay 500ms at bar 9\nload saw at bar 3", 4),
    ],
)  # fmt: skip
def test_what_sounds_by_itself_is_let_go_of_at_the_end(render, script, longest):
    done = render(script, *WORDS)
    assert done.code == 0, done.said
    assert 1.99 < done.told["seconds"] < longest
    sound = done.sound
    assert len(sound) == 2 * RATE or np.abs(sound[-1]).max() >= FLOOR


def test_a_drone_that_is_heard_both_ways_rings_on_behind_its_gate_alone(render):
    """The saw is heard dry, and behind an adsr whose release goes on: the dry way is cut, and the release is not."""
    script = "load saw gain=0.2\nload adsr release=3s sustain=1\npatch saw > adsr\n{}gate adsr on\nwait 1 bar\ngate adsr off\n"
    both = render(script.format("patch saw > out\n"), *WORDS).sound
    gated = render(script.format(""), *WORDS).sound
    after = slice(2 * RATE + RATE // 4, None)
    assert abs(len(both) - len(gated)) < RATE / 8
    assert abs(level(both[after]) - level(gated[after])) < 0.1


def test_nothing_begins_where_a_render_ends(render):
    """The lane's next loop begins at the very frame of the end; so does what was put off to it."""
    script = "load kick decay=100ms\nseq kick: x... .... .... ....\nload hat\nseq hat: x now\nmute hat now\nunmute hat at bar 2\nwait 1 bar"
    by_itself = render(script, *WORDS)
    assert by_itself.told["seconds"] == 2.0
    exact = render(script, *WORDS, "--bars", "1")
    assert exact.told["sha256"] == by_itself.told["sha256"]


def test_a_held_gate_is_released_at_the_end_and_its_release_is_heard(render):
    script = "load sine\nload adsr attack=1ms sustain=1 release=2s curve=linear\npatch sine > adsr\nseq sine: a4@64 gate=100%\nwait 1 bar"
    sound = render(script, *WORDS).sound
    assert 3.9 < len(sound) / RATE < 4.1
    middle = np.abs(sound[3 * RATE - RATE // 10 : 3 * RATE + RATE // 10]).max() / np.abs(sound[RATE : 2 * RATE]).max()
    assert 0.4 < middle < 0.6, "half way down in the middle of a linear release"


def test_bars_and_seconds_are_exact_and_a_tail_may_follow_them(render):
    script = "load hat\nload delay time=1000ms feedback=0.5\npatch hat > delay\nseq hat: x len=1024"
    assert render(script, *WORDS, "--bars", "1").told["frames"] == 2 * RATE
    assert render(script, *WORDS, "--seconds", "1.5").told["frames"] == round(1.5 * RATE)
    rung = render(script, *WORDS, "--bars", "1", "--tail", "10").told
    assert 5 * RATE < rung["frames"] < 12 * RATE and rung["bars"] == 1
    # the script may be longer than what is asked for, but then there is nothing to let go of
    longer = script + "\nwait 4 bars\n"
    assert render(longer, *WORDS, "--bars", "1").told["frames"] == 2 * RATE
    refused = render(longer, *WORDS, "--bars", "1", "--tail", "10")
    assert refused.code == 2 and "--tail" in refused.said


def test_bars_end_where_they_do_whatever_the_tempo_is_later(render):
    script = "load kick\nseq kick: x...\nwait 1 bar\nbpm 60\nwait 1 bar\nbpm 240\nwait 4 bars"
    assert render(script, *WORDS, "--bars", "1").told["frames"] == 2 * RATE
    assert render(script, *WORDS, "--bars", "2").told["frames"] == 6 * RATE
    assert render(script, *WORDS, "--bars", "1.5").told["frames"] == 4 * RATE


def test_quit_ends_a_script(render):
    ended = render("load kick\nseq kick: x...\nwait 1 bar\nquit\nload nonsense\nload saw\nwait 8 bars", *WORDS)
    assert ended.code == 0 and ended.told["seconds"] < 3
    same = render("load kick\nseq kick: x...\nwait 1 bar", *WORDS)
    assert ended.told["sha256"] == same.told["sha256"]
    assert render("load kick; quit; load saw", *WORDS).told["bars"] == 8
