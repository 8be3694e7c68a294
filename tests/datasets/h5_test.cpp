#include "datasets/h5.hpp"

#include <gtest/gtest.h>
#include <hdf5.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "kernels/core/error.hpp"
#include "tests/datasets/full_disk.hpp"

namespace residua::h5 {
namespace {

class H5 : public testing::Test {
 protected:
  std::string path(const std::string& suffix = "") const {
    return testing::TempDir() + "residua_h5_" + testing::UnitTest::GetInstance()->current_test_info()->name() + suffix;
  }
  static std::string bytes_of(const std::string& name) {
    std::ifstream file(name, std::ios::binary);
    std::ostringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
  }
  // The message of the Error that the action throws.
  template <class Action>
  static std::string message(Action&& action) {
    try {
      action();
    } catch (const Error& error) {
      return error.what();
    }
    return "did not throw";
  }
  void write_sample(const std::string& name) const {
    File file = File::create(name);
    Group root = file.root();
    root.write_attribute("title", "Lösung");
    root.write_attribute("empty", "");
    root.write_attribute("pi", 3.25);
    root.write_attribute("count", std::int64_t{-7});
    root.write_attribute("range", std::vector<double>{1, 2.5});
    Group weights = root.create_group("weights");
    weights.write("a", std::vector<double>{1, 2, 3, 4, 5, 6}, {2, 3});
    weights.write("b", std::vector<float>{.5f, -1}, {2});
    weights.write("c", std::vector<std::int64_t>{1ll << 40}, {1});
    weights.write("none", std::vector<double>{}, {0, 4});
  }
};

TEST_F(H5, GivesBackWhatWasWritten) {
  write_sample(path());
  const File file = File::open(path());
  const Group root = file.root();
  EXPECT_EQ(root.read_string("title"), "Lösung");
  EXPECT_EQ(root.read_string("empty"), "");
  EXPECT_EQ(root.read_double("pi"), 3.25);
  EXPECT_EQ(root.read_int64("count"), -7);
  EXPECT_EQ(root.read_doubles("range"), (std::vector<double>{1, 2.5}));
  EXPECT_EQ(root.attributes(), (std::vector<std::string>{"count", "empty", "pi", "range", "title"}));
  EXPECT_EQ(root.children(), std::vector<std::string>{"weights"});
  EXPECT_TRUE(root.contains("weights"));
  EXPECT_FALSE(root.contains("biases"));
  EXPECT_FALSE(root.has_attribute("tau"));
  const Group weights = root.open_group("weights");
  EXPECT_EQ(weights.children(), (std::vector<std::string>{"a", "b", "c", "none"}));
  EXPECT_EQ(weights.info("a").bytes, 48u);
  const auto a = weights.read<double>("a", 2);
  EXPECT_EQ(a.values, (std::vector<double>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(a.shape, (std::vector<std::uint64_t>{2, 3}));
  EXPECT_EQ(weights.read<float>("b", 1).values, (std::vector<float>{.5f, -1}));
  EXPECT_EQ(weights.read<std::int64_t>("c", 1).values[0], 1ll << 40);
  EXPECT_TRUE(weights.read<double>("none", 2).values.empty());
}

TEST_F(H5, OpensAnImageInMemory) {
  write_sample(path());
  const std::string image = bytes_of(path());
  std::filesystem::remove(path());
  const File file = File::from_image(std::as_bytes(std::span(image)), "memory");
  EXPECT_EQ(file.root().open_group("weights").read<double>("a", 2).values[5], 6);
}

TEST_F(H5, TheSameContentGivesTheSameBytes) {
  write_sample(path("1"));
  write_sample(path("2"));
  EXPECT_EQ(bytes_of(path("1")), bytes_of(path("2")));
}

TEST_F(H5, RefusesOtherTypesRanksAndSizes) {
  write_sample(path());
  const Group weights = File::open(path()).root().open_group("weights");
  EXPECT_NE(message([&] { weights.read<float>("a", 2); }).find("weights/a: holds float64, expected float32"),
            std::string::npos);
  EXPECT_NE(message([&] { weights.read<double>("a", 1); }).find("has 2 dimensions, expected 1"), std::string::npos);
  EXPECT_NE(message([&] { weights.read<double>("a", 2, 47); }).find("holds 48 bytes, expected at most 47"),
            std::string::npos);
  EXPECT_NE(message([&] { weights.read<double>("d", 1); }).find("there is none"), std::string::npos);
  EXPECT_NE(message([&] { weights.read<double>("../a", 1); }).find("not a single name"), std::string::npos);
  const Group root = File::open(path()).root();
  EXPECT_NE(message([&] { root.read_double("title"); }).find("is no float64 attribute"), std::string::npos);
  EXPECT_NE(message([&] { root.read_int64("pi"); }).find("is no int64 attribute"), std::string::npos);
  EXPECT_NE(message([&] { root.read_string("pi"); }).find("is no text"), std::string::npos);
  EXPECT_NE(message([&] { root.read_double("range"); }).find("holds 2 values, expected one"), std::string::npos);
}

TEST_F(H5, RefusesChunkedFilteredAndLinkedDatasets) {
  {
    write_sample(path("_target"));
    const hid_t file = H5Fcreate(path().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hsize_t extent = 100, chunk = 10;
    const hid_t space = H5Screate_simple(1, &extent, nullptr), plist = H5Pcreate(H5P_DATASET_CREATE);
    H5Dclose(H5Dcreate2(file, "unwritten", H5T_IEEE_F64LE, space, H5P_DEFAULT, plist, H5P_DEFAULT));
    H5Dclose(H5Dcreate2(file, "big_endian", H5T_IEEE_F64BE, space, H5P_DEFAULT, plist, H5P_DEFAULT));
    H5Pset_chunk(plist, 1, &chunk);
    H5Dclose(H5Dcreate2(file, "chunked", H5T_IEEE_F64LE, space, H5P_DEFAULT, plist, H5P_DEFAULT));
    H5Lcreate_soft("/chunked", file, "soft", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external(path("_target").c_str(), "/weights/a", file, "external", H5P_DEFAULT, H5P_DEFAULT);
    H5Pclose(plist);
    H5Sclose(space);
    H5Fclose(file);
  }
  const Group root = File::open(path()).root();
  const auto refusal = [&](const char* name) { return message([&] { root.read<double>(name, 1); }); };
  EXPECT_NE(refusal("chunked").find("not stored contiguously"), std::string::npos);
  EXPECT_NE(refusal("unwritten").find("stores 0 bytes, expected 800"), std::string::npos);
  EXPECT_NE(refusal("big_endian").find("no little-endian"), std::string::npos);
  EXPECT_NE(refusal("soft").find("soft or external link"), std::string::npos);
  EXPECT_NE(refusal("external").find("soft or external link"), std::string::npos);
}

TEST_F(H5, RefusesTruncatedFilesAndOtherFilesAndNamesThem) {
  write_sample(path());
  const std::string whole = bytes_of(path());
  for (std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{100}, whole.size() / 2, whole.size() - 1}) {
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << whole.substr(0, size);
    const std::string found = message([&] { File::open(path()); });
    EXPECT_NE(found.find(path() + ": opening the file failed: "), std::string::npos) << size << ": " << found;
    EXPECT_THROW(File::from_image(std::as_bytes(std::span(whole.data(), size)), "memory"), Error) << size;
  }
  EXPECT_THROW(File::open(path("_missing")), Error);
}

TEST_F(H5, RefusesToWriteAShapeThatDoesNotFit) {
  Group root = File::create(path()).root();
  EXPECT_THROW(root.write("a", std::vector<double>{1, 2, 3}, {2, 2}), Error);
  EXPECT_THROW(root.write("a/b", std::vector<double>{1}, {1}), Error);
  root.write("a", std::vector<double>{1}, {1});
  EXPECT_THROW(root.write("a", std::vector<double>{1}, {1}), Error);
}

TEST_F(H5, AnAtomicWriteThatFailsLeavesTheOldFileAndNothingElse) {
  const std::filesystem::path folder = path("_folder");
  std::filesystem::create_directories(folder);
  const std::string name = folder / "file.h5";
  write_atomically(name, [](Group& root) { root.write_attribute("version", 1.0); });
  EXPECT_THROW(write_atomically(name,
                                [](Group& root) {
                                  root.write_attribute("version", 2.0);
                                  throw Error("disk on fire");
                                }),
               Error);
  EXPECT_EQ(File::open(name).root().read_double("version"), 1.0);
  write_atomically(name, [](Group& root) { root.write_attribute("version", 3.0); });
  EXPECT_EQ(File::open(name).root().read_double("version"), 3.0);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
  EXPECT_THROW(write_atomically("no/such/folder/file.h5", [](Group&) {}), Error);
}

TEST_F(H5, AFullDiskLeavesTheOldFileAndNothingElse) {
  const std::filesystem::path folder = path("_folder");
  std::filesystem::create_directories(folder);
  const std::string name = folder / "file.h5";
  write_atomically(name, [](Group& root) { root.write_attribute("version", 1.0); });
  {
    const FullDisk full(8192);
    const std::string found = message(
        [&] { write_atomically(name, [](Group& root) { root.write("values", std::vector<double>(4000), {4000}); }); });
    EXPECT_EQ(found, name + ": writing failed: File too large");
  }
  EXPECT_EQ(File::open(name).root().read_double("version"), 1.0);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
}

TEST_F(H5, PrintsNothing) {
  testing::internal::CaptureStderr();
  EXPECT_THROW(File::open(path("_missing")), Error);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace residua::h5
