"""What people manage: items, metrics, how experiments are measured, and erasures."""

from __future__ import annotations

MANAGED: dict[str, dict[str, str]] = {
    "ItemRow": {
        "title": "What people see.",
        "categories": "Whatever it belongs to.",
        "attributes": "By name: text, numbers, true or false.",
    },
    "Catalogued": {"added": "New items.", "updated": "Items that were described anew."},
    "Metric": {
        "key": "Lower-case letters, digits and underscores. It never changes.",
        "description": "What it is for.",
        "numerator": "What is counted.",
        "denominator": "What a ratio divides by.",
        "window": "Which days after first exposure count; null: all.",
        "winsorise": "The quantile at which totals are cut off.",
        "minimum_users": "Nothing is judged before each variant has as many.",
    },
    "Slates": {
        "slower_than_ms": "Only those slower.",
        "fallback": "Only those that fell back.",
    },
    "Events": {
        "type": "The type of event; null: any.",
        "aggregation": "Their number, the sum of their values, or the different items.",
        "where": "Conditions, all of which hold.",
    },
    "Equals": {"to": "What it equals."},
    "OneOf": {"values": "Any of these."},
    "Compare": {"order": "The order.", "to": "The number it is compared with."},
    "Exists": {"present": "Whether it has to be there."},
    "Window": {"from_days": "The first day.", "until_days": "The day after the last."},
    "Measurement": {
        "goals": "Metrics by key; the first is the primary one.",
        "secondaries": "Further metrics.",
        "guardrails": "What must not get worse.",
        "planned_users": "Of control and a treatment together.",
        "segments": "Attributes that results are split by.",
    },
    "Guarded": {"margin": "How much worse it may be, as a share of the control's."},
    "TrainingSettings": {
        "window_days": "How many days before the training are read; null: all of the log.",
        "most_a_day": "Days on which one user does more are left out.",
        "only_catalogue": "Whether items must be in the catalogue, where there is one.",
        "lowest_rating": "Ratings below it are left out; null: no bound.",
        "highest_rating": "Ratings above it are left out; null: no bound.",
    },
    "Provenance": {
        "window_days": "How many days before the training were read; null: all of the log.",
        "experiments": "What experiments under way let it learn.",
        "cleaned": "What was left out before the training; null where that was not kept.",
    },
    "ExperimentShare": {
        "policy": "By which the arms' models learn.",
        "variants": "Those that the recommender serves.",
        "volumes": "Rows of behaviour by variant.",
        "cap": "Up to how many of its own each was learned from; null: nothing was left out.",
    },
    "CleanedRows": {
        "rows": "How many came in.",
        "dropped": "How many each rule left out, in the order in which the rules act.",
    },
    "ErasureState": {
        "id": "Its number.",
        "status": "`waiting` until all is gone.",
        "requested_at": "What was taken from the person up to then goes.",
        "finished_at": "When nothing was left.",
        "problem": "Why an attempt did not finish, or what it waits for.",
        "report": "What went and what remains.",
    },
    "Report": {
        "found": "Whether there was anything of theirs.",
        "events": "Rows of events that went.",
        "exposures": "Rows of exposures that went.",
        "old_files": "Files beyond the log's newest version that went.",
        "history": "Entries of their live history that went.",
        "slates": "Slates made for them that went.",
        "waiting": "Records in this host's journals that the drain could not move yet.",
        "journals": "Journals of this host in which records were overwritten.",
        "models": "Versions trained before, which may hold what the person did.",
        "lists": "Lists of users left out of analysis that named them.",
        "overrides": "Experiments that had an override for them, which went.",
        "damaged": "Damaged files that were set aside and name them.",
    },
}
