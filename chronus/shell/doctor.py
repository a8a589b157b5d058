"""`chronus doctor`: checks what Chronus needs and what it would be better with, each with its remedy, and says where it keeps its files.

What is BAD keeps Chronus from working; a `tip` does not, but something would sound or look better with its remedy. It changes nothing.
"""

from __future__ import annotations

import os
import platform
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from chronus import __version__, connection, places
from chronus.audio import devices
from chronus.errors import ChronusError
from chronus.settings import Settings
from chronus.shell import answers
from chronus.system.urgency import WATCHING

PACKAGES = ("numpy", "numba", "sounddevice", "lark", "msgspec", "prompt_toolkit", "python-osc", "soundfile")


FEW_BYTES, TOO_FEW_BYTES = 10**9, 10**8
"""On the disk of journals and recordings: a reason for a tip, and one not to begin."""
INSTALL = "sudo apt-get install"
LIMITS = "put `@audio - rtprio 95` and `@audio - nice -15` into /etc/security/limits.d/audio.conf, join the group audio, log in again"
WSL_SOUND = Path("/mnt/wslg/PulseServer")
PULSE_PLUGIN = "libasound_module_pcm_pulse.so"
LIBRARIES = ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib")


class Checked(NamedTuple):
    """`remedy`: what would make it better. Without `ok` and with a remedy, Chronus cannot work before."""

    ok: bool
    what: str
    words: str
    remedy: str = ""

    @property
    def mark(self) -> str:
        return "BAD" if not self.ok else "tip" if self.remedy else "ok "


def main(settings: Settings) -> int:
    """Prints what was found; 1 if something that is needed is missing."""
    findings = list(_findings(settings))
    if settings.json:
        listed = [{"ok": one.ok, "what": one.what, "found": one.words, "remedy": one.remedy} for one in findings]
        print(answers.one_object({"v": 1, "ok": all(one.ok for one in findings), "findings": listed}))
    else:
        for one in findings:
            print(answers.clean(f"{one.mark} {one.what}: {one.words}"))
            if one.remedy:
                print(answers.clean(f"      {one.remedy}"))
    return 0 if all(one.ok for one in findings) else 1


def _findings(settings: Settings) -> Iterator[Checked]:
    yield Checked(True, "chronus", __version__)
    yield Checked(sys.version_info >= (3, 11), "python", f"{platform.python_version()} ({sys.executable})")
    for package in PACKAGES:
        try:
            yield Checked(True, package, metadata.version(package))
        except metadata.PackageNotFoundError:
            yield Checked(False, package, "is not installed", f"pip install {package}")
    libraries = _libraries()
    yield of_portaudio(libraries)
    yield _devices(os.environ, _release())
    yield of_pulse(os.environ, _release(), _is_there(PULSE_PLUGIN))
    yield of_jack(libraries)
    yield of_priority(*resource.getrlimit(resource.RLIMIT_RTPRIO), os.geteuid() == 0)
    yield of_midi(Path("/dev/snd/seq").exists())
    yield _looked("runtime folder", lambda: _writable(places.runtime(), "XDG_RUNTIME_DIR"))
    yield _looked("home", lambda: _writable(places.home(), "CHRONUS_HOME"))
    yield of_disk(shutil.disk_usage(_nearest(places.home())).free)
    yield _looked("kernel cache", _cache)
    yield of_terminal(os.environ, sys.stdout.isatty(), sys.stdout.encoding or "", shutil.get_terminal_size())
    yield _looked("engine", lambda: _engine(settings.engine))


# ---------------------------------------------------------------- what the machine has


def _release() -> str:
    return platform.release().lower()


def _libraries() -> dict[str, Path]:
    """Returns the libraries that the system's loader knows, by name: libjack.so.0 -> where it lies."""
    try:
        said = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, timeout=5).stdout
    except (OSError, subprocess.TimeoutExpired):
        return {}
    found: dict[str, Path] = {}
    for line in said.splitlines():
        name, arrow, path = line.strip().partition(" => ")
        if arrow:
            found.setdefault(name.split(" ")[0], Path(path))
    return found


def _is_there(plugin: str) -> bool:
    """Whether ALSA would find a plug-in."""
    return any(next(Path(folder).glob(f"**/alsa-lib/{plugin}"), None) for folder in LIBRARIES if Path(folder).is_dir())


def of_portaudio(libraries: Mapping[str, Path]) -> Checked:
    path = next((path for name, path in libraries.items() if name.startswith("libportaudio.so")), None)
    if path is None and sys.platform == "linux":
        return Checked(True, "PortAudio", "is not here; the null device plays, silently", f"{INSTALL} libportaudio2")
    return Checked(True, "PortAudio", str(path or "comes with sounddevice"))


def of_jack(libraries: Mapping[str, Path]) -> Checked:
    """Says which libjack would be used: one of them may lead to a server that does not run."""
    path = next((path for name, path in libraries.items() if name.startswith("libjack.so")), None)
    if path is None:
        return Checked(True, "JACK", "there is no libjack; nothing needs it, unless you play through JACK")
    whose = "PipeWire's" if "pipewire" in str(path.resolve()) else "JACK's own"
    return Checked(True, "JACK", f"{path.resolve()} ({whose})")


def of_pulse(environment: Mapping[str, str], release: str, plugin: bool) -> Checked:
    """Looks for a PulseAudio server (PipeWire offers one, too). PortAudio reaches it through ALSA's plug-in alone."""
    own = Path(environment.get("XDG_RUNTIME_DIR", "/nonexistent")) / "pulse" / "native"
    server = environment.get("PULSE_SERVER") or next((str(path) for path in (own, WSL_SOUND) if path.exists()), "")
    if not server:
        return Checked(True, "PulseAudio", "no server is here")
    if not plugin:
        return Checked(True, "PulseAudio", f"{server}; ALSA has no plug-in for it", f"{INSTALL} libasound2-plugins")
    if "microsoft" in release and not environment.get("PULSE_SERVER"):
        return Checked(True, "PulseAudio", f"{server} (WSL2)", f"export PULSE_SERVER=unix:{server}")
    return Checked(True, "PulseAudio", server)


def of_priority(soft: int, hard: int, root: bool) -> Checked:
    """Looks whether the threads that play may be ahead of all others."""
    if root or soft < 0 or soft >= WATCHING:
        return Checked(
            True, "real-time priority", "allowed" + (" (root)" if root else f", up to {soft}" if soft >= 0 else "")
        )
    if hard < 0 or hard >= WATCHING:
        return Checked(
            True,
            "real-time priority",
            f"allowed up to {soft}",
            f"ulimit -r {WATCHING}, in the shell that starts Chronus",
        )
    return Checked(True, "real-time priority", "not allowed: on a busy machine the sound may stumble", LIMITS)


def of_midi(sequencer: bool) -> Checked:
    there = "ALSA's sequencer is here" if sequencer else "there is no ALSA sequencer"
    return Checked(True, "MIDI", f"{there}; Chronus reads and writes MIDI files, and plays no MIDI ports yet")


def of_disk(free: int) -> Checked:
    words = f"{free / 1e9:,.1f} GB are free where journals and recordings go"
    remedy = "make room there, or name another folder with CHRONUS_HOME"
    return Checked(free >= TOO_FEW_BYTES, "disk", words, "" if free >= FEW_BYTES else remedy)


def of_terminal(environment: Mapping[str, str], is_one: bool, encoding: str, size: os.terminal_size) -> Checked:
    if not is_one:
        return Checked(True, "terminal", "none: answers are plain lines")
    term = environment.get("TERM", "dumb")
    words = f"{term}, {size.columns}x{size.lines}, {encoding}" + (", in tmux" if environment.get("TMUX") else "")
    if term == "dumb":
        return Checked(True, "terminal", words, "TERM=xterm-256color, if it can do more: now the prompt is plain")
    if "utf" not in encoding.lower():
        return Checked(True, "terminal", words, "export LANG=C.UTF-8, or meters and braille are drawn in ASCII")
    if size.columns < 60 or size.lines < 20:
        return Checked(True, "terminal", words, "the prompt is made for 60x20 and more")
    return Checked(True, "terminal", words)


def of_outputs(found: tuple[devices.Output, ...] | str, environment: Mapping[str, str], release: str) -> Checked:
    """Lists the outputs. None is no fault: then the null device plays."""
    if isinstance(found, str):
        return Checked(
            False, "devices", found, "chronus --device null plays without it; chronus render needs no device"
        )
    if found:
        return Checked(True, "devices", "; ".join(output.title for output in found))
    if "microsoft" in release:
        remedy = f"WSL2 has sound by PulseAudio: {INSTALL} libasound2-plugins, and wsl --update in Windows"
    elif environment.get("SSH_CONNECTION"):
        remedy = "over ssh there is often none; chronus render writes files without one"
    else:
        remedy = "is a card there (aplay -l), and are you in the group audio? chronus render needs none"
    return Checked(True, "devices", "none; the null device plays, silently", remedy)


def _devices(environment: Mapping[str, str], release: str) -> Checked:
    return of_outputs(devices.ask(), environment, release)


# ---------------------------------------------------------------- where the files are


def _nearest(folder: Path) -> Path:
    """Returns the folder, or the nearest one above it that exists."""
    while not folder.exists():
        folder = folder.parent
    return folder


def _looked(what: str, look: Callable[[], str]) -> Checked:
    try:
        return Checked(True, what, look())
    except (ChronusError, OSError) as problem:
        return Checked(False, what, str(problem))


def _cache() -> str:
    """Checks where kernels are kept; elsewhere than they should be is a finding, though all plays."""
    if places.caches().trouble:
        raise OSError(places.caches().trouble)
    rest = "" if places.complete_file().exists() else "; `chronus build` compiles the rest at once"
    return _writable(places.kernel_cache(), "XDG_CACHE_HOME") + rest


def _writable(folder: Path, variable: str) -> str:
    """Returns the folder, if we can write into it, or create it. `variable` names another one."""
    there = _nearest(folder)
    if not (there.is_dir() and os.access(there, os.W_OK)):
        raise OSError(f"{folder} cannot be written; {variable} may name another folder")
    if not folder.exists():
        return f"{folder} (not made yet)"
    return f"{folder} ({sum(1 for _ in folder.iterdir())} files)"


def _engine(name: str) -> str:
    held = connection.lock_held(name)
    listening = connection.socket_path(name).exists()
    if held:
        return f'"{name}" is running' + ("" if listening else ", and does not listen yet")
    return f'"{name}" is not running' + ("; a stale socket is there, the next start removes it" if listening else "")
