"""What must hold for every sample: symmetry, scaling, agreement of interval and p, arrays."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from experiments.stats import MeanSample, ProportionSample, RatioSample, Settings, compare

CASES = settings(max_examples=150, deadline=None)

counts = st.integers(min_value=2, max_value=200_000)


@st.composite
def proportions(draw: Any) -> ProportionSample:
    n = draw(counts)
    return ProportionSample(n, draw(st.integers(0, n)))


@st.composite
def means(draw: Any) -> MeanSample:
    """From a centre and a spread, so that the sums are those of possible data."""
    n = draw(counts)
    centre = draw(st.floats(0.001, 1_000))
    spread = draw(st.floats(0.01, 30)) * centre
    return MeanSample(n, n * centre, n * centre**2 + (n - 1) * spread**2)


@st.composite
def ratios(draw: Any) -> RatioSample:
    seen = np.array(draw(st.lists(st.integers(1, 50), min_size=3, max_size=12)), dtype=float)
    shares = draw(st.lists(st.floats(0, 1), min_size=len(seen), max_size=len(seen)))
    clicks = np.floor(seen * np.array(shares))
    times = draw(st.integers(1, 5_000))
    sums = (clicks.sum(), clicks @ clicks, seen.sum(), seen @ seen, clicks @ seen)
    return RatioSample(len(seen) * times, *(times * value for value in sums))


pairs = st.one_of(*(st.tuples(kind, kind) for kind in (proportions(), means(), ratios())))
methods = st.sampled_from(["fixed", "sequential"])
alternatives = st.sampled_from(["two-sided", "greater", "less"])
scales = st.sampled_from(["absolute", "relative"])


@CASES
@given(pairs, methods, scales, alternatives, st.sampled_from([0.0, 0.01, 0.2]), st.data())
def test_the_interval_excludes_the_null_exactly_when_p_is_below_alpha(
    pair: Any, method: Any, scale: Any, alternative: Any, margin: Any, data: Any
) -> None:
    confidence = data.draw(st.floats(0.6, 0.999))
    chosen = Settings(
        method=method,
        scale=scale,
        alternative=alternative,
        margin=0.0 if alternative == "two-sided" else margin,
        confidence=confidence,
    )
    result: Any = compare(pair[0], pair[1], chosen)
    assume(not np.isnan(result.p_value))
    assume(abs(result.p_value / chosen.alpha - 1) > 1e-6)
    excluded = chosen.null < result.low or chosen.null > result.high
    assert excluded == (result.p_value < chosen.alpha)


@CASES
@given(pairs, methods, st.sampled_from(["fieller", "delta"]))
def test_the_estimate_lies_inside_its_interval(pair: Any, method: Any, interval: Any) -> None:
    for scale in ("absolute", "relative"):
        chosen = Settings(method=method, scale=scale, interval=interval)
        result: Any = compare(pair[0], pair[1], chosen)
        assume(not np.isnan(result.low) and not np.isnan(result.effect))
        slack = 1e-9 * (1 + abs(result.effect))
        assert result.low - slack <= result.effect <= result.high + slack


@CASES
@given(pairs, methods)
def test_swapping_the_arms_flips_the_signs_of_an_absolute_comparison(
    pair: Any, method: Any
) -> None:
    chosen = Settings(method=method, scale="absolute")
    control, treatment = pair
    there, back = compare(control, treatment, chosen), compare(treatment, control, chosen)
    there_numbers = (there.effect, there.low, there.high, there.p_value)
    back_numbers = (-back.effect, -back.high, -back.low, back.p_value)
    assert there_numbers == pytest.approx(back_numbers, rel=1e-12, abs=0, nan_ok=True)
    assert there.reason == back.reason


@CASES
@given(pairs, methods, st.sampled_from([0.0, 0.03]))
def test_swapping_the_arms_swaps_the_sides(pair: Any, method: Any, margin: Any) -> None:
    """To show a gain over control is to show a loss of control; with a margin, too."""
    control, treatment = pair
    gain, loss = (
        Settings(method=method, scale="absolute", alternative=alternative, margin=margin)
        for alternative in ("greater", "less")
    )
    there, back = compare(control, treatment, gain), compare(treatment, control, loss)
    assert back.high == pytest.approx(-there.low, rel=1e-12, abs=0, nan_ok=True)
    assert back.p_value == pytest.approx(there.p_value, rel=1e-12, abs=0, nan_ok=True)
    assert np.isnan(there.low) or (there.high, back.low) == (np.inf, -np.inf)


@CASES
@given(pairs, methods)
def test_swapping_the_arms_turns_fieller_round(pair: Any, method: Any) -> None:
    """The interval of control / treatment is that of treatment / control turned upside down."""
    chosen = Settings(method=method)
    there: Any = compare(pair[0], pair[1], chosen)
    back: Any = compare(pair[1], pair[0], chosen)
    assume(there.reason is None and back.reason is None)
    assert 1 + back.low == pytest.approx(1 / (1 + there.high), rel=1e-6)
    assert 1 + back.high == pytest.approx(1 / (1 + there.low), rel=1e-6)
    assert back.p_value == pytest.approx(there.p_value, rel=1e-12)


@CASES
@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 50), st.booleans()), min_size=4, max_size=60
    )
)
def test_a_sample_split_over_disjoint_users_adds_to_the_whole(users: Any) -> None:
    table = np.array(users)
    clicks, seen, first = table[:, 0], table[:, 1], table[:, 2] == 1

    def samples(some: Any) -> tuple[Any, ...]:
        x, y = clicks[some], seen[some]
        return (
            ProportionSample(len(x), int((x > 0).sum())),
            MeanSample(len(x), int(x.sum()), int(x @ x)),
            RatioSample(len(x), *(int(s) for s in (x.sum(), x @ x, y.sum(), y @ y, x @ y))),
        )

    everybody = samples(np.ones(len(table), dtype=bool))
    for one, other, whole in zip(samples(first), samples(~first), everybody, strict=True):
        assert one + other == whole


@CASES
@given(
    st.one_of(
        *(
            st.lists(st.tuples(kind, kind), min_size=1, max_size=5)
            for kind in (proportions(), means(), ratios())
        )
    ),
    methods,
    scales,
    alternatives,
)
def test_arrays_of_any_kind_equal_their_elements(
    pairs: Any, method: Any, scale: Any, alternative: Any
) -> None:
    chosen = Settings(method=method, scale=scale, alternative=alternative)

    def stacked(samples: list[Any]) -> Any:
        names = [field.name for field in dataclasses.fields(samples[0])]
        fields = (np.array([getattr(s, name) for s in samples], dtype=float) for name in names)
        return type(samples[0])(*fields)

    together: Any = compare(stacked([a for a, _ in pairs]), stacked([b for _, b in pairs]), chosen)
    for i, (control, treatment) in enumerate(pairs):
        alone = compare(control, treatment, chosen)
        for name in ("effect", "low", "high", "p_value", "std_error", "df", "e_value"):
            # NumPy's vector loops and their scalar tails may round a logarithm apart
            np.testing.assert_allclose(
                getattr(together, name)[i], getattr(alone, name), rtol=1e-9, atol=0
            )
        assert together.reason[i] is alone.reason


@CASES
@given(means(), means(), methods, st.sampled_from([1e-3, 0.5, 8.0, 3e4]))
def test_scaling_a_mean_scales_its_interval_and_leaves_p_and_lift(
    a: Any, b: Any, method: Any, factor: Any
) -> None:
    def scaled(sample: MeanSample) -> MeanSample:
        return MeanSample(sample.n, sample.total * factor, sample.total_squares * factor**2)

    absolute = Settings(method=method, scale="absolute")
    plain, grown = compare(a, b, absolute), compare(scaled(a), scaled(b), absolute)
    slack = 1e-9 * (a.mean + b.mean) * factor
    assert grown.low == pytest.approx(plain.low * factor, rel=1e-7, abs=slack)
    assert grown.high == pytest.approx(plain.high * factor, rel=1e-7, abs=slack)
    assert grown.p_value == pytest.approx(plain.p_value, rel=1e-6, abs=1e-300)
    lift, same = (
        compare(a, b, Settings(method=method)),
        compare(scaled(a), scaled(b), Settings(method=method)),
    )
    assert same.effect == pytest.approx(lift.effect, rel=1e-7, abs=1e-9)
    assert same.reason == lift.reason


@CASES
@given(pairs)
def test_no_p_value_leaves_its_range(pair: Any) -> None:
    for method in ("fixed", "sequential"):
        result: Any = compare(pair[0], pair[1], Settings(method=method))
        assert np.isnan(result.p_value) or 0 <= result.p_value <= 1
