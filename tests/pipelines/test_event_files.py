"""Curves written as TensorBoard reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.event_files import EventFile, crc32c


def test_the_checksum_is_that_of_the_standard() -> None:
    """Test vectors of RFC 3720, appendix B.4."""
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert crc32c(bytes(range(32))) == 0x46DD794E


def test_nothing_is_made_before_the_first_point(tmp_path: Path) -> None:
    EventFile(tmp_path / "run")

    assert list(tmp_path.iterdir()) == []


def test_tensorflow_reads_back_what_was_written(tmp_path: Path) -> None:
    """It checks each checksum, and decodes by its own definition of the format."""
    file = EventFile(tmp_path / "run")
    file.add(1, {"loss": 0.75, "validation/auc": 0.5}, now=1000.5)
    file.add(300, {"loss": -0.25}, now=1001.5)

    [path] = (tmp_path / "run").iterdir()
    assert "tfevents" in path.name
    from tensorflow.compat.v1 import train

    version, *points = train.summary_iterator(str(path))
    assert version.file_version == "brain.Event:2"
    read = [
        (event.wall_time, event.step, {one.tag: one.simple_value for one in event.summary.value})
        for event in points
    ]
    assert read == [
        (1000.5, 1, {"loss": 0.75, "validation/auc": 0.5}),
        (1001.5, 300, {"loss": -0.25}),
    ]


def test_a_spoiled_file_is_noticed_by_its_checksum(tmp_path: Path) -> None:
    EventFile(tmp_path).add(1, {"loss": 0.75}, now=1000.5)
    [path] = tmp_path.iterdir()
    content = bytearray(path.read_bytes())
    content[-6] ^= 1
    path.write_bytes(content)
    from tensorflow.compat.v1 import train
    from tensorflow.errors import DataLossError

    with pytest.raises(DataLossError):
        list(train.summary_iterator(str(path)))
