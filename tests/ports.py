"""A port of this machine that nothing uses."""

import socket


def free_port() -> int:
    """One that the kernel has just given out and taken back."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
