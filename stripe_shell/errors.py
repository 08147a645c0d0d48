"""The exceptions of the shell, one small tree.

    ShellError                 what a person can do something about; its text is the whole message
    ├── UsageError             the command line or a command at the prompt is wrong (exit 1)
    ├── ConfigurationError     a connection or a file of settings is wrong (exit 1)
    └── TransportError         no answer that can be read
        ├── NotSent            the request never left: nothing happened
        ├── NoAnswer           a read was sent and brought no readable answer: nothing was changed
        └── OutcomeUnknown     it may have been carried out: look before you send it again (exit 5)

A problem of the *text* is never an exception but a `diagnostics.Diagnostic`; an error that Stripe answers is
never an exception but a `wire.Response`.
"""

from __future__ import annotations


class ShellError(Exception):
    """The root: `str(error)` says what is wrong and what to do, in one or two sentences, without secrets."""


class UsageError(ShellError):
    """The command line, or a command at the prompt, is not understood."""


class ConfigurationError(ShellError):
    """A connection or a settings file cannot be used."""


class TransportError(ShellError):
    """A request that brought no readable answer; `attempts` says how often it was tried."""

    def __init__(self, message: str, *, attempts: int = 1) -> None:
        super().__init__(message)
        self.attempts = attempts


class NotSent(TransportError):
    """The request was never sent, so nothing was changed."""


class NoAnswer(TransportError):
    """A read was sent and no answer came, or none that can be read. Reads change nothing: ask again."""


class OutcomeUnknown(TransportError):
    """A write was sent and no answer came, or none that can be read: it may or may not have taken effect."""
