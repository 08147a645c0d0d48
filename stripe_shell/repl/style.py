"""The style of the prompt: one table of colours, readable on light and dark terminals."""

from __future__ import annotations

from prompt_toolkit.styles import Style

STYLE = Style(
    [
        ("prompt", "bold"),
        ("prompt.live", "bold fg:ansiwhite bg:ansired"),
        ("prompt.more", "fg:ansibrightblack"),
        ("bottom-toolbar", "noreverse fg:ansibrightblack"),
        ("bottom-toolbar.live", "bold fg:ansiwhite bg:ansired"),
        ("bottom-toolbar.missing", "fg:ansiyellow"),
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
)
