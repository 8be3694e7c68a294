#pragma once
#include <vector>

namespace residua::lapack {

// LAPACK and BLAS as LibTorch brings them (MKL in its wheels), without the copies that its tensor functions make around
// them. Matrices by columns, `stride` entries from one column to the next.

/// A = Q R in place of A [m][n]: R in the upper triangle, the reflectors of Q below it, their scales in `scales`.
/// `work`: at least 64 n entries.
void factorise_qr(int m, int n, double* a, int stride, std::vector<double>& scales, std::vector<double>& work);

/// c = Q^T c for c [m][n], Q being the `count` reflectors of factorise_qr() in `a`. `work`: at least 64 (n + 65)
/// entries.
void apply_transposed_q(int m, int n, int count, const double* a, const std::vector<double>& scales, double* c,
                        int stride, std::vector<double>& work);

/// A = L L^T in place of the lower triangle of A [n][n]; false where A is not positive definite in double precision.
bool factorise_cholesky(int n, double* a, int stride);

enum class Triangular { lower, upper };
enum class Transposed { no, yes };

/// x = T^-1 x or T^-T x for a triangular T [n][n].
void solve_triangular(Triangular part, Transposed transposed, int n, const double* t, int stride, double* x);

}  // namespace residua::lapack
