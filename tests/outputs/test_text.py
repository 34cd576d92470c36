import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.outputs.text import clean


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("plain text", "plain text"),
        ("  two\tlines\r\nhere\u2028now ", "two lines here now"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07shown", "shown"),
        ("\x1b]8;;https://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b1mbold", "bold"),
        ("\x1bcreset", "reset"),
        ("a\u202eb\u200bc\u2066d\ufeff", "abcd"),
        ("null\x00byte\x7f", "nullbyte"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("ünïcödé 日本", "ünïcödé 日本"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
        ("a\u3000b\u00a0c", "a b c"),
    ],
)
def test_only_visible_characters_are_left_on_one_line(text: str, expected: str) -> None:
    assert clean(text, 100) == expected


def test_long_text_is_cut_and_says_so() -> None:
    assert clean("abcdef", 6) == "abcdef"
    assert clean("abcdefg", 6) == "abcde…"
    assert clean("abcd efg", 6) == "abcd…"


@given(st.text() | st.text(alphabet="\x1b[]\\0;1m\x07\x9b\u202e a"), st.integers(1, 50))
def test_whatever_comes_in_nothing_hidden_comes_out(text: str, limit: int) -> None:
    shown = clean(text, limit)

    assert len(shown) <= limit
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert clean(shown, limit) == shown
