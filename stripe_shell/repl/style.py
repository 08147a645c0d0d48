"""The style of the prompt: one table of colours, readable on light and dark terminals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prompt_toolkit.styles import Style

#: The classes of what is drawn, with their styles.
RULES: Final = [
    ("prompt", "bold"),
    ("prompt.live", "bold fg:ansiwhite bg:ansired"),
    ("prompt.more", "fg:ansibrightblack"),
    ("bottom-toolbar", "noreverse fg:ansibrightblack"),
    ("bottom-toolbar.live", "bold fg:ansiwhite bg:ansired"),
    ("bottom-toolbar.missing", "fg:ansiyellow"),
    ("wrong", "underline fg:ansired"),
    ("pasted", "fg:ansibrightblack"),
    ("auto-suggestion", "fg:ansibrightblack"),
    ("completion-menu.required", "bold"),
    ("pygments.comment", "italic fg:ansibrightblack"),
    ("pygments.comment.single", "italic fg:ansibrightblack"),
    ("pygments.error", "underline fg:ansired"),
    ("pygments.keyword", "bold"),
    ("pygments.keyword.constant", "fg:ansicyan"),
    ("pygments.keyword.reserved", "fg:ansimagenta"),
    ("pygments.literal.number", "fg:ansicyan"),
    ("pygments.literal.string", "fg:ansigreen"),
    ("pygments.literal.string.double", "fg:ansigreen"),
    ("pygments.literal.string.escape", "fg:ansiyellow"),
    ("pygments.name.attribute", "fg:ansiblue"),
    ("pygments.name.builtin", "fg:ansimagenta"),
    ("pygments.name.class", "bold"),
    ("pygments.name.decorator", "fg:ansimagenta"),
    ("pygments.name.namespace", "bold fg:ansigreen"),
    ("pygments.name.tag", "fg:ansiblue"),
    ("pygments.name.variable", "fg:ansiyellow"),
]

STYLE = Style(RULES)


def style_of(theme: str, colors: Mapping[str, str]) -> Style:
    """Returns the style of a theme with colours of one's own; in `plain`, only what is live has one."""
    plain = [(name, style if name.endswith(".live") else _without_colors(style)) for name, style in RULES]
    return Style([*(plain if theme == "plain" else RULES), *colors.items()])


def _without_colors(style: str) -> str:
    return " ".join(word for word in style.split() if not word.startswith(("fg:", "bg:")))
