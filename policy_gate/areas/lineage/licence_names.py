"""Names of licences as people write them: SPDX ids in any case, addresses, tags of hubs, words that say nothing."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from policy_gate.areas.lineage.licence import UnknownNameError, is_own_term, parse, terms
from policy_gate.errors import EvidenceError
from policy_gate.frozen import dataclass

_COMMON = """
    0BSD AFL-3.0 AGPL-3.0-only AGPL-3.0-or-later Apache-2.0 BSD-2-Clause BSD-3-Clause BSL-1.0 C-UDA-1.0 CC-BY-2.0
    CC-BY-3.0 CC-BY-4.0 CC-BY-NC-4.0 CC-BY-NC-ND-4.0 CC-BY-NC-SA-4.0 CC-BY-ND-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0 CC0-1.0
    CDLA-Permissive-1.0 CDLA-Permissive-2.0 CDLA-Sharing-1.0 EPL-2.0 GPL-2.0-only GPL-2.0-or-later GPL-3.0-only
    GPL-3.0-or-later ISC LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0-only LGPL-3.0-or-later MIT MPL-2.0 ODbL-1.0
    ODC-By-1.0 PDDL-1.0 Unlicense Zlib
"""
_NO_INFORMATION = """
    - ? custom n/a na noassertion none not-specified null other proprietary public see-license tbd todo undefined
    unknown unlicensed unspecified various
"""
# Most releases use one of these; knowing them saves the 40 ms that loading the whole list costs.
_COMMON_IDS = {name.lower(): name for name in _COMMON.split()}
_EMPTY_WORDS = frozenset(_NO_INFORMATION.split())
# Tags and short names that leave the version open: they suggest, and never decide.
_MEANT = {
    "agpl": "AGPL-3.0-only",
    "apache": "Apache-2.0",
    "apache-license-2.0": "Apache-2.0",
    "apache2": "Apache-2.0",
    "bsd": "BSD-3-Clause",
    "c-uda": "C-UDA-1.0",
    "cc": "CC-BY-4.0",
    "cc-by": "CC-BY-4.0",
    "cc-by-nc": "CC-BY-NC-4.0",
    "cc-by-nc-sa": "CC-BY-NC-SA-4.0",
    "cc-by-sa": "CC-BY-SA-4.0",
    "cc0": "CC0-1.0",
    "cdla-permissive": "CDLA-Permissive-2.0",
    "gpl": "GPL-3.0-only",
    "lgpl": "LGPL-3.0-only",
    "lgpl-lr": "LGPLLR",
    "mit-license": "MIT",
    "odbl": "ODbL-1.0",
    "odc-by": "ODC-By-1.0",
    "pddl": "PDDL-1.0",
    "public-domain": "CC0-1.0 or PDDL-1.0",
}
# Names that the list of the library knows beside SPDX's own, and that leave the version open.
_NOT_SPDX = frozenset({"gpl", "bsd-2", "nunit"})
_WEB = re.compile(r"https?://(?:www\.)?(?P<host>[a-z.]+)/(?P<path>[A-Za-z0-9._/-]*)")
_CREATIVE_COMMONS = re.compile(
    r"licenses/(?P<kind>by(?:-nc)?(?:-nd|-sa)?)/(?P<version>[0-9]\.[0-9])(?P<port>/[a-z]{2,3})?"
    r"(?:/(?:deed|legalcode)(?:\.[a-z-]+)?)?/?"
)
_ADDRESSES = {
    "apache.org/licenses/license-2.0": "Apache-2.0",
    "cdla.dev/permissive-1-0": "CDLA-Permissive-1.0",
    "cdla.dev/permissive-2-0": "CDLA-Permissive-2.0",
    "cdla.dev/sharing-1-0": "CDLA-Sharing-1.0",
    "creativecommons.org/publicdomain/mark/1.0": "CC-PDM-1.0",
    "creativecommons.org/publicdomain/zero/1.0": "CC0-1.0",
    "opendatacommons.org/licenses/by/1-0": "ODC-By-1.0",
    "opendatacommons.org/licenses/odbl/1-0": "ODbL-1.0",
    "opendatacommons.org/licenses/pddl/1-0": "PDDL-1.0",
}
_LISTS = {
    "choosealicense.com": "licenses/",
    "opensource.org": "licenses/",
    "spdx.org": "licenses/",
}
_LONGEST_ID = 64
_SAYS_NOTHING = "it says nothing about the licence"
_STATE_IT = "an SPDX expression, or LicenseRef-NAME with the licence's text"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLicence:
    """A licence as understood: `spdx` in normal form, or "" with the problem and what was probably meant."""

    spdx: str = ""
    problem: str = ""
    suggestion: str = ""
    own_terms: tuple[str, ...] = ()


@lru_cache(maxsize=1024)
def read_licence(written: str, *, suggest: bool = True) -> ReadLicence:
    """Read any text as a licence expression; every text ends in a normal form or a problem, never in an error.

    `suggest` is whether to look for what was meant by a name that is on no list, which takes milliseconds.
    """
    text = written.strip()
    if not text:
        return ReadLicence(problem="it is empty", suggestion=_STATE_IT)
    if _slug(text) in _EMPTY_WORDS:
        return ReadLicence(problem=_SAYS_NOTHING, suggestion="CC0-1.0 or PDDL-1.0" if text == "Public" else _STATE_IT)
    if "://" in text:
        return _read_address(text)
    try:
        expression = parse(text, listed_licence, listed_exception)
    except EvidenceError as error:
        return ReadLicence(problem=error.detail, suggestion=_suggestion(text, error) if suggest else "")
    own = dict.fromkeys(term.licence for term in terms(expression) if is_own_term(term.licence))
    return ReadLicence(spdx=str(expression), own_terms=tuple(own))


def listed_licence(name: str) -> str:
    """The SPDX spelling of a licence id in any case, of a deprecated one its successor, or ""."""
    return _COMMON_IDS.get(name.lower()) or _spdx_list()[0].get(name.lower(), "")


def listed_exception(name: str) -> str:
    """The SPDX spelling of an exception id in any case, or ""."""
    return _spdx_list()[1].get(name.lower(), "")


@cache
def _spdx_list() -> tuple[dict[str, str], dict[str, str]]:
    """Licences and exceptions of the SPDX list, lower case to listed spelling; deprecated ids to their successor."""
    from license_expression import get_license_index  # 40 ms; only what is not common pays

    licences: dict[str, str] = {}
    exceptions: dict[str, str] = {}
    for entry in get_license_index():
        name = entry["spdx_license_key"]
        if not name or is_own_term(name):
            continue
        table = exceptions if entry["is_exception"] else licences
        for spelling in (name, *entry["other_spdx_license_keys"]):
            if not is_own_term(spelling) and spelling.lower() not in _NOT_SPDX:
                table[spelling.lower()] = name
    return licences, exceptions


def _read_address(text: str) -> ReadLicence:
    found = _WEB.fullmatch(text)
    if found is None:
        return ReadLicence(problem="it is an address this gate does not know", suggestion=_STATE_IT)
    host, path = found["host"], found["path"]
    whole = f"{host}/{path}".lower().rstrip("/").removesuffix(".txt").removesuffix(".html")
    spdx = _ADDRESSES.get(whole, "") or _from_list(host, path) or _creative_commons(host, path)
    if spdx:
        return ReadLicence(spdx=spdx)
    if _slug(whole.rpartition("/")[2]) in _EMPTY_WORDS:
        return ReadLicence(problem=_SAYS_NOTHING, suggestion=_STATE_IT)
    return ReadLicence(problem="it is an address this gate does not know", suggestion=_STATE_IT)


def _from_list(host: str, path: str) -> str:
    prefix = _LISTS.get(host)
    if prefix is None:
        return ""
    name = path.removeprefix("license/").removeprefix(prefix).rstrip("/")
    return listed_licence(name.removesuffix(".html").removesuffix(".json"))


def _creative_commons(host: str, path: str) -> str:
    found = _CREATIVE_COMMONS.fullmatch(path) if host == "creativecommons.org" else None
    if found is None:
        return ""
    # A ported licence is another text: only a port that SPDX lists is known.
    return listed_licence(f"CC-{found['kind']}-{found['version']}{(found['port'] or '').replace('/', '-')}")


def _slug(text: str) -> str:
    return re.sub(r"[\s_]+", "-", text.strip().lower())


def _suggestion(text: str, error: EvidenceError) -> str:
    """What was probably meant: the whole text as one name, else the nearest to the name that is unknown."""
    meant = _meant(_slug(text))
    if meant or not isinstance(error, UnknownNameError):
        return meant
    name = error.name[:_LONGEST_ID]
    licences, exceptions = _spdx_list()
    if error.what == "exception":
        return _nearest(name, exceptions)
    return _meant(name.lower()) or _nearest(name, licences) or _own_name(name)


def _meant(name: str) -> str:
    return _MEANT.get(name[:_LONGEST_ID]) or listed_licence(name[:_LONGEST_ID])


def _nearest(name: str, listed: dict[str, str]) -> str:
    import difflib  # only a misspelt licence pays for it

    alike = difflib.get_close_matches(name.lower(), listed, n=1, cutoff=0.85)
    return listed[alike[0]] if alike else ""


def _own_name(name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9.-]", "-", name)
    return f"LicenseRef-{re.sub('^licenseref-', '', plain, flags=re.IGNORECASE)} with the licence's text"
