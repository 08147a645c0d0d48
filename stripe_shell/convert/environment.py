"""The environment of a conversion: every variable is set, to an unknown value."""

from __future__ import annotations

from collections.abc import Mapping

from stripe_shell.engine.values import Deferred


class AnyVariable(Mapping[str, str]):
    """A mapping in which every environment variable is set, to a value that is not known yet."""

    def __getitem__(self, name: str) -> str:
        return Deferred(f"${{env:{name}}}")

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(())

    def __len__(self) -> int:
        return 0

    def __contains__(self, name: object) -> bool:
        return True
