"""Wrong tables and options of `ablate report --from`: one clear line each, and nothing written."""

from pathlib import Path

import pandas as pd
import pytest

from ablate.__main__ import main
from ablate.errors import AblateError
from ablate.exchange import judge

HEAD = "trick,lr,seed,accuracy\n"
ROWS = [f"{trick},{lr},{seed},0.{80 + seed}\n" for trick in ("off", "on") for lr in ("0.1", "0.2") for seed in (0, 1)]
SOUND = HEAD + "".join(ROWS)
BOTH = ("--factors", "trick,lr")
TRICK = ("--factors", "trick")
ONE = "trick,seed,accuracy\noff,0,0.8\non,0,0.9\n"
STEPS = "trick,seed,step,accuracy\noff,0,10,0.8\noff,0,20,0.9\non,0,10,0.8\n"
SMALL = {"trick": ["off", "on"], "seed": [0, 0], "accuracy": [0.8, 0.9]}
FIRST = ("--baseline", "trick=off,lr=0.1")


def changed(old: str, new: str) -> str:
    """The sound table with a line changed."""
    assert old in SOUND
    return SOUND.replace(old, new, 1)


WRONG_TABLES = {
    "empty": ("", BOTH, "results.csv has no rows."),
    "head_alone": (HEAD, BOTH, "results.csv has no rows."),
    "ragged": (SOUND + "on,0.3,1\n", BOTH, "results.csv, line 10: 3 cells, but 4 columns. Correct the line."),
    "semicolons": (
        SOUND.replace(",", ";"),
        BOTH,
        "results.csv is separated by semicolons, not by commas. Save it with commas.",
    ),
    "tabs": (SOUND.replace(",", "\t"), BOTH, "is separated by tabs, not by commas. Save it with commas, or call it .tsv."),
    "column_twice": (
        "trick,trick,seed,accuracy\na,b,0,0.1\n",
        TRICK,
        "results.csv has several columns named 'trick'. Rename them.",
    ),
    "quotes": ('trick,seed,accuracy\n"off,0,0.8\n', TRICK, "results.csv, line 2: it cannot be read. Check its quotes."),
    "level_empty": (
        changed("off,0.1,0,", ",0.1,0,"),
        BOTH,
        "results.csv, line 2: trick is empty. Give the level, as off or none.",
    ),
    "seed_empty": (changed("off,0.1,0,", "off,0.1,,"), BOTH, "results.csv, line 2: seed is empty. Give a whole number."),
    "seed_text": (
        changed("off,0.1,0,", "off,0.1,a,"),
        BOTH,
        "line 2: seed must be a whole number from 0 to 2,147,483,647, got 'a'.",
    ),
    "seed_underscore": (
        changed("off,0.1,0,", "off,0.1,1_0,"),
        BOTH,
        "line 2: seed must be a whole number from 0 to 2,147,483,647, got '1_0'.",
    ),
    "value_underscore": (changed("0,0.80", "0,0.8_0"), BOTH, "line 2: accuracy must be a number, got '0.8_0'."),
    "cell_of_a_book": (
        changed("off,0.1,0,", f"{'o' * 140_000},0.1,0,"),
        BOTH,
        "line 2: a cell has more than 131,072 characters. Shorten it or drop its column.",
    ),
    "seed_negative": (changed("off,0.1,0,", "off,0.1,-1,"), BOTH, "line 2: seed must be a whole number from 0"),
    "seed_half": (changed("off,0.1,0,", "off,0.1,0.5,"), BOTH, "line 2: seed must be a whole number from 0"),
    "value_empty": (
        changed("0,0.80", "0,"),
        BOTH,
        "line 2: accuracy is empty. Give its value, inf where the run diverged, or leave the",
    ),
    "value_text": (changed("0,0.80", "0,n/a"), BOTH, "line 2: accuracy must be a number, got 'n/a'."),
    "value_comma": (changed("0,0.80", '0,"0,8"'), BOTH, "line 2: accuracy must be a number, got '0,8'."),
    "value_percent": (
        changed("0,0.80", "0,80"),
        BOTH,
        "line 2: accuracy must be from 0 to 1, got 80. For percentages, give --high 100.",
    ),
    "value_above": (changed("0,0.80", "0,180"), (*BOTH, "--high", "100"), "line 2: accuracy must be from 0 to 100, got 180."),
    "row_twice": (SOUND + ROWS[0], BOTH, "line 2 and line 10 are both trick=off,lr=0.1, seed=0. Keep one of them."),
    "factor_left_out": (SOUND, TRICK, "They differ in lr: if that tells arms apart, add it to --factors."),
    "steps_not_said": (STEPS, TRICK, "If they are evaluations of one run, say --step step."),
    "steps_unequal": (
        STEPS,
        (*TRICK, "--step", "step", "--baseline", "trick=off"),
        "Runs end at different steps: trick=on with seed=0 at 10, trick=off with seed=0 at 20. Read all at one that they "
        "share: --at-step 10.",
    ),
    "step_lacking": (
        STEPS,
        (*TRICK, "--step", "step", "--at-step", "20"),
        "trick=on with seed=0 has no row at step=20. Its steps are 10.",
    ),
    "step_text": (STEPS.replace("10,", "x,", 1), (*TRICK, "--step", "step"), "line 2: step must be a whole number"),
    "one_arm": (
        HEAD + ROWS[0] + ROWS[1],
        BOTH,
        "Every row of results.csv is trick=off,lr=0.1, so there is nothing to compare.",
    ),
    "one_level": (
        HEAD + ROWS[0] + ROWS[4],
        BOTH,
        "lr is '0.1' in every row. Leave it out of --factors.",
    ),
    "long": (
        "trick,seed,metric,value\noff,0,accuracy,0.8\n",
        TRICK,
        "has a row for each metric, in its columns metric and value.",
    ),
    "missing_cells": (
        HEAD + "".join(ROWS[:6]),
        BOTH,
        "1 of 4 combinations of levels has no run (trick=on,lr=0.2), so effects cannot be estimated. Say what to "
        "compare with: --baseline trick=off,lr=0.1, or another arm.",
    ),
    "three_levels": (
        HEAD + "".join([*ROWS, "off,0.3,0,0.8\n", "on,0.3,0,0.8\n"]),
        BOTH,
        "Effects are of factors with two levels, and lr has 3 levels. Say what to compare with: --baseline trick=off,lr=0.1",
    ),
    "half_shared": (
        HEAD + "".join([*ROWS[:6], "on,0.2,7,0.8\n", "on,0.2,8,0.8\n"]),
        BOTH,
        "trick=off,lr=0.1 and trick=off,lr=0.2 share seed=0, but no seed is in all arms, so effects have no interval. "
        "Compare two arms at a time: --baseline trick=off,lr=0.1.",
    ),
    "reserved": (
        ONE.replace("trick", "learning_rate"),
        ("--factors", "learning_rate"),
        "learning_rate cannot be a factor: every report has",
    ),
}
WRONG_OPTIONS = {
    "no_factors": ((), "--from needs the columns that tell arms apart: --factors COLUMN,COLUMN."),
    "no_factor": (("--factors", ""), "has no column '' (from --factors). Its columns"),
    "unknown_factor": (
        ("--factors", "trik"),
        "results.csv has no column 'trik' (from --factors trik). Did you mean 'trick'?",
    ),
    "factor_twice": (("--factors", "trick,trick"), "--factors names 'trick' twice. Name it once."),
    "factor_is_seed": (("--factors", "trick,seed"), "'seed' cannot be a factor and the column of --seed. Name another one."),
    "factor_is_metric": (("--factors", "accuracy"), "'accuracy' cannot be a factor and the column of --metric."),
    "unknown_seed": ((*BOTH, "--seed", "sed"), "results.csv has no column 'sed' (from --seed sed). Did you mean 'seed'?"),
    "unknown_step": (
        (*BOTH, "--step", "epoch"),
        "has no column 'epoch' (from --step epoch). Its columns are trick, lr, seed",
    ),
    "unknown_metric": ((*BOTH, "--metric", "loss"), "has no column 'loss' (from --metric loss)."),
    "several_metrics": ((*BOTH, "--metric", "accuracy,loss"), "--metric takes one column, since a report judges one metric"),
    "seed_is_metric": (
        (*BOTH, "--metric", "seed", "--better", "lower"),
        "'seed' cannot be the column of --metric and of --seed.",
    ),
    "no_direction": (
        (*BOTH, "--metric", "bleu"),
        "bleu is not a known metric. Say --better higher or --better",
    ),
    "bad_direction": ((*BOTH, "--metric", "bleu", "--better", "up"), "Unknown --better 'up'. Choose from higher, lower."),
    "wrong_direction": ((*BOTH, "--better", "lower"), "accuracy is better when higher, got --better lower."),
    "bad_high": ((*BOTH, "--high", "10"), "accuracy is a share, so it takes --high 1 or --high 100, got --high 10."),
    "margin": ((*BOTH, "--margin", "0"), "--margin must be greater than 0, got 0"),
    "at_step_alone": ((*BOTH, "--at-step", "10"), "--at-step 10 needs the column of steps: --step COLUMN."),
    "unknown_design": ((*BOTH, *FIRST, "--design", "one_facto"), "Unknown design 'one_facto'."),
    "design_alone": (
        (*BOTH, "--design", "one_factor"),
        "--design one_factor compares with a baseline. Say which: --baseline trick=off,lr=0.1, or another arm.",
    ),
    "other_design": (
        (*BOTH, *FIRST, "--design", "one_factor"),
        "The arms do not match --design one_factor: the table also has trick=on,lr=0.2.",
    ),
    "baseline_form": ((*BOTH, "--baseline", "0"), "--baseline of a table must be FACTOR=LEVEL,FACTOR=LEVEL, got '0'."),
    "baseline_twice": ((*BOTH, "--baseline", "lr=0.1,lr=0.2"), "--baseline names lr twice"),
    "baseline_factor": (
        (*BOTH, "--baseline", "trik=off"),
        "--baseline names 'trik', which is no factor. Did you mean 'trick'?",
    ),
    "baseline_level": (
        (*BOTH, "--baseline", "trick=of,lr=0.1"),
        "--baseline has trick=of. Its levels are off, on. Did you mean 'off'?",
    ),
    "baseline_part": ((*BOTH, "--baseline", "trick=off"), "--baseline needs a level of every factor, and has none of lr."),
    "compare": ((*BOTH, "--compare", "a", "b"), "--from cannot be combined with --compare."),
    "sweep": (("a_sweep", *BOTH), "--from reports a table by itself, got a_sweep."),
    "notebook": ((*BOTH, "--notebook"), "--notebook reads the folder of a sweep, and --from has none."),
    "reach": ((*BOTH, "--reach", "80"), "--reach needs evaluations on the way: --step COLUMN."),
    "format": ((*BOTH, "--format", "pdf"), "Unknown --format 'pdf'."),
    "style": ((*BOTH, "--style", "none.mplstyle"), "none.mplstyle"),
}
WRONG_FILES = {
    "missing": ("none.csv", None, "Cannot read none.csv: no such file or directory."),
    "kind": ("results.xlsx", "x", "results.xlsx must be a table in a file that ends with .csv, .tsv, .jsonl, .parquet."),
    "no_json": ("results.jsonl", "{'a': 1}\n", "results.jsonl, line 1: not JSON. Put one object on each line."),
    "no_object": ("results.jsonl", "[1]\n", "results.jsonl, line 1: it must be a JSON object, got [1]. Put one on each line."),
    "no_text": ("results.csv", b"trick,seed,accuracy\n\xff\xfe,0,1\n", "results.csv is not UTF-8. Save it as UTF-8."),
    "parquet": ("results.parquet", "x", "results.parquet"),
}


def refused(tmp_path, monkeypatch, capsys, name, content, words) -> str:
    """What is told; nothing is written beside the table."""
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SystemExit) as end:
        main(["report", *(words[:1] if words[:1] == ("a_sweep",) else ()), "--from", name, *words[words[:1] == ("a_sweep",) :]])
    told = capsys.readouterr()
    assert end.value.code in (1, 2)
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ([] if content is None else [name])
    return str(told.err)


@pytest.mark.parametrize("case", WRONG_TABLES)
def test_a_wrong_table_is_told_in_one_line(tmp_path, monkeypatch, capsys, case):
    content, words, line = WRONG_TABLES[case]
    assert line in refused(tmp_path, monkeypatch, capsys, "results.csv", content, words)


@pytest.mark.parametrize("case", WRONG_OPTIONS)
def test_a_wrong_option_is_told_in_one_line(tmp_path, monkeypatch, capsys, case):
    words, line = WRONG_OPTIONS[case]
    assert line in refused(tmp_path, monkeypatch, capsys, "results.csv", SOUND, words)


@pytest.mark.parametrize("case", WRONG_FILES)
def test_a_wrong_file_is_told_in_one_line(tmp_path, monkeypatch, capsys, case):
    name, content, line = WRONG_FILES[case]
    assert line in refused(tmp_path, monkeypatch, capsys, name, content, TRICK)


@pytest.mark.parametrize("word", ["factors", "seed", "step", "design", "high", "better"])
def test_what_says_how_a_table_is_needs_one(capsys, word):
    with pytest.raises(SystemExit):
        main(["report", "a_sweep", f"--{word}", "1"])
    assert f"--{word} works only with --from FILE." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("frame", "words", "line"),
    [
        ([1], {}, "judge takes a data frame, lists by column, or the path of a table, got [1]."),
        ({"trick": ["on"], "seed": [0, 1]}, {}, "The columns of the table must have the same length."),
        ({"trick": ["off", "on"], "seed": [0, 0], "accuracy": [0.8, None]}, {}, "the table, row 1: accuracy is empty."),
        ({"trick": ["off", "on"], "seed": [0, 0], "accuracy": [80, 90]}, {}, "For percentages, give high=100."),
        ({"trick": ["off", None], "seed": [0, 0], "accuracy": [0.8, 0.9]}, {}, "the table, row 1: trick is empty."),
        (
            {"trick": [True, False], "seed": [0, 0], "accuracy": [0.8, 0.9]},
            {"baseline": {"trick": "on"}},
            "baseline has trick=on.",
        ),
        ({"trick": ["off", "on"], "seed": [0, 0], "accuracy": [True, False]}, {}, "accuracy must be a number, got true."),
        (
            {"trick": ["off", "on"], "seed": [0, 0], "accuracy": [0.8, 0.9]},
            {"margin": "x"},
            "margin must be greater than 0, got 'x'.",
        ),
        (SMALL, {"baseline": "trick=off"}, "baseline must be a dict of levels, as in"),
        (SMALL, {"metric": ["accuracy"]}, "metric must be the name of a column, got [accuracy]."),
        (SMALL, {"at_step": "x"}, "at_step must be a whole number, got 'x'."),
        (SMALL, {"seed": 3}, "seed must be the name of a column, got 3."),
    ],
)
def test_a_wrong_frame_is_told_in_one_line(frame, words, line):
    with pytest.raises(AblateError) as error:
        judge(frame, ["trick"], **words)
    assert line in str(error.value)


def test_one_seed_gives_no_verdict():
    found = judge(pd.DataFrame({"trick": ["off", "on"], "seed": [0, 0], "accuracy": [0.8, 0.9]}), ["trick"])
    assert found.verdicts["verdict"].tolist() == ["no verdict"]
