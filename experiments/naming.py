"""What an experiment is called. Names are unique whatever their case, keys follow from names."""

from __future__ import annotations

import re

from django.db import IntegrityError
from django.utils.text import slugify

from experiments.checks import LONGEST_NAME
from experiments.exceptions import Invalid, Taken
from experiments.models import Experiment

LONGEST_HYPOTHESIS = 4000
PLAIN = "experiment"
ONE_NAME = "one_experiment_per_name"
_ONE_KEY = re.compile("experiments_experiment[._]key")
"""As SQLite and PostgreSQL call it."""


def check_hypothesis(text: str) -> None:
    """Raises Invalid (hypothesis)."""
    if len(text) > LONGEST_HYPOTHESIS or "\0" in text:
        raise Invalid(f"Give at most {LONGEST_HYPOTHESIS:,} characters.", field="hypothesis")


def check_name(name: str, *, but: Experiment | None = None) -> None:
    """Raises Invalid (name); `but` is the experiment that may have it."""
    if not next((sign for sign in name if sign.isalnum()), "").isalpha():
        raise Invalid("Give a name that begins with a letter.", field="name")
    if len(name) > LONGEST_NAME:
        raise Invalid(f"Give a name of at most {LONGEST_NAME} characters.", field="name")
    others = Experiment.objects.filter(name__iexact=name)
    if (others.exclude(pk=but.pk) if but else others).exists():
        raise name_taken(name)


def name_taken(name: str) -> Taken:
    """What is said of a name that another experiment has."""
    return Taken(f"An experiment named “{name.strip()}” exists. Choose another name.", field="name")


def key_taken(key: str) -> Taken:
    """What is said of a key that another experiment has."""
    return Taken(f"There is an experiment “{key}” already.", field="key")


def clash(error: IntegrityError, *, name: str, key: str) -> Exception:
    """What is said where the database refused a row: that the name or the key is taken, by the
    constraint that its message names. Of any other constraint it is the error itself.
    """
    if ONE_NAME in str(error):
        return name_taken(name)
    return key_taken(key) if _ONE_KEY.search(str(error)) else error


def hyphenated(name: str) -> str:
    """The words of a name as a key has them: what is no letter and no figure parts words, but for
    an apostrophe.
    """
    return re.sub("[-_]+", "-", slugify(re.sub(r"[^\w'\u2019]", " ", name))).strip("-")


def free_key(name: str) -> str:
    """A key made from the name that no experiment has yet. Of a name without Latin letters only
    `experiment` is made.
    """
    stem = hyphenated(name)[:56].strip("-")
    if not stem[:1].isalpha():
        stem = f"{PLAIN}-{stem}"[:56].strip("-")
    key, n = stem, 1
    while Experiment.objects.filter(key=key).exists():
        n += 1
        key = f"{stem}-{n}"
    return key
