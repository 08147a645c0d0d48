"""Currencies: Stripe's codes with their names and decimal places, and the problems of currency parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import eq
from typing import Final

from stripe_shell.diagnostics import closest
from stripe_shell.patterns import pattern

from .model import Shape
from .problems import ParamPath, ParamTree, Problem, ProblemKind
from .shapes import members

#: The names of the currencies by code, in the order of Stripe's error message.
CURRENCY_NAMES: Final[Mapping[str, str]] = {
    "usd": "US dollar", "aed": "UAE dirham", "afn": "Afghan afghani", "all": "Albanian lek", "amd": "Armenian dram",
    "ang": "Antillean guilder", "aoa": "Angolan kwanza", "ars": "Argentine peso", "aud": "Australian dollar",
    "awg": "Aruban florin", "azn": "Azerbaijani manat", "bam": "Bosnian mark", "bbd": "Barbadian dollar",
    "bdt": "Bangladeshi taka", "bgn": "Bulgarian lev", "bhd": "Bahraini dinar", "bif": "Burundian franc",
    "bmd": "Bermudian dollar", "bnd": "Brunei dollar", "bob": "Bolivian boliviano", "brl": "Brazilian real",
    "bsd": "Bahamian dollar", "btn": "Bhutanese ngultrum", "bwp": "Botswana pula", "byn": "Belarusian ruble",
    "byr": "Belarusian ruble until 2016", "bzd": "Belize dollar", "cad": "Canadian dollar", "cdf": "Congolese franc",
    "chf": "Swiss franc", "clf": "Chilean unit of account", "clp": "Chilean peso", "cny": "Chinese yuan",
    "cop": "Colombian peso", "crc": "Costa Rican colón", "cve": "Cape Verdean escudo", "czk": "Czech koruna",
    "djf": "Djiboutian franc", "dkk": "Danish krone", "dop": "Dominican peso", "dzd": "Algerian dinar",
    "egp": "Egyptian pound", "etb": "Ethiopian birr", "eur": "euro", "fjd": "Fijian dollar",
    "fkp": "Falkland Islands pound", "gbp": "pound sterling", "gel": "Georgian lari", "gip": "Gibraltar pound",
    "gmd": "Gambian dalasi", "gnf": "Guinean franc", "gtq": "Guatemalan quetzal", "gyd": "Guyanese dollar",
    "hkd": "Hong Kong dollar", "hnl": "Honduran lempira", "hrk": "Croatian kuna until 2023", "htg": "Haitian gourde",
    "huf": "Hungarian forint", "idr": "Indonesian rupiah", "ils": "Israeli shekel", "inr": "Indian rupee",
    "isk": "Icelandic króna", "jmd": "Jamaican dollar", "jod": "Jordanian dinar", "jpy": "Japanese yen",
    "kes": "Kenyan shilling", "kgs": "Kyrgyz som", "khr": "Cambodian riel", "kmf": "Comorian franc",
    "krw": "South Korean won", "kwd": "Kuwaiti dinar", "kyd": "Cayman Islands dollar", "kzt": "Kazakhstani tenge",
    "lak": "Lao kip", "lbp": "Lebanese pound", "lkr": "Sri Lankan rupee", "lrd": "Liberian dollar",
    "lsl": "Lesotho loti", "mad": "Moroccan dirham", "mdl": "Moldovan leu", "mga": "Malagasy ariary",
    "mkd": "Macedonian denar", "mmk": "Myanmar kyat", "mnt": "Mongolian tögrög", "mop": "Macanese pataca",
    "mro": "Mauritanian ouguiya until 2017", "mur": "Mauritian rupee", "mvr": "Maldivian rufiyaa",
    "mwk": "Malawian kwacha", "mxn": "Mexican peso", "myr": "Malaysian ringgit", "mzn": "Mozambican metical",
    "nad": "Namibian dollar", "ngn": "Nigerian naira", "nio": "Nicaraguan córdoba", "nok": "Norwegian krone",
    "npr": "Nepalese rupee", "nzd": "New Zealand dollar", "omr": "Omani rial", "pab": "Panamanian balboa",
    "pen": "Peruvian sol", "pgk": "Papua New Guinean kina", "php": "Philippine peso", "pkr": "Pakistani rupee",
    "pln": "Polish złoty", "pyg": "Paraguayan guaraní", "qar": "Qatari riyal", "ron": "Romanian leu",
    "rsd": "Serbian dinar", "rub": "Russian ruble", "rwf": "Rwandan franc", "sar": "Saudi riyal",
    "sbd": "Solomon Islands dollar", "scr": "Seychellois rupee", "sek": "Swedish krona", "sgd": "Singapore dollar",
    "shp": "Saint Helena pound", "sle": "Sierra Leonean leone", "sos": "Somali shilling", "srd": "Surinamese dollar",
    "std": "São Tomé dobra", "szl": "Swazi lilangeni", "thb": "Thai baht", "tjs": "Tajikistani somoni",
    "tnd": "Tunisian dinar", "top": "Tongan pa'anga", "try": "Turkish lira", "ttd": "Trinidad and Tobago dollar",
    "twd": "New Taiwan dollar", "tzs": "Tanzanian shilling", "uah": "Ukrainian hryvnia", "ugx": "Ugandan shilling",
    "uyu": "Uruguayan peso", "uzs": "Uzbekistani som", "vnd": "Vietnamese đồng", "vuv": "Vanuatu vatu",
    "wst": "Samoan tālā", "xaf": "Central African franc", "xcd": "East Caribbean dollar",
    "xcg": "Caribbean guilder", "xof": "West African franc", "xpf": "Pacific franc", "yer": "Yemeni rial",
    "zar": "South African rand", "zmw": "Zambian kwacha", "usdc": "USD Coin", "ghs": "Ghanaian cedi",
    "eek": "Estonian kroon until 2010", "lvl": "Latvian lats until 2013", "svc": "Salvadoran colón",
    "vef": "Venezuelan bolívar until 2018", "ltl": "Lithuanian litas until 2014",
    "sll": "Sierra Leonean leone until 2023", "mrt": "Mauritanian ouguiya", "usdb": "Bridge dollar",
    "usdg": "Global Dollar", "usdp": "Pax Dollar",
}  # fmt: skip

#: The codes of all currencies that Stripe accepts.
CURRENCIES: Final = tuple(CURRENCY_NAMES)

ZERO_DECIMAL: Final = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())  # noqa: SIM905
THREE_DECIMAL: Final = frozenset("bhd jod kwd omr tnd".split())  # noqa: SIM905

#: The currencies that Stripe's accounts use most.
COMMON_CURRENCIES: Final = tuple("usd eur gbp cad aud chf jpy sek nok dkk nzd sgd hkd inr brl mxn pln czk".split())  # noqa: SIM905

_CODE = pattern(r"[A-Za-z]{3}")

#: What people write for the currencies that they use most.
_WORDS: Final[Mapping[str, str]] = {
    "dollar": "usd", "dollars": "usd", "us dollar": "usd", "us dollars": "usd", "us$": "usd", "$": "usd", "cent": "usd",
    "cents": "usd", "usdollar": "usd", "euro": "eur", "euros": "eur", "€": "eur", "pound": "gbp",
    "pounds": "gbp", "sterling": "gbp", "£": "gbp", "quid": "gbp", "yen": "jpy", "¥": "jpy", "franc": "chf",
    "francs": "chf", "yuan": "cny", "rmb": "cny", "renminbi": "cny", "rupee": "inr", "rupees": "inr", "₹": "inr",
    "won": "krw", "₩": "krw", "real": "brl", "reais": "brl", "r$": "brl", "zloty": "pln", "kronor": "sek",
    "kroner": "nok", "peso": "mxn", "pesos": "mxn", "rand": "zar", "baht": "thb", "shekel": "ils", "dirham": "aed",
    "lira": "try", "nis": "ils", "ntd": "twd", "hk$": "hkd", "a$": "aud", "c$": "cad", "s$": "sgd",
}  # fmt: skip


def decimals(currency: str) -> int:
    """Returns the number of decimal places of a currency: 0, 2 or 3."""
    return 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2


def is_currency(name: str, shape: Shape) -> bool:
    """Whether the parameter `name` takes a currency code. The description does not say so of all that do."""
    if shape.kind == "union":
        return any(is_currency(name, variant) for variant in shape.variants)
    return shape.kind == "string" and not shape.enum and (shape.form == "currency" or name == "currency")


def currency_problems(params: ParamTree, shape: Shape, path: ParamPath = ()) -> Iterator[Problem]:
    """Yields the problems of the currencies in a parameter tree of this shape.

    `currency` for a text that is no currency code; `new_currency` for a code of three letters that is not in the list,
    which Stripe may have added since. The keys of `currency_options` count as well.
    """
    entries = params.items() if isinstance(params, Mapping) else ((str(at), item) for at, item in enumerate(params))
    for name, value in entries:
        where = (*path, name)
        if path[-1:] == ("metadata",):
            return
        if path[-1:] == ("currency_options",):
            yield from _code_problems(name, where)
        for inner in members(shape, name):
            if isinstance(value, Mapping | list):
                yield from currency_problems(value, inner, where)
            elif isinstance(value, str) and value and is_currency(name, inner):
                yield from _code_problems(value, where)
                break


def _code_problems(code: str, path: ParamPath) -> Iterator[Problem]:
    if code.lower() not in CURRENCY_NAMES:
        kind: ProblemKind = "new_currency" if _CODE.fullmatch(code) and code.lower() not in _WORDS else "currency"
        yield Problem(path, kind, code, meant=close_currency(code))


def close_currency(text: str) -> str | None:
    """Returns the code that was probably meant: `usd` for `dollar` and `usb`, None if nothing is similar."""
    word = text.strip().lower()
    if word in CURRENCY_NAMES:
        return word
    if _CODE.fullmatch(word) and word not in _WORDS:
        return _close_code(word)
    known = {**{name.lower(): code for code, name in CURRENCY_NAMES.items()}, **_WORDS}
    meant = word if word in known else closest(word, known)
    return known[meant] if meant else None


def _close_code(code: str) -> str | None:
    """Returns a code of the same letters, else the one that is used most of those with two letters in their places."""
    codes = [*COMMON_CURRENCIES, *CURRENCIES]
    same = [other for other in codes if sorted(other) == sorted(code)]
    near = (other for other in codes if sum(map(eq, code, other)) >= 2 and len(other) == len(code))
    return next(iter(same), None) or next(near, None)
