/* SPDX-License-Identifier: ISC */
#include "lib/cc/sock.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <zmq.h>

#include "lib/base/limits.h"
#include "lib/base/util.h"
#include "lib/cc/curve.h"

void cc_sock_conf_default(struct cc_sock_conf *conf)
{
	*conf = (struct cc_sock_conf){.hwm = 1000,
				      .linger_ms = 500,
				      .keepalive = 1,
				      .keepalive_intvl = 15,
				      .keepalive_idle = 240,
				      .keepalive_cnt = 4};
}

static int set_int(void *socket, int option, int64_t value)
{
	int v = (int)value;

	return zmq_setsockopt(socket, option, &v, sizeof(v)) == 0 ? 0 : cc_raise(CC_ESYS);
}

static int set_curve(void *socket, const struct cc_curve_link *c)
{
	const struct {
		int option;
		const uint8_t *key;
	} keys[] = {
		{ZMQ_CURVE_SERVERKEY, c->server},
		{ZMQ_CURVE_PUBLICKEY, c->own.public},
		{ZMQ_CURVE_SECRETKEY, c->own.secret},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (zmq_setsockopt(socket, keys[i].option, keys[i].key, CC_CURVE_KEY) != 0)
			return cc_raise(CC_ESYS);
	return 0;
}

int cc_sock_apply(void *socket, const struct cc_sock_conf *conf)
{
	const struct {
		int option;
		int64_t value;
	} ints[] = {
		{ZMQ_SNDHWM, conf->hwm},
		{ZMQ_RCVHWM, conf->hwm},
		{ZMQ_LINGER, conf->linger_ms},
		{ZMQ_TCP_KEEPALIVE, conf->keepalive},
		{ZMQ_TCP_KEEPALIVE_INTVL, conf->keepalive_intvl},
		{ZMQ_TCP_KEEPALIVE_IDLE, conf->keepalive_idle},
		{ZMQ_TCP_KEEPALIVE_CNT, conf->keepalive_cnt},
		{ZMQ_IPV6, 1},
		{ZMQ_RECONNECT_IVL, 100},
		{ZMQ_RECONNECT_IVL_MAX,
		 2000}, /* a dead remote is not hammered, a revived one soon found */
		{ZMQ_HANDSHAKE_IVL, 10000}, /* who connects and says nothing is cut off */
	};
	int64_t max = CC_FRAME_MAX;
	int r = 0;

	for (size_t i = 0; i < sizeof(ints) / sizeof(ints[0]) && !r; i++)
		r = set_int(socket, ints[i].option, ints[i].value);
	if (!r && conf->rcvbuf)
		r = set_int(socket, ZMQ_RCVBUF, (int64_t)conf->rcvbuf);
	if (!r && conf->sndbuf)
		r = set_int(socket, ZMQ_SNDBUF, (int64_t)conf->sndbuf);
	if (!r && zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &max, sizeof(max)) != 0)
		r = cc_raise(CC_ESYS);
	if (!r && conf->curve)
		r = set_curve(socket, conf->curve);
	return r;
}

/* @return 0 when nobody accepts there, else errno. */
static int knock(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	cc_cleanup(cc_closep) int fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return errno;
	memcpy(at.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0 || errno == EAGAIN)
		return EADDRINUSE; /* EAGAIN: it is there, but slow to accept */
	return errno == ENOENT || errno == ECONNREFUSED ? 0 : errno;
}

int cc_sock_check_free(const char *endpoint, struct cc_note *why)
{
	const char *path = endpoint + strlen("ipc://");
	struct stat st;
	int r;

	/* a name without a file, or one that libzmq makes up, is taken from nobody */
	if (strncmp(endpoint, "ipc://", 6) != 0 || *path == '@' || strcmp(path, "*") == 0)
		return 0;
	if (stat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return cc_note_set(
			why, CC_EEXIST,
			"cannot listen on %s: there is something at %s that is no socket", endpoint,
			path);
	r = knock(path);
	if (r == EADDRINUSE)
		return cc_note_set(why, CC_EEXIST,
				   "cannot listen on %s: another process listens on %s", endpoint,
				   path);
	if (r)
		return cc_note_set(why, CC_ESYS,
				   "cannot listen on %s: cannot tell whether somebody does: %s",
				   endpoint, strerror(r));
	return 0;
}

bool cc_sock_is_local(const char *endpoint)
{
	static const char *const prefixes[] = {"ipc://",       "inproc://",	   "tcp://127.",
					       "tcp://[::1]:", "tcp://localhost:", NULL};

	for (int i = 0; prefixes[i]; i++)
		if (strncmp(endpoint, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

int cc_sock_check(const char *endpoint, struct cc_note *why)
{
	if (strncmp(endpoint, "ipc://", 6) == 0) {
		size_t len = strlen(endpoint + 6);

		if (len == 0 || len >= sizeof(((struct sockaddr_un *)0)->sun_path))
			return cc_note_set(why, CC_EINVAL,
					   "\"%s\": an ipc path has 1 to 107 octets", endpoint);
		return 0;
	}
	if (strncmp(endpoint, "tcp://", 6) == 0) {
		const char *colon = strrchr(endpoint + 6, ':');

		if (colon && colon > endpoint + 6 && colon[1])
			return 0;
	}
	return cc_note_set(why, CC_EINVAL,
			   "\"%s\" is no endpoint; write tcp://ADDRESS:PORT or ipc://PATH",
			   endpoint);
}
