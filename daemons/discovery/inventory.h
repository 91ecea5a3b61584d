/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * What a machine is made of, as JSON; private to daemons/discovery. Everything is read below a
 * folder that stands for / (""), by functions that bound what they take: files, their lengths,
 * entries of folders. What is missing, unreadable or makes no sense is left out; nothing of it is
 * an error.
 *
 * To add a topic: a file with a function inv_TOPIC, its row in inventory.c, its lines in
 * docs/daemons/discovery.md.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define INV_MAX 256	     /* of each kind: disks, NICs, addresses, ... */
#define INV_SCAN_MAX 4096    /* entries of a folder that are looked at */
#define INV_TEXT 256	     /* octets of a string, with its NUL */
#define INV_FILE (64u << 10) /* octets of a file that are read */
#define INV_CPUS 4096	     /* logical CPUs whose topology is looked at */

/* tree.c: reading */

/**
 * The first size - 1 octets of ROOT/path, NUL-terminated. Never waits for what a file is not:
 * devices, pipes and sockets are not read. @return their number, or -1.
 */
long inv_read(const char *root, char *buf, size_t size, const char *path, ...)
	__attribute__((format(printf, 4, 5)));
/** A file's first line without white space around it, as a clean string; "" when there is none. */
bool inv_line(const char *root, char out[INV_TEXT], const char *path, ...)
	__attribute__((format(printf, 3, 4)));
/** A file that is one number, decimal or 0x.... @return whether it is. */
bool inv_number(const char *root, int64_t *out, const char *path, ...)
	__attribute__((format(printf, 3, 4)));
/** The last part of where a symbolic link points to. */
bool inv_link(const char *root, char out[INV_TEXT], const char *path, ...)
	__attribute__((format(printf, 3, 4)));
bool inv_exists(const char *root, const char *path);

/** A name of a folder; ends the walk by returning false. */
typedef bool inv_name_fn(void *arg, const char *root, const char *name);
/** Calls fn for the names of a folder (not those that begin with a dot), in alphabetical order. */
void inv_each(const char *root, const char *path, inv_name_fn *fn, void *arg);

/*
 * The value of `KEY` separator in a text of lines, clean and trimmed; the first such line counts.
 */
bool inv_field(const char *text, const char *key, char separator, char out[INV_TEXT]);
/** The same for a number. */
bool inv_field_number(const char *text, const char *key, char separator, int64_t *out);

/* Adding to an object; what cannot be added (no memory) is left out. */
void inv_set(json_t *object, const char *key, json_t *value);
/** Adds a string unless it is empty. */
void inv_set_text(json_t *object, const char *key, const char *text);
/** Adds a string of anywhere, clean. */
void inv_set_clean(json_t *object, const char *key, const char *octets);
/** Adds an object or array unless it is empty; takes it. */
void inv_set_some(json_t *object, const char *key, json_t *value);
/** Adds to an array of at most INV_MAX; takes the value. @return whether there is room for more. */
bool inv_append(json_t *array, json_t *value);

/** Whether the text of proc/cpuinfo lists a flag. */
bool inv_cpu_flag(const char *info, const char *flag);

/* One function a topic: a new reference, or NULL. */
json_t *inv_cpu(const char *root);
json_t *inv_memory(const char *root);
json_t *inv_disks(const char *root);
json_t *inv_filesystems(const char *root);
json_t *inv_nics(const char *root);
json_t *inv_gpus(const char *root);
json_t *inv_kernel(const char *root);
json_t *inv_os(const char *root);
json_t *inv_virtual(const char *root);
json_t *inv_addresses(const char *root);

/** Octets and inodes free, memory available, load, uptime: what changes all the time. */
json_t *inv_load(const char *root);

/* inventory.c */

/** The static part: what changes when somebody changes the machine. NULL: no memory. */
json_t *inv_collect(const char *root);
#define INV_HASH 65 /* with its NUL */
/** SHA-256 in hex of the static part's one canonical text. @return 0, -CC_ENOMEM, -CC_ECRYPTO. */
int inv_hash(const json_t *inventory, char hash[INV_HASH]);
