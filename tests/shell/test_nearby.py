"""The files that completion offers, from folders as they are."""

import pytest

from chronus.language.completer import complete
from chronus.shell.nearby import files


@pytest.fixture
def offered(home, catalogue, rack, tmp_path, monkeypatch):
    own = home / "home"
    for folder, names in {
        "patches": ("night.chronus", ".hidden.chronus", "notes.txt"),
        "midi": ("beat.mid",),
        "samples": ("amen.wav", "x.txt"),
    }.items():
        (own / folder).mkdir(parents=True)
        for name in names:
            (own / folder / name).write_bytes(b"x")
    here = tmp_path / "here"
    (here / "loops" / "deep").mkdir(parents=True)
    for name in ("here.chronus", "drums.mid", "hit.wav", "loops/break.wav", "loops/song.mid"):
        (here / name).write_bytes(b"x")
    monkeypatch.chdir(here)
    tables = [{"name": "file", "source": "file", "help": "the recording"}]
    reading = {**catalogue, "saw": {**catalogue["saw"], "tables": tables}}

    def offered(line):
        return {one.text: one for one in complete(line, len(line), reading, rack, files)}

    return offered


@pytest.mark.parametrize(
    ("line", "wanted", "not_wanted"),
    [
        ("open ", {"night", "here.chronus", "acid", "techno"}, {".hidden", "notes.txt", "drums.mid", "loops/"}),
        ("open ni", {"night"}, {"acid"}),
        ("play; open ac", {"acid"}, {"night"}),
        ('open "ni', {"night"}, {"acid"}),
        ("save ", {"night"}, {"acid", "here.chronus"}),
        ("import ", {"beat.mid", "drums.mid", "loops/"}, {"hit.wav", "night"}),
        ("import loops/", {"loops/song.mid", "loops/deep/"}, {"beat.mid", "loops/break.wav"}),
        ("import loops/so", {"loops/song.mid"}, {"loops/deep/"}),
        ("import drums.mid ", {"as", "bass="}, {"beat.mid"}),
        ("export ", {"beat.mid"}, {"hit.wav"}),
        ('set bass.file "', {"amen.wav", "hit.wav", "loops/"}, {"drums.mid"}),
        ('set bass.file "loops/b', {"loops/break.wav"}, {"amen.wav"}),
        ('load saw as lead file="am', {"amen.wav"}, {"hit.wav"}),
        ('set bass.freq "am', set(), {"amen.wav"}),
        ("import nowhere/", set(), {"drums.mid"}),
        ("load ", {"saw"}, {"amen.wav"}),
    ],
)
def test_files_of_the_right_kind_are_offered(offered, line, wanted, not_wanted):
    found = set(offered(line))
    assert wanted <= found and not not_wanted & found


def test_a_file_takes_the_place_of_all_that_is_typed_of_its_path(offered):
    assert offered("import loops/so")["loops/song.mid"].start == 7
    assert offered('set bass.file "loops/b')["loops/break.wav"].start == 15
    assert offered("open ")["night"].meta == "your own" and offered("open ")["acid"].meta == "comes with Chronus"
