"""Draws wrong command lines, studies and config files by a seed: what people type, paste, misremember and save wrongly.

Each has the words that a message may name; see `test_wrong_commands.py` for what it must be like.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ablate.config import own_configs
from ablate.system import commands

LETTERS = "abcdefghijklmnopqrstuvwxyz"
LAYERS = "layers:\n  - conv: {kernel: 3, filters: 4}\n  - pool: {size: 3, stride: 2}\n  - classifier: {}\n"
STUDY = '# @package _global_\nquestion: "What?"\nhydra:\n  sweeper:\n    params:\n      data: digits\n      steps: 4\n'
NUMBERS = ("lr", "ema_decay", "diverged_loss", "report.margin", "optimizer.lr", "augment.brightness", "weight_decay.rate")
COUNTS = ("batch_size", "steps", "eval_every", "ema_warmup")
GROUPS = ("augment", "model", "lrn", "fc", "init", "weight_decay", "optimizer", "schedule", "precision", "ema", "data")
PATHS = ("store", "data.path", "data.archive", "data.cache", "hydra.sweep.dir", "hydra.run.dir")
COMMANDS = commands.names()


@dataclass(frozen=True)
class Wrong:
    """A wrong command. words: behind `ablate`. named: of which a message holds at least one. files: by path, to be written."""

    kind: str
    words: tuple[str, ...]
    named: tuple[str, ...]
    files: dict[str, bytes] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write the files below a folder."""
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def draw(seed: int) -> Wrong:
    """The wrong command of a seed: kinds in turn, all else by chance."""
    generator = random.Random(seed)
    name = list(KINDS)[seed % len(KINDS)]
    words, named, *files = KINDS[name](generator)
    return Wrong(name, tuple(words), tuple(named), *files)


def misspelt(word: str, generator: random.Random) -> str:
    """A word with one letter left out, doubled, exchanged or replaced; never the word itself, nor another key."""
    known = {*own_configs.KEYS, *own_configs.groups(), *COMMANDS}
    for group in own_configs.groups():
        known |= set(own_configs.levels(group))
    while True:
        place = generator.randrange(len(word))
        found = generator.choice(
            (
                word[:place] + word[place + 1 :],
                word[:place] + word[place] + word[place:],
                word[:place] + generator.choice(LETTERS) + word[place + 1 :],
                word[: place - 1] + word[place : place + 1] + word[place - 1 : place] + word[place + 1 :]
                if place
                else word + "s",
            )
        )
        if found not in known and len(found) > 1 and found[0].isalpha():
            return found


def _sweeping(generator: random.Random, word: str, *more: str) -> list[str]:
    """The word within a command that shows, plans or runs something small."""
    base = [*(() if any(each.startswith("data=") for each in (word, *more)) else ("data=digits",)), *more]
    command = generator.choice((["plan"], ["-m"], [], ["info"]))
    words = [*base, word]
    generator.shuffle(words)
    if command == ["info"] and any(each.startswith(("-", "hydra", "study")) for each in words):
        command = ["plan"]
    return [*command, *words]


Drawn = tuple[Sequence[str], Sequence[str]] | tuple[Sequence[str], Sequence[str], dict[str, bytes]]


def key(generator: random.Random) -> Drawn:
    wrong = misspelt(generator.choice(own_configs.KEYS), generator)
    value = generator.choice(("1", "on", "0.1", "x"))
    return _sweeping(generator, f"{generator.choice(('', '', '+', '++'))}{wrong}={value}"), [wrong]


def swept_key(generator: random.Random) -> Drawn:
    wrong = misspelt(generator.choice(own_configs.KEYS), generator)
    return [generator.choice(("-m", "plan")), "data=digits", f"{wrong}=1,2"], [wrong]


def level(generator: random.Random) -> Drawn:
    group = generator.choice(GROUPS)
    wrong = misspelt(generator.choice(own_configs.levels(group)), generator)
    return _sweeping(generator, f"{group}={wrong}"), [wrong]


def swept_level(generator: random.Random) -> Drawn:
    group = generator.choice(GROUPS)
    right = generator.choice(own_configs.levels(group))
    wrong = misspelt(right, generator)
    first = [] if group == "data" else ["data=digits"]
    return [generator.choice(("-m", "plan")), *first, f"{group}={right},{wrong}"], [wrong]


def no_level(generator: random.Random) -> Drawn:
    group = generator.choice(GROUPS)
    value = generator.choice(("1", "True", "false", "null", "0.5", "1e-4", "{a:1}", "[a]", "[a,b]", "''", "-1"))
    return _sweeping(generator, f"{group}={value}"), [group]


def list_of_levels(generator: random.Random) -> Drawn:
    group = generator.choice(GROUPS)
    levels = generator.sample(own_configs.levels(group), 2)
    return _sweeping(generator, f"{group}=[{','.join(levels)}]"), [group]


def number(generator: random.Random) -> Drawn:
    wanted = generator.choice(NUMBERS)
    value = generator.choice(
        ("fast", "True", "null", "nan", "inf", "-inf", "1e400", "[1]", "{a:1}", "0.1.2", "0,1e", "-3", "1e-60")
    )
    while wanted in ("augment.brightness", "weight_decay.rate") and value == "0,1e":
        value = "fast"
    return _sweeping(generator, f"{wanted}={value}"), [
        wanted,
        "lr" if wanted == "optimizer.lr" else wanted,
        value.split(",")[-1],
    ]


def count(generator: random.Random) -> Drawn:
    wanted = generator.choice(COUNTS)
    value = generator.choice(
        ("0", "-1", "1.5", "many", "true", "null", "1e9", "99999999999999999999", "[4]", "9" * 5000, "inf")
    )
    return _sweeping(generator, f"{wanted}={value}"), [wanted]


def seeds(generator: random.Random) -> Drawn:
    value = generator.choice(
        ("-1", "x", "True", "1.5", "2147483648", "0,0", "0,-1", "[0,1]", "null", "range(0,3,0.5)", "range(3,0)")
    )
    return [generator.choice(("plan", "-m")), "data=digits", f"seed={value}"], ["seed", "range"]


def epochs(generator: random.Random) -> Drawn:
    value = generator.choice(("0", "-1", "nan", "1e300", "ten", "true", "[1]", "inf"))
    return _sweeping(generator, f"epochs={value}"), ["epochs"]


def executed(generator: random.Random) -> Drawn:
    wanted = generator.choice(("workers", "threads", "retries", "fail_fast", "watch", "progress", "tensorboard", "resolution"))
    return [
        generator.choice(("plan", "-m")),
        "data=digits",
        "ema=on,off",
        f"{wanted}={generator.choice(('-1', 'some', '[1]', 'null'))}",
    ], [wanted]


def twice(generator: random.Random) -> Drawn:
    wanted = generator.choice(("lr", "augment", "seed", "batch_size", "model", "store", "data.validation", "report.margin"))
    values = {"augment": ("on", "off"), "model": ("alex1", "alex2"), "store": ("a", "b")}.get(wanted, ("1", "2"))
    signs = generator.sample(("", "", "++"), 2) if wanted not in ("augment", "model") else ("", "")
    words = [f"{sign}{wanted}={value}" for sign, value in zip(signs, values, strict=True)]
    return [generator.choice(("plan", "-m", "info")), "data=digits", *words], [wanted]


def braces(generator: random.Random) -> Drawn:
    last = generator.randrange(1, 6)
    whole = generator.random() < 0.5
    words = [f"seed={number}" for number in range(last + 1)] if whole else [f"seed={{0..{last}}}"]
    return ["plan", "data=digits", *words], ["seed"]


def empty(generator: random.Random) -> Drawn:
    wanted = generator.choice((*PATHS[:1], *PATHS, "lr", "seed", "steps", "question"))
    value = generator.choice(("", "''", '""', "' '"))
    more = {"data.path": "data=arrays", "data.archive": "data=cifar10", "data.cache": "data=cifar10"}.get(wanted, "data=digits")
    return [generator.choice(("plan", "-m")), more, f"{wanted}={value}"], [wanted]


def spaces(generator: random.Random) -> Drawn:
    shape = generator.choice(
        (("augment=on,", "off"), ("augment", "=", "on"), ("lr=", "0.1"), ("lr", "=0.1"), ("seed=0,", "1,", "2"))
    )
    return ["plan", "data=digits", *shape], [shape[0].strip("=,")]


def grammar(generator: random.Random) -> Drawn:
    word = generator.choice(
        (
            *(
                "lr=[0.1",
                "lr=0.1]",
                "lr=(0.1)",
                "lr=0.1=2",
                "lr==1",
                "lr={a",
                "seed=range(0,5",
                "seed=0,,1",
                "lr=,0.1",
                "augment=on;",
            ),
            *(
                "lr='0.1",
                'lr="0.1',
                "lr=0.1'",
                "data.path=a#b.npz",
                "data.path=it's",
                "store=a&b",
                "lr=<1",
                "lr=!1",
                "a b=1",
                "lr=0.1\n",
            ),
            *(
                "data.path=größe.npz",
                "data.path=数据.npz",
                "größe=1",
                ".lr=1",
                "lr.=1",
                "l..r=1",
                "lr={a}",
                "lr=`1`",
                "lr=$(x)",
            ),
        )
    )
    return ["plan", "data=digits", word], [word.strip(), word.strip().replace("'", '"'), "lr"]


def lookalike(generator: random.Random) -> Drawn:
    character = generator.choice(tuple("\u00a0\u2212\u2013\u2014\u201c\u2018\u200b\uff0c\u2026\u3000\ufeff"))
    word = generator.choice((f"lr={character}0.1", f"lr=0.1{character}", f"augment=on{character}off", f"seed=0{character}1"))
    return ["plan", "data=digits", word], [word.partition("=")[0]]


def function(generator: random.Random) -> Drawn:
    word = generator.choice(
        (
            *(
                "lr=interval(0.1)",
                "lr=intervall(0.1,1)",
                "seed=range()",
                "seed=rnage(0,5)",
                "lr=range(0,1,0)",
                "lr=range(1,0)",
                "lr=log(1)",
            ),
            *(
                "lr=interval(0,1)",
                "lr=tag(log,1)",
                "lr=sort()",
                "lr=glob(*)",
                "lr=choice()",
                "lr=int(x)",
                "augment=glob(",
                "lr=range(a,b)",
            ),
            *("seed=range(0,1e12)", "lr=tag(log,interval(0.1,0.2))", "lr=range(nan,1)"),
        )
    )
    return ["plan", "data=digits", word], ["lr", "seed", "augment", "range", "sort"]


def interpolation(generator: random.Random) -> Drawn:
    value = generator.choice(
        ("${nope}", "${oc.env:NO_SUCH_VARIABLE}", "${lr}", "${foo:1}", "${augment}", "${oc.env}", "${..x}", "${data.path}")
    )
    return _sweeping(generator, f"lr={value}"), ["lr"]


def deletion(generator: random.Random) -> Drawn:
    wanted = generator.choice((*own_configs.KEYS, "nope", "augment.flip", "hydra.nope", "lr=0.2"))
    return _sweeping(generator, f"~{wanted}"), [wanted.partition("=")[0]]


def addition(generator: random.Random) -> Drawn:
    word = generator.choice(
        ("+lr=0.2", "+augment=on", "+new=1", "+augment.new=1", "+data.path=x", "+model.depth=3", "+study.x=1", "+ema.decay=1")
    )
    return _sweeping(generator, word), [word.lstrip("+").partition("=")[0]]


def other_data(generator: random.Random) -> Drawn:
    chosen, wanted = generator.choice(
        (("digits", "path"), ("digits", "archive"), ("digits", "records_per_file"), ("cifar10", "path"), ("arrays", "url"))
    )
    return ["plan", f"data={chosen}", f"data.{wanted}=x"], [f"data.{wanted}"]


def inner_key(generator: random.Random) -> Drawn:
    group, wanted = generator.choice(
        (
            ("augment", "flip"),
            ("optimizer", "lr"),
            ("weight_decay", "rate"),
            ("init", "bias"),
            ("report", "margin"),
            ("data", "eval_on"),
        )
    )
    wrong = misspelt(wanted, generator)
    return _sweeping(generator, f"{group}.{wrong}=1"), [wrong]


def inner_value(generator: random.Random) -> Drawn:
    word = generator.choice(
        (
            *(
                "augment.flip=maybe",
                "augment.crop=middle",
                "augment.contrast=1",
                "augment.contrast=[1]",
                "augment.contrast=[2,1]",
            ),
            *(
                "augment.crop_fraction=0",
                "augment.crop_fraction=2",
                "init.stddev.conv=big",
                "init.distribution=normal",
                "precision.compute=half",
            ),
            *(
                "ema.weights=mean",
                "optimizer.kind=rmsprop",
                "schedule.kind=exp",
                "report.formats=[pdf]",
                "report.formats=html",
                "report=3",
            ),
            *(
                "data.validation=-1",
                "data.validation=99999",
                "data.eval_on=train",
                "data.name=mnist",
                "lrn.level=maybe",
                "fc.level=three",
            ),
            *(
                "model.layers=3",
                "model.layers=[conv]",
                "model.layers=[{conv:{kernel:3}}]",
                "model.layers=[{convv:{}}]",
                "model.layers=[]",
            ),
            *(
                "weight_decay.per_weight=2",
                "weight_decay.kind=l1",
                "augment=on.flip",
                "lr.x=1",
                "init.bias.hidden=inf",
                "design=full",
            ),
        )
    )
    return _sweeping(generator, word), [word.partition("=")[0], word.partition("=")[0].rpartition(".")[2], "layer"]


def option(generator: random.Random) -> Drawn:
    command, known = generator.choice(
        (
            *(
                (["plan", "data=digits"], "--json"),
                (["plan", "data=digits"], "--config-dir"),
                (["info"], "--json"),
                (["status", "x"], "--follow"),
            ),
            *(
                (["report", "x"], "--format"),
                (["report", "x"], "--baseline"),
                (["runs"], "--store"),
                (["runs", "gc"], "--dry-run"),
            ),
            *(
                (["dashboard", "x"], "--port"),
                (["data=digits"], "--multirun"),
                (["data=digits"], "--config-dir"),
                (["runs", "rm"], "--yes"),
            ),
        )
    )
    wrong = known
    while known.startswith(wrong):  # the beginning of an option is the option
        wrong = f"--{misspelt(known[2:].replace('-', ''), generator)}"
    return [*command, wrong], [wrong]


def option_value(generator: random.Random) -> Drawn:
    words = generator.choice(
        (
            *(
                ["dashboard", "x", "--port", "http"],
                ["report", "x", "--margin", "big"],
                ["report", "x", "--at-step", "1.5"],
                ["plan", "-cd"],
            ),
            *(
                ["runs", "--state", "finished"],
                ["report", "x", "--format", "pdf"],
                ["--cfg", "jobs"],
                ["--cfg"],
                ["--info", "defalts"],
            ),
            *(
                ["status"],
                ["status", "a", "b"],
                ["dashboard"],
                ["report", "--compare", "a"],
                ["runs", "rm"],
                ["plan", "-cd", "nope"],
            ),
            *(
                ["-cd", "my", "-cd", "my", "data=digits"],
                ["-cn", "mine"],
                ["-cp", "mine"],
                ["--experimental-rerun", "x"],
                ["--resolve"],
            ),
            *(
                ["-p", "augment"],
                ["--cfg", "job", "-p", "augmnt"],
                ["-m", "--cfg", "job"],
                ["--lr=0.1"],
                ["--lr", "0.1"],
                ["plan", "--lr=0.1"],
            ),
        )
    )
    return words, [word for word in words if word not in COMMANDS] + [
        "SWEEP",
        "SEARCH",
        "--config-dir",
        "--config-name",
        "--config-path",
    ] + ["--package", "--multirun", "fingerprints", "lr", "x"]


def command(generator: random.Random) -> Drawn:
    word = generator.choice(
        (misspelt(generator.choice(COMMANDS), generator), "sweep", "train", "help", "seed_ladder", "lrn", "augment", "on")
    )
    more = generator.choice(([], ["data=digits"], ["x"]))
    return [word, *more], [word]


def no_sweep(generator: random.Random) -> Drawn:
    return [
        generator.choice(("status", "report", "dashboard")),
        name := generator.choice(("nope", "multirun/nope", "seed_ladder", "lrn-00", "my")),
    ], [name]


def without_m(generator: random.Random) -> Drawn:
    word = generator.choice(
        ("ema=on,off", "lr=0.1,0.2", "seed=0,1", "seed=range(0,3)", "report.formats=html,csv", "study=lrn", "retune=true")
    )
    return ["data=digits", word], [word.partition("=")[0]]


def not_swept(generator: random.Random) -> Drawn:
    wanted = generator.choice(
        ("threads", "store", "design", "workers", "report.margin", "hydra.sweep.dir", "progress", "retune")
    )
    return [generator.choice(("plan", "-m")), "data=digits", f"{wanted}=1,2"], [wanted]


def of_hydra(generator: random.Random) -> Drawn:
    word = generator.choice(
        (
            *(
                "hydra.foo=1",
                "hydra.run.dirr=x",
                "hydra/launcher=slurmm",
                "hydra/launcher=loacl",
                "hydra/sweeper=optunaa",
                "hydra/foo=1",
            ),
            *(
                "hydra.job.env_set.FOO=bar",
                "hydra.job.chdir=maybe",
                "hydra.mode=FOO",
                "hydra.sweeper.n_trials=5",
                "hydra.searchpath=my",
            ),
            *(
                "hydra.searchpath=[nope]",
                "hydra.searchpath=[pkg://nope]",
                "hydra.run=3",
                "hydra.sweep.dir=null",
                "hydra.verbos=true",
            ),
            *("hydra.searchpath=[http://x]", "lr@foo=1", "augment@foo=on", "hydra/sweeper/sampler=tpe", "hydra.sweep.subdir=x"),
        )
    )
    return ["-m", "data=digits", "ema=on,off", word], [part for part in word.replace("@", "=").split("=") if part] + [
        "hydra/sweeper"
    ]


def of_search(generator: random.Random) -> Drawn:
    word = generator.choice(
        (
            *(
                "n_trials=0",
                "n_trials=many",
                "timeout=-1",
                "objectives=[speed]",
                "objectives=[]",
                "seeds=[0,0]",
                "seeds=3",
                "min_epochs=0",
            ),
            *(
                "confirm_seeds=-1",
                "allow_test=maybe",
                "max_failure_rate=2",
                "enqueue=3",
                "ntrials=3",
                "direction=up",
                "sampler=3",
            ),
        )
    )
    wanted = word.partition("=")[0]
    return ["plan", "hydra/sweeper=optuna", "data=digits", "lr=0.1,0.2", "epochs=1", f"hydra.sweeper.{word}"], [wanted]


def budget(generator: random.Random) -> Drawn:
    words = generator.choice(
        (("steps=4", "epochs=1"), ("lr=0.1", "optimizer.lr=0.2"), ("report={margin:1}", "report.margin=2"))
    )
    return ["plan", "data=digits", *words], [words[0].partition("=")[0]]


def encoding(generator: random.Random) -> Drawn:
    text = STUDY.replace("What", "Größe")
    content = generator.choice(
        (text.encode("latin-1"), text.encode("utf-16"), text.encode("utf-8-sig"), b"\x00" + text.encode(), b"")
    )
    return ["plan", "-cd", "my", "study=mine"], ["my/study/mine.yaml"], {"my/study/mine.yaml": content}


def study(generator: random.Random) -> Drawn:
    text = generator.choice(
        (
            STUDY + "      augment: off\n",
            STUDY + "      augment: [on, off]\n",
            STUDY + '      augment: ["on", "off"]\n',
            STUDY + "      augment:\n        on: 1\n",
            STUDY + "      augment:\n",
            STUDY + '      augmnt: "on,off"\n',
            STUDY + '      augment: "on,offf"\n',
            STUDY + "      lr: true\n",
            STUDY + "      lr: fast\n",
            STUDY + "      seed: [0, 1]\n",
            STUDY + "      steps: 5\n",
            STUDY + "\tlr: 0.1\n",
            STUDY + "      lr: 'a\n",
            STUDY + "      lr 0.1\n",
            STUDY + "     lr: 0.1\n",
            STUDY + "      question: Why: this\n",
            STUDY.replace("# @package _global_\n", ""),
            STUDY.replace("# @package", "# a study\n# @package"),
            STUDY.replace("_global_", "global"),
            STUDY.replace("params:", "parms:"),
            STUDY.replace("params:", "- params:"),
            STUDY + "lr: 0.1\n",
            STUDY + "desing: ladder\n",
            STUDY + "design: full\n",
            STUDY + "defaults: on\n",
            STUDY + "defaults: [on]\n",
            STUDY + "defaults:\n  - override /augment: off\n",
            STUDY + "defaults:\n  - override /augment: nope\n",
            "- a\n- b\n",
            "text\n",
            "a: {b: [c}\n",
            "*alias\n",
        )
    )
    names = ["my/study/mine.yaml", "study=mine", "desing", "full", "nope", "augmnt", "lr"]
    return ["plan", "-cd", "my", "study=mine"], names, {"my/study/mine.yaml": text.encode()}


def model(generator: random.Random) -> Drawn:
    text = generator.choice(
        (
            "",
            "layers:\n",
            "layers: conv\n",
            "layer:\n  - classifier: {}\n",
            LAYERS.replace("conv", "convv"),
            LAYERS.replace("kernel", "kernl"),
            LAYERS.replace("filters: 4", "filters: 0"),
            LAYERS.replace("filters: 4", "filters: true"),
            LAYERS.replace("3,", "3"),
            LAYERS.replace("  - classifier: {}\n", ""),
            LAYERS + "layers: []\n",
            LAYERS + "extra: 1\n",
            f"# @package _global_\n{LAYERS}",
            LAYERS.replace("  - pool", "\t- pool"),
            LAYERS.replace("filters: 4", "filters: 4.5"),
            LAYERS.replace("{}", "[]"),
        )
    )
    names = ["my/model/mine.yaml", "layer", "model", "kernel", "filters"]
    return (
        [generator.choice(("plan", "info")), "-cd", "my", "data=digits", "model=mine"],
        names,
        {"my/model/mine.yaml": text.encode()},
    )


def ambiguous(generator: random.Random) -> Drawn:
    group = generator.choice(("model", "augment", "data", "study", "ema"))
    name = generator.choice(own_configs.levels(group))
    chosen = "data=digits" if generator.random() < 0.5 or group in ("study", "data") else f"{group}={name}"
    words = [chosen] if chosen == "data=digits" else ["data=digits", chosen]
    path = f"my/{group}/{name}.yaml"
    return [generator.choice(("plan", "info")), "-cd", "my", *words], [path], {path: b"a: 1\n"}


def misplaced(generator: random.Random) -> Drawn:
    name, words = generator.choice(
        (
            ("my/model/mine.yml", ["-cd", "my", "model=mine"]),
            ("my/models/mine.yaml", ["-cd", "my", "model=mine"]),
            ("my/model/mine.yaml", ["-cd", "my/model", "model=mine"]),
            ("my/model/mine.yaml", ["-cd", "my/model/mine.yaml", "model=mine"]),
            ("my/model/mine.yaml", ["-cd", "mi", "model=mine"]),
            ("my/model/mine.yaml", ["-cd", "", "model=mine"]),
            ("my/model/mine.yaml", ["model=mine"]),
            ("my/model/mine.yaml", ["-cd", "my", "model=min"]),
            ("my/config.yaml", ["-cd", "my"]),
        )
    )
    content = b"defaults:\n  - _self_\nlr: 3\n" if name.endswith("config.yaml") else LAYERS.encode()
    return [generator.choice(("plan", "info")), "data=digits", *words], ["min", "my", "mi", "-cd"], {name: content}


def data(generator: random.Random) -> Drawn:
    text = generator.choice(
        (
            "name: arrays\npath: ok.npz\n",
            "name: digits\n",
            "path: ok.npz\nvalidation: 0\neval_on: test\n",
            "name: mnist\nvalidation: 0\neval_on: test\n",
            "name: digits\nvalidation: 0\neval_on: test\npath: x\n",
            "name: digits\nvalidation: -1\neval_on: test\n",
            "name: digits\nvalidation: on\neval_on: test\n",
            "name: digits\nvalidation: 0\neval_on: on\n",
            "name: [digits]\nvalidation: 0\neval_on: test\n",
        )
    )
    return ["plan", "-cd", "my", "data=mine"], ["data", "mine"], {"my/data/mine.yaml": text.encode()}


KINDS: dict[str, Callable[[random.Random], Drawn]] = {
    each.__name__: each
    for each in (
        *(
            key,
            swept_key,
            level,
            swept_level,
            no_level,
            list_of_levels,
            number,
            count,
            seeds,
            epochs,
            executed,
            twice,
            braces,
            empty,
        ),
        *(spaces, grammar, lookalike, function, interpolation, deletion, addition, other_data, inner_key, inner_value, option),
        *(
            option_value,
            command,
            no_sweep,
            without_m,
            not_swept,
            of_hydra,
            of_search,
            budget,
            encoding,
            study,
            model,
            ambiguous,
        ),
        *(misplaced, data),
    )
}
