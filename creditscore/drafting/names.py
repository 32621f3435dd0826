"""What the name of a column says, in English and Indonesian."""

from __future__ import annotations

import re

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W_]+")

PROTECTED = frozenset({
    "sex", "gender", "male", "female", "marital", "marriage", "married", "race", "ethnic",
    "ethnicity", "religion", "nationality", "citizenship", "citizen", "foreign", "disability",
    "disabled", "pregnant", "birthdate", "birth", "kelamin", "usia", "umur", "agama", "suku", "ras",
    "perkawinan", "pernikahan", "kawin", "nikah", "kebangsaan", "kewarganegaraan", "disabilitas",
    "lahir",
})  # fmt: skip

#: "age" is a person's beside these only: accounts and vehicles have ages too.
_OF_PERSONS = frozenset({
    "age", "years", "year", "in", "of", "the", "applicant", "customer", "client", "person",
    "borrower", "debtor", "at", "application", "group",
})  # fmt: skip

_AGES = frozenset({"age", "usia", "umur"})

IDENTIFIERS = frozenset({
    "id", "ids", "uuid", "guid", "key", "nik", "ktp", "npwp", "ssn", "reference", "ref", "index",
    "row", "rownum", "nomor", "number", "no", "nr", "num", "order", "invoice", "faktur", "kode",
})  # fmt: skip

#: The clearest of them.
EXACT_IDENTIFIERS = frozenset({"id", "ids", "uuid", "guid", "nik", "npwp", "ssn"})

#: These count something where another word follows: NumberOfDependents.
_COUNTS = frozenset({"number", "no", "num", "nr"})

PERSONAL_DATA = frozenset({
    "name", "nama", "surname", "firstname", "lastname", "email", "mail", "phone", "mobile", "telp",
    "telepon", "telephone", "hp", "whatsapp", "address", "alamat", "street", "jalan", "nik", "ktp",
    "npwp", "ssn", "passport", "paspor", "iban",
})  # fmt: skip

PLACES = frozenset({"zip", "zipcode", "postcode", "postal", "kodepos"})

DATES = frozenset({
    "date", "time", "month", "period", "ref", "day", "timestamp", "tanggal", "tgl", "bulan",
    "periode", "waktu",
})  # fmt: skip

#: Dates of birth, in some more languages: they say nothing of when a row came about.
BIRTHS = frozenset({
    "birth", "birthdate", "birthday", "born", "dob", "dateofbirth", "lahir", "kelahiran",
    "tgllahir", "nacimiento", "naissance", "nascimento", "nascita", "geburt", "geburtsdatum",
})  # fmt: skip

#: Phrases of what is known only after the decision, joined without separators.
KNOWN_LATER = (
    "recoveries", "recoveryfee", "collectionrecovery", "totalrec", "totalpymnt", "totalpayment",
    "lastpymnt", "nextpymnt", "outprncp", "writtenoff", "writeoff", "chargedoff", "settlement",
    "hardship", "daysoverdue", "dayspastdue", "hapusbuku", "penagihan", "pelunasan",
    "haritunggakan",
)  # fmt: skip


def words(name: str) -> list[str]:
    """Return the words of a name, in lower case: ``LoanStatus2`` is loan, status, 2."""
    return [word.casefold() for part in _WORD.findall(name) for word in _CAMEL.split(part)]


def joined(name: str) -> str:
    """Return a name without separators, in lower case."""
    return "".join(words(name))


def mentions(name: str, subject: frozenset[str]) -> bool:
    """Check whether a name has one of the words for something, such as `PLACES`."""
    return not subject.isdisjoint(words(name))


def is_protected(name: str) -> bool:
    """Check whether a name sounds like an attribute that law protects from discrimination."""
    tokens = set(words(name))
    return not PROTECTED.isdisjoint(tokens) or ("age" in tokens and tokens <= _OF_PERSONS)


def is_age(name: str) -> bool:
    """Check whether a name sounds like a person's age."""
    tokens = set(words(name))
    return is_protected(name) and not _AGES.isdisjoint(tokens)


def is_identifier(name: str) -> bool:
    """Check whether a name sounds like that of a number of things, not of a count."""
    tokens = words(name)
    if not tokens or (len(tokens) > 1 and tokens[0] in _COUNTS):
        return False
    return tokens[0] in {"id", "nomor"} or tokens[-1] in IDENTIFIERS or tokens[-2:-1] == ["id"]


def is_known_later(name: str) -> bool:
    """Check whether a name sounds like what is known only after the decision."""
    text = joined(name)
    return any(phrase in text for phrase in KNOWN_LATER) and "12mth" not in text


def humanise(name: str) -> str:
    """Return a title made from a name: "Monthly income" for ``MonthlyIncome``."""
    spaced = re.sub(r"[_\s]+|(?<=\w)\.(?=\w)", " ", name).strip()
    parts = [part for word in spaced.split(" ") for part in _CAMEL.split(word)]
    shouted = name.isupper()
    parts = [
        part if part.isupper() and len(part) > 1 and not shouted else part.lower() for part in parts
    ]
    title = " ".join(parts)
    return title[:1].upper() + title[1:] if title else name
