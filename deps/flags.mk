# Compiler and linker flags, for gcc and clang alike. CFLAGS and LDFLAGS of the caller come last and win.

WARNINGS := -Wall -Wextra -Werror
# Entries and packed values are read from raw bytes through struct pointers.
# Link-time optimisation was measured and made the request path slower (gcc 12).
COMMON := -std=gnu17 -D_GNU_SOURCE -Isrc -I. $(WARNINGS) -g -fno-strict-aliasing -fno-omit-frame-pointer -pthread

ifneq ($(SANITIZE),)
CFLAGS_ALL = $(COMMON) -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -DSANITIZE $(CFLAGS)
LIBS := -lpthread -lm
else
CFLAGS_ALL = $(COMMON) -O3 -DHAVE_JEMALLOC $(CFLAGS)
LIBS := -ljemalloc -lpthread -lm
endif
LIBS_TEST := -lpthread -lm
LDFLAGS_ALL = $(LDFLAGS)

FUZZ_CC := clang
FUZZ_CFLAGS := $(COMMON) -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -DSANITIZE -DFUZZING
