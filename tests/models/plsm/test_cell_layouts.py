"""Motif cells from one layout in memory to the other and back."""

import numpy as np

from motifmine.models.plsm.cell_layouts import aligned, motif_major, stride, word_major


def test_cells_come_back_from_motif_major_order() -> None:
    n_motifs, length, n_words = 3, 7, 5
    phi = aligned((n_words, stride(n_motifs, length)))
    cells = n_motifs * length
    phi[:, :cells] = np.random.default_rng(0).random((n_words, cells))
    by_motif = motif_major(phi, n_motifs, length)
    # column j * K + k of a word is relative time L - 1 - j of motif k
    assert by_motif[2, 0 * n_words + 4] == phi[4, (length - 1) * n_motifs + 2]
    assert by_motif.ctypes.data % 64 == 0
    back = word_major(by_motif.astype(np.float64), n_motifs, length, n_words)
    np.testing.assert_array_equal(back, phi)
    none = word_major(np.zeros((0, length * n_words)), n_motifs, length, n_words)
    assert none.shape == (0, stride(n_motifs, length))
