"""The trust file: whose signatures and reviews count, in which role, for how long; it comes from the trusted base."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Field

from policy_gate.areas.signature.facts import Standing
from policy_gate.areas.signature.keys import PublicKey, read_public_key
from policy_gate.document import bind, join, problem
from policy_gate.errors import PolicyError, Problem
from policy_gate.frozen import dataclass
from policy_gate.manifest.claims import ClaimModel, Digest, Identifier, Items, Text

if TYPE_CHECKING:
    from policy_gate.document import Document

Role: TypeAlias = Literal["builder", "tester", "releaser", "approver"]
Moment = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?$",
        description="a day such as 2026-11-20 (inclusive), or a UTC time such as 2026-11-20T09:14:03Z",
    ),
]
AlgorithmName: TypeAlias = Literal["ed25519", "ecdsa-p256"]

RELEASER: Role = "releaser"
"""The role whose keys sign a release."""

MAX_KEYS = 64
MAX_REVIEWERS = 50
MAX_CLOCK_SKEW_SECONDS = 3600
EXAMPLE_FOLDER = "examples"
EXAMPLE_KEY_DIGESTS = ("sha256:6d7b0dc51a76b83026fe9515a9c5988ce90a5ad0718368870fb402c9f4cba8eb",)
"""Public keys whose private halves anyone can derive from the repository's examples."""

_PRIVATE = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY|MC4CAQAwBQYDK2Vw|MIGHAgEAMBMGByqGSM49")
"""How a private key starts in PEM, and in bare base64 of PKCS#8 for the two algorithms (RFC 8410, RFC 5958)."""


class SignWindow(ClaimModel):
    """When a key may sign."""

    not_before: Moment
    not_after: Moment


class VerifyWindow(ClaimModel):
    """Until when signatures made in the signing window are accepted."""

    not_after: Moment


class Revocation(ClaimModel):
    """From when on a key is worth nothing, also for what it signed before."""

    at: Moment
    reason: Text


class KeyEntry(ClaimModel):
    """One public key, named by the digest of its SubjectPublicKeyInfo, with roles and windows."""

    id: Identifier | None = None
    spki: Digest
    public_key: Text
    algorithm: AlgorithmName
    roles: Annotated[Items[Role], Field(min_length=1)]
    sign: SignWindow
    verify: VerifyWindow
    revoked: Revocation | None = None


Team = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[a-z0-9][a-z0-9_-]{0,99}$",
        description="an organisation and the slug of a team, as in acme/edge-approvers",
    ),
]
User = Annotated[
    str,
    # Brackets are left out: the review of a bot, such as github-actions[bot], is nobody's.
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", description="the login of a person on GitHub"),
]


class ReviewerSection(ClaimModel):
    """Whose reviews on GitHub approve a change of what judges, and how many people that takes; there is no default."""

    teams: Annotated[Items[Team], Field(max_length=MAX_REVIEWERS)] = ()
    users: Annotated[Items[User], Field(max_length=MAX_REVIEWERS)] = ()
    count: Annotated[int, Field(ge=1, le=MAX_REVIEWERS)]


class TrustFile(ClaimModel):
    """Keys with roles, how many distinct ones each role needs, which algorithms are accepted, and who reviews."""

    apiVersion: Literal["policy-gate/v1alpha1"]  # noqa: N815  # the key's spelling is Kubernetes' convention
    kind: Literal["TrustFile"]
    keys: Annotated[Items[KeyEntry], Field(max_length=MAX_KEYS)] = ()
    thresholds: dict[Role, Annotated[int, Field(ge=1, le=MAX_KEYS)]] = Field(default={})
    algorithms: Annotated[Items[AlgorithmName], Field(min_length=1)] = ("ed25519", "ecdsa-p256")
    clock_skew_seconds: Annotated[int, Field(ge=0, le=MAX_CLOCK_SKEW_SECONDS)] = 300
    reviewers: ReviewerSection | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """A key the base trusts: its label for people, roles and windows, all in UTC."""

    label: str
    public: PublicKey
    roles: tuple[str, ...]
    sign_not_before: datetime
    sign_not_after: datetime
    verify_not_after: datetime
    revocation: tuple[datetime, str] | tuple[()]
    """The time and reason of the revocation; empty while the key is not revoked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewers:
    """Whose reviews on GitHub count: teams as organisation/slug, logins of users, and how many people it takes."""

    teams: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    count: int = 1

    def __bool__(self) -> bool:
        """Tell whether anybody is named."""
        return bool(self.teams or self.users)

    def names(self, via: str) -> bool:
        """Tell whether `team acme/edge` or `user lee` is among them; GitHub does not tell case apart."""
        kind, _, name = via.partition(" ")
        named = {"team": self.teams, "user": self.users}.get(kind, ())
        return name.lower() in {one.lower() for one in named}


NOBODY = Reviewers()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """A valid trust file: distinct keys, and a stated threshold for releasers; one for roles that are not stated."""

    path: str
    keys: tuple[TrustedKey, ...]
    thresholds: tuple[tuple[str, int], ...]
    clock_skew: timedelta
    reviewers: Reviewers = NOBODY

    def threshold(self, role: str) -> int:
        """How many distinct keys of a role have to sign; one for a role that the file does not name."""
        return dict(self.thresholds).get(role, 1)


def decode_trust(document: Document) -> Trust:
    """Decode a trust file; raises PolicyError with every problem and its place."""
    if leaked := _PRIVATE.search(document.text):
        line = document.text.count("\n", 0, leaked.start()) + 1
        hint = "Revoke it: a private key that was committed is known to others. List its public half only."
        raise PolicyError(Problem("the trust file holds a private key", document.path, line, 0, hint))
    bound = bind(document, TrustFile, error=PolicyError)
    problems: list[Problem] = []
    keys: list[TrustedKey] = []
    for position, entry in enumerate(bound.keys):
        pointer = join("/keys", position)
        found = list(_entry_problems(document, entry, pointer, bound.algorithms))
        problems.extend(found)
        if not found:
            keys.append(_trusted_key(entry))
    problems.extend(_repeated(document, bound))
    problems.extend(_wrong_thresholds(document, bound))
    problems.extend(_wrong_reviewers(document, bound))
    if problems:
        raise PolicyError(sorted(problems, key=lambda one: (one.line, one.column, one.message)))
    return Trust(
        path=document.path,
        keys=tuple(keys),
        thresholds=tuple(sorted(bound.thresholds.items())),
        clock_skew=timedelta(seconds=bound.clock_skew_seconds),
        reviewers=_reviewers(bound.reviewers) if bound.reviewers is not None else NOBODY,
    )


def standing(key: TrustedKey, signing_day: date, today: date, clock_skew: timedelta) -> Standing:
    """Judge a key for a signing time that is known by day only: the whole day has to lie in the signing window.

    A revocation reaches back, because a signing time that nothing proves may be later than it.
    """
    if key.revocation and key.revocation[0] <= _end_of(today):
        return Standing.REVOKED
    if _start_of(signing_day) + clock_skew < key.sign_not_before:
        return Standing.NOT_YET_VALID
    if _end_of(signing_day) - clock_skew > key.sign_not_after:
        return Standing.SIGNING_ENDED
    if _end_of(today) > key.verify_not_after:
        return Standing.VERIFICATION_ENDED
    return Standing.GOOD


def timestamp(moment: datetime) -> str:
    """Write a time in UTC as a document has it."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def _entry_problems(
    document: Document, entry: KeyEntry, pointer: str, accepted: tuple[AlgorithmName, ...]
) -> Iterator[Problem]:
    yield from _window_problems(document, entry, pointer)
    if entry.algorithm not in accepted:
        yield problem(document, f"{pointer}/algorithm", f"'{entry.algorithm}' is not among the accepted algorithms")
    try:
        public = read_public_key(entry.public_key)
    except PolicyError as error:
        yield problem(document, f"{pointer}/public_key", error.problems[0].message)
        return
    if public.digest != entry.spki:
        hint = f"The key that is given has {public.digest}."
        yield problem(document, f"{pointer}/spki", "the digest is not the one of the public key that is given", hint)
    if public.algorithm != entry.algorithm:
        yield problem(document, f"{pointer}/algorithm", f"the public key that is given is {public.algorithm}")
    if public.digest in EXAMPLE_KEY_DIGESTS and EXAMPLE_FOLDER not in document.path.split("/")[:-1]:
        hint = f"Anyone can sign with it. It is accepted only in a trust file under `{EXAMPLE_FOLDER}/`."
        yield problem(document, f"{pointer}/public_key", "this is the public key of the examples", hint)


def _window_problems(document: Document, entry: KeyEntry, pointer: str) -> Iterator[Problem]:
    moments = (
        ("/sign/not_before", entry.sign.not_before),
        ("/sign/not_after", entry.sign.not_after),
        ("/verify/not_after", entry.verify.not_after),
        *((("/revoked/at", entry.revoked.at),) if entry.revoked else ()),
    )
    wrong = [suffix for suffix, text in moments if not _is_moment(text)]
    for suffix in wrong:
        yield problem(document, pointer + suffix, "there is no such day or time")
    if wrong:
        return
    if _first(entry.sign.not_before) > _last(entry.sign.not_after):
        yield problem(document, f"{pointer}/sign/not_after", "the signing window ends before it starts")
    if _last(entry.sign.not_after) > _last(entry.verify.not_after):
        yield problem(document, f"{pointer}/verify/not_after", "verification ends before signing does")


def _repeated(document: Document, trust: TrustFile) -> Iterator[Problem]:
    """Name what is listed twice: one key under two ids must never count as two."""
    seen: dict[str, int] = {}
    for position, entry in enumerate(trust.keys):
        for field, text in (("spki", entry.spki), ("id", entry.id or "")):
            first = seen.setdefault(f"{field}:{text}", position) if text else position
            if first != position:
                what = "this key is" if field == "spki" else f"the id '{text}' is"
                yield problem(document, f"/keys/{position}/{field}", f"{what} already listed as keys[{first}]")


def _wrong_thresholds(document: Document, trust: TrustFile) -> Iterator[Problem]:
    """A default for releasers would lower their threshold in a file that lost its last lines."""
    if RELEASER not in trust.thresholds and (trust.keys or trust.thresholds):
        hint = f"Add `{RELEASER}: 1`, or as many as have to agree on a release."
        message = f"`thresholds` does not say how many keys of the role {RELEASER} have to sign"
        yield problem(document, "/thresholds", message, hint)
    for role, threshold in trust.thresholds.items():
        holders = len({entry.spki for entry in trust.keys if role in entry.roles})
        if threshold > holders:
            message = f"the role {role} needs {threshold} keys and {holders} hold it, so it can never be met"
            yield problem(document, join("/thresholds", role), message)


def _wrong_reviewers(document: Document, trust: TrustFile) -> Iterator[Problem]:
    """Name what makes reviewers nobody, fewer than they seem, or too few."""
    named = trust.reviewers
    if named is None:
        if not trust.keys:
            yield problem(document, "/keys", "it lists no key and no reviewer: nobody is trusted")
        return
    if not (named.teams or named.users):
        yield problem(document, "/reviewers", "it names neither teams nor users")
    for key, names in (("teams", named.teams), ("users", named.users)):
        lowered = [name.lower() for name in names]
        for position, name in enumerate(lowered):
            if name in lowered[:position]:
                message = f"'{names[position]}' is already listed: GitHub does not tell case apart"
                yield problem(document, f"/reviewers/{key}/{position}", message)
    if not named.teams and named.users and named.count > len(named.users):
        message = f"{named.count} reviews are needed and {len(named.users)} people are named, so they never suffice"
        yield problem(document, "/reviewers/count", message)


def _reviewers(section: ReviewerSection) -> Reviewers:
    return Reviewers(teams=tuple(sorted(section.teams)), users=tuple(sorted(section.users)), count=section.count)


def _trusted_key(entry: KeyEntry) -> TrustedKey:
    return TrustedKey(
        label=entry.id or entry.spki[: len("sha256:") + 12],
        public=read_public_key(entry.public_key),
        roles=tuple(sorted(set(entry.roles))),
        sign_not_before=_first(entry.sign.not_before),
        sign_not_after=_last(entry.sign.not_after),
        verify_not_after=_last(entry.verify.not_after),
        revocation=(_first(entry.revoked.at), entry.revoked.reason) if entry.revoked else (),
    )


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _first(text: str) -> datetime:
    """Read a time, or the first second of a day."""
    return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)


def _last(text: str) -> datetime:
    """Read a time, or the last second of a day."""
    return _first(text) if "T" in text else _end_of(_first(text).date())


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), UTC)
