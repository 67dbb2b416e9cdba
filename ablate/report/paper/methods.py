"""A paragraph on the method, for a paper: what was compared, how it was trained, read and judged, and what it cost."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ablate import designs, escaping, numbers, stats
from ablate.config.neutral import OTHERS
from ablate.readout import END
from ablate.report import caveats, naming, sentences
from ablate.report.paper import recipe
from ablate.results.analysis import Analysis
from ablate.results.frames import Results
from ablate.results.question import Question, steps_read
from ablate.results.retuned import Retuned
from ablate.stats import Outcome
from ablate.stats.verdict import UNLESS
from ablate.store.sweep_check import NO_SET
from ablate.text import counted

TO_FILL_IN = "**To fill in:**"
KINDS = {  # of sweeps whose arms no design made
    designs.JOINED: "the arms of several sweeps combined",
    designs.STORE: "every training in a store",
    designs.TABLE: "those in a table of runs",
    designs.TUNING: "every arm of another sweep at each of several learning rates, to choose the best",
}


def methods(analysis: Analysis) -> str:
    """`methods.md`: paragraphs in the past tense, true of the sweep at hand; what no file tells is marked to be filled in."""
    paragraphs = [analysis.fill(each) for each in (design, rates, training, splits, rule, took)]
    return "\n".join(["# Method\n", *(paragraph(lines) + "\n" for lines in paragraphs if lines)])


def paragraph(lines: Sequence[str]) -> str:
    """Sentences as a paragraph of Markdown, in which `TO_FILL_IN` stands out and nothing else is taken for markup."""
    return escaping.markdown(" ".join(lines)).replace(escaping.markdown(TO_FILL_IN), TO_FILL_IN)


def design(results: Results, arms: pd.DataFrame, retuned: Retuned | None, unpaired: list[bool]) -> list[str]:
    """Arms, factors, seeds and pairing."""
    sweep = results.sweep
    count = len(arms)
    factors = "; ".join(f"{name} ({', '.join(levels)})" for name, levels in sweep.factors.items())
    how = KINDS.get(sweep.design) or designs.sentence(sweep.design)
    if retuned is not None:
        more = count - len(retuned.content["arms"])
        how += f", and {more:,} of these again at their own learning rates" if more else ""
    first = f"We compared {counted(count, 'arm')}: {how}. Factors (baseline level first): {factors}."
    if count == 1:
        first = "We trained one arm."
    planned = "run" if (results.runs["status"] == "done").all() else "planned"
    lines = [
        first,
        f"{'Each arm' if count > 1 else 'It'} was {planned} with {_seeds(results)}.",
    ]
    if count > 1:
        lines.append(
            "Runs with the same seed used the same batches (given equal batch size and training images), the same augmentation "
            "draws, and the same initial weights in every layer that two arms share, so we paired comparisons by seed."
            if sweep.trainer is None
            else f"Comparisons were {naming.pairing(unpaired)}."
            if any(unpaired)
            else "We paired comparisons by seed."
        )
    runs, trainings = len(results.runs), len(results.trainings)
    if 0 < trainings < runs:
        lines.append(
            f"Runs that differed only in the evaluated step or weights shared a training: {counted(runs, 'run')} used "
            f"{counted(trainings, 'training')}."
        )
    return lines


def _seeds(results: Results) -> str:
    """How many seeds each arm has, and which, unless no arm has all of them."""
    seeds, most = results.sweep.seeds, int(results.runs.groupby("arm")["seed"].nunique().max())
    which = ", ".join(map(str, seeds)) if len(seeds) == most else "not the same in every arm"
    return f"{naming.seeds_an_arm(results)} ({which})"


def rates(question: Question, comparisons: pd.DataFrame, retuned: Retuned | None, places: int) -> list[str]:
    """How learning rates were chosen; nothing where they were not."""
    if retuned is None:
        return []
    grid = ", ".join(f"{rate:g}" for rate in retuned.content["rates"])
    shared = "its own learning rate" if retuned.shared_lr is None else f"the shared learning rate of {retuned.shared_lr:g}"
    frame = retuned.tuning[retuned.tuning["chosen"]]
    places = numbers.decimals(retuned.tuning["sd"].dropna())
    found = "; ".join(f"{row.label}: {row.lr:g} ({numbers.number(row.mean, places)}%)" for row in frame.itertuples(index=False))
    lines = [
        "Because the best learning rate may depend on the change, we compared each arm with the baseline twice: both at "
        f"{'their configured learning rates' if retuned.shared_lr is None else shared}, and each at its best learning rate.",
        f"To find the best rates, we first trained every arm at {grid} times {shared} for the same number of steps, with "
        f"{counted(len(retuned.seeds), 'seed')} that no comparison uses ({', '.join(map(str, retuned.seeds))}), and chose the "
        f"rate with the highest mean accuracy on {retuned.images} held out of training: {found}.",
        "These validation accuracies are maxima and therefore optimistic. We retrained the chosen settings on all training "
        "images with the seeds of the comparison and evaluated them on the test set.",
        retuned.conditional,
        *retuned.edges,
        *retuned.gone,
    ]
    return [*lines, *_both(question, comparisons, retuned, places)]


def _both(question: Question, comparisons: pd.DataFrame, retuned: Retuned | None, places: int) -> list[str]:
    """Both effects of each arm, in a sentence."""
    assert retuned is not None
    points = dict(zip(question.pairs, comparisons["points"], strict=True))
    told = [
        f"{each.label}: {numbers.signed(points[each.shared], places)} and {numbers.signed(points[each.own], places)}"
        for each in retuned.effects
        if each.shared is not None and each.own is not None
    ]
    if not told:
        return []
    listed = "; ".join(told)
    return [f"Mean differences at the shared rate and at each arm's best rate ({question.metric.points}): {listed}."]


def training(results: Results, question: Question) -> list[str]:
    """Data, steps, batches and the rest of the recipe."""
    content, steps = recipe.config(results, question), question.steps[question.baseline]
    if content is None:
        return [f"{TO_FILL_IN} data, batch size and optimizer (no training of the baseline is available to read them from)."]
    told = recipe.hyperparameters(content)
    if OTHERS in content:
        listed = "; ".join(f"{name}: {value}" for name, value in told.items())
        long = "" if steps == END else f" for {steps:,} steps"
        return [f"We trained the baseline with {content[OTHERS]}{long}{f' ({listed})' if listed else ''}."]
    data, batch = content["data"], content["batch_size"]
    epochs = numbers.number(steps * batch / data["train_images"], 1)
    named = recipe.data_set(results, question)
    lines = [
        f"We trained the baseline on {data['train_images']:,} images{f' of {named}' if named else ''} for {steps:,} steps with "
        f"a batch size of {batch:,} ({epochs} epochs), using {told['optimizer']} at a learning rate of {told['learning rate']}."
    ]
    rest = ("weight decay", "input", "initial weights", "precision")
    lines.append(" ".join(f"{name.capitalize()}: {told[name]}." for name in rest))
    if "averaged" in question.weights:
        lines.append(f"EMA weights are exponential moving averages with decay {content['average']['decay']:g}.")
    return lines


def splits(results: Results, question: Question) -> list[str]:
    """On which images, at which step and with which weights runs were read."""
    question, runs = question, results.runs
    own = " with raw or EMA weights, whichever the arm specifies"
    read = own if len(set(question.weights)) > 1 else question.read_with
    images = runs["eval_images"].dropna().unique()
    count = f"{int(images[0]):,} " if len(images) == 1 else ""
    metric, steps = question.metric.name, steps_read(question.steps, question.last, question.newest)
    lines = [f"We report {metric} at {steps}{read}, never at the best evaluation."]
    if not any(question.steps):
        lines = [f"We report {metric} as recorded. {TO_FILL_IN} at which step, and that this was not chosen by its value."]
    if question.last > 1:
        lines = [
            f"We report {metric} averaged over {question.last} evaluations of each run ({steps}){read}, never at the best one.",
            "Per-class differences and intervals for new images use the same evaluations; pairs of networks use the last one.",
        ]
    if results.sweep.trainer is not None:
        if question.evaluation_set != NO_SET:
            lines.append(f"Every evaluation used what the training was told is its {question.evaluation_set} set.")
        lines.append(f"{TO_FILL_IN} which data it was evaluated on.")
    elif question.evaluation_set == "test":
        lines.append(
            f"Every evaluation used the {count}test images, so any choice based on these numbers is made on the test set."
        )
    elif question.evaluation_set == "validation":
        lines.append(
            f"Every evaluation used {count}images held out of the training set in a fixed, class-balanced split; the test set "
            "was not used."
        )
    else:
        lines.append(f"Every evaluation used {count}images. {TO_FILL_IN} whether these are test images.")
    return lines


def rule(
    results: Results,
    question: Question,
    comparisons: pd.DataFrame,
    retuned: Retuned | None,
    begun_earlier: int | None,
    stability: pd.DataFrame,
    unstable_seeds: pd.DataFrame,
    unpaired: list[bool],
) -> list[str]:
    """How the comparisons were judged, and what of it was changed after training."""
    if not question.judged:
        return ["We compared nothing."]
    lines = [*test(results, question, comparisons, unpaired), *unstable(stability, comparisons)]
    if question.unentered and not question.changes:
        lines.append(f"The results are exploratory: {question.unentered}.")
    elif question.exploratory:
        lines.append(f"The analysis was changed after training, so the results are exploratory: {'; '.join(question.changes)}.")
    else:
        no_bound = caveats.no_bound(unstable_seeds)
        if is_tested(comparisons) and no_bound:
            lines.append(no_bound)
        elif is_tested(comparisons) and not caveats.interim(results, question):
            lines.append(f"The chance that any of these verdicts is wrong is at most 5% {UNLESS}.")
        lines.append(f"We fixed the metric, step, margin and comparisons {sentences.when_fixed(retuned, begun_earlier)}.")
        lines += caveats.said(results, question, begun_earlier)
    if is_tested(comparisons):
        on = "tested on the same images" if results.sweep.trainer is None else "evaluated in the same way"
        lines.append(f"Verdicts hold for new trainings {on}.")
    if comparisons["low_new"].notna().any():
        lines.append("Intervals for new test images treat seeds and images as crossed random effects.")
    return lines


def unstable(stability: pd.DataFrame, comparisons: pd.DataFrame) -> list[str]:
    """When a run was called unstable, and how many were; nothing where that was not judged."""
    judged, count = int(stability["judged"].sum()), int(stability["unstable"].sum())
    if not judged:
        return []
    lines = [
        "We called a run unstable if its accuracy ended more than 3 pp, and more than four standard errors of its evaluation "
        "noise, below its best earlier mean of five consecutive evaluations; "
        f"{count or 'none'} of {counted(judged, 'run')} {'was' if count == 1 else 'were'}."
    ]
    inconclusive = naming.left_inconclusive(comparisons, "unstable")
    return [*lines, f"Inconclusive for this reason: {'; '.join(inconclusive)}."] if inconclusive else lines


def is_tested(comparisons: pd.DataFrame) -> bool:
    """Whether any comparison has the two seeds that an interval takes."""
    return bool((comparisons["n"] > 1).any())


def test(results: Results, question: Question, comparisons: pd.DataFrame, unpaired: list[bool]) -> list[str]:
    """How each comparison is made, and what is said of it."""
    what = "contrast over all arms within each seed" if question.effects else "seed-paired difference"
    if any(unpaired):
        what = f"{'contrast over all arms' if question.effects else 'difference'} ({naming.pairing(unpaired)})"
    many = question.judged > 1
    each = f"For each of {counted(question.judged, 'comparison')}" if many else "For the comparison"
    if not is_tested(comparisons):
        few = no_seeds(results)
        return [f"{each}, we computed the {what}. Because {few}, there is no interval, no test and no verdict."]
    sharing = [counted(question.judged, "comparison")] if many else []
    sharing += [f"{question.looks} looks"] if question.looks > 1 else []
    shared = f" (Bonferroni-adjusted for {' and '.join(sharing)})" if sharing else ""
    if not question.shared:
        shared = f" ({stats.LEVEL_SHARED})"
    own = ", estimating each standard deviation separately" if many else ""
    read = "to help or hurt if its interval excluded 0"
    if question.margin is not None:
        narrower = stats.equivalence_percents(question.levels)
        read += (
            f", to have {Outcome.NO_EFFECT} if two one-sided tests placed it within ± {question.margin:g} "
            f"{question.metric.points} (its narrower {narrower} interval lay within the margin)"
        )
    read += f", and to be {Outcome.INCONCLUSIVE} otherwise"
    interval = "a t-interval" if not any(unpaired) else "a t-interval (Welch's where unpaired)"
    lines = [
        f"{each}, we computed the {what} and {interval} for its mean over seeds at the {stats.percents(question.levels)} "
        f"level{shared}{own}.",
        f"We judged a change {read}.",
        stats.barred("effect" if question.effects else "difference", "got"),
    ]
    inconclusive = naming.left_inconclusive(comparisons)
    return (
        [*lines, f"{Outcome.INCONCLUSIVE.capitalize()} for this reason: {'; '.join(inconclusive)}."] if inconclusive else lines
    )


def no_seeds(results: Results) -> str:
    """What there is too little of for a test."""
    return "there was one seed" if len(results.sweep.seeds) == 1 else "no comparison had two seeds with a result"


def took(results: Results, retuned: Retuned | None, run_counts: dict[str, int], compute: dict[str, Any]) -> list[str]:
    """What became of the runs, how long they trained, and on what."""
    trainings = results.trainings
    lines = [f"Of {counted(len(results.runs), 'run')}, {outcome(run_counts)}."]
    if trainings["seconds"].notna().any():
        total, average, longest = (numbers.duration(compute[key]) for key in ("seconds", "mean_seconds", "longest_seconds"))
        known = counted(compute["timed"], "training")
        lines.append(f"The {known} took {total} in total ({average} on average, {longest} at most){partly(results, compute)}.")
    lines += retuned.took if retuned is not None else []
    where = machines(trainings)
    return [*lines, f"They ran on {'; '.join(where)}."] if where else lines


def partly(results: Results, compute: dict[str, Any]) -> str:
    """What of the trainings' time is not in a total, as the end of its sentence; empty where all is."""
    trainings, untimed = results.trainings, compute["untimed"]
    cut = int((trainings["seconds"].notna() & ~trainings["status"].isin(["done", "running"])).sum())
    parts = [f"counting {counted(cut, 'unfinished training')} up to the last evaluation"] if cut else []
    parts += [f"excluding {counted(untimed, 'training')} with no recorded time, for want of an evaluation"] if untimed else []
    return "".join(f", {part}" for part in parts)


def outcome(runs: Mapping[str, int]) -> str:
    """What became of the runs, as in `11 gave a result and 1 diverged`."""
    verbs = {
        "done": "gave a result",
        "not yet run": "had not been trained",
        "running": "in training",
        "stopped": "had been stopped",
        "not evaluated": "had not been evaluated",
    }
    told = {status: f"{count:,} {verbs.get(status, status)}" for status, count in runs.items()}
    return sentences.series(list(told.values()))


def machines(trainings: pd.DataFrame) -> list[str]:
    """The different devices, threads and versions that trainings were done with."""
    known = trainings[trainings["device"].notna()]
    keys = ["device", "threads", "python", "tensorflow", "keras"]
    return [_machine(row) for row in known[keys].drop_duplicates().to_dict("records")]


def _machine(row: Mapping[Any, Any]) -> str:
    threads = "" if pd.isna(row["threads"]) else f", {counted(int(row['threads']), 'thread')} per training"
    versions: Sequence[str] = [
        f"{name} {row[key]}"
        for key, name in (("python", "Python"), ("tensorflow", "TensorFlow"), ("keras", "Keras"))
        if pd.notna(row[key])
    ]
    return f"{row['device']}{threads}" + (f" ({', '.join(versions)})" if versions else "")
