"""The sealed log: what was done, by whom, and a proof that nothing of it was changed.

Every commit carries one entry. Its body stays in the store; its digest goes into a seal. A seal is a Merkle tree
over the entries that it takes, and seals are chained by their roots. Whoever has a published root can check a receipt
for one entry without seeing any other. Erasing an entry drops its body with the salt and keeps its digest, so that
nobody can guess the body back and the chain still verifies.

Source: RFC 6962 section 2.1 (shape of the tree, prefixes against second preimages); RFC 8785 (canonical JSON),
narrowed to what two languages cannot write differently: no floats, integers of 64 bits, text in NFC, keys in the
order of code points.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal, get_args

from attrs import field, frozen

from .context import Context
from .errors import InvalidText, LedgerBroken, NotCanonical, NotFound

Json = Mapping[str, object]
ActorKind = Literal["registrant", "organiser", "import", "plugin", "system"]
Leaf = tuple[str, str]

ENTRY_SCHEMA: Final = 1
SEAL_SCHEMA: Final = 1
GENESIS: Final = "0" * 64
"""What the first seal names as the chain before it."""

_ACTORS: Final = get_args(ActorKind)
_MAX_DEPTH: Final = 64
_INTEGERS: Final = range(-(2**63), 2**63)
_encode: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


# -- canonical JSON and digests


def canonical_json(value: object) -> bytes:
    """The one way to write a JSON value as bytes: sorted keys, NFC, UTF-8, no spaces, no escapes that are not needed.

    Raises:
        NotCanonical: for floats (so for NaN and infinity), integers beyond 64 bits, keys that are no text or become
            equal under NFC, lone surrogates, nesting deeper than 64, and what is not JSON at all.
    """
    if _is_canonical(value, 0):
        try:
            return _encode(value).encode()
        except UnicodeEncodeError:  # half of a surrogate pair: the walk says where
            pass
    return _encode(_canonical(value, "$", 0)).encode()


def _is_canonical(value: object, depth: int) -> bool:
    """Whether the value can be written as it is, lone surrogates aside: nearly all can, and need no copy, no paths."""
    kind = type(value)
    if kind is str:
        return _is_nfc(value)  # type: ignore[arg-type]  # a text
    if kind is dict:
        items = value.values()  # type: ignore[attr-defined]  # a dict
        for name in value:  # type: ignore[attr-defined]  # as above
            if type(name) is not str or not _is_nfc(name):
                return False
    elif kind is list or kind is tuple:
        items = value
    else:
        return value is None or kind is bool or (kind is int and value in _INTEGERS)
    if depth > _MAX_DEPTH:
        return False
    for each in items:  # noqa: SIM110 - a generator takes longer, and this is done twice for each registration
        if not (_is_nfc(each) if type(each) is str else _is_canonical(each, depth + 1)):
            return False
    return True


def _is_nfc(text: str) -> bool:
    return text.isascii() or unicodedata.is_normalized("NFC", text)


def _canonical(value: object, path: str, depth: int) -> object:
    if isinstance(value, str):
        return _text(value, path)
    if value is None or isinstance(value, bool):
        return value
    if depth > _MAX_DEPTH:
        raise NotCanonical(path, type(value), f"Nest lists and objects at most {_MAX_DEPTH} deep.")
    if isinstance(value, int):
        if value not in _INTEGERS:
            raise NotCanonical(path, _magnitude(value), "Write integers beyond 64 bits as text.")
        return int(value)
    if isinstance(value, (dict, Mapping)):  # dict first: an abstract class takes longer to ask
        return _canonical_object(value, path, depth)
    if isinstance(value, (list, tuple)):
        return [_canonical(each, f"{path}[{position}]", depth + 1) for position, each in enumerate(value)]
    if isinstance(value, float):
        raise NotCanonical(path, value, "Write it as an integer of a smaller unit, or as text.")
    raise NotCanonical(path, value, "Give text, integers, true, false, null, lists and objects only.")


def _canonical_object(value: Mapping[object, object], path: str, depth: int) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, each in value.items():
        if not isinstance(key, str):
            raise NotCanonical(path, key, "Keys of an object are text.")
        name = key if key.isascii() else _text(key, path)
        if name in found:
            raise NotCanonical(
                path, key, "Two keys are the same text after Unicode normalisation (NFC): rename one."
            )
        if type(each) is str:  # texts, which most values are, need no path unless they are wrong
            found[name] = each if each.isascii() else _text(each, path, name)
        else:
            found[name] = _canonical(each, f"{path}.{name}", depth + 1)
    return found


def _text(value: str, path: str, name: str = "") -> str:
    if value.isascii():
        return str(value)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise NotCanonical(
            f"{path}.{name}" if name else path,
            value,
            "It holds a lone surrogate: decode the text as UTF-8 first.",
        ) from None
    return unicodedata.normalize("NFC", value)


def _magnitude(value: int) -> str:
    return f"an integer of {value.bit_length()} bits"


def digest(body: object) -> str:
    """SHA-256 of the canonical JSON, in lower-case hexadecimal."""
    return hashlib.sha256(canonical_json(body)).hexdigest()


# -- entries


def entry_body(
    context: Context,
    *,
    actor: ActorKind,
    action: str,
    subject: str,
    revision: str | int | None = None,
    payload: Json,
) -> dict[str, object]:
    """The body of one log entry: who did what to which subject, and the salted digest of what was written.

    `payload` itself does not enter the log: `matches` tells later whether a record is what the entry was about.
    """
    if actor not in _ACTORS:
        raise InvalidText(actor, f"The actor of an entry is one of {', '.join(_ACTORS)}.")
    salt = context.new_salt()
    return {
        "schema": ENTRY_SCHEMA,
        "salt": salt,
        "at": _stamp(context),
        "actor": actor,
        "action": action,
        "subject": subject,
        "revision": revision,
        "payload": digest([salt, payload]),
    }


def _stamp(context: Context) -> str:
    return context.now.isoformat().replace("+00:00", "Z")


def matches(body: Json, payload: Json) -> bool:
    """Whether the entry was made about exactly this payload: a repeat under one id, or the thing shown as proof."""
    return body.get("payload") == digest([body.get("salt"), payload])


@frozen
class LoggedEntry:
    """An entry as the log holds it. `body` is None once it has been erased."""

    id: str
    digest: str
    body: Json | None


# -- the tree (hashes are raw bytes)


def leaf_hash(entry_id: str, entry_digest: str) -> bytes:
    """The hash of one leaf: prefix 0x00, then the canonical JSON of `[id, digest]`."""
    return hashlib.sha256(b"\x00" + canonical_json([entry_id, entry_digest])).digest()


def _node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _levels(leaves: Sequence[Leaf]) -> list[list[bytes]]:
    """The tree from its leaves up to its root. The last of an odd level moves up as it is: RFC 6962's shape."""
    levels = [[leaf_hash(*leaf) for leaf in leaves]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = [_node_hash(*below[at : at + 2]) for at in range(0, len(below) - 1, 2)]
        levels.append(pairs + below[len(pairs) * 2 :])
    return levels


def merkle_root(leaves: Sequence[Leaf]) -> str:
    """The root over (entry id, digest) leaves, in hexadecimal. Of no leaves: the SHA-256 of nothing."""
    top = _levels(leaves)[-1]
    return top[0].hex() if top else hashlib.sha256().hexdigest()


def _path(levels: Sequence[Sequence[bytes]], index: int) -> tuple[str, ...]:
    siblings = []
    for level in levels[:-1]:
        if (index ^ 1) < len(level):
            siblings.append(level[index ^ 1].hex())
        index //= 2
    return tuple(siblings)


def _climb(node: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that the path leads to; None if the path has another length than this place in the tree needs."""
    steps = list(reversed(path))
    while size > 1:
        if (index ^ 1) < size:
            if not steps:
                return None
            sibling = steps.pop()
            node = _node_hash(sibling, node) if index % 2 else _node_hash(node, sibling)
        index, size = index // 2, (size + 1) // 2
    return None if steps else node


# -- seals and receipts


def _leaves(entries: Iterable[Iterable[str]]) -> tuple[Leaf, ...]:
    return tuple((entry_id, entry_digest) for entry_id, entry_digest in entries)


@frozen(kw_only=True)
class Seal:
    """Entries that were sealed together. `number` counts from 1; `chain` is the digest over the rest but the leaves.

    `previous` is the `chain` of the seal before. Publishing one `chain` (or `root`) commits to all entries up to it.
    """

    number: int
    at: str
    previous: str
    root: str
    size: int
    entries: tuple[Leaf, ...] = field(converter=_leaves)
    chain: str


def _chain(*, number: int, at: str, previous: str, root: str, size: int) -> str:
    header = {"number": number, "at": at, "previous": previous, "root": root, "size": size}
    return digest({"schema": SEAL_SCHEMA, **header})


def make_seal(entries: Iterable[Leaf], previous: Seal | None, context: Context) -> Seal:
    """Seal (entry id, digest) pairs, in the order in which the log has them, after the seal `previous`."""
    leaves = _leaves(entries)
    number, before = (previous.number + 1, previous.chain) if previous else (1, GENESIS)
    at = _stamp(context)
    root = merkle_root(leaves)
    chain = _chain(number=number, at=at, previous=before, root=root, size=len(leaves))
    return Seal(
        number=number, at=at, previous=before, root=root, size=len(leaves), entries=leaves, chain=chain
    )


@frozen(kw_only=True)
class Receipt:
    """The proof that one entry is under a root: its place, and the hashes beside its way up, from below."""

    entry: str
    digest: str
    index: int
    size: int
    path: tuple[str, ...]
    root: str
    seal: int
    at: str
    previous: str
    chain: str


def receipts(seal: Seal) -> Iterator[Receipt]:
    """A receipt for every entry of the seal, in its order; the tree is built once."""
    levels = _levels(seal.entries)
    for index, (entry_id, entry_digest) in enumerate(seal.entries):
        yield _receipt(seal, levels, index, entry_id, entry_digest)


def receipt(seal: Seal, entry_id: str) -> Receipt:
    """The receipt for one entry. Raises `NotFound` if the seal does not hold it."""
    for index, (each, entry_digest) in enumerate(seal.entries):
        if each == entry_id:
            return _receipt(seal, _levels(seal.entries), index, each, entry_digest)
    raise NotFound(f"entry of seal {seal.number}", entry_id)


def _receipt(
    seal: Seal, levels: Sequence[Sequence[bytes]], index: int, entry_id: str, entry_digest: str
) -> Receipt:
    return Receipt(
        entry=entry_id,
        digest=entry_digest,
        index=index,
        size=seal.size,
        path=_path(levels, index),
        root=seal.root,
        seal=seal.number,
        at=seal.at,
        previous=seal.previous,
        chain=seal.chain,
    )


# -- verifying


@frozen
class Finding:
    """One thing that does not verify: `where` is `entry ...` or `seal ...`."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


def verify_receipt(receipt: Receipt, body: Json | None, published: str) -> tuple[Finding, ...]:
    """What is wrong with a receipt, nothing if it holds. `published`: the seal's root or chain from a trusted place.

    `body` is the entry that the receipt is shown for; None checks only that the digest is under the root.
    """
    where = f"entry {receipt.entry}"
    found = []
    if body is not None and not _is_digest_of(receipt.digest, body):
        found.append(Finding(where, "its body does not have the digest of the receipt"))
    if not _leads_to_root(receipt):
        found.append(Finding(where, "the path of the receipt does not lead to its root"))
    if receipt.chain != _chain(
        number=receipt.seal, at=receipt.at, previous=receipt.previous, root=receipt.root, size=receipt.size
    ):
        found.append(Finding(f"seal {receipt.seal}", "its chain is not the digest of its header"))
    if published not in (receipt.root, receipt.chain):
        found.append(
            Finding(f"seal {receipt.seal}", "the receipt is for another root than the published one")
        )
    return tuple(found)


def _is_digest_of(expected: str, body: Json) -> bool:
    try:
        return digest(body) == expected
    except NotCanonical:
        return False


def _leads_to_root(receipt: Receipt) -> bool:
    if not 0 <= receipt.index < receipt.size:
        return False
    try:
        path = [bytes.fromhex(each) for each in receipt.path]
        leaf = leaf_hash(receipt.entry, receipt.digest)
    except (ValueError, TypeError):
        return False
    root = _climb(leaf, receipt.index, receipt.size, path)
    return root is not None and root.hex() == receipt.root


def verify(
    seals: Iterable[Seal], entries: Iterable[LoggedEntry], *, published: Mapping[int, str] | None = None
) -> tuple[Finding, ...]:
    """Everything that does not verify, nothing if the log holds.

    Names the entry whose body and digest disagree, else the seal whose root or chain does. Entries that are not sealed
    yet are checked by themselves. `published` maps numbers of seals to the root or chain that was published for them;
    without it, seals missing at the end cannot be noticed.
    """
    found: list[Finding] = []
    log: dict[str, str] = {}
    for entry in entries:
        log[entry.id] = entry.digest
        if entry.body is not None and not _is_digest_of(entry.digest, entry.body):
            found.append(Finding(f"entry {entry.id}", "its body and its digest disagree"))
    broken = {each.where for each in found}
    known: dict[int, Seal] = {}
    sealed: set[str] = set()
    previous: Seal | None = None
    for seal in seals:
        found += _seal_findings(seal, previous)
        found += [each for each in _entry_findings(seal, log, sealed) if each.where not in broken]
        known[seal.number] = previous = seal
    return (*found, *_published_findings(known, published or {}))


def _seal_findings(seal: Seal, previous: Seal | None) -> Iterator[Finding]:
    where = f"seal {seal.number}"
    number, before = (previous.number + 1, previous.chain) if previous else (1, GENESIS)
    if seal.number != number:
        yield Finding(where, f"seal {number} was expected here")
    if seal.previous != before:
        yield Finding(where, "it does not follow the chain of the seal before it")
    if seal.size != len(seal.entries):
        yield Finding(where, f"it says {seal.size} entries and holds {len(seal.entries)}")
    if merkle_root(seal.entries) != seal.root:
        yield Finding(where, "its root is not the root of its entries")
    header = _chain(number=seal.number, at=seal.at, previous=seal.previous, root=seal.root, size=seal.size)
    if header != seal.chain:
        yield Finding(where, "its chain is not the digest of its header")


def _entry_findings(seal: Seal, log: Mapping[str, str], sealed: set[str]) -> Iterator[Finding]:
    for entry_id, entry_digest in seal.entries:
        where = f"entry {entry_id}"
        if entry_id in sealed:
            yield Finding(where, f"it is sealed again by seal {seal.number}")
        sealed.add(entry_id)
        if entry_id not in log:
            yield Finding(where, f"seal {seal.number} holds it and the log does not")
        elif log[entry_id] != entry_digest:
            yield Finding(where, f"its digest is not the one in seal {seal.number}")


def _published_findings(known: Mapping[int, Seal], published: Mapping[int, str]) -> Iterator[Finding]:
    for number, value in sorted(published.items()):
        seal = known.get(number)
        if seal is None:
            yield Finding(f"seal {number}", "it was published and is missing")
        elif value not in (seal.root, seal.chain):
            yield Finding(f"seal {number}", "its root is not the published one")


def require_intact(findings: Sequence[Finding]) -> None:
    """Raises `LedgerBroken` for the first finding, if there is one."""
    if findings:
        raise LedgerBroken(findings[0].where, findings[0].reason)
