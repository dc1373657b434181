"""Each claim of docs/THREAT_MODEL.md names tests that exist. An entry without a test says so, or names a file."""

import os
import re
import unittest

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")


def read(*names):
    with open(os.path.join(ROOT, *names), encoding="utf-8") as file:
        return file.read()


def test_names():
    names = set()
    for folder, _, files in os.walk(os.path.join(ROOT, "tests")):
        for name in files:
            if name.endswith(("_test.cpp", "_test.py")):
                text = read(folder, name)
                names |= {found.replace('\\"', '"') for found in re.findall(r'TEST_CASE\("((?:[^"\\]|\\.)*)"', text)}
                names |= set(re.findall(r"def (test_\w+)", text))
            if name.endswith("_test.mjs"):
                names |= set(re.findall(r'test\("((?:[^"\\]|\\.)*)"', read(folder, name)))
    return names


def claims():
    """(claim, what proves it)"""
    rows = re.findall(r"^\| (.+?) \| (.+) \|$", read("docs", "THREAT_MODEL.md"), re.MULTILINE)
    return [row for row in rows if row[0] != "claim"]


class Claims(unittest.TestCase):
    def test_every_claim_names_tests_that_exist(self):
        names = test_names()
        self.assertGreater(len(names), 200)
        self.assertGreater(len(claims()), 15)
        for claim, proof in claims():
            with self.subTest(claim=claim):
                quoted = re.findall(r"`([^`]+)`", proof)
                self.assertTrue(quoted or "no test can show this" in proof)
                for name in quoted:
                    self.assertTrue(name in names or os.path.exists(os.path.join(ROOT, name)), name)


if __name__ == "__main__":
    unittest.main()
