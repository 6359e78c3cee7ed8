"""1201, 1901 and 1301 to 1319: what hospitals look up, by the shipped catalogue and code lists."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from contracts.chronic import diseases
from contracts.codes import AreaCode
from participants.gateway.wire import jsontext
from participants.gateway.wire.conformity import departures
from participants.gateway.wire.dictionaries import dictionaries, told
from participants.gateway.wire.fields import shapes
from participants.treatment.domain.catalogue import Catalogue
from participants.treatment.domain.catalogue_file import load_catalogue
from participants.treatment.domain.catalogue_publication import layouts, published, published_as
from participants.treatment.domain.keeping import Keeping
from participants.treatment.domain.packed import unpack
from participants.treatment.services import institutions
from tests.gateway.other_party import WANG
from tests.gateway.street import AREA, HOSPITAL, Street, envelope, institution, opened
from tests.support.databases import Databases
from tests.support.tables import rows

CATALOGUE = load_catalogue()


@pytest.fixture(scope="module")
def shared(database_server: Databases) -> Iterator[Street]:
    """Nothing here leaves a trace, so that one street does for all."""
    with opened(database_server) as street:
        yield street
    database_server.take_back()


def said(street: Street, infno: str, node: Any, **changes: Any) -> Any:
    """The reply to an input, its output checked against its table."""
    document = envelope(infno, input=node, **changes)
    text = street.post(json.dumps(document)).text
    output = jsontext.loads(text).get("output")
    if json.loads(text)["infcode"] == 0:
        assert departures(shapes()[infno], output) == []
    return json.loads(text)


INSTITUTIONS = """
    fixmedins_type | code          | name   | found
    1              | -             | -      | 2
    1              | H31010100001  | -      | 1
    1              | -             | 第一示范 | 2
    1              | H31010100001  | 第一示范 | 1
    1              | H31010100001  | 北京   | 0
    1              | H99           | -      | 0
    2              | -             | -      | 0
    5              | -             | -      | 0
"""


@pytest.mark.parametrize("case", rows(INSTITUTIONS), ids=lambda case: " ".join(case.values()))
def test_institutions_are_found_by_kind_code_and_name(shared: Street, case: dict[str, str]) -> None:
    node = {
        "fixmedins_type": case["fixmedins_type"],
        "fixmedins_code": case["code"].strip("-"),
        "fixmedins_name": case["name"].strip("-"),
    }
    found = said(shared, "1201", {"medinsinfo": node})["output"]["medinsinfo"]
    assert len(found) == int(case["found"])
    assert all(one["fixmedins_type"] == "1" and one["uscc"] == "未登记" for one in found)


def test_an_institution_shows_its_credit_code_where_the_list_has_it(shared: Street) -> None:
    with shared.engine.begin() as tx:
        known = replace(institution("H31010100009"), credit_code="12310000425000000X", name="丙")
        institutions.load(tx, [known])
    node = {"fixmedins_type": "1", "fixmedins_name": "丙"}
    [found] = said(shared, "1201", {"medinsinfo": node})["output"]["medinsinfo"]
    assert found["uscc"] == "12310000425000000X"
    with shared.engine.begin() as tx:
        tx.exec_driver_sql("DELETE FROM institutions WHERE code = 'H31010100009'")


def listed(street: Street, type_: str, **changes: Any) -> Any:
    node = {
        "type": type_,
        "parent_value": "0",
        "admdvs": "310000",
        "date": "2024-03-01",
        "Vali_Flag": "1",
        **changes,
    }
    return said(street, "1901", {"data": node})


def test_a_list_is_told_with_labels_in_its_order(shared: Street) -> None:
    found = listed(shared, "INSUTYPE")["output"]["list"]
    assert found[0] == {
        "type": "INSUTYPE",
        "label": "职工基本医疗保险",
        "value": "310",
        "parentValue": "0",
        "sort": 1,
        "valiFlag": "1",
        "createUser": "YIDI",
        "createDate": "2024-10-14",
        "version": 20241014,
    }
    assert [one["sort"] for one in found] == list(range(1, len(found) + 1))


LISTS = """
    type          | change            | values
    gend          | -                 | 0 1 2 9
    psn_setlway   | -                 | 01 02
    vali_flag     | -                 | 0 1
    med_type      | parent_value=13   | 1301
    med_type      | parent_value=21,admdvs=310000 | 2102 2105 2106 2107 2109 21303
    med_type      | parent_value=21,admdvs=430100 | 2101 2102 2105 2106 2107 2109 21303
    fund_pay_type | parent_value=310100 | 310101 310102
    psn_type      | parent_value=14   | 1401 1402 1403 1404 1405
    gend          | parent_value=1    | -
    gend          | Vali_Flag=0       | -
    gend          | admdvs=999999     | 0 1 2 9
"""


def test_a_list_is_told_by_parent_region_and_validity(shared: Street) -> None:
    for case in (line.split("|") for line in LISTS.strip().splitlines()[1:]):
        pairs = [one.split("=") for one in case[1].strip().strip("-").split(",") if one]
        found = listed(shared, case[0].strip(), **dict(pairs))["output"]["list"]
        assert [one["value"] for one in found] == case[2].replace("-", "").split(), case


def test_a_code_is_told_from_the_day_of_its_use(shared: Street) -> None:
    def codes(day: str) -> list[str]:
        return [one["value"] for one in listed(shared, "med_type", date=day)["output"]["list"]]

    assert "9903" not in codes("2023-02-28")
    assert "9903" in codes("2023-03-01")


def test_the_areas_are_a_list_too(shared: Street) -> None:
    found = listed(shared, "admdvs")["output"]["list"]
    assert len(found) == 32
    assert {"340000": "安徽省"}.items() <= {one["value"]: one["label"] for one in found}.items()


def test_every_list_that_an_input_is_checked_against_is_told_with_labels() -> None:
    """Lists without labels are ours; a field of a national table has none of those."""
    ours = {name for name, one in dictionaries().items() if not one.entries}
    used = {
        field.dictionary
        for infno, shape in shapes().items()
        for node in (*shape.nodes, *shape.out)
        for field in node.fields
        if infno != "preflight"
    }
    assert not ours & used
    for one in told().values():
        assert all(0 < len(entry.label) <= 50 and len(entry.code) <= 20 for entry in one.entries)
        assert {entry.parent for entry in one.entries} <= {"0"} | {e.code for e in one.entries}


def test_no_list_of_that_name_is_said_so(shared: Street) -> None:
    assert listed(shared, "no_such_list")["err_msg"].startswith("[3022]")
    assert listed(shared, "visit_kind")["err_msg"].startswith("[3022]")


DICTIONARY_FIELDS = """
    change                | code
    type=                 | 1004
    parent_value=         | 1004
    admdvs=               | 1004
    date=                 | 1004
    date=20240301         | 1006
    Vali_Flag=            | 1004
    Vali_Flag=2           | 1006
    admdvs=3101012        | 1005
"""


@pytest.mark.parametrize("case", rows(DICTIONARY_FIELDS), ids=lambda case: case["change"])
def test_wrong_fields_of_1901_are_named(shared: Street, case: dict[str, str]) -> None:
    name, _, value = case["change"].partition("=")
    reply = listed(shared, "gend", **{name: value})
    assert reply["err_msg"].startswith(f"[{case['code']}]"), reply
    assert name in reply["err_msg"]


FILES = """
    infno  rows  columns  first
    1301   47    92       XA02BCA211A012010100154
    1302   3     29       T000300877
    1303   0     78       -
    1305   21    16       001101000010000
    1306   7     71       C02011001000010061270000003
    1307   0     24       -
    1308   0     24       -
    1309   10    16       M03900
    1310   0     15       -
    1311   0     15       -
    1313   0     11       -
    1314   0     14       -
    1315   0     14       -
"""


@pytest.mark.parametrize("case", rows(FILES), ids=lambda case: case["infno"])
def test_a_catalogue_is_fetched_as_a_file_and_only_when_it_is_new(
    shared: Street, case: dict[str, str]
) -> None:
    infno, count = case["infno"], int(case["rows"])
    output = said(shared, infno, {"data": {"ver": "F001_1997"}})["output"]
    assert list(output) == ["file_qury_no", "filename", "dld_end_time", "data_cnt"]
    assert output["data_cnt"] == count
    assert len(layouts()[infno].columns) == int(case["columns"])
    if count == 0:
        assert output["file_qury_no"] == ""
        return
    lines = _lines(shared, output)
    assert len(lines) == count
    assert {len(line) for line in lines} == {int(case["columns"])}
    assert lines[0][0] == case["first"]
    version = lines[0][layouts()[infno].columns.index("版本号")]
    again = said(shared, infno, {"data": {"ver": version}})["output"]
    assert (again["data_cnt"], again["file_qury_no"]) == (0, "")


def test_a_line_of_a_file_has_what_we_know_in_its_columns_and_null_elsewhere() -> None:
    file = published(CATALOGUE, AREA, "1301")
    columns = layouts()["1301"].columns
    text = unpack(file.content(), Keeping())
    lines = [dict(zip(columns, line.split("\t"), strict=True)) for line in text.splitlines()]
    [old, new] = [one for one in lines if one["药品通用名"] == "阿托伐他汀钙片"]
    assert (old["开始日期"], old["结束日期"]) == ("2020-01-01", "2022-12-31")
    assert (new["开始日期"], new["结束日期"], new["版本号"]) == ("2023-01-01", "null", file.version)
    assert new["国家医保药品目录甲乙类标识"] == "甲"
    assert new["生产企业名称"] == "null"


def test_the_chronic_diseases_of_the_table_are_the_file_of_1309() -> None:
    file = published(CATALOGUE, AREA, "1309")
    assert {row[0] for row in file.rows} == {code for one in diseases() for code in one.codes}


def test_the_same_catalogue_is_the_same_file_and_another_is_another() -> None:
    first = published(CATALOGUE, AREA, "1305")
    again = published(load_catalogue(), AREA, "1305")
    assert (first.version, first.content()) == (again.version, again.content())
    fewer = Catalogue(dict(list(CATALOGUE.items.items())[:-20]))
    other = published(fewer, AREA, "1305")
    assert other.version != first.version
    assert published_as(CATALOGUE, AREA, first.file_no) == first
    assert published_as(fewer, AREA, first.file_no) is None
    assert len(first.version) <= 20
    assert len(first.file_no) <= 30


def test_another_area_has_its_own_file_of_chronic_diseases() -> None:
    mine, theirs = (published(CATALOGUE, AreaCode(one), "1309") for one in ("310000", "340000"))
    assert mine.version != theirs.version


def page(street: Street, infno: str, **changes: Any) -> Any:
    node = {"updt_time": "2000-01-01", "page_num": 1, "page_size": 100, **changes}
    return said(street, infno, {"data": node})


COUNTS = """
    infno  change                                 rows
    1304   -                                      0
    1312   -                                      78
    1316   -                                      78
    1318   -                                      73
    1319   -                                      78
    1312   hilist_code=XC10AAA220A001010100512    2
    1312   hilist_code=XC10AAA220A001010100512,query_date=2022-06-01  1
    1312   vali_flag=0                            2
    1312   vali_flag=1                            76
    1312   hilist_name=注射                        21
    1312   med_chrgitm_type=10                    3
    1312   chrgitm_lv=03                          5
    1312   lmt_used_flag=1                        8
    1312   list_type=301                          7
    1312   insu_admdvs=310115                     78
    1312   insu_admdvs=340100                     0
    1312   begndate=2021-01-01                    5
    1312   updt_time=2022-01-01                   1
    1312   pinyin=AMXL                            0
    1316   medins_list_codg=T001700512            1
    1318   hilist_code=T000300877                 0
    1318   hilist_code=T001700512                 1
    1319   hilist_code=XL01FDQ021B001010100012    1
    1319   selfpay_prop_type=2                    0
    1318   enddate=2023-12-31                     2
    1318   poolarea_no=310000                     73
    1318   tabname=anything                       73
"""


def test_the_conditions_of_the_catalogue_queries_hold(shared: Street) -> None:
    for case in rows(COUNTS):
        pairs = [one.split("=") for one in case["change"].strip("-").split(",") if one]
        output = page(shared, case["infno"], **dict(pairs))["output"]
        assert output["recordCounts"] == int(case["rows"]), case


def test_an_item_shows_its_ceiling_and_its_self_pay_share(shared: Street) -> None:
    code = {"hilist_code": "XL01FDQ021B001010100012"}
    [ceiling] = page(shared, "1318", **code)["output"]["data"]
    [share] = page(shared, "1319", **code)["output"]["data"]
    [item] = page(shared, "1312", **code)["output"]["data"]
    assert ceiling["hilist_pric_uplmt_amt"] == 5500
    assert share["selfpay_prop"] == 0.2
    assert (item["hilist_name"], item["lmt_used_flag"]) == ("注射用曲妥珠单抗", "1")
    assert item["insu_admdvs"] == AREA


def test_every_page_together_is_the_catalogue(shared: Street) -> None:
    found: list[str] = []
    for number in range(1, 9):
        output = page(shared, "1312", page_num=number, page_size=10)["output"]
        assert (output["pages"], output["recordCounts"], output["pageNum"]) == (8, 78, number)
        assert output["lastPage"] == (number == 8)
        found += [one["rid"] for one in output["data"]]
    assert len(found) == len(set(found)) == 78
    beyond = page(shared, "1312", page_num=9, page_size=10)["output"]
    assert (beyond["data"], beyond["startRow"], beyond["lastPage"]) == ([], 0, True)


PAGE_FIELDS = """
    change          | code | says
    page_num=0      | 1006 | page_num
    page_num=       | 1004 | page_num
    page_size=0     | 1006 | page_size
    page_size=1001  | 1006 | page_size
    page_size=-1    | 1008 | page_size
    page_size=1.5   | 1006 | page_size
    updt_time=      | 1004 | updt_time
    updt_time=昨天  | 1006 | updt_time
    vali_flag=9     | 1006 | vali_flag
"""


@pytest.mark.parametrize("infno", ["1304", "1312", "1316", "1317", "1318", "1319"])
@pytest.mark.parametrize("case", rows(PAGE_FIELDS), ids=lambda case: case["change"])
def test_wrong_fields_of_a_query_are_named(
    shared: Street, infno: str, case: dict[str, str]
) -> None:
    name, _, value = case["change"].partition("=")
    reply = page(shared, infno, **{name: value})
    assert reply["err_msg"].startswith(f"[{case['code']}]"), reply
    assert case["says"] in reply["err_msg"]


def test_a_file_without_a_version_is_refused(shared: Street) -> None:
    reply = said(shared, "1301", {"data": {"ver": ""}})
    assert reply["err_msg"].startswith("[1004]")


def test_looking_up_leaves_no_trace(shared: Street) -> None:
    before = shared.counts()
    page(shared, "1312")
    listed(shared, "gend")
    said(shared, "1305", {"data": {"ver": "0"}})
    assert shared.counts() == before


def test_who_we_are_is_told_as_the_table_has_it(shared: Street) -> None:
    """1101, whose answer has an extension besides."""
    node = {
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": WANG.certno,
        "psn_cert_type": "01",
        "certno": WANG.certno,
        "psn_name": WANG.name,
    }
    reply = said(shared, "1101", {"data": node})
    assert reply["infcode"] == 0, reply
    assert reply["output"]["baseinfo"]["psn_name"] == WANG.name


def _lines(street: Street, output: dict[str, Any]) -> list[list[str]]:
    node = {
        "file_qury_no": output["file_qury_no"],
        "filename": output["filename"],
        "fixmedins_code": "plc",
    }
    document = envelope("9102", input={"fsDownloadIn": node}, fixmedins_code=HOSPITAL)
    content = street.post(json.dumps(document)).content
    [name] = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert name == output["filename"].replace(".zip", ".txt")
    text = unpack(content, Keeping())
    return [line.split("\t") for line in text.splitlines()]
