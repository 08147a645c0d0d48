"""The environment in which a conversion reads a script: every variable is set, and no value is known."""

from __future__ import annotations

from collections.abc import Mapping

from stripe_shell.engine.values import Deferred


class AnyVariable(Mapping[str, str]):
    """An environment in which every variable is set, to a value that is not known yet."""

    def __getitem__(self, name: str) -> str:
        return Deferred(f"${{env:{name}}}")

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(())

    def __len__(self) -> int:
        return 0

    def __contains__(self, name: object) -> bool:
        return True
