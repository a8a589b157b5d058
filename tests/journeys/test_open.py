"""`open`: what it brings is there for the lines that follow, though it is heard from the bar line on; live and rendered alike."""

import pytest

from tests.kit.live import Home

SONG = "load bass cutoff=700\nseq bass: x.x.x...\n"
CHANGED = "load bass cutoff=700 freq=82\nseq bass: xx..x...\nload filter\npatch bass > filter\n"
MORE = "set bass.freq 82\nseq bass: xx..x...\npatch bass > filter\n"
BEGINNING = "bpm 400\nload kick\nseq kick: x...\nwait 3 beats\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("open"))
    (home.folder / "home" / "patches").mkdir(parents=True)
    for name, text in (("song", SONG), ("changed", CHANGED)):
        (home.folder / "home" / "patches" / f"{name}.chronus").write_text(text)
    return home


def _render(home, name, text):
    script = home.folder / f"{name}.chronus"
    script.write_text(text)
    return home.render(script)[0]["sha256"]


@pytest.mark.parametrize("before", [BEGINNING, "bpm 400\n"], ids=["at the bar line", "at once"])
def test_the_lines_after_an_open_sound_as_if_they_stood_in_it(home, before):
    said = _render(home, "said", f"{before}open song\n{MORE}wait 2 bars\n")
    assert said == _render(home, "opened", f"{before}open changed\nwait 2 bars\n")
    assert said != _render(home, "plain", f"{before}open song\nwait 2 bars\n")


def test_a_live_script_finds_what_it_has_opened(home):
    script = f"{BEGINNING}open song\n{MORE}assert bass.freq == 82\nsave later\nwait 1 bar\nassert bass.freq == 82\n"
    script += "new\nopen song\nshow bass\nset bass.freq 41\nassert bass.freq == 41\n"
    done = home.chronus("--device", "null", typed=script)
    assert done.returncode == 0, done.stdout + done.stderr
    opened, again = [line for line in done.stdout.splitlines() if " open song" in line]
    assert "(at bar 2)" in opened and "(at" not in again
    saved = (home.folder / "home" / "patches" / "later.chronus").read_text()
    assert "load bass" in saved and "patch bass > filter" in saved and "kick" not in saved
