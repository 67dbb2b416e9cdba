"""Text from outside in each medium: what nobody sees is shown, what a medium would take for its own is text."""

import os
import re
import subprocess
import unicodedata
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ablate import escaping

ANY_TEXT = st.text(st.characters() | st.sampled_from("\x1b\x9b\r\n\u202e\u200b\u200d\u2068\u2069אבا|`*_<&[=+-@$\\'\" "))


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("no augmentation, −5.14 (±0.3%)", "no augmentation, −5.14 (±0.3%)"),
        ("\x1b[31mred\x1b]0;title\x07", "�[31mred�]0;title�"),  # sequences of a terminal
        ("\x9b31m \x85", "�31m �"),  # the same with one character of C1
        ("a\x08\x0b\x0c\x00\x7fb", "a�����b"),
        ("a\r\nb\tc\u2028d", "a b c d"),  # ends of lines
        ("x\u202e\u2066\u200f\u061c", "x����"),  # directions
        ("a\u200bb\u2060c\ufeffd\u00ade\u3164", "a�b�c�d�e�"),  # characters of no width, or blank
        ("\ufffe\uffff\ufdd0\U0001ffff", "����"),  # no characters, of which XML lacks some
        ("\ud800 \udcff", "� �"),  # halves of surrogate pairs
        ("e" + "\u0301" * 9, "e" + "\u0301" * 4 + "�"),  # marks that reach into other lines
        ("\U000e0041\u180b", "��"),  # tags and selectors
        ("日本語 é e\u0301 Ünï", "日本語 é e\u0301 Ünï"),
        ("👩\u200d👧 ❤\ufe0f", "👩\u200d👧 ❤\ufe0f"),  # these make one picture
        ("a\u200db a\ufe0f", "a�b a�"),  # and these nothing
        ("नमस्\u200dते می\u200cخواهم", "नमस्\u200dते \u2068می\u200cخواهم\u2069"),  # letters that join
        ("אבג דה −5.14", "\u2068אבג דה\u2069 −5.14"),  # its number stays behind it, and its sign before that
        ("\u2068אבג\u2069 1 \u2068a", "\u2068אבג\u2069 1 �a"),
    ],
)
def test_what_is_not_seen_is_shown_and_what_is_read_stays(text: str, seen: str) -> None:
    assert escaping.plain(text) == seen


@settings(max_examples=150)
@given(ANY_TEXT)
def test_shown_text_is_seen_whatever_it_was(text: str) -> None:
    seen = escaping.plain(text)
    assert escaping.plain(seen) == seen
    assert not any(unicodedata.category(sign) in ("Cc", "Cs") for sign in seen)
    assert not set(seen) & set("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2060\ufeff\uffff\u2028")
    assert seen.count("\u2068") == seen.count("\u2069")
    ET.fromstring(f"<a b={_quoted(seen)}>{_quoted(seen)}</a>")
    seen.encode()


def _quoted(text: str) -> str:
    return '"' + text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;") + '"'


PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def document(text: str) -> str:
    return f"| a | b |\n| --- | ---: |\n| {text} | 1 |\n\n- {text}\n\n{text}\n\n## {text}\n"


@settings(max_examples=100)
@given(ANY_TEXT.filter(str.strip))
@example("    code")
@example("a\\")
@example("a\\|b")
@example("```")
@example("---")
@example("===")
@example("<b> <!-- &#60; &lt;")
@example("![x](y) <http://a.b> [^1]")
@example("1) a")
@example("+")
@example(">q")
@example("** __a__ ~~b~~ _c_")
def test_no_text_is_taken_for_markup(text: str) -> None:
    parsed = PARSER.parse(document(escaping.markdown(text)))
    assert [token.type for token in parsed] == [token.type for token in PARSER.parse(document("x"))]
    inline = [token.children or [] for token in parsed if token.type == "inline"]
    assert {one.type for line in inline for one in line} <= {"text"}
    read = ["".join(one.content for one in line) for line in inline]
    assert read == ["a", "b", read[2], "1", read[4], read[5], read[6]]
    for line in (read[2], *read[4:]):
        assert line.split() == escaping.plain(text).split()


@pytest.mark.parametrize("text", ["https://a.b", "HTTP://a", "www.a.b", "a@b.c", "mailto:a"])
def test_no_text_becomes_a_link_by_itself(text: str) -> None:
    made = escaping.markdown(text)
    assert made != text  # the sign by which a link is known is escaped, and read as it was
    assert "".join(one.content for one in PARSER.parseInline(made)[0].children or []) == text


@pytest.mark.parametrize("text", ["a", "`", "``a`", "a `b` ```", " a ", "a\n```\nb"])
def test_code_in_markdown_is_not_ended_by_what_is_in_it(text: str) -> None:
    [code] = PARSER.parseInline(escaping.markdown_code(text))[0].children or []
    assert (code.type, code.content) == ("code_inline", text.replace("\n", " "))
    [block] = PARSER.parse(escaping.markdown_block([text, "b"]))
    assert (block.type, block.content) == ("fence", text.replace("\n", " ") + "\nb\n")


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1 x", "-2+3", "@SUM(1)", "\t=1", "\r=1", " =1", "＝1", "－1", "'=1", "--", "=", "-5%", '=HYPERLINK("x")'],
)
def test_no_cell_is_run_by_a_spreadsheet_and_each_can_be_read_back(text: str) -> None:
    cell = escaping.cell(text)
    assert cell == f"'{escaping.visible(text)}"


@pytest.mark.parametrize(
    "text", ["-5.14", "+1", "-1e-05", "-.5", "-inf", "−5.14", "a=b", "it's", "no augmentation", "2x-2", ""]
)
def test_numbers_and_names_stay_as_they_are(text: str) -> None:
    assert escaping.cell(text) == text


@settings(max_examples=100)
@given(ANY_TEXT)
def test_latex_has_signs_that_it_knows_and_nothing_of_its_own(text: str) -> None:
    made = escaping.latex(text)
    assert all(" " <= sign <= "~" for sign in made)
    bare = re.sub(r"\\textbackslash{}|\\textasciitilde{}|\\textasciicircum{}|\\(?:ldots|ss|o|O|l|L|ae|AE){}", "", made)
    bare = re.sub(r"\\[&%$#_{}]|\$[<>|-]\$|\$\\[a-z]+\$|{[\[*]?}|\\[`'^~\"rvc]{[A-Za-z]}", "", bare)
    assert not set(bare) & set("\\&%$#_{}~^")


@settings(max_examples=25)
@given(st.lists(ANY_TEXT.filter(lambda text: "\0" not in text), max_size=6))
def test_a_command_gives_its_words_and_runs_nothing(words: list[str]) -> None:
    line = escaping.command(words)
    assert escaping.plain(line) == line
    run = subprocess.run(["bash", "-c", f"printf '%s\\0' {line}" if words else ":"], capture_output=True, check=True)
    given_back = run.stdout.split(b"\0")[:-1]
    assert given_back == [word.encode("utf-8", "surrogatepass") for word in words]


def test_a_command_of_usual_words_is_as_one_writes_it() -> None:
    assert escaping.command(["-cd", "my", "lr=0.1,0.2", "seed=range(0,3)", "größe.npz"]) == (
        "-cd my lr=0.1,0.2 'seed=range(0,3)' 'größe.npz'"
    )
    assert escaping.command(["a\nb", "$(id)", "=ls", os.fsdecode(b"\xff")]) == "$'a\\x0ab' '$(id)' '=ls' $'\\xff'"


@pytest.mark.parametrize(
    ("text", "most", "kept"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("a 1,756,426", 9, "a…"),
        ("a −5.14 b", 8, "a −5.14…"),
        ("a −5.14", 6, "a…"),
        ("", 0, ""),
    ],
)
def test_a_number_is_kept_whole_or_left_out(text: str, most: int, kept: str) -> None:
    assert escaping.shortened(text, most) == kept
