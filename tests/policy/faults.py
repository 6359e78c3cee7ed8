"""What can be wrong with tests/policy/whole.toml, one fault a row: where it is said, and why."""

# ruff: noqa: E501  a table: a row stays a row

from typing import NamedTuple


class Fault(NamedTuple):
    """`old` of the file becomes `new`; refused on `line` for `key` with `reason` in its words."""

    old: str
    new: str
    line: int
    key: str
    reason: str


# fmt: off
FAULTS = [
    # the head of the file
    Fault('id = "whole"', 'id = "half"', 2, "id", "file's name"),
    Fault('id = "whole"', 'id = "A whole"', 2, "id", "city-employee-2024"),
    Fault('title = "样本"\n', "", 1, "title", "is missing"),
    Fault('title = "样本"', 'title = " "', 3, "title", "a text"),
    Fault('title = "样本"', 'title = "样\\n本"', 3, "title", "one line"),
    Fault('title = "样本"', 'title = "\\u001b[2J"', 3, "title", "one line"),
    Fault('area = "340100"', 'area = "3401"', 5, "area", "six digits"),
    Fault('insurance = "310"', 'insurance = "311"', 6, "insurance", "one of 310, 390"),
    Fault("valid_from = 2024-01-01", 'valid_from = "2024"', 7, "valid_from", "a day"),
    Fault("valid_to = 2024-12-31", "valid_to = 2023-12-31", 8, "valid_to", "before valid_from"),
    Fault("valid_to = 2024-12-31", "valid_to = 2024-12-31T00:00:00", 8, "valid_to", "a day"),
    Fault('"active", "retired"]', '"active", "pensioner"]', 9, "person_types", "one of"),
    Fault('"active", "retired"]', '"active", "active"]', 9, "person_types", "twice"),
    Fault('["active", "retired"]', "[]", 9, "person_types", "at least one"),
    Fault('"active", "retired"]', '"active"]', 43, "inpatient.deductible.level_1.retired", "world"),
    Fault("levels = [1, 2, 3]", "levels = [1, 2, 5]", 10, "levels", "0 to 4"),
    Fault("levels = [1, 2, 3]", "levels = []", 10, "levels", "at least one"),
    Fault("levels = [1, 2, 3]", "levels = [1, 2, 2]", 10, "levels", "different"),
    Fault("levels = [1, 2, 3]", "levels = [1, 2]", 11, "level_used.4", "not one of"),
    Fault("{ 0 = 1, 4 = 3 }", "{ 0 = 1, 2 = 3 }", 11, "level_used.2", "rows of its own"),
    Fault("{ 0 = 1, 4 = 3 }", "{ 0 = 1, 9 = 3 }", 11, "level_used.9", "0 to 4"),
    Fault("ages = [16, 120]", "ages = [16]", 12, "ages", "first and the last"),
    Fault("ages = [16, 120]", "ages = [60, 16]", 12, "ages", "first and the last"),
    Fault("ages = [16, 120]", "ages = [16, 200]", 12, "ages", "130"),
    Fault("waiting_months = 6", "waiting_months = -1", 13, "waiting_months", "whole number"),
    Fault("waiting_months = 6", "waiting_months = true", 13, "waiting_months", "whole number"),
    Fault("in_arrears = true", 'in_arrears = "yes"', 14, "pays_in_arrears", "true or false"),
    Fault('"split_by_days"', '"split"', 15, "year_boundary", "one of"),
    Fault('["average_wage"]', '["wage"]', 16, "parameters", "average_wage is the only"),
    Fault('parameters = ["average_wage"]\n', "", 19, "parameter_defaults.average_wage", "param"),
    Fault("waiting_months = 6", "wating_months = 6", 13, "wating_months", "no rule knows"),
    Fault("levels = [1, 2, 3]", "levels = [1, 2, 3", 11, "-", "line 11"),
    Fault('taken = "这样"', 'taken = "这样', 190, "-", "line 190"),
    Fault('traffic_accident = "', '"交通" = "', 23, "exclusions.交通", "a-z"),
    # what other parts refer to
    Fault('kidney = ["dialysis"]', 'kidney = ["M00500"]', 27, "classes.kidney", "another class"),
    Fault('kidney = ["dialysis"]', 'level_9 = ["dialysis"]', 45, "inpatient.deductible.level_3.kidney", "neither"),
    Fault('kidney = ["dialysis"]', 'level_4 = ["dialysis"]', 27, "classes.level_4", "already means"),
    Fault('class_b = "15%"', 'class_b = "115%"', 30, "fee_classes.class_b", "over 100 %"),
    Fault('class_b = "15%"', 'class_c = "15%"', 65, "inpatient.class_rates.class_b", "fee_classes"),
    Fault('flags = ["anti_rejection"]', 'flags = ["anti_rejecton"]', 53, "inpatient.waiver.flags", "knows this flag"),
    Fault('flags = ["dialysis"]', 'diseases = ["dialysis"]', 58, "inpatient.as_stay.diseases", "M07800"),
    Fault('flags = ["dialysis"]\n', "", 56, "inpatient.as_stay.flags", "is missing"),
    Fault('for_flags = ["civil_servant"]', 'for_flags = ["official"]', 120, "supplement[0].for_flags", "knows this flag"),
    Fault('for_classes = ["cancer"]', 'for_classes = ["tumour"]', 130, "aid[0].for_classes", "classes"),
    Fault('flag = "prenatal"', 'flag = "antenatal"', 145, "maternity.lump_sums[0].flag", "knows this flag"),
    # amounts, rates, and trees of them
    Fault('active = "300.00"', 'active = "300.005"', 43, "inpatient.deductible.level_1.active", "an amount"),
    Fault('active = "300.00"', 'active = "-300.00"', 43, "inpatient.deductible.level_1.active", "an amount"),
    Fault('active = "300.00"', "active = 300.0", 43, "inpatient.deductible.level_1.active", "an amount"),
    Fault('active = "300.00"', 'active = "5 times bill"', 43, "inpatient.deductible.level_1.active", "an amount"),
    Fault('active = "300.00"', 'active = "300.00, at least 5.00"', 43, "inpatient.deductible.level_1.active", "an amount"),
    Fault('active = "300.00", ', "", 43, "inpatient.deductible.level_1.active", "is missing"),
    Fault("at most 9000.00", "at most 400.00", 44, "inpatient.deductible.level_2", "below at least"),
    Fault('"10% of average', '"110% of average', 44, "inpatient.deductible.level_2", "over 100 %"),
    Fault('class_none = "800.00", ', "", 45, "inpatient.deductible.level_3.class_none", "is missing"),
    Fault('kidney = "0.00" }', 'age_0 = "0.00" }', 45, "inpatient.deductible.level_3.age_0", "beside branches by class"),
    Fault('kidney = "0.00" }', 'kidney = { level_1 = "0.00", level_2 = "0.00", level_3 = "0.00" } }', 45, "inpatient.deductible.level_3.kidney", "inside branches by level"),
    Fault('{ age_0 = "0%", age_70', '{ age_1 = "0%", age_70', 40, "inpatient.bonus.age_0", "is missing"),
    Fault("age_70", "age_121", 40, "inpatient.bonus.age_121", "nobody"),
    Fault("age_70", "age_070", 40, "inpatient.bonus.age_070", "neither"),
    Fault("insured_1 = ", "insured_2 = ", 86, "chronic.disease_caps.M01600.insured_1", "is missing"),
    Fault("insured_3 = ", "insured_0 = ", 86, "chronic.disease_caps.M01600.insured_0", "begins at insured_1"),
    Fault('level_2 = "83%"', 'level_2 = "101%"', 62, "inpatient.bands[0].rate.level_2", "over 100 %"),
    Fault('level_2 = "83%"', "level_2 = 83", 62, "inpatient.bands[0].rate.level_2", "a rate"),
    Fault('level_2 = "83%", ', "", 62, "inpatient.bands[0].rate.level_2", "is missing"),
    Fault('level_2 = "83%"', 'level_4 = "83%", level_2 = "83%"', 62, "inpatient.bands[0].rate.level_4", "world of level"),
    Fault("at most 95%", "at most 195%", 62, "inpatient.bands[0].rate.level_1", "over 100 %"),
    Fault("at most 95%", "at most 70%", 62, "inpatient.bands[0].rate.level_1", "rises with age"),
    # stays
    Fault('limit = "4 times', 'limit = "80% of bill" # ', 34, "inpatient.limit", "one bill"),
    Fault('limit_counts = "fund_payment"\nbands_count', "bands_count", 33, "inpatient.limit_counts", "is missing"),
    Fault('limit = "4 times average_wage"\n', "", 34, "inpatient.limit_counts", "inpatient.limit is missing"),
    Fault('bands_run = "per_stay"', 'bands_run = "per_week"', 37, "inpatient.bands_run", "one of"),
    Fault('bands_run = "per_stay"\n', "", 33, "inpatient.bands_run", "is missing"),
    Fault('stay_2 = "50%"', 'stay_2 = "50"\nless_per_stay = "1.00"', 49, "inpatient.repeat.less_per_stay", "no rule knows"),
    Fault('stay_2 = "50%"', 'stay_1 = "50%"', 48, "inpatient.repeat.stay_1", "no rule knows"),
    Fault('stay_2 = "50%"', 'stay_2 = "half"', 48, "inpatient.repeat.stay_2", "an amount"),
    Fault('{ class_none = "800.00", cancer = "20% of bill, at least 400.00", kidney = "0.00" }', '{ stay_1 = "800.00" }', 47, "inpatient.repeat", "by stay already"),
    Fault('from = "0.00"\nrate = { level_1', 'from = "0.01"\nrate = { level_1', 61, "inpatient.bands[0].from", "a gap"),
    Fault("[inpatient.class_rates]", '[[inpatient.bands]]\nfrom = "1.00"\nrate = "1%"\n[inpatient.class_rates]', 60, "inpatient.bands[0].to", "is missing"),
    Fault("[inpatient.class_rates]", 'to = "9.00"\n[[inpatient.bands]]\nfrom = "9.00"\nrate = "1%"\n[inpatient.class_rates]', 68, "inpatient.class_rates", "not 2"),
    # clinics
    Fault('threshold_per = "visit"', 'threshold_per = "month"', 70, "outpatient.threshold_per", "one of"),
    Fault('threshold = "100.00"\n', "", 69, "outpatient.threshold_per", "no threshold"),
    Fault('cap_year = "600.00"\n', "", 76, "outpatient.extra_disease", "cap_year"),
    Fault('cap_month = "50.00"', 'cap_month = "5% of bill"', 73, "outpatient.cap_month", "one bill"),
    Fault("counts_toward_pool_limit = true\n", "", 80, "chronic.counts_toward_pool_limit", "is missing"),
    Fault('same_as = "outpatient"', 'same_as = "pharmacy"', 89, "pharmacy.same_as", "one of"),
    Fault('same_as = "outpatient"', 'same_as = "outpatient"\nrate = "5%"', 90, "pharmacy.rate", "no rule knows"),
    # after the pool
    Fault('fund = "large_sum"', 'fund = "pool"', 92, "large_sum[0].fund", "one of"),
    Fault('base = "left_open"', 'base = "fee_above_limit"', 93, "large_sum[0].base", "counting in_scope_fee"),
    Fault('from = "10000.00"', 'from = "10000.01"', 104, "large_sum[0].bands[1].from", "a gap"),
    Fault('from = "10000.00"', 'from = "9999.99"', 104, "large_sum[0].bands[1].from", "an overlap"),
    Fault('to = "10000.00"', 'to = "0.00"', 100, "large_sum[0].bands[0].to", "above from"),
    Fault('deductible = "20000.00"\nbands_run = "through_year"', 'deductible = "20000.00"', 107, "large_sum[1].bands_run", "is missing"),
    Fault('[[aid]]\nid = "serious"', '[[aid]]\nid = "big one"', 126, "aid[0].id", "a name"),
    Fault("counts_in_combined = true\n", "", 125, "aid[0].counts_in_combined", "is missing"),
    Fault('combined_aid_limit = "10000.00"\n', "", 134, "aid[0].counts_in_combined", "is missing"),
    Fault("counts_in_combined = true", "counts_in_combined = false", 17, "combined_aid_limit", "no aid"),
    Fault('examination = "500.00"', 'examination = "5% of bill"', 138, "aid[0].line_limits.examination", "an amount"),
    Fault('flag = "prenatal"\n', "", 150, "maternity.lump_sums[1].flag", "for the same"),
    Fault("months_needed = 9\n", "", 148, "maternity.lump_sums[0].per_month_insured", "months_needed"),
    Fault('kinds = ["inpatient", "outpatient"]', 'kinds = ["dentist"]', 156, "account.kinds", "one of"),
    # elsewhere
    Fault('points = "10%"', 'points = "10.01%"', 160, "out_of_area.referral.points", "national ceiling of 10%"),
    Fault('points = "20%"', 'points = "21%"', 171, "out_of_area.other.points", "national ceiling of 20%"),
    Fault('same_as = "referral"', 'same_as = "other"', 168, "out_of_area.emergency.same_as", "national ceiling of 10%"),
    Fault('same_as = "referral"', 'same_as = "emergency"', 168, "out_of_area.emergency.same_as", "one of"),
    Fault("as_level = 3", "as_level = 4", 177, "out_of_area.long_term.as_level", "levels"),
    Fault("pays = false", 'pays = false\npoints = "5%"', 181, "out_of_area.unregistered.points", "pays = false"),
    Fault("pays = false", "", 179, "out_of_area.unregistered", "empty"),
    Fault('deductible = "20% of bill, at least 2000.00"\n', "", 183, "out_of_area.back_home.keeps_repeat", "no deductible"),
    Fault('rate = "50%"\n\n[[readings', 'rate = "50%"\nbands = []\n\n[[readings', 186, "out_of_area.back_home.bands", "either"),
    Fault('{ from = "5000.00"', '{ from = "6000.00"', 164, "out_of_area.referral.bands[1].from", "a gap"),
    Fault("[out_of_area.back_home]", "[out_of_area.abroad]", 182, "out_of_area.abroad", "no rule knows"),
    # readings
    Fault('parameter = "inpatient.bands[0].rate"', 'parameter = "inpatient.bands[1].rate"', 188, "readings[0].parameter", "no such key"),
    Fault('why = "因为"', "", 187, "readings[0].why", "is missing"),
]
# fmt: on
