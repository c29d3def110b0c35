#include "ds/intset.h"

static void put(char *array, unsigned width, uint32_t i, int64_t v)
{
    memcpy(array + (size_t)width * i, &v, width); /* its low bytes come first */
}

bool intset_find(const char *array, unsigned width, uint32_t count, int64_t v, uint32_t *at)
{
    /* Integers often come in order: behind the last is looked at first. */
    if (!count || v > intset_at(array, width, count - 1)) {
        *at = count;
        return false;
    }
    uint32_t low = 0, high = count - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (intset_at(array, width, middle) < v)
            low = middle + 1;
        else
            high = middle;
    }
    *at = low;
    return intset_at(array, width, low) == v;
}

void intset_widen(char *array, uint32_t count, unsigned from, unsigned to)
{
    for (uint32_t i = count; i--;)
        put(array, to, i, intset_at(array, from, i));
}

void intset_insert(char *array, unsigned width, uint32_t count, uint32_t at, int64_t v)
{
    char *place = array + (size_t)width * at;
    memmove(place + width, place, (size_t)width * (count - at));
    put(array, width, at, v);
}

void intset_remove(char *array, unsigned width, uint32_t count, uint32_t at)
{
    char *place = array + (size_t)width * at;
    memmove(place, place + width, (size_t)width * (count - at - 1));
}
