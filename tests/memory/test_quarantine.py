from chronus.memory import layout, quarantine
from chronus.memory.layout import CONVICTIONS, Memory
from chronus.memory.quarantine import TakenOut


def test_who_is_taken_out_is_found_again():
    board = Memory().board
    assert quarantine.taken_out(board) == []
    first, second = TakenOut(3, 17, 100, 11), TakenOut(layout.HANDLES - 1, 4, 7, 0)
    quarantine.take_out(board, second)
    quarantine.take_out(board, first)
    assert quarantine.taken_out(board) == [first, second] and board[CONVICTIONS] == 2
    again = TakenOut(3, 18, 90, 8)
    quarantine.take_out(board, again)
    assert quarantine.taken_out(board) == [again, second], "a place holds one module"


def test_eight_entries_are_passed_over_and_the_oldest_of_more_is_forgotten():
    board = Memory().board
    for number in (5, 90, 31, 32, 33, 34, 35, 36, 36, 200):
        quarantine.pass_over(board, number)
    assert quarantine.passed_over(board) == [31, 32, 33, 34, 35, 36, 90, 200]
    assert board[CONVICTIONS] == 10


def test_the_rows_lie_behind_the_words_of_the_board_and_before_the_log():
    assert max(layout._BOARD.values()) + layout.LINE <= layout.OUT_TABLE
    assert layout.OUT_TABLE + layout.HANDLES * layout.OUT_WORDS == layout.COSTS
    assert layout.LOG % 64 == 0
