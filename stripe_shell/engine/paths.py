"""File paths of `@out` and uploads: checks that a part from data is a plain name in one folder."""

from __future__ import annotations

import os

from stripe_shell.diagnostics import Diagnostic
from stripe_shell.engine.evaluate import Evaluation, evaluate_text
from stripe_shell.engine.scope import Scope, comes_from_data, is_secret
from stripe_shell.engine.values import Deferred
from stripe_shell.escaping import file_name_problem, visible
from stripe_shell.files import lies_below
from stripe_shell.lang.ast import Block, Inserted, Output, Text, Value, references_of

#: Longer values are truncated in messages.
_LONGEST_SHOWN = 200


class DataPath(str):
    """A path with parts from data. The file must be in `folder`, which the script writes out, or below."""

    folder: str


def output_of(block: Block) -> Output | None:
    """Returns the argument of the block's `@out`."""
    return block.argument(Output)


def evaluate_output(output: Output, scope: Scope) -> Evaluation:
    """Evaluates the path of an `@out`, without expanding `~`.

    Reports E307 if a part from data is not a plain name, and E309 if a part is a secret: file names are shown to all.
    """
    evaluated = confine(output.file, evaluate_text(output.file, scope), scope)
    for part in output.file.inserted:
        if _holds_secret(part, scope):
            label = "names of files are not masked; take an id or a date"
            problem = Diagnostic(
                "E309", f"`{part.raw}` is a secret, and the file would be named after it", part.span, label=label
            )
            return Evaluation(evaluated.value, (*evaluated.problems, problem))
    return evaluated


def _holds_secret(part: Inserted, scope: Scope) -> bool:
    """Whether a part of a path is a secret by its name, or by its value."""
    if any(is_secret(reference, scope) for reference in references_of(part)):
        return True
    piece = evaluate_text(Value("bare", (part,), part.span), scope).value
    return isinstance(piece, str) and scope.masks.mask(piece) != piece


def confine(value: Value, evaluated: Evaluation, scope: Scope) -> Evaluation:
    """Returns the evaluated path: unchanged if the script writes it out, else a `DataPath`.

    Reports E307 for each part from data that is not a plain name, and for a link that leads outside the folder.
    """
    text, start = "", None
    problems: list[Diagnostic] = list(evaluated.problems)
    for part in () if problems else value.parts:
        if isinstance(part, Text):
            text += part.text
            continue
        piece = evaluate_text(Value("bare", (part,), part.span), scope).value
        if any(comes_from_data(reference, scope) for reference in references_of(part)):
            start = len(text) if start is None else start
            problems += [] if isinstance(piece, Deferred) else _check_piece(part, piece, text, scope)
        text += piece
    if problems or start is None or isinstance(evaluated.value, Deferred):
        return Evaluation(evaluated.value, tuple(problems))
    path = DataPath(text)
    path.folder = os.path.expanduser(os.path.dirname(text[:start])) or "."
    if lies_below(path.folder, os.path.expanduser(text)):
        return Evaluation(path)
    message = f"`{_shown(text, scope)}` leads out of `{os.path.dirname(text[:start]) or '.'}`"
    label = "its name comes from data, so no link is followed to another folder"
    return Evaluation(path, (Diagnostic("E307", message, value.span, label=label),))


def _check_piece(part: Inserted, piece: str, before: str, scope: Scope) -> list[Diagnostic]:
    why = _reason(piece, before)
    if not why:
        return []
    message = f"`{part.raw}` is `{_shown(piece, scope)}`: {why}" if piece else f"`{part.raw}` is empty"
    label = "a path takes a plain name from data; write its folder in the script"
    return [Diagnostic("E307", message, part.span, label=label)]


def _reason(piece: str, before: str) -> str:
    """Returns why the text is not a plain name in a path that begins with `before`; empty if it is one."""
    if before.startswith("~") and "/" not in before:
        return file_name_problem(piece) or "it names somebody's home"
    return file_name_problem(piece)


def _shown(text: str, scope: Scope) -> str:
    """Returns the text for a message: secrets masked, control characters escaped, truncated."""
    masked = scope.masks.mask(text)
    if len(masked) > _LONGEST_SHOWN:
        return f"… {len(masked)} characters …"
    return visible(masked)
