"""Uploads: at most so many bytes, kept in a folder of our own under a name of our own."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler

SUFFIXES = (".csv", ".jsonl", ".parquet")
TOO_LARGE = "winnow.upload_too_large"
"""Set in a request's META where its upload was stopped."""


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Writes an upload to a temporary file; what is beyond the bound is read and dropped."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._taken = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._taken += len(raw_data)
        if self._taken > settings.UPLOAD_MOST_BYTES:
            if self.request:
                self.request.META[TOO_LARGE] = True
            raise StopUpload(connection_reset=False)
        super().receive_data_chunk(raw_data, start)


def keep(upload: UploadedFile[bytes]) -> Path:
    """A copy of the upload, under a name that says nothing of it."""
    folder: Path = settings.UPLOADS_DIR
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"{uuid.uuid4().hex}{Path(upload.name or '').suffix.lower()}"
    with kept.open("wb") as file:
        shutil.copyfileobj(upload, file)
    return kept


def server_files() -> list[Path]:
    """The files that whoever runs the server has laid into its folder, by name."""
    folder: Path = settings.IMPORT_DIR
    if not folder.is_dir():
        return []
    found = (path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    return sorted(path for path in found if path.is_file())
