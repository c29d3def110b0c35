/* glob: Redis's pattern language: * ? [a-z] [^a-z] \x.
 *
 * A class that isn't closed ends with the pattern; a '\' at the very end stands
 * for itself. An empty text matches the empty pattern and "*" only. Time is at most length of text times length of pattern, with no
 * recursion, whatever the pattern. */
#ifndef BASE_GLOB_H
#define BASE_GLOB_H

#include "base/slice.h"

/* True when the whole text matches. */
bool glob_match(struct slice pattern, struct slice text, bool nocase);

#endif
