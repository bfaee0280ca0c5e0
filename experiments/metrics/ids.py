"""Ids as texts, of whatever type they are: 7.0 in one file has to be 7 in the other."""

from ibis.expr.types import ArrayValue, FloatingValue, StringValue, Value


def as_text(number_or_text: Value) -> StringValue:
    """A whole number without its point, null for NaN. An empty text stays: to filter by `!= ""`
    costs nothing where the file's smallest value says that there is none.
    """
    if number_or_text.type().is_floating():
        return _written(number_or_text)
    return number_or_text.cast("string")


def known(number_or_text: Value) -> StringValue:
    """The same, and null for an empty text too, which names nothing."""
    return as_text(number_or_text).nullif("")


def in_lists(items: ArrayValue) -> ArrayValue:
    """The ids in lists of items, which are structs with an `id`, or the ids themselves."""
    kind = items.type().value_type
    ids = items.map(lambda item: item["id"]) if kind.is_struct() else items
    return ids if ids.type().value_type.is_string() else ids.map(as_text)


def _written(number: FloatingValue) -> StringValue:
    known = number.isnan().ifelse(None, number)
    nearest = known.try_cast("int64")
    whole = (nearest == known).ifelse(nearest, None)
    return whole.cast("string").fill_null(known.cast("string"))
