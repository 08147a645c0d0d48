"""The currencies in the order of the menu, and what stands beside each."""

from __future__ import annotations

from stripe_shell.spec.currencies import COMMON_CURRENCIES, CURRENCIES, CURRENCY_NAMES, decimals

_SMALLEST_UNITS = {0: "amounts are whole", 2: "amounts in hundredths", 3: "amounts in thousandths"}


def currency_words() -> dict[str, str]:
    """Returns the codes and their notes, those that are used most first and former ones left out."""
    others = sorted(
        code for code in CURRENCIES if code not in COMMON_CURRENCIES and " until " not in CURRENCY_NAMES[code]
    )
    codes = [*COMMON_CURRENCIES, *others]
    return {code: f"{CURRENCY_NAMES[code]} · {_SMALLEST_UNITS[decimals(code)]}" for code in codes}
