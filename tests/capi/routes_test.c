/* Routes: which release serves, by the bundle's own full route. */
#include "check.h"
#include "guardrank_store.h"

static gr_route_values values_of(const char* product, const char* unit) {
  return (gr_route_values){.struct_size = sizeof(gr_route_values), .product = text_of(product),
                           .unit = text_of(unit)};
}

static void test_choice(const gr_routes* routes) {
  const gr_route_values values = values_of("card", "user-1");
  gr_route_choice choice = {.struct_size = sizeof choice};
  CHECK(gr_routes_choose(routes, &values, &choice) == GR_STATUS_OK);
  CHECK(choice.primary == 0 && choice.is_experiment == 0);
  CHECK(choice.shadow_count == 0 && choice.fallback_count == 0);
  gr_route route = {.struct_size = sizeof route};
  CHECK(gr_routes_route(routes, 0, &route) == GR_STATUS_OK);
  CHECK(route.release_index == 0 && is_text(route.release, "conformance-cards@7"));
  CHECK(is_text(route.stage, "full") && is_text(route.tier, "warm") && is_text(route.fallback, ""));
  /* the model's id, as `guardrank inspect` shows it */
  CHECK(route.model[0] == 0x97 && route.model[1] == 0x19 && route.model[31] == 0x41);
  CHECK(route.catalog[0] == 0xb7 && route.policy[0] == 0xd7);
  CHECK(gr_routes_route(routes, 1, &route) == GR_STATUS_ARGUMENT);
  CHECK(gr_routes_route(routes, GR_NO_ROUTE, &route) == GR_STATUS_ARGUMENT);
}

static void test_arguments(gr_engine* engine, const gr_artifact* artifact, const gr_routes* routes) {
  gr_routes* made = NULL;
  const gr_artifact* twice[] = {artifact, artifact};
  const gr_artifact* none[] = {NULL};
  CHECK_FAILS(gr_routes_create(NULL, twice, 1, &made, &error), GR_STATUS_ARGUMENT, "engine");
  CHECK_FAILS(gr_routes_create(engine, NULL, 1, &made, &error), GR_STATUS_ARGUMENT, "releases");
  CHECK_FAILS(gr_routes_create(engine, none, 1, &made, &error), GR_STATUS_ARGUMENT, "releases");
  CHECK_FAILS(gr_routes_create(engine, twice, 1, NULL, &error), GR_STATUS_ARGUMENT, "routes");
  CHECK_FAILS(gr_routes_create(engine, twice, 2, &made, &error), GR_STATUS_DUPLICATE, "releases");
  CHECK(made == NULL);
  const gr_route_values values = values_of("", "");
  gr_route_values older = {.struct_size = 2};
  gr_route_choice choice = {.struct_size = sizeof choice};
  size_t size = 0;
  CHECK(gr_routes_choose(NULL, &values, &choice) == GR_STATUS_ARGUMENT);
  CHECK(gr_routes_choose(routes, NULL, &choice) == GR_STATUS_ARGUMENT);
  CHECK(gr_routes_choose(routes, &values, NULL) == GR_STATUS_ARGUMENT);
  CHECK(gr_routes_choose(routes, &older, &choice) == GR_STATUS_STRUCT_SIZE);
  CHECK_FAILS(gr_routes_explain(routes, &values, NULL, 5, &size, &error), GR_STATUS_ARGUMENT, "out");
  CHECK_FAILS(gr_routes_explain(routes, &values, NULL, 0, NULL, &error), GR_STATUS_ARGUMENT, "size");
  CHECK_FAILS(gr_routes_explain(routes, &older, NULL, 0, &size, &error), GR_STATUS_STRUCT_SIZE,
              "values");
  gr_routes_free(NULL);
}

static void test_explanation(const gr_routes* routes) {
  const gr_route_values values = values_of("card", "user-1");
  size_t size = 0, again = 0;
  char text[2048] = {0}, part[16] = "unchanged";
  CHECK_OK(gr_routes_explain(routes, &values, NULL, 0, &size, &error));
  CHECK(size > 100 && size < sizeof text);
  CHECK_OK(gr_routes_explain(routes, &values, text, sizeof text, &again, &error));
  CHECK(again == size && text[0] == '{' && text[size - 1] == '}' && text[size] == 0);
  CHECK(strstr(text, "\"verdict\":\"serves\"") != NULL);
  CHECK_OK(gr_routes_explain(routes, &values, part, 4, &again, &error));
  CHECK(again == size && memcmp(part, text, 4) == 0 && strcmp(part + 4, "anged") == 0);
}

void test_routes(void) {
  counting_memory memory;
  gr_engine_options options;
  counting_options(&memory, &options);
  gr_engine* engine = NULL;
  gr_artifact* artifact = NULL;
  gr_routes* routes = NULL;
  const file_bytes file = bundle_file("cards");
  CHECK_OK(gr_engine_create(&options, &engine, &error));
  CHECK_OK(gr_artifact_open(engine, file.bytes, file.size, NULL, &artifact, &error));
  const gr_artifact* releases[] = {artifact};
  CHECK_OK(gr_routes_create(engine, releases, 1, &routes, &error));
  test_arguments(engine, artifact, routes);
  gr_artifact_free(artifact);                /* the routes need it no more */
  test_choice(routes);
  test_explanation(routes);
  gr_routes_free(routes);
  CHECK_OK(gr_routes_create(engine, NULL, 0, &routes, &error));
  const gr_route_values values = values_of("card", "user-1");
  gr_route_choice choice = {.struct_size = sizeof choice};
  CHECK(gr_routes_choose(routes, &values, &choice) == GR_STATUS_OK);
  CHECK(choice.primary == GR_NO_ROUTE);
  gr_routes_free(routes);
  gr_engine_free(engine);
  CHECK(memory.n_live == 0);
}
