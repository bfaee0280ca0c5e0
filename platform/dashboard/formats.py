"""How figures are written on a page. Pure: a number in, its words out.

The minus is the minus sign, ranges read `-2.3 to +6.5%` with it, p has no leading zero, and a
figure that does not exist is a dash.
"""

from __future__ import annotations

from typing import Literal

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
INFINITY = "\N{INFINITY}"
NARROW_P = 0.0001

Unit = Literal["percent", "points", "number"]


def number(value: float | None, digits: int = 0) -> str:
    """A grouped number: `17,025`, `2.50`."""
    if value is None:
        return DASH
    return f"{value:,.{digits}f}".replace("-", MINUS)


def significant(value: float | None, figures: int = 3) -> str:
    """A number at `figures` significant figures, never in powers of ten: `2.50`, `1,240`."""
    if value is None:
        return DASH
    return number(value, _digits(abs(value), figures))


def percent(fraction: float | None, digits: int = 2) -> str:
    """A share: `5.51%`."""
    return DASH if fraction is None else f"{number(fraction * 100, digits)}%"


def share(fraction: float | None) -> str:
    """A share of a whole with no more digits than it needs: `40%`, `33.33%`."""
    if fraction is None:
        return DASH
    digits = f"{float(fraction) * 100:.2f}".rstrip("0").rstrip(".")
    return f"{digits}%"


def value(figure: float | None, style: str) -> str:
    """A metric's value in its own unit: `percent`, `number`, or the letters of a currency."""
    if style == "percent":
        return percent(figure)
    return significant(figure) if style == "number" else money(figure, style)


def money(amount: float | None, currency: str) -> str:
    """An amount: `12.40 EUR`, `1,240 EUR`."""
    if amount is None:
        return DASH
    return f"{number(amount, 2 if abs(amount) < 1000 else 0)} {currency}"


def signed(effect: float | None, unit: Unit, *, tight: bool = False) -> str:
    """An effect with its sign: `+8.9%`, `+0.21 pp`, `+0.23`. `tight` leaves the unit away."""
    if effect is None:
        return DASH
    body, digits = _scaled(effect, unit)
    text = f"{abs(body):,.{digits}f}"
    sign = "" if not text.strip("0.,") else (MINUS if body < 0 else "+")
    return f"{sign}{text}{'' if tight else _suffix(unit)}"


def rounded(effect: float, unit: Unit) -> str:
    """A round effect with its sign and no more digits than it needs: `+5%`, `-0.25 pp`, `0`."""
    if not effect:
        return "0"
    body = f"{abs(effect if unit == 'number' else effect * 100):,.6f}".rstrip("0").rstrip(".")
    return f"{MINUS if effect < 0 else '+'}{body}{_suffix(unit)}"


def loss(lost: float, unit: Unit) -> str:
    """A size without a sign, never 0 where something is lost: `0.21%`, `< 0.01%`."""
    body, digits = _scaled(abs(lost), unit)
    least = 10.0**-digits
    if 0 < body < least / 2:
        return f"< {least:.{digits}f}{_suffix(unit)}"
    return signed(abs(lost), unit).removeprefix("+")


def interval(low: float | None, high: float | None, unit: Unit) -> str:
    """Both ends of an interval: `-2.3 to +6.5%`; an open end is infinity, no interval a dash."""
    if low is None and high is None:
        return DASH
    left = f"{MINUS}{INFINITY}" if low is None else signed(low, unit, tight=True)
    right = INFINITY if high is None else signed(high, unit, tight=True)
    return f"{left} to {right}{_suffix(unit)}"


def value_interval(low: float | None, high: float | None, style: str) -> str:
    """The interval of one arm's value: `5.31 to 5.71%`. `style` as for a value."""
    if low is None or high is None:
        return DASH
    if style == "percent":
        return f"{number(low * 100, 2)} to {percent(high)}"
    if style != "number":
        return f"{number(low, 2 if abs(high) < 1000 else 0)} to {money(high, style)}"
    digits = _digits(max(abs(low), abs(high)), 3)
    return f"{number(low, digits)} to {number(high, digits)}"


def p_value(p: float | None) -> str:
    """A p-value without its leading zero: `.032`, `< .0001`, `> .99`."""
    if p is None:
        return DASH
    if p < NARROW_P:
        return "< .0001"
    if p > 0.99:
        return "> .99"
    return f"{p:.{4 if p < 0.001 else 3}f}".removeprefix("0")


def chance(probability: float | None) -> str:
    """A probability that is never said to be certain: `97.3%`, `> 99.9%`."""
    if probability is None:
        return DASH
    if probability > 0.999:
        return "> 99.9%"
    return "< 0.1%" if probability < 0.001 else percent(probability, 1)


def offline(figure: float | None) -> str:
    """An offline measure between 0 and 1, without its leading zero: `.118`; others as they are."""
    if figure is None:
        return DASH
    return f"{figure:.3f}".removeprefix("0") if abs(figure) < 1 else f"{figure:.3f}"


def equals_p(p: float | None) -> str:
    """A p-value within a sentence: `p = .374`, `p < .0001`."""
    text = p_value(p)
    return f"p {text}" if text[0] in "<>" else f"p = {text}"


def span(seconds: float) -> str:
    """A length of time in its largest unit: `6 s`, `5 min`, `3 hours`, `2 days`."""
    for size, unit in ((86400, "day"), (3600, "hour")):
        if seconds >= 1.5 * size or seconds == size:
            n = round(seconds / size)
            return f"{n} {unit}{'' if n == 1 else 's'}"
    return f"{round(seconds / 60)} min" if seconds >= 60 else f"{round(seconds)} s"


def every(seconds: int) -> str:
    """How often, for `new users ...`: `a day`, `an hour`, `every 5 min`."""
    named = {60: "a minute", 3600: "an hour", 86400: "a day"}
    return named.get(seconds, f"every {span(seconds)}")


def size(count: float) -> str:
    """A number of bytes: `812 B`, `4.2 MB`."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:,.0f} {unit}" if unit == "B" else f"{count:,.1f} {unit}"
        count /= 1000
    return f"{count:,.1f} GB"


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 user`, `2 users`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _scaled(effect: float, unit: Unit) -> tuple[float, int]:
    if unit == "number":
        return effect, 1 if abs(effect) >= 10 else 2 if abs(effect) >= 0.1 else 3
    scaled = effect * 100
    if unit == "points":
        return scaled, 2
    return scaled, 2 if 0 < abs(scaled) < 0.05 else 1


def _suffix(unit: Unit) -> str:
    return {"percent": "%", "points": " pp", "number": ""}[unit]


def _digits(size: float, figures: int) -> int:
    whole = 1
    while size >= 10 and whole < figures:
        size /= 10
        whole += 1
    return max(figures - whole, 0)
