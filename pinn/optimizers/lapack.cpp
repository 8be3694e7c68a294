#include "pinn/optimizers/lapack.hpp"

extern "C" {
void dgeqrf_(const int* m, const int* n, double* a, const int* lda, double* tau, double* work, const int* lwork,
             int* info);
void dormqr_(const char* side, const char* trans, const int* m, const int* n, const int* k, const double* a,
             const int* lda, const double* tau, double* c, const int* ldc, double* work, const int* lwork, int* info);
void dpotrf_(const char* uplo, const int* n, double* a, const int* lda, int* info);
void dtrsm_(const char* side, const char* uplo, const char* trans, const char* diag, const int* m, const int* n,
            const double* alpha, const double* a, const int* lda, double* b, const int* ldb);
}

namespace residua::lapack {

void factorise_qr(int m, int n, double* a, int stride, std::vector<double>& scales, std::vector<double>& work) {
  int info = 0;
  const int size = int(work.size());
  dgeqrf_(&m, &n, a, &stride, scales.data(), work.data(), &size, &info);
}

void apply_transposed_q(int m, int n, int count, const double* a, const std::vector<double>& scales, double* c,
                        int stride, std::vector<double>& work) {
  int info = 0;
  const int size = int(work.size());
  dormqr_("L", "T", &m, &n, &count, a, &stride, scales.data(), c, &stride, work.data(), &size, &info);
}

bool factorise_cholesky(int n, double* a, int stride) {
  int info = 0;
  dpotrf_("L", &n, a, &stride, &info);
  return info == 0;
}

void solve_triangular(Triangular part, Transposed transposed, int n, const double* t, int stride, double* x) {
  const int one = 1;
  const double unit = 1;
  dtrsm_("L", part == Triangular::lower ? "L" : "U", transposed == Transposed::yes ? "T" : "N", "N", &n, &one, &unit, t,
         &stride, x, &n);
}

}  // namespace residua::lapack
