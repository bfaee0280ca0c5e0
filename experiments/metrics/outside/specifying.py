"""From what was asked and what the files hold to the specification of a scorecard."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from experiments.metrics.exceptions import InvalidSpec
from experiments.metrics.outside.choosing import tracked
from experiments.metrics.outside.exceptions import InvalidRequest
from experiments.metrics.outside.report import Note
from experiments.metrics.outside.request import Request, Weights
from experiments.metrics.outside.survey import Arm
from experiments.metrics.spec import PhaseSpec, ScorecardSpec

CONTROL = "control"
UNNAMED = "experiment"
"""What an experiment is called whose files do not say."""


def of_experiment(arms: Sequence[Arm], request: Request) -> tuple[Arm, ...]:
    """The arms that are asked about. Raises InvalidRequest where that is not clear."""
    if not arms:
        raise InvalidRequest("exposures", _nobody(request))
    keys = sorted({arm.experiment for arm in arms if arm.experiment is not None})
    if request.experiment is not None and request.experiment not in keys:
        there = f"one of {', '.join(keys)}" if keys else "left out: the exposures name none"
        raise InvalidRequest("experiment", f"must be {there}")
    if request.experiment is None and len(keys) > 1:
        raise InvalidRequest("experiment", f"must say which one: {', '.join(keys)}")
    wanted = request.experiment or (keys[0] if keys else None)
    return _of_phases([arm for arm in arms if arm.experiment == wanted], request)


def _nobody(request: Request) -> str:
    dated = request.started_at or request.as_of
    when = " between started_at and as_of" if dated else ""
    return (
        f"holds no exposure with a user, a variant and a time{when}; "
        "where there is a column reason, only those of reason split count"
    )


def _of_phases(arms: Sequence[Arm], request: Request) -> tuple[Arm, ...]:
    numbers = sorted({arm.phase for arm in arms if arm.phase is not None})
    if unknown := [number for number in request.phases if number not in numbers]:
        there = ", ".join(map(str, numbers)) or "none: the exposures have no column phase"
        raise InvalidRequest("phases", f"has no phase {unknown[0]}, only {there}")
    wanted = set(request.phases or numbers)
    return tuple(arm for arm in arms if arm.phase in wanted) if wanted else tuple(arms)


def specify(
    arms: Sequence[Arm], request: Request, *, as_of: datetime
) -> tuple[ScorecardSpec, list[Note]]:
    """The specification, with the users still to be counted where no tuning is given, and what was
    assumed for it. Raises InvalidRequest.
    """
    variants = _variants(arms, request)
    metrics = tracked(request)
    phases, notes = _phases(arms, variants, request)
    try:
        return ScorecardSpec(
            experiment=arms[0].experiment or UNNAMED,
            control=variants[0],
            variants=variants,
            phases=phases,
            as_of=as_of,
            metrics=metrics,
            tuning=1.0 if request.tuning is None else request.tuning,
            method=request.method,
            confidence=request.confidence,
            correction=request.correction,
            training_data=request.training_data,
            exclusions=request.exclusions,
            lookback_days=request.lookback_days,
            cuped=request.cuped,
            segments=request.segments,
            series=request.series,
            described=request.described,
            resamples=request.resamples,
        ), notes
    except InvalidSpec as error:
        field, _, remedy = str(error).removesuffix(".").partition(" ")
        raise InvalidRequest(field, remedy) from error


def _variants(arms: Sequence[Arm], request: Request) -> tuple[str, ...]:
    """The control first; the others as they were listed, or in the order of their names."""
    found = sorted({arm.variant for arm in arms})
    _require_found("variants", request.variants, found)
    listed = request.variants or found
    control = request.control or CONTROL
    if control not in listed:
        raise InvalidRequest("control", f"must be one of {', '.join(listed)}")
    if len(listed) < 2:
        raise InvalidRequest("exposures", f"holds one variant alone: {listed[0]}")
    return (control, *(variant for variant in listed if variant != control))


def _require_found(field: str, named: Iterable[str], found: Sequence[str]) -> None:
    if unknown := [variant for variant in named if variant not in found]:
        there = ", ".join(found)
        raise InvalidRequest(field, f"names {unknown[0]!r}, which is not among {there}")


def _phases(
    arms: Sequence[Arm], variants: Sequence[str], request: Request
) -> tuple[tuple[PhaseSpec, ...], list[Note]]:
    numbers = sorted({1 if arm.phase is None else arm.phase for arm in arms})
    if stray := [n for n in request.weights if n is not None and n not in numbers]:
        there = ", ".join(map(str, numbers))
        raise InvalidRequest("weights", f"names phase {stray[0]}, which is not among {there}")
    phases = tuple(
        PhaseSpec(
            number=number,
            started_at=_start(arms, number, request),
            weights=_weights(_given(request, number), variants, _seen(arms, number)),
        )
        for number in numbers
    )
    return phases, [
        Note(about="weights", text=text) for text in _assumed(phases, variants, request)
    ]


def _assumed(
    phases: Sequence[PhaseSpec], variants: Sequence[str], request: Request
) -> Iterator[str]:
    open_phases = [phase for phase in phases if _given(request, phase.number) is None]
    if not open_phases:
        return
    equal = ", ".join(str(phase.number) for phase in open_phases)
    where = "" if len(phases) == 1 else f" in phase {equal}"
    yield f"No weights are given{where}: variants are taken to have equal traffic."
    for phase in open_phases:
        gone = [v for v, weight in zip(variants, phase.weights, strict=True) if not weight]
        if gone:
            yield (
                f"Nobody was seen in {', '.join(gone)} in phase {phase.number}, so no traffic is "
                "taken to be planned there: give weights if there was."
            )


def _seen(arms: Sequence[Arm], number: int) -> set[str]:
    return {arm.variant for arm in arms if arm.phase in (None, number)}


def _start(arms: Sequence[Arm], number: int, request: Request) -> datetime:
    first = min(arm.first for arm in arms if arm.phase in (None, number))
    numbers = [arm.phase for arm in arms if arm.phase is not None]
    opens = not numbers or number == min(numbers)
    return request.started_at if request.started_at and opens else first


def _given(request: Request, number: int) -> Weights | None:
    return request.weights.get(number, request.weights.get(None))


def _weights(given: Weights | None, variants: Sequence[str], seen: set[str]) -> tuple[float, ...]:
    """Without any given, equal ones of the control and of those seen."""
    if given is None:
        return tuple(float(v == variants[0] or v in seen) for v in variants)
    _require_found("weights", given, variants)
    if lacking := [variant for variant in variants if variant not in given]:
        raise InvalidRequest(
            "weights", f"says nothing of {', '.join(lacking)}; 0 is for no traffic"
        )
    return tuple(given[variant] for variant in variants)
