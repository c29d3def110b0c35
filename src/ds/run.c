#include "ds/run.h"

/* The first of the planned elements in [p, end); end when there is none. */
static const char *find(const char *p, const char *end, const struct pack_plan *plan)
{
    while (p != end && !pack_is(p, plan))
        p = run_next(p);
    return p;
}

/* The `most`-th of the planned elements from behind; the front when there are fewer. */
static const char *find_back(const char *first, const char *end, const struct pack_plan *plan, uint64_t most)
{
    while (end != first && most) {
        end = run_prev(end);
        most -= pack_is(end, plan);
    }
    return end;
}

uint64_t run_remove(char *run, size_t *len, const struct pack_plan *plan, uint64_t most, bool back)
{
    const char *end = run + *len;
    const char *p = find(back ? find_back(run, end, plan, most) : run, end, plan);
    char *to = run + (p - run);
    uint64_t removed = 0;
    while (p != end && removed < most) {
        p += run_plan_size(plan);
        removed++;
        const char *next = removed < most ? find(p, end, plan) : end;
        memmove(to, p, (size_t)(next - p));
        to += next - p;
        p = next;
    }
    if (removed)
        *len = (size_t)(to - run);
    return removed;
}
