"""A secret that is made once and kept in a file only its owner may read."""

import os
import secrets
from pathlib import Path


def read_or_create(path: Path) -> str:
    """The secret in `path`; made on the first call. Of processes that race to make it, one wins."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50))
        try:
            os.link(draft, path)  # fails where the file already exists, unlike a rename
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()
