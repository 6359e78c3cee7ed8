"""Merkle trees over SHA-256, as RFC 9162 builds them: roots, and the path that proves one leaf."""

import hashlib
from collections.abc import Sequence

EMPTY = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""


def leaf_hash(content: bytes) -> bytes:
    """A leaf and a node begin differently, so that none can be passed off as the other."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes, in their order. Level by level, the last odd one moves up as it is.

    That is the tree of RFC 9162, which splits at the largest power of two, without its recursion.
    """
    level = list(leaves)
    while len(level) > 1:
        level = _level_above(level)
    return level[0] if level else EMPTY


def paths_of(leaves: Sequence[bytes]) -> list[tuple[bytes, ...]]:
    """For each leaf the hashes of its neighbours, from the bottom to the top."""
    paths: list[list[bytes]] = [[] for _ in leaves]
    level, width = list(leaves), 1
    while len(level) > 1:
        for number, path in enumerate(paths):
            neighbour = (number // width) ^ 1
            if neighbour < len(level):
                path.append(level[neighbour])
        level, width = _level_above(level), width * 2
    return [tuple(path) for path in paths]


def root_by(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that this path leads to from a leaf; None when no tree of this size has such a path."""
    if not 0 <= index < size:
        return None
    found, last, rest = leaf, size - 1, list(path)
    while last:
        if index % 2 == 1 or index < last:
            if not rest:
                return None
            neighbour = rest.pop(0)
            left, right = (neighbour, found) if index % 2 else (found, neighbour)
            found = node_hash(left, right)
        index, last = index // 2, last // 2
    return None if rest else found


def _level_above(level: Sequence[bytes]) -> list[bytes]:
    pairs = [node_hash(*level[at : at + 2]) for at in range(0, len(level) - 1, 2)]
    return [*pairs, level[-1]] if len(level) % 2 else pairs
