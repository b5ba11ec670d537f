// Logits to probabilities: sampling correction, calibrator per head and segment, reach.
#pragma once

#include <cstdint>
#include <span>

#include "core/artifact/model.h"
#include "core/frame/exclusion.h"
#include "core/frame/frame.h"

namespace guardrank {

// corrected = logit + ln(rate) [when corrected for] - ln(positive weight).
double correct_logit(const Head& head, double logit);
void correct_logits(const Head& head, std::span<const float> logits, std::span<double> corrected);
// Probability of the calibrated, corrected logit z.
double calibrate(const Calibrator& calibrator, double z);
// The head's own calibrator mixed with a segment's: weight n / (n + kappa) on the segment, in the
// logit, or in p where either is isotonic.
double calibrate_segment(const Calibrator& own, const SegmentCalibrator& segment, double kappa,
                         double z);
// Either for every row; `segment` may be null. The same bits, sooner.
void calibrate_rows(const Calibrator& own, const SegmentCalibrator* segment, double kappa,
                    std::span<const double> z, std::span<double> probabilities);
// exp(mu + log_sigma^2 / 2) * ratio.
double expected_amount(const Head& head, double mu);

struct HeadFacts {
  std::uint32_t probability = no_fact, reach = no_fact, value = no_fact;
  std::uint32_t segment = no_fact;           // context fact that picks the segment
};

struct CalibrationPlan {
  std::span<const Head> heads;
  std::span<const HeadFacts> facts;
};

// Adds p.<head> and reach.<head> of probability heads, value.<head> of value heads, and the
// segment fields, all usable in expressions.
Status add_calibration_facts(std::span<const Head> heads, FactTable* facts, Error* error);
Status prepare_calibration(std::span<const Head> heads, const FactTable& facts, Arena* arena,
                           CalibrationPlan* plan, Error* error);

// What one request got, by head and row; explanation and record read it.
struct HeadOutcome {
  std::span<const float> logit;
  std::span<const double> corrected;         // probability heads
  std::span<const double> probability;       // or the expected amount of a value head
  std::span<const double> reach;             // probability heads
};

// Reads frame->logits, sets the p, reach and value columns. A candidate with a logit that is not
// finite is excluded (ReasonKind::probability). `outcomes`: one per head, over the rows kept.
Status apply_calibration(const CalibrationPlan& plan, Frame* frame, ExclusionList* exclusions,
                         std::span<HeadOutcome>* outcomes);
// Sets the p, reach and value columns of a frame whose rows are the outcomes'.
void set_outcomes(const CalibrationPlan& plan, std::span<const HeadOutcome> outcomes,
                  Frame* frame);

}  // namespace guardrank
