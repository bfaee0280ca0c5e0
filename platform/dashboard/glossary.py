"""The words of statistics that pages use, each in two sentences. Pure.

Pages show a word by the tag `term`; docs/reference/glossary.md lists them all.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, kw_only=True)
class Term:
    """A word as it is written within a sentence, and its tip: what it is, and how to read it.

    `page` is where the documentation says more, seen from docs/reference.
    """

    name: str | Promise
    tip: str | Promise
    page: str = ""


def _statistics(page: str) -> str:
    return f"../explanation/statistics/{page}.md"


TERMS: dict[str, Term] = {
    "always-valid": Term(
        name=_("always-valid interval"),
        tip=_(
            "Where the true difference lies at the stated confidence, however often you look. "
            "It is wider than an interval for one look, and it is the one that decides."
        ),
        page=_statistics("always-valid"),
    ),
    "arm-interval": Term(
        name=_("interval of one arm"),
        tip=_(
            "Where this arm's own value lies, for one look. Two that overlap can still differ: "
            "the scorecard compares."
        ),
        page=_statistics("ratio-metrics"),
    ),
    "behind": Term(
        name=_("behind"),
        tip=_(
            "How old the oldest row is that waits in a journal of this host. No figure knows of "
            "what still waits."
        ),
        page="../explanation/durability.md",
    ),
    "bucket": Term(
        name=_("bucket"),
        tip=_(
            "One of 10,000 parts of the users, found from the user's id and a seed alone. Arms own "
            "stretches of them, so a user stays in one arm."
        ),
        page="../explanation/assignment.md",
    ),
    "chance-to-win": Term(
        name=_("chance to win"),
        tip=_(
            "The probability that the variant's value is above the control's, given the data and "
            "the prior. It says nothing about by how much."
        ),
        page=_statistics("bayesian"),
    ),
    "confidence": Term(
        name=_("confidence"),
        tip=_(
            "How often intervals made like this hold the true difference: at 95%, in 19 of 20 "
            "experiments. More confidence makes them wider and takes more users."
        ),
        page=_statistics("fixed-horizon"),
    ),
    "correction": Term(
        name=_("correction"),
        tip=_(
            "Several goals or variants are several chances to be fooled. Holm keeps the chance of "
            "one false find at the agreed rate, e-BH the share of false ones among the finds."
        ),
        page=_statistics("multiple-comparisons"),
    ),
    "coverage": Term(
        name=_("coverage"),
        tip=_(
            "Which share of the catalogue was in these slates. A small one means that most items "
            "were shown to nobody."
        ),
        page="../explanation/scorecard.md",
    ),
    "credible-interval": Term(
        name=_("credible interval"),
        tip=_(
            "Where the true difference lies with the stated probability, given the data and the "
            "prior. It is read once, at the planned users."
        ),
        page=_statistics("bayesian"),
    ),
    "cuped": Term(
        name=_("CUPED"),
        tip=_(
            "What people did before the experiment is taken out of what they do in it. The "
            "difference stays the same on average, and its interval gets narrower."
        ),
        page=_statistics("cuped"),
    ),
    "different-items": Term(
        name=_("different items"),
        tip=_(
            "How many different items were in these slates. It grows with the slates that are "
            "looked at, so compare it between arms alone."
        ),
        page="../explanation/scorecard.md",
    ),
    "diversity": Term(
        name=_("diversity"),
        tip=_(
            "How different the categories of a slate's items are: 0 all the same, 1 none shared. "
            "It describes what was served and is not tested."
        ),
        page="../explanation/scorecard.md",
    ),
    "exact-interval": Term(
        name=_("exact interval"),
        tip=_(
            "Where the true share lies, by the binomial distribution itself. It holds it at least "
            "as often as it says, also for small shares."
        ),
        page=_statistics("aa-audit"),
    ),
    "exposure": Term(
        name=_("exposure"),
        tip=_(
            "The record that a user was served a slate, with all that analysis needs. In an "
            "experiment a user counts from their first one on."
        ),
        page="log.md",
    ),
    "false-positive": Term(
        name=_("false positive"),
        tip=_(
            "A difference that a test calls significant though there is none. At 95% confidence it "
            "is agreed that one test in 20 makes one."
        ),
        page=_statistics("aa-audit"),
    ),
    "fieller": Term(
        name=_("relative lift"),
        tip=_(
            "The difference in percent of the control's value. Its interval is Fieller's, which "
            "knows that the control's value is an estimate too."
        ),
        page=_statistics("relative-effects"),
    ),
    "fixed-horizon": Term(
        name=_("fixed horizon"),
        tip=_(
            "The test is made once, at the planned number of users. Who looks earlier and stops "
            "when it pleases them is fooled more often than was agreed to."
        ),
        page=_statistics("fixed-horizon"),
    ),
    "floor": Term(
        name=_("floor"),
        tip=_(
            "What each arm needs before anything is judged: 100 users, and a mean five standard "
            "errors from zero. Below it tests err more often than agreed."
        ),
        page=_statistics("always-valid"),
    ),
    "gini": Term(
        name=_("Gini"),
        tip=_(
            "How unevenly items were served: 0 all alike, 1 all servings on one item. It describes "
            "what was served and is not tested."
        ),
        page="../explanation/scorecard.md",
    ),
    "guardrail": Term(
        name=_("guardrail"),
        tip=_(
            "A metric that must be shown to get no worse than by its margin. No evidence of harm "
            "is not evidence of safety, so it can be neither safe nor harmed yet."
        ),
        page=_statistics("guardrails"),
    ),
    "hit-rate": Term(
        name=_("hit rate"),
        tip=_(
            "Share of users for whom at least one of the first ten was an item they went on to "
            "choose. It is offline, so it says nothing about what the slate itself changes."
        ),
    ),
    "holdout": Term(
        name=_("holdout"),
        tip=_(
            "A share of users who meet no experiment at all. Compared with everybody else they "
            "show what all shipped changes did together."
        ),
        page="../how-to/hold-out-users.md",
    ),
    "lift": Term(
        name=_("lift"),
        tip=_(
            "The variant's value against the control's: how much higher or lower it is. It is an "
            "estimate, so read it with its interval."
        ),
        page=_statistics("relative-effects"),
    ),
    "live-version": Term(
        name=_("live version"),
        tip=_(
            "The version of the model that is served now, or was when the experiment stopped. "
            "Others may have been live since it started."
        ),
    ),
    "margin": Term(
        name=_("margin"),
        tip=_(
            "How much worse a guardrail may get before it matters to you, in percent of the "
            "control. With a small one it takes many users to show safety."
        ),
        page=_statistics("guardrails"),
    ),
    "ndcg": Term(
        name=_("nDCG"),
        tip=_(
            "How high the items people went on to choose stand in the first ten, 0 to 1. It is "
            "offline, so it says nothing about what the slate itself changes."
        ),
    ),
    "novelty": Term(
        name=_("novelty"),
        tip=_(
            "How rare the items were before the start, in bits: one more is half as frequent. It "
            "describes what was served and is not tested."
        ),
        page="../explanation/scorecard.md",
    ),
    "one-look": Term(
        name=_("interval for one look"),
        tip=_(
            "Where the true difference lies at the stated confidence, at the one planned look. "
            "Looked at every day, it is wrong far more often."
        ),
        page=_statistics("fixed-horizon"),
    ),
    "p-value": Term(
        name=_("p-value"),
        tip=_(
            "How often chance alone makes arms differ at least so much. The one shown is the "
            "smallest of all looks, which the always-valid test allows."
        ),
        page=_statistics("always-valid"),
    ),
    "p-value-once": Term(
        name=_("p-value of one look"),
        tip=_(
            "How often chance alone makes arms differ at least so much, at the one planned look. "
            "Small means that chance is a poor explanation; it is not the chance of being wrong."
        ),
        page=_statistics("fixed-horizon"),
    ),
    "phase": Term(
        name=_("phase"),
        tip=_(
            "A stretch of an experiment with the same arms in the same ratio. A change of either "
            "opens the next, and users stay in that of their first exposure."
        ),
        page="../how-to/change-a-running-experiment.md",
    ),
    "planned-users": Term(
        name=_("planned users"),
        tip=_(
            "Users of control and one treatment together at which the test is sharpest. With fewer "
            "a real change may stay unseen; its power is the chance that it does not."
        ),
        page=_statistics("planning"),
    ),
    "sample-ratio": Term(
        name=_("sample ratio"),
        tip=_(
            "Whether users arrived in the arms in the ratio of the weights. Where they did not, "
            "some went missing from one arm, and those left are not alike."
        ),
        page=_statistics("sample-ratio"),
    ),
    "segment": Term(
        name=_("segment"),
        tip=_(
            "Users who had the same attribute at first exposure. The more segments are looked at, "
            "the likelier one differs by chance."
        ),
        page=_statistics("health"),
    ),
    "sequential": Term(
        name=_("sequential test"),
        tip=_(
            "You may look at any time and stop when it says so. In return it takes somewhat more "
            "users than a test that is made once."
        ),
        page=_statistics("always-valid"),
    ),
    "uniform": Term(
        name=_("uniform"),
        tip=_(
            "Where nothing differs, each p-value is as likely as any other. The test of "
            "Kolmogorov and Smirnov says whether those found fit that."
        ),
        page=_statistics("aa-audit"),
    ),
    "winsorised": Term(
        name=_("winsorised"),
        tip=_(
            "The largest totals are cut off at a percentile of all arms together. A few heavy "
            "users then cannot hide, or make, a difference."
        ),
        page=_statistics("ratio-metrics"),
    ),
}
