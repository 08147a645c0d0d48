"""The currencies that Stripe takes, those that its accounts use most first."""

from __future__ import annotations

CURRENCIES = (
    "usd", "eur", "gbp", "cad", "aud", "chf", "jpy", "sek", "nok", "dkk", "nzd", "sgd", "hkd", "inr", "brl", "mxn",
    "pln", "czk",
    "aed", "afn", "all", "amd", "ang", "aoa", "ars", "awg", "azn", "bam", "bbd", "bdt", "bgn", "bhd", "bif", "bmd",
    "bnd", "bob", "bsd", "bwp", "byn", "bzd", "cdf", "clp", "cny", "cop", "crc", "cve", "djf", "dop", "dzd", "egp",
    "etb", "fjd", "fkp", "gel", "gip", "gmd", "gnf", "gtq", "gyd", "hnl", "htg", "huf", "idr", "ils", "isk", "jmd",
    "jod", "kes", "kgs", "khr", "kmf", "krw", "kwd", "kyd", "kzt", "lak", "lbp", "lkr", "lrd", "lsl", "mad", "mdl",
    "mga", "mkd", "mmk", "mnt", "mop", "mur", "mvr", "mwk", "myr", "mzn", "nad", "ngn", "nio", "npr", "omr", "pab",
    "pen", "pgk", "php", "pkr", "pyg", "qar", "ron", "rsd", "rub", "rwf", "sar", "sbd", "scr", "shp", "sle", "sos",
    "srd", "std", "szl", "thb", "tjs", "tnd", "top", "try", "ttd", "twd", "tzs", "uah", "ugx", "uyu", "uzs", "vnd",
    "vuv", "wst", "xaf", "xcd", "xof", "xpf", "yer", "zar", "zmw",
)  # fmt: skip

#: Amounts of these are whole: they have no smaller unit.
_ZERO_DECIMAL = frozenset({
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf",
})  # fmt: skip
_THREE_DECIMAL = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})


def currency_note(code: str) -> str:
    """What an amount of 1 means in the currency."""
    if code in _ZERO_DECIMAL:
        return "currency · amounts are whole"
    return "currency · amounts in thousandths" if code in _THREE_DECIMAL else "currency · amounts in hundredths"
