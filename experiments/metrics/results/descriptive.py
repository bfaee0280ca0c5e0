"""What describes the slates of a variant, without a test."""

import msgspec


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of one variant, over as many slates as the variant with fewest has.

    `value` is None with a `reason` where it cannot be computed: `taken_out`, with no slates, of one
    that takes no users any more.
    """

    name: str
    variant: str
    slates: int
    value: float | None
    reason: str | None
