"""Linear algebra: equations, decompositions, norms, derivatives along a direction."""

from annette.ops.linalg.decompositions import (
    cholesky as cholesky,
    cholesky_inverse as cholesky_inverse,
    eig as eig,
    eigh as eigh,
    lu_factor as lu_factor,
    matrix_rank as matrix_rank,
    pinv as pinv,
    qr as qr,
    svd as svd,
)
from annette.ops.linalg.directional import (
    jvp as jvp,
)
from annette.ops.linalg.equations import (
    det as det,
    inv as inv,
    logdet as logdet,
    lstsq as lstsq,
    solve as solve,
    solve_triangular as solve_triangular,
)
from annette.ops.linalg.norms import (
    norm as norm,
)
