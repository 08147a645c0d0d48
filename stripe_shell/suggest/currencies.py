"""The currencies in the order of the menu, each with its note."""

from __future__ import annotations

from stripe_shell.spec.currencies import COMMON_CURRENCIES, CURRENCIES, CURRENCY_NAMES, decimals

_SMALLEST_UNITS = {0: "amounts are whole", 2: "amounts in hundredths", 3: "amounts in thousandths"}


def currency_words() -> dict[str, str]:
    """Returns the notes by currency code: the most used first, without former currencies."""
    others = sorted(
        code for code in CURRENCIES if code not in COMMON_CURRENCIES and " until " not in CURRENCY_NAMES[code]
    )
    codes = [*COMMON_CURRENCIES, *others]
    return {code: f"{CURRENCY_NAMES[code]} · {_SMALLEST_UNITS[decimals(code)]}" for code in codes}
