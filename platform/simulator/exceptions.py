"""What can go wrong in the simulator. Every message says what to do next."""


class SimulatorError(Exception):
    """The base of this package's errors."""


class CatalogueError(SimulatorError):
    """The people and items a world is made of cannot be read."""


class Unreachable(CatalogueError):
    """The package registry that holds MovieLens does not answer."""


class Refused(SimulatorError):
    """The API refused a request as wrong (4xx). Sending it again would be refused again."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"The API refused a request with {status}: {detail}")
        self.status = status


class Unavailable(SimulatorError):
    """The API did not accept a request for as long as the client is patient."""
