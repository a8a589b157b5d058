"""What `chronus doctor` says of a machine, and the remedy that it names."""

import os
from pathlib import Path

import pytest

from chronus.audio.devices import Output
from chronus.settings import Settings
from chronus.shell import doctor
from tests.kit.json_schema import faults, whole

SIZE = os.terminal_size((80, 24))
WSL = "5.15.153.1-microsoft-standard-wsl2"


@pytest.mark.parametrize(
    ("found", "mark", "words", "remedy"),
    [
        (doctor.of_portaudio({"libportaudio.so.2": Path("/usr/lib/libportaudio.so.2")}), "ok ", "/usr/lib", ""),
        (doctor.of_portaudio({}), "tip", "is not here", "libportaudio2"),
        (doctor.of_jack({}), "ok ", "no libjack", ""),
        (doctor.of_jack({"libjack.so.0": Path("/usr/lib/pipewire-0.3/jack/libjack.so.0")}), "ok ", "PipeWire's", ""),
        (doctor.of_jack({"libjack.so.0": Path("/usr/lib/libjack.so.0")}), "ok ", "JACK's own", ""),
        (doctor.of_priority(0, 0, True), "ok ", "allowed (root)", ""),
        (doctor.of_priority(95, 95, False), "ok ", "up to 95", ""),
        (doctor.of_priority(0, 95, False), "tip", "up to 0", "ulimit -r 15"),
        (doctor.of_priority(0, 0, False), "tip", "not allowed", "limits.d"),
        (doctor.of_disk(50 * 10**9), "ok ", "50.0 GB", ""),
        (doctor.of_disk(5 * 10**8), "tip", "0.5 GB", "CHRONUS_HOME"),
        (doctor.of_disk(10**6), "BAD", "0.0 GB", "CHRONUS_HOME"),
        (doctor.of_midi(True), "ok ", "MIDI files", ""),
        (doctor.of_pulse({}, "6.1", True), "ok ", "no server", ""),
        (doctor.of_pulse({"PULSE_SERVER": "unix:/x"}, "6.1", False), "tip", "no plug-in", "libasound2-plugins"),
        (doctor.of_pulse({"PULSE_SERVER": "unix:/x"}, WSL, True), "ok ", "unix:/x", ""),
        (doctor.of_terminal({"TERM": "xterm"}, True, "utf-8", SIZE), "ok ", "xterm, 80x24", ""),
        (doctor.of_terminal({"TERM": "dumb"}, True, "utf-8", SIZE), "tip", "dumb", "TERM="),
        (doctor.of_terminal({"TERM": "xterm"}, True, "ascii", SIZE), "tip", "ascii", "UTF-8"),
        (doctor.of_terminal({"TERM": "xterm"}, True, "utf-8", os.terminal_size((40, 10))), "tip", "40x10", "60x20"),
        (doctor.of_terminal({}, False, "", SIZE), "ok ", "none", ""),
        (doctor.of_outputs((), {}, "6.1"), "tip", "null device", "aplay -l"),
        (doctor.of_outputs((), {}, WSL), "tip", "null device", "wsl --update"),
        (doctor.of_outputs((), {"SSH_CONNECTION": "1"}, "6.1"), "tip", "null device", "ssh"),
        (doctor.of_outputs("PortAudio did not answer in 10 s", {}, "6.1"), "BAD", "did not answer", "--device null"),
        (doctor.of_outputs((Output("ALSA", "default", 0, True, 44100),), {}, "6.1"), "ok ", "ALSA: default", ""),
    ],
)  # fmt: skip
def test_a_finding_has_its_remedy(found, mark, words, remedy):
    assert found.mark == mark and words in found.words
    assert remedy in found.remedy if remedy else not found.remedy


def test_a_server_of_wsl_is_named_by_a_variable(tmp_path, monkeypatch):
    socket = tmp_path / "PulseServer"
    socket.touch()
    monkeypatch.setattr(doctor, "WSL_SOUND", socket)
    assert doctor.of_pulse({}, WSL, True).remedy == f"export PULSE_SERVER=unix:{socket}"


def test_all_of_it_is_one_object_that_the_schema_describes(capsys):
    doctor.main(Settings(json=True))
    import json

    told = json.loads(capsys.readouterr().out)
    assert not faults(told, {"$ref": "#/$defs/Doctor"}, whole()["$defs"])
    assert {"PortAudio", "devices", "JACK", "real-time priority", "kernel cache", "disk", "terminal", "MIDI"} <= {
        one["what"] for one in told["findings"]
    }
