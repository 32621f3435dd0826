"""The reader of clients' JSON, against another reader that is plainly right, and a corpus."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reference_json import both

from creditscore.errors import NotJson
from creditscore.web import json_parser

# Generated texts

SCRAPS = [
    *['"', "\\", "{", "}", "[", "]", ",", ":", "-", "+", ".", "e", "E", "0", "1", "9", "12"],
    *[" ", "\t", "\n", "\r", "\x00", "\x1f", "\x0b", "\x0c", "\xa0", "\u2028", "\ufeff", "\x7f"],
    *["true", "false", "null", "NaN", "Infinity", "-Infinity", "nan", "True", "None"],
    *["\\u", "\\u0041", "\\ud83d", "\\ude00", "\\uD800", "\\uDfFf", "\\n", "\\/", "\\x", "\\u00g0"],
    *['"a"', '"b"', '"a":', '"b":', '"\\u0061":', "[[", "]]", "[]", "{}", '{"a":', "},", "é", "😀"],
    *["1.5", "-0", "-0.0", "1e5", "1E-5", "1e400", "00", "01", "\N{ARABIC-INDIC DIGIT ONE}", "1_0"],
]
JSON_VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=5),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["a", "b", "", '"', "\\", "["]), inner, max_size=3),
        inner.map(lambda value: [value]),
    ),
    max_leaves=12,
)


@settings(max_examples=500)
@given(
    raw=st.one_of(
        st.lists(st.sampled_from(SCRAPS), max_size=12).map(lambda scraps: "".join(scraps).encode()),
        st.binary(max_size=20),
    )
)
@example(raw=b'[["]\\""]]')
@example(raw=b'{"a":1,"a":1}')
@example(raw=b'{"a":":","a":1}')
def test_scraps_of_json_and_arbitrary_bytes_are_read_or_refused_as_the_rfc_says(raw: bytes) -> None:
    result, expected = both(raw)

    assert result == expected


@settings(max_examples=200)
@given(value=JSON_VALUES, ascii_only=st.booleans(), indent=st.sampled_from([None, 1]))
def test_every_json_value_comes_back_as_it_was(
    value: Any, ascii_only: bool, indent: int | None
) -> None:
    result, expected = both(json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode())

    assert result == expected
    assert result in {repr(value), "refused"}


@settings(max_examples=200)
@given(data=st.data(), value=JSON_VALUES)
def test_a_json_text_with_a_changed_byte_is_read_or_refused_as_the_rfc_says(
    data: st.DataObject, value: Any
) -> None:
    raw = bytearray(json.dumps(value).encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))

    result, expected = both(bytes(raw))

    assert result == expected


# A corpus

ACCEPTED: list[tuple[bytes, object]] = [
    (b"null", None),
    (b"true", True),
    (b"false", False),
    (b"0", 0),
    (b"-0", 0),
    (b"1" * 300, int("1" * 300)),
    (b"1" * 301, math.inf),
    (b"-" + b"1" * 300, -math.inf),
    (b"-0.0", -0.0),
    (b"1.0", 1.0),
    (b"0.1E+1", 1.0),
    (b"1e-05", 1e-5),
    (b"1e-400", 0.0),
    (b"1e400", math.inf),
    (b'""', ""),
    (b'"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\/\b\f\n\r\t'),
    (b'"\\u0000"', "\0"),
    (b'"\\u00E9\xc3\xa9"', "éé"),
    (b'"\\uD83D\\uDE00"', "\N{GRINNING FACE}"),
    (b'"\x7f\xe2\x80\xa8\xef\xbb\xbf"', "\x7f\N{LINE SEPARATOR}\ufeff"),
    (b'"\\\\u0041"', "\\u0041"),
    (b'"[{"', "[{"),
    (b"[ ]", []),
    (b"{ }", {}),
    (b"[null,true,1.5,[],{}]", [None, True, 1.5, [], {}]),
    (b'{"":0,"a":1,"A":2}', {"": 0, "a": 1, "A": 2}),
    (b'{"a":{"a":{}}}', {"a": {"a": {}}}),
    (b'[{"a":1},{"a":1}]', [{"a": 1}, {"a": 1}]),
    (b'{"\xc3\xa9":1,"e\xcc\x81":2}', {"é": 1, "e\u0301": 2}),
    (b"\xef\xbb\xbf \t\r\n[ \t\r\n1 \t\r\n, \t\r\n2 \t\r\n] \t\r\n", [1, 2]),
]
#: Bodies by what they are called when they are refused.
REFUSED: dict[str, list[bytes]] = {
    "empty": [b"", b"\xef\xbb\xbf", b"\r\n\t "],
    "not_json": [
        b"\xef\xbb\xbf\xef\xbb\xbf1",
        b"1\x00",
        b"\xc2\xa01",
        b"TRUE",
        b"NaN",
        b"+1",
        b"-01",
        b"1.",
        b"1e+",
        b"1_0",
        b"1 2",
        "1.\N{ARABIC-INDIC DIGIT ONE}".encode(),
        b'"a',
        b'"\\x41"',
        b'"\\u004"',
        b'"\\u+041"',
        b'"\\u0_41"',
        b'"\\ud800\\u"',
        b'"\n"',
        b"[1",
        b"[1,]",
        b"[1}",
        b'{"a":1,}',
        b'{"a" 1}',
        b'{"a":1 "b":2}',
        b"{a:1}",
        b'{"a"::1}',
        b"// comment\n1",
        b"{}{}",
    ],
    "not_utf8": [
        b'"\xff"',
        b'"\xc0\x80"',
        b'"\xc3"',
        b'"\xed\xa0\x80"',
        b'"\xf4\x90\x80\x80"',
        b"\xff\xfe\x31\x00",
        b'{"\xe9":1}',
    ],
    "not_unicode": [
        b'"\\ud800x"',
        b'"\\ude00\\ud83d"',
        b'"\\ud83d\\ud83d\\ude00"',
        b'{"\\ud800":1}',
        b'{"a":{"b":["\\udbff"]}}',
    ],
    "duplicate_key": [
        b'{"a":1,"b":2,"a":3}',
        b'{"a":1,"\\u0061":1}',
        b'{"":1,"":1}',
        b'[{"a":{"b":1,"b":2}}]',
    ],
    "too_deep": [
        b"[" * 9,
        b'{"a":' * 9 + b"1" + b"}" * 9,
        b'[{"a":' * 5 + b"1" + b"}]" * 5,
        b"[" * 5000,
        b"[[]," * 9 + b"1" + b"]" * 9,
    ],
}


@pytest.mark.parametrize(("raw", "value"), ACCEPTED)
def test_what_json_allows_is_read(raw: bytes, value: object) -> None:
    result = json_parser.parse(raw)

    assert repr(result) == repr(value)
    assert both(raw)[0] == both(raw)[1]


@pytest.mark.parametrize(
    ("raw", "code"), [(raw, code) for code, bodies in REFUSED.items() for raw in bodies]
)
def test_what_json_does_not_allow_is_refused_by_its_name(raw: bytes, code: str) -> None:
    with pytest.raises(NotJson) as refusal:
        json_parser.parse(raw)

    assert refusal.value.code == code
    assert both(raw) == ("refused", "refused")


def test_an_array_of_objects_is_read_as_each_of_its_values_is() -> None:
    arrays = (
        b'[{"a":%s},{"b":1,"a":2}]',
        b'[{"b":1,"a":2.5,"c":%s}]',
        b'[%s,{"a":1}]',
        b'[{"a":1,"a":%s}]',
        b'[{"a":":","a":%s}]',
        b'[{"a":1}%s]',
    )
    for raw, array in itertools.product(
        [*dict(ACCEPTED), *itertools.chain(*REFUSED.values())], arrays
    ):
        result, expected = both(array % raw)

        assert result == expected, array % raw


@pytest.mark.parametrize("digits", ["9" * 18, "9" * 19, str(2**64 - 1), str(2**64), "9" * 300])
@pytest.mark.parametrize("sign", ["", "-"])
def test_whole_numbers_of_an_array_keep_their_every_digit(digits: str, sign: str) -> None:
    result, expected = both(f'[{{"a":{sign}{digits}}},{{"a":0.5}}]'.encode())

    assert result == expected
    if len(digits) < 300:
        assert sign + digits in result


# Depth: exact at its limit, whatever stands in strings

INSIDE = [
    b"1",
    b'"["',
    b'"]]]]]]]]]"',
    b'"\\"["',
    b'"\\\\"',
    b'"\\\\\\"]"',
    b'"a\\u005b"',
    b'"\xc3\xa9["',
]


def nested(levels: int, inside: bytes, *, objects: bool = False) -> bytes:
    if objects:
        return b'{"[\\"":' * levels + inside + b"}" * levels
    return b"[" * levels + inside + b"]" * levels


def test_eight_levels_are_read_and_nine_refused_whatever_stands_in_texts() -> None:
    for inside, objects in itertools.product(INSIDE, (False, True)):
        eight, nine = (nested(levels, inside, objects=objects) for levels in (8, 9))
        brothers = b"[%s]" % b",".join([nested(7, inside, objects=objects)] * 5)

        assert both(eight)[0] == both(eight)[1] != "refused"
        assert both(brothers)[0] == both(brothers)[1] != "refused"
        with pytest.raises(NotJson) as refusal:
            json_parser.parse(nine)
        assert refusal.value.code == "too_deep"


# Bodies that are made to take long; a reader that is not linear would not end

MEBIBYTE = 1024 * 1024
PATHOLOGICAL = {
    "opening": b"[" * MEBIBYTE,
    "pairs": b"[]" * (MEBIBYTE // 2),
    "quotes and escapes": b'"\\"' * (MEBIBYTE // 3),
    "backslashes in a text": b'"' + b"\\" * (MEBIBYTE - 1),
    "lone surrogates": b'["' + b"\\ud800" * (MEBIBYTE // 6) + b'"]',
    "digits": b"1" * MEBIBYTE,
    "digits of an exponent": b"1e" + b"1" * MEBIBYTE,
    "integers at the limit": b"[" + b",".join([b"9" * 300] * (MEBIBYTE // 301)) + b"]",
    "arrays at the limit": b"[" + b",".join([b"[[[[[[[]]]]]]]"] * (MEBIBYTE // 15)) + b"]",
    "the same name": b"{" + b",".join([b'"a":1'] * (MEBIBYTE // 6)) + b"}",
    "other names": b"{" + b",".join(b'"%d":1' % name for name in range(90_000)) + b"}",
    "late garbage": b'"' + b"a" * (MEBIBYTE - 3) + b'"\xff',
}


@pytest.mark.parametrize("name", PATHOLOGICAL)
def test_a_mebibyte_made_to_take_long_comes_to_an_end(name: str) -> None:
    refusal = ""
    try:
        json_parser.parse(PATHOLOGICAL[name])
    except NotJson as error:
        refusal = str(error)

    # Nothing of what came is repeated at length.
    assert len(refusal) < 200
