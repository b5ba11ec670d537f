// Texts compared, begun, ended and found in lists, held against std::string at every size from none
// to well over two words, in columns, against one text for all rows, and in lists of both kinds.
#include <algorithm>
#include <random>

#include "core/base/limits.h"
#include "core/expr/text_equality.h"
#include "tests/core/expr/world.h"

namespace guardrank::testing {
namespace {

// Few characters, so that texts share beginnings and ends and differ by one byte anywhere.
struct Drawer {
  std::mt19937 random{20261122};
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); }
  std::string text(std::size_t most) {
    std::string made(below(static_cast<std::uint32_t>(most) + 1), 'a');
    if (!made.empty()) made[below(static_cast<std::uint32_t>(made.size()))] = "ab"[below(2)];
    return made;
  }
};

bool begins(const std::string& text, const std::string& part) {
  return text.compare(0, part.size(), part) == 0 && text.size() >= part.size();
}
bool ends(const std::string& text, const std::string& part) {
  return text.size() >= part.size() &&
         text.compare(text.size() - part.size(), part.size(), part) == 0;
}

// Each text in memory of its own size, so that a sanitizer sees a byte read beyond it.
struct Owned {
  explicit Owned(const std::string& text)
      : bytes(new char[text.size()]), view(bytes.get(), text.size()) {
    std::copy(text.begin(), text.end(), bytes.get());
  }
  std::unique_ptr<char[]> bytes;
  std::string_view view;
};

TEST_CASE("match_texts and equal_texts agree with std::string") {
  Drawer draw;
  for (int round = 0; round < 300; ++round) {
    const Owned part(draw.text(36));
    const std::string wanted(part.view);
    std::vector<Owned> owned;
    std::vector<std::string_view> texts;
    for (int i = 0; i < 40; ++i) {
      // Half of them made of the part itself, that all answers come.
      const std::string other = draw.text(20);
      owned.emplace_back(i % 4 == 0   ? wanted
                         : i % 4 == 1 ? wanted + other
                         : i % 4 == 2 ? other + wanted
                                      : draw.text(36));
      texts.push_back(owned.back().view);
    }
    for (const TextPlace place : {TextPlace::whole, TextPlace::begin, TextPlace::end}) {
      std::uint8_t out[40] = {};
      out[7] = 1;   // what is there stays
      match_texts(texts.data(), 40, {&part.view, 1}, place, out);
      CHECK(out[7] == 1);
      for (std::size_t i = 0; i < 40; ++i) {
        if (i == 7) continue;
        const std::string text(texts[i]);
        const bool holds = place == TextPlace::whole   ? text == wanted
                           : place == TextPlace::begin ? begins(text, wanted)
                                                       : ends(text, wanted);
        CAPTURE(text);
        CAPTURE(wanted);
        CHECK((out[i] != 0) == holds);
        if (place == TextPlace::whole) CHECK(equal_texts(texts[i], part.view) == holds);
      }
    }
  }
}

TEST_CASE("match_texts looks for many parts at once, those of one size together") {
  Drawer draw;
  for (const std::uint32_t n : {0u, 1u, 4u, 5u, 255u, 256u, 257u, 700u}) {
    std::vector<Owned> owned, parts;
    std::vector<std::string_view> texts, views;
    for (std::uint32_t i = 0; i < n; ++i) owned.emplace_back(draw.text(i % 2 == 0 ? 3 : 19));
    for (const Owned& text : owned) texts.push_back(text.view);
    for (int i = 0; i < 9; ++i) parts.emplace_back(draw.text(i < 6 ? 3 : 19));
    for (const Owned& part : parts) views.push_back(part.view);
    std::sort(views.begin(), views.end(), ElementOrder());
    std::vector<std::uint8_t> out(n + 1, 0);
    out[n] = 7;   // behind the last
    match_texts(texts.data(), n, views, TextPlace::whole, out.data());
    for (std::uint32_t i = 0; i < n; ++i)
      CHECK(out[i] == (std::find(views.begin(), views.end(), texts[i]) != views.end() ? 1 : 0));
    CHECK(out[n] == 7);
  }
}

struct Texts : World {
  std::vector<std::string> left, right;
  std::vector<std::vector<std::string>> lists;
  static constexpr std::size_t n = 600;   // more than two tiles

  Texts() {
    Drawer draw;
    ctx("part", FactType::string);
    ctx("held", FactType::string_list);
    offer("left", FactType::string);
    offer("right", FactType::string);
    offer("maybe", FactType::string);
    offer("list", FactType::string_list);
    offer("some", FactType::string_list);
    offer("long", FactType::string_list);
    offer("count", FactType::i64);
    candidates(n);
    set_ctx("part", std::string_view("aab"));
    const std::string_view held[] = {"aab", "", "aaaaaaaaaa"};
    set_list(Namespace::context, 0, "held", held);
    for (std::size_t i = 0; i < n; ++i) {
      left.push_back(draw.text(18));
      right.push_back(draw.below(3) == 0 ? left[i] : draw.text(18));
      lists.emplace_back();
      for (std::uint32_t k = draw.below(5); k > 0; --k) lists[i].push_back(draw.text(4));
    }
    for (std::uint32_t i = 0; i < n; ++i) {
      set_offer(i, "left", std::string_view(left[i]));
      set_offer(i, "right", std::string_view(right[i]));
      if (i % 3 != 0) set_offer(i, "maybe", std::string_view(left[i]));
      const std::vector<std::string_view> views(lists[i].begin(), lists[i].end());
      set_list(Namespace::candidate, i, "list", views);
      set_offer(i, "count", std::int64_t{i % 3});
      if (i % 3 != 0) set_list(Namespace::candidate, i, "some", views);
      std::vector<std::string_view> many(i % 64, "aaaa");   // more than 16 on average
      many.insert(many.end(), views.begin(), views.end());
      set_list(Namespace::candidate, i, "long", many);
    }
    open();
  }

  void set_list(Namespace space, std::uint32_t row, std::string_view name,
                std::span<const std::string_view> texts) {
    Value value;
    value.type = FactType::string_list;
    value.is_missing = false;
    value.strings = texts;
    const std::uint32_t fact = facts.find(space, name);
    REQUIRE((space == Namespace::context ? request().set_context(fact, value, &error)
                                         : request().set_candidate(row, fact, value, &error)) ==
            Status::ok);
  }

  template <typename Expected>
  void check(std::string_view source, Expected expected) {
    CAPTURE(source);
    Program program;
    REQUIRE(compile(source, ExprType::boolean, &program) == Status::ok);
    EvaluatedColumn column;
    REQUIRE(evaluate(program, &frame, &column) == Status::ok);
    for (std::uint32_t i = 0; i < n; ++i) {
      CAPTURE(i);
      CHECK(text(column, i) == std::string(expected(i) ? "true" : "false"));
    }
  }
  bool is_in(const std::string& text, std::size_t row) const {
    return std::find(lists[row].begin(), lists[row].end(), text) != lists[row].end();
  }
};

TEST_CASE("columns of texts against columns, one text, and lists") {
  Texts t;
  t.check("offer.left == offer.right", [&](auto i) { return t.left[i] == t.right[i]; });
  t.check("offer.left != offer.right", [&](auto i) { return t.left[i] != t.right[i]; });
  t.check("offer.left < offer.right", [&](auto i) { return t.left[i] < t.right[i]; });
  t.check("offer.left == 'aab'", [&](auto i) { return t.left[i] == "aab"; });
  t.check("ctx.part != offer.left", [&](auto i) { return t.left[i] != "aab"; });
  t.check("offer.left == ''", [&](auto i) { return t.left[i].empty(); });
  t.check("offer.left.startsWith(offer.right)",
          [&](auto i) { return begins(t.left[i], t.right[i]); });
  t.check("offer.left.endsWith(offer.right)", [&](auto i) { return ends(t.left[i], t.right[i]); });
  t.check("offer.left.startsWith('aab')", [&](auto i) { return begins(t.left[i], "aab"); });
  t.check("offer.left.endsWith(ctx.part)", [&](auto i) { return ends(t.left[i], "aab"); });
  t.check("offer.left in ['aab', 'b', '', 'aaaaaaaaaa']", [&](auto i) {
    return t.left[i] == "aab" || t.left[i] == "b" || t.left[i].empty() || t.left[i] == "aaaaaaaaaa";
  });
  t.check("offer.left in ctx.held", [&](auto i) {
    return t.left[i] == "aab" || t.left[i].empty() || t.left[i] == "aaaaaaaaaa";
  });
  t.check("ctx.part in offer.list", [&](auto i) { return t.is_in("aab", i); });
  t.check("offer.left in offer.list", [&](auto i) { return t.is_in(t.left[i], i); });
  t.check("offer.left in [offer.right, 'b', ctx.part]", [&](auto i) {
    return t.left[i] == t.right[i] || t.left[i] == "b" || t.left[i] == "aab";
  });
  t.check("offer.list.exists(x, x == offer.left)", [&](auto i) { return t.is_in(t.left[i], i); });
  t.check("offer.list.all(x, x != ctx.part)", [&](auto i) { return !t.is_in("aab", i); });
  t.check("offer.list.exists_one(x, x == 'b')", [&](auto i) {
    return std::count(t.lists[i].begin(), t.lists[i].end(), "b") == 1;
  });
  t.check("offer.list.exists(x, offer.list.exists_one(y, y == x))", [&](auto i) {
    return std::any_of(t.lists[i].begin(), t.lists[i].end(), [&](const std::string& x) {
      return std::count(t.lists[i].begin(), t.lists[i].end(), x) == 1;
    });
  });
  t.check("offer.list.filter(x, x in ctx.held).size() > 0", [&](auto i) {
    return t.is_in("aab", i) || t.is_in("", i);
  });
}

TEST_CASE("many literals, long lists") {
  Texts t;
  std::string source = "offer.left in [''";
  std::vector<std::string> wanted{""};
  for (std::size_t i = 0; i < 40; ++i) wanted.push_back(t.left[i * 7]);
  for (const std::string& one : wanted) source += ", '" + one + "'";
  t.check(source + "]", [&](auto i) {
    return std::find(wanted.begin(), wanted.end(), t.left[i]) != wanted.end();
  });
  t.check("ctx.part in offer.long", [&](auto i) { return t.is_in("aab", i); });
  t.check("offer.long.exists(x, x == 'aab')", [&](auto i) { return t.is_in("aab", i); });
  t.check("offer.long.exists(x, x == 'aaaa')",
          [&](auto i) { return i % 64 != 0 || t.is_in("aaaa", i); });
  t.check("offer.long.all(x, x == 'aaaa')", [&](auto i) {
    return std::all_of(t.lists[i].begin(), t.lists[i].end(),
                       [](const std::string& x) { return x == "aaaa"; });
  });
}

TEST_CASE("a missing text is unknown wherever it stands, and hidden where the other side decides") {
  Texts t;
  const auto is_missing = [](std::uint32_t i) { return i % 3 == 0; };
  const auto states = [&](std::string_view source, auto expected) {
    Program program;
    REQUIRE(t.compile(source, ExprType::boolean, &program) == Status::ok);
    EvaluatedColumn column;
    REQUIRE(evaluate(program, &t.frame, &column) == Status::ok);
    CAPTURE(source);
    for (std::uint32_t i = 0; i < Texts::n; ++i) {
      CAPTURE(i);
      CHECK(t.text(column, i) == std::string(expected(i)));
    }
  };
  const char* unknown = "unknown offer.maybe";
  for (const char* source : {"offer.maybe == offer.left", "offer.left == offer.maybe",
                             "offer.maybe.startsWith(offer.left)", "offer.maybe in [offer.left]"})
    states(source, [&](auto i) { return is_missing(i) ? unknown : "true"; });
  states("offer.maybe == offer.left || ctx.part == 'aab'", [](auto) { return "true"; });
  states("offer.maybe != offer.left || offer.left == 'aab'", [&](auto i) {
    return t.left[i] == "aab" ? "true" : is_missing(i) ? unknown : "false";
  });
  states("offer.maybe == offer.left && 1 / (size(offer.left) - size(offer.maybe)) > 0",
         [&](auto i) { return is_missing(i) ? unknown : "zero"; });
  const auto answer = [](bool holds) { return holds ? "true" : "false"; };
  states("offer.list.exists(x, x == offer.maybe)", [&](auto i) {
    return is_missing(i) && !t.lists[i].empty() ? unknown
                                                : answer(!is_missing(i) && t.is_in(t.left[i], i));
  });
  states("offer.list.exists(x, x == offer.maybe || x == 'b')", [&](auto i) {
    if (t.is_in("b", i) || t.lists[i].empty()) return answer(t.is_in("b", i));
    return is_missing(i) ? unknown : answer(t.is_in(t.left[i], i));
  });
  // An error, unlike an unknown, comes from what has a value.
  states("offer.list.all(x, x == 'b' || 10 / offer.count > 5)", [&](auto i) {
    const auto others = t.lists[i].size() - std::count(t.lists[i].begin(), t.lists[i].end(), "b");
    return others == 0 ? "true" : i % 3 == 0 ? "zero" : answer(i % 3 == 1);
  });
  for (const char* source : {"ctx.part in offer.some", "offer.some.exists(x, x == 'aab')"})
    states(source, [&](auto i) {
      return is_missing(i) ? "unknown offer.some" : answer(t.is_in("aab", i));
    });
}

// Without it the elements behind the first would use up what all rows together may take.
TEST_CASE("exists and all stop at a chunk that decides") {
  World w;
  w.ctx("words", FactType::string_list);
  w.ctx("part", FactType::string);
  w.offer("hit", FactType::string);
  w.candidates(1100);
  const std::string heavy(limits::string_bytes, 'x'), part(1100, 'x');
  std::vector<std::string_view> words(301, "light");
  words[0] = "hit";
  words[300] = heavy;
  Value list;
  list.type = FactType::string_list;
  list.is_missing = false;
  list.strings = words;
  REQUIRE(w.request().set_context(w.facts.find(Namespace::context, "words"), list, &w.error) ==
          Status::ok);
  w.set_ctx("part", std::string_view(part));
  for (std::uint32_t i = 0; i < 1100; ++i) w.set_offer(i, "hit", std::string_view("hit"));
  w.open();
  REQUIRE(std::uint64_t{limits::string_bytes} * 1100 / 64 > limits::evaluation_row_steps);
  REQUIRE(1100 * limits::evaluation_row_steps > limits::evaluation_steps);
  Program program;
  EvaluatedColumn column;
  REQUIRE(w.compile("ctx.words.exists(x, x == offer.hit || x.contains(ctx.part))",
                    ExprType::boolean, &program) == Status::ok);
  REQUIRE(evaluate(program, &w.frame, &column) == Status::ok);
  for (std::uint32_t i = 0; i < 1100; ++i) CHECK(w.text(column, i) == "true");
  REQUIRE(w.compile("ctx.words.all(x, x != offer.hit && !x.contains(ctx.part))",
                    ExprType::boolean, &program) == Status::ok);
  REQUIRE(evaluate(program, &w.frame, &column) == Status::ok);
  for (std::uint32_t i = 0; i < 1100; ++i) CHECK(w.text(column, i) == "false");
  REQUIRE(w.compile("ctx.words.exists(x, x == offer.hit + '!' || x.contains(ctx.part))",
                    ExprType::boolean, &program) == Status::ok);
  CHECK(evaluate(program, &w.frame, &column) == Status::limit);
}

}  // namespace
}  // namespace guardrank::testing
