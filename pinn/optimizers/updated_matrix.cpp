#include "pinn/optimizers/updated_matrix.hpp"

#include <ATen/ATen.h>

namespace residua {

void RankTwo::apply_to(at::Tensor& matrix) const { matrix.addmm_(columns.t(), rows, scale); }

UpdatedMatrix::UpdatedMatrix(std::int64_t n)
    : matrix_(at::eye(n, at::kDouble)),
      columns_(at::empty({kKept, n}, at::kDouble)),
      rows_(at::empty({kKept, n}, at::kDouble)) {}

at::Tensor UpdatedMatrix::read(const at::Tensor& x) const { return at::mv(matrix_, x); }

at::Tensor UpdatedMatrix::product(const at::Tensor& x, const at::Tensor& read_x) const {
  if (ranks_ == 0) return scale_ * read_x;
  const at::Tensor along = at::mv(rows_.narrow(0, 0, ranks_), x);
  return at::addmv(read_x, columns_.narrow(0, 0, ranks_).t(), along, scale_);
}

bool UpdatedMatrix::change(const RankTwo& change) {
  scale_ *= change.scale;
  if (ranks_ > 0) columns_.narrow(0, 0, ranks_).mul_(change.scale);
  columns_.narrow(0, ranks_, 2).copy_(change.columns);
  rows_.narrow(0, ranks_, 2).copy_(change.rows);
  ranks_ += 2;
  if (ranks_ < kKept) return false;
  whole();
  return true;
}

at::Tensor& UpdatedMatrix::whole() {
  matrix_.addmm_(columns_.narrow(0, 0, ranks_).t(), rows_.narrow(0, 0, ranks_), scale_);
  scale_ = 1;
  ranks_ = 0;
  return matrix_;
}

void UpdatedMatrix::save(OutputArchive& archive) const {
  write_value(archive, "matrix", matrix_);
  write_value(archive, "scale", scale_);
  write_value(archive, "columns", columns_.narrow(0, 0, ranks_).clone());
  write_value(archive, "rows", rows_.narrow(0, 0, ranks_).clone());
}

void UpdatedMatrix::load(InputArchive& archive) {
  const at::Tensor columns = read_value(archive, "columns").toTensor();
  *this = UpdatedMatrix(columns.size(1));
  matrix_ = read_value(archive, "matrix").toTensor();
  scale_ = read_value(archive, "scale").toDouble();
  ranks_ = columns.size(0);
  columns_.narrow(0, 0, ranks_).copy_(columns);
  rows_.narrow(0, 0, ranks_).copy_(read_value(archive, "rows").toTensor());
}

}  // namespace residua
