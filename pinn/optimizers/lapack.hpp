#pragma once
#include <vector>

namespace residua::lapack {

// LAPACK and BLAS as LibTorch brings them (MKL in its wheels), without the copies that its tensor functions make around
// them. Matrices by columns, `stride` entries from one column to the next.

/// How many threads each call may use, which counts for the thread that sets it. Those of a parallel region must set it
/// to one: MKL's Householder transformations would wait forever for threads that they were not given there.
int threads();
void set_threads(int threads);

/// A = Q R in place of A [m][n]: R in the upper triangle, the reflectors of Q below it, their scales in `scales`.
/// `work`: at least 64 n entries.
void factorise_qr(int m, int n, double* a, int stride, std::vector<double>& scales, std::vector<double>& work);

/// A = L L^T in place of the lower triangle of A [n][n]; false where A is not positive definite in double precision.
bool factorise_cholesky(int n, double* a, int stride);

enum class Triangular { lower, upper };
enum class Transposed { no, yes };

/// c = factor op(a) op(b) + keep c for c [m][n], op(a) [m][k] and op(b) [k][n] being a and b or their transposes.
void multiply(Transposed of_a, Transposed of_b, int m, int n, int k, double factor, const double* a, int stride_a,
              const double* b, int stride_b, double keep, double* c, int stride_c);

/// c = c L^-T for c [m][n] and a lower triangular L [n][n].
void divide_by_transposed(int m, int n, const double* l, int stride_l, double* c, int stride_c);

/// x = T^-1 x or T^-T x for a triangular T [n][n].
void solve_triangular(Triangular part, Transposed transposed, int n, const double* t, int stride, double* x);

}  // namespace residua::lapack
