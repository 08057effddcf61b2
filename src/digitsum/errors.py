"""The one exception whose message is meant for the person at the keyboard."""


class UserError(ValueError):
    """A bad value, file or folder, told in one line: where, what was found, what is allowed.

    `digitsum.runs.cli` prints the message without a traceback and exits with status 1. Whatever
    else is raised is a defect of this package and keeps its traceback.
    """
