"""The sealed log: canonical JSON, seals, receipts, and what `verify` finds."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from datetime import UTC, datetime

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from conferencekit import errors
from conferencekit.context import Context, FixedEntropy
from conferencekit.ledger import (
    GENESIS,
    LoggedEntry,
    canonical_json,
    digest,
    entry_body,
    make_seal,
    matches,
    merkle_root,
    receipt,
    receipts,
    require_intact,
    verify,
    verify_receipt,
)

NOW = datetime(2020, 11, 12, 8, 30, tzinfo=UTC)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(texts, values, max_size=5).filter(
    lambda each: len({unicodedata.normalize("NFC", key) for key in each}) == len(each)
)


def _is_unambiguous(value: object) -> bool:
    try:
        canonical_json(value)
    except errors.NotCanonical:
        return False
    return True


def log_of(size: int, seed: bytes = b"log") -> list[LoggedEntry]:
    """A log of this many entries."""
    context = Context(NOW, FixedEntropy(seed))
    bodies = [
        entry_body(context, actor="registrant", action="submit", subject=f"c-{at}", payload={"at": at})
        for at in range(size)
    ]
    return [LoggedEntry(f"e-{at}", digest(body), body) for at, body in enumerate(bodies)]


def seals_of(entries: list[LoggedEntry], *sizes: int):
    """Seals over the entries, in order, of these sizes."""
    context, seals, at = Context(NOW, FixedEntropy(b"seals")), [], 0
    for size in sizes:
        leaves = [(each.id, each.digest) for each in entries[at : at + size]]
        seals.append(make_seal(leaves, seals[-1] if seals else None, context))
        at += size
    return seals


class TestCanonicalJson:
    """One value, one text."""

    def test_writes_sorted_compact_utf8_without_needless_escapes(self):
        """Keys are sorted by code point, and é stands as é."""
        assert canonical_json({"b": [1, True, None], "a": 'é"'}) == '{"a":"é\\"","b":[1,true,null]}'.encode()

    @given(values.filter(_is_unambiguous))
    def test_reads_back_as_the_same_value(self, value):
        """The bytes are JSON for the value, its texts in NFC."""
        again = json.loads(canonical_json(value))
        assert canonical_json(again) == canonical_json(value)

    @given(objects.filter(_is_unambiguous), st.randoms(use_true_random=False))
    def test_order_of_keys_does_not_matter(self, value, random):
        """Two dictionaries that are equal have one text."""
        keys = list(value)
        random.shuffle(keys)
        assert canonical_json({key: value[key] for key in keys}) == canonical_json(value)

    @given(objects.filter(_is_unambiguous))
    def test_unicode_normal_forms_do_not_matter(self, value):
        """A text in NFD has the bytes of its NFC."""

        def decomposed(each):
            if isinstance(each, str):
                return unicodedata.normalize("NFD", each)
            if isinstance(each, list):
                return [decomposed(part) for part in each]
            if isinstance(each, dict):
                return {decomposed(key): decomposed(part) for key, part in each.items()}
            return each

        assert canonical_json(decomposed(value)) == canonical_json(value)

    @pytest.mark.parametrize(
        "value",
        [
            1.5,
            float("nan"),
            float("inf"),
            -0.0,
            2**63,
            -(2**63) - 1,
            pytest.param(10**5000, id="huge"),
            "\ud800",
            {1: "a"},
            {"é": 1, "e\u0301": 2},
            {"a": b"bytes"},
            {"a": {1, 2}},
            NOW,
        ],
    )
    def test_refuses_what_two_languages_write_differently(self, value):
        """Floats, big integers, surrogates, ambiguous keys and what is no JSON are named with a path."""
        with pytest.raises(errors.NotCanonical) as caught:
            canonical_json({"deep": [value]})
        assert "$.deep[0]" in str(caught.value)

    def test_refuses_nesting_that_would_exhaust_the_stack(self):
        """A body nested 10,000 deep is an error and not a crash."""
        value: list[object] = []
        for _ in range(10_000):
            value = [value]
        with pytest.raises(errors.NotCanonical, match="64 deep"):
            canonical_json(value)


class TestEntries:
    """Who did what."""

    def test_a_body_says_who_did_what_when(self, context):
        """It holds the digest of the payload, and the payload not at all."""
        body = entry_body(
            context, actor="organiser", action="approve", subject="r-1", revision=2, payload={"name": "Ada"}
        )
        assert set(body) == {"schema", "salt", "at", "actor", "action", "subject", "revision", "payload"}
        assert body["at"] == "2020-11-12T08:30:00Z"
        assert "Ada" not in json.dumps(body)

    def test_it_matches_its_payload_only(self, context):
        """The same payload in another order matches, another one does not."""
        body = entry_body(context, actor="import", action="add", subject="r-1", payload={"a": 1, "b": 2})
        assert matches(body, {"b": 2, "a": 1})
        assert not matches(body, {"a": 1, "b": 3})

    def test_equal_payloads_have_different_digests(self, context):
        """The salt keeps anybody from testing guesses."""
        first, second = (
            entry_body(context, actor="import", action="add", subject="r-1", payload={"a": 1}) for _ in "ab"
        )
        assert first["payload"] != second["payload"]
        assert digest(first) != digest(second)

    def test_an_unknown_actor_is_refused(self, context):
        """The message lists the actors."""
        with pytest.raises(errors.InvalidText, match="registrant, organiser"):
            entry_body(context, actor="robot", action="add", subject="r-1", payload={})


def reference_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1 as it stands there, recursively."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + reference_root(leaves[:split]) + reference_root(leaves[split:])).digest()


class TestSeals:
    """The tree and the chain."""

    @pytest.mark.parametrize("size", range(71))
    def test_the_root_is_that_of_rfc_6962(self, size):
        """Building the tree by levels gives the root of the recursive definition."""
        leaves = [(each.id, each.digest) for each in log_of(size)]
        assert merkle_root(leaves) == reference_root([canonical_json(list(leaf)) for leaf in leaves]).hex()

    @pytest.mark.parametrize("size", range(1, 71))
    def test_receipts_verify_at_every_place_of_every_size(self, size):
        """With the body or without it, against the root or the chain."""
        entries = log_of(size)
        (seal,) = seals_of(entries, size)
        for entry, proof in zip(entries, receipts(seal), strict=True):
            assert verify_receipt(proof, entry.body, seal.root) == ()
            assert verify_receipt(proof, None, seal.chain) == ()
            assert len(proof.path) <= (size - 1).bit_length()

    def test_seals_are_chained(self):
        """The first names the genesis, each later one the chain before."""
        first, second = seals_of(log_of(5), 2, 3)
        assert (first.number, first.previous) == (1, GENESIS)
        assert (second.number, second.previous) == (2, first.chain)

    def test_a_receipt_of_an_entry_that_is_not_there_is_refused(self):
        """The message names the seal and the entry."""
        (seal,) = seals_of(log_of(2), 2)
        with pytest.raises(errors.NotFound, match="seal 1 'e-9'"):
            receipt(seal, "e-9")


def flipped(text: str, at: int) -> str:
    """The text with one character replaced by another."""
    return text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]


class TestReceipts:
    """A receipt proves one thing and nothing else."""

    @given(st.integers(1, 40), st.data())
    def test_any_change_to_a_receipt_is_found(self, size, data):
        """Each field, each hash of the path, and the place in the tree."""
        entries = log_of(size)
        (seal,) = seals_of(entries, size)
        proof = receipt(seal, entries[data.draw(st.integers(0, size - 1))].id)
        name = data.draw(
            st.sampled_from(["entry", "digest", "root", "previous", "chain", "at", "index", "size", "seal"])
        )
        value = getattr(proof, name)
        changed = (
            value + 1 if isinstance(value, int) else flipped(value, data.draw(st.integers(0, len(value) - 1)))
        )
        assert verify_receipt(evolve(proof, **{name: changed}), None, seal.root)

    @given(st.integers(2, 40), st.data())
    def test_another_path_does_not_lead_to_the_root(self, size, data):
        """A hash changed, dropped or added."""
        (seal,) = seals_of(log_of(size), size)
        proof = receipt(seal, f"e-{data.draw(st.integers(0, size - 1))}")
        at = data.draw(st.integers(0, len(proof.path) - 1))
        changed = (*proof.path[:at], flipped(proof.path[at], 0), *proof.path[at + 1 :])
        for path in (changed, proof.path[:at], (*proof.path, "00" * 32), ("zz",), ("",) * len(proof.path)):
            assert verify_receipt(evolve(proof, path=path), None, seal.root)

    def test_a_receipt_for_another_body_is_found(self):
        """Showing a receipt with somebody else's contribution fails."""
        entries = log_of(3)
        (seal,) = seals_of(entries, 3)
        findings = verify_receipt(receipt(seal, "e-1"), entries[2].body, seal.root)
        assert [str(each) for each in findings] == [
            "entry e-1: its body does not have the digest of the receipt"
        ]

    def test_a_receipt_against_another_root_is_found(self):
        """A forged log has a forged root; the published one decides."""
        (seal,), (forged,) = seals_of(log_of(3), 3), seals_of(log_of(3, b"forged"), 3)
        assert verify_receipt(receipt(forged, "e-1"), None, seal.root)


class TestVerify:
    """Any change is found and named."""

    def test_an_untouched_log_verifies(self):
        """Sealed in parts, with entries that are not sealed yet."""
        entries = log_of(10)
        seals = seals_of(entries, 3, 1, 4)
        assert verify(seals, entries, published={3: seals[2].root, 1: seals[0].chain}) == ()

    def test_an_erased_entry_still_verifies(self):
        """Body and salt are gone, the digest stays."""
        entries = log_of(4)
        erased = [evolve(each, body=None) if each.id == "e-2" else each for each in entries]
        assert verify(seals_of(entries, 4), erased) == ()

    @given(st.integers(0, 7), st.data())
    def test_any_changed_byte_of_a_body_names_its_entry(self, at, data):
        """The entry, and not the seal."""
        entries = log_of(8)
        seals = seals_of(entries, 5, 3)
        raw = canonical_json(entries[at].body)
        place = data.draw(st.integers(0, len(raw) - 1))
        changed = (
            raw[:place]
            + bytes([raw[place] ^ data.draw(st.sampled_from([1, 2, 4, 8, 16]))])
            + raw[place + 1 :]
        )
        try:
            body = json.loads(changed)
        except ValueError:
            return  # the store itself could not read it
        log = [evolve(each, body=body) if each is entries[at] else each for each in entries]
        assert [each.where for each in verify(seals, log)] == [f"entry e-{at}"]

    def test_a_changed_body_with_a_changed_digest_names_its_entry(self):
        """Who rewrites both runs into the seal."""
        entries = log_of(4)
        body = {**entries[1].body, "action": "withdraw"}
        log = [
            evolve(entries[1], body=body, digest=digest(body)) if each.id == "e-1" else each
            for each in entries
        ]
        assert [str(each) for each in verify(seals_of(entries, 4), log)] == [
            "entry e-1: its digest is not the one in seal 1"
        ]

    @pytest.mark.parametrize("name", ["number", "at", "previous", "root", "size", "chain", "entries"])
    def test_any_changed_field_of_a_seal_names_the_seal(self, name):
        """Also in the last seal, whose chain nobody repeats."""
        entries = log_of(6)
        seals = seals_of(entries, 3, 3)
        value = getattr(seals[1], name)
        changed = {int: lambda: value + 1, str: lambda: flipped(value, 3), tuple: lambda: value[::-1]}[
            type(value)
        ]()
        findings = verify([seals[0], evolve(seals[1], **{name: changed})], entries)
        assert {each.where for each in findings} & {"seal 2", "seal 3"}

    def test_a_lost_entry_and_a_lost_seal_are_found(self):
        """Also the last seal, if its root was published."""
        entries = log_of(6)
        seals = seals_of(entries, 2, 2, 2)
        assert "entry e-1" in {each.where for each in verify(seals, [entries[0], *entries[2:]])}
        assert "seal 3" in {each.where for each in verify([seals[0], seals[2]], entries)}
        assert verify(seals[:2], entries, published={3: seals[2].root})[0].where == "seal 3"

    def test_a_log_that_was_rewritten_as_a_whole_differs_from_what_was_published(self):
        """Consistent in itself, and not what was published."""
        entries, forged = log_of(3), log_of(3, b"forged")
        (seal,) = seals_of(entries, 3)
        assert verify(seals_of(forged, 3), forged) == ()
        assert verify(seals_of(forged, 3), forged, published={1: seal.root})

    def test_an_entry_sealed_twice_is_found(self):
        """Seals take each entry once."""
        entries = log_of(2)
        seals = [*seals_of(entries, 2)]
        leaves = [(each.id, each.digest) for each in entries]
        seals.append(make_seal(leaves[:1], seals[0], Context(NOW, FixedEntropy(b"x"))))
        assert [each.where for each in verify(seals, entries)] == ["entry e-0"]

    def test_findings_can_be_raised(self):
        """The error names where and what to do."""
        entries = log_of(2)
        log = [evolve(entries[0], digest="0" * 64), entries[1]]
        with pytest.raises(errors.LedgerBroken, match=r"entry e-0.*Restore"):
            require_intact(verify(seals_of(entries, 2), log))
        require_intact(())
