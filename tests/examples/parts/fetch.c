/* Opens a repository without a folder: guardrank-fetch says what is missing. */
#include <stdio.h>

#include "guardrank_fetch.h"

int main(void) {
  gr_fetch_options options = {.struct_size = sizeof options};
  gr_fetch_repository* repository = NULL;
  gr_error* error = NULL;
  gr_status status = gr_fetch_open(&options, &repository, &error);
  printf("%s %s %.*s\n", gr_version(), gr_status_name(status), (int)gr_error_where(error).size,
         gr_error_where(error).data);
  gr_error_free(error);
  return status == GR_STATUS_ARGUMENT ? 0 : 1;
}
