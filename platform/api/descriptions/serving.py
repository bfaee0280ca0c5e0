"""What requests for slates and assignments, events and exposures are made of."""

from __future__ import annotations

SERVING: dict[str, dict[str, str]] = {
    "RouteRequest": {
        "k": "How many items to show.",
        "exclude": "Items not to show.",
        "categories": "What the items may be, by the catalogue.",
        "context": "Where the request comes from.",
    },
    "Categories": {
        "only": "An item is of one of these; null for any item.",
        "except": "An item is of none of these.",
    },
    "Context": {"item": "The item whose page is shown."},
    "RouteResponse": {
        "experiment": "The experiment the user is in, or null.",
        "served_by": "Who made the slate: the model here, a worker ahead of time, or the most "
        "popular items.",
        "fallback": "Why the model gave no answer; null where it did.",
        "items": "In the order to show.",
    },
    "RoutedItem": {
        "position": "Its place, from 1.",
        "score": "What the model gave it; comparable within a slate.",
        "why": "A reason to show to the user, where there is one.",
    },
    "AssignResponse": {"assignments": "One for each placement."},
    "Standing": {
        "bucket": "Their bucket of its variants, also where they get none.",
        "layer_buckets": "By layer, their bucket of it.",
    },
    "ExposuresRequest": {"exposures": "1 to 1,000, each judged by itself."},
    "ReportedExposure": {
        "items": "In the order shown, as ids or as objects; at most 100.",
        "phase": "That of the assignment: one of an earlier phase is refused.",
        "latency_ms": "How long the slate took, in milliseconds.",
        "at": "When it was shown, with a time zone; by default now.",
    },
    "ReportedItem": {
        "score": "What the model gave it.",
        "propensity": "The probability, above 0 and at most 1, that it was shown.",
    },
    "EventsRequest": {"events": "1 to 1,000, each judged by itself."},
    "Receipt": {
        "accepted": "How many are on disk now.",
        "duplicates": "How many were there already.",
        "rejected": "Those that were not taken.",
    },
    "Rejection": {
        "index": "Its place in the batch, from 0.",
        "field": "The field that is at fault; empty for the whole of it.",
        "pointer": "The same place as a JSON pointer into the body.",
        "error": "What is wrong and what is allowed.",
    },
    "Problem": {
        "type": "`about:blank`: the status says what kind it is.",
        "title": "The status in words.",
        "status": "The HTTP status.",
        "detail": "What is wrong and what is allowed, in words.",
        "errors": "The fields that are at fault.",
    },
    "FieldError": {
        "pointer": "The field, as a JSON pointer (RFC 6901) into the body, or `/NAME` of a query.",
        "detail": "What is wrong with it and what is allowed.",
    },
}
