"""What a model card says whatever the data: what a scorecard is for, its limits, and the law.

Facts about a data set come from its schema file, figures from the measurements. This is no legal
advice, and the card says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from creditscore.i18n.catalogue import Text, in_language

#: What law says of protected predictors, in one sentence.
LEGAL_SENTENCE: Text = {
    "en": "Unlawful for consumer credit in the US (ECOA, Regulation B: sex and marital status "
    "never, age only if nobody of 62 or over is worse off)",
    "id": "Melanggar hukum untuk kredit konsumen di AS (ECOA, Regulation B: jenis kelamin dan "
    "status perkawinan tidak pernah boleh, usia hanya jika tidak seorang pun yang berusia 62 "
    "tahun ke atas dirugikan)",
}

INTENDED_USE: tuple[Text, ...] = (
    {
        "en": "To learn how a credit score is made, tested, explained and watched.",
        "id": "Untuk mempelajari bagaimana skor kredit dibuat, diuji, dijelaskan dan dipantau.",
    },
    {
        "en": "As a template: a lender trains the same code on its own rows and its own schema "
        "file, and validates the result before anybody is judged by it.",
        "id": "Sebagai pola: pemberi kredit melatih kode yang sama dengan baris dan berkas skema "
        "miliknya sendiri, dan memvalidasi hasilnya sebelum seorang pun dinilai dengannya.",
    },
    {
        "en": "To prepare decisions for which a person answers, who can see the reasons and "
        "overrule them.",
        "id": "Untuk menyiapkan keputusan yang dipertanggungjawabkan oleh seseorang, yang dapat "
        "melihat alasannya dan membatalkannya.",
    },
)

OUT_OF_SCOPE: tuple[Text, ...] = (
    {
        "en": "Lending with a model that was trained on somebody else's customers, or on synthetic "
        "rows.",
        "id": "Memberi kredit dengan model yang dilatih dengan nasabah pihak lain, atau dengan "
        "baris sintetis.",
    },
    {
        "en": "Capital requirements and provisions: the probability is that of the outcome named "
        "under Data, not that of a default by Basel (90 days past due within 12 months) or IFRS 9.",
        "id": "Kebutuhan modal dan pencadangan: peluangnya adalah peluang hasil yang disebut di "
        "bagian Data, bukan gagal bayar menurut Basel (tunggakan 90 hari dalam 12 bulan) atau "
        "IFRS 9.",
    },
    {
        "en": "Decisions that nobody reviews, and decisions on prices, limits or collection.",
        "id": "Keputusan yang tidak ditinjau siapa pun, dan keputusan tentang harga, batas kredit "
        "atau penagihan.",
    },
    {
        "en": "Applicants unlike those of the training rows; where a single value lies outside "
        "what training saw, the answer carries a warning.",
        "id": "Pemohon yang tidak serupa dengan baris pelatihan; bila suatu nilai berada di luar "
        "yang pernah dilihat pelatihan, jawabannya memuat peringatan.",
    },
)

LIMITS: tuple[Text, ...] = (
    {
        "en": "Selection: outcomes are known only of people who were given credit. Of those whom a "
        "lender refused nothing is known, and no method of reject inference can put that right; a "
        "small share of random approvals can.",
        "id": "Seleksi: hasil hanya diketahui dari orang yang diberi kredit. Tentang mereka yang "
        "ditolak tidak ada yang diketahui, dan tidak ada metode reject inference yang dapat "
        "memperbaikinya; sebagian kecil persetujuan acak dapat.",
    },
    {
        "en": "Time: rows for learning and for testing are of the same period. How the scorecard "
        "fares in another one is unknown until outcomes come in.",
        "id": "Waktu: baris untuk belajar dan untuk menguji berasal dari masa yang sama. Kinerja "
        "kartu skor di masa lain tidak diketahui sampai hasilnya masuk.",
    },
    {
        "en": "Intervals tell how the figures would vary with other test rows; they leave out that "
        "other training rows would have given another model.",
        "id": "Selang menyatakan bagaimana angka berubah dengan baris uji lain; selang tidak "
        "memperhitungkan bahwa baris pelatihan lain akan menghasilkan model lain.",
    },
    {
        "en": "Leaving a field out does not take its influence away: other fields can stand in for "
        "it. That is why protected fields that are left out are still watched.",
        "id": "Mengeluarkan suatu isian tidak menghapus pengaruhnya: isian lain dapat "
        "mewakilinya. Karena itu isian terlindungi yang dikeluarkan tetap dipantau.",
    },
    {
        "en": "Reasons and curves describe the model, not causes: whoever changes a value does not "
        "thereby become a safer borrower.",
        "id": "Alasan dan kurva menggambarkan model, bukan sebab: siapa yang mengubah suatu nilai "
        "tidak dengan sendirinya menjadi peminjam yang lebih aman.",
    },
)

OVERSIGHT: tuple[Text, ...] = (
    {
        "en": "A person who is trained for it answers for each decision, and can overrule it.",
        "id": "Seseorang yang terlatih bertanggung jawab atas setiap keputusan, dan dapat "
        "membatalkannya.",
    },
    {
        "en": "An applicant can have the decision explained, correct the data, object, and have a "
        "person decide anew.",
        "id": "Pemohon dapat meminta penjelasan, membetulkan datanya, berkeberatan, dan meminta "
        "seseorang memutuskan kembali.",
    },
    {
        "en": "Compare the live distribution of fields and scores with training, and the figures "
        "of this card with outcomes as they come in; train anew where they part.",
        "id": "Bandingkan sebaran isian dan skor yang berjalan dengan pelatihan, dan angka kartu "
        "ini dengan hasil yang masuk; latih kembali bila keduanya menyimpang.",
    },
)

LAW: tuple[Text, ...] = (
    {
        "en": "US: under the Equal Credit Opportunity Act (15 USC 1691) and Regulation B (12 CFR "
        "1002) sex and marital status are never predictors, and age only in a sound system in "
        "which nobody of 62 or over is worse off for it. A refusal states its specific principal "
        "reasons within 30 days; what it rests on is kept for 25 months.",
        "id": "AS: menurut Equal Credit Opportunity Act (15 USC 1691) dan Regulation B (12 CFR "
        "1002) jenis kelamin dan status perkawinan tidak pernah menjadi prediktor, dan usia hanya "
        "dalam sistem yang teruji yang tidak merugikan siapa pun yang berusia 62 tahun ke atas. "
        "Penolakan menyebut alasan pokoknya secara khusus dalam 30 hari; dasarnya disimpan 25 "
        "bulan.",
    },
    {
        "en": "EU: the AI Act (Regulation 2024/1689, Annex III, 5(b)) counts credit scores of "
        "people as high-risk: logs, documentation, human oversight, a right to an explanation.",
        "id": "Uni Eropa: AI Act (Regulation 2024/1689, Annex III, 5(b)) menggolongkan skor kredit "
        "orang sebagai berisiko tinggi: catatan, dokumentasi, pengawasan manusia, hak atas "
        "penjelasan.",
    },
    {
        "en": "EU: under Article 22 of the GDPR the score itself can be the automated decision "
        "(Court of Justice, C-634/21); the procedure that was applied must be explained so that "
        "one can follow it, for example by how other data would have changed the result "
        "(C-203/22).",
        "id": "Uni Eropa: menurut Pasal 22 GDPR skor itu sendiri dapat merupakan keputusan "
        "otomatis (Mahkamah Uni Eropa, C-634/21); cara yang dipakai harus dijelaskan sehingga "
        "dapat diikuti, misalnya dengan bagaimana data lain akan mengubah hasilnya (C-203/22).",
    },
    {
        "en": "EU: the Consumer Credit Directive (2023/2225, Article 18) gives a right to human "
        "intervention, an explanation and a review; Directive 2004/113 forbids treating the sexes "
        "differently.",
        "id": "Uni Eropa: Consumer Credit Directive (2023/2225, Pasal 18) memberi hak atas campur "
        "tangan manusia, penjelasan dan peninjauan; Directive 2004/113 melarang pembedaan menurut "
        "jenis kelamin.",
    },
    {
        "en": "Indonesia: Law 27 of 2022 (Articles 10 and 34) gives a right to object to automated "
        "decisions, and asks for an impact assessment of scoring.",
        "id": "Indonesia: Undang-Undang Nomor 27 Tahun 2022 (Pasal 10 dan 34) memberi hak untuk "
        "berkeberatan atas keputusan otomatis, dan mewajibkan penilaian dampak atas pemberian "
        "skor.",
    },
    {
        "en": "The ratios under Fairness are for watching. They answer none of these laws, and no "
        "value of theirs is a legal pass; the four-fifths line that is often quoted is of US "
        "employment law.",
        "id": "Rasio di bagian Keadilan hanya untuk pemantauan. Rasio itu tidak menjawab satu pun "
        "hukum ini, dan tidak ada nilainya yang berarti lulus secara hukum; batas empat per lima "
        "yang sering dikutip berasal dari hukum ketenagakerjaan AS.",
    },
    {"en": "This is no legal advice.", "id": "Ini bukan nasihat hukum."},
)

LISTS: Mapping[str, tuple[Text, ...]] = {
    "intended_use": INTENDED_USE,
    "out_of_scope": OUT_OF_SCOPE,
    "limits": LIMITS,
    "oversight": OVERSIGHT,
    "law": LAW,
}


def card_words(language: str) -> dict[str, list[str]]:
    """Give the card's lists of sentences in a language."""
    return {name: [in_language(text, language) for text in texts] for name, texts in LISTS.items()}
