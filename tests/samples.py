"""The sample table: every operation of the public tables, with what NumPy and SciPy say it gives.

To add an operation, add a row to the file of its kind; every test of `tests/core/test_ops.py`
and `tests/differential/test_ops.py` then runs on it.
"""

from __future__ import annotations

from . import (
    samples_arrays,
    samples_elementwise,
    samples_linalg,
    samples_nn,
    samples_resampling,
    samples_scattering,
    samples_special,
    samples_spectral,
)
from .samples_base import Sample

SAMPLES: list[Sample] = (
    samples_elementwise.ROWS
    + samples_arrays.ROWS
    + samples_linalg.ROWS
    + samples_scattering.ROWS
    + samples_special.ROWS
    + samples_spectral.ROWS
    + samples_nn.ROWS
    + samples_resampling.ROWS
)

# Names without a row, by the file that tests them.
ELSEWHERE = {
    "tests/core/test_tensor.py": """
        as_tensor asarray empty from_dlpack from_numpy tensor detach frombuffer to_dlpack
    """,
    "tests/core/test_create.py": "empty_like from_jax",
    "tests/core/test_segments.py": "segment_reduce",
    "tests/core/test_sparse.py": """
        sparse_coo_tensor sparse_csr_tensor to_sparse to_sparse_coo to_sparse_csr to_dense
        sparse_mask spmm sampled_addmm SparseTensor
    """,
    "tests/core/test_random.py": """
        bernoulli multinomial normal rand rand_like randint randint_like randn randn_like randperm
        dropout poisson svd_lowrank pca_lowrank
    """,
    "tests/distributions/test_random_families.py": "binomial _standard_gamma _sample_dirichlet",
    "tests/core/test_views.py": """
        as_strided broadcast_to diagonal flatten narrow permute reshape select squeeze t unsqueeze
    """,
    "tests/core/test_ops_nn.py": """
        dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout gumbel_softmax rrelu
        max_unpool1d max_unpool2d max_unpool3d multi_head_attention_forward rrelu_
        fractional_max_pool2d fractional_max_pool3d fractional_max_pool2d_with_indices
        fractional_max_pool3d_with_indices max_pool1d_with_indices max_pool2d_with_indices
        max_pool3d_with_indices adaptive_max_pool1d_with_indices
        adaptive_max_pool2d_with_indices adaptive_max_pool3d_with_indices
    """,
}
