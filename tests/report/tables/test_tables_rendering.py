import io
from dataclasses import replace

import pandas as pd
import pytest
from rich.console import Console

from ablate import escaping
from ablate.report import sentences, tables

WHOLE = [[0.810, 0.813, 0.812], [0.811, 0.812, 0.814], [0.780, 0.781, 0.784], [0.700, 0.760, 0.640]]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split(" |")]


def test_markdown_has_the_cells_with_words_to_the_left(study):
    table = tables.in_file(study(WHOLE))[0]
    lines = tables.markdown(table.text, table.words).splitlines()
    assert cells(lines[0]) == list(table.text.columns)
    assert cells(lines[1]) == ["---", "---:", "---:", "---:", "---"]
    assert [cells(line) for line in lines[2:]] == table.text.to_numpy().tolist()


def test_names_do_not_break_the_markdown():
    lines = tables.markdown(pd.DataFrame({"arm": ["a|b\nc"], "seeds": ["1"]})).splitlines()
    assert lines[2] == r"| a\|b c | 1 |"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("<x> *a* `b` _c_", r"\<x> \*a\* \`b\` \_c\_"),
        ("weight decay on → off, < 0.5", "weight decay on → off, < 0.5"),
        ("[a](b) ~c~ $d$ &amp;", r"\[a\](b) \~c\~ \$d\$ \&amp;"),
        ("# a", r"\# a"),
        ("+ a - b", r"\+ a - b"),
        ("1. a", r"1\. a"),
        ("1.5 points, −3.1 (−4.0 to −2.2)", "1.5 points, −3.1 (−4.0 to −2.2)"),
    ],
)
def test_no_name_is_taken_for_markdown(text, escaped):
    assert escaping.markdown(text) == escaped


def test_names_stay_text_in_every_part_of_the_file(study):
    analysis = study([[0.8, 0.81], [0.7, 0.72]], "augment=on,off")
    names = {0: "<i>", 1: "*a*"}
    text = tables.markdown_file(replace(analysis, given={"names": names}))
    assert "| \\*a\\* |" in text
    assert "each against \\<i>." in text
    assert "<i>" not in text.replace("\\<i>", "")


def test_the_file_begins_with_the_verdicts_and_has_every_table(study):
    analysis = study(WHOLE)
    text = tables.markdown_file(analysis)
    titles = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert titles == [table.title for table in tables.in_file(analysis)]
    assert titles[:2] == ["What each change is worth", "The arms"]
    for line in [*analysis.fill(sentences.sentences), *(line for table in tables.in_file(analysis) for line in table.notes)]:
        assert f"- {line}\n" in text
    alone = tables.markdown_file(study([[0.8, 0.81]], "lr=0.1"))
    assert alone.startswith("# factorial: one arm\n\n## The arms\n")


def test_sentences_have_the_numbers_of_the_table(study):
    analysis = study(WHOLE)
    lines = analysis.fill(sentences.sentences)
    text = tables.in_file(analysis)[0].text
    assert lines[1] == "No augmentation hurts: −3.00 pp (98.3% adjusted CI −3.88 to −2.12)."
    for number, line in enumerate(lines):
        assert text["difference"][number].lstrip("−+") in line


def test_sentences_of_a_fraction_speak_of_effects(study):
    values = [[0.8 + 0.001 * seed + 0.00001 * (arm * arm * seed % 5) for seed in range(3)] for arm in range(4)]
    analysis = study(values, "augment=on,off", "ema=on,off", design="fractional")
    lines = analysis.fill(sentences.sentences)
    assert lines[0].startswith("Averaged over the other factors, no effect of augmentation: 0.00 pp (96.7% equivalence CI ")
    assert lines[2].startswith("Augmentation and EMA add up: no interaction: ")


def printed(analysis, width: int | None) -> tuple[str, list[str]]:
    out = io.StringIO()
    console = Console(file=out, width=width or 80, force_terminal=width is not None, color_system=None, highlight=False)
    dropped = tables.show(analysis, console)
    return out.getvalue(), dropped


def test_a_pipe_gets_all_of_it(study):
    analysis = study([*WHOLE[:3], [0.7, "failed", "diverged"]])
    text, dropped = printed(analysis, None)
    assert dropped == []
    for part in (
        "no augmentation, no EMA",
        "Pareto-optimal in",
        "1 diverged, 1 failed",
        "inconclusive: about 4 seeds would settle it",
    ):
        assert part in text
    lines = text.splitlines()
    for line in [*analysis.fill(sentences.sentences), *tables.in_file(analysis)[0].notes]:
        assert line in lines


def test_a_narrow_terminal_drops_columns_and_breaks_no_number(study):
    text, dropped = printed(study(WHOLE), 80)
    assert dropped[:2] == ["examples/s", "worst seed"]
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80
    for part in ("accuracy (%)", "98.3% CI", "−3.88 to −2.12", "hurts"):
        assert part in text


def test_an_arm_alone_is_printed_with_what_it_is(study):
    text, _ = printed(study([[0.8, 0.81]], "lr=0.1"), 100)
    assert "nothing is compared" in text
    assert "verdict" not in text


def test_csv_has_all_digits_but_those_of_binary_fractions():
    frame = pd.DataFrame({"value": [0.1 + 0.2, float("nan"), 1 / 3]})
    assert tables.csv(frame) == 'value\n0.3\n""\n0.3333333333\n'
