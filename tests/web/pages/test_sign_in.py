"""Signing in with an API key: the session, its cookie, the token of its forms, and its end."""

from __future__ import annotations

import re
import stat
import urllib.request
from concurrent.futures import ProcessPoolExecutor
from http.cookiejar import CookieJar
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from answers import problem_of
from decided import NOON
from flask import Flask
from flask.testing import FlaskClient
from live_server import LiveServer, serving
from logged import decide
from pages import BROWSER, read_page, shown
from service_settings import Build
from werkzeug.test import TestResponse

from creditscore.i18n.catalogue import PAGE_TEXTS
from creditscore.settings import RateLimit
from creditscore.web import api_keys
from creditscore.web.service import NAME
from creditscore.web.sign_in import COOKIE, LIFETIME_S, SECRET_NAME, Sessions, local_path

KEY = "the-key-of-the-sign-in-test"
SECRET = "the-secret-of-the-sign-in-test--"


@pytest.fixture
def app(build: Build) -> Flask:
    return build(api_keys=(KEY,), secret_key=SECRET)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def form(example: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in example.items()}


def sign_in(client: FlaskClient, key: str = KEY, **fields: str) -> TestResponse:
    headers = {**BROWSER, "Sec-Fetch-Site": "same-origin"}
    return client.post("/sign-in", data={"api-key": key, **fields}, headers=headers)


def token_of(client: FlaskClient) -> str:
    """Give the token of the forms that are shown to a person who has signed in."""
    match = re.search('name="csrf_token" value="([^"]+)"', client.get("/", headers=BROWSER).text)
    assert match
    return match[1]


def name_shown(client: FlaskClient) -> str:
    """Give the name that the header shows; empty without one."""
    page = client.get("/", headers=BROWSER).text
    return shown(page, "signed-in") if 'id="signed-in"' in page else ""


def named_key(app: Flask, name: str) -> str:
    """Make a key of a name, and give it."""
    return api_keys.issue(app.extensions[NAME].log.database, name, NOON)[1]


def test_a_key_that_is_entered_once_opens_all_pages_and_its_name_is_in_the_header(
    app: Flask, client: FlaskClient
) -> None:
    key = named_key(app, "branch office")
    decision_id = decide(app, **{"X-API-Key": key})[0]

    answer = sign_in(client, key)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/?lang=en")
    assert name_shown(client) == "branch office"
    for path in ("/monitoring", f"/decisions/{decision_id}"):
        page = client.get(path, headers=BROWSER)
        assert page.status_code == 200
        assert shown(page.text, "signed-in") == "branch office"
        read_page(page.text)
    assert shown(page.text, "key-name") == "branch office"


def test_the_cookie_holds_no_key_and_no_script_or_other_site_gets_it(client: FlaskClient) -> None:
    cookie = sign_in(client).headers["Set-Cookie"]

    assert KEY not in cookie
    value, *flags = cookie.split("; ")
    assert re.match(f"{COOKIE}_[0-9a-f]{{8}}=", value)
    assert sorted(flags) == ["HttpOnly", "Path=/", "SameSite=Strict"]


@pytest.mark.parametrize(
    "encrypted", [{"base_url": "https://localhost"}, {"headers": {"Origin": "https://localhost"}}]
)
def test_over_https_also_up_to_a_proxy_the_cookie_is_sent_over_https_only(
    client: FlaskClient, encrypted: dict[str, Any]
) -> None:
    cookie = client.post("/sign-in", data={"api-key": KEY}, **encrypted).headers["Set-Cookie"]

    assert "; Secure" in cookie


def test_a_wrong_key_is_told_at_once_in_the_language_of_the_page_and_never_written_back(
    client: FlaskClient, language: str
) -> None:
    data = {"api-key": "not-a-key-of-ours", "next": "/monitoring?days=7"}

    page = client.post(f"/sign-in?lang={language}", data=data, headers=BROWSER)

    assert page.status_code == 401
    assert "Set-Cookie" not in page.headers
    assert shown(page.text, "api-key-error") == PAGE_TEXTS[language]["key_wrong"]
    assert 'name="next" value="/monitoring?days=7"' in page.text
    assert "not-a-key-of-ours" not in page.text
    read_page(page.text)
    problem_of(client.post("/sign-in", data=data), 401)


def forged(app: Flask) -> str:
    signed = app.extensions[NAME].keys.sessions.issue(key_id(app))
    payload, rest = signed.split(".", 1)
    return f"{payload[:-1]}{'A' if payload[-1] != 'A' else 'B'}.{rest}"


def of_another_secret(app: Flask) -> str:
    return Sessions("another-secret-of-another-host---", Path()).issue(key_id(app))


def of_no_key(app: Flask) -> str:
    return app.extensions[NAME].keys.sessions.issue("key-00000000")  # type: ignore[no-any-return]


def name_of_cookie(app: Flask) -> str:
    name: str = app.extensions[NAME].keys.sessions.cookie_name
    return name


def key_id(app: Flask) -> str:
    identifier: str = app.extensions[NAME].keys.authenticate(KEY).key_id
    return identifier


def test_a_cookie_that_is_none_of_ours_opens_nothing(app: Flask, client: FlaskClient) -> None:
    for cookie in (forged(app), of_another_secret(app), of_no_key(app), "x", ""):
        client.set_cookie(name_of_cookie(app), cookie)

        assert client.get("/monitoring", headers=BROWSER).status_code == 401, cookie
        problem_of(client.get("/decisions"), 401)
        assert name_shown(client) == ""


@pytest.mark.parametrize(("age", "status"), [(LIFETIME_S - 60, 200), (LIFETIME_S + 60, 401)])
def test_a_session_ends_after_its_time_however_busy_it_was(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, age: int, status: int
) -> None:
    with monkeypatch.context() as clock:
        signed_in_at = 1_800_000_000
        clock.setattr("itsdangerous.timed.time.time", lambda: signed_in_at)
        sign_in(client)
        assert client.get("/monitoring", headers=BROWSER).status_code == 200
        clock.setattr("itsdangerous.timed.time.time", lambda: signed_in_at + age)

        page = client.get("/monitoring?lang=en", headers=BROWSER)

    assert page.status_code == status
    assert ('id="ended"' in page.text) == (status == 401)


def test_a_revoked_key_ends_its_sessions_and_no_others(app: Flask) -> None:
    first_client, second_client = app.test_client(), app.test_client()
    sign_in(first_client, named_key(app, "one"))
    sign_in(second_client, named_key(app, "other"))

    app.test_cli_runner().invoke(args=["keys", "revoke", "one"])
    # What a process remembers of the keys is forgotten at once for a new one.
    problem_of(app.test_client().get("/decisions", headers={"X-API-Key": "an-unknown-key"}), 401)

    assert first_client.get("/monitoring", headers=BROWSER).status_code == 401
    assert second_client.get("/monitoring", headers=BROWSER).status_code == 200


def test_signing_out_needs_the_token_and_deletes_the_cookie(
    app: Flask, client: FlaskClient
) -> None:
    sign_in(client)
    problem_of(client.post("/sign-out"), 403)
    assert name_shown(client)

    answer = client.post("/sign-out", data={"csrf_token": token_of(client)}, headers=BROWSER)

    assert answer.status_code == 303
    assert client.get_cookie(name_of_cookie(app)) is None
    assert client.get("/monitoring", headers=BROWSER).status_code == 401


def test_a_form_that_relies_on_a_session_needs_its_own_token(
    app: Flask, client: FlaskClient, form: dict[str, str]
) -> None:
    sign_in(client)
    another = app.test_client()
    sign_in(another)

    for token in ({}, {"csrf_token": "x"}, {"csrf_token": token_of(another)}, {"csrf_token": ""}):
        problem_of(client.post("/", data={**form, **token}), 403)
    assert client.post("/", data={**form, "csrf_token": token_of(client)}).status_code == 200


def test_a_request_of_a_script_carries_the_token_in_a_header(
    client: FlaskClient, example: dict[str, Any]
) -> None:
    sign_in(client)

    for headers in ({}, {"X-CSRF-Token": "x"}):
        problem_of(client.post("/predict", json=example, headers=headers), 403)
    token = {"X-CSRF-Token": token_of(client)}
    answer = client.post("/predict", json=example, headers=token)
    assert answer.status_code == 200
    decision_id = answer.get_json()["decision_id"]
    outcome = client.post(
        f"/decisions/{decision_id}/outcome", json={"defaulted": True}, headers=token
    )
    assert outcome.status_code == 200


@pytest.mark.parametrize("route", ["/outcomes", "/tables"])
def test_an_upload_needs_the_token_too(client: FlaskClient, route: str) -> None:
    sign_in(client)

    def upload(**fields: str) -> TestResponse:
        table = (BytesIO(b"reference,defaulted\nA-17,true\n"), "table.csv")
        # One form has the file under the first name, the other under the second.
        data = {**fields, "file": table, "table": (BytesIO(table[0].getvalue()), "table.csv")}
        return client.post(route, data=data, headers=BROWSER)

    assert upload().status_code == upload(csrf_token="x").status_code == 403
    assert upload(csrf_token=token_of(client)).status_code in {200, 422}


def test_no_other_site_can_use_a_session_not_even_with_its_token_or_one_that_may_ask(
    build: Build, form: dict[str, str]
) -> None:
    app = build(api_keys=(KEY,), cors_origins=("https://app.example",))
    client = app.test_client()
    sign_in(client)
    data = {**form, "csrf_token": token_of(client)}

    for sender in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"},
    ):
        problem_of(client.post("/", data=data, headers=sender), 403)
        problem_of(client.post("/sign-out", data=data, headers=sender), 403)
        # Nor sign a person in, as whom what they do would be logged.
        problem_of(app.test_client().post("/sign-in", data={"api-key": KEY}, headers=sender), 403)
        problem_of(app.test_client().post("/", data={**form, "api-key": KEY}, headers=sender), 403)


def test_a_key_in_a_header_comes_before_the_cookie(
    app: Flask, client: FlaskClient, example: dict[str, Any]
) -> None:
    sign_in(client, named_key(app, "of the session"))
    key = named_key(app, "of the header")

    answer = client.post("/predict", json=example, headers={"X-API-Key": key})

    assert answer.status_code == 200
    decision_id = answer.get_json()["decision_id"]
    page = client.get(f"/decisions/{decision_id}", headers=BROWSER)
    assert shown(page.text, "key-name") == "of the header"
    problem_of(client.post("/predict", json=example, headers={"X-API-Key": "wrong"}), 401)
    problem_of(client.get("/decisions", headers={"Authorization": "Bearer wrong"}), 401)


ELSEWHERE = (
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
    "https://evil.example", "https:/evil.example", "javascript:alert(1)", "evil.example", "/a\nb",
    "/%0d%0aSet-Cookie: x=y", " //evil.example", "/ok\\..\\evil", "@evil.example",
)  # fmt: skip


def test_after_signing_in_no_one_is_led_to_another_host(app: Flask) -> None:
    for address in ELSEWHERE:
        client = app.test_client()
        page = client.get("/sign-in", query_string={"next": address}, headers=BROWSER)
        assert 'name="next" value="/"' in page.text

        answer = sign_in(client, next=address)

        assert (answer.status_code, answer.headers["Location"]) == (303, "/"), address
        again = client.get("/sign-in", query_string={"next": address}, headers=BROWSER)
        assert (again.status_code, again.headers["Location"]) == (303, "/")
    for address in ("/", "/monitoring?days=7&lang=id", "/decisions/019b7c8a-1"):
        assert local_path(address) == address


def test_a_refused_form_leads_back_to_the_page_that_it_stood_on(client: FlaskClient) -> None:
    form = "/decisions/019b7c8a-0000-7000-8000-000000000001/outcome"
    ours = "http://localhost/decisions/019b7c8a?lang=en"
    page = client.post(form, headers={**BROWSER, "Referer": ours})
    elsewhere = client.post(form, headers={**BROWSER, "Referer": "http://evil.example/x"})

    assert (page.status_code, elsewhere.status_code) == (401, 401)
    assert 'name="next" value="/decisions/019b7c8a?lang=en"' in page.text
    assert 'name="next" value=""' in elsewhere.text


def test_after_signing_in_the_start_page_is_in_the_language_of_the_form(app: Flask) -> None:
    client = app.test_client()
    form = {**BROWSER, "Referer": "http://localhost/sign-in?lang=id"}
    client.get("/sign-in?lang=id", headers=BROWSER)
    refused = client.post("/sign-in?lang=id", data={"api-key": "wrong", "next": ""}, headers=form)
    assert 'name="next" value="/sign-in?lang=id"' in refused.text

    fields = {"api-key": KEY, "next": "/sign-in?lang=id"}
    answer = client.post("/sign-in?lang=id", data=fields, headers=form, follow_redirects=True)

    assert answer.request.url == "http://localhost/?lang=id"
    assert '<html lang="id"' in answer.text


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_who_follows_a_link_from_elsewhere_can_go_on_without_the_key(
    client: FlaskClient, site: str
) -> None:
    # A browser sends no SameSite=Strict cookie along with it.
    page = client.get("/monitoring", headers={**BROWSER, "Sec-Fetch-Site": site})
    link = "/sign-in?lang=en&amp;next=/monitoring"
    assert f'href="{link}"' in page.text

    sign_in(client)
    answer = client.get(link.replace("&amp;", "&"), headers=BROWSER)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/monitoring")


def test_the_form_keeps_its_values_where_the_key_is_wrong_or_missing(
    client: FlaskClient, form: dict[str, str], language: str
) -> None:
    texts = PAGE_TEXTS[language]
    for key, error in ((None, texts["key_missing"]), ("not-ours-at-all", texts["key_wrong"])):
        data = form if key is None else {**form, "api-key": key}

        page = client.post(f"/?lang={language}", data={**data, "AGE": "47"}, headers=BROWSER)

        assert page.status_code == 401
        assert shown(page.text, "api-key-error") == error
        assert 'name="AGE" value="47"' in page.text
        assert "not-ours-at-all" not in page.text
        assert 'id="label"' not in page.text
        read_page(page.text)


def test_the_form_keeps_its_values_where_its_token_is_that_of_an_ended_session(
    client: FlaskClient, form: dict[str, str]
) -> None:
    sign_in(client)
    old = token_of(client)
    sign_in(client)

    page = client.post("/?lang=en", data={**form, "AGE": "47", "csrf_token": old}, headers=BROWSER)

    assert page.status_code == 403
    assert PAGE_TEXTS["en"]["form_too_old"] in page.text
    assert 'name="AGE" value="47"' in page.text
    assert token_of(client) in page.text


def test_a_right_key_in_the_form_signs_in_and_decides_in_one_step(
    app: Flask, client: FlaskClient, form: dict[str, str]
) -> None:
    key = named_key(app, "branch office")
    headers = {**BROWSER, "Sec-Fetch-Site": "same-origin"}

    page = client.post("/", data={**form, "api-key": key}, headers=headers)

    assert page.status_code == 200
    assert shown(page.text, "signed-in") == "branch office"
    assert token_of(client) in page.text
    assert key not in page.text
    decision_page = client.get(f"/decisions/{shown(page.text, 'decision-id')}", headers=BROWSER)
    assert shown(decision_page.text, "key-name") == "branch office"


def test_where_no_key_is_needed_a_wrong_one_is_refused_all_the_same(
    build: Build, form: dict[str, str]
) -> None:
    client = build(api_keys=(KEY,), open_predict=True).test_client()

    page = client.post("/", data={**form, "api-key": "not-ours-at-all"}, headers=BROWSER)

    assert page.status_code == 401


def test_a_failed_sign_in_counts_for_the_address_as_a_wrong_header_does(
    build: Build, tmp_path: Path
) -> None:
    app = build(api_keys=(KEY,), rate_limit=RateLimit(3, 3600), runtime_dir=tmp_path)
    guesser = app.test_client()
    for _ in range(2):
        assert sign_in(guesser, "a-guess").status_code == 401
    assert guesser.get("/decisions", headers={"X-API-Key": "a-guess"}).status_code == 401

    assert sign_in(guesser, KEY).status_code == 429
    with_key = guesser.get("/decisions", headers={"X-API-Key": KEY})
    assert with_key.status_code == 200


def test_who_has_signed_in_has_the_account_of_the_key(build: Build, tmp_path: Path) -> None:
    app = build(api_keys=(KEY,), rate_limit=RateLimit(3, 3600), runtime_dir=tmp_path)
    client = app.test_client()
    sign_in(client)
    for _ in range(3):
        assert client.get("/model").status_code == 200

    assert client.get("/model").status_code == 429
    assert app.test_client().get("/model").status_code == 200


def issue_one(folder: Path) -> str:
    return Sessions(None, folder).issue("key-1")


def test_processes_that_sign_in_first_at_once_agree_on_one_secret(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with ProcessPoolExecutor(4) as pool:
        cookies = list(pool.map(issue_one, [folder] * 16))

    assert {Sessions(None, folder).key_of(cookie) for cookie in cookies} == {"key-1"}
    file = folder / SECRET_NAME
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == [SECRET_NAME]


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 43])
def test_a_file_that_holds_no_secret_signs_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / SECRET_NAME).write_bytes(content)

    with pytest.raises(OSError, match="holds no secret"):
        Sessions(None, tmp_path).issue("key-1")
    if not content:
        assert Sessions(None, tmp_path).key_of(Sessions("x" * 43, tmp_path).issue("key-1")) is None


def test_the_secret_lies_beside_the_log_or_in_the_folder_of_what_processes_share(
    build: Build, tmp_path: Path
) -> None:
    app = build(api_keys=(KEY,), runtime_dir=tmp_path / "run")
    file = app.extensions[NAME].log.database.path
    folder = tmp_path / "run" if file is None else file.parent
    # Nobody has signed in: nothing to keep secret yet, and no cookie can be right.
    assert app.extensions[NAME].keys.sessions.key_of(issue_one(tmp_path)) is None
    assert not (folder / SECRET_NAME).exists()

    sign_in(app.test_client())

    assert (folder / SECRET_NAME).is_file()


def test_a_secret_of_the_settings_serves_several_hosts_and_leaves_no_file(
    build: Build, tmp_path: Path
) -> None:
    first_app, second_app = (
        build(api_keys=(KEY,), secret_key=SECRET, runtime_dir=tmp_path / name) for name in "ab"
    )
    client = first_app.test_client()
    sign_in(client)
    cookie = client.get_cookie(name_of_cookie(first_app))
    assert cookie is not None
    elsewhere = second_app.test_client()
    elsewhere.set_cookie(cookie.key, cookie.value)

    assert elsewhere.get("/monitoring", headers=BROWSER).status_code == 200
    assert not list(tmp_path.rglob(SECRET_NAME))


def test_two_services_on_one_host_do_not_sign_each_other_out(
    model_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    # As browsers do, it sends the cookies of a host to all of its ports.
    jar = CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    def is_signed_in(server: LiveServer) -> bool:
        with browser.open(server.url) as page:
            return 'id="signed-in"' in page.read().decode()

    with (
        serving(model_dir, tmp_path / "a", CREDITSCORE_API_KEYS=KEY) as first_server,
        serving(model_dir, tmp_path / "b", CREDITSCORE_API_KEYS=KEY) as second_server,
    ):
        for server in (first_server, second_server):
            browser.open(f"{server.url}/sign-in", urlencode({"api-key": KEY}).encode()).close()
        assert is_signed_in(first_server)
        assert is_signed_in(second_server)

    assert len(list(jar)) == 2


def test_where_no_secret_can_be_kept_no_one_signs_in_and_the_log_says_why(
    app: Flask, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_bytes(b"")
    service = app.extensions[NAME]
    service.keys.sessions = Sessions(None, tmp_path / "file")

    answer = app.test_client().post("/sign-in", data={"api-key": KEY})

    assert str(tmp_path) not in answer.text
    problem_of(answer, 503)
    assert "no one can sign in" in caplog.text
