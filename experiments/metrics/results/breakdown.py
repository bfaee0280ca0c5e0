"""Where in its slates, and on what kind of items, each variant was clicked, without a test."""

import msgspec


class PositionRate(msgspec.Struct, frozen=True, kw_only=True):
    """Items that a variant served at a position, the first being 1, and clicks on them."""

    variant: str
    position: int
    impressions: int
    clicks: int


class CategoryRate(msgspec.Struct, frozen=True, kw_only=True):
    """Items of a category that a variant served, and clicks on them. An item counts in each of its
    categories, and one without any in none. `category` None are all rarer ones together.
    """

    variant: str
    category: str | None
    impressions: int
    clicks: int


class Breakdown(msgspec.Struct, frozen=True, kw_only=True):
    """Impressions and clicks of the users of one phase, the newest.

    `positions` are the first 50. `categories` are at most 12, those most served first, and the
    rest, by the catalogue; of `slates_share` of the slates, drawn by chance, where there are many.
    """

    phase: int
    positions: tuple[PositionRate, ...]
    categories: tuple[CategoryRate, ...]
    slates_share: float
