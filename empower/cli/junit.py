"""Results of cases as JUnit XML, which test runners and build servers read."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from itertools import groupby

from empower.cli.errors import printable
from empower.policy.cases import Result


def junit_xml(results: Sequence[Result]) -> bytes:
    """A `testsuite` for each file, a `testcase` for each case, with what differs as its `failure`."""
    root = ET.Element("testsuites", _counts(results))
    for file, group in groupby(results, lambda item: item.case.file):
        found = list(group)
        suite = ET.SubElement(root, "testsuite", {"name": file, **_counts(found)})
        for item in found:
            case = ET.SubElement(suite, "testcase", {"classname": file, "name": item.case.name, "file": file})
            case.set("line", str(item.case.line))
            if item.differences:
                said = "\n".join(printable(line) for text in item.differences for line in text.splitlines())
                failure = ET.SubElement(case, "failure", {"message": said.split("\n")[0]})
                failure.text = said
    ET.indent(root)
    made: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return made


def _counts(results: Sequence[Result]) -> dict[str, str]:
    failed = sum(1 for item in results if item.differences)
    return {"tests": str(len(results)), "failures": str(failed), "errors": "0"}
