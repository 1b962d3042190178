# tillwire: one Makefile. `make help` lists the targets.
#
#   make [V=debug|release|asan|tsan|cover|fuzz] [CC=clang] [WERROR=]

V       ?= debug
BUILD   ?= build
OUT     := $(BUILD)/$(V)
GEN     := $(OUT)/gen
PREFIX  ?= /usr/local
DESTDIR ?=
WERROR  ?= -Werror

PKGS := libmosquitto sqlite3 libprotobuf-c expat yajl libmicrohttpd libconfuse libxxhash libuv openssl libcurl
ifneq ($(filter-out help clean,$(or $(MAKECMDGOALS),all)),)
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) | sed 's/-I/-isystem /g')
PKG_LIBS   := $(shell pkg-config --libs $(PKGS))
endif

WARN := -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
        -Wformat=2 -Wundef -Wvla -Wswitch -Wcast-qual -Wwrite-strings -Wnull-dereference -Wimplicit-fallthrough $(WERROR)
HARDEN := -fstack-protector-strong -fstack-clash-protection -fcf-protection -D_FORTIFY_SOURCE=2 -fPIE
HARDEN_LD := -pie -Wl,-z,relro,-z,now,-z,noexecstack
SAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

ifeq ($(V),debug)
OPT := -O1 -g
else ifeq ($(V),release)
OPT := -O2 -g $(HARDEN)
LDOPT := $(HARDEN_LD)
else ifeq ($(V),asan)
OPT := -O1 -g $(SAN)
LDOPT := $(SAN)
else ifeq ($(V),tsan)
OPT := -O1 -g -fsanitize=thread
LDOPT := -fsanitize=thread
else ifeq ($(V),cover)
OPT := -O0 -g --coverage
LDOPT := --coverage
else ifeq ($(V),fuzz)
override CC := clang
OPT := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
LDOPT := -fsanitize=fuzzer,address,undefined
else
$(error V=$(V): one of debug release asan tsan cover fuzz)
endif

VERSION := $(shell cat VERSION 2>/dev/null || echo 0)
CFLAGS_ALL := -std=gnu17 $(OPT) $(WARN) -D_GNU_SOURCE -DTILLWIRE_VERSION='"$(VERSION)"' -I. -I$(GEN) $(PKG_CFLAGS) -MMD -MP -pthread $(CFLAGS)
# protoc-c's output is not ours to warn about
CFLAGS_GEN := -std=gnu17 $(OPT) -D_GNU_SOURCE -I$(GEN) $(PKG_CFLAGS) -MMD -MP -w $(CFLAGS)

PROTO_SRC := $(wildcard proto/tillwire/v1/*.proto)
PROTO_C   := $(PROTO_SRC:%.proto=$(GEN)/%.pb-c.c)
SQL_SRC   := $(wildcard edge/*/*.sql cloud/*/*.sql cloud/api/*.json)
SQL_C     := $(SQL_SRC:%=$(GEN)/%.c)

# every module of a layer goes into its archive; mains are linked by name
layer_src = $(filter-out %_main.c,$(wildcard $(1)/*.c $(1)/*/*.c $(1)/*/*/*.c))
COMMON_OBJ := $(patsubst %.c,$(OUT)/%.o,$(call layer_src,common))
PROTO_OBJ  := $(patsubst %.c,$(OUT)/%.o,$(call layer_src,proto)) $(PROTO_C:%.c=%.o)
EDGE_OBJ   := $(patsubst %.c,$(OUT)/%.o,$(call layer_src,edge)) $(patsubst %,%.o,$(basename $(filter $(GEN)/edge/%,$(SQL_C))))
CLOUD_OBJ  := $(patsubst %.c,$(OUT)/%.o,$(call layer_src,cloud)) $(patsubst %,%.o,$(basename $(filter $(GEN)/cloud/%,$(SQL_C))))
SIM_OBJ    := $(patsubst %.c,$(OUT)/%.o,$(call layer_src,tests/tillsim))
LIBS_ALL   := $(OUT)/libcloud.a $(OUT)/libedge.a $(OUT)/libproto.a $(OUT)/libcommon.a

PROGRAMS := $(if $(wildcard edge/edge_main.c),$(OUT)/tillwire-edge) $(if $(wildcard cloud/cloud_main.c),$(OUT)/tillwire-cloud) \
            $(if $(wildcard cloud/ctl/ctl_main.c),$(OUT)/tillctl) $(if $(wildcard tests/tillsim/tillsim_main.c),$(OUT)/tillsim)
UNIT     := $(patsubst tests/unit/%.c,$(OUT)/unit/%,$(wildcard tests/unit/test_*.c))
FUZZ     := $(patsubst tests/fuzz/%.c,$(OUT)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
BENCH    := $(patsubst tests/bench/%.c,$(OUT)/bench/%,$(wildcard tests/bench/bench_*.c))
BENCH_OBJ := $(patsubst %.c,$(OUT)/%.o,$(filter-out tests/bench/bench_%,$(wildcard tests/bench/*.c))) # what they share
# programs that only tests run, each wired by its own main (failpoints, load generators)
TESTMAIN := $(patsubst tests/integration/%_main.c,$(OUT)/integration/%,$(wildcard tests/integration/*_main.c))

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all programs unit check test run bench fuzz fuzz-programs format format-check tidy cppcheck print-cflags style install clean help

all: programs ## build the programs of variant V (debug)
programs: $(PROGRAMS)
unit: $(UNIT) ## build the unit tests of variant V
testmains: $(TESTMAIN) ## build the programs that only tests run
fuzz-programs: $(FUZZ) ## build the fuzz targets (V=fuzz) or their corpus replayers (other variants)
bench-programs: $(BENCH)

$(OUT)/libcommon.a: $(COMMON_OBJ)
$(OUT)/libproto.a: $(PROTO_OBJ)
$(OUT)/libedge.a: $(EDGE_OBJ)
$(OUT)/libcloud.a: $(CLOUD_OBJ)
$(OUT)/libtillsim.a: $(SIM_OBJ)
%.a:
	@rm -f $@; mkdir -p $(@D)
	@$(if $(strip $^),ar rcs $@ $^,ar rcs $@)

$(OUT)/%.o: %.c | $(PROTO_C)
	@mkdir -p $(@D)
	@echo "CC   $<"
	@$(CC) $(CFLAGS_ALL) -c $< -o $@
$(GEN)/%.o: $(GEN)/%.c
	@$(CC) $(CFLAGS_GEN) -c $< -o $@
$(GEN)/%.pb-c.c: %.proto
	@mkdir -p $(GEN)
	@echo "GEN  $<"
	@protoc-c --c_out=$(GEN) $<
# each embedded file becomes `const char <path_with_underscores>[]`: edge/stock/001.sql → edge_stock_001_sql
$(GEN)/%.sql.c: %.sql scripts/embed
	@mkdir -p $(@D)
	@scripts/embed $< > $@
$(GEN)/%.json.c: %.json scripts/embed
	@mkdir -p $(@D)
	@scripts/embed $< > $@

LINK = $(CC) $(OPT) $(LDOPT) $(LDFLAGS) -pthread -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(PKG_LIBS) -lm
$(OUT)/tillwire-edge: $(OUT)/edge/edge_main.o $(OUT)/libedge.a $(OUT)/libproto.a $(OUT)/libcommon.a
	@$(LINK)
$(OUT)/tillwire-cloud: $(OUT)/cloud/cloud_main.o $(OUT)/libcloud.a $(OUT)/libproto.a $(OUT)/libcommon.a
	@$(LINK)
$(OUT)/tillctl: $(OUT)/cloud/ctl/ctl_main.o $(LIBS_ALL)
	@$(LINK)
$(OUT)/tillsim: $(OUT)/tests/tillsim/tillsim_main.o $(OUT)/libtillsim.a
	@$(LINK)
$(OUT)/unit/%: $(OUT)/tests/unit/%.o $(OUT)/libtillsim.a $(LIBS_ALL)
	@mkdir -p $(@D)
	@$(LINK) -lcmocka
$(OUT)/bench/%: $(OUT)/tests/bench/%.o $(BENCH_OBJ) $(LIBS_ALL)
	@mkdir -p $(@D)
	@$(LINK)
$(OUT)/integration/%: $(OUT)/tests/integration/%_main.o $(LIBS_ALL)
	@mkdir -p $(@D)
	@$(LINK)
$(OUT)/fuzz/%: $(OUT)/tests/fuzz/%.o $(if $(filter fuzz,$(V)),,$(OUT)/tests/fuzz/replay.o) $(LIBS_ALL)
	@mkdir -p $(@D)
	@$(LINK)

check: ## the inner loop: unit tests under ASan+UBSan, corpora replayed, style (≤ 3 min)
	@scripts/check
test: ## everything, as CI runs it
	@scripts/test
run: ## three simulated stores, the broker and the centre, with a dashboard to open
	@scripts/run
bench: ## figures beside the raw limits of this machine
	@scripts/bench
fuzz: ## run each fuzz target for MINUTES (default 10)
	@scripts/fuzz $(or $(MINUTES),10)

SOURCES := $(shell git ls-files '*.c' '*.h' 2>/dev/null)
format: ## rewrite the sources in the house's layout
	@clang-format -i $(SOURCES)
format-check:
	@clang-format --dry-run -Werror $(SOURCES)
tidy: $(PROTO_C) ## clang-tidy over all sources
	@scripts/tidy $(GEN)
cppcheck: $(PROTO_C)
	@scripts/cppcheck $(GEN)
print-cflags: # for the checkers, one a line; generated headers count as the system's
	@printf '%s\n' $(patsubst -I$(GEN),-isystem$(GEN),$(filter-out -MMD -MP,$(CFLAGS_ALL)))
style: ## layers, file and function lengths, TODOs
	@scripts/style

install: programs ## install into DESTDIR/PREFIX: programs, units, man pages, examples, web pages
	@scripts/install $(OUT) "$(DESTDIR)" "$(PREFIX)"
clean: ## remove the build folder
	rm -rf $(BUILD)
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
