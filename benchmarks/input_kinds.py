"""What `input_scaling.py` times: of each kind of input, the text of a size, made to take long."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping

from creditscore.folders import SAMPLE_SCHEMA
from creditscore.schema.reader import load_schema

SCHEMA = load_schema(SAMPLE_SCHEMA)
FIELDS = [*SCHEMA.fields, SCHEMA.label.column]
HEADER = ",".join(FIELDS) + "\n"
VALUES = [str(field.example) for field in SCHEMA.fields.values()]
ROW = ",".join([*VALUES, "0"]) + "\n"
APPLICANT = '{"LIMIT_BAL":30000,"SEX":1,"EDUCATION":2,"MARRIAGE":2,"AGE":26},'

#: Of each kind, the text of a size; half of a pair of surrogates in it becomes a byte.
Kinds = Mapping[str, Callable[[int], str]]


def repeat(unit: str, size: int) -> str:
    """Repeat a text until it has a size."""
    return unit * (size // len(unit))


def numbered(pattern: str, size: int) -> str:
    """Repeat a pattern with a number in it until it has a size."""
    return "".join(itertools.islice(_numbered(pattern), size // len(next(_numbered(pattern)))))


def _numbered(pattern: str) -> Iterator[str]:
    return (pattern.replace("#", str(number)) for number in itertools.count(100_000))


def wide(before: int, size: int) -> str:
    """Return a table with many columns in front of the fields."""
    names = ",".join(f"c{number}" for number in range(before))
    return f"{names},{HEADER}" + repeat(f"{'1,' * before}{ROW}", size)


def around(before: str, unit: str, after: str = "") -> Callable[[int], str]:
    """Return what repeats a text between two others, numbered where a # is in it."""
    fill = numbered if "#" in unit else repeat
    return lambda size: before + fill(unit, size) + after


TABLES: Kinds = {
    "sound rows": lambda size: HEADER + repeat(ROW, size),
    "sound rows, CR": lambda size: (HEADER + repeat(ROW, size)).replace("\n", "\r"),
    "quoted rows": lambda size: HEADER + repeat(f'"{VALUES[0]}"{ROW[len(VALUES[0]) :]}', size),
    "different columns": lambda size: HEADER[:-1] + numbered(",c#", size) + "\n" + ROW,
    "each column twice": lambda size: numbered("c#,c#,", size) + HEADER + ROW,
    "one column many times": lambda size: repeat("AGE,", size) + HEADER + ROW,
    "names near the missing": lambda size: numbered("LIMIT_BAL#,PAY_#,", size) + "\n" + ROW,
    "a long name": lambda size: repeat("LIMIT_BAL", size) + "\n" + ROW,
    "1,900 columns in front": lambda size: wide(1900, size),
    "a quotation mark before line ends": lambda size: '"' + repeat("\n", size),
    "a quotation mark in the rows": lambda size: f'{HEADER}"{repeat(ROW, size)}',
    "quotation marks": lambda size: HEADER + repeat('"', size),
    "quoted line ends": lambda size: HEADER + repeat('"\n",', size),
    "line ends": lambda size: HEADER + repeat("\n", size),
    "CR and LF": lambda size: HEADER + repeat("\r\r\n", size),
    "lines of spaces": lambda size: HEADER + repeat(" \n", size),
    "a row without end": lambda size: HEADER + repeat("1,", size),
    "commas": lambda size: HEADER + repeat(",", size),
    "rows of commas": lambda size: HEADER + repeat(f"{ROW[:-1]}{',' * 500}\n", size),
    "semicolons": lambda size: HEADER.replace(",", ";") + repeat(ROW.replace(",", ";"), size),
    "different faults": lambda size: HEADER + numbered(f"x#{ROW}", size),
    "short rows": lambda size: HEADER + repeat("1\n", size),
    "ambiguous amounts": lambda size: HEADER + numbered(f'"#,000"{ROW[len(VALUES[0]) :]}', size),
    "a long number": lambda size: f'{HEADER}"{repeat("1,111", size)}"{ROW[len(VALUES[0]) :]}',
    "long cells": lambda size: HEADER + repeat(f"{'-1' * 500}{ROW}", size),
    "spaces": lambda size: HEADER + repeat(f"{' ' * 500}={ROW}", size),
}

#: Bodies of POST /predict.
JSON: Kinds = {
    "unknown names": around("{", '"x#":1,', '"a":1}'),
    "names near a field's": around("{", '"LIMIT_BAL#":1,', '"a":1}'),
    "long names": around("{", f'"{"LIMIT_BAL" * 50}#":1,', '"a":1}'),
    "a long name": around('{"', "LIMIT_BAL", '":1}'),
    "a name of slashes": around('{"', "~/", '":1}'),
    "a long text": around('{"AGE":"', "x", '"}'),
    "arrays inside one another": around("", "["),
    "objects inside one another": around("", '{"a":'),
    "arrays as deep as allowed": around("[", "[[[[[[1]]]]]],", "1]"),
    "digits": around('{"AGE":', "1", "}"),
    "decimals": around('{"AGE":0.', "1", "}"),
    "zeros": around('{"AGE":0.', "0", "1}"),
    "an exponent": around('{"AGE":1e', "1", "}"),
    "numbers of 300 digits": around("[", f"{'7' * 300},", "1]"),
    "numbers of 400 decimals": around("[", f"{'7' * 300}.{'7' * 400},", "1]"),
    "escapes": around('{"AGE":"', "\\u0041", '"}'),
    "escaped quotation marks": around('{"AGE":"', '\\"'),
    "backslashes": around('{"AGE":"', "\\\\"),
    "half pairs": around('{"AGE":"', "\\ud800", '"}'),
    "each name twice": around("{", '"x#":1,"x#":1,', '"a":1}'),
    "one name many times": around("{", '"AGE":1,', '"AGE":1}'),
    "one name many times, in many": around("[", '{"AGE":1,"AGE":1},', "1]"),
    "applicants": around("[", APPLICANT, APPLICANT[:-1] + "]"),
    "applicants, the last one bad": around("[", APPLICANT, "{}]"),
    "applicants, all bad": around("[", "{},", "{}]"),
    "no applicants": around("[", "1,", "1]"),
    "nulls": around("[", "null,", "null]"),
    "blanks": around("", " ", "{}"),
    "line ends before a fault": around("", "\n", "x"),
    "not UTF-8 at the end": around('{"AGE":"', "x", "\udcff"),
    "colons in a text": around('{"AGE":"', ":", '"}'),
    "brackets in a text": around('{"AGE":":', "[", '"}'),
    "quotation marks": around("", '"'),
    "commas": around("[", ","),
}

#: Bodies of POST /, and of POST /predict, which has to notice that they are forms.
FORMS: Kinds = {
    "unknown names": around("", "x#=1&"),
    "names near a field's": around("", "LIMIT_BAL#=1&"),
    "one name many times": around("", "AGE=1&"),
    "a long name": around("", "LIMIT_BAL", "=1"),
    "a long value": around("AGE=", "x"),
    "digits": around("LIMIT_BAL=", "1"),
    "an amount": around("LIMIT_BAL=1", ",000"),
    "an amount wrongly grouped": around("LIMIT_BAL=1", ",00.", "x"),
    "separators": around("LIMIT_BAL=1", ",", "x"),
    "escapes": around("AGE=", "%41"),
    "broken escapes": around("AGE=", "%f"),
    "plus signs": around("AGE=", "+", "1"),
    "blanks": around("", " "),
    "ampersands": around("", "&"),
    "equals signs": around("", "="),
    "one blank field after the other": around("", "AGE=&"),
}

#: What follows the question mark of GET /decisions, /monitoring and /.
QUERIES: Kinds = {
    "unknown parameters": around("", "x#=1&"),
    "one parameter many times": around("", "limit=1&"),
    "a number": around("limit=", "1"),
    "a moment": around("since=2026-01-01T00:00:00.", "0", "Z"),
    "a code": around("label=", "eligible"),
    "a language": around("lang=", "id"),
    "an example": around("example=", "%41"),
    "ampersands": around("", "&"),
    "escapes": around("since=", "%ff"),
}

#: Values of any header.
HEADERS: Kinds = {
    "entries": around("", "text/html;q=0.1,"),
    "languages": around("", "x#;q=0.1,"),
    "parameters": around("application/json", ";a#=b"),
    "parameters in parts": around("application/json", ";a*0=b"),
    "quoted parameters": around("application/json", ';a="b\\"'),
    "quotation marks": around("", '"'),
    "quoted entries": around("", '"a",'),
    "pairs": around("", "a#=b; "),
    "a key": around("Bearer ", "x"),
    "blanks": around("Bearer", " ", "x"),
    "letters": around("", "a"),
    "digits": around("", "1"),
    "points": around("", "1."),
    "colons": around("", ":1"),
    "brackets": around("", "["),
    "slashes": around("http:", "/a"),
    "ranges": around("bytes=", "#-100000,"),
    "escapes": around("", "%41"),
    "commas": around("", ","),
    "semicolons": around("", ";"),
}

_CARDS = (
    '[dataset]\nname = "x"\ntitle = "x"\n[label]\ncolumn = "y"\ngood = 0\nbad = 1\ntitle = "y"\n'
)
_CARD = '[scorecards.a]\ntitle = "a"\nfields = ["f"]\n'
_FIELD = 'title = "f"\nexample = 1\nkind = '
_CODED = f"{_CARDS}{_CARD}[fields.f]\n{_FIELD}'coded'\n"
_CODES = '{value=#,en="x"},'
_NUMBER = f"{_CARDS}{_CARD}[fields.f]\n{_FIELD}'number'\n"


def coded(rest: Callable[[int], str]) -> Callable[[int], str]:
    """Return what writes a field of many codes, and something else about it."""
    codes = around("codes = [{value=1,en='x'},", _CODES, "]\n")
    return lambda size: _CODED + codes(2 * size // 3) + rest(size // 3)


def many_fields(size: int) -> str:
    """Write a file of many fields, all in one scorecard and one source."""
    third = size // 3
    names = numbered(f"[fields.f#]\n{_FIELD}'number'\n", third)
    listed = itertools.islice(_numbered("f#"), names.count("[fields"))
    quoted = ",".join(f'"{name}"' for name in listed)
    columns = "".join(f'{name}="x"\n' for name in quoted.split(",")) + 'y = "y"\n'
    source = f'[sources.s]\ntitle="s"\nlicence="s"\nurl="s"\nsha256="{"0" * 64}"\n'
    cards = f'[scorecards.a]\ntitle = "a"\nfields = [{quoted}]\n'
    return f"{_CARDS}{cards}{source}[sources.s.columns]\n{columns}{names}"


#: Schema files.
TOML: Kinds = {
    "dotted keys": around("", "a.b.c#=1\n"),
    "keys of 500 dots": around("", f"{'a.' * 499}b#=1\n"),
    "a key of dots": around("", "a.", "a=1"),
    "a key of dots between quotes": around('"\\"".', "a.", '"\\"" = 1'),
    "a key of dots behind a text": around('a = {b = """\n""", ', "a.", 'c = "x"}'),
    "tables": around("", "[t#]\n"),
    "tables in a table": around("", "[a.b.t#]\n"),
    "arrays of tables": around("", "[[a]]\n"),
    "an array": around("a=[", "1,", "]"),
    "arrays inside one another": around("a=", "["),
    "inline tables": around("a=[", "{b=1},", "]"),
    "inline tables inside one another": around("a=", "{a="),
    "an inline table": around("a={", "b#=1,", "b=1}"),
    "a long key": around("", "a", "=1"),
    "a long text": around('a="', "x", '"'),
    "a text of lines": around('a="""', "\n", '"""'),
    "a text of escapes": around('a="', "\\u0041", '"'),
    "a text of folded lines": around('a="""', "\\\n ", '"""'),
    "texts without end": around("", '\\"""'),
    "digits": around("a=", "1"),
    "hexadecimal digits": around("a=0x", "f"),
    "decimals": around("a=0.", "1"),
    "comments": lambda size: repeat("# x.y\n", size),
    "line ends": around("", "\r\n"),
    "ignored columns": around("[dataset]\nname='x'\ntitle='x'\nignored_columns=[", '"x#",', "]"),
    "fields": many_fields,
    "codes": coded(lambda size: ""),
    "folded codes": coded(around("[fields.f.fold]\n", "9#=#\n")),
    "values of reasons": coded(around("reasons=[{code='A',values=[", "1,", "]}]")),
    "reasons": around(f"{_NUMBER}reasons=[", "{code='A',minimum=1},", "]"),
    "bands": around(f"{_NUMBER}bands=[", "#,", "]"),
    "braces": around(f"{_NUMBER}reasons=[{{code='A',describes=\"", "{", '"}]'),
    "languages": around(f"{_NUMBER}[fields.f.help]\nen='x'\n", "x#='x'\n"),
}
