"""`chronus schema` describes every line that `--json` prints, and docs/answers.schema.json is what it prints now."""

import json
from pathlib import Path

import pytest

from chronus import results
from chronus.errors import ChronusError
from chronus.language.rows import OF, ROWS
from chronus.shell import schema
from tests.kit.json_schema import faults, faults_of_a_line, whole

KEPT = Path(__file__).parents[2] / "docs" / "answers.schema.json"
OK = {
    "v": 1,
    "id": 1,
    "ok": True,
    "command": "load kick",
    "frame": 64,
    "result": {"name": "kick", "kind": "kick"},
    "text": "",
}
ERROR = {"code": "E_NAME", "line": 1, "column": 1, "message": "", "suggestions": []}
ERR = {"v": 1, "id": 1, "ok": False, "command": "load", "error": ERROR}


def test_the_schema_in_the_repository_is_the_present_one():
    assert KEPT.read_text() == schema.written(schema.of_all()), f"chronus schema > docs/{KEPT.name}"


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({}, ""),
        ({"result": {"name": "kick"}}, "result.kind is missing"),
        ({"result": {"name": "kick", "kind": 3}}, "result.kind is 3, no string"),
        ({"result": {"name": "kick", "kind": "kick", "mood": "dark"}}, "result.mood is in no field of Loaded"),
        ({"command": "wait 1 bar"}, "result.name is in no field of Result"),
        ({"command": "loads", "result": {}}, ""),
        ({"v": 2}, ".v is 2, not 1"),
    ],
)
def test_an_answer_is_checked_by_its_command(changed, fault):
    found = faults_of_a_line(json.dumps({**OK, **changed}))
    assert bool(found) == bool(fault) and all(fault in one for one in found[:1]), found


def test_a_refusal_and_a_notice_are_lines_and_a_code_is_one_of_the_closed_list():
    assert not faults_of_a_line(json.dumps(ERR))
    assert faults_of_a_line(json.dumps({**ERR, "error": {**ERROR, "code": "E_LUCK"}}))
    assert not faults_of_a_line('{"v":1,"notice":{"kind":"failover","text":"slot 0 died"}}')
    assert faults_of_a_line('{"v":1,"notice":{"text":"slot 0 died"}}')


@pytest.mark.parametrize("word", [*ROWS, *results.FORMS, "seq"])
def test_the_result_of_each_command_and_form_can_be_asked_for(word):
    there = schema.of_one(word)
    assert there["$ref"].removeprefix("#/$defs/") in there["$defs"]
    assert not faults({}, {"$ref": "#/$defs/Result"}, whole()["$defs"])


def test_what_is_neither_is_refused_with_what_is_near():
    with pytest.raises(ChronusError) as refused:
        schema.of_one("statsu")
    assert refused.value.code == "E_COMMAND" and "status" in refused.value.suggestions


def test_every_command_whose_result_is_declared_is_one_that_can_be_typed():
    assert set(results.RESULTS) <= set(OF) | {ROWS["say"].kind}
