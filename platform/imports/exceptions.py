"""Why a file cannot be imported, or not to its end."""


class ImportRefused(Exception):
    """The file is unreadable, of an unknown format or of another shape; or the options are wrong.

    The message says which, and what is allowed.
    """


class ImportStopped(Exception):
    """Something failed on the way that is not the file's fault; the message says what.

    What came in before stays, and a repeated import adds nothing twice.
    """


class ImportCancelled(Exception):
    """The job was cancelled, or is another worker's: whoever still works at it stops."""
