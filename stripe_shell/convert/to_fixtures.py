"""Converts a script to a fixture file of Stripe's command-line tool, as far as the format allows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from stripe_shell.convert.fixture_file import TEMPLATE_VERSION, lost
from stripe_shell.convert.plan import ConversionPlan, Origin, PlanStep
from stripe_shell.diagnostics import Diagnostic, Span
from stripe_shell.engine.encode import fill_path
from stripe_shell.records import field, record
from stripe_shell.wire import ExactFloat, ParamTree, form_text

#: The largest whole number that the tool keeps exact, since it reads numbers as floating point.
_EXACT = 2**53

_PLAIN_STEP = re.compile(r"[\w-]+")


@record
class ConvertedFixtures:
    """The converted text, and the problems and losses of the conversion."""

    text: str
    diagnostics: tuple[Diagnostic, ...] = ()


def fixtures_of(plan: ConversionPlan) -> ConvertedFixtures:
    """Returns the plan as JSON in the tool's format."""
    writing = _FixtureWriter(plan)
    entries = [writing.entry(step) for step in plan.steps]
    data = {"_meta": {"template_version": TEMPLATE_VERSION}, "fixtures": entries}
    return ConvertedFixtures(json.dumps(data, ensure_ascii=False, indent=2) + "\n", tuple(writing.problems))


@record
class _FixtureWriter:
    plan: ConversionPlan
    problems: list[Diagnostic] = field(default_factory=list)

    def entry(self, step: PlanStep) -> dict[str, Any]:
        """Returns one request of the fixture file."""
        call, operation = step.call, step.call.operation
        if operation.encoding == "multipart":
            self._refuse(step, "an upload")
        entry: dict[str, Any] = {"name": step.name}
        if step.fails is not None:
            entry["expected_error_type"] = self._failure(step)
        path = "".join(self._piece(piece, step) for piece in self.plan.pieces(fill_path(call)))
        entry |= {"path": path, "method": operation.method.lower()}
        as_json = operation.version == "v2" and operation.method == "POST"
        params = {key: self._tree(value, step, as_json=as_json) for key, value in call.params.items()}
        if params:
            entry["params"] = params
        headers = {
            name: self._text(value, step)
            for name, value in (("Stripe-Version", call.version), ("Stripe-Account", call.account))
            if value
        }
        if headers:
            entry["headers"] = headers
        if operation.host == "meter-events":
            entry["api_base"] = "https://meter-events.stripe.com"
        elif operation.host != "api":
            self._refuse(step, f"a call to {operation.host}.stripe.com")
        if call.idempotency_key:
            entry["idempotency_key"] = self._text(call.idempotency_key, step)
        if call.timeout_ms is not None:
            self.problems.append(lost("`@timeout` is the tool's own", step.block.connection_span))
        return entry

    def _failure(self, step: PlanStep) -> str:
        fails = step.fails
        if fails is None or fails.type == "*":
            self._refuse(step, "a failure of any type")
            return ""
        if fails.code is not None:
            self.problems.append(lost(f"the code `{fails.code}` is not compared", fails.span, "its type is"))
        if not step.may_pass:
            self.problems.append(lost("the tool is content too when the call succeeds", fails.span, "its type is kept"))
        return fails.type

    def _tree(self, value: ParamTree, step: PlanStep, *, as_json: bool, in_list: bool = False) -> Any:
        """Returns a parameter in the form that makes the tool send the same value as the language."""
        if isinstance(value, Mapping) and value:
            return {key: self._tree(inner, step, as_json=as_json) for key, inner in value.items()}
        if isinstance(value, list) and value:
            if as_json:
                return [self._tree(inner, step, as_json=True, in_list=True) for inner in value]
            return self._list(value, step)
        if isinstance(value, str):
            return self._text(value, step)
        if as_json:
            return self._json_number(value, step)
        whole = isinstance(value, int) and abs(value) <= _EXACT
        # The tool drops numbers, booleans and null inside arrays, drops null anywhere, and rounds large numbers.
        return value if whole and not in_list else form_text(value)

    def _list(self, value: list[ParamTree], step: PlanStep) -> Any:
        """Returns an array of scalars unchanged, others as a numbered dict, since the tool drops objects in arrays."""
        if not any(isinstance(inner, Mapping | list) for inner in value):
            return [self._tree(inner, step, as_json=False, in_list=True) for inner in value]
        return {str(index): self._tree(inner, step, as_json=False) for index, inner in enumerate(value)}

    def _json_number(self, value: ParamTree, step: PlanStep) -> Any:
        if isinstance(value, int) and abs(value) > _EXACT:
            self._refuse(step, f"{value}, which the tool would round")
        return float(value) if isinstance(value, ExactFloat) else value

    # --- references -----------------------------------------------------------------------------------------

    def _text(self, text: str, step: PlanStep) -> str:
        """Returns a text with its reference in the tool's syntax, which allows one per text; otherwise reports E601."""
        pieces = list(self.plan.pieces(text))
        origins = [piece for piece in pieces if isinstance(piece, Origin)]
        if len(origins) > 1:
            self._refuse(step, "a text with two references, of which it would fill one")
        elif origins and len(pieces) > 1 and origins[0].kind != "variable":
            self._refuse(step, "a reference within a text, which would be lost")
        return "".join(self._piece(piece, step) for piece in pieces)

    def _piece(self, piece: str | Origin, step: PlanStep) -> str:
        if isinstance(piece, str):
            return piece
        match piece.kind:
            case "uuid":
                return "${generate-uuid}"
            case "now":
                self._refuse(step, "`${now}` as epoch seconds")
                return ""
            case "variable":
                return f"${{.env:{piece.name}{self._default(piece, step)}}}"
            case _:
                path = ".".join(self._steps(piece, step))
                return f"${{{self.plan.steps[piece.step].name}:{path}{self._default(piece, step)}}}"

    def _steps(self, origin: Origin, step: PlanStep) -> Iterator[str]:
        for part in map(str, origin.path):
            if not _PLAIN_STEP.fullmatch(part.replace(".", "")):
                self._refuse(step, f"the name `{part}` in a reference")
            yield part.replace(".", "\\.")

    def _default(self, origin: Origin, step: PlanStep) -> str:
        if not origin.default:
            return ""
        if re.search(r"[/}\n]", origin.default):
            self._refuse(step, f"the default `{origin.default}`")
        return f"|{origin.default}"

    def _refuse(self, step: PlanStep, what: str) -> None:
        label = f"{step.place} cannot be converted"
        span: Span = step.block.connection_span
        self.problems.append(Diagnostic("E601", f"the fixture format does not know {what}", span, label=label))
