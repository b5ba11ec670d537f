// What exact pruning for the top K could spare: the share of a request's scored candidates whose
// largest possible score is below the K-th best. Usage: pruning_bench BUNDLE REQUESTS.jsonl [K]...
//
// A bound is the largest score over the corners of a box of probabilities (and of amounts), which is
// the tightest there is where the sum of the terms is linear in each of them, as it is in every
// policy of this house. The boxes hold what is known, by the network in interval arithmetic:
//   nothing        no input of the network
//   offer          the offer's own codes: what could be kept per offer
//   context        the context's codes, and between what the candidates' lie
//   first head     nothing but the first head's probability: heads one after another
//   best context   the least and largest outcomes that this very request's candidates have: no bound
//                  that is one for all candidates is tighter, however it is found
//   best offer     the least and largest that the offer has over all requests of the file
// The last two are no bounds that anything could compute beforehand: they say what the best could
// give. "in order" counts what a run by tiles skips: candidates by falling bound, 16 and 120 at a
// time, until the next bound is below the K-th best score so far. A corner's time is that of the
// terms over all candidates: what a bound costs where it is known which corner is the highest.
#include <ctime>
#include <map>

#include "tests/bench/tried/interval_network.h"
#include "tests/bench/tried/opened_snapshot.h"

using namespace guardrank;
using namespace guardrank::tried;

namespace {

// By head, then by row.
using Box = std::vector<std::vector<Range>>;
enum BoxKind { nothing, of_offer, of_context, first_head, best_context, best_offer, n_boxes };
constexpr const char* box_names[] = {"nothing", "offer", "context", "first head", "best context", "best offer"};

// Probabilities or amounts that logits stand for, whatever the segment.
Range outcome_range(const Head& head, Range logits) {
  Range range;
  for (const double logit : {logits.low, logits.high}) {
    if (head.kind == HeadKind::log_amount) {
      range.add(expected_amount(head, logit));
      continue;
    }
    const double z = correct_logit(head, logit);
    range.add(calibrate(head.calibrator, z));
    for (const SegmentCalibrator& segment : head.segments) {
      range.add(calibrate_segment(head.calibrator, segment, head.kappa, z));
    }
  }
  return range;
}

double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// All rows that came to the terms, scored.
struct Scored {
  std::vector<std::uint32_t> candidates;
  std::vector<std::string> offers;
  std::vector<std::vector<double>> outcomes;      // by head: probability or amount
  std::map<std::uint32_t, std::int64_t> score;    // of what is left to be ranked, by candidate
};

class Experiment {
 public:
  explicit Experiment(const Pipeline& pipeline)
      : pipeline_(pipeline), network_(*pipeline.model), session_(heap, std::size_t{1} << 30),
        arena_(heap, std::size_t{1} << 30) {
    of_nothing_ = outcomes_of(network_.free_codes());
  }

  Scored score(Request* request) {
    request->set_limit(0);
    Decision decision;
    Error error;
    check(rank(pipeline_, *request, &session_, &decision, &error), error);
    Scored scored;
    for (std::size_t i = 0; i < decision.candidates.size(); ++i) {
      scored.score[decision.candidates[i]] = decision.scores.score[i];
    }
    const bool has_guardrails = !pipeline_.policy->guardrails.empty();
    const auto rows = has_guardrails ? decision.guarded.candidates : decision.candidates;
    const auto heads = has_guardrails ? decision.guarded.heads : decision.heads;
    for (const std::uint32_t row : rows) {
      scored.candidates.push_back(row);
      scored.offers.emplace_back(request->offer_id(row));
    }
    for (const HeadOutcome& head : heads) {
      scored.outcomes.emplace_back(head.probability.begin(), head.probability.end());
    }
    for (std::size_t h = 0; h < scored.outcomes.size(); ++h) {
      for (std::size_t i = 0; i < scored.offers.size(); ++i) {
        of_offers_[{h, scored.offers[i]}].add(scored.outcomes[h][i]);
      }
    }
    return scored;
  }

  Box box(BoxKind kind, const Request& request, const Scored& scored) {
    const std::size_t n = scored.candidates.size(), n_heads = of_nothing_.size();
    Box box(n_heads);
    for (std::size_t h = 0; h < n_heads; ++h) box[h].assign(n, of_nothing_[h]);
    if (kind == of_offer || kind == of_context) {
      find_intervals(kind, request, scored, &box);
      check_holds(box, scored);
    }
    for (std::size_t h = 0; h < n_heads; ++h) {
      Range of_all;
      for (const double value : scored.outcomes[h]) of_all.add(value);
      for (std::size_t i = 0; i < n; ++i) {
        if (kind == first_head && h == 0) box[h][i] = {scored.outcomes[h][i], scored.outcomes[h][i]};
        if (kind == best_context) box[h][i] = of_all;
        if (kind == best_offer) box[h][i] = of_offers_[{h, scored.offers[i]}];
      }
    }
    return box;
  }

  // The largest score by row over the corners of the box.
  std::vector<std::int64_t> bounds(const Request& request, const Scored& scored, const Box& box) {
    std::vector<std::int64_t> best(scored.candidates.size(), INT64_MIN);
    for (std::uint32_t corner = 0; corner < 1u << box.size(); ++corner) {
      score_corner(request, scored, box, corner, &best);
    }
    return best;
  }

  const std::vector<Range>& of_nothing() const { return of_nothing_; }
  double corner_ns_per_row() const { return 1e9 * corner_seconds_ / corner_rows_; }

 private:
  std::vector<Range> outcomes_of(const CodeRanges& codes) const {
    std::vector<Range> outcomes = network_.logits(codes);
    for (std::size_t h = 0; h < outcomes.size(); ++h) {
      outcomes[h] = outcome_range(pipeline_.model->heads[h], outcomes[h]);
    }
    return outcomes;
  }

  void open_frame(const Request& request, const Scored& scored, Frame* frame,
                  ExclusionList* exclusions) {
    check(frame->open(request, &arena_), {});
    check(apply_eligibility(pipeline_.eligibility, frame, exclusions), {});
    if (!std::equal(frame->rows().begin(), frame->rows().end(), scored.candidates.begin(),
                    scored.candidates.end())) {
      fail("rows without a score or two stages: not what this measures");
    }
  }

  void find_intervals(BoxKind kind, const Request& request, const Scored& scored, Box* box) {
    arena_.reset();
    Frame frame;
    ExclusionList exclusions(&arena_);
    open_frame(request, scored, &frame, &exclusions);
    check(encode_features(pipeline_.features, &frame), {});
    check(quantise_context(pipeline_.network, &frame), {});
    const std::size_t per_row = kept_codes_per_row(pipeline_.network), n = scored.candidates.size();
    std::vector<std::uint8_t> codes(per_row * n);
    code_candidates(pipeline_.network, frame.encoded, frame.n_rows(), codes.data());
    if (kind == of_context) {
      const std::vector<Range> outcomes = outcomes_of(context_codes(frame, codes, per_row));
      for (std::size_t h = 0; h < box->size(); ++h) (*box)[h].assign(n, outcomes[h]);
      return;
    }
    for (std::size_t i = 0; i < n; ++i) {
      std::vector<Range>& outcomes = intervals_of_offers_[scored.offers[i]];
      if (outcomes.empty()) outcomes = outcomes_of(offer_codes(codes.data() + i * per_row));
      for (std::size_t h = 0; h < box->size(); ++h) (*box)[h][i] = outcomes[h];
    }
  }

  std::uint32_t n_columns(Side side) const {
    return pipeline_.model->block_inputs[static_cast<std::size_t>(side)];
  }

  CodeRanges context_codes(const Frame& frame, const std::vector<std::uint8_t>& codes,
                           std::size_t per_row) const {
    CodeRanges ranges = network_.free_codes();
    for (std::size_t i = 0; i < frame.context_codes.size(); ++i) {
      ranges[i] = {static_cast<double>(frame.context_codes[i]), static_cast<double>(frame.context_codes[i])};
    }
    for (std::uint32_t i = 0; i < n_columns(Side::candidate); ++i) {
      Range range;
      for (std::size_t at = i; at < codes.size(); at += per_row) range.add(codes[at]);
      ranges[network_.first_column(Side::candidate) + i] = range;
    }
    return ranges;
  }

  CodeRanges offer_codes(const std::uint8_t* codes) const {
    CodeRanges ranges = network_.free_codes();
    for (std::uint32_t i = 0; i < n_columns(Side::candidate); ++i) {
      const auto code = static_cast<double>(codes[i]);
      ranges[network_.first_column(Side::candidate) + i] = {code, code};
    }
    return ranges;
  }

  // A bound that does not hold would be none.
  static void check_holds(const Box& box, const Scored& scored) {
    for (std::size_t h = 0; h < box.size(); ++h) {
      for (std::size_t i = 0; i < box[h].size(); ++i) {
        const double value = scored.outcomes[h][i];
        if (value < box[h][i].low || value > box[h][i].high) fail("an interval does not hold its value");
      }
    }
  }

  void score_corner(const Request& request, const Scored& scored, const Box& box,
                    std::uint32_t corner, std::vector<std::int64_t>* best) {
    arena_.reset();
    Frame frame;
    ExclusionList exclusions(&arena_);
    open_frame(request, scored, &frame, &exclusions);
    const std::vector<std::vector<double>> values = corner_values(box, corner);
    std::vector<std::vector<double>> reach = values;
    std::vector<HeadOutcome> heads(box.size());
    for (std::size_t h = 0; h < box.size(); ++h) {
      const std::uint32_t given = pipeline_.model->heads[h].given;
      for (std::size_t row = 0; given != no_head && row < reach[h].size(); ++row) {
        reach[h][row] *= reach[given][row];
      }
      heads[h].probability = values[h];
      heads[h].reach = reach[h];
    }
    set_outcomes(pipeline_.calibration, heads, &frame);
    Scores scores;
    const double from = processor_seconds();
    check(apply_value(pipeline_.value, &frame, &exclusions, &scores), {});
    corner_seconds_ += processor_seconds() - from;
    corner_rows_ += static_cast<double>(best->size());
    if (scores.score.size() != best->size()) fail("a corner has no score");
    for (std::size_t i = 0; i < best->size(); ++i) {
      (*best)[i] = std::max((*best)[i], scores.score[i]);
    }
  }

  static std::vector<std::vector<double>> corner_values(const Box& box, std::uint32_t corner) {
    std::vector<std::vector<double>> values(box.size());
    for (std::size_t h = 0; h < box.size(); ++h) {
      for (const Range& range : box[h]) {
        values[h].push_back((corner >> h & 1) != 0 ? range.high : range.low);
      }
    }
    return values;
  }

  const Pipeline& pipeline_;
  IntervalNetwork network_;
  Session session_;
  Arena arena_;
  double corner_seconds_ = 0, corner_rows_ = 0;
  std::vector<Range> of_nothing_;
  std::map<std::string, std::vector<Range>> intervals_of_offers_;
  std::map<std::pair<std::size_t, std::string>, Range> of_offers_;
};

std::int64_t nth_best(std::vector<std::int64_t> scores, std::size_t k) {
  if (scores.size() < k) return INT64_MIN;
  const auto nth = scores.begin() + static_cast<std::ptrdiff_t>(k - 1);
  std::nth_element(scores.begin(), nth, scores.end(), std::greater<>());
  return *nth;
}

// Candidates that a run by falling bound never scores.
std::size_t skipped_in_order(const Scored& scored, const std::vector<std::int64_t>& bounds,
                             std::size_t k, std::size_t tile) {
  std::vector<std::size_t> order(bounds.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return bounds[a] != bounds[b] ? bounds[a] > bounds[b] : a < b;
  });
  std::vector<std::int64_t> found;
  for (std::size_t at = 0; at < order.size(); at += tile) {
    if (bounds[order[at]] < nth_best(found, k)) return order.size() - at;
    for (std::size_t i = at; i < std::min(at + tile, order.size()); ++i) {
      const auto score = scored.score.find(scored.candidates[order[i]]);
      if (score != scored.score.end()) found.push_back(score->second);
    }
  }
  return 0;
}

struct Tally {
  double requests = 0, rows = 0, below = 0, tiles_of_16 = 0, tiles_of_120 = 0;

  void add(const Scored& scored, const std::vector<std::int64_t>& bounds, std::size_t k) {
    std::vector<std::int64_t> scores;
    for (const auto& [candidate, score] : scored.score) scores.push_back(score);
    const std::int64_t least = nth_best(scores, k);
    ++requests;
    rows += static_cast<double>(bounds.size());
    for (const std::int64_t bound : bounds) below += bound < least;
    tiles_of_16 += static_cast<double>(skipped_in_order(scored, bounds, k, 16));
    tiles_of_120 += static_cast<double>(skipped_in_order(scored, bounds, k, 120));
  }
};

using Tallies = std::map<std::size_t, std::vector<Tally>>;   // by K, then by kind of box

void add_request(Request* request, const std::vector<std::size_t>& limits, Experiment* experiment,
                 Tallies* tallies) {
  const Scored scored = experiment->score(request);
  for (int kind = 0; kind < n_boxes && !scored.candidates.empty(); ++kind) {
    const Box box = experiment->box(static_cast<BoxKind>(kind), *request, scored);
    const std::vector<std::int64_t> bounds = experiment->bounds(*request, scored, box);
    for (const std::size_t k : limits) {
      (*tallies)[k].resize(n_boxes);
      (*tallies)[k][static_cast<std::size_t>(kind)].add(scored, bounds, k);
    }
  }
}

void print_heads(const Pipeline& pipeline, const Experiment& experiment) {
  for (std::size_t h = 0; h < pipeline.model->heads.size(); ++h) {
    const std::string_view name = pipeline.model->heads[h].name;
    std::printf("nothing known, head %.*s: at most %.3g\n", static_cast<int>(name.size()),
                name.data(), experiment.of_nothing()[h].high);
  }
}

void print(const Tallies& tallies) {
  for (const auto& [k, of_boxes] : tallies) {
    for (std::size_t kind = 0; kind < n_boxes; ++kind) {
      const Tally& t = of_boxes[kind];
      std::printf("K %-3zu %-12s %5.0f rows a request  below %5.1f%%  in order by 16 %5.1f%%"
                  "  by 120 %5.1f%%\n", k, box_names[kind], t.rows / t.requests, 100 * t.below / t.rows,
                  100 * t.tiles_of_16 / t.rows, 100 * t.tiles_of_120 / t.rows);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) fail("usage: pruning_bench BUNDLE REQUESTS.jsonl [K]...");
  std::vector<std::size_t> limits;
  for (int i = 3; i < argc; ++i) limits.push_back(static_cast<std::size_t>(std::atoi(argv[i])));
  if (limits.empty()) limits = {10, 20};
  const OpenedSnapshot opened(argv[1]);
  Experiment experiment(opened.pipeline());
  print_heads(opened.pipeline(), experiment);
  // First all of them, for what offers have at best.
  opened.for_each_request(argv[2], SIZE_MAX, [&](Request* request) { experiment.score(request); });
  Tallies tallies;
  opened.for_each_request(argv[2], SIZE_MAX, [&](Request* request) {
    add_request(request, limits, &experiment, &tallies);
  });
  print(tallies);
  std::printf("a corner: %.0f ns per candidate\n", experiment.corner_ns_per_row());
  return 0;
}
