"""Why a file cannot be imported at all."""


class ImportRefused(Exception):
    """The file is unreadable, of an unknown format or of another shape; or the options are wrong.

    The message says which, and what is allowed.
    """
