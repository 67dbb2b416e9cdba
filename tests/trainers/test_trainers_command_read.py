"""The evaluations of a command that are read from a file that it writes anyway, as they grow and at its end."""

import pytest
from own_command import QUICK, Program


@pytest.mark.slow
@pytest.mark.parametrize("pause", ["pass", "time.sleep(0.3)"])
@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ((((0, 1), (1, 2)), ((0, 1), (1, 2), (0, 1))), "Step 0 came after step 1. Steps must increase."),
        ((((0, 1), (1, 2)), ((0, 1), (1, 2), (1, 2), (4, 5))), "accuracy 50.00% on the evaluation set at step 4"),
        ((((0, 1), (1, 2)), ((0, 1), (1, 2), (1, 3))), "Step 1 was logged twice. Steps must increase."),
    ],
)
def test_a_file_is_the_same_whether_it_was_read_meanwhile(own: Program, rows: object, told: str, pause: str) -> None:
    body = (
        f"import json, time\nfor rows in {rows}:\n    with open(sys.argv[2] + '/rows.json', 'w') as stream:\n"
        f"        json.dump([{{'step': step, 'accuracy': value / 10}} for step, value in rows], stream)\n    {pause}"
    )
    assert told in own.script(body, "trainer.read=rows.json", status=0 if "accuracy" in told else 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("((1, 0.2), (2, 0.4))", "rows.json has rewritten the row of step 1, which was read before."),
        ("()", "rows.json has lost the row of step 1."),
    ],
)
def test_a_row_that_was_read_and_is_rewritten_is_refused(own: Program, rows: str, told: str) -> None:
    body = (
        f"import json, time\nfor rows in (((1, 0.1),), {rows}):\n    with open(sys.argv[2] + '/rows.json', 'w') as stream:\n"
        "        json.dump([{'step': step, 'accuracy': value} for step, value in rows], stream)\n    time.sleep(0.4)"
    )
    assert told in own.script(body, "trainer.read=rows.json", status=1)


def test_the_last_evaluation_may_be_repeated_as_the_trainer_of_hugging_face_does(own: Program) -> None:
    body = (
        "import json\nrows = [{'step': 9, 'eval_f1': 0.6, 'eval_runtime': 1}, {'step': 9, 'train_loss': 1}, "
        "{'step': 9, 'eval_f1': 0.6, 'eval_runtime': 2}]\n"
        "with open(sys.argv[2] + '/trainer_state.json', 'w') as stream:\n    json.dump({'log_history': rows}, stream)"
    )
    assert "eval_f1 0.6 on" in own.script(body, "metric=eval_f1", "trainer.read=trainer_state.json")


@pytest.mark.slow
@pytest.mark.parametrize("logs", ["log(1, accuracy=0.5)", 'print(\'ablate: {"step": 1, "accuracy": 0.5}\')'])
def test_rows_that_are_logged_beside_a_file_are_refused(own: Program, logs: str) -> None:
    body = f"with open(sys.argv[2] + '/h.csv', 'w') as stream:\n    stream.write('step,accuracy\\n1,0.5\\n')\n{logs}"
    told = own.script(body, "trainer.read=h.csv", status=1)
    assert "The command logs rows, and trainer.read=h.csv is to be read. Leave out one of them." in told


@pytest.mark.slow
def test_a_script_that_resumes_may_append_steps_that_its_file_has(own: Program) -> None:
    own.write(
        resumes="import os, sys\nbegun = 3 if 'ABLATE_RESUME' in os.environ else 1\n"
        "with open(sys.argv[2] + '/h.csv', 'a') as stream:\n    if begun == 1:\n        stream.write('step,accuracy\\n')\n"
        "    for step in range(begun, begun + 3):\n        stream.write(f'{step},0.{step}{begun}\\n')\n"
        "if begun == 1:\n    os.kill(os.getpid(), 9)\n"
    )
    words = ("seed=0", "trainer.resume=own", "trainer.read=h.csv", *QUICK, "--", "python", "resumes.py", "{seed}", "{dir}")
    own("-m", *words)
    assert [(row["step"], row["accuracy"]) for row in own.trainings[0].rows()] == [
        *((1, 0.11), (2, 0.21), (3, 0.31)),
        *((4, 0.43), (5, 0.53)),
    ]


@pytest.mark.slow
def test_a_file_that_is_removed_after_it_was_read_is_refused(own: Program) -> None:
    body = (
        "import time\npath = sys.argv[2] + '/h.csv'\nwith open(path, 'w') as stream:\n"
        "    stream.write('step,accuracy\\n1,0.5\\n')\ntime.sleep(0.4)\nos.remove(path)"
    )
    assert "h.csv has lost the row of step 1." in own.script(body, "trainer.read=h.csv", status=1)
