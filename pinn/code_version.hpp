#pragma once

namespace residua {

/// The version of this program and, where it was built from a git checkout, the commit: 0.1.0+3cab88f, or
/// 0.1.0+3cab88f-dirty where something had not been committed. In a file of its own, which is written with each build.
extern const char* const kCodeVersion;

}  // namespace residua
