"""Words of a command line before they are composed: what they say is what happens, or they are refused in one clear line."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ablate.config import overrides, own_configs
from ablate.config.overrides import parse_all
from ablate.config.own_configs import KEYS
from ablate.config.syntax import parse, parses
from ablate.config.values import name, texts
from ablate.errors import ALIASES, AblateError, nearest, shown
from ablate.planning.command import command_of


def refused(words: Sequence[str], sweep: bool = True, config_dir: str | None = None) -> str:
    with pytest.raises(AblateError) as refusal:
        overrides.read(words, config_dir, sweep)
    message = str(refusal.value)
    assert len(message.splitlines()) == 1
    return message


# ranges


@pytest.mark.parametrize(
    ("word", "levels"),
    [
        ("range(0.01,0.05,0.01)", "0.01,0.02,0.03,0.04"),
        ("range(0.1,0.5,0.1)", "0.1,0.2,0.3,0.4"),
        ("range(0,1,0.25)", "0.0,0.25,0.5,0.75"),
        ("range(0.5,0.1,-0.1)", "0.5,0.4,0.3,0.2"),
        ("range(0,1,0.3)", "0.0,0.3,0.6,0.9"),
        ("range(0,5)", "0,1,2,3,4"),
        ("range(5,0,-2)", "5,3,1"),
        ("range(3)", "0,1,2"),
        ("sort(range(0,1,0.3),reverse=true)", "0.9,0.6,0.3,0.0"),
        ("sort(range(3,0,-1))", "1,2,3"),
        ("float(range(0,2))", "0.0,1.0"),
    ],
)
def test_the_end_of_a_range_is_not_in_it(word: str, levels: str) -> None:
    [factor] = command_of(parse_all([f"lr={word}"])).factors if "," in levels else []
    assert ",".join(factor.levels) == levels
    shuffled = texts(parse(f"lr=shuffle({word})")) if word.startswith("range") else factor.levels
    assert sorted(shuffled) == sorted(factor.levels)


@settings(max_examples=25)
@given(st.integers(0, 50), st.integers(1, 50), st.integers(1, 30), st.sampled_from([1, 2, 3]))
def test_ranges_are_arithmetic_in_the_digits_written(start: int, step: int, count: int, digits: int) -> None:
    unit = 10**digits
    word = f"lr=range({start / unit},{(start + count * step) / unit},{step / unit})"
    assert texts(parse(word)) == [str(float((start + place * step) / unit)) for place in range(count)]


@pytest.mark.parametrize(
    "word", ["lr=range(0,1,0)", "lr=range(1,0)", "lr=range(0.5,0.5,0.1)", "seed=range(0,1e12)", "lr=range(0,inf,1)"]
)
def test_a_range_without_numbers_is_refused(word: str) -> None:
    assert "range" in refused(["data=digits", word])


# twice


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["lr=0.1", "lr=0.2"],
            "lr is given twice: lr=0.1 lr=0.2. Keep one of them, or list the values to sweep over them: lr=0.1,0.2.",
        ),
        (["lr=0.1", "+lr=0.2"], "lr is given twice: lr=0.1 +lr=0.2."),
        (["lr=0.1", "++lr=0.1"], "lr is given twice: lr=0.1 ++lr=0.1. Keep one of them."),
        (["augment=on,off", "augment=center"], "augment=on,off,center."),
        (["lr=0.1", "optimizer.lr=0.2"], "lr is given twice: lr=0.1 optimizer.lr=0.2."),
        (["data.validation=5", "data.validation=6"], "data.validation is given twice"),
        (["store=a", "store=b"], "store is given twice: store=a store=b. Keep one of them."),
        (["study=lrn", "study=fc"], "study is given twice: study=lrn study=fc. Keep one of them."),
        (["report={margin:1}", "report.margin=2"], "report.margin is given twice, also by report"),
        (["~study", "study=lrn"], "study is given twice"),
        (["hydra.sweep.dir=a", "hydra.sweep.dir=b"], "hydra.sweep.dir is given twice"),
        ([f"seed={number}" for number in range(5)], "Write 'seed=range(0,5)' or seed=0,1,2,3,4."),
        (["lr=0.1", "lr=0.2", "lr=0.3"], "lr is given 3 times"),
    ],
)
def test_a_key_is_given_once(words: list[str], told: str) -> None:
    assert told in refused(words)


def test_a_level_and_a_change_of_it_are_two_keys() -> None:
    words = ["augment=on", "augment.flip=false", "optimizer=adam", "lr=0.1", "hydra/sweeper=optuna", "hydra.sweeper.n_trials=3"]
    assert [name(word) for word in overrides.read(words, None, True)] == [word.partition("=")[0] for word in words]


# levels


@pytest.mark.parametrize(
    ("word", "told"),
    [
        (
            "augment=flipp",
            "Unknown augment level 'flipp'. Choose from center, crop, flip, off, on, photometric. Did you mean 'flip'?",
        ),
        ("augment=on,offf", "Unknown augment level 'offf'."),
        ("ema=[on,off]", "ema takes one level, got a list: ema=[on,off]. To compare several, sweep: -m ema=on,off."),
        ("ema=[on]", "ema takes one level, got a list"),
        ("ema=[on],[off]", "ema takes one level, got a list"),
        ("ema=True", "Unknown ema level true. Choose from off, on. Did you mean 'on'?"),
        ("ema=on,false", "Unknown ema level false. Choose from off, on. Did you mean 'off'?"),
        ("weight_decay=1e-4", "To set a number, write weight_decay.rate=0.0001."),
        ("fc=1", "Unknown fc level 1. Choose from gap, native, none, one, two."),
        ("augment=null", "Unknown augment level null."),
        ("augment=", "augment has no value. Choose from center"),
        ("augment={flip:true}", "To change one key, write augment.flip=VALUE."),
        ("model=Alex4", "Did you mean 'alex4'?"),
        ("optimizer=adm", "Unknown optimizer 'adm'. Choose from adam, momentum, sgd. Did you mean 'adam'?"),
        ("+augment=on", "augment is in the config already. Write augment=VALUE without '+'."),
        ("~augment", "~augment deletes augment, which every run needs."),
        ("~lr=0.1", "~lr=0.1 deletes lr"),
    ],
)
def test_a_level_is_one_of_its_group(word: str, told: str) -> None:
    assert told in refused(["data=digits", word])


@pytest.mark.parametrize(
    "word", ["study=null", "augment='off'", 'model="alex4"', "model=glob(alex*)", "augment=${ema}", "lr=${seed}", "~study"]
)
def test_other_ways_to_write_a_level_stay(word: str) -> None:
    assert len(overrides.read(["data=digits", word], None, True)) == 2


@pytest.mark.parametrize("key", ["store", "data.path", "data.archive", "hydra.sweep.dir", "hydra.run.dir", "lr", "question"])
@pytest.mark.parametrize("value", ["", "''", '" "', " "])
def test_an_empty_value_is_refused(key: str, value: str) -> None:
    assert f"{key} has no value. Write {key}=" in refused([f"{key}={value}"])


def test_an_environment_variable_of_a_job_may_be_empty() -> None:
    assert overrides.read(["+hydra.job.env_set.X="], None, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["ema=on,off"], "ema=on,off has several values, which is a sweep. Add -m, as in ablate -m ema=on,off."),
        (["seed=range(0,3)"], "which is a sweep. Add -m"),
        (["report.formats=html,csv"], "report.formats takes one list. Write report.formats=[html,csv]."),
        (["store=a,b"], "To take it as one text, quote the value"),
    ],
)
def test_several_values_are_for_sweeps(words: list[str], told: str) -> None:
    assert told in refused(words, sweep=False)
    if "takes one list" not in told:
        assert overrides.read([*words, "hydra.mode=MULTIRUN"], None, sweep=False)


@pytest.mark.parametrize("word", ["hydra.sweeper.objectives=accuracy,loss", "report.formats=html,csv", "retune_rates=1,2"])
def test_a_list_is_no_sweep(word: str) -> None:
    key, _, value = word.partition("=")
    assert f"{key} takes one list. Write {key}=[{value}]." in refused([word], sweep=True)


def test_one_run_and_a_sweep_exclude_each_other() -> None:
    assert "hydra.mode=RUN asks for one run" in refused(["hydra.mode=RUN"], sweep=True)
    assert overrides.read(["hydra.mode=RUN"], None, False)


# references and paths


@pytest.mark.parametrize("key", ["lr", "store", "hydra.sweep.dir", "hydra.run.dir", "hydra.job.name", "augment"])
def test_an_interpolation_that_names_nothing_is_told_with_its_key(key: str) -> None:
    assert f"{key}=${{nope}}: the config has no key 'nope'." in refused([f"{key}=${{nope}}"])
    assert f"{key}=${{lrr}}: the config has no key 'lrr'. Did you mean 'lr'?" in refused([f"{key}=${{lrr}}"])


def test_variables_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOPE", raising=False)
    monkeypatch.setenv("scratch", "x")
    told = "hydra.sweep.dir=${oc.env:NOPE}: the environment variable NOPE is not set. Set it, or write ${oc.env:NOPE,DEFAULT}."
    assert told in refused(["hydra.sweep.dir=${oc.env:NOPE}"])
    assert "+hydra.job.env_set.X" not in refused(["+hydra.job.env_set.X=${oc.env:NOPE}"])
    assert "write ${oc.env:HOME}" in refused(["store=${HOME}/x"])
    assert "write ${oc.env:scratch}" in refused(["store=${scratch}/x"])
    for word in ("store=${oc.env:scratch}", "store=${oc.env:NOPE,x}", "question=${hydra:job.name}", "lr=${optimizer.lr}"):
        assert overrides.read([word], None, False)


def test_a_level_is_taken_only_from_another_group() -> None:
    assert "Unknown augment level '${lr}'. Choose from center" in refused(["augment=${lr}"])


@pytest.mark.parametrize("key", ["store", "hydra.sweep.dir", "hydra.run.dir", "hydra.sweeper.storage"])
def test_what_only_a_shell_replaces_is_no_folder(key: str) -> None:
    assert f"{key}=$HOME/x would be a folder called '$HOME'" in refused([f"{key}=$HOME/x"])
    assert f"{key}=~/x would be a folder called '~'" in refused([f'{key}="~/x"'])
    assert f"Write {key}=$HOME/x." in refused([f"{key}=~/x"])
    assert overrides.read([f"{key}=a$b/x"], None, False)


def test_a_home_folder_that_is_expanded_is_taken() -> None:
    assert overrides.read(['data.path="~/x.npz"'], None, False)


@pytest.mark.parametrize("group", ["launcher", "sweeper", "job_logging"])
def test_a_group_of_hydra_has_a_slash(group: str) -> None:
    assert f"hydra/{group}=x." in refused([f"hydra.{group}=x"])


# callbacks


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("++hydra.callbacks.x._target_=no.such.Thing", "no.such.Thing cannot be imported (No module named 'no')"),
        ("++hydra.callbacks.x._target_=os.nope", "os.nope cannot be imported"),
        ("+hydra.callbacks.x._target_=os.getcwd", "must be a class"),
        ("+hydra.callbacks.x._target_=collections.Counter", "is not a callback: it has none of the methods on_run_start"),
        ("+hydra.callbacks.x._target_=3", "hydra.callbacks.x._target_ must be MODULE.CLASS, got 3."),
        ("+hydra.callbacks.x={_target_:no.such.Thing}", "no.such.Thing cannot be imported"),
        ("hydra.callbacks.x=1", "hydra.callbacks.x has no class. Add +hydra.callbacks.x._target_=MODULE.CLASS."),
        ("+hydra.callbacks.x.y=1", "hydra.callbacks.x has no class"),
    ],
)
def test_callbacks_that_nobody_would_call(word: str, told: str) -> None:
    assert told in refused([word])


def test_callbacks() -> None:
    target = "hydra.experimental.callback.Callback"
    assert overrides.read([f"+hydra.callbacks.x._target_={target}", "+hydra.callbacks.x.y=1"], None, False)
    assert overrides.read([f"+hydra.callbacks.x={{_target_:{target}}}"], None, False)


# grammar


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["lr=0.1", ",", "0.2"], "Write lr=0.1,0.2 without spaces."),
        (["augment=on", ",off"], "Write augment=on,off without spaces."),
        (
            ["data.path=my", "data.npz"],
            """data.npz stands alone. If it belongs to data.path, quote the value: 'data.path="my""",
        ),
        (["\u2014json"], "U+2014, a dash other than '-'. Write --json."),
        (["\u2013m"], "Write -m."),
        (["lr:0.1"], "Write lr=0.1."),
        (["lr=0.1", "plan"], "plan is a command and must come first"),
        (["model=alex{1,2}"], "Write model=alex1,alex2."),
        (["model=alex{1..3}"], "Write model=alex1,alex2,alex3."),
    ],
)
def test_words_apart_and_in_other_signs(words: list[str], told: str) -> None:
    assert told in refused(words)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["augment=on,", "off"], "augment=on, ends with a comma, and off stands alone. Write augment=on,off without spaces."),
        (["augment=on,"], "augment=on,: it ends with a comma."),
        (["lr=", "0.1"], "lr= and 0.1 are separate words. Write lr=0.1 without spaces."),
        (["lr", "=0.1"], "are separate words"),
        (["lr", "0.1"], "lr has no value. Write lr=0.1."),
        (
            ["data.path=größe.npz"],
            "'ö' at character 13 is not expected there. To take it as text, quote the value: 'data.path=\"größe.npz\"'.",
        ),
        (["data.path=a#b.npz"], "'#' at character 12"),
        (["lr=\u22120.1"], "character 4 is U+2212, a dash other than '-'. Write lr=-0.1."),
        (["lr=0.1\u00a0"], "character 7 is U+00A0, a no-break or wide space. Write lr=0.1."),
        (["lr=\u201c0.1\u201d"], "character 4 is U+201C, a curly quote."),
        (["lr=0.1\n"], "a line break. Write lr=0.1."),
        (["lr=[1,2"], "it has no closing ']'."),
        (["lr='0.1"], "the quote ' at character 4 is not closed"),
        (["seed={0..4}"], "Write 'seed=range(0,5)'."),
        (["lr={0.1,0.2}"], "Write lr=0.1,0.2 for several values."),
        (["lr=intervall(0,1)"], "Unknown function 'intervall' in lr=intervall(0,1). Choose from range, interval"),
        (["lr=interval(0.1)"], "Cannot read lr=interval(0.1). Write interval(LOW,HIGH)."),
        (["größe=1"], "'ö' at character 3 cannot be in a key."),
        (["=3"], "it has no key"),
        (["steps=" + 5000 * "9"], "the number has too many digits"),
        (["lr=" + 3000 * "["], "Cannot read lr="),
        (["seed_ladder"], "Did you mean study=seed_ladder?"),
        ([""], "Cannot read"),
    ],
)
def test_a_word_that_cannot_be_read_is_told_with_the_place_and_how_to_write_it(words: list[str], told: str) -> None:
    assert told in refused(words)


@settings(max_examples=25)
@given(st.text(max_size=20))
@example("~\f")
def test_whatever_is_typed_is_parsed_as_hydra_does_or_refused_in_one_line(text: str) -> None:
    word = f"data.path={text}"
    if parses(word):
        assert repr(parse(word)) == repr(OverridesParser.create().parse_override(word))  # NaN is not equal to itself
        return
    with pytest.raises(AblateError, match=r"data\.path") as refusal:
        parse(word)
    assert len(str(refusal.value).splitlines()) == 1
    suggested = re.search(r"quote the value: (.*)\.$", str(refusal.value))
    assert suggested is None or parses(*shlex.split(suggested[1]))


# keys


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("lrate=0.1", "Unknown key 'lrate'. Did you mean lr?"),
        ("lrate=0.1,0.2", "Unknown key 'lrate'. Did you mean lr?"),
        ("+new=1", "Unknown key 'new'. The keys of the config are data, augment"),
        ("batchsize=3", "Did you mean batch_size?"),
    ],
)
def test_an_unknown_key_is_told_with_the_nearest(word: str, told: str) -> None:
    assert told in refused(["data=digits", word])


def test_what_others_call_a_key_is_no_key_itself() -> None:
    assert set(ALIASES.values()) <= set(KEYS)
    assert not set(ALIASES) & set(KEYS)


@pytest.mark.parametrize(
    ("word", "choices", "found"),
    [
        ("flipp", ["flip", "off"], "flip"),
        ("FLIP", ["flip"], "flip"),
        ("flip", ["flip"], None),
        ("x", ["flip"], None),
        ("photo", ["on", "photometric"], "photometric"),
    ],
)
def test_the_nearest_choice_is_never_the_word_itself(word: str, choices: list[str], found: str | None) -> None:
    assert nearest(word, choices) == found


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (None, "null"),
        ("a\nb", r"'a\nb'"),
        ([1, "a"], "[1,a]"),
        ({"a": None}, "{a:null}"),
    ],
)
def test_values_are_shown_as_users_write_them(value: object, text: str) -> None:
    assert shown(value) == text
    assert len(shown("x" * 5000)) < 100
    assert shown(10**5000) == "a number of about 5,000 digits"


# files of one's own


def own(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / "my" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


BOMB = [f"{new}: &{new} [{','.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefg", "bcdefgh", strict=True)]
STUDY = "# @package _global_\nhydra:\n  sweeper:\n    params:\n      data: digits\n"


@pytest.mark.parametrize("group", ["model", "augment", "data", "study"])
def test_a_file_of_a_built_in_name_is_refused_unless_it_is_the_same(group: str, tmp_path: Path) -> None:
    built_in = own_configs.levels(group)[0]
    content = (own_configs.conf_dir() / group / f"{built_in}.yaml").read_bytes()
    path = own(tmp_path, f"{group}/{built_in}.yaml", content)
    assert own_configs.folders(str(tmp_path / "my")) == (tmp_path / "my",)
    path.write_bytes(content + b"# changed\n")
    for words, folder in ((["data=digits"], str(tmp_path / "my")), ([f"hydra.searchpath=[file://{tmp_path}/my]"], None)):
        message = refused(words, config_dir=folder)
        assert (
            f"{path} has the same name as the built-in {group}={built_in}. Rename it, for example to my_{built_in}.yaml"
            in message
        )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (STUDY + "      augment: off\n", 'line 6: YAML reads off as a boolean. Write augment: "off".'),
        (STUDY + "      augment: [on, off]\n", 'line 6: augment must be a text, not a list. Write augment: "on,off".'),
        (STUDY + "      augment: flipp\n", "line 6: Unknown augment level 'flipp'."),
        (STUDY + "      lrate: 0.1\n", "line 6: Unknown key 'lrate'. Did you mean lr?"),
        (STUDY + '      store: ""\n', "line 6: store has no value."),
        (STUDY + "      data: digits\n", "line 6: data is there twice, also in line 5. Keep one."),
        (STUDY + "\tlr: 1\n", "line 6: a tab, where YAML allows only spaces."),
        (STUDY + "      lr: 'a\n", "a quote that is not closed."),
        (STUDY + "defaults: [on]\n", 'line 6: YAML reads on as a boolean. Write - "on".'),
        (STUDY + "defaults:\n  - override /ema: off\n", 'line 7: YAML reads off as a boolean. Write override /ema: "off".'),
        (STUDY + "      lr: ${nope}\n", "line 6: lr=${nope}: the config has no key 'nope'."),
        (STUDY + "      seed: 010\n", "line 6: YAML reads 010 as 8. If you mean 8, write that."),
        (STUDY + "      batch_size: 1:30\n", "line 6: YAML reads 1:30 as 90."),
        (STUDY + "      lr: -1:30.5\n", "line 6: YAML reads -1:30.5 as -90.5."),
        (STUDY + "defaults:\n  - override /hydra/launcher: basic\n", "line 7: hydra/launcher cannot be set in a study."),
        (
            STUDY + "defaults:\n  - /augment: center\n",
            'line 7: augment is in the config already. Write it under params: augment: "c',
        ),
        (STUDY.partition("\n")[2], "'# @package _global_' is missing: it must be its first line"),
        ("# mine\n" + STUDY, "'# @package _global_' must be its first line"),
        (STUDY.replace("params", "parms"), "has no hydra: sweeper: params:"),
        (STUDY.encode("utf-16"), "is UTF-16. Save it as UTF-8."),
        (STUDY.encode("utf-8-sig"), "begins with a byte order mark."),
        (f"# größe\n{STUDY}".encode("latin-1"), "line 1: a character that is not UTF-8."),
        ("", "is empty."),
        ("- a\n", "line 1: expected KEY: VALUE, got a list."),
        (
            STUDY + "a: &a [0,0,0,0,0,0,0,0,0,0]\n" + "".join(BOMB),
            "has more than 100,000 values, counting each '*' alias in full.",
        ),
    ],
)
def test_a_file_that_says_something_else_than_it_seems_is_refused_by_line(text: str | bytes, told: str, tmp_path: Path) -> None:
    path = own(tmp_path, "study/mine.yaml", text)
    message = refused(["study=mine"], config_dir=str(tmp_path / "my"))
    assert message.startswith(str(path))
    assert told in message


@pytest.mark.parametrize("name", ["launcher/local", "launcher/basic", "sweeper/ablate", "sweeper/optuna"])
def test_a_file_with_the_name_of_a_config_of_a_plugin_is_refused(name: str, tmp_path: Path) -> None:
    path = own(tmp_path, f"hydra/{name}.yaml", "x: 1\n")
    assert f"{path} has the same name as the built-in hydra/{name.replace('/', '=')}." in refused(
        [], config_dir=str(tmp_path / "my")
    )


def test_numbers_that_say_what_they_are_may_be_in_a_file(tmp_path: Path) -> None:
    text = STUDY + "      seed: 0\n      steps: 1_000\n      eval_every: 0x10\n      lr: 0.05\n      ema_decay: 00.5\n"
    own(tmp_path, "study/mine.yaml", text + '      question: "12:30"\n')
    assert overrides.read(["study=mine"], str(tmp_path / "my"), True)


def test_a_file_that_is_no_config_by_its_size_is_not_read(tmp_path: Path) -> None:
    path = own(tmp_path, "study/mine.yaml", f"# {'x' * 2**20}\n{STUDY}")
    message = refused(["study=mine"], config_dir=str(tmp_path / "my"))
    assert message.startswith(f"Cannot read {path}: it has 1,048,6")


def test_a_study_may_have_what_is_no_level(tmp_path: Path) -> None:
    more = '      progress: false\n      augment.flip: true\n      retune_rates: [0.5,1]\n      lr: 1e-3\n      ema: "on,off"\n'
    own(tmp_path, "study/sub/mine.yaml", (STUDY + more).replace("\n", "\r\n"))
    own(tmp_path, "study/other.yaml", "# @package _global_\ndefaults:\n  - lrn\n  - _self_\n")
    assert overrides.read(["study=sub/mine"], str(tmp_path / "my"), True)
    assert overrides.read(["study=other"], str(tmp_path / "my"), True)


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("model/mine.yml", "my", "my/model/mine.yml: it must end with .yaml."),
        ("models/mine.yaml", "my", "Move my/models/mine.yaml into my/model."),
        ("model/mine.yaml", "my/model", "'my/model' holds levels of model itself. Name the folder above it: -cd my."),
        ("model/mine.yaml", "myy", "The folder 'myy', which -cd names, does not exist. Did you mean 'my'?"),
        ("model/mine.yaml", "my/model/mine.yaml", "is a file."),
        ("model/mine.yaml", " ", "-cd has no value."),
    ],
)
def test_a_file_or_folder_in_the_wrong_place_is_found(
    name: str, given: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own(tmp_path, name, "layers: []\n")
    assert told in refused(["data=digits", "model=mine"], config_dir=given)


@pytest.mark.parametrize(
    "words",
    [
        ["hydra.sweeper.default=lr:0.1", "hydra.sweeper.default=wd:0"],
        ["metrics=[name:bleu,{name:loss}]", "metrics=[better:higher,{name:loss}]", "metrics=[margin:1,{name:loss}]"],
    ],
)
def test_a_value_that_the_shell_took_out_of_its_braces_is_to_be_quoted(words: list[str]) -> None:
    key = words[0].partition("=")[0]
    with pytest.raises(AblateError) as refusal:
        overrides.refuse_twice([parse(word) for word in words])
    assert f"as the shell expands {{…,…}}. Quote the word: '{key}=…'." in str(refusal.value)
