"""The exceptions of the shell.

    ShellError                 base class; `str(error)` is the complete message
    ├── UsageError             the command line or a prompt command is wrong (exit 1)
    ├── ConfigurationError     a connection or a settings file is wrong (exit 1)
    ├── OutputNotWritten       a result could not be written to standard output or standard error (exit 3)
    ├── JournalDisagrees       the journal of a run and its script, data or account do not fit together (exit 6)
    └── TransportError         no readable response
        ├── NotSent            the request was not sent: nothing was changed
        │   └── RunStopped     it was not executed because its run was stopped
        ├── NoAnswer           a read was sent and got no readable response: nothing was changed
        └── OutcomeUnknown     a write was sent and may have taken effect: check before sending it again (exit 5)

A problem of the *text* is a `diagnostics.Diagnostic`, and an error response of Stripe is a `wire.Response`; neither is
raised.
"""

from __future__ import annotations


class ShellError(Exception):
    """The base class: `str(error)` says in one or two sentences what is wrong and what to do, without secrets."""


class UsageError(ShellError):
    """The error for a command line or a prompt command that cannot be understood."""


class ConfigurationError(ShellError):
    """The error for a connection or a settings file that cannot be used."""


class OutputNotWritten(ShellError):
    """The error for a result that standard output or standard error does not take, such as on a full disk."""


class JournalDisagrees(ShellError):
    """The error for a run whose script, data or account no longer fit what its journal says took effect."""


class TransportError(ShellError):
    """The error for a request without a readable response.

    `attempts` is how often it was tried; `lasting`: another attempt would fail the same way.
    """

    def __init__(self, message: str, *, attempts: int = 1, lasting: bool = True) -> None:
        super().__init__(message)
        self.attempts = attempts
        self.lasting = lasting


class NotSent(TransportError):
    """The error for a request that was not sent, so that nothing was changed."""


class RunStopped(NotSent):
    """The error for a request that was not executed because its run was stopped."""


class NoAnswer(TransportError):
    """The error for a read that was sent and got no readable response. Reads change nothing and can be repeated."""


class OutcomeUnknown(TransportError):
    """The error for a write that was sent and got no readable response: it may or may not have taken effect."""
