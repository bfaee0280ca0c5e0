"""What a decision about one treatment rests on."""

import msgspec

from experiments.metrics.exceptions import InvalidSpec
from experiments.metrics.guardrails import GuardrailState
from experiments.metrics.results import Method, Reading
from experiments.metrics.spec import TrainingData


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """A goal metric of the treatment against control.

    `reading` is `better` or `worse` from the adjusted p and the metric's good direction, or why
    neither; see `judging.Judge`. `effect` only ranks treatments, so on one scale for all of them.
    """

    metric: str
    name: str
    reading: Reading
    adjusted_p_value: float | None
    effect: float | None


class Guard(msgspec.Struct, frozen=True, kw_only=True):
    """A guardrail of the treatment against control; see `guardrails.guardrail_state`.

    Only one that is `required` decides: by harm, or by not being shown safe. Others are watched.
    """

    metric: str
    name: str
    state: GuardrailState
    required: bool = True


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides about one treatment. Raises InvalidSpec without a goal.

    `failed_checks` are names of health checks that failed; `planned_reached`, whether the users of
    treatment and control together reach the planned number, the tuning. `gone_since` is the phase
    from which on the treatment takes no users, None while it does.
    """

    variant: str
    goals: tuple[Goal, ...]
    guardrails: tuple[Guard, ...] = ()
    failed_checks: tuple[str, ...] = ()
    planned_reached: bool
    method: Method = "sequential"
    training_data: TrainingData = "own_arm"
    gone_since: int | None = None

    def __post_init__(self) -> None:
        if not self.goals:
            raise InvalidSpec("goals needs at least one metric to decide by.")

    def read(self, reading: Reading) -> tuple[Goal, ...]:
        """The goals of that reading."""
        return tuple(goal for goal in self.goals if goal.reading == reading)

    @property
    def required(self) -> tuple[Guard, ...]:
        """The guardrails that must be shown safe."""
        return tuple(guardrail for guardrail in self.guardrails if guardrail.required)

    def guarded(self, *states: GuardrailState) -> tuple[Guard, ...]:
        """The guardrails in one of those states."""
        return tuple(guardrail for guardrail in self.guardrails if guardrail.state in states)
