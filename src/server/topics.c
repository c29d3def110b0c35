#include "server/topics.h"

#include "base/mem.h"

struct topic_key {
    struct slice name;
    uint32_t tag;
};

struct member_key {
    const struct topic *topic;
    const struct client *client;
};

/* Databases share names, so the tag takes part. */
static uint64_t tagged(uint64_t hash, uint32_t tag)
{
    return hash ^ (uint64_t)tag * 0x9e3779b97f4a7c15ull;
}

uint64_t topic_hash(const struct topic *t)
{
    return tagged(t->link.hash, t->tag);
}

/* Both are addresses of ours, which no client chooses. */
static uint64_t member_hash(const struct topic *t, const struct client *c)
{
    uint64_t h = ((uint64_t)(uintptr_t)t ^ (uint64_t)(uintptr_t)c << 21) * 0x9e3779b97f4a7c15ull;
    h = (h ^ (uint64_t)(uintptr_t)c >> 4 ^ h >> 32) * 0xbf58476d1ce4e5b9ull;
    return h ^ h >> 32;
}

static bool is_topic(const struct link *link, const void *key)
{
    const struct topic *t = (const struct topic *)link;
    const struct topic_key *k = key;
    return t->tag == k->tag && slice_eq(topic_name(t), k->name);
}

static bool is_member(const struct link *link, const void *key)
{
    const struct member *m = (const struct member *)link;
    const struct member_key *k = key;
    return m->topic == k->topic && m->client == k->client;
}

struct topic *topics_find(const struct topics *all, uint32_t tag, struct slice name, uint64_t hash)
{
    struct topic_key key = {name, tag};
    return (struct topic *)linkmap_find(&all->names, tagged(hash, tag), is_topic, &key);
}

struct member *topics_member(const struct topics *all, const struct topic *t, const struct client *c)
{
    struct member_key key = {t, c};
    return t ? (struct member *)linkmap_find(&all->members, member_hash(t, c), is_member, &key) : NULL;
}

static struct topic *topic_create(struct topics *all, uint32_t tag, struct slice name, uint64_t hash)
{
    struct topic *t = mem_alloc(sizeof *t + name.len);
    *t = (struct topic){.prev = all->last, .tag = tag, .len = name.len};
    if (name.len)
        memcpy(t->name, name.ptr, name.len);
    if (all->last)
        all->last->next = t;
    else
        all->first = t;
    all->last = t;
    all->count++;
    linkmap_insert(&all->names, &t->link, tagged(hash, tag));
    return t;
}

static void topic_destroy(struct topics *all, struct topic *t)
{
    if (t->prev)
        t->prev->next = t->next;
    else
        all->first = t->next;
    if (t->next)
        t->next->prev = t->prev;
    else
        all->last = t->prev;
    all->count--;
    linkmap_remove(&all->names, &t->link);
    mem_free(t);
}

/* What a member costs its client: itself, and the topic's name as if nobody shared it. */
static size_t cost(const struct topic *t)
{
    return sizeof(struct member) + sizeof *t + t->len;
}

bool topics_join(struct topics *all, struct client *c, struct member_list *own, uint32_t tag,
                 struct slice name, uint64_t hash)
{
    struct topic *t = topics_find(all, tag, name, hash);
    if (topics_member(all, t, c))
        return false;
    if (!t)
        t = topic_create(all, tag, name, hash);

    struct member *m = mem_alloc(sizeof *m);
    *m = (struct member){.topic = t, .client = c, .prev = t->last, .prev_own = own->last};
    if (t->last)
        t->last->next = m;
    else
        t->first = m;
    t->last = m;
    t->members++;
    if (own->last)
        own->last->next_own = m;
    else
        own->first = m;
    own->last = m;
    own->count++;
    own->memory += cost(t);
    linkmap_insert(&all->members, &m->link, member_hash(t, c));
    return true;
}

void topics_leave(struct topics *all, struct member_list *own, struct member *m)
{
    struct topic *t = m->topic;
    if (m->prev)
        m->prev->next = m->next;
    else
        t->first = m->next;
    if (m->next)
        m->next->prev = m->prev;
    else
        t->last = m->prev;
    t->members--;
    if (m->prev_own)
        m->prev_own->next_own = m->next_own;
    else
        own->first = m->next_own;
    if (m->next_own)
        m->next_own->prev_own = m->prev_own;
    else
        own->last = m->prev_own;
    own->count--;
    own->memory -= cost(t);
    linkmap_remove(&all->members, &m->link);
    mem_free(m);
    if (!t->members)
        topic_destroy(all, t);
}
