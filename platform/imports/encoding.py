"""Bytes that are no UTF-8, which mostly is a file saved in an older encoding."""

REMEDY = "save the file as UTF-8"


def not_utf8(byte: int) -> str:
    """What is wrong with a line that holds this byte where none such may be."""
    return f"is not UTF-8 (byte 0x{byte:02X}): {REMEDY}"


def problem_of_bytes(raw: bytes) -> str:
    """Why the bytes are no UTF-8; empty where they are."""
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return not_utf8(raw[error.start])
    return ""


def problem_of_text(text: str) -> str:
    """The same of text that was decoded with `surrogateescape`."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return not_utf8(ord(text[error.start]) - 0xDC00)
    return ""
