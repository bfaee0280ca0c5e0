from hypothesis import given
from hypothesis import strategies as st

from events import frames
from events.frames import HEADER, MARKER, Frame, frame_at, is_torn, next_start, pack

PAYLOADS = st.binary(min_size=1, max_size=64)


@given(PAYLOADS)
def test_a_frame_gives_its_payload_back(payload: bytes) -> None:
    data = pack(payload)
    assert frame_at(data, 0) == Frame(payload=payload, end=len(data))


@given(PAYLOADS, st.data())
def test_the_beginning_of_a_frame_is_torn_and_never_a_frame(
    payload: bytes, data: st.DataObject
) -> None:
    whole = pack(payload)
    part = whole[: data.draw(st.integers(1, len(whole) - 1))]
    assert frame_at(part, 0) is None
    assert is_torn(part)


@given(PAYLOADS, st.data())
def test_one_changed_byte_is_noticed(payload: bytes, data: st.DataObject) -> None:
    whole = bytearray(pack(payload))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    assert frame_at(bytes(whole), 0) is None


def test_a_whole_frame_with_a_wrong_checksum_is_not_torn() -> None:
    damaged = pack(b"payload")[:-1] + b"?"
    assert not is_torn(damaged)
    assert not is_torn(damaged + b"\0" * 100)
    assert not is_torn(b"?" + b"\0" * 100)


TEXTS = st.text(st.characters(exclude_characters="\0"), min_size=1).map(str.encode)


@given(TEXTS, TEXTS, st.data())
def test_zeros_from_somewhere_in_a_frame_to_the_end_are_what_a_power_cut_leaves(
    payload: bytes, next_payload: bytes, data: st.DataObject
) -> None:
    whole = pack(payload)
    kept = data.draw(st.integers(0, len(whole) - 1))
    assert is_torn(whole[:kept] + b"\0" * (len(whole) - kept))
    assert is_torn(whole[:kept] + b"\0" * (len(whole) - kept + len(pack(next_payload))))
    assert is_torn(whole[:kept] + b"\0" * 8_192)


def test_the_next_frame_is_found_behind_damage_that_holds_a_marker() -> None:
    damage = MARKER + b"no frame at all"
    assert next_start(damage + pack(b"payload"), 0) == len(damage)
    assert next_start(damage, 0) is None


def test_a_length_beyond_the_limit_is_not_believed() -> None:
    header = HEADER.pack(MARKER, frames.MAX_PAYLOAD + 1, 0)
    assert frame_at(header + b"x" * 100, 0) is None
    assert not is_torn(header)
