"""`chronus mcp --config`: prints what agents' programs need so that they start this server."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any

from chronus import places
from chronus.settings import Settings, option

NAME = "chronus"
SHOWN = ("engine", "device", "rate", "period", "lookahead", "osc_port", "osc_bind", "author")
SWITCHES = ("fresh", "keep")
ENVIRONMENT = (
    "CHRONUS_HOME", "CHRONUS_MODULES", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "PULSE_SERVER", "JACK_DEFAULT_SERVER",
)  # fmt: skip


def command() -> list[str]:
    """Returns the words that start this program again, whatever folder somebody is in."""
    called = Path(sys.argv[0])
    if called.name == NAME and called.exists():
        return [str(Path(os.path.abspath(called)))]
    return [sys.executable, "-m", NAME]


def words(settings: Settings) -> list[str]:
    """Returns what follows: the form, and the settings that are not the usual ones."""
    usual = Settings()
    found = ["mcp"]
    for key in SHOWN:
        if getattr(settings, key) != getattr(usual, key):
            found += ["--as" if key == "author" else option(key), str(getattr(settings, key))]
    return [*found, *(option(key) for key in SWITCHES if getattr(settings, key))]


def environment() -> dict[str, str]:
    """Returns what says where the engine, its files and its sound are: an agent's program hands on little of what it was given."""
    found = {name: os.environ[name] for name in ENVIRONMENT if os.environ.get(name)}
    if NAME in command()[1:] and (path := places.environment().get("PYTHONPATH")):
        found["PYTHONPATH"] = path
    return found


def plain(settings: Settings) -> dict[str, Any]:
    """Returns the object that most programs read."""
    return {"mcpServers": {NAME: _server(settings)}}


def _server(settings: Settings) -> dict[str, Any]:
    program, *first = command()
    told = {"command": program, "args": [*first, *words(settings)]}
    return told | ({"env": environment()} if environment() else {})


def page(settings: Settings) -> str:
    """Writes a paragraph for each program."""
    server = _server(settings)
    usual = json.dumps(plain(settings), indent=2)
    code = json.dumps({"servers": {NAME: {"type": "stdio", **server}}}, indent=2)
    given = [word for name, value in environment().items() for word in ("-e", f"{name}={value}")]
    rows = [f"{name} = {json.dumps(value)}" for name, value in environment().items()]
    table = "\n".join([f"[mcp_servers.{NAME}.env]", *rows]) + "\n" if rows else ""
    return f"""\
Claude Code, in a terminal:

{shlex.join(["claude", "mcp", "add", NAME, *given, "--", server["command"], *server["args"]])}

Claude Desktop (Settings, Developer, Edit Config: claude_desktop_config.json), Cursor (.cursor/mcp.json), Gemini CLI
(.gemini/settings.json), Windsurf (mcp_config.json), and Claude Code for a project (.mcp.json):

{usual}

VS Code (.vscode/mcp.json):

{code}

Codex (.codex/config.toml in your home folder):

[mcp_servers.{NAME}]
command = {json.dumps(server["command"])}
args = {json.dumps(server["args"])}
{table}"""
