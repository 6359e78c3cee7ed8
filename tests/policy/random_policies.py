"""Any policy the model can say, and any case and year for it, for property tests."""

from hypothesis import strategies as st

from contracts.codes import Fund, PersonType
from contracts.money import FEN_MAX
from participants.policy.benefits import (
    Account,
    Aid,
    AidBase,
    Amount,
    AsStay,
    Band,
    CareKind,
    Clinic,
    Counts,
    DeductibleLies,
    Elsewhere,
    Exclusion,
    LargeSum,
    LargeSumBase,
    Limit,
    LumpSum,
    Maternity,
    Of,
    Period,
    Rate,
    Repeat,
    Runs,
    Stay,
    Supplement,
    Terms,
    Waiver,
)
from participants.policy.choice import By, Choice, Leaf, Split, T
from participants.policy.model import Case, Line, Policy, YearToDate
from tests.policy.made import policy

FLAGS = ["dialysis", "poor", "civil_servant", "in_arrears", "traffic_accident", "caesarean", "new"]
DISEASES = ["M00500", "M01600", "M09999"]
CLASSES = {"M00500": "heavy", "dialysis": "heavy", "M01600": "light"}
FEE_CLASSES = ["class_b", "high_cost"]
LEVELS = {1: "level_1", 2: "level_2", 3: "level_3"}
CATEGORIES = ["examination", "treatment", "bed"]
WAGE = "average_wage_fen"

flags = st.just(frozenset[str]()) | st.frozensets(st.sampled_from(FLAGS), max_size=2)
kinds = st.just(frozenset(CareKind)) | st.frozensets(st.sampled_from(CareKind))
bp = st.sampled_from([8000, 5000, 8333, 9999, 10_000, 0]) | st.integers(0, 10_000)
fen = st.integers(0, 3000_00) | st.integers(0, 300)


def leaf(values: st.SearchStrategy[T]) -> st.SearchStrategy[Leaf[T]]:
    return values.map(lambda value: Leaf(value, "random"))


@st.composite
def trees(draw: st.DrawFn, values: st.SearchStrategy[T]) -> Choice[T]:
    """A leaf, or one branching of leaves that has a branch for every case."""
    dimension = draw(st.none() | st.sampled_from(By))
    leaves = leaf(values)
    if dimension is None:
        return draw(leaves)
    if dimension in EXACT:
        return Split(dimension, "random", {one: draw(leaves) for one in EXACT[dimension]})
    thresholds = {FIRST[dimension], *draw(st.sets(st.integers(2, 80), max_size=2))}
    rows = tuple((one, draw(leaves)) for one in sorted(thresholds))
    return Split(dimension, "random", {}, rows)


EXACT = {
    By.PERSON: [*PersonType],
    By.LEVEL: [*LEVELS.values()],
    By.CLASS: ["heavy", "light", "class_none"],
}
FIRST = {By.AGE: 0, By.INSURED: 1, By.STAY: 1}


@st.composite
def amounts(draw: st.DrawFn, *of: Of, top: int = 3000_00) -> Amount:
    base = draw(st.sampled_from([None, *of]))
    if base is None:
        return Amount(fixed_fen=draw(st.integers(0, top)))
    least_fen = draw(st.sampled_from([0, 200_00]))
    most_fen = draw(st.sampled_from([None, 2000_00]))
    return Amount(0, draw(st.integers(0, 10_000)), base, least_fen, most_fen)


rates = st.builds(Rate, bp, st.sampled_from([0, 0, 20]), st.sampled_from([10_000, 9000]))
rate_trees = trees(rates)
small = trees(amounts(Of.AVERAGE_WAGE, Of.BILL))
large = trees(amounts(Of.AVERAGE_WAGE, top=60_000_00))
fee_limits, payment_limits = (
    st.none() | st.builds(Limit, large, st.just(counts)) for counts in Counts
)
limits = fee_limits | payment_limits
bonuses = st.none() | rate_trees


@st.composite
def bands(draw: st.DrawFn, first_fen: int = 0) -> tuple[Band, ...]:
    limits_fen = draw(st.lists(st.integers(first_fen + 1, first_fen + 50_000_00), max_size=4))
    starts = [first_fen, *sorted(set(limits_fen))]
    ends: list[int | None] = [*starts[1:], draw(st.sampled_from([None, starts[-1] + 1_000_00]))]
    return tuple(
        Band(start, end, draw(rate_trees), "段") for start, end in zip(starts, ends, strict=True)
    )


repeats = st.builds(
    Repeat,
    st.sampled_from([0, 100_00]),
    st.booleans(),
    st.none() | small,
    st.sampled_from(
        [
            (),
            ((2, Amount(share_bp=5000, of=Of.FIRST_STAY), "r"), (3, Amount(), "r")),
            ((2, Amount(share_bp=500, of=Of.AVERAGE_WAGE), "r"),),
        ]
    ),
    st.booleans(),
)


@st.composite
def stays(draw: st.DrawFn, *, steady: bool = False) -> Stay:
    rows = draw(bands())
    class_rates = {}
    if len(rows) == 1 and not steady:
        class_rates = draw(st.dictionaries(st.sampled_from(FEE_CLASSES), rate_trees))
    return Stay(
        deductible=draw(small if steady else trees(amounts(Of.AVERAGE_WAGE, Of.BILL, Of.IN_SCOPE))),
        repeat=draw(repeats),
        waiver=Waiver(draw(flags), draw(st.booleans())),
        as_stay=AsStay(
            draw(kinds),
            draw(flags),
            frozenset(draw(st.lists(st.sampled_from(DISEASES), max_size=1))),
        ),
        bands=rows,
        bands_count=draw(st.sampled_from(Counts)),
        bands_run=draw(st.sampled_from(Runs)),
        deductible_lies=draw(st.sampled_from(DeductibleLies)),
        deductible_reaches_large_sum=draw(st.booleans()),
        bonus=draw(bonuses),
        class_rates=class_rates,
        limit=draw(limits),
    )


clinics = st.builds(
    Clinic,
    visit_self_pay=st.none() | trees(amounts(top=30_00)),
    threshold=st.none() | small,
    threshold_per=st.sampled_from([Period.VISIT, Period.YEAR]),
    rate=rate_trees,
    bonus=bonuses,
    ceilings=st.lists(
        st.tuples(st.sampled_from(Period), st.builds(Limit, large, st.sampled_from(Counts))),
        max_size=3,
    ).map(tuple),
    disease_limits=st.sampled_from([{}, {"M01600": Leaf(Amount(500_00), "d")}]),
    extra_disease_fen=st.sampled_from([0, 200_00]),
    counts_toward_pool_limit=st.booleans(),
)
large_sums = st.builds(
    LargeSum,
    fund=st.sampled_from([Fund.LARGE_SUM, Fund.CRITICAL_ILLNESS]),
    base=st.sampled_from(LargeSumBase),
    kinds=kinds,
    deductible=st.none() | large,
    bands=bands(),
    bands_run=st.sampled_from(Runs),
    bonus=bonuses,
    limit=limits,
)
supplements = st.builds(
    Supplement,
    fund=st.sampled_from([Fund.CIVIL_SERVANT, Fund.ENTERPRISE]),
    for_flags=flags,
    kinds=kinds,
    deductible=st.none() | small,
    rate=rate_trees,
    limit=payment_limits,
)


def aids(aid_id: str) -> st.SearchStrategy[Aid]:
    return st.builds(
        Aid,
        id=st.just(aid_id),
        label=st.just("救助"),
        base=st.sampled_from(AidBase),
        for_flags=flags,
        for_classes=st.frozensets(st.sampled_from(["heavy", "light"]), max_size=1),
        kinds=kinds,
        line_limits=st.dictionaries(st.sampled_from(CATEGORIES), fen, max_size=2),
        deductible=st.none() | small,
        rate=rate_trees,
        limit=payment_limits,
        counts_in_combined=st.booleans(),
    )


lump_sums = st.builds(
    LumpSum,
    flag=st.none() | st.just("caesarean"),
    label=st.just("定额"),
    amount=small,
    per_month_insured_fen=st.sampled_from([0, 100_00]),
    months_needed=st.sampled_from([0, 9]),
    source=st.just("m"),
)
maternities = st.builds(
    Maternity,
    fund=st.sampled_from([Fund.POOL, Fund.OTHER]),
    lump_sums=st.lists(lump_sums, max_size=2).map(tuple),
    only_out_of_area=st.booleans(),
)
terms = st.builds(
    Terms,
    source=st.just("out_of_area.x"),
    deductible=st.none() | small,
    points_bp=st.sampled_from([0, 1000]),
    factor_bp=st.sampled_from([10_000, 8000]),
    first_self_pay_bp=st.sampled_from([0, 1000, 3333]),
    as_level=st.none() | st.sampled_from([*LEVELS]),
    bands=st.just(()) | bands(),
    floor=st.none() | rate_trees,
    clinic_rate=bonuses,
    pays=st.sampled_from([True, True, True, False]),
    keeps_repeat=st.booleans(),
)


@st.composite
def policies(draw: st.DrawFn, *, steady: bool = False) -> Policy:
    """With `steady`: without the rules by which more in scope may pay the funds less."""
    parts = st.sampled_from([CareKind.OUTPATIENT, CareKind.CHRONIC, CareKind.PHARMACY])
    return policy(
        waiting_months=draw(st.sampled_from([0, 6])),
        level_used={4: 3},
        exclusions=(Exclusion("traffic_accident", "交通事故"),),
        pays_in_arrears=draw(st.booleans()),
        parameters=frozenset({WAGE}),
        defaults={WAGE: 12000_00},
        classes=CLASSES,
        fee_classes=frozenset(FEE_CLASSES),
        first_self_pay=draw(st.dictionaries(st.sampled_from(FEE_CLASSES), bp)),
        stay=draw(st.none() | stays(steady=steady) | stays(steady=steady)),
        clinics=draw(st.dictionaries(parts, clinics, max_size=2)),
        maternity=draw(st.none() | maternities),
        large_sum=tuple(draw(st.lists(large_sums, max_size=2))),
        supplements=tuple(draw(st.lists(supplements, max_size=2))),
        aids=tuple(draw(aids(f"aid_{one}")) for one in range(draw(st.integers(0, 2)))),
        combined_aid_limit=draw(payment_limits),
        account=Account(frozenset(CareKind), draw(st.booleans())),
        elsewhere=draw(st.dictionaries(st.sampled_from(Elsewhere), terms, max_size=3)),
    )


year_fen = st.integers(0, 80_000_00)
COUNTERS = [
    "outpatient_pool.2026-05",
    "outpatient_in_scope.2026-05",
    "disease_pool.M01600",
    "pharmacy_pool",
    "aid.aid_0",
    "large_base.1",
    "large_sum.2",
    "supplement.enterprise",
    "clinic_thresholds",
]
years = st.just(YearToDate()) | st.builds(
    YearToDate,
    in_scope_fen=year_fen,
    deductible_fen=year_fen,
    pool_fen=year_fen,
    large_sum_fen=year_fen,
    large_base_fen=year_fen,
    supplement_fen=year_fen,
    aid_fen=year_fen,
    outpatient_in_scope_fen=fen,
    outpatient_pool_fen=fen,
    chronic_in_scope_fen=fen,
    chronic_pool_fen=fen,
    stays=st.integers(0, 12),
    counters=st.dictionaries(st.sampled_from(COUNTERS), st.integers(1, 3000_00), max_size=4),
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    total_fen = draw(
        st.integers(1_000_00, 100_000_00) | st.integers(0, 500) | st.integers(0, FEN_MAX)
    )
    in_scope_fen = draw(st.just(total_fen) | st.integers(0, total_fen))
    class_b_fen = draw(st.integers(0, in_scope_fen))
    by_class = {
        "class_b": class_b_fen,
        "high_cost": draw(st.integers(0, in_scope_fen - class_b_fen)),
    }
    lines = st.builds(Line, st.sampled_from(CATEGORIES), st.integers(0, total_fen))
    return Case(
        kind=draw(st.sampled_from(CareKind) | st.just(CareKind.INPATIENT)),
        person_type=draw(st.sampled_from(PersonType)),
        age_years=draw(st.integers(0, 130)),
        hospital_level=draw(st.integers(1, 4)),
        total_fen=total_fen,
        in_scope_fen=in_scope_fen,
        elsewhere=draw(st.none() | st.sampled_from(Elsewhere)),
        disease=draw(st.none() | st.sampled_from(DISEASES)),
        flags=draw(flags),
        months_insured=draw(st.none() | st.integers(6, 60) | st.integers(0, 60)),
        month=draw(st.sampled_from(["", "2026-05"])),
        diseases_approved=draw(st.integers(0, 3)),
        in_scope_by_class=draw(st.just({}) | st.just(by_class)),
        lines=tuple(draw(st.lists(lines, max_size=3))),
        account_use=draw(st.booleans()),
        account_balance_fen=draw(fen),
        family_balance_fen=draw(fen),
        parameters=draw(
            st.just({}) | st.builds(lambda wage: {WAGE: wage}, st.integers(1, FEN_MAX))
        ),
    )
