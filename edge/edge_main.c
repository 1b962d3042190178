#include "edge/run/run.h"

#include <stddef.h>

int main(int argc, char **argv)
{
    return edge_run(argc, argv, NULL);
}
