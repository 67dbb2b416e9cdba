"""How all outputs say how many, how long and how much of a whole. It needs no pandas, so that a command starts at once."""

import math

MINUTE_S, HOUR_S = 60, 3600
KEYS = ("lr", "fc", "ema", "lrn")  # that may begin a sentence


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """A number of things.

    Examples:
        >>> from ablate.text import counted
        >>> counted(1, "seed"), counted(1_200, "seed"), counted(2, "trajectory", "trajectories")
        ('1 seed', '1,200 seeds', '2 trajectories')
    """
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def percent(fraction: float, digits: int = 1) -> str:
    """A fraction in percent.

    Examples:
        >>> from ablate.text import percent
        >>> percent(0.8125)
        '81.2%'
    """
    return f"{100 * fraction:.{digits}f}%"


def duration(seconds: float) -> str:
    """A time that was measured, with two or three digits; hours from two hours on.

    Examples:
        >>> from ablate.text import duration
        >>> duration(7.25), duration(1_560), duration(9_000)
        ('7.2 s', '26 min', '2.5 h')
    """
    for unit, size in (("h", HOUR_S), ("min", MINUTE_S)):
        if seconds >= 2 * size:
            amount = seconds / size
            return f"{amount:,.{1 if amount < 10 else 0}f} {unit}"
    return f"{seconds:.{0 if seconds >= 10 else 1}f} s"


def clock(seconds: float) -> str:
    """A time that goes by, to the minute.

    Examples:
        >>> from ablate.text import clock
        >>> clock(45), clock(720), clock(11_100), clock(187_200)
        ('45 s', '12 min', '3 h 05 min', '2 d 4 h')
    """
    minutes = round(seconds / MINUTE_S)
    if seconds < MINUTE_S - 0.5:
        return f"{seconds:.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    hours = round(minutes / 60)
    return f"{hours // 24:,} d {hours % 24} h"


def age(seconds: float) -> str:
    """How long ago something was, in one unit.

    Examples:
        >>> from ablate.text import age
        >>> age(20), age(2_400), age(5_000), age(200_000)
        ('now', '40 min', '1 h', '2 d')
    """
    if seconds < MINUTE_S:
        return "now"
    for unit, size in (("d", 24 * HOUR_S), ("h", HOUR_S)):
        if seconds >= size:
            return f"{seconds // size:,.0f} {unit}"
    return f"{seconds // MINUTE_S:.0f} min"


def estimate(seconds: float) -> str:
    """A time that something will take, rounded up.

    Examples:
        >>> from ablate.text import estimate
        >>> estimate(3), estimate(130), estimate(11_100), estimate(187_200)
        ('10 s', '3 min', '3 h 5 min', '2 days 4 h')
    """
    if seconds < 55:
        return f"{max(10, math.ceil(seconds / 10) * 10)} s"
    minutes = math.ceil(seconds / MINUTE_S)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(math.ceil(minutes / 5) * 5, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} days {hours} h" if hours else f"{days} days"


def span(seconds: float, low: float, high: float) -> str:
    """A time that something will take: about how long where it is known within 30%, else a range.

    Args:
        low, high: between which it lies.

    Examples:
        >>> from ablate.text import span
        >>> span(3_000, 2_400, 3_750), span(3_000, 1_800, 5_400), span(15, 9, 27)
        ('about 50 min', '30 min to 1 h 30 min', '10 s to 30 s')
    """
    shown = estimate(low), estimate(high)
    if (high <= 1.3 * seconds and low >= 0.7 * seconds) or shown[0] == shown[1]:
        return f"about {estimate(seconds)}"
    return f"{shown[0]} to {shown[1]}"


def capital(sentence: str) -> str:
    """A sentence with a capital at its beginning; a key of the config stays as it is.

    Examples:
        >>> from ablate.text import capital
        >>> capital("dropping EMA costs 2.8 pp"), capital("lr 0.2 gains 1.0 pp")
        ('Dropping EMA costs 2.8 pp', 'lr 0.2 gains 1.0 pp')
    """
    first = sentence.split(" ", 1)[0]
    return sentence if first in KEYS or "_" in first or "." in first.strip(".:") else sentence[:1].upper() + sentence[1:]
