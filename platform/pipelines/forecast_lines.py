"""A forecast as lines of text: a sentence, a small table, and what to mind."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from experiments.metrics.forecasts import Forecast, Outlook, words

WIDTH = 92


def lines(forecast: Forecast) -> Iterator[str]:
    """The answer as `manage.py plan` prints it."""
    yield from textwrap.wrap(_rests_on(forecast), WIDTH)
    yield ""
    yield words.question(forecast)
    rows = [_row(forecast, outlook) for outlook in forecast.outlooks]
    yield from _table([["", *_heads(forecast)], *rows])
    for note in (*_reasons(forecast), *words.notes(forecast)):
        yield ""
        yield from textwrap.wrap(note, WIDTH)


def _rests_on(forecast: Forecast) -> str:
    counted, terms = forecast.counted, forecast.terms
    whole = sum(terms.weights)
    arms = "/".join(f"{weight / whole * 100:.3g}" for weight in terms.weights)
    return (
        f"{forecast.name}: {value(forecast)} over {words.counted_words(counted)}. "
        f"{words.arrivals_words(counted)}. "
        f"Planned for {words.share(terms.traffic)} of the traffic, arms {arms}."
    )


def value(forecast: Forecast) -> str:
    """The metric so far, in its unit."""
    mean = forecast.counted.value
    if mean is None:
        return "no value"
    return f"{mean:.2%}" if forecast.format == "percent" else f"{mean:,.4g}"


def _heads(forecast: Forecast) -> list[str]:
    return {
        "lift": ["users", "days"],
        "days": ["users", "change"],
        "users": ["days", "change"],
    }[forecast.asked]


def _row(forecast: Forecast, outlook: Outlook) -> list[str]:
    cells = {
        "users": _whole(outlook.users),
        "days": _whole(outlook.days),
        "change": "-" if outlook.lift is None else f"±{words.change(outlook.lift)[1:]}",
    }
    return [words.name_of_test(outlook), *(cells[head] for head in _heads(forecast))]


def _whole(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for first, *others in rows:
        cells = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
        yield f"  {first.ljust(widths[0])}  {'  '.join(cells)}".rstrip()


def _reasons(forecast: Forecast) -> Iterator[str]:
    """Each reason once, with the tests it is about."""
    about: dict[str, list[str]] = {}
    for outlook in forecast.outlooks:
        for reason in (outlook.reason, outlook.days_reason):
            if reason is not None:
                about.setdefault(reason, []).append(words.name_of_test(outlook))
    for reason, tests in about.items():
        whom = "No answer" if len(tests) == len(forecast.outlooks) else ", ".join(tests)
        yield f"{whom[:1].upper()}{whom[1:]}: {words.reason_words(reason)}"
