import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from ablate import escaping
from ablate.report import paper

WHOLE = [[0.810, 0.813, 0.812], [0.811, 0.812, 0.814], [0.780, 0.781, 0.784], [0.700, 0.760, 0.640]]
# All of ASCII that LaTeX or a table may take for its own, what the tables use, accents, and letters that it has no sign for.
NASTY = r"""[2] * \ & % $ # _ { } ~ ^ < > | " ' ` -- --- → − ± × · ≤ ≥ † – … ß é Å ñ ç ř ø æ ł 日 α 😀""" + "\n\t\x07\u00a0"


def rows(table: str) -> list[list[str]]:
    lines = [line.removesuffix(r" \\") for line in table.splitlines() if line.endswith(r"\\")]
    return [line.removeprefix("\\raggedright ").split(" & ") for line in lines]


def test_the_table_has_the_arms_with_what_is_judged(study):
    text = paper.table(study(WHOLE))
    assert rows(text) == [
        ["arm", "seeds", r"accuracy (\%)", "difference", r"98.3\% CI", "verdict"],
        ["baseline", "3", r"81.17 $\pm$ 0.15", "", "", ""],
        ["no EMA", "3", r"81.23 $\pm$ 0.15", "+0.07", "$-$0.61 to +0.74", "inconclusive"],
        ["no augmentation", "3", r"78.17 $\pm$ 0.21", "$-$3.00", "$-$3.88 to $-$2.12", "hurts"],
        ["no augmentation, no EMA", "3", r"70.00 $\pm$ 6.00", "$-$11.17", "too few seeds", "inconclusive"],
    ]
    assert text.startswith("% Needs \\usepackage{booktabs}")
    assert r"\begin{table*} \centering" in text  # for a paper of two columns
    assert r"\begin{tabular}{@{}p{0.25\linewidth}rrrrl@{}}" in text


def test_what_is_not_compared_has_empty_cells(study):
    alone = rows(paper.table(study([[0.8, 0.81]], "lr=0.1")))
    assert alone == [["arm", "seeds", r"accuracy (\%)"], ["baseline", "2", r"80.50 $\pm$ 0.71"]]
    one = rows(paper.table(study([[0.8], [0.7], [0.71], [0.72]])))
    assert one[1] == ["baseline", "1", "80.0", "", "", ""]
    assert one[2][3:] == ["$-$10.0", "--", "no verdict"]


def test_a_fraction_has_its_effects(study):
    values = [[0.8 + 0.001 * seed + 0.00001 * (arm * arm * seed % 5) for seed in range(3)] for arm in range(4)]
    analysis = study(values, "augment=on,off", "weight_decay=scaled,off", design="fractional")
    text = paper.table(analysis)
    assert [row[0] for row in rows(text)] == [
        "effect",
        "no augmentation",
        "no weight decay",
        r"augmentation $\times$ weight decay",
    ]
    assert [row[-1] for row in rows(text)][1:] == ["no effect", "no effect", "add up"]
    assert "contrast over all 4 arms within each seed" in paper.caption(analysis)


def test_the_caption_says_what_the_numbers_are(study):
    text = paper.caption(study(WHOLE))
    for part in (
        "Accuracy on the test set of the handwritten digits of scikit-learn after 10 steps.",
        r"mean $\pm$ standard deviation over seeds",
        "from baseline, paired by seed, in pp",
        r"with its 98.3\% t-interval over seeds (Bonferroni-adjusted for 3 comparisons)",
        r"no effect if the narrower 96.7\% CI (two one-sided tests) lies within $\pm$ 0.5 pp",
    ):
        assert part in text
    assert text.count("\n") == 1  # one paragraph: LaTeX forbids two in a caption
    assert "xploratory" not in text


def test_the_caption_tells_what_is_missing_and_what_was_changed(study):
    values = [[0.8, "failed", 0.81], [0.79, 0.78, "diverged"], [0.7, 0.71, 0.72], [0.7, 0.71, 0.72]]
    text = paper.caption(study(values, margin=1.0))
    assert "Runs without a result: 1 diverged, 1 failed (of 12)." in text
    assert "Exploratory, changed after training: margin 1 instead of 0.5." in text
    assert "Fewer than the 3 planned seeds: all (2)." in paper.caption(study([["missing", *WHOLE[0][1:]], *WHOLE[1:]]))


def test_a_table_that_travels_alone_says_that_it_is_exploratory(study):
    text = paper.table(study(WHOLE, margin=1.0))
    assert rows(text)[-1] == [r"\multicolumn{6}{@{}l@{}}{Exploratory: changed after training.}"]
    assert text.index("\\bottomrule") < text.index("Exploratory")
    assert "xploratory" not in paper.table(study(WHOLE))
    exploratory = paper.checklist(study(WHOLE, margin=1.0))
    assert exploratory.splitlines()[2].startswith("Exploratory: changed after training (margin 1 instead of 0.5)")
    assert "xploratory" not in paper.checklist(study(WHOLE))


def test_every_number_is_that_of_the_other_tables(study):
    from ablate.report.tables import verdicts

    analysis = study(WHOLE)
    shown = analysis.fill(verdicts.part).text
    numbers = [row[3].replace("$-$", "−") for row in rows(paper.table(analysis))[2:]]
    assert numbers == shown["difference"].tolist()


def test_the_table_for_one_column_has_difference_interval_and_verdict(study):
    text = paper.narrow_table(study(WHOLE))
    assert rows(text) == [
        ["change", "diff. (pp)", r"98.3\% CI", "verdict"],
        ["no EMA", "+0.07", "$-$0.61 to +0.74", "inconclusive"],
        ["no augmentation", "$-$3.00", "$-$3.88 to $-$2.12", "hurts"],
        ["no augmentation, no EMA", "$-$11.17", "too few seeds", "inconclusive"],
    ]
    assert rows(paper.narrow_table(study([[0.8, 0.81]], "lr=0.1"))) == [
        ["arm", "seeds", r"accuracy (\%)"],
        ["baseline", "2", r"80.50 $\pm$ 0.71"],
    ]


def commands(text: str) -> dict[str, str]:
    """The commands of macros.tex and what they stand for."""
    return dict(re.findall(r"^\\newcommand\{\\ablate([A-Za-z]+)\}\{(.*)\}$", text, re.MULTILINE))


def test_each_number_has_a_command_named_by_the_factor_that_was_changed(study):
    found = commands(paper.macros(study(WHOLE)))
    assert found["BaselineMean"] == r"\ensuremath{81.17}"
    assert found["EmaEffect"] == r"\ensuremath{+0.07}"
    assert found["AugmentEffect"] == r"\ensuremath{-3.00}"
    assert [found[f"Augment{side}"] for side in ("Low", "High")] == [r"\ensuremath{-3.88}", r"\ensuremath{-2.12}"]
    assert (found["AugmentVerdict"], found["AugmentMean"]) == ("hurts", r"\ensuremath{78.17}")
    assert (found["AugmentEmaEffect"], found["AugmentEmaLow"]) == (r"\ensuremath{-11.17}", "--")
    assert (found["Seeds"], found["Margin"], found["Level"], found["Unit"]) == ("3", "0.5", r"98.3\%", "pp")


def test_several_levels_of_a_factor_have_commands_of_their_own(study):
    rates = [[0.8, 0.81, 0.82], [0.7, 0.71, 0.73], [0.75, 0.76, 0.74]]
    found = commands(paper.macros(study(rates, "lr=0.1,0.2,0.05", design="one_factor")))
    assert {"LrZeroPointTwoEffect", "LrZeroPointZeroFiveEffect"} <= set(found)
    values = [[0.8 + 0.001 * seed + 0.00001 * (arm * arm * seed % 5) for seed in range(3)] for arm in range(4)]
    crossed = commands(paper.macros(study(values, "augment=on,off", "weight_decay=scaled,off", design="fractional")))
    assert {"AugmentEffect", "WeightDecayEffect", "AugmentWeightDecayEffect"} <= set(crossed)


def test_special_signs_are_set_as_they_are():
    assert escaping.latex("50% of a_b & c → d") == r"50\% of a\_b \& c $\to$ d"
    assert escaping.latex("[1] --- *") == "{[}1] -{}-{}- {*}"
    assert escaping.latex("é ß 日") == r"\'{e} \ss{} U+65E5"
    assert escaping.latex("a\nb\x07c") == "a bU+FFFDc"
    assert escaping.latex("e\u0301") == escaping.latex("é")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex with booktabs, as of texlive-latex-recommended")
@pytest.mark.parametrize(
    ("nasty", "columns", "place"), [(False, "onecolumn", "table"), (True, "onecolumn", "table"), (False, "twocolumn", "table*")]
)
def test_table_and_caption_compile(study, tmp_path, nasty, columns, place):
    analysis = study(WHOLE, margin=1.0 if nasty else None)
    if nasty:
        arms = analysis.arms.assign(label=[f"{NASTY} {number}" for number in range(4)])
        analysis = replace(analysis, given={"arms": arms, "names": dict.fromkeys(range(4), NASTY)})
    (tmp_path / "table.tex").write_text(paper.table(analysis))
    (tmp_path / "caption.tex").write_text(paper.caption(analysis))
    (tmp_path / "macros.tex").write_text(paper.macros(analysis))
    (tmp_path / "table_one_column.tex").write_text(paper.narrow_table(analysis))
    (tmp_path / "document.tex").write_text(
        rf"\documentclass[{columns}]{{article}}"
        r"""
\usepackage{booktabs}
\input{macros}
\begin{document}
The baseline reaches \ablateBaselineMean{}, without augmentation $\ablateAugmentEffect$.
\listoftables
\begin{table} \centering \setlength{\belowcaptionskip}{6pt} \caption{\protect\input{caption}} \input{table} \end{table}
\begin{tab1} \centering \caption{One column.} \input{table_one_column} \end{tab1}
\end{document}
""".replace("{table}", f"{{{place}}}")
        .replace(rf"\input{{{place}}}", r"\input{table}")
        .replace("{tab1}", "{table}")
    )
    for _ in range(2):  # the second run reads the caption back from the list of tables
        done = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "document.tex"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=300,
        )
        assert done.returncode == 0, done.stdout[-3000:]
    log = (tmp_path / "document.log").read_text(errors="replace")
    assert not re.search(r"LaTeX Warning: (?!Label|There were|No file)|Missing character", log)
    assert nasty or "Overfull" not in log
    assert (tmp_path / "document.pdf").stat().st_size > 5000
