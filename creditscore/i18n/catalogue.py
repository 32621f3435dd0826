"""Every sentence that the service itself says, in English and Indonesian.

Texts about fields (titles, units, codes) come from the schema file instead.
"""

from __future__ import annotations

from collections.abc import Mapping

#: A text by language; English is always there, the others may be missing.
Text = Mapping[str, str]

FALLBACK_LANGUAGE = "en"

#: What English writes as a comma is a point in Indonesian, and the other way round.
SWAPPED = str.maketrans(",.", ".,")

ENGLISH: Text = {
    "number": "a number",
    "integer": "an integer",
    "from_to": "{kind} from {low} to {high}",
    "above_at_most": "{kind} greater than {low} and at most {high}",
    "from_below": "{kind} from {low} to less than {high}",
    "between": "{kind} greater than {low} and less than {high}",
    "band_all": "all",
    "band_under": "under {high}",
    "band_over": "{low} and over",
    "band_to_under": "{low} to under {high}",
    "band_to": "{low} to {high}",
    "one_of": "one of {codes}",
    "got_text": 'the text "{value}"',
    "got_array": "an array",
    "got_object": "an object",
    "got_huge": "a number too large to be stored",
    "must_be": "{field} must be {allowed}, got {got}",
    "missing": "{field} is missing, it must be {allowed}",
    "missing_from_group": (
        "{field} is missing, it must be {allowed}: "
        "give all of {fields} ({scorecard}), or none of them"
    ),
    "unknown_field": "{field} is not a field",
    "unknown_field_near": "{field} is not a field, did you mean {nearest}?",
    "empty_body": "the body is empty, it must be JSON",
    "not_utf8": "the body is not UTF-8, from byte {byte} on",
    "not_json": "the body is not JSON: {problem}, at line {line}, column {column}",
    "not_json_constant": "the body is not JSON: {constant} is no JSON number",
    "not_unicode": "the body is not JSON: a text in it is half a character (a lone surrogate)",
    "too_deep": "the body nests arrays and objects more than {most} deep",
    "duplicate_key": "the name {name} stands twice in one object",
    "broken_off": "the body could not be read to its end: it broke off, or its framing is wrong",
    "shorter_than_announced": "the body is {got} bytes long, {announced} were announced",
    "too_large": "the body must be at most {most} bytes long",
    "too_often": "at most {limit} requests are allowed; ask again in {seconds} s",
    "no_header": "the table is empty, it must begin with a line that names its columns",
    "column_missing": "the header has no column {field}",
    "column_missing_near": "the header has no column {field}, did you mean it by {nearest}?",
    "column_twice": "the column {name} stands twice in the header",
    "column_taken": "the column {name} must be renamed: a decision has one of that name",
    "wrong_cells": "the row has {got} cells, the header has {expected}",
    "not_csv": "this is not CSV: {problem}",
    "endless_row": (
        "this is not CSV: a row is longer than {most} bytes, or a quoted cell has no end"
    ),
    "table_not_utf8": "this is not UTF-8",
    "no_rows": "the table has a header but no rows",
    "media_type": (
        "the body must be JSON (Content-Type: application/json), "
        "or for POST /predict a table (text/csv), got {got}"
    ),
    "charset": "the body must be UTF-8, got {got}",
    "content_coding": "the body must come as it is, without a content coding, got {got}",
    "key_needed": "an API key is needed: send it as Authorization: Bearer KEY or X-API-Key: KEY",
    "no_key_yet": (
        "this needs an API key, and there is none yet: whoever runs this service makes one with "
        "flask --app app keys new --name NAME, or sets CREDITSCORE_API_KEYS"
    ),
    "idempotency_key": "Idempotency-Key must be 1 to {most} visible ASCII characters",
    "cross_site": (
        "a page on another site sent this without an API key; open this service's own page, "
        "or send a key"
    ),
    "no_route": "there is nothing here; GET /openapi.json lists what there is",
    "wrong_method": "the method must be one of {allowed}",
    "log_unavailable": (
        "the model is loaded, but the log of decisions cannot be used at the moment, and no "
        "decision is given that is not logged; try again in a few seconds"
    ),
    "key_reused": "this Idempotency-Key came before, with another request; choose a new one",
    "parameter_must_be": "{name} must be {allowed}, got {got}",
    "parameter_twice": "{name} stands twice in the query",
    "unknown_parameter": "{name} is no parameter of this route, which has {known}",
    "any_cursor": "the cursor that an earlier page gave",
    "any_time": (
        "a date (2026-11-22, from its beginning in UTC) or a time with its zone "
        "(2026-11-22T23:30:05Z)"
    ),
    "days_or_since": "give days or since, not both",
    "no_such_window": "the window must begin before it ends",
    "not_an_outcome": 'the body must be {{"defaulted": true}} or {{"defaulted": false}}, got {got}',
    "another_object": "another object",
    "unknown_decision": "no decision of this id is logged",
    "outcome_conflict": "another outcome of this decision is logged already, and stays",
    "surprise": "something went wrong here; the log has it under request id {request_id}",
    "invalid_applicants": "the request is well-formed, but not valid: see errors",
    "not_an_applicant": "an applicant must be a JSON object, got {got}",
    "not_applicants": (
        "the body must be one applicant (a JSON object) or an array of 1 to {most} applicants, "
        "got {got}"
    ),
    "empty_array": "the array must hold 1 to {most} applicants, got none",
    "too_many": "the array must hold 1 to {most} applicants, got {count}",
    "reason_number": "{title}: {value}; such values went with more defaults",
    "reason_least": (
        "{title}: {value}; this spoke for approval less than anything else, and the group that "
        "applicants are compared with is itself too risky on average"
    ),
    "reason_code": "{title}: {label}; this went with more defaults",
    "impact_raised": (
        "{title}: {value}; this raised the probability of default by {points} percentage points"
    ),
    "impact_lowered": (
        "{title}: {value}; this lowered the probability of default by {points} percentage points"
    ),
    "impact_none": "{title}: {value}; this hardly changed the probability of default",
    "change": "{title}: from {before} to {after}",
    "no_change": "Nothing that you can change today would change this decision.",
    "needless": "Nothing has to change: as it is, the decision would be: eligible.",
    "other_model": (
        "Another model has taken the place of the one that made this decision, so what would have "
        "changed it cannot be computed any more."
    ),
    "some_change": "With these changes, and all else as it is, the decision would be: eligible.",
    "outside_training_range": (
        "{field} is {got}, but the model was trained on {low} to {high}{unit}; "
        "beyond that it has seen nobody"
    ),
    "outside_training_codes": "{field} is {got}, which nobody had whom the model was trained on",
}

INDONESIAN: Text = {
    "number": "bilangan",
    "integer": "bilangan bulat",
    "from_to": "{kind} dari {low} sampai {high}",
    "above_at_most": "{kind} lebih dari {low} dan paling banyak {high}",
    "from_below": "{kind} dari {low} sampai kurang dari {high}",
    "between": "{kind} lebih dari {low} dan kurang dari {high}",
    "band_all": "semua",
    "band_under": "di bawah {high}",
    "band_over": "{low} ke atas",
    "band_to_under": "{low} sampai di bawah {high}",
    "band_to": "{low} sampai {high}",
    "one_of": "salah satu dari {codes}",
    "got_text": 'teks "{value}"',
    "got_array": "larik",
    "got_object": "objek",
    "got_huge": "bilangan yang terlalu besar untuk disimpan",
    "must_be": "{field} harus {allowed}, tetapi isinya {got}",
    "missing": "{field} tidak ada, seharusnya {allowed}",
    "missing_from_group": (
        "{field} tidak ada, seharusnya {allowed}: "
        "isi semua {fields} ({scorecard}), atau tidak satu pun"
    ),
    "unknown_field": "{field} bukan nama isian",
    "unknown_field_near": "{field} bukan nama isian, maksud Anda {nearest}?",
    "empty_body": "isi permintaan kosong, seharusnya JSON",
    "not_utf8": "isi permintaan bukan UTF-8, mulai byte ke-{byte}",
    "not_json": "isi permintaan bukan JSON: {problem}, di baris {line}, kolom {column}",
    "not_json_constant": "isi permintaan bukan JSON: {constant} bukan bilangan JSON",
    "not_unicode": (
        "isi permintaan bukan JSON: ada teks dengan separuh karakter (surrogate tunggal)"
    ),
    "too_deep": "isi permintaan menyusun larik dan objek lebih dari {most} tingkat",
    "duplicate_key": "nama {name} muncul dua kali dalam satu objek",
    "broken_off": (
        "isi permintaan tidak terbaca sampai akhir: terputus, atau pembingkaiannya salah"
    ),
    "shorter_than_announced": "isi permintaan {got} byte, padahal diumumkan {announced}",
    "too_large": "isi permintaan paling banyak {most} byte",
    "too_often": "paling banyak {limit} permintaan; coba lagi dalam {seconds} detik",
    "no_header": "tabel kosong, harus dimulai dengan baris yang menyebut nama kolomnya",
    "column_missing": "tidak ada kolom {field} di baris judul",
    "column_missing_near": "tidak ada kolom {field} di baris judul, apakah maksudnya {nearest}?",
    "column_twice": "kolom {name} tertulis dua kali di baris judul",
    "column_taken": "kolom {name} harus diganti namanya: keputusan punya kolom bernama sama",
    "wrong_cells": "baris ini berisi {got} sel, baris judul berisi {expected}",
    "not_csv": "ini bukan CSV: {problem}",
    "endless_row": (
        "ini bukan CSV: ada baris lebih panjang dari {most} bita, "
        "atau sel berkutip yang tidak ditutup"
    ),
    "table_not_utf8": "ini bukan UTF-8",
    "no_rows": "tabel hanya berisi baris judul, tanpa baris data",
    "media_type": (
        "isi permintaan harus JSON (Content-Type: application/json), "
        "atau untuk POST /predict tabel (text/csv), tetapi jenisnya {got}"
    ),
    "charset": "isi permintaan harus UTF-8, tetapi jenisnya {got}",
    "content_coding": (
        "isi permintaan harus dikirim apa adanya, tanpa content coding, tetapi jenisnya {got}"
    ),
    "key_needed": (
        "perlu kunci API: kirim sebagai Authorization: Bearer KUNCI atau X-API-Key: KUNCI"
    ),
    "no_key_yet": (
        "ini perlu kunci API, dan belum ada satu pun: pengelola layanan ini membuatnya dengan "
        "flask --app app keys new --name NAMA, atau mengisi CREDITSCORE_API_KEYS"
    ),
    "idempotency_key": "Idempotency-Key harus 1 sampai {most} karakter ASCII yang tampak",
    "cross_site": (
        "halaman di situs lain mengirim ini tanpa kunci API; buka halaman layanan ini sendiri, "
        "atau kirim kunci"
    ),
    "no_route": "tidak ada apa-apa di sini; GET /openapi.json memuat daftar yang ada",
    "wrong_method": "metodenya harus salah satu dari {allowed}",
    "log_unavailable": (
        "model sudah siap, tetapi catatan keputusan sedang tidak dapat dipakai, dan keputusan "
        "yang tidak tercatat tidak diberikan; coba lagi beberapa detik lagi"
    ),
    "key_reused": (
        "Idempotency-Key ini pernah datang dengan permintaan lain; pilih kunci yang baru"
    ),
    "parameter_must_be": "{name} harus {allowed}, tetapi isinya {got}",
    "parameter_twice": "{name} muncul dua kali dalam query",
    "unknown_parameter": "{name} bukan parameter rute ini, yang punya {known}",
    "any_cursor": "cursor yang diberikan halaman sebelumnya",
    "any_time": (
        "tanggal (2026-11-22, sejak awalnya dalam UTC) atau waktu dengan zonanya "
        "(2026-11-22T23:30:05Z)"
    ),
    "days_or_since": "berikan days atau since, jangan keduanya",
    "no_such_window": "jendela waktu harus dimulai sebelum berakhir",
    "not_an_outcome": (
        'isi permintaan harus {{"defaulted": true}} atau {{"defaulted": false}}, '
        "tetapi isinya {got}"
    ),
    "another_object": "objek lain",
    "unknown_decision": "tidak ada keputusan dengan id ini dalam catatan",
    "outcome_conflict": "hasil lain untuk keputusan ini sudah tercatat, dan tetap berlaku",
    "surprise": "terjadi kesalahan di sini; tercatat di log dengan id permintaan {request_id}",
    "invalid_applicants": "permintaan terbaca, tetapi tidak sah: lihat errors",
    "not_an_applicant": "pemohon harus berupa objek JSON, tetapi isinya {got}",
    "not_applicants": (
        "isi permintaan harus satu pemohon (objek JSON) atau larik 1 sampai {most} pemohon, "
        "tetapi isinya {got}"
    ),
    "empty_array": "larik harus berisi 1 sampai {most} pemohon, tetapi kosong",
    "too_many": "larik harus berisi 1 sampai {most} pemohon, tetapi isinya {count}",
    "reason_number": "{title}: {value}; nilai seperti ini lebih sering disertai gagal bayar",
    "reason_least": (
        "{title}: {value}; ini paling sedikit mendukung persetujuan, dan kelompok pembanding "
        "pemohon sendiri rata-rata terlalu berisiko"
    ),
    "reason_code": "{title}: {label}; ini lebih sering disertai gagal bayar",
    "impact_raised": (
        "{title}: {value}; ini menaikkan probabilitas gagal bayar {points} poin persen"
    ),
    "impact_lowered": (
        "{title}: {value}; ini menurunkan probabilitas gagal bayar {points} poin persen"
    ),
    "impact_none": "{title}: {value}; ini hampir tidak mengubah probabilitas gagal bayar",
    "change": "{title}: dari {before} menjadi {after}",
    "no_change": "Tidak ada yang dapat Anda ubah hari ini yang akan mengubah keputusan ini.",
    "needless": "Tidak ada yang perlu diubah: seadanya pun keputusannya menjadi: memenuhi syarat.",
    "other_model": (
        "Model lain sudah menggantikan model yang membuat keputusan ini, sehingga apa yang dapat "
        "mengubahnya tidak dapat dihitung lagi."
    ),
    "some_change": (
        "Dengan perubahan ini, dan selebihnya tetap, keputusannya menjadi: memenuhi syarat."
    ),
    "outside_training_range": (
        "{field} adalah {got}, padahal model dilatih pada {low} sampai {high}{unit}; "
        "di luar itu belum pernah ada contohnya"
    ),
    "outside_training_codes": (
        "{field} adalah {got}, yang tidak dimiliki siapa pun dalam data latih model"
    ),
}

CATALOGUE: Mapping[str, Text] = {"en": ENGLISH, "id": INDONESIAN}

LANGUAGES = tuple(CATALOGUE)


def in_language(text: Text, language: str) -> str:
    """Give a text in a language, or in English where it has no such version."""
    return text.get(language, text[FALLBACK_LANGUAGE])


def say_number(number: int | float) -> Text:
    """Write a number for people: 30,000 in English, 30.000 in Indonesian."""
    english = f"{number:,}" if isinstance(number, int) else f"{number:,.10g}"
    return {"en": english, "id": english.translate(SWAPPED)}


def say(key: str, **parts: Text | str | int) -> Text:
    """Fill in one sentence of the catalogue, in every language.

    Parameters
    ----------
    key : str
        The sentence's name in the catalogue.
    **parts : Text, str or int
        What goes into its braces; a `Text` goes in by language.
    """
    return {
        language: sentences[key].format(
            **{
                name: part if isinstance(part, str | int) else in_language(part, language)
                for name, part in parts.items()
            }
        )
        for language, sentences in CATALOGUE.items()
    }
