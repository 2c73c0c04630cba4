"""The specification of HDLSM by itself: what is checked when it is made."""

import pytest

from motifmine.errors import SpecError
from motifmine.models.hdlsm.spec import HdlsmSpec


def test_a_burn_in_leaves_sweeps_to_look_at() -> None:
    assert HdlsmSpec(sweeps=10, burn_in=9).burn_in == 9
    with pytest.raises(SpecError, match="burn_in"):
        HdlsmSpec(sweeps=10, burn_in=10)


@pytest.mark.parametrize("name", ["alpha", "gamma", "eta", "background_strength", "count_scale"])
def test_concentrations_are_above_0(name: str) -> None:
    with pytest.raises(SpecError, match=name):
        HdlsmSpec(**{name: 0.0})  # type: ignore[arg-type]
