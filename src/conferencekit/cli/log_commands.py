"""Commands about the log: `seal` and `verify`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import attrs

from ..ledger import Finding, Receipt, verify_receipt
from .opening import opened
from .output import Output, count_of
from .receipts import read_receipt


def run_seal(given: argparse.Namespace, output: Output) -> int:
    """Seal what happened since the last seal."""
    with opened(given, output) as secretariat:
        seals = secretariat.acting(given.by or "organiser").ledger.seal()
    if not seals:
        output.say("Nothing has happened since the last seal.")
    for each in seals:
        output.say(f"Seal {each.number}: {count_of(each.size, 'entry', 'entries')}. Publish this line:")
        output.say(f"  {each.number}={each.chain}")
    output.result(
        [{"number": each.number, "size": each.size, "root": each.root, "chain": each.chain} for each in seals]
    )
    return 0


def run_verify(given: argparse.Namespace, output: Output) -> int:
    """Verify the log, or one receipt."""
    published = dict(given.published)
    if given.receipt:
        receipt = read_receipt(given.receipt)
        found = verify_receipt(receipt, None, published.get(receipt.seal, receipt.chain))
        good = _receipt_text(receipt, is_published=receipt.seal in published)
    else:
        with opened(given, output) as secretariat:
            found = secretariat.ledger.verify(published=published)
            good = _log_text([each.size for each in secretariat.ledger.seals()], len(published))
    output.say("\n".join(map(str, found)) if found else good)
    if found:
        output.complain(f"{_things(found)} not verify. Compare with a backup made before the change.")
    output.result({"verifies": not found, "findings": [attrs.asdict(each) for each in found]})
    return 1 if found else 0


def _things(found: Sequence[Finding]) -> str:
    return count_of(len(found), "thing does", "things do")


def _log_text(sizes: Sequence[int], published: int) -> str:
    if not sizes:
        return "Nothing is sealed yet: every entry agrees with its own digest. Run conferencekit seal."
    seals = count_of(len(sizes), "seal", "seals")
    entries = count_of(sum(sizes), "entry", "entries")
    hint = "" if published else " Compare it with what was published by --published."
    return f"Everything verifies: {entries} under {seals}.{hint}"


def _receipt_text(receipt: Receipt, *, is_published: bool) -> str:
    what = f"The entry {receipt.entry} is under seal {receipt.seal}, of {receipt.at}"
    if is_published:
        return f"{what}, and the seal is the published one."
    return f"{what}. Compare what was published: {receipt.seal}={receipt.chain}"
