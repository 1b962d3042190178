#include "cloud/ctl/ctl.h"
#include "common/clock.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECT_S = 10, WHOLE_S = 300 };

static size_t take(char *data, size_t size, size_t count, void *ctx)
{
    struct buf *out = ctx;
    return buf_append(out, data, size * count) == ERR_OK ? size * count : 0;
}

void ctl_path_add(struct buf *path, const char *segment)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
    enum err_class class = ERR_OK;
    for (; *segment != '\0' && class == ERR_OK; segment++) {
        class = strchr(plain, *segment) != NULL
                    ? buf_append(path, segment, 1)
                    : buf_printf(path, "%%%02X", (unsigned)(unsigned char)*segment);
    }
    if (class != ERR_OK) {
        buf_clear(path); /* no path at all rather than half of one */
    }
}

static struct curl_slist *headers_of(const struct ctl *ctl, const struct ctl_request *request)
{
    char line[256];
    struct curl_slist *headers = NULL;
    if (ctl->key != NULL) {
        snprintf(line, sizeof line, "Authorization: Bearer %s", ctl->key);
        headers = curl_slist_append(headers, line);
    }
    if (request->content_type != NULL) {
        snprintf(line, sizeof line, "Content-Type: %s", request->content_type);
        headers = curl_slist_append(headers, line);
    }
    if (request->order) {
        const struct clock *clock = clock_system();
        snprintf(line, sizeof line, "Idempotency-Key: %016llx%016llx",
                 (unsigned long long)clock_random_u64(clock), (unsigned long long)clock_random_u64(clock));
        headers = curl_slist_append(headers, line);
    }
    return headers;
}

/* A problem's detail, or what there is. */
static enum ctl_exit tell_problem(long status, struct buf *body)
{
    struct json_in *problem = NULL;
    struct err e = {0};
    const char *detail = NULL;
    if (json_in_parse(&problem, buf_slice(body), &e) == ERR_OK) {
        detail = json_in_text(problem, "detail");
    }
    enum ctl_exit code = ctl_fail(CTL_FAILED, "the centre answered %ld: %s", status,
                                  detail != NULL ? detail : "(without saying why)");
    json_in_free(problem);
    return code;
}

static void set_up(CURL *curl, const struct ctl *ctl, const struct ctl_request *request,
                   struct curl_slist *headers, struct buf *out)
{
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, out);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)WHOLE_S);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    if (ctl->ca_file != NULL) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, ctl->ca_file);
    }
    if (strcmp(request->method, "GET") != 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body.size == 0 ? "" : request->body.data);
    }
}

enum ctl_exit ctl_http(const struct ctl *ctl, const struct ctl_request *request, struct buf *out)
{
    if (ctl->centre == NULL) {
        return ctl_fail(CTL_USAGE, "which centre? give --centre URL or set TILLWIRE_CENTRE");
    }
    if (request->path == NULL || request->path[0] == '\0') {
        return ctl_fail(CTL_USAGE, "an id is too long");
    }
    BUF_AUTO struct buf url = BUF_INIT(8192);
    CURL *curl = curl_easy_init();
    if (curl == NULL || buf_printf(&url, "%s%s", ctl->centre, request->path) != ERR_OK) {
        curl_easy_cleanup(curl);
        return ctl_fail(CTL_FAILED, "cannot set up the request");
    }
    struct curl_slist *headers = headers_of(ctl, request);
    long status = 0;
    curl_easy_setopt(curl, CURLOPT_URL, url.data);
    set_up(curl, ctl, request, headers, out);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    if (code != CURLE_OK) {
        return ctl_fail(CTL_UNREACHABLE, "no answer from %s: %s", ctl->centre, curl_easy_strerror(code));
    }
    return status >= 200 && status < 300 ? CTL_OK : tell_problem(status, out);
}
