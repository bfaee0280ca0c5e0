"""A model on disk: one JSON file that says what it is, one .npy file per array, binary files.

No pickle: loading an artefact runs none of its content. Arrays are memory-mapped, so the processes
of a machine share them and loading takes no longer for a larger model.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommenders.exceptions import ArtefactError

FORMAT = "winnow-recommender"
VERSION = 1
_META = "model.json"


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
    }
    (folder / _META).write_text(json.dumps(meta, indent=2) + "\n")


def read(folder: Path) -> Artefact:
    """Open what `write` wrote. Raises ArtefactError naming what is wrong."""
    meta = _meta(folder)
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
