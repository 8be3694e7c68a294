#include "surrogates/file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <sys/stat.h>

#include <array>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>

#include "kernels/core/error.hpp"
#include "surrogates/seal.hpp"
#include "surrogates/surrogate.hpp"
#include "tests/surrogates/full_model.hpp"
#include "tests/surrogates/random_model.hpp"
#include "tests/surrogates/saved.hpp"

namespace residua {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr std::size_t kTrailer = 48;

/// The file as an attacker could make it: its HDF5 content changed by `edit`, under a valid digest.
Bytes edited(const std::function<void(hid_t file)>& edit, const Model& model = full_model()) {
  const TemporaryFolder folder;
  const Bytes bytes = saved(model);
  write_bytes(folder / "image.h5", {bytes.begin(), bytes.end() - kTrailer});
  const hid_t file = H5Fopen((folder / "image.h5").c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  edit(file);
  EXPECT_EQ(H5Fclose(file), 0);
  return sealed(read_bytes(folder / "image.h5"));
}

void set_integer(hid_t file, const char* object, const char* name, std::int64_t value) {
  const hid_t owner = H5Oopen(file, object, H5P_DEFAULT), attribute = H5Aopen(owner, name, H5P_DEFAULT);
  EXPECT_GE(H5Awrite(attribute, H5T_NATIVE_INT64, &value), 0);
  H5Aclose(attribute);
  H5Oclose(owner);
}

void add_attribute(hid_t file, const char* object, const char* name) {
  const hid_t space = H5Screate(H5S_SCALAR);
  const double value = 1;
  const hid_t attribute =
      H5Acreate_by_name(file, object, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  EXPECT_GE(H5Awrite(attribute, H5T_NATIVE_DOUBLE, &value), 0);
  H5Aclose(attribute);
  H5Sclose(space);
}

/// Replaces a text attribute, in a type of fixed length or of variable length.
void set_text(hid_t file, const char* object, const char* name, const std::string& text, bool variable = false) {
  H5Adelete_by_name(file, object, name, H5P_DEFAULT);
  const hid_t space = H5Screate(H5S_SCALAR), type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, variable ? H5T_VARIABLE : text.size());
  const hid_t attribute = H5Acreate_by_name(file, object, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  const char* pointer = text.c_str();
  EXPECT_GE(H5Awrite(attribute, type, variable ? static_cast<const void*>(&pointer) : pointer), 0);
  H5Aclose(attribute);
  H5Tclose(type);
  H5Sclose(space);
}

void set_value(hid_t file, const char* dataset, std::size_t at, double value) {
  const hid_t set = H5Dopen2(file, dataset, H5P_DEFAULT);
  const hid_t space = H5Dget_space(set);
  std::vector<double> values(H5Sget_simple_extent_npoints(space));
  EXPECT_GE(H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
  values.at(at) = value;
  EXPECT_GE(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
  H5Sclose(space);
  H5Dclose(set);
}

/// Replaces a dataset by zeros of another shape, type or layout.
void replace(
    hid_t file, const char* dataset, std::vector<hsize_t> shape, hid_t type = H5T_IEEE_F64LE,
    const std::function<void(hid_t)>& layout = [](hid_t) {}, bool write = true) {
  H5Ldelete(file, dataset, H5P_DEFAULT);
  const hid_t space = H5Screate_simple(int(shape.size()), shape.data(), nullptr), plist = H5Pcreate(H5P_DATASET_CREATE);
  layout(plist);
  const hid_t set = H5Dcreate2(file, dataset, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
  EXPECT_GE(set, 0);
  const std::vector<double> zeros(H5Sget_simple_extent_npoints(space));
  if (write) H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, zeros.data());
  H5Dclose(set);
  H5Pclose(plist);
  H5Sclose(space);
}

TEST(SurrogateFile, ReturnsWhatWasSaved) {
  for (Precision precision : {Precision::float32, Precision::float64}) {
    const Model model = full_model(precision), back = load(saved(model), "surrogate.h5");
    EXPECT_EQ(back.precision, precision);
    EXPECT_EQ(back.shape.width, 5);
    EXPECT_EQ(back.shape.depth, 2);
    EXPECT_EQ(back.shape.activation, Activation::silu);
    ASSERT_EQ(back.weights.size(), model.weights.size());
    for (std::size_t i = 0; i < model.weights.size(); ++i)
      EXPECT_EQ(back.weights[i], precision == Precision::float32 ? float(model.weights[i]) : model.weights[i]);
    EXPECT_EQ(back.center, model.center);
    EXPECT_EQ(back.scale, model.scale);
    const Card &card = back.card, &expected = model.card;
    EXPECT_EQ(card.physics, "leach_column");
    EXPECT_EQ(card.format_version, 1);
    ASSERT_EQ(card.inputs.size(), 6u);
    EXPECT_EQ(card.inputs[0].upper, 6);
    EXPECT_EQ(card.inputs[2].name, "peclet");
    ASSERT_EQ(card.fixed.size(), 1u);
    EXPECT_EQ(card.fixed[0].name, "decay");
    EXPECT_EQ(card.fixed[0].value, 0.25);
    EXPECT_EQ(card.outputs[2].name, "flux");
    EXPECT_EQ(card.validation.reference, expected.validation.reference);
    EXPECT_EQ(card.validation.cases, 64);
    ASSERT_EQ(card.validation.outputs.size(), 3u);
    EXPECT_EQ(card.validation.outputs[1].median, 2e-4);
    EXPECT_EQ(card.validation.outputs[1].worst, 3e-3);
    EXPECT_EQ(card.validation.outputs[1].default_case, 4e-4);
    EXPECT_EQ(card.validation.outputs[1].max_abs, 0.02);
    EXPECT_EQ(card.validation.outputs[1].bound, 6e-3);
    EXPECT_EQ(card.validation.outputs[2].covered, 1);
    EXPECT_EQ(card.validation.coverage, 0.9);
    EXPECT_EQ(card.provenance.run_file, expected.provenance.run_file);
    EXPECT_EQ(card.provenance.code_version, "0.1.0-3-gabc");
    EXPECT_EQ(card.provenance.created, "2026-01-31T12:00:00Z");
    ASSERT_EQ(card.provenance.datasets.size(), 2u);
    EXPECT_EQ(card.provenance.datasets[1].name, "column.h5");
    EXPECT_EQ(card.provenance.datasets[1].sha256, std::string(64, 'b'));
    EXPECT_EQ(card.provenance.seed, 42);
    ASSERT_EQ(card.provenance.parents.size(), 1u);
    EXPECT_EQ(card.provenance.parents[0].digest, std::string(64, 'c'));
    EXPECT_EQ(card.provenance.parents[0].change, "recorded where the plant has worked");
    EXPECT_EQ(card.experience.source, "shifts of May");
    EXPECT_EQ(card.experience.points, 1000);
    EXPECT_EQ(card.experience.inputs, expected.experience.inputs);
    EXPECT_EQ(card.experience.mean, expected.experience.mean);
    EXPECT_EQ(card.experience.covariance, expected.experience.covariance);
    EXPECT_EQ(card.experience.usual, 2.5);
    EXPECT_EQ(card.provenance.training_seconds, 12.5);
    ASSERT_EQ(card.provenance.loss_history.size(), 2u);
    EXPECT_EQ(card.provenance.loss_history[1].step, 100);
    EXPECT_EQ(card.provenance.loss_history[1].loss, 0.01);
    EXPECT_GE(back.self_test.points, 8u);
  }
}

/// Two networks, the second from time 2 on.
Model two_windows() {
  Model model = full_model();
  model.seams = {2};
  for (std::vector<double>* values : {&model.weights, &model.center, &model.scale}) {
    const std::vector<double> first = *values;
    values->insert(values->end(), first.rbegin(), first.rend());
  }
  return model;
}

TEST(SurrogateFile, HoldsSeveralNetworksOneAfterTheOtherInTime) {
  const Model model = two_windows(), back = load(saved(model), "surrogate.h5");
  EXPECT_EQ(back.card.format_version, 2);
  EXPECT_EQ(back.seams, model.seams);
  EXPECT_EQ(back.center, model.center);
  EXPECT_EQ(back.weights.size(), model.weights.size());
}

TEST(SurrogateFile, HoldsAnyPhysicsOfTheRegistry) {
  for (const PhysicsInfo& info : catalog())
    EXPECT_EQ(load(saved(random_model(info.name)), "file").card.physics, info.name);
}

TEST(SurrogateFile, HasTheSameBytesWhenSavedTwice) { EXPECT_EQ(saved(full_model()), saved(full_model())); }

TEST(SurrogateFile, WithBoundsThatMakeNoSenseIsRefused) {
  Model model = full_model();
  model.card.validation.outputs[1].bound = -1;
  EXPECT_THROW(check(model, "model"), Error);
  model = full_model();
  model.card.validation.coverage = 1.5;
  EXPECT_THROW(check(model, "model"), Error);
  EXPECT_THAT(refusal_of(edited([](hid_t f) { H5Adelete_by_name(f, "/validation", "x_bound", H5P_DEFAULT); })),
              HasSubstr("x_bound"));
}

TEST(SurrogateFile, IsDatedWhenSaved) {
  Model model = full_model();
  model.card.provenance.created.clear();
  EXPECT_THAT(load(saved(model), "file").card.provenance.created,
              testing::MatchesRegex("20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]Z"));
}

TEST(SurrogateFile, IsReadByOrdinaryHdf5) {
  const TemporaryFolder folder;
  save(full_model(), folder / "surrogate.h5");
  const hid_t file = H5Fopen((folder / "surrogate.h5").c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  ASSERT_GE(file, 0);
  EXPECT_GT(H5Lexists(file, "/network/weights", H5P_DEFAULT), 0);
  H5Fclose(file);
}

TEST(SurrogateFile, KeepsTheOldFileWhenTheNewOneCannotBeSaved) {
  const TemporaryFolder folder;
  save(full_model(), folder / "surrogate.h5");
  const Bytes before = read_bytes(folder / "surrogate.h5");
  Model broken = full_model();
  broken.weights[3] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(save(broken, folder / "surrogate.h5"), Error);
  broken = full_model();
  broken.card.provenance.run_file.assign(70000, 'x');
  EXPECT_THROW(save(broken, folder / "surrogate.h5"), Error);
  EXPECT_EQ(read_bytes(folder / "surrogate.h5"), before);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1) << "a temporary file was left";
  EXPECT_THROW(save(full_model(), folder / "no such folder" / "surrogate.h5"), Error);
}

TEST(SurrogateFile, IsRefusedAtEveryTruncation) {
  const Bytes whole = saved(random_model("heat_rod", {.width = 2, .depth = 1}));
  for (std::size_t length = 0; length < whole.size(); ++length)
    ASSERT_THAT(refusal_of(std::span(whole).first(length)), HasSubstr("cut off")) << "at length " << length;
}

TEST(SurrogateFile, IsRefusedWithAnyByteFlipped) {
  Bytes bytes = saved(random_model("heat_rod", {.width = 2, .depth = 1}));
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const std::byte flip = std::byte(1 << at % 8);
    bytes[at] ^= flip;
    ASSERT_NE(refusal_of(bytes), "accepted") << "at byte " << at;
    bytes[at] ^= flip;
  }
  EXPECT_EQ(refusal_of(bytes), "accepted");
}

TEST(SurrogateFile, IsRefusedWithMoreBehindItsEnd) {
  Bytes bytes = saved(full_model());
  bytes.push_back(std::byte{0});
  EXPECT_THAT(refusal_of(bytes), HasSubstr("trailer"));
}

/// Positions of a dataset's values in the file.
std::pair<std::size_t, std::size_t> range_of(hid_t file, const char* dataset) {
  const hid_t set = H5Dopen2(file, dataset, H5P_DEFAULT);
  const std::size_t begin = H5Dget_offset(set), size = H5Dget_storage_size(set);
  H5Dclose(set);
  return {begin, begin + size};
}

// Whoever changes the file and its digest too gets an error or another valid surrogate, but no crash. (HDF5's own
// structures are left out: this is about the checks made here, and the library is known not to withstand it.)
TEST(SurrogateFile, WithstandsFlipsUnderAValidDigest) {
  std::vector<std::pair<std::size_t, std::size_t>> ranges = {{0, 96}};  // the superblock
  Bytes image = edited([&](hid_t file) {
    for (const char* dataset :
         {"/network/weights", "/network/center", "/network/scale", "/inputs/lower", "/inputs/upper", "/outputs/upper",
          "/fixed/values", "/validation/worst", "/self_test/inputs", "/self_test/outputs"})
      ranges.push_back(range_of(file, dataset));
  });
  image.erase(image.end() - kTrailer, image.end());
  int refused = 0, accepted = 0;
  for (const auto& [begin, end] : ranges)
    for (std::size_t at = begin; at < end; ++at) {
      const std::byte flip = std::byte(1 << at % 8);
      image[at] ^= flip;
      ++(refusal_of(sealed(image)) == "accepted" ? accepted : refused);
      image[at] ^= flip;
    }
  EXPECT_GT(refused, 100);
  EXPECT_GT(accepted, 100);  // the last digits of numbers
}

TEST(SurrogateFile, OfANewerFormatIsRefusedByName) {
  EXPECT_THAT(refusal_of(edited([](hid_t f) { set_integer(f, "/", "format_version", 4); })),
              AllOf(HasSubstr("newer Residua"), HasSubstr("format version 4"), HasSubstr("up to 3")));
  EXPECT_THAT(refusal_of(edited([](hid_t f) { set_integer(f, "/", "format_version", 0); })), HasSubstr("found 0"));
}

TEST(SurrogateFile, WithUnknownContentIsRefusedUnlessMarkedAsExtra) {
  EXPECT_THAT(refusal_of(edited([](hid_t f) { add_attribute(f, "/", "residual_connections"); })),
              HasSubstr("unknown attribute 'residual_connections'"));
  EXPECT_THAT(refusal_of(edited([](hid_t f) { add_attribute(f, "/network", "dropout"); })),
              HasSubstr("unknown attribute 'dropout'"));
  EXPECT_THAT(
      refusal_of(edited([](hid_t f) { H5Gclose(H5Gcreate2(f, "/ensemble", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)); })),
      HasSubstr("unknown object 'ensemble'"));
  EXPECT_EQ(refusal_of(edited([](hid_t f) { add_attribute(f, "/", "x_note"); })), "accepted");
}

TEST(SurrogateFile, WithAttributesOfADatasetIsRefused) {
  for (const char* name : {"scale_factor", "x_note"})
    EXPECT_THAT(refusal_of(edited([&](hid_t f) { add_attribute(f, "/network/weights", name); })),
                AllOf(HasSubstr("/network/weights"), HasSubstr(name)));
}

TEST(SurrogateFile, WithTwoNamesForAnObjectIsRefused) {
  const auto linked = [](const char* object, const char* name) {
    return refusal_of(edited([&](hid_t f) {
      if (H5Lexists(f, name, H5P_DEFAULT) > 0) H5Ldelete(f, name, H5P_DEFAULT);
      EXPECT_GE(H5Lcreate_hard(f, object, f, name, H5P_DEFAULT, H5P_DEFAULT), 0);
    }));
  };
  EXPECT_THAT(linked("/network/center", "/network/scale"), HasSubstr("scale: is another name"));
  EXPECT_THAT(linked("/inputs", "/outputs"), HasSubstr("outputs: is another name"));
  EXPECT_THAT(linked("/", "/network/loop"), HasSubstr("loop: is another name"));
  EXPECT_THAT(linked("/network", "/network/loop"), HasSubstr("loop: is another name"));
}

TEST(SurrogateFile, WithNamedTypesIsRefused) {
  const auto refusal = [](const std::function<void(hid_t file, hid_t type)>& use) {
    return refusal_of(edited([&](hid_t f) {
      const hid_t type = H5Tcopy(H5T_IEEE_F64LE);
      use(f, type);
      H5Tclose(type);
    }));
  };
  EXPECT_THAT(
      refusal([](hid_t f, hid_t type) { H5Tcommit2(f, "/x_type", type, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT); }),
      HasSubstr("x_type: is neither a group nor a dataset"));
  EXPECT_THAT(refusal([](hid_t f, hid_t type) {
                H5Tcommit_anon(f, type, H5P_DEFAULT, H5P_DEFAULT);
                replace(f, "/network/scale", {full_model().scale.size()}, type);
              }),
              HasSubstr("scale: has a named type"));
}

TEST(SurrogateFile, WithReferencesIsRefused) {
  EXPECT_THAT(refusal_of(edited([](hid_t f) {
                hobj_ref_t reference;
                H5Rcreate(&reference, f, "/network", H5R_OBJECT, -1);
                const hid_t space = H5Screate(H5S_SCALAR);
                const hid_t attribute = H5Acreate2(f, "x_note", H5T_STD_REF_OBJ, space, H5P_DEFAULT, H5P_DEFAULT);
                EXPECT_GE(H5Awrite(attribute, H5T_STD_REF_OBJ, &reference), 0);
                H5Aclose(attribute);
                H5Sclose(space);
              })),
              HasSubstr("x_note: refers to other objects"));
}

/// Replaces the 8 bytes of a number where others follow it.
void patch(Bytes& bytes, std::uint64_t number, std::uint64_t next, std::uint64_t by) {
  const std::array<std::uint64_t, 2> pattern = {number, next};
  const auto found = std::search(bytes.begin(), bytes.end(), std::as_bytes(std::span(pattern)).begin(),
                                 std::as_bytes(std::span(pattern)).end());
  ASSERT_NE(found, bytes.end());
  std::memcpy(&*found, &by, sizeof by);
}

// Two large datasets whose values lie at the same place, so that they claim more than there is.
TEST(SurrogateFile, WhoseDatasetsClaimMoreThanItHoldsIsRefused) {
  std::pair<std::size_t, std::size_t> steps, values;
  Bytes image = edited([&](hid_t f) {
    for (const char* name : {"/provenance/loss_steps", "/provenance/loss_values"}) replace(f, name, {20000});
    steps = range_of(f, "/provenance/loss_steps");
    values = range_of(f, "/provenance/loss_values");
  });
  EXPECT_EQ(refusal_of(image), "accepted");
  image.resize(image.size() - kTrailer);
  patch(image, values.first, 160000, steps.first);
  EXPECT_EQ(refusal_of(sealed(image)), "accepted");  // which is odd, but harmless: all of it is there
  ASSERT_EQ(std::max(steps.second, values.second), image.size());
  image.resize(image.size() - 160000);
  const std::uint64_t end = image.size();
  std::memcpy(&image[40], &end, sizeof end);  // in the superblock
  if (steps.first == end) patch(image, steps.first, 160000, values.first);
  EXPECT_THAT(refusal_of(sealed(image)), HasSubstr("more than is left of the file"));
}

TEST(SurrogateFile, WithLongNamesIsRefusedInAShortMessage) {
  const std::string name(60000, 'n');
  const std::string unknown = refusal_of(edited([&](hid_t f) { add_attribute(f, "/network", name.c_str()); }));
  EXPECT_THAT(unknown, AllOf(HasSubstr("nnn...'"), HasSubstr("expected only inputs")));
  EXPECT_LT(unknown.size(), 1000u);
  EXPECT_LE(refusal_of(edited([&](hid_t f) { set_text(f, "/", "physics", name); })).size(), 2000u);
}

TEST(SurrogateFile, OfANewerTrailerOrContainerIsRefusedByName) {
  Bytes file = saved(full_model());
  file[file.size() - kTrailer + 7] = std::byte{2};
  EXPECT_THAT(refusal_of(file), HasSubstr("its trailer is of a newer format 2: expected at most 1"));
  file = saved(full_model(), Container::compact);
  file.resize(file.size() - kTrailer);
  file[7] = std::byte{3};
  EXPECT_THAT(refusal_of(sealed(file)), HasSubstr("its compact container is of a newer format 3: expected at most 1"));
  file[7] = std::byte{0};
  EXPECT_THAT(refusal_of(sealed(file)), HasSubstr("expected 1 to 1, found 0"));
}

TEST(SurrogateFile, WithSomethingMissingIsRefused) {
  for (const char* object : {"/network", "/self_test", "/network/weights", "/inputs/lower", "/validation/worst"})
    EXPECT_THAT(refusal_of(edited([&](hid_t f) { H5Ldelete(f, object, H5P_DEFAULT); })), HasSubstr(object));
  EXPECT_THAT(refusal_of(edited([](hid_t f) { H5Adelete_by_name(f, "/network", "activation", H5P_DEFAULT); })),
              HasSubstr("activation"));
  EXPECT_THAT(refusal_of(edited([](hid_t f) { H5Adelete(f, "format"); })), HasSubstr("not a surrogate"));
}

TEST(SurrogateFile, WithLinksOutOfItIsRefused) {
  for (bool external : {false, true})
    EXPECT_THAT(refusal_of(edited([&](hid_t f) {
                  H5Lmove(f, "/network/weights", f, "/network/center2", H5P_DEFAULT, H5P_DEFAULT);
                  H5Ldelete(f, "/network/center", H5P_DEFAULT);
                  H5Lmove(f, "/network/center2", f, "/network/center", H5P_DEFAULT, H5P_DEFAULT);
                  if (external)
                    H5Lcreate_external("/etc/passwd", "/x", f, "/network/weights", H5P_DEFAULT, H5P_DEFAULT);
                  else
                    H5Lcreate_soft("/network/center", f, "/network/weights", H5P_DEFAULT, H5P_DEFAULT);
                })),
                HasSubstr("is a soft or external link"));
}

TEST(SurrogateFile, WithDatasetsThatAreNotPlainIsRefused) {
  const auto refusal = [](hid_t type, const std::function<void(hid_t)>& layout, bool write = true) {
    const hsize_t count = full_model().weights.size();
    return refusal_of(edited([&](hid_t f) { replace(f, "/network/weights", {count}, type, layout, write); }));
  };
  const hsize_t chunk = 16;
  EXPECT_THAT(refusal(H5T_IEEE_F64LE, [&](hid_t p) { H5Pset_chunk(p, 1, &chunk); }), HasSubstr("contiguous"));
  EXPECT_THAT(refusal(H5T_IEEE_F64LE,
                      [&](hid_t p) {
                        H5Pset_chunk(p, 1, &chunk);
                        H5Pset_deflate(p, 1);
                      }),
              HasSubstr("contiguous"));
  EXPECT_THAT(refusal(H5T_IEEE_F64LE, [](hid_t p) { H5Pset_layout(p, H5D_COMPACT); }), HasSubstr("contiguous"));
  EXPECT_THAT(refusal(
                  H5T_IEEE_F64LE, [](hid_t p) { H5Pset_external(p, "/dev/zero", 0, H5F_UNLIMITED); }, false),
              HasSubstr("another file"));
  EXPECT_THAT(refusal(
                  H5T_IEEE_F64LE, [](hid_t) {}, false),
              HasSubstr("stores 0 bytes"));
  EXPECT_THAT(refusal(H5T_IEEE_F64BE, [](hid_t) {}), HasSubstr("little-endian"));
  EXPECT_THAT(refusal(H5T_STD_I64LE, [](hid_t) {}), HasSubstr("expected float64"));
}

TEST(SurrogateFile, WithShapesThatDoNotFitIsRefused) {
  const std::size_t count = full_model().weights.size();
  EXPECT_THAT(
      refusal_of(edited([&](hid_t f) { replace(f, "/network/weights", {count - 1}); })),
      AllOf(HasSubstr("weights: expected " + std::to_string(count)), HasSubstr("found " + std::to_string(count - 1))));
  EXPECT_THAT(refusal_of(edited([&](hid_t f) {
                replace(f, "/network/weights", {count, 1});
              })),
              HasSubstr("2 dimensions"));
  EXPECT_THAT(refusal_of(edited([](hid_t f) { set_integer(f, "/network", "width", 6); })), HasSubstr("weights"));
  EXPECT_THAT(refusal_of(edited([](hid_t f) { set_integer(f, "/network", "width", 1LL << 40); })), HasSubstr("width"));
  EXPECT_THAT(refusal_of(edited([](hid_t f) { set_integer(f, "/network", "depth", -1); })), HasSubstr("depth"));
  EXPECT_THAT(refusal_of(edited([](hid_t f) { set_integer(f, "/network", "inputs", 3); })),
              HasSubstr("inputs of the network"));
  EXPECT_THAT(refusal_of(edited([](hid_t f) { set_integer(f, "/network", "outputs", 3); })),
              HasSubstr("outputs of the network"));
  EXPECT_THAT(refusal_of(edited([](hid_t f) { replace(f, "/network/center", {2}); })), HasSubstr("centers"));
  EXPECT_THAT(refusal_of(edited([](hid_t f) { replace(f, "/inputs/lower", {2}); })), HasSubstr("lists of 6 and 2"));
  EXPECT_THAT(refusal_of(edited([](hid_t f) { replace(f, "/self_test/inputs", {6, 4}); })), HasSubstr("self_test"));
  EXPECT_THAT(refusal_of(edited([](hid_t f) { replace(f, "/validation/max_abs", {7}); })),
              HasSubstr("lists of 3 and 7"));
}

TEST(SurrogateFile, WithNumbersThatMakeNoSenseIsRefused) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  for (double bad : {nan, infinity, -infinity})
    EXPECT_THAT(refusal_of(edited([&](hid_t f) { set_value(f, "/network/weights", 7, bad); })),
                HasSubstr("weights: expected finite"));
  EXPECT_THAT(refusal_of(edited([](hid_t f) { set_value(f, "/network/scale", 1, 0); })), HasSubstr("positive"));
  EXPECT_THAT(refusal_of(edited([&](hid_t f) { set_value(f, "/network/center", 1, nan); })), HasSubstr("centers"));
  EXPECT_THAT(refusal_of(edited([](hid_t f) { set_value(f, "/inputs/lower", 1, 2); })), HasSubstr("lower < upper"));
  EXPECT_THAT(refusal_of(edited([&](hid_t f) { set_value(f, "/inputs/upper", 1, infinity); })),
              HasSubstr("lower < upper"));
  EXPECT_THAT(refusal_of(edited([&](hid_t f) { set_value(f, "/fixed/values", 0, nan); })), HasSubstr("decay"));
  EXPECT_THAT(refusal_of(edited([](hid_t f) { set_value(f, "/validation/worst", 0, -1); })), HasSubstr("validation"));
}

TEST(SurrogateFile, WithWordsThatMakeNoSenseIsRefused) {
  EXPECT_THAT(refusal_of(edited([](hid_t f) { set_text(f, "/", "physics", "cold_fusion"); })),
              AllOf(HasSubstr("unknown physics 'cold_fusion'"), HasSubstr("leach_column")));
  EXPECT_THAT(refusal_of(edited([](hid_t f) { set_text(f, "/", "format", "residua checkpoint"); })),
              HasSubstr("not a surrogate"));
  EXPECT_THAT(refusal_of(edited([](hid_t f) { set_text(f, "/network", "activation", "relu"); })), HasSubstr("relu"));
  EXPECT_THAT(refusal_of(edited([](hid_t f) {
                set_text(f, "/inputs", "names", "depth\ntime\npeclet\nretardation\nmobile_fraction\nexchange\n");
              })),
              AllOf(HasSubstr("expected time"), HasSubstr("found depth")));
  EXPECT_THAT(refusal_of(edited([](hid_t f) {
                set_text(f, "/inputs", "names", "time\ndepth\npeclet\npeclet\nmobile_fraction\nexchange\n");
              })),
              HasSubstr("found 2 times"));
  EXPECT_THAT(
      refusal_of(edited([](hid_t f) { set_text(f, "/inputs", "units", "hours\ncolumn lengths\n-\n-\n-\n-\n"); })),
      HasSubstr("expected pore volumes, found hours"));
  EXPECT_THAT(refusal_of(edited([](hid_t f) { set_text(f, "/outputs", "names", "mobile\nimmobile\nflow\n"); })),
              HasSubstr("expected flux"));
  EXPECT_THAT(refusal_of(edited([](hid_t f) { set_text(f, "/inputs", "names", std::string(1000, '\n')); })),
              HasSubstr("at most"));
  for (const char* bad : {"\x1b[2J", "\xff", "\xc3", "\xe2\x82", "\xf8\x88\x80\x80"})
    EXPECT_THAT(refusal_of(edited([&](hid_t f) { set_text(f, "/provenance", "code_version", bad); })),
                HasSubstr("expected UTF-8"));
  EXPECT_THAT(refusal_of(edited([](hid_t f) { set_text(f, "/", "physics", "leach_column", true); })),
              HasSubstr("fixed length"));
  const std::string hidden("leach_column\0, almost", 21);
  EXPECT_THAT(refusal_of(edited([&](hid_t f) { set_text(f, "/", "physics", hidden); })),
              HasSubstr("behind a zero byte at 12"));
  const std::string padded("leach_column\0\0", 14);
  EXPECT_EQ(refusal_of(edited([&](hid_t f) { set_text(f, "/", "physics", padded); })), "accepted");
}

TEST(SurrogateFile, WhoseSelfTestFailsIsRefused) {
  for (Precision precision : {Precision::float32, Precision::float64}) {
    const Model model = full_model(precision);
    const std::string refusal =
        refusal_of(edited([](hid_t f) { set_value(f, "/self_test/outputs", 5, 0.123); }, model));
    EXPECT_THAT(refusal, AllOf(HasSubstr("self-test: output mobile at point 5"), HasSubstr("expected 0.123")));
    EXPECT_THAT(refusal_of(edited([](hid_t f) { set_value(f, "/network/weights", 0, 0.5); }, model)),
                HasSubstr("self-test"));
    EXPECT_THAT(refusal_of(edited([](hid_t f) { set_value(f, "/self_test/outputs", 5, std::nan("")); }, model)),
                HasSubstr("self-test"));
  }
}

TEST(SurrogateFile, InAnotherHdf5DialectIsRefused) {
  const TemporaryFolder folder;
  const auto made = [&](const std::function<void(hid_t access)>& access_of,
                        const std::function<void(hid_t create)>& create_of) {
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS), create = H5Pcreate(H5P_FILE_CREATE);
    access_of(access);
    create_of(create);
    H5Fclose(H5Fcreate((folder / "dialect.h5").c_str(), H5F_ACC_TRUNC, create, access));
    H5Pclose(access);
    H5Pclose(create);
    return sealed(read_bytes(folder / "dialect.h5"));
  };
  const auto plain = [](hid_t) {};
  // As File::create() does: HDF5 2 by itself would choose a newer form.
  const auto oldest = [](hid_t a) { H5Pset_libver_bounds(a, H5F_LIBVER_EARLIEST, H5F_LIBVER_LATEST); };
  EXPECT_THAT(refusal_of(made(oldest, plain)), HasSubstr("not a surrogate"));  // plain HDF5, but empty
  EXPECT_THAT(refusal_of(made([](hid_t a) { H5Pset_libver_bounds(a, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST); }, plain)),
              HasSubstr("superblock"));
  EXPECT_THAT(refusal_of(made(oldest, [](hid_t c) { H5Pset_userblock(c, 512); })), HasSubstr("superblock"));
  EXPECT_THAT(
      refusal_of(made(oldest, [](hid_t c) { H5Pset_file_space_strategy(c, H5F_FSPACE_STRATEGY_PAGE, true, 1); })),
      HasSubstr("superblock"));
  EXPECT_THAT(refusal_of(sealed({})), HasSubstr("superblock"));
  EXPECT_THAT(refusal_of(sealed(Bytes(5000))), HasSubstr("superblock"));
}

TEST(SurrogateFile, IsOnlyEverARegularFileOfReasonableSize) {
  const TemporaryFolder folder;
  const auto refusal = [](const std::filesystem::path& path) -> std::string {
    try {
      const Surrogate surrogate(path);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(refusal(folder / "none.h5"), AllOf(HasSubstr("none.h5"), HasSubstr("No such file")));
  EXPECT_THAT(refusal(folder.path()), HasSubstr("not a regular file"));
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(refusal(folder / "pipe"), HasSubstr("not a regular file"));
  write_bytes(folder / "empty.h5", {});
  EXPECT_THAT(refusal(folder / "empty.h5"), HasSubstr("not a Residua surrogate"));
  std::filesystem::resize_file(folder / "empty.h5", std::uintmax_t{1} << 40);  // sparse
  EXPECT_THAT(refusal(folder / "empty.h5"), HasSubstr("expected at most"));
}

TEST(SurrogateFile, ReportsHowAModelContradictsItself) {
  const auto refusal = [](const std::function<void(Model&)>& change) -> std::string {
    Model model = full_model();
    change(model);
    try {
      check(model, "model");
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(refusal([](Model&) {}), "accepted");
  EXPECT_THAT(refusal([](Model& m) { m.card.fixed.clear(); }), HasSubstr("parameter decay: expected once"));
  EXPECT_THAT(refusal([](Model& m) { m.card.inputs.pop_back(); }), HasSubstr("parameter exchange: expected once"));
  EXPECT_THAT(refusal([](Model& m) { m.card.inputs.resize(1); }), HasSubstr("at least the 2 coordinates"));
  EXPECT_THAT(refusal([](Model& m) { m.card.outputs.pop_back(); }), HasSubstr("outputs: expected 3, found 2"));
  EXPECT_THAT(refusal([](Model& m) { m.shape.width = kMaxWidth + 1; }), HasSubstr("width"));
  EXPECT_THAT(refusal([](Model& m) { m.card.validation.outputs.pop_back(); }), HasSubstr("validation errors"));
  EXPECT_EQ(refusal([](Model& m) { m = two_windows(); }), "accepted");
  EXPECT_THAT(refusal([](Model& m) { m.card.members = 2; }), HasSubstr("weights: expected"));
  EXPECT_THAT(refusal([](Model& m) { m.card.members = 0; }), HasSubstr("members of the ensemble: expected 1 to 64"));
  EXPECT_THAT(refusal([](Model& m) { m.seams = {2}; }), HasSubstr("weights: expected"));
  EXPECT_THAT(refusal([](Model& m) { m.seams = {2, 2}; }), HasSubstr("expected rising times within the envelope"));
  EXPECT_THAT(refusal([](Model& m) { m.seams = {100}; }), HasSubstr("found 100"));
  EXPECT_THAT(refusal([](Model& m) {
                m = random_model("kiln_axial_steady");
                m.seams = {0.5};
              }),
              HasSubstr("first coordinate is the time"));
}

}  // namespace
}  // namespace residua
