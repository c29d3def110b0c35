/* topics: who listens to what, against a matrix. */
#include "server/topics.h"

#include "base/random.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { CLIENTS = 12, TOPICS = 40 };

/* topics never looks into a client: any address will do. */
static struct client *client(int i)
{
    static char places[CLIENTS][64];
    return (struct client *)(void *)places[i];
}

static struct slice name_of(int topic)
{
    static char text[16];
    return slice_make(text, (size_t)snprintf(text, sizeof text, "%d", topic / 2));
}

/* Topics come in pairs of one name with two tags. */
static struct topic *find(struct topics *all, int topic)
{
    return topics_find(all, topic % 2, name_of(topic), (uint64_t)(topic / 2) * 77);
}

static void expect_matrix(struct topics *all, struct member_list *own, bool in[CLIENTS][TOPICS])
{
    unsigned topics = 0;
    for (int t = 0; t < TOPICS; t++) {
        struct topic *topic = find(all, t);
        unsigned members = 0;
        for (int c = 0; c < CLIENTS; c++) {
            struct member *m = topics_member(all, topic, client(c));
            cr_assert_eq(m != NULL, in[c][t]);
            members += in[c][t];
        }
        cr_assert_eq(topic ? topic->members : 0, members);
        topics += members > 0;
        unsigned listed = 0;
        for (struct member *m = topic ? topic->first : NULL; m; m = m->next)
            listed++;
        cr_assert_eq(listed, members);
    }
    cr_assert_eq(all->count, topics);
    for (int c = 0; c < CLIENTS; c++) {
        unsigned count = 0, listed = 0;
        for (int t = 0; t < TOPICS; t++)
            count += in[c][t];
        for (struct member *m = own[c].first; m; m = m->next_own)
            listed++;
        cr_assert_eq(own[c].count, count);
        cr_assert_eq(listed, count);
        cr_assert_eq(own[c].memory > 0, count > 0);
    }
}

Test(server_topics, joining_and_leaving_at_random)
{
    struct topics all = {0};
    struct member_list own[CLIENTS] = {0};
    bool in[CLIENTS][TOPICS] = {0};
    for (int i = 0; i < 5000; i++) {
        int c = (int)random_below(CLIENTS), t = (int)random_below(TOPICS);
        if (random_below(3)) {
            bool joined = topics_join(&all, client(c), &own[c], t % 2, name_of(t), (uint64_t)(t / 2) * 77);
            cr_assert_eq(joined, !in[c][t]);
            in[c][t] = true;
        } else if (in[c][t]) {
            topics_leave(&all, &own[c], topics_member(&all, find(&all, t), client(c)));
            in[c][t] = false;
        }
        if (i % 100 == 0)
            expect_matrix(&all, own, in);
    }
    for (int c = 0; c < CLIENTS; c++) {
        while (own[c].first)
            topics_leave(&all, &own[c], own[c].first);
    }
    cr_assert(all.count == 0 && all.first == NULL && all.names.count == 0 && all.members.count == 0);
}

Test(server_topics, order_is_that_of_coming)
{
    struct topics all = {0};
    struct member_list own[CLIENTS] = {0};
    for (int c = 0; c < CLIENTS; c++)
        topics_join(&all, client(c), &own[c], 0, SLICE("x"), 1);
    topics_leave(&all, &own[3], own[3].first);
    topics_join(&all, client(3), &own[3], 0, SLICE("x"), 1);
    struct topic *x = topics_find(&all, 0, SLICE("x"), 1);
    cr_assert_eq(topic_hash(x), 1);
    cr_assert_eq(x->first->client, client(0));
    cr_assert_eq(x->last->client, client(3));
    for (int c = 0; c < CLIENTS; c++)
        topics_leave(&all, &own[c], own[c].first);
}
