"""A sweep drawn for a terminal: one bar for all of it, a line a training at work, and a table of arms by seeds."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType

from ablate import escaping, terminal
from ablate.monitor import lines
from ablate.monitor.states import Snapshot, TrainingStatus
from ablate.store.state import BAD, State
from ablate.text import clock, counted

FULL, HALF, EMPTY = "█", "▌", "░"
BAR, LINE_BAR = 33, 12  # characters of the bar of the sweep, and of that of a training
LEAST_BAR = 10
LABEL = 20  # characters of an arm's name
INDENT, GAP = "  ", "  "
FAILURES = 5  # shown under the trainings
SILENT_S = 60.0  # a training that said nothing for so long has that told in place of its time left
MARKS = {State.DONE: "✓", State.FAILED: "✗", State.DIVERGED: "✗", State.PRUNED: "pruned", State.UNKNOWN: "?"}
WAITS = "·"
ORANGE, DIM, BOLD = "color(166)", "dim", "bold"


def bar(share: float, width: int) -> terminal.Styled:
    """A bar, its empty part dim. share: of it that is full, 0 to 1.

    Examples:
        >>> from ablate.monitor.drawing import bar
        >>> bar(0.55, 10).plain
        '█████▌░░░░'
    """
    halves = int(2 * width * min(1.0, max(0.0, share)))
    full = FULL * (halves // 2) + HALF * (halves % 2)
    return terminal.styled(full) + terminal.styled(EMPTY * (width - len(full)), DIM)


def fitted(seen: Snapshot, console: Console) -> RenderableType:
    """The bar of the sweep, the trainings at work, and what failed, cut to the size of the terminal."""
    at_work, bad = seen.of(State.RUNNING), seen.of(*BAD)
    top = [*_top(seen, console.width), *_starting(seen, console.width)]
    room = console.height - 1
    for told in (min(FAILURES, len(bad)), min(1, len(bad)), 0):
        below = _failures(bad, told, console.width)
        left = room - len(top) - len(below) - 1 - (1 if below else 0)
        if left >= min(len(at_work), 1) or not told:
            break
    count = len(at_work) if left >= len(at_work) else max(0, left - 1)
    drawn = table(at_work[:count], console.width)
    if count < len(at_work) and left > 0:
        drawn.append(terminal.styled(f"{INDENT}and {len(at_work) - count:,} more at work"))
    parts: list[RenderableType] = list(top)
    parts += ["", *drawn] if drawn else []
    parts += ["", *below] if below and len(parts) + len(below) < room else []
    return Group(*parts[:room])


def _top(seen: Snapshot, width: int) -> list[terminal.Styled]:
    """What it is, and how far all of it is."""
    if not seen.trainings and seen.search is None:
        return [terminal.styled(lines.totals(seen))]
    ratio = seen.share_done
    told = lines.done(seen) + ("" if seen.seconds_left is None else f"{lines.BETWEEN}{clock(seen.seconds_left)} left")
    size = min(BAR, width - cell_len(told) - len(GAP))
    whole = [bar(ratio, size) + terminal.styled(f"{GAP}{told}")] if size >= LEAST_BAR else [terminal.one_line(told, width)]
    head = [terminal.one_line(lines.BETWEEN.join(seen.head), width, DIM)] if seen.head else []
    best = seen.search.best if seen.search is not None else None
    return [*head, *whole, *([terminal.one_line(f"best {best}", width)] if best else [])]


def _starting(seen: Snapshot, width: int) -> list[terminal.Styled]:
    if seen.holder is None or seen.of(State.RUNNING) or not (seen.trainings or seen.search):
        return []
    return [terminal.one_line(lines.between(seen), width)]


def _failures(bad: Sequence[TrainingStatus], most: int, width: int) -> list[terminal.Styled]:
    told = [terminal.one_line(f"{INDENT}{lines.failure(training)}", width, ORANGE) for training in bad[:most]]
    if most and len(bad) > most:
        told.append(terminal.styled(f"{INDENT}and {len(bad) - most:,} more failed or diverged"))
    return told


def table(trainings: Sequence[TrainingStatus], width: int) -> list[terminal.Styled]:
    """A line a training. A narrow terminal goes without the bar first, then without the value, then the time left."""
    rows = [_cells(training) for training in trainings]
    room = width - _total([size for size in _widths(rows)[1:] if size], bars=True) - len(GAP)
    rows = [(_cut(arm, max(LABEL, room)), *others) for arm, *others in rows]
    widths = _widths(rows)
    kept = [place for place, size in enumerate(widths) if size]
    bars = True
    for place in (None, VALUE, LEFT):
        if _total([widths[one] for one in kept], bars) > width:
            bars, kept = False, [one for one in kept if one != place]
    found = []
    for training, cells in zip(trainings, rows, strict=True):
        line = terminal.styled(INDENT, whole=True)
        for place in kept:
            if place == STEP and bars:
                line += bar(training.step / max(1, training.target), LINE_BAR) + terminal.styled(GAP)
            line += terminal.styled(
                _placed(cells[place], widths[place], place in (STEP, VALUE)), DIM if place == LEFT else ""
            ) + terminal.styled(GAP)
        line.rstrip()
        found.append(line if line.cell_len <= width else _narrow(training, width))
    return found


def _narrow(training: TrainingStatus, width: int) -> terminal.Styled:
    """A line with the arm and the steps alone: the arm is cut, the numbers never."""
    steps = lines.steps(training)
    room = width - len(INDENT) - len(GAP) - len(steps)
    name = terminal.styled(INDENT, whole=True) + terminal.one_line(training.label, min(room, LABEL))
    return name + terminal.styled(f"{GAP}{steps}", whole=True)


def _cut(name: str, width: int) -> str:
    return escaping.terminal(escaping.shortened(name, width, cell_len))


def listed(trainings: Sequence[TrainingStatus], width: int) -> list[terminal.Styled]:
    """All of each training: a line where there is room, and else one with its name and others that wrap under it."""
    if _needed(trainings) <= width:
        return table(trainings, width)
    found = []
    for training in trainings:
        _, seed, *others = _cells(training)
        found.append(terminal.folded(training.label, width - len(INDENT), len(INDENT)))
        told = lines.BETWEEN.join(cell for cell in (seed, *others) if cell)
        found.append(terminal.folded(told, width - 2 * len(INDENT), 2 * len(INDENT)))
    return found


def _needed(trainings: Sequence[TrainingStatus]) -> int:
    """How wide a line a training is, with its bar where names are long."""
    widths = _widths([_cells(training) for training in trainings])
    return _total([size for size in widths if size], bars=widths[0] > LABEL)


def _widths(rows: Sequence[tuple[str, ...]]) -> list[int]:
    return [max((cell_len(row[place]) for row in rows), default=0) for place in range(len(CELLS))]


CELLS = ("arm", "seed", "step", "value", "left")
_, _, STEP, VALUE, LEFT = range(len(CELLS))


def _total(widths: Sequence[int], bars: bool) -> int:
    return len(INDENT) + sum(widths) + len(GAP) * (len(widths) - 1) + (LINE_BAR + len(GAP) if bars else 0)


def _placed(cell: str, width: int, right: bool) -> str:
    blank = " " * (width - cell_len(cell))
    return f"{blank}{cell}" if right else f"{cell}{blank}"


def _cells(training: TrainingStatus) -> tuple[str, ...]:
    """Arm, seed, step, value, and time left or what it does."""
    value = "" if training.accuracy is None else lines.number(training, training.accuracy)
    return escaping.visible(training.label), f"seed {training.seed}", lines.steps(training), value, doing(training)


def doing(training: TrainingStatus) -> str:
    """What a training does, or how long it still takes."""
    if training.state != State.RUNNING:
        return "" if training.state == State.DONE else training.state
    if training.silent_seconds is not None and training.silent_seconds >= SILENT_S:
        return f"silent {clock(training.silent_seconds)}"
    if training.phase:
        return training.phase
    return "" if training.seconds_left is None else f"{clock(training.seconds_left)} left"


def matrix(seen: Snapshot) -> list[terminal.Column]:
    """Arms by seeds: how far each training is; an arm that has none of its own says whose they are."""
    runs = [
        (run.number, label, training)
        for training in seen.trainings
        for run, label in zip(training.runs, (training.label, *training.shared_by), strict=False)
    ]
    labels = list(dict.fromkeys(label for _, label, _ in sorted(runs, key=lambda run: run[0])))
    seeds = sorted({training.seed for training in seen.trainings})
    cells = {(label, training.seed): training for _, label, training in runs}
    columns = [terminal.Column("arm", tuple(labels), words=True, name=True)]
    for rank, seed in enumerate(seeds):
        column = [cells.get((label, seed)) for label in labels]
        told = tuple("" if training is None else mark(training) for training in column)
        styles = tuple("" if training is None else _style(training) for training in column)
        columns.append(
            terminal.Column(f"seed {seed}" if not rank else str(seed), told, spare=len(seeds) - rank + 1, styles=styles)
        )
    owners = {label: {training.label for _, one, training in runs if one == label} for label in labels}
    if any(label not in of for label, of in owners.items()):
        shared = tuple("" if label in of else ", ".join(sorted(of)) for label, of in owners.items())
        columns.append(terminal.Column("shared with", shared, words=True, spare=1))
    return columns


def mark(training: TrainingStatus) -> str:
    """The state of a training in a sign, or how much of it is done."""
    if training.state in (State.RUNNING, State.STOPPED):
        return f"{100 * training.step // training.target}%" if training.target else f"{training.step:,}"
    return MARKS.get(training.state, WAITS)


def _style(training: TrainingStatus) -> str:
    if training.state == State.RUNNING:
        return BOLD
    if training.state in BAD:
        return ORANGE
    return "" if training.state == State.DONE else DIM


def of_marks(seen: Snapshot) -> str:
    """What the marks mean that are there, beside those that say it by themselves."""
    words = {State.STOPPED: "percent not in bold: stopped", State.UNKNOWN: "? unknown"}
    found = [word for state, word in words.items() if seen.of(state)]
    waiting = len(seen.of(State.WAITING))
    return "; ".join([*found, *([f"{WAITS} {counted(waiting, 'training')} waiting"] if waiting else [])])
