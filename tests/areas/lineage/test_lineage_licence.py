from __future__ import annotations

import csv
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_gate.areas.lineage.licence import MAX_DEPTH, Compound, Standing, Term, is_own_term, parse, rule_on, terms
from policy_gate.areas.lineage.licence_names import listed_licence, read_licence

IDS = ("MIT", "Apache-2.0", "CC-BY-4.0", "ODbL-1.0", "etalab-2.0", "LicenseRef-Own.1", "GPL-3.0-or-later")


def expressions(names=IDS):
    leaves = st.sampled_from(names)
    return st.recursive(leaves, lambda inner: st.tuples(st.sampled_from(["AND", "OR"]), inner, inner), max_leaves=12)


def written(tree) -> str:
    """An expression with every bracket there can be."""
    return tree if isinstance(tree, str) else f"({written(tree[1])} {tree[0]} {written(tree[2])})"


def holds(tree, allowed) -> bool:
    """What an expression means, straight from its tree: the oracle."""
    if isinstance(tree, str):
        return tree in allowed
    left, right = holds(tree[1], allowed), holds(tree[2], allowed)
    return (left and right) if tree[0] == "AND" else (left or right)


def standing(text: str, allowed=(), review=(), denied=()) -> Standing:
    read = read_licence(text)
    assert read.spdx, read
    return rule_on(parse(read.spdx), allowed, review, denied).standing


def test_every_licence_string_seen_in_the_wild_ends_as_it_should(shared) -> None:
    with (shared / "data/lineage/lineage_license_strings.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 37
    for row in rows:
        read, wanted = read_licence(row["string"]), row["gate_should"]
        if wanted.startswith("reject"):
            assert not read.spdx, row
            assert read.problem, row
            assert wanted.partition("suggest ")[2] in read.suggestion, row
        elif wanted in ("same", "accept syntax (needs text file)"):
            assert read.spdx == row["string"], row
        else:
            assert read.spdx == wanted.partition(" (needs")[0].partition(" (deprecated")[0].partition(" (alias")[0], row


@settings(deadline=None)
@given(st.text())
def test_any_text_at_all_ends_in_a_normal_form_or_in_a_problem(text) -> None:
    read = read_licence(text)
    assert bool(read.spdx) != bool(read.problem)


@settings(deadline=None)
@given(st.text(alphabet="()MITANDORWH-+. /:,", max_size=40))
def test_any_text_made_of_the_pieces_of_expressions_ends_in_a_normal_form_or_in_a_problem(text) -> None:
    read = read_licence(text)
    assert bool(read.spdx) != bool(read.problem)
    if read.spdx:
        assert read_licence(read.spdx).spdx == read.spdx


@settings(deadline=None)
@given(expressions())
def test_the_normal_form_of_an_expression_is_its_own_normal_form(tree) -> None:
    spdx = read_licence(written(tree)).spdx
    assert read_licence(spdx).spdx == spdx
    assert str(parse(spdx)) == spdx


@settings(deadline=None)
@given(expressions(), st.sets(st.sampled_from(IDS)))
def test_an_expression_is_allowed_exactly_when_its_meaning_says_so(tree, allowed) -> None:
    ruling = rule_on(parse(read_licence(written(tree)).spdx), sorted(allowed), (), ())
    assert (ruling.standing is Standing.ALLOWED) == holds(tree, allowed)


@settings(deadline=None)
@given(expressions(), st.sets(st.sampled_from(IDS)), st.sampled_from(IDS))
def test_denying_one_more_licence_never_makes_an_expression_allowed(tree, allowed, denied) -> None:
    expression = parse(read_licence(written(tree)).spdx)
    before = rule_on(expression, sorted(allowed), (), ())
    assert rule_on(expression, sorted(allowed), (), (denied,)).standing >= before.standing


@settings(deadline=None, max_examples=20)
@given(expressions(names=("MIT", "Apache-2.0", "CC-BY-4.0", "etalab-2.0")))
def test_the_normal_form_means_what_the_reference_library_reads(tree) -> None:
    import license_expression

    licensing = license_expression.get_spdx_licensing()
    text = written(tree)
    assert licensing.is_equivalent(licensing.parse(text), licensing.parse(read_licence(text).spdx))


def test_and_binds_closer_than_or() -> None:
    assert parse("MIT OR ISC AND Zlib") == Compound("OR", (Term("MIT"), Compound("AND", (Term("ISC"), Term("Zlib")))))


def test_operators_are_all_upper_or_all_lower_case() -> None:
    assert read_licence("mit or apache-2.0 and isc").spdx == "MIT OR (Apache-2.0 AND ISC)"
    assert "before 'And'" in read_licence("MIT And ISC").problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("MIT AND", "ends where a licence should follow"),
        ("AND MIT", "'AND' stands where a licence should be"),
        ("MIT OR OR ISC", "'OR' stands where a licence should be"),
        ("()", "')' stands where a licence should be"),
        ("(MIT", "a '(' is not closed"),
        ("MIT)", "a ')' closes nothing"),
        ("MIT ISC", "no AND, OR or WITH before 'ISC'"),
        ("MIT WITH", "ends where an exception should follow"),
        ("MIT WITH ISC", "'ISC' is no exception"),
        ("Classpath-exception-2.0", "no licence of the SPDX list"),
        ("МIT", "'U+041C' means nothing"),
        ("MIT\x00", "'U+0000' means nothing"),
        ("MIT\u202eTIM", "'U+202E' means nothing"),
        ("ftp://spdx.org/licenses/MIT", "address"),
        ("https://example.invalid/licenses/MIT", "address"),
        ("https://spdx.org.example.invalid/licenses/MIT", "address"),
        ("https://spdx.org@example.invalid/licenses/MIT", "address"),
        ("https://creativecommons.org/licenses/by/4.0/xx/", "address"),
        ("https://creativecommons.org/licenses/by/9.9/", "address"),
        ("https://choosealicense.com/licenses/other/", "says nothing"),
        ("(" * (MAX_DEPTH + 1) + "MIT" + ")" * (MAX_DEPTH + 1), "nests more than"),
        ("(" * 4096, "nests more than"),
        ("a" * 4097, "characters"),
        ("   ", "empty"),
    ],
)
def test_what_is_no_expression_is_refused_with_its_problem(text, problem) -> None:
    read = read_licence(text)
    assert read.spdx == ""
    assert problem in read.problem


def test_five_hundred_licences_in_one_expression_are_read() -> None:
    assert len(list(terms(parse(" AND ".join(["MIT"] * 500))))) == 500
    assert len(list(terms(parse(" AND ISC OR ".join(["MIT"] * 200))))) == 399


@pytest.mark.parametrize(
    ("text", "spdx"),
    [
        ("http://creativecommons.org/licenses/by-nc-sa/4.0/legalcode", "CC-BY-NC-SA-4.0"),
        ("https://creativecommons.org/licenses/by/3.0/us/", "CC-BY-3.0-US"),
        ("https://creativecommons.org/licenses/by-sa/4.0/deed.en", "CC-BY-SA-4.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("https://www.apache.org/licenses/LICENSE-2.0.txt", "Apache-2.0"),
        ("https://opensource.org/license/mit/", "MIT"),
        ("https://opendatacommons.org/licenses/odbl/1-0/", "ODbL-1.0"),
        ("https://spdx.org/licenses/GPL-2.0+.html", ""),
        ("https://spdx.org/licenses/LicenseRef-Own", ""),
    ],
)
def test_an_address_of_a_licence_is_read_as_its_id_and_any_other_is_not(text, spdx) -> None:
    assert read_licence(text).spdx == spdx


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Apche-2.0", "Apache-2.0"),
        ("apache license 2.0", "Apache-2.0"),
        ("cc-by", "CC-BY-4.0"),
        ("licenseref-own", "LicenseRef-own with"),
        ("GPL-2.0-only WITH Classpath-exeption-2.0", "Classpath-exception-2.0"),
    ],
)
def test_a_name_that_is_almost_right_gets_the_name_that_was_meant(text, meant) -> None:
    assert read_licence(text).suggestion.startswith(meant)


def test_names_of_the_library_that_are_not_of_the_spdx_list_are_unknown() -> None:
    assert not read_licence("gpl").spdx
    assert not read_licence("bsd-2").spdx
    assert not read_licence("scancode-3com-microcode").spdx


def test_every_common_id_is_one_of_the_list_the_library_brings() -> None:
    from policy_gate.areas.lineage import licence_names

    licences, _ = licence_names._spdx_list()
    for lower, name in licence_names._COMMON_IDS.items():
        assert licences[lower] == name


def test_every_suggestion_for_a_tag_is_an_expression() -> None:
    from policy_gate.areas.lineage import licence_names

    for tag, meant in licence_names._MEANT.items():
        assert not listed_licence(tag), tag
        for one in meant.split(" or "):
            assert read_licence(one).spdx == one


def test_a_common_licence_is_read_without_loading_the_library() -> None:
    import subprocess

    code = (
        "import sys; from policy_gate.areas.lineage.licence_names import read_licence;"
        "assert read_licence('mit OR apache-2.0').spdx == 'MIT OR Apache-2.0';"
        "assert 'license_expression' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_strictest_list_that_names_a_licence_wins() -> None:
    assert standing("CC-BY-NC-4.0", allowed=("CC-BY-*",), denied=("*-NC-*",)) is Standing.DENIED
    assert standing("CC-BY-SA-4.0", allowed=("CC-BY-*",), review=("CC-BY-SA-*",)) is Standing.REVIEW
    assert standing("ISC", allowed=("MIT",)) is Standing.UNLISTED


def test_a_later_version_cannot_step_around_a_list_that_denies_the_licence() -> None:
    assert standing("Apache-2.0+", allowed=("Apache*",), denied=("Apache-2.0",)) is Standing.DENIED
    assert standing("Apache-2.0+", allowed=("apache-2.0",)) is Standing.ALLOWED


def test_an_exception_only_adds_permissions_unless_an_entry_names_the_pair() -> None:
    text = "GPL-3.0-or-later WITH Classpath-exception-2.0"
    assert standing(text, allowed=("GPL-3.0-*",)) is Standing.ALLOWED
    assert standing(text, denied=("GPL-*",)) is Standing.DENIED
    assert standing(text, allowed=(text,), denied=("GPL-*",)) is Standing.ALLOWED
    assert standing(text, allowed=("GPL-*",), denied=("* WITH Classpath-*",)) is Standing.DENIED


def test_own_terms_are_told_apart_by_case_and_listed_ids_are_not() -> None:
    assert standing("LicenseRef-Own", allowed=("licenseref-own",)) is Standing.UNLISTED
    assert standing("LicenseRef-Own", allowed=("LicenseRef-*",)) is Standing.ALLOWED
    assert standing("mit", allowed=("mit",)) is Standing.ALLOWED


def test_own_terms_of_another_document_are_own_terms() -> None:
    read = read_licence("MIT AND DocumentRef-a:LicenseRef-b AND LicenseRef-b")
    assert read.own_terms == ("DocumentRef-a:LicenseRef-b", "LicenseRef-b")
    assert not is_own_term("LicenseRef-")


def test_the_licence_that_decided_is_named() -> None:
    ruling = rule_on(parse("MIT AND (CC-BY-NC-4.0 OR ISC)"), ("MIT",), (), ("*-NC-*",))
    assert (ruling.standing, ruling.term, ruling.entry) == (Standing.UNLISTED, "ISC", "")
