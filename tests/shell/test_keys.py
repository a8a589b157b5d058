"""Which keys the prompt has: kept where the user's files are."""

from chronus.commands import Keys
from chronus.language.source import whole
from chronus.shell import keys
from chronus.shell.conversation import Conversation


def said(line):
    conversation = Conversation()
    conversation.say(whole(line))
    conversation.outgoing()
    return [answer for _, answer in conversation.answers()]


def test_what_is_chosen_is_kept(home):
    assert keys.kept() == "emacs"
    (answer,) = said("keys vi")
    assert answer.error is None and answer.text == "keys vi" and answer.result == {"keys": "vi"}
    assert keys.kept() == "vi"
    assert said("keys")[0].text == "keys vi" and isinstance(Keys().mode, str)
    (home / "home" / "keys").write_bytes(b"\xff of the sea")
    assert keys.kept() == "emacs"


def test_where_nothing_can_be_kept_that_is_said(home):
    (home / "home").write_text("no folder")
    error = said("keys vi")[0].error
    assert error is not None and error.code == "E_FILE" and "cannot be kept" in error.message
    assert keys.kept() == "emacs"


def test_other_words_get_the_two_that_there_are(home):
    error = said("keys nvim")[0].error
    assert error is not None and error.suggestions == ("vi",)
