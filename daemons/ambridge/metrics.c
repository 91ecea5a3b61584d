/* SPDX-License-Identifier: ISC */
#include "daemons/ambridge/metrics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"

static const struct {
	int64_t us;
	const char *text; /* seconds */
} bounds[AB_BUCKETS] = {
	{500, "0.0005"},  {1000, "0.001"},  {2500, "0.0025"}, {5000, "0.005"},	{10000, "0.01"},
	{25000, "0.025"}, {50000, "0.05"},  {100000, "0.1"},  {250000, "0.25"}, {500000, "0.5"},
	{1000000, "1"},	  {2500000, "2.5"}, {10000000, "10"}, {30000000, "30"},
};

static const char *const outcomes[AB_OUTCOMES] = {
	[AB_OK] = "ok",
	[AB_FAULT] = "fault",
	[AB_REFUSED] = "refused",
	[AB_UNAVAILABLE] = "unavailable",
};

static const struct {
	const char *name, *help;
} figures[AB_FIGURES] = {
	[AB_ACCEPTED] = {"connections_accepted_total", "Connections accepted."},
	[AB_HANDSHAKES] = {"tls_handshakes_total", "Handshakes that ended well."},
	[AB_RESUMED] = {"tls_resumed_total", "Handshakes that resumed a session."},
	[AB_HANDSHAKE_FAILED] = {"tls_refused_total", "Handshakes refused with an alert."},
	[AB_CLIENT_REFUSED_US] = {"tls_client_alerts_total", "Alerts that clients sent."},
	[AB_ADDRESS_LIMIT] = {"address_limit_total", "Connections over their address's limit."},
	[AB_CONNECTION_LIMIT] = {"connection_limit_total", "Connections ended for want of room."},
	[AB_MEMORY_LIMIT] = {"request_memory_limit_total",
			     "Requests cut because too much was held already."},
	[AB_HANDSHAKE_LATE] = {"handshake_timeouts_total", "Handshakes that took too long."},
	[AB_REQUEST_LATE] = {"request_timeouts_total", "Requests that came too slowly."},
	[AB_WRITE_LATE] = {"write_timeouts_total", "Answers that were taken too slowly."},
	[AB_IDLE_LATE] = {"idle_timeouts_total", "Connections that were idle for too long."},
	[AB_REVOKED_OPEN] = {"trust_lost_total",
			     "Connections and sessions whose chain is good no more."},
	[AB_BUSY] = {"busy_total", "Calls answered 503 because too many were under way."},
	[AB_AWAY] = {"bus_away_total", "Calls answered 503 because the bus was away."},
};

static const unsigned statuses[AB_STATUSES] = {200, 400, 401, 403, 404, 405,
					       411, 413, 415, 500, 501, 503};

void ab_metrics_init(struct ab_metrics *m)
{
	*m = (struct ab_metrics){0};
	cc_map_init(&m->series);
}

void ab_metrics_deinit(struct ab_metrics *m)
{
	struct cc_map_node *n;

	while ((n = cc_map_next(&m->series, NULL))) {
		cc_map_remove(&m->series, n);
		free(cc_container_of(n, struct ab_series, node));
	}
	cc_map_deinit(&m->series);
}

/* The names' addresses are the key: they are of tables. */
static struct ab_series *find(struct ab_metrics *m, const char *service, const char *method)
{
	struct cc_map_node *n;
	struct ab_series *s;
	const char *key[2] = {service, method};

	n = cc_map_find(&m->series, key, sizeof(key));
	if (n)
		return cc_container_of(n, struct ab_series, node);
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->service = service;
	s->method = method;
	if (cc_map_add(&m->series, &s->node, &s->service, sizeof(key)) != 0) {
		free(s);
		return NULL;
	}
	return s;
}

void ab_metrics_call(struct ab_metrics *m, const char *service, const char *method,
		     enum ab_outcome outcome, int64_t us)
{
	struct ab_series *s = find(m, service, method);
	unsigned i = 0;

	if (!s)
		return;
	while (i < AB_BUCKETS && us > bounds[i].us)
		i++;
	s->buckets[i]++;
	s->sum_us += us > 0 ? (uint64_t)us : 0;
	s->outcomes[outcome]++;
}

void ab_metrics_status(struct ab_metrics *m, unsigned status)
{
	unsigned i = 0;

	while (i < AB_STATUSES && statuses[i] != status)
		i++;
	m->statuses[i]++;
}

static void head(struct cc_buf *out, const char *name, const char *type, const char *help)
{
	cc_buf_printf(out, "# HELP ambridge_%s %s\n# TYPE ambridge_%s %s\n", name, help, name,
		      type);
}

void ab_metrics_put_one(struct cc_buf *out, const char *name, const char *type, const char *help,
			uint64_t value)
{
	head(out, name, type, help);
	cc_buf_printf(out, "ambridge_%s %" PRIu64 "\n", name, value);
}

static void put_outcomes(const struct ab_metrics *m, struct cc_buf *out)
{
	const struct cc_map_node *n = NULL;

	head(out, "calls_total", "counter", "Calls by outcome.");
	while ((n = cc_map_next(&m->series, n))) {
		const struct ab_series *s = cc_container_of(n, const struct ab_series, node);

		for (unsigned i = 0; i < AB_OUTCOMES; i++)
			cc_buf_printf(out,
				      "ambridge_calls_total{service=\"%s\",method=\"%s\",outcome="
				      "\"%s\"} %" PRIu64 "\n",
				      s->service, s->method, outcomes[i], s->outcomes[i]);
	}
}

static void put_histogram(const struct ab_series *s, struct cc_buf *out)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i <= AB_BUCKETS; i++) {
		sum += s->buckets[i];
		cc_buf_printf(
			out,
			"ambridge_call_seconds_bucket{service=\"%s\",method=\"%s\",le=\"%s\"} "
			"%" PRIu64 "\n",
			s->service, s->method, i < AB_BUCKETS ? bounds[i].text : "+Inf", sum);
	}
	cc_buf_printf(out,
		      "ambridge_call_seconds_sum{service=\"%s\",method=\"%s\"} %" PRIu64
		      ".%06" PRIu64 "\n",
		      s->service, s->method, s->sum_us / 1000000, s->sum_us % 1000000);
	cc_buf_printf(out,
		      "ambridge_call_seconds_count{service=\"%s\",method=\"%s\"} %" PRIu64 "\n",
		      s->service, s->method, sum);
}

void ab_metrics_put(const struct ab_metrics *m, struct cc_buf *out)
{
	const struct cc_map_node *n = NULL;

	for (unsigned i = 0; i < AB_FIGURES; i++)
		ab_metrics_put_one(out, figures[i].name, "counter", figures[i].help, m->figures[i]);
	head(out, "http_responses_total", "counter", "Answers by HTTP status.");
	for (unsigned i = 0; i < AB_STATUSES; i++)
		cc_buf_printf(out, "ambridge_http_responses_total{status=\"%u\"} %" PRIu64 "\n",
			      statuses[i], m->statuses[i]);
	cc_buf_printf(out, "ambridge_http_responses_total{status=\"other\"} %" PRIu64 "\n",
		      m->statuses[AB_STATUSES]);
	put_outcomes(m, out);
	head(out, "call_seconds", "histogram", "Time from a call's last octet to its answer.");
	while ((n = cc_map_next(&m->series, n)))
		put_histogram(cc_container_of(n, const struct ab_series, node), out);
}
