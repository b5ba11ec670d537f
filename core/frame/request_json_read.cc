#include "core/base/json.h"
#include "core/base/limits.h"
#include "core/frame/fact_path.h"
#include "core/frame/given_rows.h"
#include "core/frame/json_value.h"
#include "core/frame/request.h"
#include "core/frame/request_json_head.h"
#include "core/frame/value_check.h"

namespace guardrank {

namespace {

class RequestReader {
 public:
  RequestReader(Request* request, Error* error) : request_(request), error_(error) {}

  Status read(std::string_view text);

 private:
  Status read_member(const JsonValue& member);
  Status read_context();
  Status read_offers();
  Status read_offer(const JsonValue& candidate, std::uint32_t row, std::string_view* offer);
  Status refuse_offer(const JsonValue& candidate, const JsonValue* id, std::uint32_t row);
  Status read_candidate_facts();
  Status read_row(const JsonValue& facts, Namespace space, std::uint32_t row);
  Status read_lists(std::uint32_t fact);
  Status open_lists(std::uint32_t fact, std::span<std::uint32_t>* offsets,
                    std::span<std::string_view>* elements);


  Request* request_;
  Error* error_;
  const JsonValue* root_ = nullptr;
  const JsonValue* context_ = nullptr;
  const JsonValue* candidates_ = nullptr;
  std::span<std::uint8_t> has_lists_;   // by fact: some candidate gives this list
  bool has_time_ = false;
};

Status RequestReader::read(std::string_view text) {
  if (text.size() > limits::request_json_bytes) {
    return error_->over_limit("request", limits::request_json_bytes,
                              " bytes (limits::request_json_bytes)", text.size());
  }
  GUARDRANK_TRY(parse_json(text, &request_->arena(), &root_, error_));
  if (root_->type != JsonType::object) {
    return wrong_type("request", "an object", root_->type, error_);
  }
  for (const JsonValue* member = root_->first; member != nullptr; member = member->next) {
    GUARDRANK_TRY(read_member(*member));
  }
  if (!has_time_) return error_->wanted(Status::missing, "time", {"an RFC 3339 time"}, {"nothing"});
  GUARDRANK_TRY(read_context());
  GUARDRANK_TRY(read_offers());
  return read_candidate_facts();
}

// The members that stand for themselves are read at once; the others wait for their order.
Status RequestReader::read_member(const JsonValue& member) {
  bool is_known = false;
  GUARDRANK_TRY(read_request_head(member, request_, &is_known, &has_time_, error_));
  if (is_known) return Status::ok;
  const bool is_context = member.key == "context";
  const bool is_candidates = member.key == "candidates";
  if (!is_context && !is_candidates) {
    return member.key.starts_with("x-") ? Status::ok
                                        : unknown_member("request", member.key, error_);
  }
  if (member.type == JsonType::null) return Status::ok;
  if (is_context && member.type != JsonType::object) {
    return wrong_type("context", "an object", member.type, error_);
  }
  if (is_candidates && member.type != JsonType::array) {
    return wrong_type("candidates", "an array", member.type, error_);
  }
  (is_context ? context_ : candidates_) = &member;
  return Status::ok;
}

Status RequestReader::read_context() {
  if (context_ == nullptr) return Status::ok;
  const FactTable& facts = request_->facts();
  for (const JsonValue* given = context_->first; given != nullptr; given = given->next) {
    const std::uint32_t fact = facts.find(Namespace::context, given->key);
    if (fact == no_fact) continue;
    Value value;
    GUARDRANK_TRY(json_value(facts[fact], 0, *given, &request_->arena(), &value, error_));
    GUARDRANK_TRY(request_->set_context(fact, value, error_));
  }
  return Status::ok;
}

Status RequestReader::read_offers() {
  if (candidates_ == nullptr) return request_->set_whole_catalog(error_);
  GUARDRANK_TRY(check_candidate_count(candidates_->n_children, error_));
  std::span<std::string_view> offers;
  if (request_->arena().make(candidates_->n_children, &offers) != Status::ok) {
    return error_->no_memory("candidates");
  }
  std::uint32_t row = 0;
  for (const JsonValue* given = candidates_->first; given != nullptr; given = given->next) {
    GUARDRANK_TRY(read_offer(*given, row, &offers[row]));
    ++row;
  }
  return request_->set_candidates(offers, error_);
}

bool may_stand_beside_offer(const JsonValue& member) {
  return (member.key == "facts" || member.key == "pair") &&
         (member.type == JsonType::object || member.type == JsonType::null);
}

// The candidate's id; also checks that nothing unknown stands beside it. Its place is written only
// where it is refused.
Status RequestReader::read_offer(const JsonValue& candidate, std::uint32_t row,
                                 std::string_view* offer) {
  const JsonValue* id = nullptr;
  bool is_good = candidate.type == JsonType::object;
  for (const JsonValue* member = candidate.first; member != nullptr; member = member->next) {
    if (member->key == "offer") id = member;
    else is_good = is_good && may_stand_beside_offer(*member);
  }
  if (!is_good || id == nullptr || id->type != JsonType::string)
    return refuse_offer(candidate, id, row);
  *offer = id->text;
  return Status::ok;
}

Status RequestReader::refuse_offer(const JsonValue& candidate, const JsonValue* id,
                                   std::uint32_t row) {
  const FactPath where{"candidates[", row, "]"};
  if (candidate.type != JsonType::object) {
    return wrong_type(where.view(), "an object", candidate.type, error_);
  }
  for (const JsonValue* member = candidate.first; member != nullptr; member = member->next) {
    if (member == id || may_stand_beside_offer(*member)) continue;
    if (member->key != "facts" && member->key != "pair") {
      return unknown_member(where.view(), member->key, error_);
    }
    const FactPath path{where.view(), ".", member->key};
    return wrong_type(path.view(), "an object", member->type, error_);
  }
  const FactPath path{where.view(), ".offer"};
  if (id == nullptr || id->type == JsonType::null) {
    return error_->wanted(Status::missing, path.view(), {"an offer id"}, {"nothing"});
  }
  return wrong_type(path.view(), "a string", id->type, error_);
}

Status RequestReader::read_candidate_facts() {
  if (candidates_ == nullptr) return Status::ok;
  const std::uint32_t n_facts = request_->facts().size();
  if (request_->arena().make(n_facts, &has_lists_) != Status::ok) {
    return error_->no_memory("candidates");
  }
  std::uint32_t row = 0;
  for (const JsonValue* given = candidates_->first; given != nullptr; given = given->next) {
    if (const JsonValue* facts = given->member("facts"); facts != nullptr) {
      GUARDRANK_TRY(read_row(*facts, Namespace::candidate, row));
    }
    if (const JsonValue* pair = given->member("pair"); pair != nullptr) {
      GUARDRANK_TRY(read_row(*pair, Namespace::pair, row));
    }
    ++row;
  }
  for (std::uint32_t fact = 0; fact < n_facts; ++fact) {
    if (has_lists_[fact] != 0) GUARDRANK_TRY(read_lists(fact));
  }
  return Status::ok;
}

Status RequestReader::read_row(const JsonValue& given, Namespace space, std::uint32_t row) {
  const FactTable& facts = request_->facts();
  for (const JsonValue* member = given.first; member != nullptr; member = member->next) {
    const std::uint32_t fact = facts.find(space, member->key);
    if (fact == no_fact) continue;
    if (member->type == JsonType::null) continue;
    Value value;
    if (facts[fact].type == FactType::string_list) {
      // Written row by row, lists would cost a pass over all rows each: they wait for `read_lists`,
      // and only leave to give them is asked here.
      has_lists_[fact] = 1;
    } else {
      GUARDRANK_TRY(json_value(facts[fact], row, *member, &request_->arena(), &value, error_));
    }
    GUARDRANK_TRY(space == Namespace::candidate
                      ? request_->set_candidate(row, fact, value, error_)
                      : request_->set_pair(row, fact, value, error_));
  }
  return Status::ok;
}

// The list that a candidate gives for a fact, or null.
const JsonValue* list_of(const JsonValue& candidate, const Fact& fact) {
  const JsonValue* group =
      candidate.member(fact.space == Namespace::candidate ? "facts" : "pair");
  const JsonValue* list = group == nullptr ? nullptr : group->member(fact.name);
  return list == nullptr || list->type == JsonType::null ? nullptr : list;
}

// Counts before it takes memory.
Status RequestReader::open_lists(std::uint32_t fact, std::span<std::uint32_t>* offsets,
                                 std::span<std::string_view>* elements) {
  const Fact& known = request_->facts()[fact];
  std::size_t total = 0;
  std::uint32_t row = 0;
  for (const JsonValue* given = candidates_->first; given != nullptr; given = given->next) {
    const JsonValue* list = list_of(*given, known);
    if (list != nullptr && list->type != JsonType::array) {
      return wrong_type(fact_path(known, row).view(), wanted_name(known.type), list->type, error_);
    }
    if (list != nullptr) total += list->n_children;
    ++row;
  }
  if (request_->arena().make(std::size_t{row} + 1, offsets) != Status::ok ||
      request_->arena().make(total, elements) != Status::ok) {
    return error_->no_memory("candidates");
  }
  return Status::ok;
}

Status RequestReader::read_lists(std::uint32_t fact) {
  const Fact& known = request_->facts()[fact];
  std::span<std::uint32_t> offsets;
  std::span<std::string_view> elements;
  std::span<std::uint8_t> present;
  Arena& arena = request_->arena();
  GUARDRANK_TRY(open_lists(fact, &offsets, &elements));
  if (arena.make(offsets.size() - 1, &present) != Status::ok) {
    return error_->no_memory("candidates");
  }
  std::uint32_t row = 0;
  std::uint32_t n = 0;
  for (const JsonValue* given = candidates_->first; given != nullptr; given = given->next) {
    Value value;
    if (const JsonValue* list = list_of(*given, known); list != nullptr) {
      GUARDRANK_TRY(json_value(known, row, *list, &arena, &value, error_));
      present[row] = 1;
    }
    for (const std::string_view text : value.strings) {
      if (copy_text(text, &arena, &elements[n++]) != Status::ok) {
        return error_->no_memory("candidates");
      }
    }
    offsets[++row] = n;
  }
  Column column;
  column.type = FactType::string_list;
  column.n_rows = row;
  column.present = present.data();
  column.strings = elements.data();
  column.list_offsets = offsets.data();
  return request_->set_column(fact, column, error_);
}

}  // namespace

Status read_request_json(std::string_view text, Request* request, Error* error) {
  request->reset();
  const Status status = RequestReader(request, error).read(text);
  if (status != Status::ok) request->reset();
  return status;
}

}  // namespace guardrank
