// What must hold of every decision, on policies and requests drawn at random (issue: the rule
// language and the guardrails). Each property was seen to fail with the engine broken by hand.
#ifdef GUARDRANK_HAS_PACK

#include "tests/core/decision/drawn_policy.h"

using namespace guardrank;
using namespace guardrank::testing;

namespace {

constexpr unsigned worlds = 60;

template <typename Check>
void for_each_world(unsigned first_seed, Check check) {
  for (unsigned seed = first_seed; seed < first_seed + worlds; ++seed) {
    CAPTURE(seed);
    Draw draw(seed);
    const PolicyParts policy = draw_policy(&draw);
    const std::string catalog = draw_catalog(&draw);
    CAPTURE(policy.document());
    check(&draw, policy, catalog);
  }
}

std::set<std::string> both(const std::set<std::string>& a, const std::set<std::string>& b) {
  std::set<std::string> result;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(),
                        std::inserter(result, result.end()));
  return result;
}
bool is_within(const std::vector<std::string>& names, const std::set<std::string>& all) {
  return std::all_of(names.begin(), names.end(),
                     [&](const std::string& name) { return all.count(name) != 0; });
}

// All that can be compared of a decision, offers by name.
struct Outcome {
  std::vector<std::string> ranked, excluded;
  std::vector<std::int64_t> scores;
  std::vector<double> propensities;
  bool operator==(const Outcome&) const = default;
};

Outcome outcome(const Decision& d) {
  Outcome result;
  result.ranked = ranking(d);
  for (const Placed& placed : d.ranked) {
    result.scores.push_back(d.scores.score[placed.row]);
    result.propensities.push_back(placed.propensity);
  }
  for (const Exclusion& exclusion : d.excluded) {
    std::string line = candidate_name(d, exclusion.candidate);
    for (const Reason& reason : d.exclusions->reasons(exclusion))
      line += " " + std::to_string(static_cast<int>(reason.kind)) + "." +
              std::to_string(reason.index) + "." + std::to_string(static_cast<int>(reason.value)) +
              "." + std::to_string(reason.missing_fact);
    result.excluded.push_back(line);
  }
  std::sort(result.excluded.begin(), result.excluded.end());
  return result;
}

}  // namespace

TEST_CASE("one more rule takes away what it alone takes away, and adds nothing") {
  std::size_t n_taken = 0, n_left = 0;
  for_each_world(100, [&](Draw* draw, const PolicyParts& policy, const std::string& catalog) {
    const RequestParts request = draw_request(draw);
    PolicyParts more = policy, alone = policy;
    const std::string rule = draw_rule(draw);
    more.rules.insert(more.rules.begin() + draw->below(static_cast<unsigned>(policy.rules.size()) + 1),
                      rule);
    alone.rules = {rule};
    CAPTURE(rule);
    CAPTURE(request.json());
    DrawnWorld before(policy, catalog), after(more, catalog), only(alone, catalog);
    const auto was = survivors(before.rank_json(request.json()));
    const Decision decision = after.rank_json(request.json());
    const auto is = survivors(decision);
    CHECK(is == both(was, survivors(only.rank_json(request.json()))));
    CHECK(is_within(ranking(decision), was));
    n_taken += was.size() - is.size();
    n_left += is.size();
  });
  CHECK(n_taken > 100);   // the draws ask something
  CHECK(n_left > 100);
}

TEST_CASE("no score and no placement brings an excluded offer back") {
  std::size_t n_excluded = 0, n_mandated_in_vain = 0;
  for_each_world(300, [&](Draw* draw, const PolicyParts& policy, const std::string& catalog) {
    const RequestParts request = draw_request(draw);
    PolicyParts bare = policy, rich = policy;
    bare.terms.clear();
    bare.placement = "{}";
    const std::string wanted = offer_name(draw->below(24));
    rich.terms.push_back("offer.offer_id == '" + wanted + "' ? 1000000.0 : 0.0");
    rich.placement = R"({"mandated": [{"offer": ")" + wanted + R"(", "slot": 1}]})";
    CAPTURE(request.json());
    DrawnWorld allowed(bare, catalog), drawn(policy, catalog), tempted(rich, catalog);
    const auto eligible = survivors(allowed.rank_json(request.json()));
    for (DrawnWorld* world : {&drawn, &tempted}) {
      const Decision d = world->rank_json(request.json());
      CHECK(is_within(ranking(d), eligible));
      std::set<std::string> excluded;
      for (const Exclusion& one : d.excluded) excluded.insert(candidate_name(d, one.candidate));
      CHECK(excluded.size() == d.excluded.size());
      for (const std::string& name : ranking(d)) CHECK(excluded.count(name) == 0);
      CHECK(survivors(d).size() + excluded.size() == request.candidates.size());
      n_excluded += excluded.size();
      if (world == &tempted && excluded.count(wanted) != 0) ++n_mandated_in_vain;
    }
  });
  CHECK(n_excluded > 200);
  CHECK(n_mandated_in_vain > 5);
}

TEST_CASE("terms sum to the score, and where nothing is placed scores descend") {
  std::size_t n_ranked = 0;
  for_each_world(500, [&](Draw* draw, const PolicyParts& policy, const std::string& catalog) {
    const RequestParts request = draw_request(draw);
    PolicyParts plain = policy;
    plain.placement = "{}";
    for (const bool is_plain : {false, true}) {
      DrawnWorld world(is_plain ? plain : policy, catalog);
      const Decision d = world.rank_json(request.json());
      if (d.candidates.empty()) continue;
      REQUIRE(d.scores.terms.size() == policy.terms.size());
      for (std::size_t row = 0; row < d.candidates.size(); ++row) {
        std::int64_t sum = 0;
        for (const auto& term : d.scores.terms) sum += term[row];
        CHECK(sum == d.scores.score[row]);
      }
      for (std::size_t i = 1; is_plain && i < d.ranked.size(); ++i) {
        const std::int64_t before = d.scores.score[d.ranked[i - 1].row];
        const std::int64_t here = d.scores.score[d.ranked[i].row];
        CHECK((before > here || (before == here && offer_at(d, i - 1) < offer_at(d, i))));
      }
      n_ranked += d.ranked.size();
    }
  });
  CHECK(n_ranked > 300);
}

TEST_CASE("a replay equals the record") {
  for_each_world(700, [](Draw* draw, const PolicyParts& policy, const std::string& catalog) {
    DrawnWorld world(policy, catalog);
    const Decision decision = world.rank_json(draw_request(draw).json());
    const Outcome first = outcome(decision);
    Bytes record;
    REQUIRE(write_record(decision, {}, &world.session.arena(), &record, &world.error) == Status::ok);
    const pack::AlignedBytes kept(record);
    const Pipeline& pipeline = world.snapshot.pipeline();
    Request again(*pipeline.facts, pipeline.catalog, world.memory.allocator());
    ReplayResult result;
    REQUIRE_MESSAGE(replay(pipeline, kept.view(), {}, &world.session, &again, &result, &world.error) ==
                        Status::ok, world.error.message());
    CHECK_MESSAGE(result.is_equal, result.first_difference.view());
    Decision repeated;
    REQUIRE(rank(pipeline, again, &world.session, &repeated, &world.error) == Status::ok);
    CHECK(outcome(repeated) == first);
  });
}

TEST_CASE("the order of candidates in the request changes nothing") {
  std::size_t n_ranked = 0, n_explored = 0;
  for_each_world(900, [&](Draw* draw, const PolicyParts& policy, const std::string& catalog) {
    RequestParts request = draw_request(draw);
    DrawnWorld world(policy, catalog);
    const Outcome first = outcome(world.rank_json(request.json()));
    for (int shuffle = 0; shuffle < 3; ++shuffle) {
      if (shuffle == 0) std::reverse(request.candidates.begin(), request.candidates.end());
      else std::shuffle(request.candidates.begin(), request.candidates.end(), draw->random);
      CHECK(outcome(world.rank_json(request.json())) == first);
    }
    n_ranked += first.ranked.size();
    n_explored += std::count_if(first.propensities.begin(), first.propensities.end(),
                                [](double propensity) { return propensity < 1; });
  });
  CHECK(n_ranked > 150);
  CHECK(n_explored > 50);
}

#endif
