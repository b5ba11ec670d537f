// A release as a document that steps change, and as the artifact that readers get.
#pragma once

#include <string>
#include <vector>

#include "models/pack/artifact/writers.h"
#include "models/publish/canonical_json.h"

namespace guardrank::publish {

// {"name", "version", "created", "minimum_engine", "routes": [{"product", ..., "arm", "stage", "weight",
// "tier", "salt", "fallback", "model", "policy", "catalog"}], "blobs": [{"id", "bytes", "chunks"}]}.
// Ids are hexadecimal.
Json read_release(std::string_view artifact);
// Opened again, so that it holds what a reader checks. Throws PackError.
pack::AlignedBytes write_release(const Json& document);

// Routes as they are given (README.md), completed from the release's own stage, weight, fallback,
// salt and tier. Ids of artifacts are still to come.
std::vector<Json> read_routes(const Json& given, const Json& release);
// What holds between routes: weights are shares, and no two would serve the same units.
void check_routes(const Json& routes);

// Throws where a fallback names no release, or a chain is longer than readers follow, or returns.
// `documents`: of every release of the origin, as it will be.
void check_fallbacks(const std::vector<Json>& documents);

// Gives routes a share of traffic: those that are for the same requests divide it in proportion to their
// weights, equally where these are all 0.
void share_traffic(double weight, const std::vector<Json*>& routes);
// The share that a release's experiment has of a route's requests, all its arms together; else the route's weight.
double traffic_of(const Json& document, const Json& route);

// A text for each set of requests where the experiments of the first document take, with those of the
// others, more than all traffic. Which of them a reader joins is its own affair, so that is no error:
// one that joins them all gives the last, by salt, what is left.
std::vector<std::string> find_crowded(const std::vector<Json>& documents);

// Throws where it is none of offline, shadow, canary, ab, full; else its place among them.
int stage_rank(const std::string& stage);
// Whether its routes take the share of traffic that they say: canary, ab.
bool is_experiment_stage(const std::string& stage);

}  // namespace guardrank::publish
