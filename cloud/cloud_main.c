#include "cloud/run/run.h"

#include <stddef.h>

int main(int argc, char **argv)
{
    return cloud_run(argc, argv, NULL);
}
