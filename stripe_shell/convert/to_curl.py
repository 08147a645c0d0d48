"""Converts a script to a shell script: one `curl` command per block; `jq` reads values from earlier responses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Literal
from urllib.parse import quote

from stripe_shell.convert.plan import ConversionPlan, Origin, PlanStep, json_call
from stripe_shell.convert.references import free_name
from stripe_shell.convert.to_fixtures import ConvertedFixtures
from stripe_shell.diagnostics import Diagnostic
from stripe_shell.engine.encode import encode
from stripe_shell.escaping import comment, shell_word
from stripe_shell.records import field, record
from stripe_shell.wire import Request

#: The form in which a value is inserted: percent-encoded, as JSON, inside a JSON string, or unchanged.
Form = Literal["uri", "json", "jsontext", "text"]

#: The jq filter for each form.
_FILTERS: dict[Form, str] = {
    "uri": "tostring | @uri",
    "json": "tojson",
    "jsontext": "tostring | tojson | .[1:-1]",
    "text": "tostring",
}

#: The environment variable with the base URL of each host, and its default.
_HOSTS = {
    "api": ("STRIPE_API_BASE", "https://api.stripe.com"),
    "files": ("STRIPE_FILES_BASE", "https://files.stripe.com"),
    "meter-events": ("STRIPE_METER_EVENTS_BASE", "https://meter-events.stripe.com"),
}

_HEAD = """\
#!/bin/sh
# Converted from {name} by stripe-shell. Needs {tools}, and the key in STRIPE_API_KEY.
# STRIPE_API_BASE leads to another server, e.g. http://127.0.0.1:12111.
set -eu
: "${{STRIPE_API_KEY:?is not set}}"
"""
_FIELD = """\

# field ANSWER PATH FILTER [DEFAULT]: what stands in an answer at a path; without it and a default, the script stops.
field() {
  printf '%s' "$1" | jq -er --arg path "$2" --arg default "${4-}" --argjson given "$(($# - 3))" \\
    "$2 | if . != null then . elif \\$given == 1 then \\$default else error(\\"no value at \\" + \\$path) end | $3"
}
"""
_WRITTEN = """\

# written TEXT FILTER: a text as a request needs it.
written() {
  jq -rn --arg text "$1" "\\$text | $2"
}
"""
_FAILS = """\

# fails ANSWER TYPE CODE MAY_PASS: stops the script unless the answer is that error; `*` is any.
fails() {
  printf '%s' "$1" | jq -e --arg type "$2" --arg code "$3" --arg may_pass "$4" '
    if .error == null then $may_pass == "yes"
    else ($type == "*" or .error.type == $type)
      and ($code == "*" or .error.code == $code or .error.decline_code == $code) end' >/dev/null || {
    printf 'expected %s/%s, not: %s\\n' "$2" "$3" "$1" >&2
    exit 1
  }
}
"""


def curl_of(plan: ConversionPlan, name: str, version: str) -> ConvertedFixtures:
    """Returns the plan as a script for a POSIX shell. `version` is the API version of its requests."""
    writing = _CurlWriter(plan, version)
    needed = plan.needed("answer")
    blocks = [line for index, step in enumerate(plan.steps) for line in writing.block(step, kept=index in needed)]
    body = "\n".join(blocks)
    tools = ["curl", *(["jq"] if writing.helpers else []), *(["uuidgen"] if "uuidgen" in body else [])]
    helpers = "".join(text for text in (_FIELD, _WRITTEN, _FAILS) if text in writing.helpers)
    now = "now=$(date +%s)\n" if any(origin.kind == "now" for origin in plan.origins.values()) else ""
    head = _HEAD.format(name=comment(name), tools=_listed(tools))
    return ConvertedFixtures(f"{head}{now}{helpers}{body}\n", tuple(writing.problems))


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


@record
class _CurlWriter:
    """Writes the script. `variables` maps values to the shell variables that hold them."""

    plan: ConversionPlan
    version: str
    variables: dict[tuple[Origin, Form], str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    helpers: set[str] = field(default_factory=set)
    problems: list[Diagnostic] = field(default_factory=list)

    def block(self, step: PlanStep, *, kept: bool) -> Iterator[str]:
        """Yields the lines of one call: variables from earlier responses, then the command."""
        as_json = step.call.operation.encoding == "json"
        request = encode(json_call(step.call) if as_json else step.call, version=self.version)
        if step.call.operation.encoding == "multipart":
            label = "only text can be sent"
            self.problems.append(Diagnostic("E601", "an upload", step.block.connection_span, label=label))
        before = len(self.variables)
        command = list(self._command(step, request))
        fresh = list(islice(self.variables.items(), before, None))
        yield ""
        yield from (f"# {comment(text)}".rstrip() for text in step.comments)
        yield f"# {comment(step.place)}"
        yield from (f"{variable}={self._content(origin, form)}" for (origin, form), variable in fresh)
        yield from self._answer(step, " \\\n  ".join(command), kept=kept)

    def _answer(self, step: PlanStep, command: str, *, kept: bool) -> Iterator[str]:
        """Returns the command; saves its response if a later call needs it."""
        if not kept and step.fails is None:
            yield command
            yield "echo"
            return
        name = f"{step.name}_answer"
        complain = f" || {{ printf '%s\\n' \"${name}\" >&2; exit 1; }}" if step.fails is None else ""
        yield f"{name}=$({command}){complain}"
        yield f"printf '%s\\n' \"${name}\""
        if step.fails is not None:
            self.helpers.add(_FAILS)
            words = (step.fails.type, step.fails.code or "*", "yes" if step.may_pass else "no")
            yield f'fails "${name}" {" ".join(map(shell_word, words))}'

    # --- the command ----------------------------------------------------------------------------------------

    def _command(self, step: PlanStep, request: Request) -> Iterator[str]:
        fail = "" if step.fails is not None else "--fail-with-body "
        variable, address = _HOSTS[request.host]
        path = "".join(self._shell(piece, "uri") for piece in _quoted_path(self.plan, request.path))
        query = self._mixed(f"?{request.query}", "uri") if request.query else ""
        url = f'"${{{variable}:-{address}}}"{path}{query}'
        # --globoff: brackets in the query belong to Stripe's syntax; curl would expand them.
        yield f"curl --silent --show-error --globoff {fail}-X {request.method} {url}"
        yield '-H "Authorization: Bearer $STRIPE_API_KEY"'
        if step.call.idempotency_key:
            yield f"-H {self._mixed(f'Idempotency-Key: {step.call.idempotency_key}', 'text')}"
        for name, value in request.headers.items():
            yield f"-H {self._mixed(f'{name}: {value}', 'text')}"
        if request.timeout_ms is not None:
            yield f"--max-time {request.timeout_ms / 1000:g}"
        yield from self._body(request)

    def _body(self, request: Request) -> Iterator[str]:
        text = request.body.decode(errors="surrogateescape")
        if request.headers.get("Content-Type") == "application/json":
            yield f"--data-raw {self._json(text)}"
        elif request.method == "POST":
            pairs = text.split("&") if text else [""]
            yield from (f"--data-raw {self._mixed(pair, 'uri')}" for pair in pairs)  # curl joins them with `&`

    def _json(self, text: str) -> str:
        """Returns JSON text; a reference that is a whole string loses its quotes, as it may be a number."""
        pieces: list[str] = []
        whole = re.compile(r'"\$\{(__ref\d+)\}"')
        position = 0
        for match in whole.finditer(text):
            pieces.append(self._mixed(text[position : match.start()], "jsontext"))
            pieces.append(self._shell(self.plan.origins[match[1]], "json"))
            position = match.end()
        return "".join((*pieces, self._mixed(text[position:], "jsontext")))

    def _mixed(self, text: str, form: Form) -> str:
        """Returns a text as one word of the shell."""
        return "".join(self._shell(piece, form) for piece in self.plan.pieces(text)) or "''"

    def _shell(self, piece: str | Origin, form: Form) -> str:
        return shell_word(piece) if isinstance(piece, str) else f'"${self._variable(piece, form)}"'

    # --- variables ------------------------------------------------------------------------------------------

    def _variable(self, origin: Origin, form: Form) -> str:
        """Returns the variable that holds the value in this form; defines it if necessary."""
        if origin.kind == "now":
            return "now"
        if (origin, form) not in self.variables:
            if not self.taken:
                self.taken.update(f"{step.name}_answer" for step in self.plan.steps)
                self.taken.update(other.name for other in self.plan.origins.values())
                self.taken.add("now")
            name = free_name(_variable_name(self.plan, origin), self.taken)
            self.taken.add(name)
            self.variables[(origin, form)] = name
        return self.variables[(origin, form)]

    def _content(self, origin: Origin, form: Form) -> str:
        """Returns the right side of the variable's assignment."""
        if origin.kind == "uuid":
            return "$(uuidgen)"
        if origin.kind == "variable":
            self.helpers.add(_WRITTEN)
            default = "?is not set" if origin.default is None else f"-{_inside_quotes(origin.default)}"
            return f'$(written "${{{origin.name}{default}}}" {shell_word(_FILTERS[form])})'
        self.helpers.add(_FIELD)
        words = [_jq_path(origin.path), _FILTERS[form], *([origin.default] if origin.default is not None else [])]
        return f'$(field "${self.plan.steps[origin.step].name}_answer" {" ".join(map(shell_word, words))})'


def _quoted_path(plan: ConversionPlan, path: str) -> Iterator[str | Origin]:
    """Yields the path with the text around references percent-encoded, as the engine leaves such segments unencoded."""
    for piece in plan.pieces(path):
        yield quote(piece, safe="/%:@!$&'()*+,;=~") if isinstance(piece, str) else piece


def _variable_name(plan: ConversionPlan, origin: Origin) -> str:
    if origin.kind == "variable":
        return origin.name.lower()
    if origin.kind == "uuid":
        return "uuid"
    words = (plan.steps[origin.step].name, *map(str, origin.path))
    return re.sub(r"\W+", "_", "_".join(words), flags=re.ASCII).lower()


def _inside_quotes(text: str) -> str:
    """Escapes a text for use inside double quotes and braces of the shell."""
    return re.sub(r'(["\\$`}])', r"\\\1", text)


def _jq_path(path: tuple[str | int, ...]) -> str:
    steps = (f".{step}" if re.fullmatch(r"[A-Za-z_]\w*", str(step)) else f"[{json.dumps(step)}]" for step in path)
    text = "".join(steps)
    return text if text.startswith(".") else f".{text}"
