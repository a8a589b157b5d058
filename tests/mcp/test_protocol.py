"""Both eras of the protocol: what each request is answered with, and what is left to be performed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from chronus.command_line.guide import tokens
from chronus.errors import ChronusError
from chronus.mcp import protocol, rpc
from chronus.mcp.protocol import CAPABILITIES, LAST, PRESENT, VERSION, Call, Cancel, Outcome, Protocol
from chronus.mcp.rpc import Request
from chronus.mcp.tools import LOOKS, STATES, TOOLS

MODERN = {"_meta": {VERSION: PRESENT[0], CAPABILITIES: {}}}


def greeted() -> Protocol:
    there = Protocol()
    there.take(Request(0, "initialize", {"protocolVersion": LAST[0]}))
    return there


def answered(method, params=None, there=None, id=1):
    return json.loads((there or greeted()).take(Request(id, method, params or {})))


def refused(*given, **more):
    return answered(*given, **more)["error"]["code"]


# ---------------------------------------------------------------- eras


@pytest.mark.parametrize("asked", LAST)
def test_the_last_era_begins_with_a_version_that_both_speak(asked):
    result = answered("initialize", {"protocolVersion": asked}, Protocol())["result"]
    assert result["protocolVersion"] == asked and result["serverInfo"]["name"] == "chronus"
    assert set(result["capabilities"]) == {"tools", "resources", "prompts"} and "resultType" not in result


@pytest.mark.parametrize("asked", ["2099-01-01", PRESENT[0], ""])
def test_an_unknown_version_is_answered_with_the_newest_of_the_last_era(asked):
    assert answered("initialize", {"protocolVersion": asked}, Protocol())["result"]["protocolVersion"] == LAST[0]


def test_the_present_era_needs_no_handshake_and_says_what_it_speaks():
    result = answered("server/discover", MODERN, Protocol())["result"]
    assert result["supportedVersions"] == list(PRESENT) and result["resultType"] == "complete"
    assert result["ttlMs"] > 0 and result["cacheScope"] == "public"
    assert result["_meta"][protocol.SERVER]["name"] == "chronus" and result["instructions"]


@pytest.mark.parametrize("method", protocol.LISTS)
def test_lists_are_the_same_in_both_eras_but_for_what_the_present_one_adds(method):
    last, present = answered(method)["result"], answered(method, MODERN, Protocol())["result"]
    assert {"resultType", "ttlMs", "cacheScope", "_meta"} == present.keys() - last.keys()
    assert all(present[key] == last[key] for key in last)


@pytest.mark.parametrize("method", protocol.LISTS)
def test_a_list_has_one_page(method):
    assert refused(method, {"cursor": "2"}) == rpc.INVALID_PARAMS and "nextCursor" not in answered(method)["result"]


def test_a_version_that_is_not_spoken_is_refused_with_those_that_are():
    params = {"_meta": {VERSION: "2031-01-01", CAPABILITIES: {}}}
    for method in ("server/discover", "tools/list", "tools/call"):
        error = answered(method, params, Protocol())["error"]
        assert error["code"] == -32022 and error["data"] == {"supported": list(PRESENT), "requested": "2031-01-01"}


@pytest.mark.parametrize(
    "meta", [{VERSION: PRESENT[0]}, {VERSION: 7, CAPABILITIES: {}}, {VERSION: PRESENT[0], CAPABILITIES: []}]
)
def test_a_request_of_the_present_era_that_says_half_of_it_is_refused(meta):
    assert refused("tools/list", {"_meta": meta}, there=Protocol()) == rpc.INVALID_PARAMS


@pytest.mark.parametrize("method", ["tools/list", "tools/call", "resources/read", "prompts/get"])
def test_the_last_era_begins_with_initialize(method):
    assert refused(method, {"name": "run"}, there=Protocol()) == rpc.INVALID_PARAMS


def test_ping_is_of_the_last_era_and_discover_of_the_present_one():
    assert answered("ping", there=Protocol())["result"] == {}
    assert refused("ping", MODERN) == rpc.METHOD_NOT_FOUND
    assert refused("server/discover") == rpc.INVALID_PARAMS


@pytest.mark.parametrize("method", ["", "tools/calls", "logging/setLevel", "subscriptions/listen", "x" * 10_000])
def test_an_unknown_method_is_refused(method):
    for params in ({}, MODERN):
        assert refused(method, params) == rpc.METHOD_NOT_FOUND


# ---------------------------------------------------------------- what there is


def test_every_tool_has_a_schema_and_says_whether_it_only_looks():
    tools = {tool["name"]: tool for tool in answered("tools/list")["result"]["tools"]}
    assert list(tools) == ["run", "state", "hear", "why", "describe", "look", "render", "job"]
    for tool in tools.values():
        schema = tool["inputSchema"]
        assert schema["type"] == "object" and set(schema.get("required", ())) <= set(schema["properties"])
        assert all(row["description"] for row in schema["properties"].values())
    assert [name for name, tool in tools.items() if not tool["annotations"]["readOnlyHint"]] == ["run", "render"]
    assert tokens(json.dumps(list(tools.values()))) <= 2200, "read by an agent before its first call"


def test_the_manual_has_every_tool_with_all_that_it_takes():
    text = (Path(__file__).parents[2] / "docs" / "agents.md").read_text()
    for tool in TOOLS.values():
        (row,) = re.findall(rf"^\| `{tool.name}` \|(.*)$", text, re.MULTILINE)
        named = set(re.findall(r"`(\w+)`", row))
        assert tool.takes.keys() <= named, tool.name
    for words in (STATES, [word for word in LOOKS if f"chronus://{word}" not in text]):
        assert ", ".join(words) in text


def test_prompts_take_words_and_have_something_to_say_without_any():
    shown = answered("prompts/list")["result"]["prompts"]
    assert [prompt["name"] for prompt in shown] == ["jam", "mix_check", "find_the_silence"]
    for prompt in shown:
        for given in ({}, {row["name"]: "a\nword {x}" for row in prompt["arguments"]}):
            (message,) = answered("prompts/get", {"name": prompt["name"], "arguments": given})["result"]["messages"]
            text = message["content"]["text"]
            assert message["role"] == "user" and tokens(text) < 400 and ("a word {x}" in text) == bool(given)
    assert refused("prompts/get", {"name": "polka"}) == rpc.INVALID_PARAMS
    assert refused("prompts/get", {"name": "jam", "arguments": {"style": 5}}) == rpc.INVALID_PARAMS


def test_resources_are_named_and_one_of_them_for_each_kind():
    shown = answered("resources/list")["result"]["resources"]
    assert [row["uri"] for row in shown] == [
        f"chronus://{name}" for name in ("guide", "catalogue", "session", "journal")
    ]
    assert (
        answered("resources/templates/list")["result"]["resourceTemplates"][0]["uriTemplate"]
        == "chronus://catalogue/{kind}"
    )


# ---------------------------------------------------------------- calls


def test_a_call_is_left_to_be_performed_and_answered_in_its_era():
    call = greeted().take(Request("a", "tools/call", {"name": "why", "arguments": {"name": "kick"}}))
    assert call == Call("a", False, "tools/call", "why", {"name": "kick"})
    told = json.loads(protocol.finished(call, Outcome("E_NAME no", True)))["result"]
    assert told == {"content": [{"type": "text", "text": "E_NAME no"}], "isError": True}
    call = Protocol().take(Request("b", "tools/call", {"name": "why", **MODERN}))
    assert call.modern and json.loads(protocol.finished(call, Outcome("well")))["result"]["resultType"] == "complete"


def test_a_resource_that_is_not_there_has_the_error_of_its_era():
    for params, code in (({}, -32002), (MODERN, rpc.INVALID_PARAMS)):
        call = greeted().take(Request(1, "resources/read", {"uri": "chronus://x", **params}))
        error = json.loads(protocol.not_found(call, "no"))["error"]
        assert error["code"] == code and error["data"] == {"uri": "chronus://x"}


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"name": 7},
        {"name": "runs"},
        {"name": "run", "arguments": [1]},
        {"name": "run", "arguments": "x"},
        {"name": None},
    ],
)
def test_a_call_of_nothing_that_there_is_is_refused(params):
    assert refused("tools/call", params) == rpc.INVALID_PARAMS


def test_a_notification_is_never_answered_and_one_cancels():
    there = greeted()
    for method in ("notifications/initialized", "notifications/x", "tools/list", "notifications/cancelled"):
        assert there.take(Request(None, method, {})) is None
    assert there.take(Request(None, "notifications/cancelled", {"requestId": 4})) == Cancel(4)


@pytest.mark.parametrize(
    ("tool", "given", "words"),
    [
        ("run", {}, "run needs `lines`"),
        ("run", {"lines": 5}, "a list of texts"),
        ("run", {"lines": ["a", 5]}, "a list of texts"),
        ("run", {"lines": ["a"], "second": 5}, 'did you mean "seconds"?'),
        ("run", {"lines": ["a"], "strict": "yes"}, "true or false"),
        ("run", {"lines": ["a"], "seconds": float("nan")}, "a number from 0.1 to 3600"),
        ("run", {"lines": ["a"], "seconds": True}, "a number"),
        ("state", {"what": "lst"}, 'did you mean "list"?'),
        ("state", {"what": ["list"]}, "a text"),
        ("why", {"name": "kick; unload kick"}, "such as bass"),
        ("why", {"name": "kick\nnew"}, "a control character"),
        ("why", {"kick": 1}, "it takes name"),
        ("look", {"what": "scope", "length": "2 bars; new"}, "such as 2 bars"),
        ("hear", {"file": "a\0b"}, "none of them a control character"),
        ("render", {"out": "x" * 5000}, "at most 1024 characters"),
        ("describe", {}, "describe needs `name`"),
        ("job", {"part": 0}, "from 1 to 10000"),
    ],
)
def test_what_a_tool_cannot_take_is_refused_with_what_is_right(tool, given, words):
    with pytest.raises(ChronusError) as refusal:
        TOOLS[tool].read(given)
    assert refusal.value.code == "E_VALUE" and words in refusal.value.message


def test_lines_are_a_list_or_a_text_and_null_is_as_nothing():
    assert TOOLS["run"].read({"lines": ["a", "b; c"], "strict": None}) == {"lines": "a\nb; c"}
    assert TOOLS["run"].read({"lines": "a\nb"}) == {"lines": "a\nb"}
