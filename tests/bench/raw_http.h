/* The least that an HTTP point query costs: libmicrohttpd, one prepared SQLite statement a thread, a short
 * JSON answer. Benchmarks only; ends the program on any error. */
#ifndef TESTS_BENCH_RAW_HTTP_H
#define TESTS_BENCH_RAW_HTTP_H

struct raw_http;

/* Serves GET /?item=I&store=S from the stock table of the centre's database. */
struct raw_http *raw_http_open(const char *database, unsigned threads);
int raw_http_port(const struct raw_http *h);
void raw_http_close(struct raw_http *h);

#endif
