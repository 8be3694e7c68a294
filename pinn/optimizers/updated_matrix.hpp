#pragma once
#include <ATen/core/Tensor.h>

#include "pinn/archive.hpp"

namespace residua {

/// M <- scale M + columns^T rows, the change of a quasi-Newton matrix by one step.
struct RankTwo {
  double scale;
  at::Tensor columns, rows;  ///< [2][n]

  void apply_to(at::Tensor& matrix) const;
};

/// A square matrix of float64 under such changes. How often it is read and written bounds these methods, so the last
/// changes are kept beside it and go into it many at a time, as one product of matrices. A product with a vector is
/// found in two parts, since that with the matrix itself is linear: that of a difference costs nothing where those of
/// both vectors are known. Not to be shared between threads.
class UpdatedMatrix {
 public:
  UpdatedMatrix() = default;
  /// A unit matrix.
  explicit UpdatedMatrix(std::int64_t n);

  bool defined() const { return matrix_.defined(); }
  /// The matrix without the changes kept beside it, times x.
  at::Tensor read(const at::Tensor& x) const;
  /// M x, from read(x).
  at::Tensor product(const at::Tensor& x, const at::Tensor& read_x) const;
  /// Returns whether what read() gave before is void now.
  bool change(const RankTwo& change);
  /// M, all changes in it, to be changed as a whole; what read() gave before is void.
  at::Tensor& whole();

  void save(OutputArchive& archive) const;
  void load(InputArchive& archive);

 private:
  static constexpr std::int64_t kKept = 32;  ///< ranks: their products take a tenth of the time that reading M does

  at::Tensor matrix_;
  double scale_ = 1;
  at::Tensor columns_, rows_;  ///< [kKept][n], of which `ranks_` are in use
  std::int64_t ranks_ = 0;
};

}  // namespace residua
