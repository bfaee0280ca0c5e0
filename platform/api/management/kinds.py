"""What all kinds of resources have in common: found by a key, listed, tagged, and changed with
their row locked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet
from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from api.authentication import key_of
from api.management import conditional
from api.management.listing import Listed, Page, link, page
from people.actors import Actor

Row = TypeVar("Row", bound=Model)
LONGEST_ECHO = 64


@dataclass(frozen=True, kw_only=True)
class Kind(Generic[Row]):
    """`rows` are all there are, with what `show` reads of them; `show` is a list, so that what
    needs a query needs one for all. `name` is the field of the key in addresses.
    """

    word: str
    rows: Callable[[], QuerySet[Row]]
    show: Callable[[Sequence[Row]], list[Any]]
    tag: Callable[[Row, Any], str] = lambda row, shown: conditional.tag_of(shown)
    name: str = "key"

    def find(self, key: object) -> Row:
        """Raises NotFound."""
        row = None
        if not (isinstance(key, str) and "\0" in key):
            row = self.rows().filter(**{self.name: key}).first()
        if row is None:
            raise NotFound(f"There is no {self.word} “{str(key)[:LONGEST_ECHO]}”.")
        return row

    def read(self, request: Request, key: object) -> Response:
        return self.answer(request, self.find(key))

    def listed(
        self, request: Request, asked: Listed, rows: QuerySet[Row], *, sort: str
    ) -> Response:
        """The page of `rows` that is asked for."""
        found, after = page(rows, asked, sort=sort)
        shown = Page[Any](data=self.show(found), next=after)
        return conditional.answer(request, shown, headers=link(request, after))

    def created(self, request: Request, row: Row, *, at: str) -> Response:
        fresh = self.rows().get(pk=row.pk)
        return self.answer(request, fresh, code=status.HTTP_201_CREATED, headers={"Location": at})

    def changed(
        self,
        request: Request,
        key: object,
        change: Callable[[Row], object],
        *,
        required: bool = True,
    ) -> Response:
        """Does the change if the row is as the caller knows it, and answers with what it is then.
        All of it is one transaction. `required`: a caller has to say what they know.
        """
        with transaction.atomic():
            row = self.held(request, key, required=required)
            change(row)
            return self.answer(request, self.rows().get(pk=row.pk))

    def removed(self, request: Request, key: object, remove: Callable[[Row], object]) -> Response:
        with transaction.atomic():
            remove(self.held(request, key))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def held(self, request: Request, key: object, *, required: bool = True) -> Row:
        """The row, locked until the transaction ends, if it is as the caller knows it."""
        found = self.find(key)
        list(self.rows().model._base_manager.select_for_update().filter(pk=found.pk))
        row = self.find(key)
        conditional.check(request, self.tag(row, self.shown(row)), required=required)
        return row

    def shown(self, row: Row) -> Any:
        [one] = self.show([row])
        return one

    def answer(self, request: Request, row: Row, **given: Any) -> Response:
        shown = self.shown(row)
        return conditional.answer(request, shown, tag=self.tag(row, shown), **given)


def actor_of(request: Request) -> Actor:
    """Whoever holds the request's key, for the audit trail."""
    return Actor.key(key_of(request).name)
