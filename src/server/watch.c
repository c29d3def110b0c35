#include "server/watch.h"

#include "base/mem.h"
#include "server/client.h"
#include "server/notify.h"

struct watches {
    struct member_list keys;
};

struct topics watch_keys;

/* A walk over topics or members is on its way: looking a key up may remove it because
 * its time has come, and that change may mark clients but not free what is walked over. */
static bool walking;

void watch_add(struct client *c, struct keyspace *ks, unsigned db, struct slice key, uint64_t hash)
{
    /* A client that is dirty already gets null whatever follows. */
    if (c->flags & CLIENT_DIRTY_CAS)
        return;
    /* Removes a key whose time has come, so that its going isn't taken for a change. */
    (void)keyspace_find(ks, db, key, hash);
    if (!c->watches)
        c->watches = mem_zalloc(1, sizeof *c->watches);
    topics_join(&watch_keys, c, &c->watches->keys, db, key, hash);
    notify_attend();
}

void watch_clear(struct client *c)
{
    if (!c->watches)
        return;
    while (c->watches->keys.first)
        topics_leave(&watch_keys, &c->watches->keys, c->watches->keys.first);
    mem_free(c->watches);
    c->watches = NULL;
    notify_attend();
}

size_t watch_memory(const struct client *c)
{
    return c->watches ? sizeof *c->watches + c->watches->keys.memory : 0;
}

void watch_check(struct client *c, struct keyspace *ks)
{
    if (!c->watches)
        return;
    walking = true;
    for (struct member *m = c->watches->keys.first; m; m = m->next_own)
        (void)keyspace_find(ks, m->topic->tag, topic_name(m->topic), topic_hash(m->topic));
    walking = false;
}

/* Marks every watcher of t, which dies with it unless something is walking. */
static void touch(struct topic *t)
{
    if (walking) {
        for (struct member *m = t->first; m; m = m->next)
            m->client->flags |= CLIENT_DIRTY_CAS;
        return;
    }
    for (uint32_t left = t->members; left; left--) {
        struct client *c = t->first->client;
        c->flags |= CLIENT_DIRTY_CAS;
        watch_clear(c);
    }
}

void watch_changed(unsigned db, struct slice key, uint64_t hash)
{
    struct topic *t = topics_find(&watch_keys, db, key, hash);
    if (t)
        touch(t);
}

static bool exists(struct keyspace *ks, unsigned db, const struct topic *t)
{
    return keyspace_find(ks, db, topic_name(t), topic_hash(t)) != NULL;
}

void watch_flushing(struct keyspace *ks, unsigned db)
{
    walking = true;
    for (struct topic *t = watch_keys.first; t; t = t->next) {
        if (t->tag == db && exists(ks, db, t))
            touch(t);
    }
    walking = false;
}

void watch_swapping(struct keyspace *ks, unsigned a, unsigned b)
{
    walking = true;
    for (struct topic *t = watch_keys.first; t; t = t->next) {
        if ((t->tag == a || t->tag == b) && (exists(ks, a, t) || exists(ks, b, t)))
            touch(t);
    }
    walking = false;
}
