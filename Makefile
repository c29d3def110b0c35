# Hearth's build.
#
#   make               build $(BUILD)/hearth-server, nothing is installed
#   make run           install what is missing, build, start in the foreground (ARGS="--port 7000")
#   make test          install what the tests need, build, run every test (SUITES="unit wire" for some,
#                      FILTER=pattern for Criterion tests whose suite/name matches)
#   make bench         figures beside the peers that are installed (SECTIONS=cpu,mem QUICK=1 PEERS="name=command")
#   make conformance   Redis's own test suite against this server (FILES="unit/sort"; see redis-compat/conformance)
#   make lint, fuzz, install, clean
#
# Variables: BUILD (directory, default build), CC, SANITIZE=1 (ASan+UBSan, in a directory of its own),
# LTO=0 (gcc's link-time optimisation, on by default), ROOMS="base ds" (only these rooms, for work
# on one of them), V=1 (show commands), PREFIX, SYSCONFDIR, UNITDIR and DESTDIR for install.

BUILD ?= build
ifeq ($(origin CC),default)
CC := gcc
endif
SANITIZE ?=
ifeq ($(SANITIZE),0)
override SANITIZE :=
endif
LTO ?= $(if $(findstring clang,$(CC)),0,1)
PREFIX ?= /usr/local
SYSCONFDIR ?= $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)
UNITDIR ?= $(PREFIX)/lib/systemd/system
ARGS ?=
ifeq ($(V),)
Q := @
endif

# Parallel unless the caller chose. Recipes that must come in order call $(MAKE) one after the other.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif
MAKEFLAGS += --no-print-directory

OUT := $(BUILD)$(if $(SANITIZE),/sanitize)

include deps/flags.mk

ROOMS ?= base ds loop store resp persist redis-compat commands server
SOURCES := $(foreach room,$(ROOMS),$(wildcard src/$(room)/*.c $(room)/*.c))
MAIN := src/server/main.c
UNIT_SOURCES := $(wildcard tests/unit/*.c) $(foreach room,$(ROOMS) support,$(shell find tests/unit/$(room) -name '*.c' 2>/dev/null))
WIRE_SOURCES := $(wildcard tests/wire/*.c)
FUZZ_SOURCES := $(wildcard tests/fuzz/*.c)
BENCH_SOURCES := $(wildcard tests/bench/*.c)

OBJECTS := $(SOURCES:%.c=$(OUT)/obj/%.o)
PARTS := $(filter-out $(OUT)/obj/$(MAIN:.c=.o),$(OBJECTS))
UNIT_OBJECTS := $(UNIT_SOURCES:%.c=$(OUT)/obj/%.o)
WIRE_OBJECTS := $(WIRE_SOURCES:%.c=$(OUT)/obj/%.o)
FUZZ_PARTS := $(patsubst %.c,$(OUT)/fuzz/obj/%.o,$(filter-out $(MAIN),$(SOURCES)))
FUZZ_PROGRAMS := $(FUZZ_SOURCES:tests/fuzz/%.c=$(OUT)/fuzz/%)
BENCH_PROGRAMS := $(BENCH_SOURCES:tests/bench/%.c=$(OUT)/bench/%)

.DEFAULT_GOAL := build
.PHONY: build run test test-programs fuzz-programs bench conformance lint fuzz install clean format force
.DELETE_ON_ERROR:
.SECONDARY:

build: $(OUT)/hearth-server

run:
	$(Q)deps/install run
	$(Q)$(MAKE) build
	$(Q)exec $(OUT)/hearth-server $(ARGS)

test:
	$(Q)deps/install run test
	$(Q)$(MAKE) test-programs
	$(Q)OUT=$(OUT) SANITIZE=$(SANITIZE) SUITES="$(SUITES)" FILTER="$(FILTER)" tests/run

test-programs: $(OUT)/hearth-server $(OUT)/unit-tests $(OUT)/wire-tests $(if $(SANITIZE),,fuzz-programs)
fuzz-programs: $(FUZZ_PROGRAMS)

fuzz:
	$(Q)deps/install run test
	$(Q)$(MAKE) fuzz-programs
	$(Q)OUT=$(OUT) SUITES=fuzz FUZZ_SECONDS=$(or $(FUZZ_SECONDS),60) tests/run

bench:
	$(Q)deps/install run bench
	$(Q)$(MAKE) build $(BENCH_PROGRAMS)
	$(Q)OUT=$(OUT) tests/bench/run

conformance:
	$(Q)deps/install run conformance
	$(Q)$(MAKE) build
	$(Q)OUT=$(OUT) redis-compat/conformance/run

lint:
	$(Q)deps/install run test
	$(Q)tests/lint/run

format:
	$(Q)clang-format-14 -i $$(find src persist redis-compat tests -name '*.[ch]')

install: build
	$(Q)install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man8 $(DESTDIR)$(UNITDIR) $(DESTDIR)$(SYSCONFDIR)/hearth
	$(Q)install -m 755 $(OUT)/hearth-server $(DESTDIR)$(PREFIX)/bin/hearth-server
	$(Q)sed -e 's|@CONF@|$(SYSCONFDIR)/hearth/hearth.conf|' deps/packaging/hearth-server.8 > $(OUT)/hearth-server.8
	$(Q)install -m 644 $(OUT)/hearth-server.8 $(DESTDIR)$(PREFIX)/share/man/man8/hearth-server.8
	$(Q)sed -e 's|@BINDIR@|$(PREFIX)/bin|; s|@CONF@|$(SYSCONFDIR)/hearth/hearth.conf|' deps/packaging/hearth.service > $(OUT)/hearth.service
	$(Q)install -m 644 $(OUT)/hearth.service $(DESTDIR)$(UNITDIR)/hearth.service
	$(Q)conf=$(DESTDIR)$(SYSCONFDIR)/hearth/hearth.conf; if [ -e $$conf ] && ! cmp -s src/server/hearth.conf $$conf; then \
	    echo "keeping $$conf; the default is beside it as hearth.conf.default"; conf=$$conf.default; fi; \
	    install -m 644 src/server/hearth.conf $$conf
	@echo "installed under $(DESTDIR)$(PREFIX), configuration in $(DESTDIR)$(SYSCONFDIR)/hearth"

clean:
	$(Q)rm -rf $(BUILD)

# ---- how things are made ---------------------------------------------------

# Rewritten only when compiler or flags differ from last time; everything depends on it.
$(OUT)/flags: force
	$(Q)mkdir -p $(OUT)
	$(Q)printf '%s\n' '$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) $(LIBS)' | cmp -s - $@ || printf '%s\n' '$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) $(LIBS)' > $@

$(OUT)/obj/%.o: %.c $(OUT)/flags
	@mkdir -p $(@D)
	$(if $(Q),@echo '  CC    $<')
	$(Q)$(CC) $(CFLAGS_ALL) $(if $(filter tests/%,$<),-Itests) -MMD -MP -c -o $@ $<

$(OUT)/fuzz/obj/%.o: %.c $(OUT)/flags
	@mkdir -p $(@D)
	$(if $(Q),@echo '  FUZZ  $<')
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$(OUT)/hearth-server: $(OBJECTS) $(OUT)/OBJECTS.list
	$(if $(Q),@echo '  LINK  $@')
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) $(LIBS)

# The names of the objects: a source that goes away relinks what it was in.
$(OUT)/%.list: force
	$(Q)mkdir -p $(OUT)
	$(Q)printf '%s\n' $($*) | cmp -s - $@ || printf '%s\n' $($*) > $@

$(OUT)/unit-tests: $(PARTS) $(UNIT_OBJECTS) $(OUT)/UNIT_OBJECTS.list
	$(if $(Q),@echo '  LINK  $@')
	$(Q)$(CC) $(CFLAGS_ALL) -fno-lto $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) -lcriterion $(LIBS)

$(OUT)/wire-tests: $(WIRE_OBJECTS) $(OUT)/WIRE_OBJECTS.list
	$(if $(Q),@echo '  LINK  $@')
	$(Q)$(CC) $(CFLAGS_ALL) -fno-lto $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) -lcriterion -lhiredis $(LIBS_TEST)

$(OUT)/fuzz/%: $(OUT)/fuzz/obj/tests/fuzz/%.o $(FUZZ_PARTS)
	$(if $(Q),@echo '  LINK  $@')
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $^ $(FUZZ_LIBS)

$(OUT)/bench/%: tests/bench/%.c $(OUT)/flags
	@mkdir -p $(@D)
	$(if $(Q),@echo '  CC    $<')
	$(Q)$(CC) -O2 -g -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror -o $@ $< -lm

-include $(OBJECTS:.o=.d) $(UNIT_OBJECTS:.o=.d) $(WIRE_OBJECTS:.o=.d) $(FUZZ_PARTS:.o=.d) $(FUZZ_SOURCES:%.c=$(OUT)/fuzz/obj/%.d)
