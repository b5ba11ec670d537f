/* Evaluates 1 + 2 by guardrank-tools. */
#include <stdio.h>
#include <string.h>

#include "guardrank_tools.h"

int main(void) {
  const char* wanted = "{\"type\":\"int\",\"value\":3";
  gr_tools_expression_options options = {.struct_size = sizeof options};
  gr_tools_text* result = NULL;
  options.expression.data = "1 + 2";
  options.expression.size = 5;
  options.facts.data = "{}";
  options.facts.size = 2;
  if (gr_tools_evaluate_expression_as(&options, &result, NULL) != GR_STATUS_OK) return 1;
  gr_text text = gr_tools_text_view(result);
  printf("%s %.*s\n", gr_version(), (int)text.size, text.data);
  int is_wanted = text.size > strlen(wanted) && memcmp(text.data, wanted, strlen(wanted)) == 0;
  gr_tools_text_free(result);
  return is_wanted ? 0 : 1;
}
