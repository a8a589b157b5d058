"""The kit: which note strikes which drum, that hits at once are heard together, that a closed hat chokes an open one."""

import numpy as np
import pytest

from chronus.modules.kit import SPEC, render
from chronus.pattern.drums import DRUMS
from chronus.rack.script import script
from chronus.rack.wiring import wire_up
from chronus.render.take import Take
from chronus.units import frequency
from tests.kit.listening import RATE, centroid, struck, time_to
from tests.kit.rig import Rig
from tests.kit.typed import heard, said
from tests.laws.test_modules import KERNELS

LEVELS = ("bd", "rs", "sn", "cp", "hh", "oh", "tm", "cy", "cb", "pc")
KINDS = {
    "bd": "kick",
    "rs": "rim",
    "sn": "snare",
    "cp": "clap",
    "hh": "hat",
    "cr": "crash",
    "rd": "ride",
    "cb": "cowbell",
}


def hits(frames, *struck_, lanes=8, **params):
    """What is heard of hits (frame, word or note), each in a lane of its own."""
    gate, freq = np.zeros((frames, lanes)), np.full((frames, lanes), SPEC.param("freq").default)
    for lane, (at, word) in enumerate(struck_):
        gate[at : at + 500, lane] = 1
        freq[:, lane] = frequency(DRUMS.get(word, word))
    out = Rig(render, lanes=lanes).render(frames, {"freq": freq, **params}, {"gate": gate, "velocity": 1.0})["out"]
    assert not out[:, 1:].any()  # the drums meet within it
    return out[:, 0].astype(float)


@pytest.mark.parametrize("word", KINDS)
def test_each_word_strikes_its_drum(word):
    """At the 909's default figures it is the drum that is loaded by itself."""
    alone = struck(
        KERNELS[KINDS[word]],
        RATE // 2,
        0,
        hold=500,
        **({"model": "909"} if KERNELS[KINDS[word]].spec.param("model") else {}),
    )
    within = hits(RATE // 2, (0, word), model="909", drive=0.3)
    assert np.abs(within).max() == pytest.approx(np.abs(alone).max(), rel=0.35)
    assert centroid(within) == pytest.approx(centroid(alone), rel=0.3)


def test_every_word_is_heard_and_no_two_sound_alike():
    heard = {note: hits(RATE // 4, (0, note)) for note in sorted(set(DRUMS.values()))}
    for note, y in heard.items():
        assert 0.15 < np.abs(y).max() < 1, note
    for one in heard:
        for other in heard:
            if one < other:
                a, b = heard[one], heard[other]
                assert np.abs(a - b).max() > 0.05 * np.abs(a).max(), (one, other)


def test_any_note_strikes_something():
    for note in (0, 20, 34, 54, 60, 65, 80, 100, 127):
        assert np.abs(hits(4000, (0, note))).max() > 0.1


def test_hits_in_one_frame_are_heard_together():
    together = hits(RATE // 4, (100, "bd"), (100, "hh"), (100, "sn"))
    apart = sum(hits(RATE // 4, (100, word)) for word in ("bd", "hh", "sn"))
    assert np.abs(together - apart).max() < 1e-6


def test_a_drum_is_not_cut_off_by_the_others():
    ring = hits(RATE, (0, "bd"))
    beside = hits(RATE, (0, "bd"), (8000, "hh"), (12000, "sn"))
    others = hits(RATE, (8000, "hh"), (12000, "sn"))
    assert np.abs(beside - ring - others).max() < 1e-6


@pytest.mark.parametrize("model", SPEC.param("model").words)
def test_a_closed_hat_chokes_an_open_one(model):
    alone, choked = hits(RATE, (0, "oh"), model=model), hits(RATE, (0, "oh"), (6000, "hh"), model=model)
    assert np.abs(alone[9500:10000]).max() > 5 * np.abs(choked[9500:10000]).max()
    assert time_to(alone, 40) > 4 * time_to(hits(RATE, (0, "hh"), model=model), 40)


@pytest.mark.parametrize("word", LEVELS)
def test_each_drum_has_a_level(word):
    others = {other: -60 for other in LEVELS if other != word}
    for drum in ("cr", "rd") if word == "cy" else (word,):
        plain = hits(8000, (0, drum))
        assert np.allclose(hits(8000, (0, drum), **{word: -12}), plain * 10 ** (-12 / 20), atol=1e-6)
        assert np.array_equal(hits(8000, (0, drum), **others), plain)


def test_tune_and_decay_are_for_all_drums():
    assert centroid(hits(RATE, (0, "tm"), tune=12)) > 1.6 * centroid(hits(RATE, (0, "tm")))
    for word in ("bd", "sn", "cp", "hh", "cr"):
        long, short = (time_to(hits(RATE, (0, word), decay=decay), 30) for decay in (1, 0.5))
        assert short < 0.75 * long, word


def test_toms_are_tuned_by_their_notes():
    low, middle, high = (centroid(hits(RATE, (0, word))) for word in ("lt", "tm", "ht"))
    assert low < 0.9 * middle < 0.95 * high


def test_it_sounds_the_same_with_any_number_of_voices():
    one = hits(8000, (0, "sn"), lanes=1)
    assert np.array_equal(one, hits(8000, (0, "sn"), lanes=8))


# ---------------------------------------------------------------- in a rack

BEAT = "seq kit: [bd,hh] . hh . sn . oh ."


def above_8_khz(sound):
    power = np.abs(np.fft.rfft(sound[:, 0])) ** 2
    return power[np.fft.rfftfreq(len(sound), 1 / RATE) > 8000].sum()


def test_a_lane_of_words_plays_hits_at_once():
    whole = heard({0: ["load kit", BEAT]}, RATE)
    without = heard({0: ["load kit", BEAT, "set kit.hh -60db, kit.oh -60db"]}, RATE)
    first = slice(0, 5000)
    assert above_8_khz(whole[first]) > 20 * above_8_khz(without[first])
    assert np.abs(without[first]).max() > 0.1  # and its kick is there


def test_a_plain_grid_strikes_the_kick_and_its_default_can_be_moved():
    bd, sn = heard({0: ["load kit", "seq kit: x..."]}, 8000), heard({0: ["load kit freq=d2", "seq kit: x..."]}, 8000)
    assert centroid(bd[:, 0]) < 0.3 * centroid(sn[:, 0])


def test_what_comes_after_a_kit_has_one_voice():
    """A distortion hears the drums together, as it does behind a drum machine: not each by itself."""
    take = Take(RATE, 0)
    said(take, 0, ["load kit", "load saw voices=8", "patch kit > distortion", "patch saw > filter", BEAT])
    widths = wire_up(take.conductor.rack, take.conductor.catalogue).widths
    assert widths["kit"].voices == 8 and widths["distortion"].voices == 1 and widths["filter"].voices == 8
    take.render(RATE + take.latency)
    assert np.abs(take.sound(RATE)).max() > 0.1


def test_a_script_a_kit_says_its_voices_only_where_they_are_others():
    take = Take(RATE, 0)
    said(take, 0, ["load kit", "load kit as few voices=2"])
    lines = script(take.conductor.rack, take.conductor.catalogue)
    assert "load kit" in lines and "set few.voices 2" in lines and not any("kit.voices" in line for line in lines)


def test_names_of_drums_are_for_a_kit_alone():
    take = Take(RATE, 0)
    with pytest.raises(AssertionError, match="names of drums are for a kit"):
        said(take, 0, ["load kick", "seq kick: bd . bd ."])
