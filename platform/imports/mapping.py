"""Which column of a file is which field, as given on the command line and as a file has it."""

from collections.abc import Mapping, Sequence

from imports.exceptions import ImportRefused


def parse_mapping(pairs: Sequence[str], *, example: str) -> dict[str, str]:
    """From `user=customer_id` and the like, the column by field. Raises ImportRefused."""
    mapping: dict[str, str] = {}
    for pair in pairs:
        name, _, column = pair.partition("=")
        if not name or not column:
            raise ImportRefused(f"“{pair}” must be FIELD=COLUMN, such as {example}.")
        if name in mapping:
            raise ImportRefused(f"“{name}” is mapped twice.")
        mapping[name] = column
    return mapping


def check_mapping(
    mapping: Mapping[str, str], *, fields: Sequence[str], required: Sequence[str]
) -> None:
    """Raises ImportRefused for a field that is none, a column that would be two, or a column of a
    required field's name that another field takes.
    """
    for name in mapping:
        if name not in fields:
            raise ImportRefused(f"“{name}” is no field; those are {', '.join(fields)}.")
    if len(set(mapping.values())) < len(mapping):
        raise ImportRefused("A column is mapped to two fields.")
    for name, column in mapping.items():
        if column in required and column not in mapping:
            raise ImportRefused(
                f"“{name}” takes the column “{column}”, and no column is left for {column}: "
                f"map that too, by {column}=COLUMN."
            )


def require_columns(
    columns: Sequence[str], used: Sequence[str], mapping: Mapping[str, str], required: Sequence[str]
) -> None:
    """Of the `columns` of a file those `used` are there once, and those of required and mapped
    fields are there. Raises ImportRefused.
    """
    for field in dict.fromkeys((*mapping, *required)):
        column = mapping.get(field, field)
        if column not in columns:
            raise ImportRefused(f"the column “{column}” is missing")
    for column in used:
        if columns.count(column) > 1:
            raise ImportRefused(f"the column “{column}” is there twice")
