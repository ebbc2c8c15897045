import json

import pytest

from regularfit.errors import InputError
from regularfit.report.data import FORMAT, ReportData
from tests.report.builder import diabetes, three_classes


@pytest.fixture(scope="module")
def data():
    return diabetes((1.0, 0.5))


def test_json_holds_everything(data):
    assert ReportData.from_json(data.to_json()) == data


def test_json_is_plain(data):
    json.loads(data.to_json(), parse_constant=pytest.fail)


def test_a_newer_format_is_refused_with_advice(data):
    value = json.loads(data.to_json())
    value["format"] = FORMAT + 1
    with pytest.raises(InputError, match="update regularfit"):
        ReportData.from_json(json.dumps(value))


@pytest.mark.parametrize("text", ["", "[]", "{}", "{nonsense"])
def test_what_is_no_report_is_refused(text):
    with pytest.raises(InputError):
        ReportData.from_json(text)


def test_damage_is_named(data):
    value = json.loads(data.to_json())
    value["chosen"]["strength"] = "strong"
    with pytest.raises(InputError, match=r"report\.chosen\.strength"):
        ReportData.from_json(json.dumps(value))


def test_several_classes_survive_and_other_facts_do_not_mention_them(data):
    again = ReportData.from_json(three_classes().to_json())
    assert again.by_class == three_classes().by_class
    assert "by_class" not in json.loads(data.to_json())
