"""What ends the demonstration. Every message says what to do next."""


class DemoError(Exception):
    """The demonstration cannot go on."""
