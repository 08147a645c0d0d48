"""What each word after `@` means, in one line: for the menu and for `@help`."""

from __future__ import annotations

from collections.abc import Mapping

#: Directives of a block: usage and meaning.
BLOCK_WORDS: Mapping[str, tuple[str, str]] = {
    "as": ("NAME", "save the response under a name"),
    "expect": ("PATH OP VALUE", "assert something of the response"),
    "match": ("JSON", "the response contains this"),
    "fails": ("TYPE[/CODE]", "the call must fail so"),
    "may_fail": ("TYPE[/CODE]", "the call may fail so"),
    "when": ("VALUE OP VALUE", "skip the block unless this holds"),
    "retry": ("N every 2s until [all|any] PATH OP VALUE", "ask again until this holds"),
    "pages": ("all", "follow the pages of a list"),
    "out": ("FILE [fields=a,b.c]", "write the rows to a .csv, .json or .jsonl file"),
    "idempotency_key": ("TEXT", "send this idempotency key"),
    "timeout": ("10s", "wait no longer for this call"),
    "raw": ("KEY=VALUE", "send a parameter that the table does not know"),
    "teardown": ("", "run at the end, whatever happened"),
    "account": ("ID", "act for this connected account"),
    "version": ("VERSION", "use this version of the API"),
    "tags": ("A, B", "tags that select blocks"),
}

#: Directives outside of blocks.
TOP_WORDS: Mapping[str, tuple[str, str]] = {
    "let": ("NAME = VALUE", "a variable, used as ${NAME}"),
    "secret": ("NAME = VALUE", "a variable that is never shown or stored"),
    "include": ("FILE", "read a script here"),
    "foreach": ('ROW in "FILE.csv" key=COLUMN', "repeat for every row of a file, up to @end"),
    "end": ("", "end of @foreach"),
    "connection": ("NAME", "the connection of blocks that name none"),
    "account": ("ID", "act for this connected account from here on"),
    "version": ("VERSION", "use this version of the API from here on"),
    "spec": ("stripe", "ask for no more parameters than Stripe does"),
    "tags": ("A, B", "tags of the blocks from here on"),
}

#: The shell's own commands.
COMMAND_WORDS: Mapping[str, tuple[str, str]] = {
    "help": ("[ACTION] [ENTITY]", "what there is, and what a call takes"),
    "connect": ("[NAME]", "use another connection; without a name, list them"),
    "format": ("[NAME]", "how results look: table, json, jsonl, csv, yaml"),
    "save": ("FILE", "write what has passed in this session as a script"),
    "run": ("FILE", "run a script here"),
    "edit": ("", "open what was submitted last in an editor"),
    "watch": ("5s", "repeat the last read (not available yet)"),
    "curl": ("", "the last request as a curl command"),
    "vars": ("", "variables and saved responses"),
    "history": ("[N]", "what was typed at this connection"),
    "quit": ("", "leave (also exit, Ctrl-D)"),
}
