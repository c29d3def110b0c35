#include "server/notify.h"

#include "base/buf.h"
#include "base/must.h"
#include "server/blocking.h"
#include "server/config.h"
#include "server/pubsub.h"
#include "server/save.h"
#include "server/watch.h"

static void changed(void *ctx, unsigned db, struct slice key, uint64_t hash)
{
    (void)ctx;
    if (unlikely(watch_any()))
        watch_changed(db, key, hash);
    if (unlikely(blocking_any()))
        blocking_changed(db, key, hash);
}

static void flushing(void *ctx, unsigned db)
{
    if (watch_any())
        watch_flushing(ctx, db);
    save_flushing();
}

static void swapping(void *ctx, unsigned a, unsigned b)
{
    if (watch_any())
        watch_swapping(ctx, a, b);
    if (blocking_any())
        blocking_swapped(a, b);
}

/* Publishes `message` to "__<kind>@<db>__:<subject>". */
static void publish(const char *kind, unsigned db, struct slice subject, struct slice message)
{
    static struct buf channel;
    channel.len = 0;
    buf_printf(&channel, "__%s@%u__:", kind, db);
    buf_append_slice(&channel, subject);
    pubsub_publish(buf_slice(&channel), message);
    /* One huge key must not pin its size for good. */
    if (channel.cap > 65536)
        buf_deinit(&channel);
}

static void event(void *ctx, unsigned db, struct slice key, enum event_class cls, const char *name)
{
    (void)ctx;
    int flags = config.notify_keyspace_events;
    if (likely(!(flags & (int)cls)) || !pubsub_any())
        return;
    if (flags & CONFIG_NOTIFY_KEYSPACE)
        publish("keyspace", db, key, slice_of(name));
    if (flags & CONFIG_NOTIFY_KEYEVENT)
        publish("keyevent", db, slice_of(name), key);
}

static struct keyspace *observed;

void notify_attend(void)
{
    keyspace_attend(observed, watch_any() || blocking_any() || config.notify_keyspace_events);
}

static bool follow_setting(const char **error)
{
    (void)error;
    notify_attend();
    return true;
}

void notify_init(struct keyspace *ks)
{
    static struct keyspace_observer observer;
    observer = (struct keyspace_observer){
        .changed = changed, .flushing = flushing, .swapping = swapping, .event = event, .ctx = ks};
    observed = ks;
    keyspace_observe(ks, &observer);
    notify_attend();
    config_on_change("notify-keyspace-events", follow_setting);
}
