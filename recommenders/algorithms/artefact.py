"""A model on disk: one JSON file that says what it is, one .npy file per array, binary files.

No pickle: loading an artefact runs none of its content. Arrays are memory-mapped, so the processes
of a machine share them. Every file has its CRC-32 in the JSON file, which has one of itself, and
they are compared when it is loaded: a damaged index would lead compiled code outside of its arrays.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommenders.exceptions import ArtefactError

FORMAT = "winnow-recommender"
VERSION = 2
_META = "model.json"
_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Artefact:
    """What a folder holds. `files` are binary files: bytes to write, paths once read."""

    algorithm: str
    config: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]
    files: Mapping[str, bytes | Path] = field(default_factory=dict)


def write(folder: Path, artefact: Artefact) -> None:
    """Write into `folder`, which is made and must be empty: a model in use is never overwritten."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ArtefactError(f"{folder} is not empty; save a model into a folder of its own")
    for name, array in artefact.arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    for name, content in artefact.files.items():
        data = content.read_bytes() if isinstance(content, Path) else content
        (folder / name).write_bytes(data)
    meta = {
        "format": FORMAT,
        "version": VERSION,
        "algorithm": artefact.algorithm,
        "config": dict(artefact.config),
        "arrays": sorted(artefact.arrays),
        "files": sorted(artefact.files),
        "crc32": {path.name: _crc(path) for path in sorted(folder.iterdir())},
    }
    (folder / _META).write_text(json.dumps(sealed(meta), indent=2) + "\n")


def sealed(meta: Mapping[str, Any]) -> dict[str, Any]:
    """A description with its own CRC-32, whatever it had before."""
    bare = {key: value for key, value in meta.items() if key != "own_crc32"}
    return {**bare, "own_crc32": zlib.crc32(json.dumps(bare, sort_keys=True).encode())}


def read(folder: Path) -> Artefact:
    """Open what `write` wrote, once all of it is as it was written. Raises ArtefactError naming
    what is wrong.
    """
    meta = _meta(folder)
    _require_undamaged(folder, meta)
    return Artefact(
        algorithm=_text(meta, "algorithm", folder),
        config=_mapping(meta, "config", folder),
        arrays={name: _array(folder, name) for name in _names(meta, "arrays", folder)},
        files={name: _file(folder, name) for name in _names(meta, "files", folder)},
    )


def _meta(folder: Path) -> dict[str, Any]:
    try:
        meta = json.loads((folder / _META).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtefactError(f"{folder} holds no readable {_META}: {error}") from error
    if not isinstance(meta, dict) or meta.get("format") != FORMAT:
        raise ArtefactError(f"{folder} is not a Winnow model: its format is not '{FORMAT}'")
    if meta.get("version") != VERSION:
        raise ArtefactError(
            f"{folder} has format version {meta.get('version')!r}, this release reads {VERSION}; "
            "train the model again"
        )
    return meta


def _require_undamaged(folder: Path, meta: dict[str, Any]) -> None:
    """Every file of the model, and `model.json` itself, has the CRC-32 that it was written with."""
    if meta != sealed(meta):
        raise ArtefactError(f"{folder}: {_META} is damaged; train the model again")
    written = _mapping(meta, "crc32", folder)
    named = {f"{name}.npy" for name in _names(meta, "arrays", folder)}
    for name in sorted(named | set(_names(meta, "files", folder))):
        try:
            found = _crc(folder / name)
        except OSError as error:
            raise ArtefactError(f"{folder}: '{name}' cannot be read: {error}") from error
        if found != written.get(name):
            raise ArtefactError(f"{folder}: '{name}' is damaged; train the model again")


def _crc(path: Path) -> int:
    crc = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            crc = zlib.crc32(chunk, crc)
    return crc


def _text(meta: dict[str, Any], key: str, folder: Path) -> str:
    if not isinstance(value := meta.get(key), str):
        raise ArtefactError(f"{folder}: '{key}' is missing from {_META}")
    return value


def _mapping(meta: dict[str, Any], key: str, folder: Path) -> dict[str, Any]:
    if not isinstance(value := meta.get(key), dict):
        raise ArtefactError(f"{folder}: '{key}' is missing from {_META}")
    return value


def _names(meta: dict[str, Any], key: str, folder: Path) -> list[str]:
    value = meta.get(key)
    # A name is only ever a name: what a foreign file says must not lead out of the folder.
    if not isinstance(value, list) or not all(
        isinstance(name, str) and Path(name).name == name for name in value
    ):
        raise ArtefactError(f"{folder}: '{key}' in {_META} is not a list of file names")
    return value


def _array(folder: Path, name: str) -> NDArray[Any]:
    try:
        mapped = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ArtefactError(f"{folder}: array '{name}' cannot be read: {error}") from error
    return np.asarray(mapped)


def _file(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise ArtefactError(f"{folder}: file '{name}' is missing")
    return path
