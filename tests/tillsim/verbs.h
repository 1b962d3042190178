/* What `tillsim` can do; each verb takes its own options and returns the exit code. */
#ifndef TILLSIM_VERBS_H
#define TILLSIM_VERBS_H

enum { SIM_EXIT_DONE = 0, SIM_EXIT_FAILED = 1, SIM_EXIT_USAGE = 2 };

int sim_verb_generate(int argc, const char *const *argv);
int sim_verb_scenario(int argc, const char *const *argv);
int sim_verb_opening(int argc, const char *const *argv);
int sim_verb_ring(int argc, const char *const *argv);

#endif
