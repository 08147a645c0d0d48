"""Converts a script to a Python program that makes the same calls with Stripe's library."""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from stripe_shell.convert.fixture_file import lost
from stripe_shell.convert.plan import TOKEN, ConversionPlan, Origin, PlanStep, json_call
from stripe_shell.convert.sdk import method_of
from stripe_shell.convert.to_fixtures import ConvertedFixtures
from stripe_shell.diagnostics import Diagnostic
from stripe_shell.engine.encode import fill_path
from stripe_shell.escaping import comment, docstring, python_literal
from stripe_shell.records import field, record
from stripe_shell.spec.validate import typed
from stripe_shell.wire import ExactFloat, ParamTree, form_text

#: Characters that need no encoding in a path.
_PATH = "/%:@!$&'()*+,;=~"

#: The most characters in a line of a call.
_WIDTH = 100

#: Names that the program defines itself.
_TAKEN = ("client", "expect_failure", "value_at", "contextmanager", "os", "quote", "stripe", "time", "uuid", "now")

_HEAD = '''\
"""Converted from {name} by stripe-shell.

Needs the package `stripe`, and the key in STRIPE_API_KEY. STRIPE_API_BASE leads to another server, e.g.
http://127.0.0.1:12111.
"""

{imports}

client = stripe.StripeClient(
    os.environ["STRIPE_API_KEY"],
    stripe_version={version},
    base_addresses={{"api": os.environ.get("STRIPE_API_BASE", "https://api.stripe.com")}},
)
'''
_NOW = "now = int(time.time())\n"
_VALUE_AT = '''

def value_at(answer, path, default):
    """What stands in an answer at a path, or the default."""
    for step in path:
        try:
            answer = answer[step]
        except (KeyError, IndexError, TypeError):
            return default
    return default if answer is None else answer
'''
_EXPECT_FAILURE = '''

@contextmanager
def expect_failure(kind, code=None, *, optional=False):
    """The call inside must fail like this; if it is optional, it may succeed as well."""
    try:
        yield
    except stripe.StripeError as failure:
        error = (failure.json_body or {}).get("error", {})
        if kind not in (None, error.get("type")) or code not in (None, error.get("code"), error.get("decline_code")):
            raise
        print("failed as expected:", failure)
    else:
        if not optional:
            raise SystemExit(f"the call succeeded, {kind or 'a failure'} was expected")
'''


def python_of(plan: ConversionPlan, name: str, version: str) -> ConvertedFixtures:
    """Returns the plan as a program. `version` is the API version of its requests."""
    writing = _PythonWriter(plan)
    drawn = plan.needed("uuid")
    blocks = (writing.block(index, step, drawn=index in drawn) for index, step in enumerate(plan.steps))
    body = "\n".join(line for block in blocks for line in block)
    helpers = "".join(text for text in (_VALUE_AT, _EXPECT_FAILURE) if text in writing.helpers)
    now = _NOW if any(origin.kind == "now" for origin in plan.origins.values()) else ""
    imports = "\n".join(_imports(body, now, helpers))
    head = _HEAD.format(name=docstring(name), imports=imports, version=python_literal(version))
    gap = "\n" if helpers else ""
    return ConvertedFixtures(f"{head}{now}{helpers}{gap}{body}\n", tuple(writing.problems))


def _imports(body: str, now: str, helpers: str) -> Iterator[str]:
    yield "import os"
    if now:
        yield "import time"
    if "uuid.uuid4()" in body:
        yield "import uuid"
    if _EXPECT_FAILURE in helpers:
        yield "from contextlib import contextmanager"
    if "quote(" in body:
        yield "from urllib.parse import quote"
    yield ""
    yield "import stripe"


@record
class _PythonWriter:
    plan: ConversionPlan
    helpers: set[str] = field(default_factory=set)
    problems: list[Diagnostic] = field(default_factory=list)

    def block(self, index: int, step: PlanStep, *, drawn: bool) -> Iterator[str]:
        """Yields the lines of one call; `drawn`: it needs a UUID."""
        yield ""
        yield from (f"# {comment(text)}".rstrip() for text in step.comments)
        yield f"# {comment(step.place)}"
        if drawn:
            yield f"{_uuid_name(index)} = str(uuid.uuid4())"
        if step.call.timeout_ms is not None:
            self.problems.append(lost("`@timeout` is the library's own", step.block.connection_span))
        call = self._call(step)
        name = _variable_name(step)
        if step.fails is None:
            yield f"{name} = {call}"
            yield f"print({name})"
            return
        self.helpers.add(_EXPECT_FAILURE)
        yield f"with expect_failure({self._failure(step)}):"
        yield "    " + f"{name} = {call}\nprint({name})".replace("\n", "\n    ")

    def _failure(self, step: PlanStep) -> str:
        fails = step.fails
        kind = None if fails is None or fails.type == "*" else fails.type
        code = None if fails is None or fails.code == "*" else fails.code
        words = ["None" if kind is None else python_literal(kind), *([python_literal(code)] if code else [])]
        return ", ".join((*words, *(["optional=True"] if step.may_pass else [])))

    # --- the call -------------------------------------------------------------------------------------------

    def _call(self, step: PlanStep) -> str:
        operation = step.call.operation
        params = self._params(step)
        method = method_of(operation) if operation.encoding != "multipart" else None
        if operation.encoding == "multipart":
            label = "use `client.v1.files.create`"
            self.problems.append(Diagnostic("E601", "an upload", step.block.connection_span, label=label))
        if method is None:
            return self._raw_call(step, params)
        arguments = [self._expression(step.call.path_params[name]) for name in operation.path_params]
        if params:
            arguments.append(_spelled(params, self._expression))
        options = self._options(step)
        if options:
            arguments.append(f"options={_spelled(options, self._expression)}")
        return _folded(f"client.{method}", arguments)

    def _raw_call(self, step: PlanStep, params: Mapping[str, ParamTree]) -> str:
        """Returns a call of the library's `raw_request`, for an operation without a method."""
        operation = step.call.operation
        arguments = [python_literal(operation.method.lower()), self._path(fill_path(step.call))]
        arguments += [f"{name}={self._expression(value)}" for name, value in self._options(step).items()]
        if operation.host != "api":
            arguments.append(f"base={python_literal(operation.host.replace('-', '_'))}")
        if params:
            arguments.append(f"**{_spelled(params, self._expression)}")
        raw = _folded("client.raw_request", arguments)
        return f"client.deserialize({raw}, api_mode={python_literal(operation.version.upper())})"

    def _path(self, path: str) -> str:
        """Returns a path as Python, with values of responses percent-encoded within their segments."""
        pieces = [
            f"quote({self._origin(piece)}, safe='')"
            if isinstance(piece, Origin)
            else python_literal(quote(piece, safe=_PATH))
            for piece in self.plan.pieces(path)
        ]
        return " + ".join(pieces)

    def _options(self, step: PlanStep) -> dict[str, str]:
        call = step.call
        found = {
            "stripe_version": call.version,
            "stripe_account": call.account,
            "idempotency_key": call.idempotency_key,
        }
        return {name: value for name, value in found.items() if value}

    def _params(self, step: PlanStep) -> dict[str, Any]:
        operation = step.call.operation
        if operation.encoding != "json":
            return {key: _form_value(value) for key, value in step.call.params.items()}
        tree = typed(json_call(step.call).params, operation.params)
        return {key: _json_value(value) for key, value in tree.items()}

    # --- expressions ----------------------------------------------------------------------------------------

    def _expression(self, text: str) -> str:
        """Returns a text with its references as a Python expression."""
        pieces = list(self.plan.pieces(text))
        if len(pieces) == 1 and isinstance(pieces[0], Origin):
            marked = TOKEN.fullmatch(text)
            expression = self._origin(pieces[0])
            may_be_a_number = marked is not None and marked[2] and pieces[0].path != ("id",)
            return f"str({expression})" if may_be_a_number else expression
        if all(isinstance(piece, str) for piece in pieces):
            return python_literal(text)
        inner = "".join(self._in_f_string(piece) for piece in pieces)
        if any("\\" in self._in_f_string(piece) for piece in pieces if isinstance(piece, Origin)):
            # Python before 3.12 allows no backslash in an f-string expression.
            return self._joined(pieces)
        return f'f"{inner}"'

    def _joined(self, pieces: list[str | Origin]) -> str:
        words = [self._origin(piece) if isinstance(piece, Origin) else python_literal(piece) for piece in pieces]
        return f'"".join(map(str, [{", ".join(words)}]))'

    def _in_f_string(self, piece: str | Origin) -> str:
        if isinstance(piece, Origin):
            return "{" + self._origin(piece, mark="'") + "}"
        return python_literal(piece)[1:-1].replace("{", "{{").replace("}", "}}")

    def _origin(self, origin: Origin, mark: str = '"') -> str:
        def spelled(text: str) -> str:
            return python_literal(text) if mark == '"' else repr(text)

        if origin.kind == "now":
            return "now"
        if origin.kind == "uuid":
            return _uuid_name(origin.step)
        if origin.kind == "variable":
            name = spelled(origin.name)
            if origin.default is None:
                return f"os.environ[{name}]"
            return f"os.environ.get({name}, {spelled(origin.default)})"
        answer = _variable_name(self.plan.steps[origin.step])
        steps = [str(step) if isinstance(step, int) else spelled(step) for step in origin.path]
        if origin.default is not None:
            self.helpers.add(_VALUE_AT)
            return f"value_at({answer}, [{', '.join(steps)}], {spelled(origin.default)})"
        if origin.path == ("id",):
            return f"{answer}.id"
        return answer + "".join(f"[{step}]" for step in steps)


def _variable_name(step: PlanStep) -> str:
    """Returns the variable of a response: its name, or `name_` if the program uses that name otherwise."""
    return f"{step.name}_" if step.name in _TAKEN or keyword.iskeyword(step.name) else step.name


def _uuid_name(index: int) -> str:
    return f"uuid_{index + 1}"


# --- values -------------------------------------------------------------------------------------------------


def _form_value(value: ParamTree, *, in_list: bool = False) -> Any:
    """Converts a value so that the library sends the same form: it drops None and writes `True` in lists."""
    if isinstance(value, Mapping) and value:
        return {key: _form_value(inner) for key, inner in value.items()}
    if isinstance(value, list) and value:
        return [_form_value(inner, in_list=True) for inner in value]
    if isinstance(value, bool):
        return form_text(value) if in_list else value
    return value if isinstance(value, int) else form_text(value)


def _json_value(value: ParamTree) -> Any:
    """Converts a value for a JSON body, where null, not an empty text, unsets a field."""
    if isinstance(value, Mapping):
        return {key: _json_value(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_json_value(inner) for inner in value]
    return None if value == "" else value


def _spelled(value: Any, expression: Any, indent: str = "") -> str:
    """Formats a value as Python: on one line if short, else one member per line."""
    if isinstance(value, Mapping) and value:
        items = [
            f"{python_literal(key)}: {_spelled(inner, expression, indent + '    ')}" for key, inner in value.items()
        ]
        return _bracketed("{", items, "}", indent)
    if isinstance(value, list) and value:
        return _bracketed("[", [_spelled(inner, expression, indent + "    ") for inner in value], "]", indent)
    if isinstance(value, str):
        return str(expression(value))
    return repr(float(value)) if isinstance(value, ExactFloat) else repr(value)


def _bracketed(opening: str, items: list[str], closing: str, indent: str) -> str:
    line = f"{opening}{', '.join(items)}{closing}"
    if len(line) + len(indent) <= _WIDTH - 20 and "\n" not in line:
        return line
    inner = "".join(f"{indent}    {item},\n" for item in items)
    return f"{opening}\n{inner}{indent}{closing}"


def _folded(function: str, arguments: list[str]) -> str:
    """Formats a call: its arguments on one line, or one per line."""
    line = f"{function}({', '.join(arguments)})"
    if len(line) <= _WIDTH and "\n" not in line:
        return line
    if len(arguments) == 1:
        return line
    inner = "".join(f"    {argument.replace(chr(10), chr(10) + '    ')},\n" for argument in arguments)
    return f"{function}(\n{inner})"
