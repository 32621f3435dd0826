"""What the generated tables of the documentation say, beyond the schema file and the settings.

In English each setting says for itself what it allows and means (`config.ROWS`); the Indonesian of
both stands here, under the setting's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from creditscore.i18n.catalogue import Text

FIELD_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "en": ("field", "JSON type", "accepted", "meaning"),
    "id": ("isian", "tipe JSON", "yang diterima", "arti"),
}

SETTING_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "en": ("variable", "allowed", "fallback", "meaning"),
    "id": ("variabel", "yang diterima", "bila tidak diisi", "arti"),
}

#: What stands for a fallback that there is not.
NONE: Text = {"en": "none", "id": "tidak ada"}


@dataclass(frozen=True)
class SettingText:
    """A row of `config.ROWS` in another language: what it allows, and what it means."""

    allowed: str
    sentence: str


COUNT = "bilangan bulat sedikitnya 1"

INDONESIAN_SETTINGS: Mapping[str, SettingText] = {
    "model_dir": SettingText("folder", "Folder model yang sudah dilatih."),
    "cutoff": SettingText(
        "bilangan antara 0 dan 1",
        "Mulai probabilitas gagal bayar ini pemohon tidak memenuhi syarat; bila tidak diisi, "
        "berlaku batas yang ditetapkan saat model dilatih.",
    ),
    "api_keys": SettingText(
        "kunci berisi 16 sampai 200 karakter ASCII yang tampak, dipisah koma",
        "Kunci API, untuk host tanpa shell; bila ada shell, `flask keys new` membuat kunci yang "
        "lebih baik. Begitu ada kunci, `POST /predict` memintanya.",
    ),
    "open_predict": SettingText(
        "on atau off", "Membiarkan `POST /predict` terbuka walaupun sudah ada kunci API."
    ),
    "max_json_bytes": SettingText(COUNT, "Isi JSON terbesar, dalam byte."),
    "max_csv_bytes": SettingText(
        COUNT,
        "Isi CSV terbesar, dalam byte. Keputusannya dicatat dalam satu transaksi, yang ditunggu "
        "oleh permintaan lain.",
    ),
    "max_applicants": SettingText(COUNT, "Jumlah pemohon terbanyak dalam satu larik."),
    "database_url": SettingText(
        "sqlite:///PATH atau postgresql://USER:PASSWORD@HOST:PORT/NAME",
        "Tempat keputusan dicatat. PostgreSQL memerlukan `requirements-postgres.txt`.",
    ),
    "sqlite_journal": SettingText(
        "truncate atau wal",
        "Jurnal berkas SQLite. `wal` lebih cepat, memerlukan SQLite 3.51.3 atau lebih baru, dan "
        "kehilangan keputusan pada sistem berkas jaringan.",
    ),
    "rate_limit": SettingText(
        "misalnya 600/minute (atau second, hour, day), atau off",
        "Permintaan terbanyak dari satu klien, dikenali dari kunci API-nya, kalau tidak ada dari "
        "alamatnya, untuk semua proses bersama; selebihnya dijawab dengan 429.",
    ),
    "what_if_rate_limit": SettingText(
        "misalnya 300/minute (atau second, hour, day), atau off",
        "Sama, untuk coba-coba, yang juga terhitung sebagai permintaan: siapa yang boleh mencoba "
        "tanpa batas dapat menghafal modelnya.",
    ),
    "proxies": SettingText(
        "satu angka",
        "Berapa banyak proksi di depan layanan: sebanyak itu entri terakhir `X-Forwarded-For` "
        "dipercaya. Tanpa itu, semua yang lewat proksi terhitung sebagai satu klien.",
    ),
    "runtime_dir": SettingText(
        "folder",
        "Folder untuk hal-hal yang dipakai bersama oleh proses-proses selama berjalan: catatan "
        "batas permintaan, dan hitungan yang dijumlahkan `GET /metrics`.",
    ),
}
