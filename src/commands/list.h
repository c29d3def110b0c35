/* list: what the list commands that wait share with those that don't. */
#ifndef COMMANDS_LIST_H
#define COMMANDS_LIST_H

#include "commands/command.h"
#include "store/list.h"

/* argv[i] as LEFT or RIGHT; false when the error is answered. */
bool list_read_end(struct call *c, uint32_t i, enum list_end *end);

/* How LMPOP and BLMPOP are told what to pop. */
struct list_many {
    uint32_t keys;
    enum list_end end;
    int64_t count;
};

/* numkeys key ... <LEFT | RIGHT> [COUNT count] from argv[at] on; false when the error is answered. */
bool list_read_many(struct call *c, uint32_t at, struct list_many *m);

/* Pops from the first of the keys argv[first] .. that is a list, and answers key and element, or with `count`
 * above 0 key and elements. True when something was answered, be it an error. */
bool list_pop_first(struct call *c, uint32_t first, uint32_t keys, enum list_end end, uint64_t count);

/* Moves an element from an end of argv[1] to an end of argv[2] and answers it. True when something was
 * answered, be it an error; false when there is no source. */
bool list_move(struct call *c, enum list_end from, enum list_end to);

#endif
