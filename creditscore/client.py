"""A client for programs in Python: decide, explain, report an outcome.

It needs urllib3 alone, no other package of the service::

    with Client("https://credit.example", api_key="KEY") as client:
        decision = client.decide({"LIMIT_BAL": 30000, "AGE": 26})
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import TracebackType
from typing import Any, Literal, NotRequired, Self, TypedDict, cast
from urllib.parse import quote

import urllib3

JsonObject = dict[str, Any]
Applicant = Mapping[str, Any]
Value = float | str | None

#: Applicants in a request, the most that the service takes.
MAX_ARRAY = 1000
#: Nothing was decided, or the same Idempotency-Key gets the decision: 502 is a proxy's.
RETRIED = (429, 502, 503)
#: Seconds that one pause lasts at most, whatever Retry-After asks for.
MAX_PAUSE_S = 60


class Reason(TypedDict):
    """What one field did to the probability of default."""

    code: str
    field: str
    value: Value
    impact: float
    actionable: bool
    text: str


class Warning(TypedDict):
    """What a person should look at."""

    code: str
    field: str | None
    value: Value
    text: str


class Decision(TypedDict):
    """A decision as `POST /predict` answers it."""

    decision_id: str
    decided_at: str
    reference: NotRequired[str]
    label: Literal["eligible", "not_eligible"]
    probability: float
    probability_of_default: float
    cutoff: float
    score: int
    scorecard: str
    model_version: str
    baseline: float
    reasons: list[Reason]
    strengths: list[Reason]
    warnings: list[Warning]


class Explanation(TypedDict):
    """What each field did to a logged decision, and what would have changed it."""

    decision_id: str
    decided_at: str
    label: Literal["eligible", "not_eligible"]
    probability_of_default: float
    cutoff: float
    scorecard: str
    model_version: str
    baseline: float
    impacts: list[JsonObject]
    recourse: JsonObject


class Outcome(TypedDict):
    """The outcome of a decision."""

    defaulted: bool
    recorded_at: str
    key_id: str | None


class ClientError(Exception):
    """Anything that this client raises on purpose."""


class Unreachable(ClientError):
    """No answer came, after all retries; `idempotency_key` gets the decision if there is one."""

    def __init__(self, cause: Exception, idempotency_key: str | None) -> None:
        super().__init__(str(cause))
        self.idempotency_key = idempotency_key


class Problem(ClientError):
    """A refusal, from its problem document (RFC 9457).

    Parameters
    ----------
    status : int
        The HTTP status.
    document : dict
        The whole document; empty if the answer was none.
    request_id : str or None
        Which line of the service's log it is.
    """

    def __init__(self, status: int, document: JsonObject, request_id: str | None) -> None:
        self.status = status
        self.document = document
        self.request_id = request_id
        self.title = str(document.get("title", ""))
        self.detail = str(document.get("detail", ""))
        self.errors: list[JsonObject] = document.get("errors", [])
        super().__init__(f"{status} {self.title}: {self.detail}")


class Client:
    """A client of one service; safe to share between threads.

    Parameters
    ----------
    url : str
        Where the service is, such as `https://credit.example`.
    api_key : str or None
        Sent as `X-API-Key`.
    language : {"en", "id"}
        Of the texts in answers.
    timeout : float
        Seconds to connect, and seconds without a byte of the answer.
    retries : int
        How often to ask again after a failed connection, 429, 502 or 503.
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        language: Literal["en", "id"] = "en",
        timeout: float = 30.0,
        retries: int = 5,
    ) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Accept": "application/json", "Accept-Language": language}
        if api_key is not None:
            self._headers["X-API-Key"] = api_key
        self._pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=timeout, read=timeout),
            retries=urllib3.Retry(
                total=retries,
                # A key belongs to one host: no redirect is followed.
                redirect=False,
                # Each POST here may be repeated: an Idempotency-Key, or an outcome said twice.
                allowed_methods={"GET", "POST"},
                status_forcelist=RETRIED,
                raise_on_status=False,
                backoff_factor=0.2,
                backoff_jitter=0.2,
                backoff_max=MAX_PAUSE_S,
                retry_after_max=MAX_PAUSE_S,
            ),
        )

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self._pool.clear()

    def decide(self, applicant: Applicant, *, idempotency_key: str | None = None) -> Decision:
        """Return the decision on one applicant.

        Parameters
        ----------
        applicant : mapping of str to value
            The fields of the service's schema.
        idempotency_key : str or None
            A key of your own, for instance the number of the application: the same key with the
            same applicant gets the same decision, from another process too. None: a new one.

        Raises
        ------
        Problem
            If the service refuses.
        Unreachable
            If no answer came.
        """
        key = new_key() if idempotency_key is None else idempotency_key
        return cast(Decision, self._ask("POST", "/predict", dict(applicant), key))

    def decide_many(self, applicants: Iterable[Applicant]) -> Iterator[Decision]:
        """Yield the decision on each applicant in order, a thousand to a request.

        Raises
        ------
        Problem
            If the service refuses a request; decisions of those before it are logged.
        Unreachable
            If no answer came.
        """
        remaining = iter(applicants)
        while batch := [dict(applicant) for applicant in islice(remaining, MAX_ARRAY)]:
            yield from cast(list[Decision], self._ask("POST", "/predict", batch, new_key()))

    def explain(self, decision_id: str) -> Explanation:
        """Return what each field did to a logged decision, and what would have changed it."""
        path = f"/decisions/{quote(decision_id, safe='')}/explanation"
        return cast(Explanation, self._ask("GET", path))

    def outcome(self, decision_id: str, *, defaulted: bool) -> Outcome:
        """Record the outcome of a decision, and return the one in the log.

        Raises
        ------
        Problem
            With status 409 if another outcome is in the log already.
        """
        path = f"/decisions/{quote(decision_id, safe='')}/outcome"
        return cast(Outcome, self._ask("POST", path, {"defaulted": defaulted}))

    def _ask(
        self,
        method: str,
        path: str,
        body: JsonObject | Sequence[JsonObject] | None = None,
        idempotency_key: str | None = None,
    ) -> Any:
        headers = dict(self._headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        data = None if body is None else json.dumps(body, allow_nan=False).encode()
        try:
            answer = self._pool.request(method, self._url + path, body=data, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise Unreachable(error, idempotency_key) from error
        if answer.status != 200:
            raise Problem(
                answer.status, problem_document(answer), answer.headers.get("X-Request-ID")
            )
        return json.loads(answer.data)


def new_key() -> str:
    """Return an Idempotency-Key that was never used."""
    return str(uuid.uuid4())


def problem_document(answer: urllib3.BaseHTTPResponse) -> JsonObject:
    """Return the problem document of an answer; empty if it is a proxy's page or the like."""
    media_type = answer.headers.get("Content-Type", "").partition(";")[0]
    if media_type != "application/problem+json":
        return {}
    try:
        document = json.loads(answer.data)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
