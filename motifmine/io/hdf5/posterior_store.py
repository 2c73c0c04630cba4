"""What a sampler knows of its own doubts, to and from HDF5."""

from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from motifmine.io.hdf5.reader import Reader, write_dataset, write_strings
from motifmine.records.posterior import Posterior

UNITS = {"log_joint": "nats", "background_share": "share"}
"""Units of statistics; the others are plain numbers."""


def write_posterior(file: h5py.File, posterior: Posterior) -> None:
    """Write a posterior as `/posterior` of an open fit."""
    axes = "motif, relative_time, word"
    columns: dict[str, tuple[NDArray[Any], str, str]] = {
        "n_motifs": (posterior.n_motifs, "number", "share"),
        "motif_mean": (posterior.motif_mean, axes, ""),
        "motif_spread": (posterior.motif_spread, axes, ""),
        "motif_presence": (posterior.motif_presence, "chain, motif", "share"),
        "occurrence_probability": (posterior.occurrence_probability, "occurrence", ""),
        "r_hat": (posterior.r_hat, "statistic", ""),
        "effective_sweeps": (posterior.effective_sweeps, "statistic", "sweeps"),
    }
    for name, (array, array_axes, unit) in columns.items():
        write_dataset(file, f"posterior/{name}", array, array_axes, unit)
    write_strings(file, "posterior/statistic", posterior.statistics, "statistic")
    for column, name in enumerate(posterior.statistics):
        values = posterior.trace[:, :, column]
        write_dataset(file, f"posterior/trace/{name}", values, "chain, sweep", UNITS.get(name, ""))
    file["posterior"].attrs.update(
        burn_in=posterior.burn_in,
        chains_agree=posterior.chains_agree,
        sentence=posterior.sentence,
    )


def read_posterior(reader: Reader, shape: tuple[int, int, int]) -> Posterior | None:
    """Read `/posterior` of a fit whose motifs have this shape, None when it has none."""
    if "posterior" not in reader.file:
        return None
    group = reader.group("posterior")
    names = reader.strings("posterior/statistic")
    n = len(names)
    trace = [reader.array(f"posterior/trace/{name}", np.float64, (None, None)) for name in names]
    n_occurrences = reader.group("occurrences")["document"].shape[0]
    return Posterior(
        n_motifs=reader.array("posterior/n_motifs", np.float64, (None,)),
        motif_mean=reader.array("posterior/motif_mean", np.float32, shape),
        motif_spread=reader.array("posterior/motif_spread", np.float32, shape),
        motif_presence=reader.array("posterior/motif_presence", np.float64, (None, shape[0])),
        occurrence_probability=reader.array(
            "posterior/occurrence_probability", np.float64, (n_occurrences,)
        ),
        statistics=names,
        trace=np.stack(trace, axis=2) if n else np.zeros((0, 0, 0)),
        burn_in=int(group.attrs["burn_in"]),
        r_hat=reader.array("posterior/r_hat", np.float64, (n,)),
        effective_sweeps=reader.array("posterior/effective_sweeps", np.float64, (n,)),
        chains_agree=bool(group.attrs["chains_agree"]),
        sentence=str(group.attrs["sentence"]),
    )
