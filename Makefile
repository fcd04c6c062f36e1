# Weald: `make help` lists the targets, CONTRIBUTING.md says more about them.
#
# Sources are found by their folder: a new file needs no line here. Whatever is
# built goes to build/<compiler>[-<sanitizers>][-coverage][-fuzz], so that the
# variants live beside each other.

PREFIX ?= /usr/local
DESTDIR ?=
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
UNITDIR ?= $(PREFIX)/lib/systemd/system

# CC=gcc|clang   SAN=address,undefined|thread   WERROR=1   COVERAGE=1   V=1
ifeq ($(origin CC),default)
CC = gcc
endif
SAN ?=
WERROR ?=
COVERAGE ?=
FUZZ ?=
V ?=
JOBS ?= $(shell nproc)
# Seconds that `make fuzz` gives each target, and which targets.
FUZZ_SECONDS ?= 60
FUZZERS ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
# What `make check` runs. One more at a time than there are cores: many wait.
SUITES ?= unit fuzz integration interop
# How far clang-tidy follows each function; this is as far as it ever does.
TIDY_NODES ?= 225000
# `make DEPS=true` for those who bring the libraries in their own way.
DEPS ?= scripts/deps
PKG_CONFIG ?= pkg-config

comma := ,
CC_NAME := $(notdir $(lastword $(filter-out -%,$(CC))))
B := build/$(CC_NAME)$(if $(SAN),-$(subst $(comma),-,$(SAN)))$(if \
	$(COVERAGE),-coverage)$(if $(FUZZ),-fuzz)

# The goals that people wait for use all cores without being told.
ifneq ($(filter check lint fuzz bench soak coverage demo,$(MAKECMDGOALS)),)
MAKEFLAGS += -j$(JOBS)
endif

# ---- sources -------------------------------------------------------------

PROTO_SRC := $(wildcard proto/*.c)
STORE_SRC := $(wildcard store/*.c store/*/*.c)
DAEMON_SRC := $(filter-out daemon/main.c,$(wildcard daemon/*.c daemon/*/*.c))
UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT_LIB_SRC := $(filter-out $(UNIT_SRC),$(wildcard tests/unit/*.c))
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
BENCH_SRC := $(wildcard tests/bench/*.c)
TOOL_SRC := $(wildcard tests/*/*_tool.c)
SIM_SRC := $(filter-out $(TOOL_SRC),$(wildcard tests/sim/*.c))
ALL_SRC := $(PROTO_SRC) $(STORE_SRC) $(DAEMON_SRC) $(wildcard daemon/main.c)
TEST_SRC := $(UNIT_SRC) $(UNIT_LIB_SRC) $(FUZZ_SRC) $(BENCH_SRC) $(TOOL_SRC) \
	$(SIM_SRC) $(wildcard tests/fuzz/replay.c)
HEADERS := $(wildcard proto/*.h store/*.h store/*/*.h daemon/*.h \
	daemon/*/*.h tests/*/*.h)
SCRIPTS := .ci/run $(wildcard scripts/deps scripts/*.sh tests/*/*.sh \
	tests/*.sh tests/*/*.bash)
BATS := $(wildcard tests/*/*.bats)

LINTS := lint-format lint-tidy lint-cppcheck lint-shell lint-layers \
	lint-size lint-spelling

objects = $(patsubst %.c,$(B)/%.o,$(1))

# The vocabulary's data files as tables of C.
VOCAB := $(sort $(wildcard store/record/vocab/*.txt))
VOCAB_DATA := $(B)/store/record/vocab_data

# Lowest layer last, as the linker wants it.
LIBS := $(B)/libdaemon.a $(B)/libstore.a $(B)/libproto.a
UNIT := $(patsubst %.c,$(B)/%,$(UNIT_SRC))
REPLAYS := $(patsubst tests/fuzz/fuzz_%.c,$(B)/tests/fuzz/replay_%,$(FUZZ_SRC))
FUZZ_PROGRAMS := $(patsubst %.c,$(B)/%,$(FUZZ_SRC))
TOOLS := $(patsubst %.c,$(B)/%,$(TOOL_SRC))
BENCHES := $(patsubst %.c,$(B)/%,$(BENCH_SRC))

# ---- flags ---------------------------------------------------------------

PKGS = libgit2 libssl libcrypto msgpack yaml-0.1 jansson zlib libuv \
	libsystemd sqlite3 libzip

# Each is asked for once, and only after scripts/deps has had its turn.
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(patsubst -I%,-isystem%,$$(shell \
	$(PKG_CONFIG) --cflags $(PKGS) cmocka 2>/dev/null || \
	$(PKG_CONFIG) --cflags $(PKGS))))$(PKG_CFLAGS)
LDLIBS = $(eval LDLIBS := $$(shell \
	$(PKG_CONFIG) --libs $(PKGS)) -lm)$(LDLIBS)
TEST_LDLIBS = $(eval TEST_LDLIBS := $$(shell \
	$(PKG_CONFIG) --libs cmocka))$(TEST_LDLIBS)
CC_KIND = $(eval CC_KIND := $$(if $$(findstring clang,$$(shell \
	$(CC) --version)),clang,gcc))$(CC_KIND)
CC_ARCH = $(eval CC_ARCH := $$(firstword $$(subst -, ,$$(shell \
	$(CC) -dumpmachine))))$(CC_ARCH)

STANDARD = -std=c11 -D_GNU_SOURCE -I. -ffile-prefix-map=$(CURDIR)=.

WARN = -Wall -Wextra -Wpedantic -Wshadow -Wformat=2 -Wconversion \
	-Wsign-conversion -Wstrict-prototypes -Wold-style-definition \
	-Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wvla -Wundef \
	-Wcast-align -Wcast-qual -Wimplicit-fallthrough -Wnull-dereference \
	-Wdouble-promotion -Wredundant-decls -Wnested-externs -Wdate-time \
	-Walloca -Werror=implicit-function-declaration \
	$(WARN_$(CC_KIND)) $(if $(WERROR),-Werror)
WARN_gcc = -Wlogical-op -Wduplicated-cond -Wduplicated-branches \
	-Wjump-misses-init -Wtrampolines
WARN_clang = -Wcomma -Wunreachable-code -Wextra-semi-stmt \
	-Wconditional-uninitialized

HARDEN = -fstack-protector-strong -fPIE -fno-common $(HARDEN_$(CC_ARCH)) \
	$(if $(SAN)$(COVERAGE)$(filter -O0,$(CFLAGS)),,-U_FORTIFY_SOURCE \
	-D_FORTIFY_SOURCE=3)
HARDEN_x86_64 = -fstack-clash-protection -fcf-protection=full
HARDEN_LD = -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack \
	-Wl,-z,separate-code -Wl,--as-needed

ifneq ($(SAN),)
CFLAGS ?= -O1 -g
INSTRUMENT = -fsanitize=$(SAN) -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -fno-optimize-sibling-calls
else ifneq ($(COVERAGE),)
CFLAGS ?= -O0 -g
INSTRUMENT = --coverage
else
CFLAGS ?= -O2 -g
endif
ifneq ($(FUZZ),)
INSTRUMENT += -fsanitize=fuzzer-no-link
endif

ALL_CFLAGS = $(STANDARD) $(WARN) $(HARDEN) $(INSTRUMENT) -pthread \
	$(PKG_CFLAGS) $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(HARDEN_LD) $(INSTRUMENT) -pthread $(CFLAGS) $(LDFLAGS)

# A test that defines __wrap_f() is linked with f wrapped, and so is one that
# includes the header of a helper that defines it.
with_helpers = $(1).c $(wildcard $(patsubst %.h,%.c,$(filter tests/%.h,$(shell \
	cat $(B)/$(1).d))))
wraps = $(patsubst __wrap_%,-Wl$(comma)--wrap=%,$(sort $(shell \
	grep -oh '\<__wrap_[a-z0-9_]*' $(call with_helpers,$(1)))))

ifeq ($(V),)
Q := @
say = @printf '  %-7s %s\n' $(1) '$(2)'
else
say = @:
endif

# ---- what people call ----------------------------------------------------

.PHONY: all
all: $(B)/weald ## build weald (the default); ./weald points at it
ifeq ($(SAN)$(COVERAGE)$(FUZZ),)
	@[ "$$(readlink weald)" = $(B)/weald ] || ln -sfn $(B)/weald weald
endif

.PHONY: check
check: all tests | deps-test ## build and run all tests (SUITES=... for some)
	@scripts/run-tests --build $(B) --jobs $$(($(JOBS) + 1)) $(SUITES)

.PHONY: demo
demo: all | deps-test ## fifteen regions on this machine (ONCE=1: and no longer)
	@WEALD=$(CURDIR)/$(B)/weald ONCE='$(ONCE)' KEEP='$(KEEP)' scripts/demo

.PHONY: tests
tests: $(UNIT) $(REPLAYS) $(TOOLS) ## build the test programs without running them

.PHONY: lint
lint: $(LINTS) ## check form, smells, scripts, layers and sizes

.PHONY: format
format: | deps-dev ## let clang-format rewrite the sources
	@clang-format -i $(ALL_SRC) $(TEST_SRC) $(HEADERS)

.PHONY: fuzz
fuzz: | deps-dev ## fuzz each target (FUZZ_SECONDS=60, FUZZERS="a b")
	@$(MAKE) --no-print-directory CC=clang SAN=address,undefined FUZZ=1 \
		COVERAGE= fuzz-programs
	@scripts/run-fuzzers build/clang-address-undefined-fuzz \
		$(FUZZ_SECONDS) $(JOBS) $(FUZZERS)

.PHONY: bench
bench: all $(BENCHES) | deps-test ## measure; figures go to the terminal
	@WEALD=$(CURDIR)/$(B)/weald BUILD=$(CURDIR)/$(B) tests/bench/run.sh

.PHONY: soak
soak: all tests | deps-test ## the long tests: kills and fuzzers for hours
	@WEALD=$(CURDIR)/$(B)/weald BUILD=$(CURDIR)/$(B) tests/soak.sh

.PHONY: coverage
coverage: ## run the tests and print how much of each file they reach
	@$(MAKE) --no-print-directory COVERAGE=1 SAN= check
	@scripts/coverage.sh build/$(CC_NAME)-coverage

.PHONY: install
install: all ## install weald, man page and systemd unit (DESTDIR, PREFIX)
	install -d '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(MANDIR)/man1' \
		'$(DESTDIR)$(UNITDIR)'
	install -m 0755 $(B)/weald '$(DESTDIR)$(BINDIR)/weald'
	install -m 0644 docs/weald.1 '$(DESTDIR)$(MANDIR)/man1/weald.1'
	sed 's|@BINDIR@|$(BINDIR)|' scripts/weald.service >$(B)/weald.service
	install -m 0644 $(B)/weald.service \
		'$(DESTDIR)$(UNITDIR)/weald.service'

.PHONY: uninstall
uninstall: ## remove what install put there
	rm -f '$(DESTDIR)$(BINDIR)/weald' '$(DESTDIR)$(MANDIR)/man1/weald.1' \
		'$(DESTDIR)$(UNITDIR)/weald.service'

.PHONY: clean
clean: ## remove everything that was built
	rm -rf build weald

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' Makefile | \
		awk -F'|' '{ printf "make %-10s %s\n", $$1, $$2 }'
	@echo; echo 'variables: CC=gcc|clang SAN=address,undefined|thread WERROR=1'
	@echo '  COVERAGE=1 V=1 JOBS=N PREFIX=/usr/local DESTDIR='

# ---- what is needed ------------------------------------------------------

DEPS_BUILD := build $(if $(findstring clang,$(CC_NAME)),dev)

# One after the other: only one of them can run apt-get at a time.
.PHONY: deps-build deps-test deps-dev
deps-build:
	@$(DEPS) --check $(DEPS_BUILD) >/dev/null || $(DEPS) $(DEPS_BUILD)
deps-test: | deps-build
	@$(DEPS) --check test >/dev/null || $(DEPS) test
deps-dev: | deps-test
	@$(DEPS) --check dev >/dev/null || $(DEPS) dev

# ---- how it is built -----------------------------------------------------

.SECONDARY:
.DELETE_ON_ERROR:
.PHONY: FORCE
FORCE:

# Write the words to $@ unless they stand there already.
remember = @mkdir -p $(@D); set -- $(1); \
	[ "$$*" = "$$(cat $@ 2>/dev/null)" ] || echo "$$*" >$@

# Changed flags rebuild the objects, changed lists of files the archives.
$(B)/flags: FORCE | deps-build
	$(call remember,$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(LDLIBS))
$(B)/sources: FORCE
	$(call remember,$(ALL_SRC) $(UNIT_LIB_SRC))

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<
$(B)/tests/%.o: | deps-test

$(VOCAB_DATA).c: scripts/vocab.awk $(VOCAB)
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)awk -f scripts/vocab.awk $(VOCAB) </dev/null >$@
$(VOCAB_DATA).o: $(VOCAB_DATA).c $(B)/flags
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/libproto.a: $(call objects,$(PROTO_SRC))
$(B)/libstore.a: $(call objects,$(STORE_SRC)) $(VOCAB_DATA).o
$(B)/libdaemon.a: $(call objects,$(DAEMON_SRC))
$(B)/libunit.a: $(call objects,$(UNIT_LIB_SRC))
$(B)/lib%.a: $(B)/sources
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcsD $@ $(filter %.o,$^)

$(B)/weald: $(B)/daemon/main.o $(LIBS)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

# Everything that is linked with what the unit tests share.
define LINK_TEST
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) $(call wraps,$(<:$(B)/%.o=%)) -o $@ \
		$(filter %.o,$^) $(filter %.a,$^) $(LDLIBS) \
		$(TEST_LDLIBS)
endef

$(B)/tests/sim/sim_tool: $(call objects,$(SIM_SRC))
$(UNIT) $(TOOLS) $(BENCHES): $(B)/%: $(B)/%.o $(B)/libunit.a $(LIBS)
	$(LINK_TEST)
$(REPLAYS): $(B)/tests/fuzz/replay_%: $(B)/tests/fuzz/fuzz_%.o \
		$(B)/tests/fuzz/replay.o $(B)/libunit.a $(LIBS)
	$(LINK_TEST)
$(FUZZ_PROGRAMS): $(B)/%: $(B)/%.o $(B)/libunit.a $(LIBS)
	$(LINK_TEST) -fsanitize=fuzzer

.PHONY: fuzz-programs
fuzz-programs: $(FUZZ_PROGRAMS)

-include $(patsubst %.c,$(B)/%.d,$(ALL_SRC) $(TEST_SRC)) $(VOCAB_DATA).d

# ---- lint ----------------------------------------------------------------

each = printf '%s\n' $(1) | xargs -r -P $(JOBS)

# Declarations stand at the top of a block; gcc, clang and the sanitizers see
# better than cppcheck what is used, what is always true, and what leaks.
CPPCHECK_WITHOUT = missingIncludeSystem variableScope unreadVariable \
	unusedStructMember knownConditionTrueFalse memleak

.PHONY: $(LINTS)
lint-format: | deps-dev
	$(call say,LINT,clang-format)
	$(Q)clang-format --dry-run -Werror $(ALL_SRC) $(TEST_SRC) $(HEADERS)
lint-tidy: | deps-dev
	$(call say,LINT,clang-tidy)
	@mkdir -p $(B)
	$(Q)$(call each,$(ALL_SRC) $(TEST_SRC)) -I@ clang-tidy --quiet \
		$(addprefix --extra-arg=-Xclang --extra-arg=, \
		-analyzer-config max-nodes=$(TIDY_NODES)) @ -- \
		$(STANDARD) $(PKG_CFLAGS) 2>$(B)/tidy.log || \
		{ cat $(B)/tidy.log; exit 1; }
lint-cppcheck: | deps-dev
	$(call say,LINT,cppcheck)
	$(Q)cppcheck -q -j $(JOBS) --std=c11 -D_GNU_SOURCE -I. \
		--enable=warning,performance,portability,style --inline-suppr \
		$(addprefix --suppress=,$(CPPCHECK_WITHOUT)) \
		--error-exitcode=1 $(ALL_SRC)
lint-shell: | deps-dev
	$(call say,LINT,shellcheck)
	$(Q)shellcheck $(SCRIPTS)
	$(Q)$(if $(BATS),shellcheck -s bats $(BATS))
lint-layers: all
	$(call say,LINT,layers)
	$(Q)scripts/check-layers.sh $(B)
lint-size: | deps-dev
	$(call say,LINT,sizes)
	$(Q)scripts/fnstat.py --check --quiet $(ALL_SRC) $(TEST_SRC) $(HEADERS)
lint-spelling:
	$(Q)if command -v codespell >/dev/null; then \
		codespell $(ALL_SRC) $(TEST_SRC) $(HEADERS) *.md docs; fi
