"""Faults planted in the package are noticed by its tests."""

import pytest

from tests.helpers.paths import ROOT
from tests.mutants.run import Mutant, copied_project, list_missed, read_mutants, run_tests

MUTANTS = read_mutants()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_fault_can_be_planted_where_it_says(mutant: Mutant) -> None:
    assert (ROOT / "motifmine" / mutant.file).read_text().count(mutant.old) == 1
    assert mutant.new != mutant.old
    named = [test.partition("::")[0] for test in mutant.tests if test.startswith("tests/")]
    assert named and all((ROOT / name).exists() for name in named)


@pytest.mark.long
@pytest.mark.release
def test_every_fault_is_noticed() -> None:
    assert list_missed(MUTANTS) == []


@pytest.mark.long
def test_without_a_fault_the_copy_passes() -> None:
    with copied_project() as tree:
        assert run_tests(tree, ["tests/test_files.py", "tests/analysis/test_matching.py"]) == 0
