"""What the catalogue says of items, as words."""

from recommenders.dataset import Dataset
from recommenders.exceptions import EvaluationError


def values_of(data: Dataset, attribute: str) -> list[tuple[str, ...]]:
    """The values of an attribute for each item code: none, one, or those of a list.

    The attribute is a column of the catalogue, or a key of its column `attributes`. Raises
    EvaluationError where no item has it, naming those there are.
    """
    known: list[dict[str, object]] = [{}] * data.n_items
    if data.catalogue is not None:
        rows = data.catalogue.to_dict("records")
        known = [{str(name): value for name, value in row.items()} for row in rows]
        known = [{**row, **_inside(row.get("attributes"))} for row in known]
    values = [_words(row.get(attribute)) for row in known]
    if not any(values):
        there = sorted({n for row in known for n, v in row.items() if _words(v)} - {"attributes"})
        raise EvaluationError(
            f"no item of the catalogue has '{attribute}'; there are: {', '.join(there) or 'none'}"
        )
    return values


def _inside(value: object) -> dict[str, object]:
    return {str(name): inner for name, inner in value.items()} if isinstance(value, dict) else {}


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, list | tuple | set):
        return tuple(dict.fromkeys(word for one in value for word in _words(one)))
    if value is None or value != value or value == "":  # NaN is no value
        return ()
    return (str(value),)
