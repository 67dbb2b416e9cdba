import io
import math

import pandas as pd
import pytest
from rich.console import Console

from ablate import designs
from ablate.designs import Factor
from ablate.designs import arms as arms_of
from ablate.results import tables
from ablate.results.frames import Results, arm_name

FACTORS = (Factor("augment", ("on", "off")), Factor("ema", ("on", "off")))


def found(
    accuracies: dict[tuple[int, int], float | str], design: str = "factorial", factors=FACTORS, resolution: int = 4, **fixed
) -> Results:
    """Results of a sweep over two factors, from the accuracy (a fraction) or the status of each arm and seed."""
    arms = arms_of(design, factors, resolution)
    listed = [{"number": n, "label": arm.label(arms[0]), "levels": dict(arm.levels)} for n, arm in enumerate(arms)]
    seeds = sorted({seed for _, seed in accuracies})
    rows = []
    for (arm, seed), value in sorted(accuracies.items(), key=lambda item: (item[0][1], item[0][0])):
        done = isinstance(value, float)
        rows.append(
            {
                "number": len(rows),
                "arm": arm,
                "label": arm_name(listed[arm]),
                **listed[arm]["levels"],
                "seed": seed,
                "status": "done" if done else value,
                "accuracy": value if done else None,
                "parameters": 1_068_298 if value != "missing" else None,
                "operations": 37_081_546 if value != "missing" else None,
                "examples_per_second": 1000.0 + 100 * seed if done else None,
            }
        )
    runs = pd.DataFrame(rows).astype({"parameters": "Int64", "operations": "Int64", "accuracy": "float64"})
    sweep = {
        "design": design,
        "factors": {factor.name: list(factor.levels) for factor in factors},
        "arms": listed,
        "seeds": seeds,
        "fixed": {
            "metric": "accuracy",
            "evaluation_set": "test",
            "step": [10000] * len(arms),
            "readout": ["averaged", "raw", "averaged", "raw"],
            "differences": [list(pair) for pair in designs.differences(design, arms)],
        }
        | fixed,
    }
    if design == "fractional":
        sweep["fraction"] = designs.fraction(factors, resolution).to_json()
        sweep["fixed"]["effects"] = [list(effect) for effect in designs.effects(design, factors, resolution)]
    return Results(runs, pd.DataFrame(), sweep, ())


def full(values: list[list[float | str]], **more) -> Results:
    """One list an arm, with a value a seed."""
    return found({(arm, seed): value for arm, row in enumerate(values) for seed, value in enumerate(row)}, **more)


WHOLE = [[0.80, 0.81, 0.82], [0.79, 0.81, 0.80], [0.70, 0.72, 0.71], [0.60, 0.61, 0.62]]


def test_a_row_an_arm_in_the_designs_order():
    frame = tables.arms(full(WHOLE))
    assert frame["label"].tolist() == [
        "baseline (augment: on, ema: on)",
        "ema: on → off",
        "augment: on → off",
        "augment: on → off, ema: on → off",
    ]
    assert frame["augment"].tolist() == ["on", "on", "off", "off"]
    assert frame["n"].tolist() == [3] * 4
    assert frame["accuracy"].tolist() == pytest.approx([81, 80, 71, 61])
    assert frame["sd"].tolist() == pytest.approx([1, 1, 1, 1])
    assert pd.isna(frame["difference"][0])
    assert pd.isna(frame["against"][0])
    assert frame["difference"].tolist()[1:] == pytest.approx([-1, -10, -20])
    assert frame["against"].tolist()[1:] == [0, 0, 0]
    assert frame["parameters"].tolist() == [1_068_298] * 4
    assert frame["examples_per_second"].tolist() == [1100] * 4
    types = {name: str(kind) for name, kind in frame.dtypes.items()}
    assert {types[name] for name in ("against", "parameters", "operations")} == {"Int64"}
    assert {types[name] for name in ("accuracy", "sd", "difference")} == {"float64"}


def test_differences_are_paired_by_seed():
    values = [[0.80, "failed", 0.90], [0.70, 0.60, "diverged"], ["missing", 0.50, 0.60], ["missing"] * 3]
    frame = tables.arms(full(values))
    assert frame["n"].tolist() == [2, 2, 2, 0]
    assert frame["pairs"].tolist() == [0, 1, 1, 0]
    assert frame["difference"].tolist()[1:3] == pytest.approx([-10, -30])  # unpaired they would be -20 and -30
    assert pd.isna(frame["difference"][3])
    assert frame[["diverged", "failed", "missing"]].to_numpy().tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 3]]
    assert pd.isna(frame["parameters"][3])


def test_a_ladder_compares_with_the_rung_below():
    results = full([[0.8, 0.8], [0.7, 0.72], [0.75, 0.75]], design="ladder", readout=["raw"] * 3)
    frame = tables.arms(results)
    assert frame["against"].tolist()[1:] == [0, 1]
    assert frame["difference"].tolist()[1:] == pytest.approx([-9, 4])
    assert list(tables.shown(frame, "ladder").columns)[4] == "vs rung below"
    assert list(tables.shown(frame, "factorial").columns)[4] == "vs baseline"


def test_seeds_are_columns():
    frame = tables.seeds(full([[0.8, "failed"], ["missing", "missing"], [0.7, 0.71], [0.6, 0.5]]))
    assert list(frame.columns) == ["arm", "label", "seed_0", "seed_1"]
    assert frame["seed_0"].tolist()[2:] == pytest.approx([70, 60])
    assert frame["seed_1"].isna().tolist() == [True, True, False, False]


def test_the_shown_digits_follow_the_deviation():
    precise = full([[0.8001, 0.8012], [0.7, 0.7], [0.71, 0.71], [0.72, 0.72]])
    assert tables.shown(tables.arms(precise), "factorial")["accuracy (%)"].tolist() == ["80.06", "70.00", "71.00", "72.00"]
    coarse = tables.shown(tables.arms(full(WHOLE)), "factorial")
    assert coarse["accuracy (%)"].tolist() == ["81.0", "80.0", "71.0", "61.0"]
    assert coarse["sd"].tolist() == ["1.0"] * 4
    assert coarse["vs baseline"].tolist() == ["–", "−1.0", "−10.0", "−20.0"]
    assert coarse["parameters"][0] == "1,068,298"
    assert coarse["examples/s"][0] == "1,100"
    assert "not done" not in coarse


def test_one_seed_has_no_deviation_and_no_verdict():
    frame = tables.arms(full([[0.8], [0.7], [0.71], [0.72]]))
    assert frame["sd"].isna().all()
    assert tables.shown(frame, "factorial")["sd"].tolist() == ["–"] * 4
    assert tables.caveats(frame) == ["one seed gives no verdict"]
    assert tables.caveats(tables.arms(full(WHOLE))) == []


def test_what_is_not_done_is_counted_in_table_and_caveats():
    frame = tables.arms(full([[0.8, 0.8], [0.7, "failed"], ["diverged", "failed"], [0.7, 0.71]]))
    assert tables.shown(frame, "factorial")["not done"].tolist() == ["–", "1 failed", "1 diverged, 1 failed", "–"]
    lines = "\n".join(tables.caveats(frame))
    assert "one seed gives no verdict: ema: on → off" in lines
    assert "over the 1 seed that both arms have: ema: on → off" in lines
    assert "1 diverged, 2 failed" in lines


def test_the_comparison_is_said():
    line = tables.compared(full(WHOLE))
    for part in ("Accuracy on the test set", "step 10,000:", "3 seeds", "sd over seeds", "paired by seed"):
        assert part in line
    other = tables.compared(full([[0.8], [0.7], [0.6], [0.5]], step=[10, 20, 10, 20], readout=["raw"] * 4))
    assert "each arm's own step (10, 20) with raw weights: one seed" in other


def test_markdown_and_csv_agree_with_the_frame():
    frame = tables.arms(full(WHOLE))
    text = tables.shown(frame, "factorial")
    lines = tables.markdown(text).splitlines()
    assert [cell.strip() for cell in lines[0].strip("|").split("|")] == list(text.columns)
    assert lines[1].startswith("| --- | ---: |")
    assert [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]] == text.to_numpy().tolist()
    again = pd.read_csv(io.StringIO(tables.csv(frame)))
    assert list(again.columns) == list(frame.columns)
    assert again["difference"].tolist()[1:] == pytest.approx(frame["difference"].tolist()[1:])
    assert again["label"].tolist() == frame["label"].tolist()


def test_a_bar_in_a_name_does_not_break_the_markdown():
    lines = tables.markdown(pd.DataFrame({"arm": ["a|b"], "seeds": ["1"]})).splitlines()
    assert lines[2] == r"| a\|b | 1 |"


def rendered(width: int | None) -> tuple[str, list[str]]:
    text = tables.shown(tables.arms(full([[0.8, "failed"], *WHOLE[1:]])), "factorial")
    table, dropped = tables.terminal(text, width)
    console = Console(file=io.StringIO(), width=width or 200)
    console.print(table)
    return console.file.getvalue(), dropped


def test_the_terminal_gets_every_column_it_has_room_for():
    text, dropped = rendered(None)
    assert dropped == []
    for shown in ("augment: on → off, ema: on → off", "1,068,298", "37,081,546", "examples/s", "1 failed"):
        assert shown in text
    narrow, dropped = rendered(80)
    assert dropped == ["examples/s", "operations", "parameters"]
    assert "…" not in narrow
    assert max(map(len, narrow.splitlines())) <= 80
    for shown in ("accuracy (%)", "vs baseline", "−10.0", "1 failed"):
        assert shown in narrow
    assert rendered(100)[1] == ["examples/s"]


SIX = tuple(Factor(name, ("on", "off")) for name in ("augment", "ema", "lrn", "fc", "init", "weight_decay"))


def made_of(true: dict[tuple[str, ...], float], factors, seeds: int = 1, resolution: int = 4, spread: float = 0.0):
    """Results of a fractional sweep whose accuracies (in %) are 80 and half of each effect, up or down.

    spread: what the effect of the first factor gains from seed to seed, in points.
    """
    accuracies = {}
    for number, arm in enumerate(arms_of("fractional", factors, resolution)):
        values = {name: -1 if level == "on" else 1 for name, level in arm.levels}
        for seed in range(seeds):
            percent = 80 + seed + sum(size / 2 * math.prod(values[name] for name in names) for names, size in true.items())
            accuracies[number, seed] = (percent + seed * spread / 2 * values[factors[0].name]) / 100
    return found(accuracies, "fractional", factors, resolution, readout=["raw"] * 16)


def test_main_effects_and_interactions_come_out_as_they_were_put_in():
    true = {("augment",): -3.0, ("ema",): -1.5, ("fc",): 0.4, ("augment", "lrn"): 0.8, ("fc", "init"): -2.0}
    frame = tables.effects(made_of(true, SIX, seeds=3, spread=0.5))
    assert list(frame.columns) == ["effect", "aliases", "n", "points", "sd"]
    assert frame["effect"].tolist()[:7] == [*(f"{factor.name}: on → off" for factor in SIX), "augment x ema"]
    sizes = dict(zip(frame["effect"], frame["points"], strict=True))
    expected = dict.fromkeys(frame["effect"], 0.0) | {
        "augment: on → off": -3.0 + 0.5,  # the mean over the seeds
        "ema: on → off": -1.5,
        "fc: on → off": 0.4,
        "augment x lrn": 0.8,
        "lrn x weight_decay": -2.0,  # which fc x init is aliased with
    }
    assert sizes == pytest.approx(expected)
    assert frame["n"].tolist() == [3] * 13
    assert frame["sd"].tolist() == pytest.approx([0.5] + [0.0] * 12)
    aliases = dict(zip(frame["effect"], frame["aliases"], strict=True))
    assert aliases["augment: on → off"] == ""
    assert aliases["augment x ema"] == "+ lrn x init + fc x weight_decay"


def test_what_is_aliased_is_summed_with_the_signs_shown():
    three = SIX[:3]
    frame = tables.effects(made_of({("augment",): 1.0, ("ema", "lrn"): 0.25}, three, resolution=3))
    assert frame["effect"].tolist() == [f"{factor.name}: on → off" for factor in three]
    assert frame["aliases"][0] == "− ema x lrn"
    assert frame["points"].tolist() == pytest.approx([0.75, 0, 0])


def test_effects_need_every_arm_of_a_seed():
    results = made_of({("augment",): 1.0}, SIX[:3], seeds=3)  # the full factorial: no fraction of three has resolution 4
    assert tables.effects(results)["n"].tolist() == [3] * 6
    results.runs.loc[results.runs["seed"].isin([0, 2]) & (results.runs["arm"] == 5), ["status", "accuracy"]] = ["failed", None]
    frame = tables.effects(results)
    assert frame["n"].tolist() == [1] * 6
    assert frame["points"].tolist() == pytest.approx([1.0] + [0.0] * 5)
    assert frame["sd"].isna().all()
    assert "effects: one seed gives no verdict" in tables.about_effects(results, frame)
    results.runs["accuracy"] = float("nan")
    frame = tables.effects(results)
    assert frame["n"].tolist() == [0] * 6
    assert tables.shown_effects(frame)["points"].tolist() == ["–"] * 6
    assert "no effect yet" in tables.about_effects(results, frame)[-1]


def test_only_a_fractional_sweep_has_effects():
    assert tables.effects(full(WHOLE)).empty
    older = full(WHOLE)
    assert "effects" not in older.sweep["fixed"]
    assert list(tables.effects(older).columns) == ["effect", "aliases", "n", "points", "sd"]


def test_the_table_of_effects_says_what_it_is():
    results = made_of({("augment",): -3.0, ("ema",): 0.25}, SIX, seeds=2, spread=0.1)
    frame = tables.effects(results)
    text = tables.shown_effects(frame)
    assert text["effect"][6] == "augment x ema + lrn x init + fc x weight_decay"
    assert text["points"].tolist()[:2] == ["−2.95", "+0.25"]
    lines = "\n".join(tables.about_effects(results, frame))
    for part in ("all 16 arms", "cannot be told apart", "16 of the 64", "resolution 4: init = augment x ema x lrn;"):
        assert part in lines
    whole = made_of({}, SIX[:3])
    assert "all 8 combinations" in "\n".join(tables.about_effects(whole, tables.effects(whole)))
    assert "cannot be told apart" not in "\n".join(tables.about_effects(whole, tables.effects(whole)))
    assert tables.terminal(text, 60)[1] == []


def test_a_fraction_compares_no_two_arms():
    results = made_of({("augment",): -3.0}, SIX, seeds=2)
    text = tables.shown(tables.arms(results), "fractional")
    assert not [name for name in text.columns if name.startswith("vs")]
    assert "ifferences" not in tables.compared(results)


def test_arms_that_are_one_are_named():
    results = found({(arm, 0): 0.5 for arm in range(4)})
    results.sweep["same_arms"] = [[1, 0]]
    assert tables.same(results) == [
        "ema: on → off: the same training and readout as baseline (augment: on, ema: on), so the two are one arm"
    ]
    assert tables.same(found({(arm, 0): 0.5 for arm in range(4)})) == []
