"""`lianxin check-scheme`: what it says of a scheme, in both languages, and its exit status."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from services.assessment.tables import SHIPPED

DEFAULT = SHIPPED / "schemes" / "default.yaml"


def checked(file: Path, *options: str, language: str = "zh_CN") -> Result:
    return CliRunner().invoke(app, ["check-scheme", str(file), *options], env={"LANG": language})


@pytest.mark.parametrize("name", ["default", "three_rates"])
def test_shipped_schemes_have_no_fault(name: str) -> None:
    result = checked(SHIPPED / "schemes" / f"{name}.yaml")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("没有错误：")


def test_every_fault_is_told_with_its_line_in_the_caller_s_language(tmp_path: Path) -> None:
    text = DEFAULT.read_text()
    text = text.replace("weight: 30", "weight: none").replace(
        "rated >= 20 and", "rated >= 20 and and"
    )
    lines = [
        n for n, line in enumerate(text.splitlines(), 1) if ": none" in line or "and and" in line
    ]
    assert len(lines) == 4
    file = tmp_path / "ours.yaml"
    file.write_text(text)
    chinese, english = checked(file), checked(file, language="en_US.UTF-8")
    for result, words in ((chinese, "有 4 处错误"), (english, "has 4 fault(s)")):
        assert result.exit_code == 1
        head, *told = result.stdout.splitlines()
        assert f"{file} {words}" in head
        assert len(told) == 4
    for result, start in ((chinese, "  第 {} 行："), (english, "  line {}: ")):
        for number, line in zip(lines, result.stdout.splitlines()[1:], strict=True):
            assert line.startswith(start.format(number))
    shown = json.loads(checked(file, "--json", language="en").stdout)
    assert not shown["valid"]
    assert [fault["line"] for fault in shown["faults"]] == lines
    assert shown["faults"][0]["field"] == "indicators.0.weight"


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "gbk.yaml").write_bytes("name: {zh: 方案}".encode("gbk"))
    for file in (tmp_path / "none.yaml", tmp_path, tmp_path / "gbk.yaml"):
        result = checked(file)
        assert result.exit_code == 1
        assert len(result.stderr.splitlines()) == 1
        assert str(file) in result.stderr
