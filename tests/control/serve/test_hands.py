"""Several hands: each client has a name of its own, hears what others change, and loses what it held when it goes."""

from __future__ import annotations

from chronus.commands import Hello
from chronus.control.serve.names import LONGEST, unique
from chronus.control.serve.overheard import EACH_SECONDS, MOST, Overheard
from chronus.control.serve.overheard import LONGEST as LONGEST_TEXT
from chronus.language.parser import sentences
from tests.control.jobs.test_recovery import killed
from tests.kit.house import House


def say(house, caller, line):
    (reply,) = house.ask(caller, *sentences(line), texts=(line,))
    return reply


def said(caller):
    return [notice.text for notice in caller.notices if notice.kind == "said"]


def gone(house, caller):
    caller.socket.close()
    house.callers.remove(caller)
    house.run(45)


def test_each_client_has_a_name_that_no_other_has(house):
    assert [house.caller(name).welcome.name for name in ("ana", "ana", "Ana", "ben", "", "engine")] == [
        "ana", "ana2", "Ana3", "ben", "script", "client engine",
    ]  # fmt: skip
    assert house.caller("", watch=True).welcome.name == "shell"
    gone(house, house.callers[0])
    assert house.caller("ana").welcome.name == "ana"


def test_a_long_name_has_room_for_its_number():
    name = "x" * LONGEST
    assert unique(name, False, {name}) == "x" * (LONGEST - 1) + "2"
    assert len(unique("journal" * 9, False, ())) == LONGEST


def test_those_who_type_hear_what_others_change_and_not_what_they_ask(house):
    ana, ben, pipe = house.caller("ana", watch=True), house.caller("ben", watch=True), house.caller("")
    for line in ("load kick", "list", "set kick.freq 60"):
        say(house, ana, line)
    say(house, pipe, "load nothing")
    house.run(45)
    assert said(ben)[:1] == ["ana: load kick"] and said(ana) == [] == said(pipe)


def test_a_pipe_of_thousands_is_a_few_lines_and_a_count():
    heard = Overheard()
    for k in range(10_000):
        heard.add("script", f"set kick.freq {k}")
    heard.add("ana", "seq kick: " + "x" * 500)
    found = heard.due(100.0)
    assert [told.text for told in found[: MOST + 1]] == [
        *(f"script: set kick.freq {k}" for k in range(MOST)),
        "script: and 9,996 more; `history script` lists them",
    ]
    assert found[MOST].more == 10_000 - MOST and len(found) == MOST + 2 and len(found[-1].text) <= LONGEST_TEXT + 5
    heard.add("ana", "load kick")
    assert heard.due(100.0 + EACH_SECONDS / 2) == [] and len(heard.due(100.0 + EACH_SECONDS)) == 1


def test_a_claim_ends_when_its_holder_goes_and_not_before(house):
    ana, ben = house.caller("ana"), house.caller("ben")
    say(house, ana, "load kick")
    assert say(house, ana, "claim kick").text == "claim kick (until it is released)"
    refused = say(house, ben, "set kick.freq 60")
    assert (refused.ok, refused.code, refused.part) == (False, "E_EXISTS", "changes.0.module")
    assert say(house, ben, "panic").ok and say(house, ben, "stop").ok
    gone(house, ana)
    assert say(house, ben, "set kick.freq 60").ok and say(house, ben, "claim").lines == ("nobody holds anything",)


def test_a_claim_survives_the_death_of_control_as_long_as_its_holder_comes_back(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    house = House(tmp_path)
    ana = house.caller("ana")
    say(house, ana, "load kick")
    say(house, ana, "claim kick")
    house.run(50)
    again = killed(house, tmp_path)
    ben, back = again.caller("ben"), again.caller("ana")
    assert not say(again, ben, "unload kick").ok
    again.server._back_until = 0.0
    again.run(45)
    assert not say(again, ben, "unload kick").ok
    again.server._back_until = 0.0
    gone(again, back)
    assert say(again, ben, "unload kick").ok
    again.close()


def test_what_is_held_by_one_who_does_not_come_back_is_free(tmp_path, monkeypatch):
    monkeypatch.setenv("CHRONUS_HOME", str(tmp_path))
    house = House(tmp_path)
    ana = house.caller("ana")
    say(house, ana, "load kick")
    say(house, ana, "claim kick")
    house.run(50)
    again = killed(house, tmp_path)
    ben = again.caller("ben")
    again.server._back_until = 0.0
    again.run(45)
    assert say(again, ben, "unload kick").ok
    again.close()


def test_the_history_says_who(house):
    ana, ben = house.caller("ana"), house.caller("ben")
    say(house, ana, "load kick")
    say(house, ben, "set kick.freq 60")
    assert say(house, ana, "undo").text == "undo: set kick.freq 60 (by ben)"
    assert [line.split(None, 3)[2:] for line in say(house, ana, "history").lines] == [
        ["ana", "load kick"], ["ben", "set kick.freq 60  (undone)"],
    ]  # fmt: skip


def test_hello_takes_names_as_long_as_are_given_out():
    assert Hello(author="x" * LONGEST)
