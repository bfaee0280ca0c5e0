"""What a file and the API show of a scorecard."""

from experiments.metrics.exploring.shown import shown
from tests.dashboard.factories import BELOW_FLOOR, comparison, scorecard


def test_below_the_floor_there_are_values_and_no_figure_of_their_difference() -> None:
    found = comparison(floor=BELOW_FLOOR, reading="collecting")
    (row,) = shown(scorecard(found, state="collecting"), "relative")

    assert (row.control_value, round(row.value or 0, 4)) == (0.0551, 0.06)
    assert (row.reading, row.reason) == ("collecting", "collecting")
    assert (row.effect, row.low, row.high, row.std_error) == (None,) * 4
    assert (row.p_value, row.adjusted_p_value, row.safety_p_value) == (None,) * 3
    assert (row.chance_above_control, row.expected_loss) == (None, None)


def test_past_the_floor_all_of_it_is_there() -> None:
    (row,) = shown(scorecard(comparison()), "relative")

    assert (row.effect, row.low, row.high) == (0.089, 0.044, 0.137)
    assert (row.p_value, row.reading, row.reason) == (0.00001, "better", None)
