#!/usr/bin/env python3
"""Hold our verdicts on numbers against those of python-stdnum.

Reads lines `kind TAB number TAB verdict` (`ok`, or the code of the refusal) and prints how many of each kind agreed
and how many differed for each reason that is known and argued for below. Anything else is an error.
"""

import collections
import sys

from stdnum.cn import ric, uscc
from stdnum.exceptions import InvalidChecksum, InvalidComponent, InvalidFormat, InvalidLength
from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_11_2, mod_11_10

LETTERS = "ABCDEFGHJKLMNPQRTUWXY"
BODY_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def theirs(validate, number):
    try:
        validate(number)
        return None
    except ValidationError as error:
        return type(error)
    except KeyError:
        # It stumbles over a known province with a county its table lacks.
        return InvalidComponent


def place_is_unknown(number):
    """Whether its table lacks the division, or knows it under other years than that of the birth."""
    try:
        ric.get_birth_place(number)
        return False
    except (InvalidComponent, KeyError):
        return True


def has_birth_date(number):
    try:
        ric.get_birth_date(number)
        return True
    except InvalidComponent:
        return False


def citizen(number, verdict):
    error = theirs(ric.validate, number)
    # Its check character has two authors: `ric` and ISO 7064 itself.
    assert (error is InvalidChecksum) == (not mod_11_2.is_valid(number)), number
    if verdict == "ok":
        assert error in (None, InvalidComponent), (number, error)
        if error is None:
            return "agreed"
        # It wants the division to have existed in the year of birth, and to be in its table: numbers were
        # allotted later than people were born, and its table is not whole.
        assert has_birth_date(number) and place_is_unknown(number), number
        return "it does not know the place in that year"
    if verdict == "E_CHECK_DIGIT":
        assert error is InvalidChecksum, (number, error)
        return "agreed"
    if verdict in ("E_LENGTH", "E_CHARSET", "E_EMPTY", "E_LEGACY_15_NOT_ACCEPTED"):
        assert error in (InvalidLength, InvalidFormat), (number, error)
        return "agreed"
    if verdict == "E_BIRTHDATE_INVALID":
        assert error in (InvalidComponent, InvalidChecksum), (number, error)
        return "agreed"
    if verdict == "E_DIVISION_NOT_COUNTY" and error is None:
        # No card carries the code of a province or a city; it takes them.
        assert number[4:6] == "00", number
        return "it takes a division that is no county"
    if verdict in ("E_DIVISION_NOT_COUNTY", "E_DIVISION_UNKNOWN", "E_NATIONALITY_UNKNOWN",
                   "E_DIVISION_TEST_FORBIDDEN"):
        if error is None:
            # Residence permits of Hong Kong, Macao and Taiwan begin otherwise (8x0000).
            assert number[:2] in ("71", "81", "82"), number
            return "it takes a division outside the mainland"
        assert error in (InvalidComponent, InvalidChecksum), (number, error)
        return "agreed"
    raise AssertionError((number, verdict, error))


def code_character(character):
    return int(character, 36)


def organisation_check_holds(code):
    rest = 11 - sum(code_character(c) * w for c, w in zip(code, BODY_WEIGHTS)) % 11
    return code[8] == {10: "X", 11: "0"}.get(rest, str(rest))


def credit(number, verdict):
    error = theirs(uscc.validate, number)
    letter = len(number) == 18 and number[0] in LETTERS
    if letter and number[1:8].isdigit():
        # It wants digits alone in the first eight places: every organisation of the departments A, G, J, N,
        # Q and Y is refused.
        assert error is InvalidFormat, (number, error)
        return "it does not know the department" if verdict == "ok" else "agreed"
    if verdict == "ok":
        assert error is None, (number, error)
        return "agreed"
    if verdict == "E_ORG_CHECK":
        # It does not look at position 17.
        assert not organisation_check_holds(number[8:17]), number
        if error is None:
            return "it does not look at the organisation code"
        assert error is InvalidChecksum, (number, error)
        return "agreed"
    if verdict == "E_USCC_CHECK":
        assert error is InvalidChecksum, (number, error)
        return "agreed"
    if verdict in ("E_AUTHORITY", "E_DIVISION_UNKNOWN"):
        # Nor at the department or at the division.
        if error is None:
            return "it does not look at department and division"
        return "agreed"
    if verdict in ("E_LENGTH", "E_CHARSET", "E_EMPTY"):
        assert error in (InvalidLength, InvalidFormat), (number, error)
        return "agreed"
    raise AssertionError((number, verdict, error))


def organisation(number, verdict):
    # python-stdnum has no organisation codes; the formula of GB 11714-1997 is written down once more here.
    holds = organisation_check_holds(number)
    assert verdict == ("ok" if holds else "E_ORG_CHECK"), (number, verdict)
    return "agreed"


def registration(number, verdict):
    # python-stdnum has no registration numbers, but the check digit of ISO 7064 they have (GS 15-2006).
    holds = len(number) == 15 and number.isdigit() and mod_11_10.is_valid(number)
    assert (verdict == "ok") == holds, (number, verdict)
    return "agreed"


def permit(number, verdict):
    # Nor permits of foreigners and of Hong Kong, Macao and Taiwan residents: their layout and their check
    # character are those of citizens.
    if verdict == "ok":
        assert mod_11_2.is_valid(number) and has_birth_date(number), number
    elif verdict == "E_CHECK_DIGIT":
        assert not mod_11_2.is_valid(number), number
    else:
        assert verdict == "E_BIRTHDATE_INVALID" and not has_birth_date(number), (number, verdict)
    return "agreed"


CHECKS = {"citizen": citizen, "uscc": credit, "organisation": organisation, "permit": permit,
          "registration": registration}


def main():
    counts = collections.Counter()
    for line in sys.stdin:
        kind, number, verdict = line.rstrip("\n").split("\t")
        counts[kind, CHECKS[kind](number, verdict)] += 1
    for (kind, what), count in sorted(counts.items()):
        print(f"{kind}\t{what}\t{count}")


main()
