#!/usr/bin/env python3
"""Compares the keys in the table of a document with those of a run file that has every key.

usage: run_file_keys_test.py DOCUMENT RUN_FILE

The table stands behind a comment <!-- run-file keys -->; the first column of each row has one key, with NAME for what a physics calls its
coordinates, parameters and terms.
"""

import pathlib
import re
import sys
import tomllib

TABLE = re.compile(r"<!-- run-file keys -->\n+((?:\|.*\n)+)")
ROW = re.compile(r"^\| `([\w.]+)` \|", re.MULTILINE)
NAMED = {"envelope", "stage.envelope", "terms"}  # tables whose keys are names of the physics


def documented(text):
    tables = TABLE.findall(text)
    if len(tables) != 1:
        sys.exit(f"expected one table behind <!-- run-file keys -->, found {len(tables)}")
    return ROW.findall(tables[0])


def keys_of(table, name=""):
    for key, value in table.items():
        full = ".".join(filter(None, (name, "NAME" if name in NAMED else key)))
        tables = value if isinstance(value, list) else [value]
        if all(isinstance(element, dict) for element in tables):
            for element in tables:
                yield from keys_of(element, full)
        else:
            yield full


def main():
    document, run_file = (pathlib.Path(path) for path in sys.argv[1:])
    rows, keys = documented(document.read_text()), set(keys_of(tomllib.loads(run_file.read_text())))
    wrong = [*(f"{document.name}: `{key}` is in no row of the table" for key in sorted(keys - set(rows))),
             *(f"{run_file.name}: `{key}` is in the table of {document.name}, but not here" for key in sorted(set(rows) - keys)),
             *(f"{document.name}: `{key}` has more than one row" for key in sorted({key for key in rows if rows.count(key) > 1}))]
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{document.name}: {len(rows)} keys")


if __name__ == "__main__":
    main()
