"""The whole story, registration to clearing: it adds up, repeats, and leaves nothing behind."""

import json
from typing import Any

import pytest

from tests.flow.leftovers import yidi

TOLD_BY_THE_CLOCK = {"elapsed_s"}
NUMBERS = ("settled", "reversed", "expired", "rejected", "breaks", "ledger_sum_fen")


def summary_of(*arguments: str) -> dict[str, Any]:
    ended = yidi("demo", "--json", *arguments)
    assert ended.exit_code == 0, ended.stderr
    assert ended.left_running == ()
    summary: dict[str, Any] = json.loads(ended.stdout)
    return summary


def adds_up(summary: dict[str, Any], visits: int) -> None:
    # Beside the everyday visits: the teacher, a duplicate and the last good request settle; one is
    # cancelled, one withdrawn, one expires; a stranger and an expired registration are rejected.
    assert [summary[name] for name in NUMBERS] == [visits + 3, 2, 1, 2, 0, 0]
    assert summary["pending"] == 0
    assert summary["payable_fen"] == summary["receivable_fen"] > 0
    assert summary["areas"] >= 6
    assert summary["database"].startswith("PostgreSQL")


@pytest.fixture(scope="module")
def embedded() -> dict[str, Any]:
    return summary_of("--seed", "7", "--visits", "13")


@pytest.mark.slow
def test_the_embedded_story_adds_up_and_a_seed_repeats_it_exactly(
    embedded: dict[str, Any],
) -> None:
    adds_up(embedded, 13)
    assert "in-process" in embedded["broker"]
    again = summary_of("--seed", "7", "--visits", "13")
    assert {k: v for k, v in embedded.items() if k not in TOLD_BY_THE_CLOCK} == {
        k: v for k, v in again.items() if k not in TOLD_BY_THE_CLOCK
    }


@pytest.mark.slow
def test_another_seed_bills_other_amounts(embedded: dict[str, Any]) -> None:
    other = summary_of("--seed", "8", "--visits", "13")
    adds_up(other, 13)
    assert other["payable_fen"] != embedded["payable_fen"]


@pytest.mark.slow
@pytest.mark.kafka
def test_the_story_over_kafka_in_separate_processes_comes_to_the_same_books(
    embedded: dict[str, Any],
) -> None:
    over_kafka = summary_of("--kafka", "--seed", "7", "--visits", "13")
    adds_up(over_kafka, 13)
    assert "Apache Kafka" in over_kafka["broker"]
    assert over_kafka["payable_fen"] == embedded["payable_fen"]


@pytest.mark.slow
def test_the_story_is_told_with_its_tables_and_one_worked_calculation() -> None:
    ended = yidi("demo", "--visits", "13")
    assert ended.exit_code == 0, ended.stderr
    for told in (
        "备案",
        "预结算",
        "全国跨省异地就医费用清算表",
        "应付合计",
        "yizheng-employee-2010",
        "inpatient.deductible",
        "[2006]",
        "[1009]",
        "完成 done",
    ):
        assert told in ended.stdout, told
