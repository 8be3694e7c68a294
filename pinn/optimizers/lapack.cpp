#include "pinn/optimizers/lapack.hpp"

#include <ATen/Parallel.h>

extern "C" {
void dgeqrf_(const int* m, const int* n, double* a, const int* lda, double* tau, double* work, const int* lwork,
             int* info);
void dpotrf_(const char* uplo, const int* n, double* a, const int* lda, int* info);
void dgemm_(const char* transa, const char* transb, const int* m, const int* n, const int* k, const double* alpha,
            const double* a, const int* lda, const double* b, const int* ldb, const double* beta, double* c,
            const int* ldc);
void dtrsm_(const char* side, const char* uplo, const char* trans, const char* diag, const int* m, const int* n,
            const double* alpha, const double* a, const int* lda, double* b, const int* ldb);
}

namespace residua::lapack {

int threads() { return at::get_num_threads(); }
void set_threads(int threads) { at::set_num_threads(threads); }

void factorise_qr(int m, int n, double* a, int stride, std::vector<double>& scales, std::vector<double>& work) {
  int info = 0;
  const int size = int(work.size());
  dgeqrf_(&m, &n, a, &stride, scales.data(), work.data(), &size, &info);
}

bool factorise_cholesky(int n, double* a, int stride) {
  int info = 0;
  dpotrf_("L", &n, a, &stride, &info);
  return info == 0;
}

void multiply(Transposed of_a, Transposed of_b, int m, int n, int k, double factor, const double* a, int stride_a,
              const double* b, int stride_b, double keep, double* c, int stride_c) {
  dgemm_(of_a == Transposed::yes ? "T" : "N", of_b == Transposed::yes ? "T" : "N", &m, &n, &k, &factor, a, &stride_a, b,
         &stride_b, &keep, c, &stride_c);
}

void divide_by_transposed(int m, int n, const double* l, int stride_l, double* c, int stride_c) {
  const double unit = 1;
  dtrsm_("R", "L", "T", "N", &m, &n, &unit, l, &stride_l, c, &stride_c);
}

void solve_triangular(Triangular part, Transposed transposed, int n, const double* t, int stride, double* x) {
  const int one = 1;
  const double unit = 1;
  dtrsm_("L", part == Triangular::lower ? "L" : "U", transposed == Transposed::yes ? "T" : "N", "N", &n, &one, &unit, t,
         &stride, x, &n);
}

}  // namespace residua::lapack
