"""A posterior in few numbers."""

import numpy as np

from motifmine.analysis.posterior_summary import summarise_posterior
from motifmine.records.posterior import Posterior


def test_numbers_leave_the_burn_in_out_and_go_by_the_weakest_chain() -> None:
    trace = np.zeros((2, 10, 1))
    trace[:, :4], trace[0, 4:], trace[1, 4:] = 1e9, 2.0, 4.0
    mean = np.zeros((2, 3, 2), np.float32)
    mean[0, 0, 0] = 0.5
    spread = np.zeros_like(mean)
    spread[0, 1, 1] = 0.1
    found = summarise_posterior(
        Posterior(
            n_motifs=np.array([0.0, 0.04, 0.92, 0.04]),
            motif_mean=mean,
            motif_spread=spread,
            motif_presence=np.array([[1.0, 0.5], [0.8, 0.1]]),
            occurrence_probability=np.ones(1),
            statistics=("log_joint",),
            trace=trace,
            burn_in=4,
            r_hat=np.ones(1),
            effective_sweeps=np.ones(1),
            chains_agree=True,
            sentence="",
        )
    )
    assert (found.least_motifs, found.most_motifs) == (2, 2)
    assert found.statistic_mean.tolist() == [3.0]
    np.testing.assert_allclose(found.presence, [0.9, 0.3])
    np.testing.assert_allclose(found.least_presence, [0.8, 0.1])
    np.testing.assert_allclose(found.relative_spread, [0.2, np.nan], rtol=1e-6)
