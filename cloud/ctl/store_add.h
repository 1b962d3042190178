/* `tillctl store add`: enrols a store and makes one bundle to carry to it: config, certificate, key, CA. */
#ifndef CLOUD_CTL_STORE_ADD_H
#define CLOUD_CTL_STORE_ADD_H

#include "cloud/ctl/ctl.h"

enum ctl_exit store_add(const struct ctl *ctl, const struct ctl_args *args);

#endif
