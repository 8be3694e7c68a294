#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "kernels/cuda/user_device_physics.hpp"
#include "surrogates/user_module.hpp"

namespace residua {

/// The physics of a header outside the toolkit, which is read once, with the headers beside it that it includes.
class UserPhysics {
 public:
  /// Throws Error if a file cannot be read or may be written by others, or if no line of the header begins a struct.
  explicit UserPhysics(std::filesystem::path header);

  /// Compiles the header for the instruction set in use, from the same text as any physics of the toolkit, unless the
  /// cache holds the result of the same text, sources and compiler; then adds its physics to the catalog, for training
  /// and inference alike. Returns their names. To be called once, as add_to_catalog() says.
  /// Throws Error if it does not compile, having printed the compiler's words to stderr, if an exact case of a physics
  /// does not solve its equations, or if a file of the cache may be written by others.
  std::vector<std::string> add();

  /// What compiles and keeps its kernels for a GPU, once added.
  cuda::UserDeviceModule on_device() const;
  const UserModule& module() const { return *module_; }

  const std::filesystem::path& header() const { return header_; }
  const std::string& text() const { return files_.front().text; }

 private:
  struct File {
    std::filesystem::path path;    ///< as the user knows it
    std::filesystem::path within;  ///< relative to the folder of the header
    std::string text;
  };

  void read(const std::filesystem::path& within);
  std::string key(const std::vector<std::string>& compiler) const;
  void write_sources(const std::filesystem::path& folder) const;
  void compile(const std::vector<std::string>& compiler, const std::filesystem::path& object) const;

  std::filesystem::path header_;
  std::vector<File> files_;           ///< the header first
  std::vector<std::string> structs_;  ///< that may be physics
  std::string key_;                   ///< of its files in the cache, once added
  const UserModule* module_ = nullptr;
};

}  // namespace residua
