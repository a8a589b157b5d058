"""The shell without a prompt: order, window, submissions, exit codes. As a process where that is what counts."""

import json
import signal
import subprocess
import sys
import time

import pytest

from chronus import commands as c
from chronus import connection
from chronus.settings import Settings
from chronus.shell import plain
from chronus.shell.plain import Plain
from tests.kit.live import until

CHRONUS = [sys.executable, "-m", "chronus"]


def play(script, **told):
    """A script in this process: its lines, and the exit code."""
    written = []
    code = Plain(Settings(**told), script if isinstance(script, bytes) else script.encode(), written.append).run()
    return "".join(written).splitlines(), code


def run(*words, given=b"", timeout=20):
    return subprocess.run([*CHRONUS, *words], input=given, capture_output=True, timeout=timeout, check=False)


@pytest.fixture
def streaming(engine):
    """A shell on an open pipe."""
    shell = subprocess.Popen(CHRONUS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    yield shell
    shell.kill()
    shell.wait()
    for end in (shell.stdin, shell.stdout, shell.stderr):
        end.close()


# ---------------------------------------------------------------- answers in order


def test_answers_come_in_the_order_of_the_commands(engine):
    engine.answers["set bas.freq 55"] = c.Reply(
        0, False, 'no module "bas" is loaded', code="E_NAME", part="changes.0.module", suggestions=("bass",)
    )
    engine.answers["list"] = c.Reply(0, True, "list", lines=("bass", "out"))
    lines, code = play("load saw; zzz\n  set bas.freq 55\nlist")
    assert lines == [
        "ok 1 load saw @64",
        'err 2 E_COMMAND 1:11 there is no command "zzz"; `help` lists them',
        'err 3 E_NAME 2:7 no module "bas" is loaded; did you mean "bass"?',
        "  bass",
        "  out",
        "ok 4 list",
    ]
    assert code == 1


def test_a_local_error_is_never_sent(engine):
    play("load saw\nzzz\nplay")
    assert engine.texts == ["load saw", "play"]


def test_help_is_answered_after_all_before_it_and_not_sent(engine):
    lines, code = play("load saw\nhelp undo\nhelp patterns\nplay")
    assert [line for line in lines if line.startswith("ok")] == [
        "ok 1 load saw @64",
        "ok 2 help undo",
        "ok 3 help patterns",
        "ok 4 play @256",
    ]
    assert engine.texts == ["load saw", "play"]
    assert code == 0


def no_kind(word, *near):
    return c.Reply(0, False, f'there is no kind of module "{word}"', code="E_MODULE", part="kind", suggestions=near)


def test_help_on_a_kind_is_asked_of_the_engine_which_knows_what_it_is_set_to(engine):
    engine.answers["help filter"] = c.Reply(
        0, True, "help filter", lines=("cutoff 20..20000 Hz  (1000 Hz)  filter 400 Hz",)
    )
    lines, code = play("help filter\nplay")
    assert lines == ["  cutoff 20..20000 Hz  (1000 Hz)  filter 400 Hz", "ok 1 help filter", "ok 2 play @128"]
    assert engine.commands[0] == c.Describe(kind="filter") and code == 0


def test_help_on_what_the_engine_does_not_know_is_the_shells(engine):
    engine.answers["help oscillator"], engine.answers["help zz"] = no_kind("oscillator"), no_kind("zz")
    lines, code = play("help oscillator\nhelp zz")
    assert any("saw" in line for line in lines) and "ok 1 help oscillator" in lines
    assert lines[-1].startswith('err 2 E_COMMAND 2:6 there is no help on "zz"') and code == 1


def test_an_unknown_kind_is_pointed_at(engine):
    engine.answers["describe filtr"] = no_kind("filtr", "filter")
    lines, code = play("load saw;  describe filtr")
    assert lines[1] == 'err 2 E_MODULE 1:21 there is no kind of module "filtr"; did you mean "filter"?'
    assert code == 1


def test_notices_stand_between_answers_and_never_inside_one(engine):
    engine.answers["list"] = c.Reply(0, True, "list", lines=("a", "b"))
    play_out = []
    shell = Plain(Settings(), b"list\nplay", play_out.append)
    shell._send()
    engine.notice(c.Notice("failover", "slot 0 died (signal 9), slot 1 plays on, 0 frames lost"))
    assert shell.run() == 0
    text = "".join(play_out)
    assert "  a\n  b\nok 1 list\n" in text
    assert "! failover: slot 0 died (signal 9), slot 1 plays on, 0 frames lost\n" in text


# ---------------------------------------------------------------- submissions and the window


def test_lines_that_are_there_together_are_one_submission(engine):
    play("load saw\nload filter; play")
    assert engine.submissions == [("load saw", "load filter", "play")]


def test_a_wait_is_the_last_command_of_its_submission(engine):
    play("load saw\nwait 4 bars\nplay\nwait 2s; stop")
    assert engine.submissions == [("load saw", "wait 4 bars"), ("play", "wait 2 s"), ("stop",)]


def test_a_submission_of_several_frames_says_that_it_goes_on(engine):
    play("play\n" * 600)
    assert list(map(len, engine.submissions)) == [256, 256, 88]
    assert engine.more == [True, True, False]


def test_a_submission_whose_rest_is_wrong_is_ended_all_the_same(engine):
    lines, code = play("play\n" * 256 + "zzz\nhelp\n")
    until(lambda: engine.more == [True, False])  # nobody waited for an answer to the last
    assert list(map(len, engine.submissions)) == [256, 0]
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == ["ok"] * 256 + ["err", "ok"]
    assert code == 1


def test_never_more_than_the_window_is_outstanding(engine):
    lines, code = play("play\n" * 5000)
    assert code == 0
    assert lines == [f"ok {number} play @{64 * number}" for number in range(1, 5001)]
    assert max(map(len, engine.submissions)) <= 256
    assert engine.most_outstanding <= 1024


def test_strict_applies_nothing_after_the_first_error(engine):
    engine.answers["stop"] = c.Reply(0, False, "cannot", code="E_LIMIT")
    lines, code = play("play; stop; play", strict=True)
    assert lines == ["ok 1 play @64", "err 2 E_LIMIT 1:7 cannot"]
    assert engine.performed == ["play"]
    assert code == 1


def test_strict_sends_ahead_too(engine):
    play("load saw\nload filter; play", strict=True)
    assert engine.submissions == [("load saw", "load filter", "play")]


def test_strict_waits_for_what_may_be_refused_here_or_elsewhere(engine):
    play("play; help; crash active; stop", strict=True)
    assert engine.submissions == [("play",), ("crash active",), ("stop",)] and not any(engine.more)


@pytest.mark.parametrize("wrong", ["zzz", "help nothing"])
def test_strict_stops_at_a_local_error_too(engine, wrong):
    engine.answers["help nothing"] = no_kind("nothing")
    lines, code = play(f"play; {wrong}; stop", strict=True)
    assert len(lines) == 2
    assert engine.performed == ["play"]
    assert code == 1


def test_quit_ends_the_client_whatever_follows(engine):
    lines, code = play("play\nquit\nstop")
    assert lines == ["ok 1 play @64", "ok 2 quit"]
    assert engine.texts == ["play"]
    assert code == 0


# ---------------------------------------------------------------- what is read


def test_nothing_to_do_needs_no_engine(home):
    for script in ("", "\n\n", "# only words\n// and more", "zzz"):
        assert play(script)[1] == (1 if script == "zzz" else 0)


def test_bytes_that_are_no_text_are_refused_in_their_place(engine):
    lines, code = play(b"play\nset \xff\xfe 1; stop\nplay")
    assert lines[0] == "ok 1 play @64"
    assert lines[1] == "err 2 E_SYNTAX 2:5 the byte 0xff is not UTF-8 text"
    assert engine.texts == ["play", "stop", "play"]
    assert code == 1


def test_what_is_echoed_cannot_order_the_terminal_about(engine):
    lines, _ = play(b"\x1b[2Jhello\x07\x00 \xe2\x80\xae\nplay")
    assert lines[0].startswith("err 1 E_")
    assert all(character.isprintable() for line in lines for character in line)


@pytest.mark.parametrize("length", [8193, 40_000, 300_000])
def test_a_line_too_long_is_refused_and_the_next_is_read(engine, length):
    lines, code = play(b"play\n" + b"x" * length + b"\nstop")
    assert [line.split()[:4] for line in lines] == [
        ["ok", "1", "play", "@64"],
        ["err", "2", "E_LIMIT", "2:8193"],
        ["ok", "3", "stop", "@192"],
    ]
    assert code == 1


def test_a_line_without_end_is_not_kept(engine):
    source = plain.Source()
    found = [one for _ in range(100) for one in source.feed(b"x" * 65536)]
    assert len(found) == 1
    assert len(source._rest) <= 65536
    assert [one.text for one in source.feed(b"x\nplay\n")] == ["play"]
    assert source.feed(b"stop\n")[0].line == 3


def test_a_script_too_long_is_refused_whole(engine):
    lines, code = play("play\n" * 300_000)
    assert lines == ["err 1 E_LIMIT 1:1 a script is at most 1 MiB"]
    assert engine.texts == []
    assert code == 1


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_bytes_cut_anywhere_give_the_same_statements(size):
    script = "load saw # é\r\nset saw.freq \\\n  55; play\n\nsay drop a beat, please\nlast ü".encode()
    whole = plain.Source()
    expected = whole.feed(script) + whole.close()
    cut = plain.Source()
    found = [one for place in range(0, len(script), size) for one in cut.feed(script[place : place + size])]
    assert found + cut.close() == expected
    assert [one.line for one in expected] == [1, 2, 3, 5, 6]


# ---------------------------------------------------------------- JSON


def test_the_json_form_is_one_object_a_line(engine):
    engine.answers["set bas.freq 55"] = c.Reply(
        0, False, "no", code="E_NAME", part="changes.0.module", suggestions=("bass",)
    )
    engine.answers["list"] = c.Reply(0, True, "list", lines=("bass",), result={"modules": ["bass"]})
    lines, _ = play("load saw\nset bas.freq 55\nlist", json=True)
    first, second, third = map(json.loads, lines)
    assert first == {"v": 1, "id": 1, "ok": True, "command": "load saw", "frame": 64, "result": {}, "text": "load saw"}
    error = {"code": "E_NAME", "line": 2, "column": 5, "message": "no", "suggestions": ["bass"], "length": 3}
    assert second == {"v": 1, "id": 2, "ok": False, "error": error, "command": "set bas.freq 55"}
    assert third["result"] == {"modules": ["bass"]}


# ---------------------------------------------------------------- the engine goes


def test_a_lost_engine_answers_for_it_and_exits_with_3(engine):
    engine.dies_at = "stop"
    shell_lines = []
    shell = Plain(Settings(), b"play; stop\nwait 1 bar\nplay; zzz", shell_lines.append)
    hear = shell._hear

    def hear_and_bury():
        if len(engine.texts) > 1:
            engine.close()
        hear()

    shell._hear = hear_and_bury
    assert shell.run() == 3
    assert "".join(shell_lines).splitlines() == [
        "ok 1 play @64",
        "err 2 E_ENGINE 1:7 the engine was lost before it answered",
        "err 3 E_ENGINE 2:1 the engine was lost before it answered",
        "err 4 E_ENGINE 3:1 the engine was lost before it answered",
        'err 5 E_COMMAND 3:7 there is no command "zzz"; `help` lists them',
    ]


def test_a_control_that_comes_back_is_found_again_and_nothing_is_sent_twice(engine):
    engine.dies_at = "stop"
    lines, code = play("play; stop\n" + "new\n" * 2000)
    assert lines[1].startswith("err 2 E_ENGINE 1:7 the engine was lost")
    assert lines[-1].startswith("ok 2002 new")
    assert engine.texts.count("stop") == 1
    assert len(engine.hellos) == 2
    assert code == 3


def test_a_wait_that_timed_out_exits_with_5(engine):
    engine.answers["wait 1 bar"] = c.Reply(0, False, "it took too long", code="E_TIMEOUT")
    assert play("play\nwait 1 bar\nzzz")[1] == 5


def test_an_engine_that_was_running_goes_on(engine):
    play("play")
    assert not engine.shutdowns


# ---------------------------------------------------------------- as a process


def test_a_file_and_minus_c_and_a_pipe_do_the_same(engine, home):
    script = home / "one.chronus"
    script.write_text("play\nstop")
    wanted = b"ok 1 play @64\nok 2 stop @128\n"
    assert run(str(script)).stdout == wanted
    assert run("-c", "play; stop").stdout == wanted
    assert run(given=b"play\nstop").stdout == wanted


def test_answers_come_while_the_pipe_stays_open(streaming):
    for number, line in enumerate((b"play\n", b"stop\n"), 1):
        streaming.stdin.write(line)
        streaming.stdin.flush()
        assert streaming.stdout.readline().startswith(f"ok {number} ".encode())
    streaming.stdin.write(b"new")  # without a newline, a command too
    streaming.stdin.close()
    assert streaming.stdout.readline() == b"ok 3 new @192\n"
    assert streaming.wait(5) == 0


def test_quit_ends_a_shell_whose_pipe_stays_open(streaming):
    streaming.stdin.write(b"quit\n")
    streaming.stdin.flush()
    assert streaming.wait(5) == 0


def test_ctrl_c_exits_with_130(engine, streaming):
    engine.held = True
    streaming.stdin.write(b"wait 400 bars\n")
    streaming.stdin.flush()
    while not engine.texts:
        time.sleep(0.01)
    streaming.send_signal(signal.SIGINT)
    assert streaming.wait(5) == 130
    assert streaming.stderr.read() == b""


def test_a_reader_that_goes_ends_it_quietly(engine):
    shell = subprocess.Popen(CHRONUS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    shell.stdout.close()
    shell.stdin.write(b"play\n" * 1000)
    shell.stdin.flush()
    assert shell.wait(5) == 0
    assert shell.stderr.read() == b""
    shell.stdin.close()


def test_status_stop_and_journal_start_no_engine(home):
    for form in ("status", "stop", "journal"):
        ended = run(form)
        assert ended.returncode == 3
        assert ended.stderr == b'chronus: E_ENGINE no engine named "default" is running\n'
    assert not connection.lock_held("default")


def test_stop_ends_the_engine(engine):
    before = signal.signal(signal.SIGTERM, lambda *_: engine.close())  # the engine's name is this process's
    try:
        ended = run("stop", "--json")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert (ended.returncode, json.loads(ended.stdout)) == (0, {"engine": "default", "stopped": True})
    assert engine.gone.is_set()


def test_status_is_one_object(engine):
    engine.answers["status"] = c.Reply(0, True, "status", lines=("all well",), result={"journal": "/j", "modules": 2})
    assert run("status").stdout == b"all well\n"
    assert json.loads(run("status", "--json").stdout) == {"journal": "/j", "modules": 2}
    assert run("journal").stdout == b"/j\n"


# ---------------------------------------------------------------- an engine that this call started


class Process:
    """Stands for the process of a started engine."""

    def __init__(self):
        self.terminated = False

    def wait(self, timeout=None):
        return 0

    def terminate(self):
        self.terminated = True


@pytest.fixture
def starting(home, monkeypatch, serving):
    """Starting an engine gives the small one."""
    process = Process()

    def start(settings, on_progress):
        serving(settings.engine)
        return connection.Started(["no sound card: the null device plays, silently"], process)

    monkeypatch.setattr(connection, "start_engine", start)
    return process


def test_an_engine_that_this_call_started_ends_with_it(starting, serving):
    lines, code = play("play")
    assert lines == ["! no sound card: the null device plays, silently", "ok 1 play @64"]
    assert code == 0
    assert [one.alone for one in serving.engines[0].shutdowns] == [False]


def test_keep_leaves_it_running(starting, serving):
    play("play", keep=True)
    assert not serving.engines[0].shutdowns
    assert play("stop")[0] == ["ok 1 stop @64"]


def test_an_interrupted_call_ends_the_engine_it_started(starting, serving):
    def interrupt(text):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Plain(Settings(), b"play", interrupt).run()
    assert starting.terminated


def test_two_shells_that_start_an_engine_at_once_share_one(home, monkeypatch, serving):
    def start(settings, on_progress):
        serving(settings.engine)
        raise connection.StartError("E_EXISTS", "an engine of that name is running", 3)

    monkeypatch.setattr(connection, "start_engine", start)
    assert play("play") == (["ok 1 play @64"], 0)
    assert not serving.engines[0].shutdowns


def test_an_engine_that_cannot_start_is_said_once_with_its_exit_code(home, monkeypatch, capfd):
    def start(settings, on_progress):
        raise connection.StartError("E_DEVICE", "no output is named x; there are: a, b", 4)

    monkeypatch.setattr(connection, "start_engine", start)
    assert plain.run(Settings(json=True), b"play") == 4
    out, err = capfd.readouterr()
    assert err == "chronus: E_DEVICE no output is named x; there are: a, b\n"
    assert json.loads(out)["error"]["code"] == "E_DEVICE"


def test_what_a_running_engine_cannot_give_is_said(engine):
    lines, _ = play("play", rate=48000, device="JACK")
    assert lines == [
        "! the engine was running already, so it goes on without --rate 48000",
        "! the engine was running already, so it goes on without --device JACK",
        "ok 1 play @64",
    ]
    assert play("play", device="null")[0] == ["ok 1 play @64"]
