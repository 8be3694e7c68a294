#include "pinn/samples.hpp"

#include <gmock/gmock.h>

namespace residua {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Samples kFour{4, {0, 1, 2, 3, 10, 11, 12, 13}, {5, 6, 7, 8}};

TEST(Samples, ArePickedOneByOne) {
  const Samples some = part(kFour, std::vector<std::int64_t>{3, 1});
  EXPECT_EQ(some.n, 2);
  EXPECT_THAT(some.coords, ElementsAre(3, 1, 13, 11));
  EXPECT_THAT(some.design, ElementsAre(8, 6));
}

TEST(Samples, ArePickedByTheShare) {
  const Samples some = part(kFour, Share{1, 3});
  EXPECT_EQ(some.n, 3);
  EXPECT_THAT(some.coords, ElementsAre(1, 2, 3, 11, 12, 13));
  EXPECT_THAT(some.design, ElementsAre(6, 7, 8));
}

TEST(Samples, MayBeNone) {
  for (const Samples& none : {part(kFour, Share{2, 0}), part(kFour, std::vector<std::int64_t>{}),
                              part(Samples{}, Share{0, 0}), part(Samples{}, std::vector<std::int64_t>{})}) {
    EXPECT_EQ(none.n, 0);
    EXPECT_THAT(none.coords, IsEmpty());
    EXPECT_THAT(none.design, IsEmpty());
    EXPECT_EQ(joined(none, kFour).coords, kFour.coords);
    EXPECT_EQ(joined(kFour, none).design, kFour.design);
  }
}

TEST(Samples, AreJoinedRowByRow) {
  const Samples both = joined(kFour, {1, {20, 21}, {22}});
  EXPECT_EQ(both.n, 5);
  EXPECT_THAT(both.coords, ElementsAre(0, 1, 2, 3, 20, 10, 11, 12, 13, 21));
  EXPECT_THAT(both.design, ElementsAre(5, 6, 7, 8, 22));
}

}  // namespace
}  // namespace residua
