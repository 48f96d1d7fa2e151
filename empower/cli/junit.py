"""Results of cases as JUnit XML, which test runners and build servers read."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from itertools import groupby

from empower.cli.errors import printable
from empower.policy import Problem
from empower.policy.cases import Result


def junit_xml(results: Sequence[Result], problems: Sequence[Problem] = ()) -> bytes:
    """A `testsuite` for each file, a `testcase` for each case, with what differs as its `failure`.

    A problem is a `testcase` of its file that ended in an `error`.
    """
    root = ET.Element("testsuites", _counts(results, problems))
    for file, group in groupby(results, lambda item: item.case.file):
        found = list(group)
        suite = ET.SubElement(root, "testsuite", {"name": printable(file), **_counts(found)})
        for item in found:
            case = _case(suite, file, item.case.name, item.case.line)
            if item.differences:
                said = "\n".join(printable(line) for text in item.differences for line in text.splitlines())
                ET.SubElement(case, "failure", {"message": said.split("\n")[0]}).text = said
    for file, wrong in groupby(problems, lambda item: item.file):
        told = list(wrong)
        suite = ET.SubElement(root, "testsuite", {"name": printable(file), **_counts((), told)})
        for problem in told:
            case = _case(suite, file, problem.name, problem.line)
            message = printable(str(problem))
            ET.SubElement(case, "error", {"message": message, "type": problem.name}).text = problem.frame or message
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _case(suite: ET.Element, file: str, name: str, line: int) -> ET.Element:
    shown = printable(file)
    said = {"classname": shown, "name": printable(name), "file": shown, "line": str(line)}
    return ET.SubElement(suite, "testcase", said)


def _counts(results: Sequence[Result], problems: Sequence[Problem] = ()) -> dict[str, str]:
    failed = sum(1 for item in results if item.differences)
    counts = {"tests": len(results) + len(problems), "failures": failed, "errors": len(problems)}
    return {name: str(number) for name, number in counts.items()}
