"""Short forms of calls: an id, a line with ids in it, `cancel sub_…`, `refund pi_… 20.00`, `customers list`.

`short_way` expands such a text to blocks of the language. It leaves every text that is valid in the language alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from stripe_shell.convert.ids import kind_of_id
from stripe_shell.diagnostics import closest
from stripe_shell.errors import UsageError
from stripe_shell.patterns import pattern
from stripe_shell.records import record

if TYPE_CHECKING:
    from stripe_shell.spec.model import Operation
    from stripe_shell.spec.table import Table

#: An id: a prefix of lower case letters and underscores, and at least six characters after it, one of them a digit or a
#: capital. Names such as `payment_intent` do not match.
_ID = pattern(r"(?<![A-Za-z0-9_])[a-z]{2,}(?:_[a-z]+)*_(?=[A-Za-z0-9]*[A-Z0-9])[A-Za-z0-9]{6,255}(?![A-Za-z0-9_-])")
#: A call with its object's id, or a reference to it, in the place of `id=…`; only parameters after it.
_POSITIONAL = pattern(
    r"(?P<action>\w+)[ \t]+(?P<entity>[\w.]+)[ \t]+(?P<object>\$\{[^{}\n]+\}|[a-z]\w+)"
    r"(?P<rest>(?:[ \t]+[A-Za-z_][\w.\[\]]*=.*)?)"
)
_HEADER = pattern(r"(/[A-Za-z0-9_][A-Za-z0-9_.-]*)[ \t]+")
_PAIR = pattern(r"[A-Za-z_][\w.\[\]]*=")
_MONEY = pattern(r"([0-9][0-9_,]*)(?:\.([0-9]{1,3}))?")

#: Prefixes of ids without an object: requests of Stripe's log, which its API does not offer, and secrets.
_REQUEST = "req"
_SECRET = frozenset({"sk_test", "sk_live", "rk_test", "rk_live", "pk_test", "pk_live", "whsec", "ek_test", "ek_live"})

#: Other verbs for actions.
_VERBS: Mapping[str, tuple[str, ...]] = {
    "get": ("retrieve",),
    "show": ("retrieve",),
    "void": ("void_invoice", "void_credit_note", "void_grant"),
    "finalize": ("finalize_invoice", "finalize_quote"),
    "send": ("send_invoice",),
}

#: The most objects that are retrieved for one line.
_MOST_IDS = 8


@record
class ShortWay:
    """An expanded short form: `text` is what runs. `currency_of` is the id whose currency the amount `{amount}` is in.

    `requests` are ids of requests, which are searched for in the events.
    """

    text: str = ""
    currency_of: str = ""
    amount: str = ""
    requests: tuple[str, ...] = ()


def short_way(text: str, table: Table) -> ShortWay | None:
    """Returns the expansion of a one-line short form, None for any other text.

    Raises UsageError for an id whose object cannot be retrieved.
    """
    line = text.strip()
    if not line or "\n" in line or line[0] in "@#":
        return None
    header = _HEADER.match(line)
    prefix, rest = (f"{header[1]} ", line[header.end() :]) if header else ("", line)
    words = rest.split()
    if not words:
        return None
    if (call := _positional(rest, table)) is not None:
        return ShortWay(f"{prefix}{call}")
    found = _calls(words, table) if not _is_call(words, table) else None
    if found is None and not (header and len(words) > 1) and not any(map(_PAIR.match, words)):
        found = _ids_in(rest, table) if not _is_call(words, table) else None
    return (
        ShortWay(_with_header(found.text, prefix), found.currency_of, found.amount, found.requests) if found else None
    )


def is_prose(text: str, table: Table) -> bool:
    """Whether a line is only looked through for ids, as one of a log is: a `|` or `>` in it is no command then."""
    words = text.split()
    if len(words) < 2 or text[:1] in "/@#" or not ids_in(text):
        return False
    try:
        return not (_positional(text.strip(), table) or _is_call(words, table) or _calls(words, table))
    except UsageError:
        return False


def ids_in(text: str) -> list[str]:
    """Returns the ids in a text with a prefix that Stripe uses, in order, each once."""
    found = (match[0] for match in _ID.finditer(text))
    return list(dict.fromkeys(name for name in found if _kind(name) is not None or name.startswith(f"{_REQUEST}_")))


def entity_of_id(name: str, table: Table) -> str | None:
    """Returns the entity of an id by its prefix, None for an unknown prefix."""
    kind = _kind(name)
    return table.canonical(kind) if kind else None


def smallest_unit(amount: str, currency: str) -> int:
    """Converts an amount such as `20.00` to the currency's smallest unit. Raises UsageError for too many decimals."""
    from stripe_shell.spec.currencies import decimals

    match = _MONEY.fullmatch(amount)
    places = decimals(currency)
    if match is None or len(match[2] or "") > places:
        raise UsageError(f"`{amount}` is no amount in {currency.upper()}, which has {places or 'no'} decimals")
    return int(match[1].replace(",", "").replace("_", "") + (match[2] or "").ljust(places, "0"))


def _with_header(text: str, prefix: str) -> str:
    return "\n\n".join(f"{prefix}{each}" for each in text.split("\n\n")) if prefix else text


# --- words ----------------------------------------------------------------------------------------------------------


def _is_call(words: list[str], table: Table) -> bool:
    """Whether the words begin a call in the language: an existing action, and an entity that has it."""
    if len(words) < 2 or table.operation(words[0], words[1]) is None:
        return False
    return not (len(words) > 2 and _ID.fullmatch(words[2]))


def _positional(line: str, table: Table) -> str | None:
    """Returns `update customer id=${c.id} name=Anne` for the same without `id=`, None for any other line."""
    match = _POSITIONAL.fullmatch(line)
    operation = table.operation(match["action"], match["entity"]) if match else None
    if match is None or operation is None or not operation.path_params or not _own_name(operation):
        return None
    if not (match["object"].startswith("$") or _ID.fullmatch(match["object"])):
        return None
    return f"{operation.name} {_own(operation, match['object'])}{match['rest']}"


def _calls(words: list[str], table: Table) -> ShortWay | None:
    first, *rest = words
    if rest and _ID.fullmatch(rest[-1] if len(rest) > 1 and table.canonical(rest[0]) and len(rest) == 2 else rest[0]):
        named = rest[1:] if not _ID.fullmatch(rest[0]) else rest
        return _verb_and_id(first, named, table)
    entity = table.canonical(first)
    if entity is None:
        return None
    if rest and (operation := table.operation(rest[0], entity)) is not None:
        return _call(operation, rest[1:])
    if rest and not all(_PAIR.match(word) for word in rest):
        return None
    alone = table.operation("list", entity) or table.operation("retrieve", entity)
    return _call(alone, rest) if alone is not None and not alone.path_params else None


def _actions(table: Table) -> frozenset[str]:
    return frozenset(action for entity in table.entities() for action in table.actions(entity))


def _call(operation: Operation, words: list[str]) -> ShortWay | None:
    """Returns the call for `customers list limit=3`; an id among the words is the object's."""
    named = [f"{_own_name(operation)}={word}" if _ID.fullmatch(word) else word for word in words]
    if not all(_PAIR.match(word) for word in named):
        return None
    return ShortWay(" ".join([operation.action, operation.entity, *named]))


def _verb_and_id(verb: str, words: list[str], table: Table) -> ShortWay | None:
    """Returns the call for `cancel sub_… key=value` or `refund pi_… 20.00`."""
    name, *rest = words
    entity = entity_of_id(name, table)
    if entity is None:
        return None
    if verb == "refund":
        return _refund(name, entity, rest)
    if not all(_PAIR.match(word) for word in rest):
        return None
    actions = (verb, *_VERBS.get(verb, ()))
    operation = next((found for each in actions if (found := table.operation(each, entity)) is not None), None)
    if operation is None:
        meant = closest(verb, table.actions(entity)) or table.canonical_action(verb) in _actions(table)
        if meant and table.canonical(verb) is None:
            raise UsageError(f"`{entity}` has no action `{verb}`; it has {', '.join(table.actions(entity))}")
        return None  # a line of a log: `charge ch_…`
    return ShortWay(" ".join([operation.action, entity, _own(operation, name), *rest]))


def _refund(name: str, entity: str, words: list[str]) -> ShortWay | None:
    param = {"payment_intent": "payment_intent", "charge": "charge"}.get(entity)
    if param is None:
        raise UsageError(f"a refund is of a pi_… or a ch_…; {name} is a {entity}")
    call = f"create refund {param}={name}"
    amounts = [word for word in words if _MONEY.fullmatch(word)]
    pairs = [word for word in words if _PAIR.match(word)]
    if len(amounts) > 1 or len(amounts) + len(pairs) != len(words):
        return None
    if not amounts:
        return ShortWay(" ".join([call, *pairs]))
    return ShortWay(" ".join([call, "amount={amount}", *pairs]), currency_of=name, amount=amounts[0])


# --- ids ------------------------------------------------------------------------------------------------------------


def _ids_in(line: str, table: Table) -> ShortWay | None:
    """Returns calls for the objects of all ids in a line; for a URL of the Dashboard, of its last id."""
    names = ids_in(line)
    if not names:
        return None
    if "dashboard.stripe.com/" in line:
        names = names[-1:]
    requests = tuple(name for name in names if name.startswith(f"{_REQUEST}_"))
    objects = [name for name in names if name not in requests][:_MOST_IDS]
    calls = [call for name in objects if (call := retrieve_call(name, table, alone=len(names) == 1))]
    return ShortWay("\n\n".join(calls), requests=requests) if calls or requests else None


def retrieve_call(name: str, table: Table, *, alone: bool = True) -> str | None:
    """Returns the call that retrieves the object with this id.

    If there is none, returns None, or raises UsageError with the reason if the id stands `alone`.
    """
    entity = entity_of_id(name, table)
    operation = table.operation("retrieve", entity) if entity else None
    if operation is not None and len(operation.path_params) == 1:
        return f"retrieve {entity} {_own(operation, name)}"
    if not alone:
        return None
    if operation is not None:
        needed = ", ".join(word for word in operation.path_params if word != operation.object_param)
        raise UsageError(f"a {entity} is found by its {needed} too: get {entity} {needed}=… {_own(operation, name)}")
    raise UsageError(f"{name} is a {_kind(name)}, which Stripe's API cannot retrieve alone")


def _own(operation: Operation, name: str) -> str:
    return f"{_own_name(operation)}={name}"


def _own_name(operation: Operation) -> str:
    own = operation.object_param or (operation.path_params[0] if len(operation.path_params) == 1 else "")
    return "id" if own and "id" not in operation.params.fields else own


def _kind(name: str) -> str | None:
    """Returns the kind of object whose ids begin so; None for a secret, which is no id."""
    return None if name.rpartition("_")[0] in _SECRET else kind_of_id(name)
