"""Merkle trees: the known answers of RFC 6962's own trees, and paths that prove one leaf only."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.merkle import EMPTY, leaf_hash, node_hash, paths_of, root_by, root_of
from tests.support.tables import rows

# The leaves and roots that implementations of certificate transparency test each other with.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = """
    leaves | root
    0      | e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    1      | 6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d
    2      | fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125
    3      | aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77
    4      | d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7
    5      | 4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4
    6      | 76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef
    7      | ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c
    8      | 5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328
"""
SIZES = st.integers(1, 40)


def _leaves(size: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(size)]


@pytest.mark.parametrize("case", rows(ROOTS), ids=lambda case: case["leaves"])
def test_roots_are_those_that_everybody_computes(case: dict[str, str]) -> None:
    leaves = [leaf_hash(content) for content in LEAVES[: int(case["leaves"])]]
    assert root_of(leaves).hex() == case["root"]


def test_a_leaf_and_a_node_begin_differently() -> None:
    left, right = sha256(b"left").digest(), sha256(b"right").digest()
    assert leaf_hash(left + right) == sha256(b"\x00" + left + right).digest()
    assert node_hash(left, right) == sha256(b"\x01" + left + right).digest()
    assert sha256(b"").digest() == EMPTY


@given(size=SIZES)
def test_every_leaf_leads_to_the_root_by_its_path(size: int) -> None:
    leaves = _leaves(size)
    paths = paths_of(leaves)
    found = [root_by(leaf, at, size, paths[at]) for at, leaf in enumerate(leaves)]
    assert found == [root_of(leaves)] * size
    assert max(map(len, paths)) == (size - 1).bit_length()


@given(size=SIZES, data=st.data())
def test_no_other_place_or_leaf_or_path_leads_there(size: int, data: st.DataObject) -> None:
    leaves = _leaves(size)
    at, other = (data.draw(st.integers(0, size - 1)) for _ in range(2))
    path, root = paths_of(leaves)[at], root_of(leaves)
    if other != at:
        assert root_by(leaves[at], other, size, path) != root
        assert root_by(leaves[other], at, size, path) != root
    assert root_by(leaves[at], at, size, (*path, EMPTY)) is None
    for cut in range(len(path)):
        assert root_by(leaves[at], at, size, path[:cut]) is None
        changed = (*path[:cut], EMPTY, *path[cut + 1 :])
        assert root_by(leaves[at], at, size, changed) != root


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (1, 1), (3, 3), (0, 0), (7, 3)])
def test_a_place_outside_the_tree_has_no_root(index: int, size: int) -> None:
    assert root_by(EMPTY, index, size, ()) is None


def test_a_tree_without_leaves_has_no_paths_and_one_leaf_is_its_own_root() -> None:
    assert paths_of([]) == []
    assert paths_of([EMPTY]) == [()]
    assert root_by(EMPTY, 0, 1, ()) == EMPTY
