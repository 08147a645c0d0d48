"""The door to the prompt."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stripe_shell.connections import Connections
    from stripe_shell.engine.interpreter import Engine
    from stripe_shell.engine.scope import Scope
    from stripe_shell.repl.session import Screen


def run_prompt(
    engine: Engine,
    scope: Scope,
    connections: Connections,
    screen: Screen,
    *,
    format_name: str | None = None,
    clock: Callable[[], float] = time.time,
) -> int:
    """Read and run until the person leaves; 0 then. Nothing that fails ends it."""
    import gc

    gc.disable()  # until the first prompt stands there is nothing to throw away, and looking for it takes its time
    from stripe_shell.repl.prompt import Prompt
    from stripe_shell.repl.session import Session

    return Prompt(Session(engine, scope, connections, screen, format=format_name), clock).run()
