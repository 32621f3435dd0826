"""What the pages behind a key say to people, in two dictionaries of the same keys."""

from __future__ import annotations

ENGLISH = {
    "watch_title": "Monitoring",
    "watch_lead": "Whether live applicants are still those of training, who is approved, and "
    "whether what was said came true.",
    "behind_key": "Behind an API key",
    "behind_script": "This page shows what is in the log with JavaScript and a key. Programs get "
    "the same as JSON, with the key in a header.",
    "waiting": "One moment …",
    "unreadable": "The service could not be reached. Please load the page again.",
    "watch_days": "Look back",
    "watch_days_of": "{days} days",
    "watch_show": "Show",
    "watch_window": "{count} decisions from {since} to {until} (UTC).",
    "watch_none": "No decision was logged in these days. Decide on somebody, or look back further.",
    "watch_none_of": "This scorecard made no decision in these days.",
    "watch_others": "Other model versions made {count} decisions in these days; they are not "
    "compared here: {versions}.",
    "watch_decisions": "Decisions",
    "watch_approved": "Approved",
    "watch_matured": "Outcomes known",
    "watch_by_day": "Approvals by day",
    "watch_by_day_spoken": "{days} days with decisions, from {first} to {last}; the "
    "bars are intervals.",
    "watch_day": "Day",
    "drift_title": "Drift",
    "drift_help": "The population stability index compares live values with training: below 0.1 "
    "little, up to 0.25 moderate, above it large. Under {fewest} decisions nothing is said.",
    "drift_field": "Field",
    "drift_index": "Index",
    "drift_verdict": "Verdict",
    "drift_score": "Score",
    "verdict_insufficient": "too few decisions",
    "verdict_little": "little",
    "verdict_moderate": "moderate",
    "verdict_large": "large",
    "drift_chance": "chance could do it",
    "drift_outside": "{share} outside of training",
    "watch_groups": "Approvals by group",
    "outcomes_title": "What came true",
    "outcomes_none": "No outcome is known yet. Log what became of a decision with POST "
    "/decisions/ID/outcome; then it is compared here with what was said.",
    "outcomes_expected": "Defaults expected",
    "outcomes_observed": "Defaults that happened",
    "outcomes_brier": "Brier score, live",
    "outcomes_auc": "AUC, live",
    "outcomes_auc_none": "all ended alike",
    "decision_title": "A logged decision",
    "decision_lead": "As it was given and logged; nothing here is computed anew but the search for "
    "what would have changed it.",
    "outcome": "Outcome",
    "outcome_unknown": "not known yet",
    "outcome_defaulted": "defaulted",
    "outcome_paid": "paid",
}

INDONESIAN = {
    "watch_title": "Pemantauan",
    "watch_lead": "Apakah pemohon kini masih seperti saat pelatihan, siapa yang disetujui, dan "
    "apakah yang dikatakan menjadi kenyataan.",
    "behind_key": "Memerlukan kunci API",
    "behind_script": "Halaman ini menampilkan isi log dengan JavaScript dan kunci. Program "
    "mendapat hal yang sama sebagai JSON, dengan kunci di header.",
    "waiting": "Mohon tunggu …",
    "unreadable": "Layanan tidak dapat dihubungi. Silakan muat ulang halaman.",
    "watch_days": "Lihat ke belakang",
    "watch_days_of": "{days} hari",
    "watch_show": "Tampilkan",
    "watch_window": "{count} keputusan dari {since} sampai {until} (UTC).",
    "watch_none": "Tidak ada keputusan yang dicatat pada hari-hari ini. Buatlah keputusan, atau "
    "lihat lebih jauh ke belakang.",
    "watch_none_of": "Kartu skor ini tidak membuat keputusan pada hari-hari ini.",
    "watch_others": "Versi model lain membuat {count} keputusan pada hari-hari ini; tidak "
    "dibandingkan di sini: {versions}.",
    "watch_decisions": "Jumlah keputusan",
    "watch_approved": "Disetujui",
    "watch_matured": "Hasil yang diketahui",
    "watch_by_day": "Persetujuan per hari",
    "watch_by_day_spoken": "{days} hari dengan keputusan, dari {first} sampai {last}; batang tegak "
    "adalah selang.",
    "watch_day": "Hari",
    "drift_title": "Pergeseran",
    "drift_help": "Population stability index membandingkan nilai kini dengan pelatihan: di bawah "
    "0,1 kecil, sampai 0,25 sedang, di atasnya besar. Di bawah {fewest} keputusan tidak ada yang "
    "dikatakan.",
    "drift_field": "Isian",
    "drift_index": "Indeks",
    "drift_verdict": "Penilaian",
    "drift_score": "Skor",
    "verdict_insufficient": "terlalu sedikit keputusan",
    "verdict_little": "kecil",
    "verdict_moderate": "sedang",
    "verdict_large": "besar",
    "drift_chance": "bisa karena kebetulan",
    "drift_outside": "{share} di luar pelatihan",
    "watch_groups": "Persetujuan per kelompok",
    "outcomes_title": "Yang menjadi kenyataan",
    "outcomes_none": "Belum ada hasil yang diketahui. Catat apa yang terjadi dengan POST "
    "/decisions/ID/outcome; lalu di sini dibandingkan dengan yang dikatakan.",
    "outcomes_expected": "Gagal bayar yang diperkirakan",
    "outcomes_observed": "Gagal bayar yang terjadi",
    "outcomes_brier": "Skor Brier, berjalan",
    "outcomes_auc": "Nilai AUC, berjalan",
    "outcomes_auc_none": "semua berakhir sama",
    "decision_title": "Keputusan dalam log",
    "decision_lead": "Seperti yang diberikan dan dicatat; tidak ada yang dihitung ulang kecuali "
    "pencarian apa yang akan mengubahnya.",
    "outcome": "Kenyataannya",
    "outcome_unknown": "belum diketahui",
    "outcome_defaulted": "gagal bayar",
    "outcome_paid": "membayar",
}
