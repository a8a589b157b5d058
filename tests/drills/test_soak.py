"""The score of a soak: the same seed is the same soak, every line is a sentence, and the whole language is in it."""

import math
import random
from itertools import islice

from chronus import commands as c
from chronus.drills import soak
from chronus.language import parser
from tests.kit.takes import SONG

LOUD = (
    c.Load,
    c.Unload,
    c.Patch,
    c.Unpatch,
    c.Set,
    c.Sequence,
    c.Clear,
    c.Mute,
    c.Unmute,
    c.Solo,
    c.Unsolo,
    c.Note,
    c.Gate,
)
QUIET = (c.Undo, c.Redo, c.Save, c.Open, c.Play, c.Stop, c.Panic, c.Status, c.Show, c.Sync, c.Assert)


def steps(seed, count, kills_per_minute=6.0):
    return list(islice(soak.score(seed, kills_per_minute), count))


def test_the_same_seed_plays_the_same_commands_and_kills():
    assert steps(7, 500) == steps(7, 500) != steps(8, 500)


def test_a_soak_begins_with_a_song():
    assert steps(1, 1)[0].line == SONG


def test_it_rests_at_the_start_and_about_once_a_minute_and_then_begins_another_song():
    said = steps(2, 1000)
    rests = [k for k, step in enumerate(said) if step.rests]
    assert rests == [1, 303, 605, 907]
    assert all(said[k].line == soak.REST and said[k + 1].line == SONG and not said[k].kill for k in rests)


def test_every_line_is_a_sentence_and_all_kinds_of_command_are_said():
    said = [command for step in steps(3, 2000)[1:] for command in parser.sentences(step.line)]
    assert {type(command) for command in said} >= {*LOUD, *QUIET}
    assert {command.name for command in said if isinstance(command, c.Open)} >= {"take1", "acid"}


def test_all_are_killed_about_as_often_as_asked():
    killed = [step.kill for step in steps(5, 6000, 30.0) if step.kill]
    assert 500 <= len(killed) <= 700 and set(killed) == {"active", "standby", "both", "control", "host"}
    assert not any(step.kill for step in steps(5, 2000, 0.0))


def test_the_slope_of_memory_leaves_out_the_warming_up():
    rows = [(10.0 * k, 100 + (k if k < 40 else 40) + (0.001 * 10 * k)) for k in range(360)]
    rises, error = soak.slope(rows)
    assert abs(rises - 3.6) < 0.1 and error < 0.1


def test_the_slope_of_memory_is_as_uncertain_as_its_rests_are_uneven():
    chance = random.Random(1)
    rests = [(60.0 * k, 170 + chance.gauss(0, 7)) for k in range(480)]
    (hour, doubt), (night, little) = soak.slope(rests[:60]), soak.slope(rests)
    assert doubt > 5 and little < 1 and abs(hour) < 2 * doubt and abs(night) < 2 * little
    leaks = [(at, mb + at / 3600 * 17) for at, mb in rests]
    assert soak.slope(leaks)[0] - soak.slope(leaks)[1] > 15
    assert soak.slope(rests[:2]) == (0.0, math.inf)
