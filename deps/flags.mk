# Compiler and linker flags, for gcc and clang alike. CFLAGS and LDFLAGS of the caller come last and win.

WARNINGS := -Wall -Wextra -Werror
# Entries and packed values are read from raw bytes through struct pointers.
COMMON := -std=gnu17 -D_GNU_SOURCE -Isrc -I. $(WARNINGS) -g -fno-strict-aliasing -fno-omit-frame-pointer -pthread

LTO_FLAGS := -flto=auto -ffat-lto-objects

ifneq ($(SANITIZE),)
CFLAGS_ALL = $(COMMON) -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -DSANITIZE $(CFLAGS)
LIBS := -llzf -llz4 -lpthread -lm
else
CFLAGS_ALL = $(COMMON) -O3 -DHAVE_JEMALLOC $(if $(filter 1,$(LTO)),$(LTO_FLAGS)) $(CFLAGS)
LIBS := -ljemalloc -llzf -llz4 -lpthread -lm
endif
LIBS_TEST := -lpthread -lm
LDFLAGS_ALL = $(LDFLAGS)

FUZZ_CC := clang
FUZZ_CFLAGS := $(COMMON) -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -DSANITIZE -DFUZZING
FUZZ_LIBS := -llzf -llz4 -lpthread -lm
