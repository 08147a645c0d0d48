"""The steps of a script as its journal knows them: an id, a hash of what each asks for, and what is kept of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from stripe_shell.batch.captures import Wanted, wanted_paths
from stripe_shell.engine.check.script import walk
from stripe_shell.engine.foreach import header
from stripe_shell.engine.idempotency_keys import count_steps, loop_id, step_id
from stripe_shell.engine.resolver import Resolver
from stripe_shell.engine.scope import FoundValue, Scope, look_up, plain_text
from stripe_shell.lang.ast import Block, Loop, Reference, ScriptItem
from stripe_shell.lang.visit import nodes_in
from stripe_shell.records import record


@record
class StepEntry:
    """A step: its name in messages, a hash of what it asks for as written, and the paths kept of its response."""

    name: str
    template: str
    wanted: Wanted

    def as_json(self) -> dict[str, Any]:
        """Returns the entry as the journal stores it."""
        return {"n": self.name, "h": self.template, "k": self.wanted}


def short_id(text: str) -> str:
    """Returns a digest of a step's id: 10 hexadecimal digits."""
    return sha256(text.encode(errors="surrogatepass")).hexdigest()[:10]


def steps_table(items: Sequence[ScriptItem], scope: Scope, resolver: Resolver, root: str) -> dict[str, StepEntry]:
    """Returns the steps of a script by short id."""
    table = _Table(resolver, root, wanted_paths(items))
    return {short_id(step): entry for step, entry in table.entries(items, scope, Counter())}


@record
class _Table:
    """The steps of a script while they are gathered."""

    resolver: Resolver
    root: str
    wanted: dict[int, Wanted]

    def entries(self, items: Sequence[ScriptItem], scope: Scope, seen: Counter[str]) -> Iterator[tuple[str, StepEntry]]:
        """Yields the id and the entry of every step. Mutates `seen`."""
        for item, inner in walk(items, self.resolver, scope):
            if isinstance(item, Block):
                name = " ".join(plain_text(param.value) for param in item.words)
                place = f"{name} (line {item.span.location()[0]})"
                yield step_id(item, seen, self.root), StepEntry(place, _template(item, inner), self.wanted[id(item)])
            elif isinstance(item, Loop):
                loop_id(item, seen)
                body = inner.with_deferred(header(item).name)
                yield from self.entries(item.items, body, Counter(seen))
                count_steps(item, seen, self.root)


def _template(block: Block, scope: Scope) -> str:
    """Returns a hash of the parameters as written, and of the values of variables and of the environment in them."""
    texts = sorted(f"{'.'.join(param.key.path)}={plain_text(param.value)}" for param in block.params)
    for reference in nodes_in(block.params, Reference):
        found = look_up(reference, scope) if _is_settled(reference, scope) else None
        texts += [f"{reference.raw}={found.value!r}"] if isinstance(found, FoundValue) else []
    return short_id("\0".join((str(scope.settings.account), *texts)))


def _is_settled(reference: Reference, scope: Scope) -> bool:
    """Whether the value is that of a variable or of the environment, which another run may have with another value."""
    return reference.namespace == "env" or reference.name in scope.variables
