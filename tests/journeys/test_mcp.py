"""An agent's program plays a real engine through `chronus mcp`, as the official client of the protocol in both of its eras."""

from __future__ import annotations

import asyncio
import json
import os
import signal

import psutil
import pytest

from chronus.command_line.guide import MOST_TOKENS, tokens
from tests.kit.live import PYTHON, Home, engine, until
from tests.kit.talk import Talker

pytestmark = pytest.mark.proof


def serve(home: Home, mode: str, talk, *words: str):
    """Starts the server as a client does, and talks with it."""
    from mcp import Client, StdioServerParameters

    async def main():
        command = StdioServerParameters(command=PYTHON, args=["-m", "chronus", "mcp", *words], env=home.environment)
        async with Client(command, mode=mode) as client:
            return await talk(client)

    return asyncio.run(asyncio.wait_for(main(), 90))


async def call(client, tool, **given):
    """(the text, whether it failed); the text is within what an agent may be asked to read."""
    result = await client.call_tool(tool, given)
    (content,) = result.content
    assert tokens(content.text) <= MOST_TOKENS
    return content.text, bool(result.is_error)


@pytest.fixture
def playing(tmp_path):
    with engine(tmp_path, "--device", "null", "--osc-port", "0") as there:
        yield there


async def each_tool(client):
    tools = (await client.list_tools()).tools
    assert {tool.name for tool in tools} == {"run", "state", "hear", "why", "describe", "look", "render", "job"}
    text, failed = await call(
        client, "run", lines=["new", "load kick; seq kick: x...", "set bas.freq 5", "load sine as tone"]
    )
    assert failed and [line.split()[0] for line in text.splitlines() if line[0] != "!"] == [
        "ok",
        "ok",
        "ok",
        "err",
        "ok",
    ]
    assert "err 4 E_NAME 3:5" in text
    text, failed = await call(client, "run", lines=["mute kick now; why kick"], json=True)
    assert not failed and all(json.loads(line)["v"] == 1 for line in text.splitlines())
    status = json.loads((await call(client, "state"))[0])
    assert status["engine"]["playing"] and json.loads((await call(client, "state", name="tone"))[0])["kind"] == "sine"
    assert "unmute kick" in (await call(client, "why", name="kick"))[0]
    assert "20000 Hz" in (await call(client, "describe", name="tone"))[0]
    assert "out" in (await call(client, "look", what="meters"))[0]
    assert (await call(client, "look", what="scope", name="nothing"))[1]
    session = (await client.read_resource("chronus://session")).contents[0].text
    assert session.splitlines()[:1] == ["load kick"] and "mute kick" in session
    assert "agent: mute kick now" in (await client.read_resource("chronus://journal")).contents[0].text
    assert tokens((await client.read_resource("chronus://guide")).contents[0].text) <= MOST_TOKENS
    assert (await client.get_prompt("jam", {"style": "acid"})).messages


async def a_wait_is_cancelled(client):
    text, failed = await call(client, "run", lines=["wait 64 bars", "load kick as never"], seconds=0.1)
    assert failed and "wait 64 bars; load kick as never" in text
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(client.call_tool("run", {"lines": ["wait 64 bars"]}), 0.1)
    text, failed = await asyncio.wait_for(call(client, "run", lines=["list"]), 20)
    assert not failed and "never" not in text


async def the_engine_is_killed(client, home):
    """Returns the supervisor of the one that plays on."""
    assert not (await call(client, "run", lines=["new; load kick; seq kick: x..."]))[1]
    pid = json.loads((await call(client, "state"))[0])["engine"]["pid"]
    more = ["load saw"] * 1100  # not all of them can be sent before the first are answered
    waits = asyncio.create_task(call(client, "run", lines=["load sine as tone", "wait 64 bars", *more]))
    with Talker(home) as other:
        while "tone" not in "".join(other.ask("list").lines):
            await asyncio.sleep(0)
    os.kill(pid, signal.SIGKILL)
    text, failed = await waits
    assert failed and "err 2 E_ENGINE 2:1" in text and "\nok " not in text
    text, failed = await call(client, "run", lines=["list"])
    assert (
        not failed
        and text.startswith("! engine: no engine was running")
        and "kick: x..." in text
        and "tone" in text
        and "saw" not in text
    ), "the journal brings it back"
    return json.loads((await call(client, "state"))[0])["engine"]["pid"]


def test_an_agent_plays_in_both_eras_and_over_the_death_of_the_engine(playing):
    serve(playing.home, "legacy", each_tool)

    async def talk(client):
        await each_tool(client)
        await a_wait_is_cancelled(client)
        return await the_engine_is_killed(client, playing.home)

    pid = serve(playing.home, "auto", talk, "--device", "null", "--osc-port", "0")
    until(lambda: not psutil.pid_exists(pid), 10, "the engine ends with the server that started it")


@pytest.mark.soak
@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
def test_each_tool_works_in_an_era_that_is_asked_for(playing, mode):
    serve(playing.home, mode, each_tool)


@pytest.mark.soak
def test_what_plays_is_rendered_and_heard_as_jobs(playing):
    out = playing.home.folder / "session.wav"

    async def talk(client):
        await call(client, "run", lines=["new; load sine as tone; set tone.level -12db", "load kick; seq kick: x..."])
        text, failed = await call(client, "render", bars=1, out=str(out))
        assert not failed and text.startswith("render-1 runs")
        text, failed = await call(client, "job", name="render-1", seconds=60)
        assert not failed and json.loads(text.splitlines()[1])["bars"] == 1 and out.exists()
        text, failed = await call(client, "hear", file=str(out))
        assert not failed and "LUFS" in text
        assert (await call(client, "job", name="render-7"))[1]
        await call(client, "run", lines=["wait 1 bar"])
        text, failed = await call(client, "hear", name="tone", bars=1)
        assert not failed and "LUFS" in text
        assert "`vs` is another module" in (await call(client, "hear", vs="tone; new"))[0]

    serve(playing.home, "auto", talk)


@pytest.mark.soak
def test_a_thousand_calls_leave_nothing_behind(playing):
    async def talk(client):
        server = next(child for child in psutil.Process().children() if "mcp" in child.cmdline())
        sizes = []
        for number in range(1000):
            tool, given = [
                ("run", {"lines": [f"load kick as k{number}", f"unload k{number}", "help"] * 3}),
                ("state", {"what": "show"}),
                ("look", {"what": "meters"}),
                ("why", {}),
                ("run", {"lines": ["set nothing.x 5"]}),
            ][number % 5]
            await call(client, tool, **given)
            if number % 100 == 99:
                sizes.append((server.memory_info().rss, server.num_fds(), server.num_threads()))
        assert sizes[-1][0] <= sizes[1][0] * 1.05 + (1 << 20) and sizes[-1][1:] == sizes[1][1:], sizes

    serve(playing.home, "auto", talk)
