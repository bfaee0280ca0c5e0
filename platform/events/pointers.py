"""JSON pointers (RFC 6901): where in a document something is."""


def pointer(*steps: object) -> str:
    """The pointer of the steps from the root; empty for the whole document."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)
