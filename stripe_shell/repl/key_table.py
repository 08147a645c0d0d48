"""The keys of the prompt: one table for `@help keys` and docs/prompt.md, which the tests compare with the bindings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stripe_shell.records import record


@record
class PromptKey:
    """A key, or several with the same effect: `label` is their display name, `sequences` are those of the terminal.

    A sequence lists prompt_toolkit's names of keys, separated by blanks. `vi`: it is bound in vi mode, too, which has
    its own keys for editing a line.
    """

    label: str
    meaning: str
    sequences: tuple[str, ...]
    vi: bool = True


KEYS: Mapping[str, tuple[PromptKey, ...]] = {
    "Running": (
        PromptKey("Enter", "run one complete line from anywhere in it, or a block on its last, empty line", ("enter",)),
        PromptKey("Alt-Enter", "begin a new line here, whatever stands there (also Esc, Enter)", ("escape enter",)),
        PromptKey("Ctrl-C", "drop the text; while a call runs, stop waiting", ("c-c",)),
        PromptKey("Ctrl-D", "leave, on an empty line", ("c-d",)),
        PromptKey("Ctrl-Z", "suspend the shell", ("c-z",)),
    ),
    "Completing": (
        PromptKey("Tab, Ctrl-N", "enter the menu; then the next item", ("tab", "c-n")),
        PromptKey("Shift-Tab, Ctrl-P", "the item before it", ("s-tab", "c-p")),
        PromptKey("Ctrl-Space", "open and enter the menu, choosing nothing yet", ("c-@",)),
        PromptKey("Up, Down", "in a menu that was entered: the item above, below", ("up", "down")),
        PromptKey("Enter", "take the highlighted item; nothing is run", ("enter",)),
        PromptKey("Esc", "close the menu and put the text back", ("escape",)),
        PromptKey("Right, Ctrl-F, Ctrl-E", "take the grey suggestion", ("right", "c-f", "c-e"), vi=False),
        PromptKey("Alt-F", "take one word of the grey suggestion", ("escape f",), vi=False),
    ),
    "History": (
        PromptKey("Up, Down", "the line above, below; from the first, last line an older, newer entry", ("up", "down")),
        PromptKey("PageUp, PageDown", "an older, newer entry from any line", ("pageup", "pagedown")),
        PromptKey("Ctrl-R, Ctrl-S", "search backwards, forwards; again for the next hit", ("c-r", "c-s"), vi=False),
        PromptKey("Esc, Ctrl-G", "while searching: end the search and put the text back", ("escape", "c-g")),
        PromptKey("Alt-.", "the last word of the entry before", ("escape .",), vi=False),
    ),
    "Help": (
        PromptKey("F1", "what the word under the cursor means", ("f1",)),
        PromptKey("F3", "the field under the cursor: type, meaning, and what it stands in; again: close", ("f3",)),
    ),
    "Editing": (
        PromptKey("Ctrl-X Ctrl-E", "open what is being written in $EDITOR", ("c-x c-e",)),
        PromptKey("Left, Right", "a character back, forward", ("left", "right")),
        PromptKey("Alt-B, Alt-F", "a word back, forward", ("escape b", "escape f"), vi=False),
        PromptKey("Home, End", "the beginning, the end of the line", ("home", "end")),
        PromptKey("Ctrl-A, Ctrl-E", "the same", ("c-a", "c-e"), vi=False),
        PromptKey("Backspace, Delete", "delete the character before, at the cursor", ("backspace", "delete")),
        PromptKey("Ctrl-W, Alt-D", "delete the word before, behind the cursor", ("c-w", "escape d"), vi=False),
        PromptKey("Ctrl-U, Ctrl-K", "delete the line before, behind the cursor", ("c-u", "c-k"), vi=False),
        PromptKey("Ctrl-Y", "insert what was deleted last", ("c-y",), vi=False),
        PromptKey("Ctrl-_", "undo", ("c-_",), vi=False),
        PromptKey("Ctrl-L", "clear the screen", ("c-l",)),
    ),
}  # fmt: skip


def key_lines() -> Iterator[str]:
    """Yields the lines of `@help keys`."""
    width = max(len(key.label) for keys in KEYS.values() for key in keys)
    for title, keys in KEYS.items():
        yield title
        for key in keys:
            yield f"  {key.label:<{width}}  {key.meaning}"


def key_page() -> str:
    """Returns the section of docs/prompt.md about the keys."""
    parts = []
    for title, keys in KEYS.items():
        rows = "\n".join(f"| {key.label} | {key.meaning} |" for key in keys)
        parts.append(f"| {title} | |\n|---|---|\n{rows}\n")
    return "\n".join(parts)
