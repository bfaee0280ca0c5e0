"""Whatever the description allows, and much that it does not, is answered as it says."""

from __future__ import annotations
