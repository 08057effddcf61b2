"""Exceptions whose messages are meant for the person at the keyboard."""


class UserError(ValueError):
    """A bad value, file or folder, told in one line: where, what was found, what is allowed.

    `digitsum.runs.cli` prints the message without a traceback and exits with status 1. Whatever
    else is raised is a defect of this package and keeps its traceback.
    """


class Stopped(SystemExit):
    """A training was told to stop, and has kept its checkpoint. No Exception: a sweep ends with it.

    Args:
        message: by what it was told, and where it was; `digitsum.runs.cli` adds how to go on.
        number: the signal's.
    """

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.number = number
