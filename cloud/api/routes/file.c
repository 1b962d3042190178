/* The dashboard's files, from one folder, by names of a known form only. */
#include "cloud/api/route.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    const char *ending, *type;
} types[] = {{".html", "text/html; charset=utf-8"},
             {".js", "text/javascript; charset=utf-8"},
             {".mjs", "text/javascript; charset=utf-8"},
             {".css", "text/css; charset=utf-8"},
             {".svg", "image/svg+xml"},
             {".png", "image/png"},
             {".webmanifest", "application/manifest+json"}};

/* Letters, digits, '-', '_' and '.', not beginning with '.': nothing leads out of the folder. */
static bool name_is_safe(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return name[0] != '.' && strspn(name, letters) == strlen(name);
}

static const char *type_of(const char *name)
{
    const char *ending = strrchr(name, '.');
    for (size_t i = 0; ending != NULL && i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(ending, types[i].ending) == 0) {
            return types[i].type;
        }
    }
    return NULL;
}

static struct MHD_Response *open_file(const char *path, char etag[48])
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return NULL;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return NULL;
    }
    snprintf(etag, 48, "\"%llx-%llx\"", (unsigned long long)st.st_mtime, (unsigned long long)st.st_size);
    struct MHD_Response *response = MHD_create_response_from_fd64((uint64_t)st.st_size, fd);
    if (response == NULL) {
        close(fd);
    }
    return response;
}

void handle_file(struct api_request *r, struct api_reply *reply)
{
    const char *root = r->api->options.web_root,
               *name = r->params[0][0] == '\0' ? "index.html" : r->params[0];
    const char *folder = strncmp(r->route->path, "/lib/", 5) == 0 ? "lib/" : "";
    const char *type = type_of(name), *known = request_header(r, "If-None-Match");
    char path[1024], etag[48];
    if (root != NULL && type != NULL && name_is_safe(name) &&
        snprintf(path, sizeof path, "%s/%s%s", root, folder, name) < (int)sizeof path) {
        reply->custom = open_file(path, etag);
    }
    if (reply->custom == NULL) {
        reply_problem(reply, 404, "not-found", "there is nothing at /%s%.64s; see /openapi.json", folder,
                      name);
        return;
    }
    reply_header(reply, "ETag", "%s", etag);
    reply_header(reply, "Cache-Control", "no-cache");
    reply->content_type = type;
    reply->status = 200;
    if (known != NULL && strcmp(known, etag) == 0) {
        MHD_destroy_response(reply->custom);
        reply->custom = NULL;
        reply->content_type = NULL;
        reply->status = 304;
    }
}
