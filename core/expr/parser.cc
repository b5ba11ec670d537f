#include "core/expr/parser.h"

#include "core/base/limits.h"
#include "core/base/slice.h"
#include "core/expr/constants.h"
#include "core/expr/lexer.h"
#include "core/expr/literal.h"

namespace guardrank {
namespace {

struct BinaryOperator {
  TokenKind token;
  int level;               // of precedence: higher binds closer; all are left associative
  Function function;
};
constexpr BinaryOperator binary_operators[] = {
    {TokenKind::or_or, 1, Function::logical_or},
    {TokenKind::and_and, 2, Function::logical_and},
    {TokenKind::equal_equal, 3, Function::equal},
    {TokenKind::bang_equal, 3, Function::not_equal},
    {TokenKind::less, 3, Function::less},
    {TokenKind::less_equal, 3, Function::less_equal},
    {TokenKind::greater, 3, Function::greater},
    {TokenKind::greater_equal, 3, Function::greater_equal},
    {TokenKind::in_word, 3, Function::in},
    {TokenKind::plus, 4, Function::add},
    {TokenKind::minus, 4, Function::subtract},
    {TokenKind::star, 5, Function::multiply},
    {TokenKind::slash, 5, Function::divide},
    {TokenKind::percent, 5, Function::modulo},
};

const BinaryOperator* find_operator(TokenKind token) {
  for (const BinaryOperator& candidate : binary_operators)
    if (candidate.token == token) return &candidate;
  return nullptr;
}

struct NamedMacro {
  std::string_view name;
  Macro macro;
  std::uint32_t n_most;      // children: range, body, and what map makes
};
constexpr NamedMacro macros[] = {{"all", Macro::all, 2},       {"exists", Macro::exists, 2},
                                 {"exists_one", Macro::exists_one, 2},
                                 {"map", Macro::map, 3},       {"filter", Macro::filter, 2}};

// A node is made by an operand, an operator, a name or an opening bracket, each at most once.
bool makes_node(TokenKind kind) {
  switch (kind) {
    case TokenKind::end: case TokenKind::bad: case TokenKind::dot: case TokenKind::comma:
    case TokenKind::colon: case TokenKind::open_parenthesis: case TokenKind::close_parenthesis:
    case TokenKind::close_bracket: case TokenKind::close_brace: return false;
    default: return true;
  }
}

class Parser {
 public:
  Parser(const Diagnostic& diagnostic, const ExpressionScope& names, Arena* arena,
         std::span<Node> nodes)
      : diagnostic_(diagnostic), names_(names), arena_(arena), nodes_(nodes),
        lexer_(diagnostic.source) {}

  Status parse(SyntaxTree* tree) {
    GUARDRANK_TRY(advance());
    std::uint32_t root = no_node;
    GUARDRANK_TRY(conditional(&root));
    if (token_.kind != TokenKind::end) return unexpected("an operator or the end");
    tree->nodes = nodes_.subspan(0, n_nodes_);
    tree->n_macros = n_macros_;
    return Status::ok;
  }

 private:
  // Counts one level of nesting for as long as it lives.
  struct Level {
    explicit Level(std::uint32_t* depth) : depth_(depth) { ++*depth_; }
    ~Level() { --*depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;
    bool is_too_deep() const { return *depth_ > limits::expression_depth; }
    std::uint32_t* depth_;
  };

  Status too_deep() {
    return diagnostic_.report(Status::limit, token_.offset,
                              {"nested deeper than ", limits::expression_depth, " levels"});
  }

  Status advance() {
    token_ = lexer_.next();
    if (token_.kind != TokenKind::bad) return Status::ok;
    return diagnostic_.report(Status::parse, lexer_.problem_offset(), {lexer_.problem()});
  }

  Status unexpected(std::string_view wanted) {
    const bool shows_text = token_.kind == TokenKind::identifier ||
                            token_.kind == TokenKind::quoted_name ||
                            token_.kind == TokenKind::reserved_word;
    const std::string_view found =
        shows_text ? clipped(token_.text) : token_kind_text(token_.kind);
    const std::string_view mark = token_.kind == TokenKind::end ? "" : "'";
    if (token_.kind == TokenKind::reserved_word)
      return diagnostic_.report(Status::parse, token_.offset,
                                {"'", found, "' is reserved and cannot be a name"});
    return diagnostic_.report(Status::parse, token_.offset,
                              {"wanted ", wanted, ", found ", mark, found, mark});
  }

  Status expect(TokenKind kind) {
    if (token_.kind == kind) return advance();
    const Text<16> wanted({"'", token_kind_text(kind), "'"});
    return unexpected(wanted);
  }

  // Out of line: a node has many members.
  static Node node_of(NodeKind kind, std::uint32_t offset) {
    Node node;
    node.kind = kind;
    node.offset = offset;
    return node;
  }

  Status add_node(const Node& node, std::uint32_t* ordinal) {
    if (n_nodes_ >= limits::expression_nodes)
      return diagnostic_.report(Status::limit, node.offset,
                                {"more than ", limits::expression_nodes, " parts"});
    if (n_nodes_ >= nodes_.size()) return Status::internal;
    nodes_[n_nodes_] = node;
    *ordinal = n_nodes_++;
    return Status::ok;
  }

  // A node over operands that stand already.
  Status add_parent(NodeKind kind, Function function, std::uint32_t offset,
                    std::initializer_list<std::uint32_t> children, std::uint32_t* ordinal) {
    Node node = node_of(kind, offset);
    node.function = function;
    node.n_children = static_cast<std::uint32_t>(children.size());
    std::uint32_t* link = &node.first_child;
    for (const std::uint32_t child : children) {
      *link = child;
      link = &nodes_[child].next_sibling;
    }
    return add_node(node, ordinal);
  }

  Status conditional(std::uint32_t* result) {
    const Level level(&depth_);
    if (level.is_too_deep()) return too_deep();
    GUARDRANK_TRY(binary(1, result));
    if (token_.kind != TokenKind::question) return Status::ok;
    const std::uint32_t offset = token_.offset;
    GUARDRANK_TRY(advance());
    std::uint32_t first = no_node, second = no_node;
    GUARDRANK_TRY(binary(1, &first));
    GUARDRANK_TRY(expect(TokenKind::colon));
    GUARDRANK_TRY(conditional(&second));
    return add_parent(NodeKind::conditional, Function::none, offset, {*result, first, second},
                      result);
  }

  // Precedence climbing: operators of at least this level, repeated ones from the left.
  Status binary(int level, std::uint32_t* result) {
    GUARDRANK_TRY(unary(result));
    for (;;) {
      const BinaryOperator* found = find_operator(token_.kind);
      if (found == nullptr || found->level < level) return Status::ok;
      const std::uint32_t offset = token_.offset;
      GUARDRANK_TRY(advance());
      std::uint32_t right = no_node;
      GUARDRANK_TRY(binary(found->level + 1, &right));
      GUARDRANK_TRY(add_parent(NodeKind::call, found->function, offset, {*result, right}, result));
    }
  }

  Status unary(std::uint32_t* result) {
    if (token_.kind != TokenKind::bang && token_.kind != TokenKind::minus) return member(result);
    const Level level(&depth_);
    if (level.is_too_deep()) return too_deep();
    const Token sign = token_;
    GUARDRANK_TRY(advance());
    if (sign.kind == TokenKind::minus &&
        (token_.kind == TokenKind::integer || token_.kind == TokenKind::number))
      return literal(true, sign.offset, result);   // so that the least int can be written
    GUARDRANK_TRY(unary(result));
    const Function function =
        sign.kind == TokenKind::bang ? Function::logical_not : Function::negate;
    return add_parent(NodeKind::call, function, sign.offset, {*result}, result);
  }

  Status member(std::uint32_t* result) {
    GUARDRANK_TRY(primary(result));
    for (;;) {
      switch (token_.kind) {
        case TokenKind::open_brace:
          return diagnostic_.report(Status::parse, token_.offset,
                                    {"messages are not part of this language"});
        case TokenKind::open_bracket: GUARDRANK_TRY(index(result)); break;
        case TokenKind::dot: GUARDRANK_TRY(field(result)); break;
        default: return Status::ok;
      }
    }
  }

  Status index(std::uint32_t* result) {
    const std::uint32_t offset = token_.offset;
    GUARDRANK_TRY(advance());
    std::uint32_t at = no_node;
    GUARDRANK_TRY(conditional(&at));
    GUARDRANK_TRY(expect(TokenKind::close_bracket));
    return add_parent(NodeKind::call, Function::index, offset, {*result, at}, result);
  }

  // `ctx.age` is one name; a field of anything else is a select.
  Status field(std::uint32_t* result) {
    GUARDRANK_TRY(advance());
    if (token_.kind != TokenKind::identifier && token_.kind != TokenKind::reserved_word &&
        token_.kind != TokenKind::quoted_name)
      return unexpected("a name after '.'");
    const Token name = token_;
    GUARDRANK_TRY(advance());
    if (token_.kind == TokenKind::open_parenthesis) return call(name, *result, result);
    Node& operand = nodes_[*result];
    if (operand.kind == NodeKind::name && operand.qualifier.empty()) {
      operand.qualifier = operand.name;
      operand.name = name.text;
      return Status::ok;
    }
    GUARDRANK_TRY(add_parent(NodeKind::select, Function::none, name.offset, {*result}, result));
    nodes_[*result].name = name.text;
    return Status::ok;
  }

  Status primary(std::uint32_t* result) {
    const Token token = token_;
    switch (token.kind) {
      case TokenKind::open_parenthesis:
        GUARDRANK_TRY(advance());
        GUARDRANK_TRY(conditional(result));
        return expect(TokenKind::close_parenthesis);
      case TokenKind::open_bracket: return list(result);
      case TokenKind::open_brace: return map(result);
      case TokenKind::dot:
        GUARDRANK_TRY(advance());
        if (token_.kind != TokenKind::identifier) return unexpected("a name after '.'");
        return name(true, result);
      case TokenKind::identifier: return name(false, result);
      default: return literal(false, token.offset, result);
    }
  }

  // `is_absolute`: after a dot, which means no macro's variable and no container.
  Status name(bool is_absolute, std::uint32_t* result) {
    const Token token = token_;
    GUARDRANK_TRY(advance());
    if (token_.kind == TokenKind::open_parenthesis) return call(token, no_node, result);
    Node node = node_of(NodeKind::name, token.offset);
    node.name = token.text;
    for (MacroScope* scope = is_absolute ? nullptr : scope_; scope != nullptr;
         scope = scope->enclosing) {
      if (scope->variable != token.text) continue;
      node.kind = NodeKind::variable;
      node.scope = scope;
      return add_node(node, result);
    }
    find_constant(is_absolute, token, &node);
    return add_node(node, result);
  }

  // The longest dotted name that stands for a value; moves behind it.
  void find_constant(bool is_absolute, const Token& first, Node* node) {
    Lexer lexer = lexer_;
    Token token = token_;
    std::size_t size = first.text.size();
    for (;;) {
      const std::string_view path = slice(diagnostic_.source, first.offset, size);
      if (find_named_constant(names_, is_absolute, path, node)) {
        lexer_ = lexer;
        token_ = token;
      }
      // Without constants only the names of CEL's own types have dots.
      const bool may_go_on = !names_.constants.empty() || first.text == "google";
      if (token.kind != TokenKind::dot || !may_go_on) return;
      const Token next = lexer.next();
      if (next.kind != TokenKind::identifier) return;
      token = lexer.next();
      if (token.kind == TokenKind::open_parenthesis || token.kind == TokenKind::bad) return;
      size = next.offset + next.text.size() - first.offset;
    }
  }

  // Expressions up to `close`, linked under `parent`; a list may end with a comma.
  Status arguments(TokenKind close, bool may_end_with_comma, Node* parent) {
    std::uint32_t last = parent->first_child;
    while (token_.kind != close) {
      std::uint32_t argument = no_node;
      GUARDRANK_TRY(conditional(&argument));
      (last == no_node ? parent->first_child : nodes_[last].next_sibling) = argument;
      last = argument;
      ++parent->n_children;
      if (token_.kind != TokenKind::comma) break;
      GUARDRANK_TRY(advance());
      if (token_.kind == close && !may_end_with_comma) return unexpected("an argument");
    }
    return expect(close);
  }

  Status list(std::uint32_t* result) {
    Node node = node_of(NodeKind::list, token_.offset);
    GUARDRANK_TRY(advance());
    GUARDRANK_TRY(arguments(TokenKind::close_bracket, true, &node));
    return add_node(node, result);
  }

  Status map(std::uint32_t* result) {
    Node node = node_of(NodeKind::map, token_.offset);
    std::uint32_t last = no_node;
    do {
      GUARDRANK_TRY(advance());
      if (token_.kind == TokenKind::close_brace) break;
      for (const bool is_key : {true, false}) {
        std::uint32_t part = no_node;
        GUARDRANK_TRY(conditional(&part));
        (last == no_node ? node.first_child : nodes_[last].next_sibling) = part;
        last = part;
        ++node.n_children;
        if (is_key) GUARDRANK_TRY(expect(TokenKind::colon));
      }
    } while (token_.kind == TokenKind::comma);
    GUARDRANK_TRY(expect(TokenKind::close_brace));
    return add_node(node, result);
  }

  Status call(const Token& function, std::uint32_t target, std::uint32_t* result) {
    Node node = node_of(NodeKind::call, function.offset);
    node.name = function.text;
    const bool is_member = target != no_node;
    if (is_member) {
      node.first_child = target;
      node.n_children = 1;
      for (const NamedMacro& macro : macros)
        if (macro.name == function.text) return macro_call(macro, &node, result);
    }
    GUARDRANK_TRY(advance());
    GUARDRANK_TRY(arguments(TokenKind::close_parenthesis, false, &node));
    if (!is_member && node.name == "has") return presence_test(node, result);
    const NamedFunction* found = find_function(node.name);
    if (found != nullptr && (is_member ? found->is_member : found->is_global))
      node.function = found->function;
    return add_node(node, result);
  }

  // Whether the parenthesis ahead opens "(name, ...".
  bool has_variable_ahead() const {
    Lexer lexer = lexer_;
    return lexer.next().kind == TokenKind::identifier && lexer.next().kind == TokenKind::comma;
  }

  Status macro_call(const NamedMacro& macro, Node* node, std::uint32_t* result) {
    if (!has_variable_ahead()) return misused(macro, *node);
    std::span<MacroScope> scope;
    GUARDRANK_TRY(arena_->make(1, &scope));
    GUARDRANK_TRY(advance());
    scope[0] = {token_.text, node->first_child, n_macros_++, scope_};
    GUARDRANK_TRY(advance());
    GUARDRANK_TRY(advance());
    scope_ = scope.data();
    node->kind = NodeKind::macro;
    node->macro = macro.macro;
    node->scope = scope_;
    GUARDRANK_TRY(arguments(TokenKind::close_parenthesis, false, node));
    scope_ = scope_->enclosing;
    if (node->n_children < 2 || node->n_children > macro.n_most) return misused(macro, *node);
    return add_node(*node, result);
  }
  Status misused(const NamedMacro& macro, const Node& node) {
    return diagnostic_.report(Status::parse, node.offset,
                              {"'", macro.name, "' takes a name and an expression, as in list.",
                               macro.name, "(x, x > 3)"});
  }

  // CEL's macro: the argument itself becomes the test.
  Status presence_test(const Node& call, std::uint32_t* result) {
    *result = call.first_child;
    Node* tested = call.n_children == 1 ? &nodes_[call.first_child] : nullptr;
    const bool is_constant = tested != nullptr && tested->kind == NodeKind::literal &&
                             !tested->qualifier.empty();
    if (is_constant) {   // a name with a dot that stands for a value
      tested->constant = ExprValue::of(true);
      tested->type = {};
      tested->qualifier = {};
      return Status::ok;
    }
    const bool is_field = tested != nullptr && !tested->is_presence_test &&
                          (tested->kind == NodeKind::select || !tested->qualifier.empty());
    if (!is_field)
      return diagnostic_.report(Status::parse, call.offset,
                                {"has(...) takes one fact or field, as in has(ctx.age)"});
    tested->is_presence_test = true;
    return Status::ok;
  }

  Status literal(bool is_negative, std::uint32_t offset, std::uint32_t* result) {
    Node node = node_of(NodeKind::literal, offset);
    const Token token = token_;
    bool is_in_range = true;
    ExprValue& constant = node.constant;
    switch (token.kind) {
      case TokenKind::integer:
        constant.kind = ExprType::integer;
        is_in_range = read_integer_literal(token.text, is_negative, &constant.integer);
        break;
      case TokenKind::unsigned_integer:
        constant.kind = ExprType::unsigned_integer;
        is_in_range = read_unsigned_literal(token.text, &constant.natural);
        break;
      case TokenKind::number:
        constant.kind = ExprType::number;
        GUARDRANK_TRY(read_number_literal(token.text, arena_, &constant.number, &is_in_range));
        if (is_negative) constant.number = -constant.number;
        break;
      case TokenKind::string:
      case TokenKind::bytes: GUARDRANK_TRY(string(token, &constant)); break;
      case TokenKind::true_word:
      case TokenKind::false_word:
        constant = ExprValue::of(token.kind == TokenKind::true_word);
        break;
      case TokenKind::null_word: break;
      default: return unexpected("a value");
    }
    if (!is_in_range)
      return diagnostic_.report(Status::parse, offset,
                                {"this number does not fit ", expr_type_name(constant.kind)});
    GUARDRANK_TRY(advance());
    return add_node(node, result);
  }

  Status string(const Token& token, ExprValue* constant) {
    std::string_view value, problem;
    std::size_t at = 0;
    GUARDRANK_TRY(read_string_literal(token.text, arena_, &value, &problem, &at));
    *constant = token.kind == TokenKind::bytes ? ExprValue::of_bytes(value) : ExprValue::of(value);
    if (problem.empty()) return Status::ok;
    return diagnostic_.report(Status::parse, token.offset + static_cast<std::uint32_t>(at),
                              {problem});
  }

  const Diagnostic& diagnostic_;
  const ExpressionScope& names_;
  Arena* arena_;
  std::span<Node> nodes_;
  std::uint32_t n_nodes_ = 0, n_macros_ = 0;
  MacroScope* scope_ = nullptr;      // of the innermost macro
  std::uint32_t depth_ = 0;
  Lexer lexer_;
  Token token_;
};

}  // namespace

Status parse_expression(const Diagnostic& diagnostic, const ExpressionScope& scope, Arena* arena,
                        SyntaxTree* tree) {
  std::uint32_t n_nodes = 0;
  Lexer lexer(diagnostic.source);
  for (Token token = lexer.next(); token.kind != TokenKind::end && token.kind != TokenKind::bad;
       token = lexer.next())
    n_nodes += makes_node(token.kind) ? 1 : 0;
  if (n_nodes > limits::expression_nodes) n_nodes = limits::expression_nodes;
  std::span<Node> nodes;
  GUARDRANK_TRY(arena->make(n_nodes, &nodes));
  return Parser(diagnostic, scope, arena, nodes).parse(tree);
}

}  // namespace guardrank
