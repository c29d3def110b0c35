/* events: hearing of what happens to keys. */
#ifndef WIRE_EVENTS_H
#define WIRE_EVENTS_H

#include "tests/wire/wire.h"

#include <stdio.h>

/* A connection that is told of every event in database 0 but "new". */
static inline redisContext *events_listener(void)
{
    wire_config("notify-keyspace-events", "EA");
    redisContext *c = wire_client();
    expect(c, "[\"psubscribe\" \"__keyevent@0__:*\" 1]", "PSUBSCRIBE __keyevent@0__:*");
    return c;
}

static inline void expect_event(redisContext *c, const char *name, const char *key)
{
    char text[256];
    snprintf(text, sizeof text, "[\"pmessage\" \"__keyevent@0__:*\" \"__keyevent@0__:%s\" \"%s\"]", name,
             key);
    expect_next(c, text);
}

/* Nothing was told since. */
static inline void expect_no_event(redisContext *c)
{
    expect(c, "[\"pong\" \"\"]", "PING");
}

#endif
