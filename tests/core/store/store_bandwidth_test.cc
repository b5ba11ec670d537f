#ifdef GUARDRANK_HAS_PACK
// Budgets of bytes from the origin: by second they are waited for, by day they end.
#include "tests/core/store/scripted_host.h"

namespace guardrank::test {
namespace {

constexpr std::int64_t second = 1'000'000, day = 86'400 * second;

TEST_CASE("over the bytes of a second fetches wait, and the host is woken for them") {
  StoreOptions options = small_options();
  options.bytes_per_second = 10'000;
  ScriptedHost host(options);
  const Product& cards = host.publish("cards", 1, 9'872);     // with header and table 10,000 bytes
  REQUIRE(cards.blobs[0].size() == 10'000);
  const std::int64_t began = host.now;
  const TicketId ticket = host.want("cards", INT64_MAX);
  for (std::size_t n = 1; n <= 3; ++n) {
    host.run();
    CHECK(host.n_asked(NeedKind::fetch) == n);
    if (n == 3) break;
    CHECK(host.first_wake() == began + static_cast<std::int64_t>(n) * second);
    host.now = host.first_wake() - 1;
    host.run();
    CHECK(host.n_asked(NeedKind::fetch) == n);
    ++host.now;
  }
  CHECK(host.is_served(ticket, cards));
}

TEST_CASE("what is on disk does not wait for the origin's budget") {
  StoreOptions options = small_options();
  ScriptedHost host(options);
  const Product cards = host.publish("cards", 1, 10'000);
  host.want("cards");
  host.run();
  options.bytes_per_second = 1;
  ScriptedHost poor(options);
  poor.disk = host.disk;
  poor.publish("cards", 1, 10'000);
  poor.publish("other", 2, 10'000);
  const TicketId other = poor.want("other", INT64_MAX);
  const TicketId ticket = poor.want("cards", INT64_MAX);
  poor.run();
  CHECK(poor.is_served(ticket, cards));
  CHECK(poor.take(other).state == TicketState::pending);
  CHECK(poor.n_asked(NeedKind::fetch) == 1);
}

TEST_CASE("over the bytes of a day a load fails, until the next day; a clock set back begins none") {
  StoreOptions options = small_options();
  options.bytes_per_day = 35'000;
  options.tiers.absent_micros = 0;
  options.tiers.disk.budget_bytes = 0;
  ScriptedHost host(options);
  host.now = 20 * day + 5;
  const Product a = host.publish("a", 1, 9'872), b = host.publish("b", 2, 9'872);
  const TicketId first = host.want("a", INT64_MAX);
  host.run();
  CHECK(host.is_served(first, a));
  host.store().cancel(first);
  const TicketId second_one = host.want("b", INT64_MAX);
  host.run();
  CHECK(host.take(second_one).status == Status::network);
  CHECK(host.store().fetched_bytes() == 30'000);
  for (const std::int64_t at : {20 * day + 6, 21 * day - 1, 19 * day}) {
    host.now = at;
    const TicketId later = host.want("b", INT64_MAX);
    host.run();
    CHECK(host.take(later).status == Status::network);
    host.store().cancel(later);
  }
  CHECK(host.store().fetched_bytes() <= 35'000);
  host.now = 21 * day;
  const TicketId next_day = host.want("b", INT64_MAX);
  host.run();
  CHECK(host.is_served(next_day, b));
}

TEST_CASE("a try of which nothing came costs the day nothing, wrong bytes cost all of them") {
  for (const bool is_wrong : {false, true}) {
    StoreOptions options = small_options();
    options.bytes_per_day = 30'000;
    options.tiers.disk.budget_bytes = 0;
    ScriptedHost host(options);
    host.now = 20 * day + 5;
    const Product& cards = host.publish("cards", 1, 9'872);
    bool is_over = false;
    host.fault = [&](const AskedNeed& need, Answered* answered) {
      if (need.kind != NeedKind::fetch || is_over) return false;
      is_over = true;
      if (is_wrong) *answered = {Outcome::done, std::string(10'000, 'x')};
      else *answered = {Outcome::failed, {}};
      return true;
    };
    const TicketId ticket = host.want("cards", INT64_MAX);
    for (int i = 0; i < 4; ++i, host.now += second) host.run();
    CHECK(host.is_served(ticket, cards) != is_wrong);
  }
}

TEST_CASE("a budget that one artifact is larger than fetches nothing, and no figure overflows") {
  StoreOptions options = small_options();
  options.bytes_per_day = 9'999;
  ScriptedHost host(options);
  host.publish("cards", 1, 9'872);
  const TicketId ticket = host.want("cards", INT64_MAX);
  host.run();
  CHECK(host.take(ticket).status == Status::network);
  CHECK(host.n_asked(NeedKind::fetch) == 0);
  options.bytes_per_day = UINT64_MAX;
  options.bytes_per_second = UINT64_MAX;
  ScriptedHost rich(options);
  rich.now = INT64_MAX - 1'000;
  const Product& cards = rich.publish("cards", 1, 9'872);
  const TicketId ready = rich.want("cards", INT64_MAX);
  rich.run();
  CHECK(rich.is_served(ready, cards));
}

}  // namespace
}  // namespace guardrank::test
#endif
