from dataclasses import replace

import pytest

from ablate.report.search import files, repeat, tables, words
from ablate.results.search import load
from ablate.store.trials import Trial


def said(found) -> str:
    return "\n".join([*words.warnings(found), words.answer(found), *words.sentences(found)])


def test_the_confirmation_is_the_result_and_the_best_score_is_none(confirmed):
    found = load(confirmed())
    answer = words.answer(found)
    assert answer.startswith("The search helped: its best setting (lr: 0.0613, batch_size: 64) beats the default (lr: 0.1, ")
    assert "by 1.17 pp (CI " in answer
    assert "on the test set (3 fresh seeds)." in answer
    told = said(found)
    assert "80.00%, is not a result" in told
    assert "The best of 25 equally good trials exceeds its true value by about" in told
    assert "holds for the budget of 10 epochs (450,000 examples), not for longer training" in told
    assert "25 of 25 trials are finished: 16 done, 7 pruned, 1 diverged, 1 failed." in told
    assert "Not counted: 1 abandoned (its worker stopped or died; another trial took its place), 1 duplicate" in told
    commands = repeat.commands(found, "multirun/search")
    best = "python -m ablate lr=0.061300000123 batch_size=64 epochs=2 precision=bfloat16"
    assert commands["train the best setting on all training images"].startswith(best)
    again = "python -m ablate -m design=together lr=0.1,0.061300000123 batch_size=128,64 seed=1000,1001,1002"
    assert commands["repeat the confirmation"].startswith(again)
    method = files.TEXTS["md"]["methods.md"](found)
    assert "5,000 others, held out" in method
    assert "3 fresh seeds (1000, 1001, 1002) and evaluated them on the test set" in method
    names = [table.name for table in tables.every(found)]
    assert names[:2] == ["confirmation_verdicts", "confirmation_arms"]
    assert tables.every(found)[0].text["change"].tolist() == ["lr 0.1 → 0.0613, batch size 128 → 64"]


@pytest.mark.parametrize(
    ("gains", "begins"),
    [
        ((1.2, -1.0, 0.4), "Inconclusive: 3 fresh seeds cannot settle whether the best setting (lr: 0.0613, batch_size: 64) "),
        ((-1.2, -1.3, -1.1), "The search gained nothing: "),
        ((0.01, 0.02, 0.03), "The search gained nothing that matters: "),
    ],
)
def test_a_gain_that_is_not_shown_is_said_first(confirmed, gains, begins):
    assert words.answer(load(confirmed(gains))).startswith(begins)


def test_how_optimistic_the_best_score_is_is_told_of_a_known_sd_alone(made, confirmed):
    assert "if runs have an SD of 0.4 pp (typical on CIFAR-10)" in said(load(made(name="images")))
    digits = said(load(made(name="digits", fixed_overrides=["data=digits"])))
    assert "is not a result: the best of many noisy scores is optimistic.\n" in digits
    assert "exceeds its true value" not in digits
    assert "pp between runs (from the confirmation)" in said(load(confirmed(fixed_overrides=["data=digits"])))


def test_a_number_that_was_drawn_has_four_digits_everywhere(made):
    drawn = [Trial(0, "done", {"lr": 0.05296054548439178, "batch_size": "64"}, (0.8,))]
    found = load(made(drawn))
    assert "lr: 0.05296, batch_size: 64" in words.answer(found)
    assert tables.best(found).text["lr"].tolist() == ["0.05296"]
    assert words.value(1234.5) == "1234.5"


def test_without_a_confirmation_there_is_no_result(made):
    assert words.answer(load(made())).startswith("The search has no result yet: ")
    assert "confirm_seeds=0 asked for none" in words.answer(load(made(confirm_seeds=0)))
    assert "it follows once the search is finished" in words.answer(load(made(n_trials=30)))
    assert words.answer(load(made([]))) == "The search has no result yet: no trial is done."


def test_a_default_that_won_is_said_first(made):
    settings = (("0.1", 0.8), ("0.4", 0.7))
    trials = [Trial(n, "done", {"lr": float(lr), "batch_size": "128"}, (score,)) for n, (lr, score) in enumerate(settings)]
    found = load(made(trials))
    assert words.answer(found).startswith(
        "The default setting won: none of 2 trials scored better than lr: 0.1, batch_size: 128"
    )


def test_tuning_on_the_test_set_is_said_everywhere(made):
    found = load(made(fixed={"evaluation_set": "test"}, allow_test=True, validation_images=0))
    assert "test scores (allow_test=true)" in said(found)
    for name in ("table.md", "methods.md", "checklist.md"):
        assert "allow\\_test=true" in files.TEXTS["md"][name](found) or "allow_test=true" in files.TEXTS["md"][name](found), (
            name
        )
    assert "test accuracy (%)" in tables.best(found).text.columns


def test_two_objectives_have_a_front_and_no_one_result(made, two_objectives):
    found = load(made(two_objectives[0], **two_objectives[1]))
    assert "3 of 9 finished trials are Pareto-optimal in validation accuracy and FLOPs: " in said(found)
    assert tables.best(found).text["model"].tolist() == ["tuto", "alex2", "squeeze1"]


def test_own_configs_and_another_store_are_in_the_command(made):
    folder = made(name="other", confirm_epochs=50.0, final_epochs=50.0)
    found = load(folder)
    found = replace(found, sweep=replace(found.sweep, store="elsewhere/my runs", config_dir="my"))
    line = repeat.commands(found, "multirun/other")["train the best setting on all training images"]
    assert line.startswith("python -m ablate -cd my lr=0.061300000123 batch_size=64 epochs=50 ")
    assert line.endswith("'store=\"elsewhere/my runs\"'")
