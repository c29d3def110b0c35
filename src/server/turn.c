#include "server/turn.h"

#include "base/clock.h"
#include "base/cycles.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/must.h"
#include "server/client.h"
#include "server/config.h"
#include "server/dispatch.h"
#include "server/save.h"
#include "server/server.h"
#include "server/stats.h"
#include "store/keyspace.h"
#include "store/table.h"

#include <errno.h>

#define BATCH_REQUESTS 64
#define BATCH_KEYS 64        /* prefetched at most before they are used */
#define REQUEST_KEYS 32      /* of one request */
#define GROUP_BEHIND 8       /* requests between the prefetch of a key's segment and that of its group */
#define ENTRY_AHEAD 8        /* requests between the prefetch of an entry and its use */
#define MEMBER_AHEAD 6       /* the same for the way to a member of a collection: its table, */
#define MEMBER_GROUP_AHEAD 4 /* its group there, */
#define MEMBER_ITEM_AHEAD 2  /* the member, and at last what is behind it */
#define CLIENT_REQUESTS 1024 /* of one client a turn */
#define SCRATCH (1u << 20)
#define READ_SIZE 65536       /* asked of a client's socket at once */
#define READ_LARGE (1u << 20) /* and when a big request is under way */
#define WRITE_CLIENT 131072   /* written to a client at most a turn */
#define WRITE_TURN (1u << 20)
#define WRITE_FAIR 16384 /* written to each once WRITE_TURN is spent */
#define WRITE_VECTORS 64
#define WORK_BUDGET_US 1000 /* expiry and draining a turn */

/* A request of the batch. */
struct queued {
    struct client *client;
    const struct command *command;
    const char *start; /* of its bytes */
    uint32_t first, argc;
    uint32_t keys;      /* keys worth prefetching */
    uint32_t key, step; /* place of the first one's hash in the pool, distance to the next */
    bool member;        /* the command looks something up in a collection */
    /* That collection, when it is a table with a dict, as long as no table was given up since. */
    const struct table_ops *ops;
    const void *table;
    uint64_t member_hash;
};

static struct {
    struct queued queue[BATCH_REQUESTS];
    unsigned count;
    unsigned keys;
    uint64_t last_hash;   /* of the first key of the last request with one */
    unsigned members;     /* requests that look something up in a collection */
    uint64_t tables_gone; /* when the tables were noted */
    struct {              /* the last one that was noted in this batch */
        uint64_t hash;    /* of its key, 0: none was */
        unsigned db;
        const struct table_ops *ops;
        const void *table;
    } noted;
    bool running;
    struct resp_pool pool;
    char *scratch;
    size_t scratch_used;
} batch;

void turn_start(void)
{
    resp_pool_init(&batch.pool);
    batch.scratch = mem_alloc(SCRATCH);
}

void turn_stop(void)
{
    resp_pool_deinit(&batch.pool);
    mem_free(batch.scratch);
}

/* ---- executing ---------------------------------------------------------------------- */

/* Calls fn for the keys of a request that are worth prefetching. */
static inline void each_key(const struct queued *q, void (*fn)(const struct keyspace *, unsigned, uint64_t))
{
    const uint64_t *hash = batch.pool.hash + q->key;
    if (likely(q->keys == 1))
        fn(server_keyspace, q->client->db, *hash);
    else
        for (uint32_t i = 0; i < q->keys; i++, hash += q->step)
            fn(server_keyspace, q->client->db, *hash);
}

/* Looks for the table at q's key, its entry being in the cache by now. */
static void find_table(const struct queued *q, uint64_t hash)
{
    batch.noted.hash = hash;
    batch.noted.db = q->client->db;
    batch.noted.table = NULL;
    struct slice key = batch.pool.argv[q->first + (uint32_t)q->command->first];
    const struct entry *e = keyspace_peek(server_keyspace, q->client->db, key, hash);
    if (!e || entry_encoding(e) != ENC_TABLE || !table_ops[entry_type(e)]->dict)
        return;
    batch.noted.ops = table_ops[entry_type(e)];
    batch.noted.table = entry_table(e);
}

/* Notes the table that q will look into. That another key has it by then does no harm: it is only fetched. */
static void note_table(struct queued *q)
{
    const struct command *command = q->command;
    const struct slice *argv = batch.pool.argv + q->first;
    if (q->argc <= command->member)
        return;
    uint64_t hash = batch.pool.hash[q->key];
    if (hash != batch.noted.hash || q->client->db != batch.noted.db)
        find_table(q, hash);
    if (!batch.noted.table)
        return;
    q->ops = batch.noted.ops;
    q->table = batch.noted.table;
    q->member_hash = keyspace_hash(argv[command->member]);
    dict_prefetch_segment(q->ops->dict(q->table), q->member_hash);
}

/* The request before which `ahead` others run, when its way into a table is known; else NULL. */
static inline struct queued *noted(unsigned i, unsigned ahead)
{
    if (i + ahead >= batch.count || !batch.queue[i + ahead].table)
        return NULL;
    return &batch.queue[i + ahead];
}

/* Before request i runs: the steps towards the members that the next ones look up. */
static void prefetch_members(unsigned i)
{
    if (unlikely(batch.tables_gone != keyspace_tables_gone(server_keyspace))) {
        for (unsigned n = i; n < batch.count; n++)
            batch.queue[n].table = NULL;
        batch.noted.hash = 0;
        batch.tables_gone = keyspace_tables_gone(server_keyspace);
    }
    if (i + MEMBER_AHEAD < batch.count && batch.queue[i + MEMBER_AHEAD].member)
        note_table(&batch.queue[i + MEMBER_AHEAD]);
    struct queued *q = noted(i, MEMBER_GROUP_AHEAD);
    if (q)
        dict_prefetch_group(q->ops->dict(q->table), q->member_hash);
    q = noted(i, MEMBER_ITEM_AHEAD);
    if (q)
        dict_prefetch_item(q->ops->dict(q->table), q->member_hash);
    q = noted(i, 1);
    if (q && q->ops->prefetch)
        q->ops->prefetch(q->table, q->member_hash);
}

/* The first steps for the first requests of a batch. */
static void prefetch_first_members(void)
{
    batch.tables_gone = keyspace_tables_gone(server_keyspace);
    batch.noted.hash = 0;
    for (unsigned i = 0; i < batch.count && i < MEMBER_AHEAD; i++)
        if (batch.queue[i].member)
            note_table(&batch.queue[i]);
    for (unsigned i = 0; i < batch.count && i < MEMBER_GROUP_AHEAD; i++)
        if (batch.queue[i].table)
            dict_prefetch_group(batch.queue[i].ops->dict(batch.queue[i].table), batch.queue[i].member_hash);
    for (unsigned i = 0; i < batch.count && i < MEMBER_ITEM_AHEAD; i++)
        if (batch.queue[i].table)
            dict_prefetch_item(batch.queue[i].ops->dict(batch.queue[i].table), batch.queue[i].member_hash);
}

/* q's client has to wait: its bytes from q on stay in, or go to, its own buffer. */
static void stall(const struct queued *q)
{
    struct client *c = q->client;
    c->flags |= CLIENT_STALLED;
    c->stalled_at = q->start;
    if (!c->big_count)                 /* else it is the whole batch, and its big arguments are kept for it */
        resp_parser_reset(&c->parser); /* it may be amid a request behind */
    if (c->input.data && c->arrived_end == c->input.data + c->input.len)
        return;
    c->input.len = c->input_used = 0;
    buf_append(&c->input, q->start, (size_t)(c->arrived_end - q->start));
}

static void execute(const struct queued *q)
{
    struct client *c = q->client;
    if (unlikely(c->flags & (CLIENT_CLOSING | CLIENT_STALLED | CLIENT_CLOSE_AFTER)))
        return;
    if (unlikely(c->flags & CLIENT_BLOCKED) ||
        unlikely(!dispatch_request(c, q->command, batch.pool.argv + q->first, q->argc,
                                   batch.pool.hash + q->first, q->ops ? &q->member_hash : NULL)))
        stall(q);
}

/* Runs the batch: the groups of all but the last are in the cache or on their way by now; the
 * entries are fetched some requests ahead of the one that is executed. */
static void run_batch(void)
{
    if (!batch.count)
        return;
    must(!batch.running);
    batch.running = true;
    unsigned count = batch.count;
    for (unsigned i = count > GROUP_BEHIND ? count - GROUP_BEHIND : 0; i < count; i++)
        each_key(&batch.queue[i], keyspace_prefetch_group);
    for (unsigned i = 0; i < count && i < ENTRY_AHEAD; i++)
        each_key(&batch.queue[i], keyspace_prefetch_entry);
    if (unlikely(batch.members))
        prefetch_first_members();
    dispatch_tick();
    for (unsigned i = 0; i < count; i++) {
        if (i + ENTRY_AHEAD < count)
            each_key(&batch.queue[i + ENTRY_AHEAD], keyspace_prefetch_entry);
        if (unlikely(batch.members))
            prefetch_members(i);
        execute(&batch.queue[i]);
    }
    batch.count = 0;
    batch.keys = 0;
    batch.members = 0;
    batch.running = false;
    resp_pool_reset(&batch.pool);
}

/* ---- reading ---------------------------------------------------------------------------- */

static void protocol_error(struct client *c, const char *text)
{
    run_batch();
    resp_pool_reset(&batch.pool); /* what the bad request has left */
    if (c->flags & (CLIENT_CLOSING | CLIENT_STALLED))
        return;
    client_big_forget(c);
    log_verbose("Protocol error from client %llu: %s", (unsigned long long)c->id, text);
    reply_error(&c->reply, text);
    stats_error("ERR");
    client_close_after(c);
}

/* Puts a request into the batch; true when the batch was run. */
static inline bool enqueue(struct client *c, const char *start, const struct resp_request *got)
{
    struct queued *q = &batch.queue[batch.count++];
    struct slice *argv = batch.pool.argv + got->first;
    const struct command *cmd = dispatch_find(argv, got->argc);
    *q = (struct queued){.client = c, .command = cmd, .start = start, .first = got->first, .argc = got->argc};
    if (cmd && cmd->first) {
        uint32_t keys = dispatch_hash(cmd, argv, got->argc, batch.pool.hash + got->first);
        q->keys = likely(keys < REQUEST_KEYS) ? keys : REQUEST_KEYS;
        q->key = got->first + (uint32_t)cmd->first;
        q->step = (uint32_t)cmd->step;
        if (keys == 1 && batch.pool.hash[q->key] == batch.last_hash)
            q->keys = 0; /* the key of the request before, mostly: it is on its way */
        batch.last_hash = batch.pool.hash[q->key];
        each_key(q, keyspace_prefetch_segment);
        batch.keys += q->keys;
        q->member = cmd->member;
        batch.members += q->member;
    }
    if (likely(batch.count > GROUP_BEHIND))
        each_key(q - GROUP_BEHIND, keyspace_prefetch_group);
    bool barrier = cmd && cmd->flags & COMMAND_BARRIER;
    if (likely(batch.count < BATCH_REQUESTS && batch.keys < BATCH_KEYS && !barrier))
        return false;
    run_batch();
    return true;
}

/* Runs the request with big arguments that was put into the batch last. */
static void run_big(struct client *c)
{
    run_batch();
    if (!(c->flags & CLIENT_STALLED))
        client_big_forget(c);
}

/* Cuts [data, data + len) into requests of c. Returns how far it came; more->size is how many
 * bytes the cut-off request behind that will have at least (0: nothing is cut off). */
static size_t parse(struct client *c, const char *data, size_t len, struct resp_request *more)
{
    size_t at = 0;
    bool judge = true; /* c's flags may have changed */
    struct resp_limits limits;
    *more = (struct resp_request){0};
    for (unsigned n = 0; at < len; n++) {
        if (unlikely(judge)) {
            if (unlikely(c->flags & (CLIENT_CLOSING | CLIENT_CLOSE_AFTER | CLIENT_BLOCKED | CLIENT_STALLED)))
                return at;
            limits = (struct resp_limits){config.proto_max_bulk_len, c->flags & CLIENT_AUTHENTICATED};
        }
        if (unlikely(n == CLIENT_REQUESTS)) {
            client_wants_read(c);
            return at;
        }
        struct resp_request got;
        enum resp_result result = resp_parse(&c->parser, &limits, &batch.pool, data + at, len - at, &got);
        if (unlikely(result == RESP_MORE)) {
            *more = got;
            return at;
        }
        if (unlikely(result == RESP_BAD)) {
            protocol_error(c, got.error);
            return len;
        }
        judge = likely(got.argc) && enqueue(c, data + at, &got);
        if (unlikely(c->big_count)) {
            run_big(c);
            judge = true;
        }
        at += got.size;
    }
    return at;
}

/* Takes the next n bytes off c's own buffer. The rest moves up only when that is less than
 * what went before it, so that a long pipeline that had to wait costs no more than its length. */
static void consume(struct client *c, size_t n)
{
    c->input_used += n;
    size_t left = c->input.len - c->input_used;
    if (left && c->input_used < left)
        return;
    if (left)
        memmove(c->input.data, c->input.data + c->input_used, left);
    else
        buf_deinit(&c->input);
    c->input.len = left;
    c->input_used = 0;
}

/* The cut-off request at the start of c's own buffer ends with a part of a big argument: that goes
 * to a blob, where the rest of it will be read to. */
static void start_big(struct client *c, const struct resp_request *more)
{
    char *request = c->input.data + c->input_used;
    size_t have = c->input.len - c->input_used - more->big_at;
    client_big_start(c, more->big_len, request + more->big_at, have);
    c->input.len -= have;
    if (c->input.cap <= READ_LARGE || c->input.cap / 2 < more->big_at)
        return;
    struct buf less = BUF_EMPTY; /* what held the part is much too large now */
    buf_append(&less, request, more->big_at);
    buf_deinit(&c->input);
    c->input = less;
    c->input_used = 0;
}

/* Nothing more of c is read, or run for now. */
static inline bool is_held(const struct client *c)
{
    return c->flags & (CLIENT_CLOSING | CLIENT_CLOSE_AFTER | CLIENT_BLOCKED | CLIENT_STALLED);
}

/* Cuts and runs what stands in c's own buffer. */
static void parse_own(struct client *c)
{
    run_batch(); /* it may hold requests of c, and decide that those behind wait */
    if (is_held(c) || !c->input.len || c->big)
        return;
    struct resp_request more;
    const char *data = c->input.data + c->input_used;
    c->arrived_end = c->input.data + c->input.len;
    size_t at = parse(c, data, c->input.len - c->input_used, &more);
    run_batch();
    if (c->flags & CLIENT_CLOSING)
        return;
    if (c->flags & CLIENT_STALLED)
        at = (size_t)(c->stalled_at - data);
    consume(c, at);
    c->wanted = more.size;
    if (more.big_len && !is_held(c))
        start_big(c, &more);
}

/* Cuts n bytes of c that stand in the scratch. What can't run yet is copied. */
static void parse_scratch(struct client *c, const char *data, size_t n)
{
    struct resp_request more;
    c->arrived_end = data + n;
    size_t at = parse(c, data, n, &more);
    if (unlikely(more.big_len))
        run_batch(); /* what goes before it may make it wait */
    if (unlikely(c->flags & (CLIENT_CLOSING | CLIENT_STALLED)) || likely(at == n))
        return;
    c->wanted = more.size;
    const char *request = data + at;
    size_t have = n - at;
    if (more.big_len && !is_held(c)) {
        client_big_start(c, more.big_len, request + more.big_at, have - more.big_at);
        buf_append(&c->input, request, more.big_at);
        return;
    }
    buf_reserve(&c->input, more.size < READ_LARGE ? (more.size > have ? more.size : have) : READ_LARGE);
    buf_append(&c->input, request, have);
}

/* Room for the next read of c: the scratch; when bytes wait in its own buffer, that, or its big argument. */
static char *read_room(struct client *c, size_t *size)
{
    *size = READ_SIZE;
    if (likely(!c->input.len)) {
        if (unlikely(SCRATCH - batch.scratch_used < READ_SIZE)) {
            run_batch();
            batch.scratch_used = 0;
        }
        return batch.scratch + batch.scratch_used;
    }
    if (c->big) {
        size_t rest = c->big->cap - c->big->len;
        *size = rest < READ_LARGE ? rest : READ_LARGE;
        return c->big->data + c->big->len;
    }
    size_t have = c->input.len - c->input_used;
    size_t rest = c->wanted > have + READ_SIZE ? c->wanted - have : READ_SIZE;
    *size = rest < READ_LARGE ? rest : READ_LARGE;
    /* Room for all of it at once: what isn't filled yet takes no memory, and nothing is copied as it grows. */
    return buf_reserve(&c->input, rest);
}

static void read_client(struct client *c)
{
    size_t size;
    char *room = read_room(c, &size);
    bool own = c->input.len;
    ssize_t n = socket_read(&c->conn, room, size);
    server_stats.reads++;
    if (unlikely(n <= 0)) {
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0)
            log_verbose("Reading from client %llu: %s", (unsigned long long)c->id, strerror(errno));
        if (n < 0 || c->flags & CLIENT_BLOCKED || output_empty(&c->output))
            client_close(c);
        else /* it may only have finished sending */
            client_close_after(c);
        return;
    }
    c->active_ms = clock_ms();
    c->net_in += (size_t)n;
    server_stats.net_in += (size_t)n;
    if (likely(!own)) {
        batch.scratch_used += (size_t)n;
        parse_scratch(c, room, (size_t)n);
    } else if (unlikely(c->big != NULL)) {
        c->big->len += (size_t)n;
        if (c->big->len == c->big->cap) {
            client_big_done(c);
            parse_own(c);
        }
    } else {
        c->input.len += (size_t)n;
        parse_own(c);
    }
    if (unlikely(c->input.len))
        client_account(c);
}

/* The clients whose requests were left over when the last turn ended. */
static void read_leftovers(void)
{
    struct client *c = client_readers;
    client_readers = NULL;
    while (c) {
        struct client *next = c->next_read;
        c->flags &= ~(uint32_t)(CLIENT_READ_PENDING | CLIENT_STALLED);
        parse_own(c);
        c = next;
    }
}

/* ---- writing -------------------------------------------------------------------------- */

/* What c is watched for, from what it waits for. */
static void watch_client(struct client *c)
{
    uint32_t events =
        (c->flags & CLIENT_CLOSE_AFTER ? 0 : EPOLLIN) | (c->flags & CLIENT_CONGESTED ? EPOLLOUT : 0);
    loop_modify(&c->watch, events);
}

void turn_client_ready(struct loop_watch *w, uint32_t events)
{
    struct client *c = (struct client *)((char *)w - offsetof(struct client, watch));
    must(c->magic == CLIENT_MAGIC);
    if (unlikely(events & EPOLLOUT)) {
        c->flags &= ~(uint32_t)CLIENT_CONGESTED;
        client_wants_write(c);
    }
    if (events & EPOLLIN && c->flags & CLIENT_READ_PENDING)
        return; /* what it sent before comes first */
    if (events & EPOLLIN && !(c->flags & CLIENT_CLOSE_AFTER))
        read_client(c);
    else if (events & EPOLLHUP)
        client_close(c);
    else if (events & EPOLLIN)
        watch_client(c); /* else what isn't read wakes us for ever */
}

/* Writes at most `budget` bytes; returns how many went out. */
static size_t write_client(struct client *c, size_t budget)
{
    struct iovec v[WRITE_VECTORS];
    int count = output_vectors(&c->output, v, WRITE_VECTORS, budget);
    ssize_t n = 0;
    if (count) {
        n = socket_writev(&c->conn, v, count);
        server_stats.writes++;
        if (unlikely(n < 0 && errno != EAGAIN)) {
            log_verbose("Writing to client %llu: %s", (unsigned long long)c->id, strerror(errno));
            client_close(c);
            return 0;
        }
        n = n < 0 ? 0 : n;
        if (n)
            c->active_ms = clock_ms();
        output_advance(&c->output, (size_t)n);
        c->net_out += (size_t)n;
        server_stats.net_out += (size_t)n;
    }
    if (unlikely(!output_empty(&c->output)))
        c->flags |= CLIENT_CONGESTED;
    else if (unlikely(c->flags & CLIENT_CLOSE_AFTER))
        client_close(c);
    if (unlikely(!(c->flags & CLIENT_CLOSING)))
        watch_client(c);
    return (size_t)n;
}

void turn_write_all(void)
{
    size_t written = 0;
    struct client *c = client_writers;
    client_writers = NULL;
    while (c) {
        struct client *next = c->next_write;
        c->flags &= ~(uint32_t)CLIENT_WRITE_PENDING;
        if (likely(!(c->flags & (CLIENT_CLOSING | CLIENT_CONGESTED)))) {
            size_t left = WRITE_TURN > written ? WRITE_TURN - written : 0;
            size_t budget = left > WRITE_CLIENT ? WRITE_CLIENT : left > WRITE_FAIR ? left : WRITE_FAIR;
            written += write_client(c, budget);
        }
        client_account(c);
        c = next;
    }
}

/* ---- the turn ---------------------------------------------------------------------------- */

/* What the last turn took, and tables given up before it. */
static struct {
    uint64_t cycles, tables_gone;
} last;

/* What the keyspace does by itself: keyspace_work's answer. A turn that took long and gave tables up may have made
 * more garbage than the budget frees: where turns go on like that memory would grow without end. So freeing gets a
 * share of the time that commands take. */
static int64_t work(void)
{
    bool gave_up = keyspace_tables_gone(server_keyspace) != last.tables_gone;
    int64_t next_ms = keyspace_work(server_keyspace, WORK_BUDGET_US);
    if (unlikely(gave_up) && next_ms == 0 && cycles_to_us(last.cycles) > WORK_BUDGET_US)
        keyspace_free_more(server_keyspace, cycles_to_us(last.cycles) / 2);
    last.tables_gone = keyspace_tables_gone(server_keyspace);
    return next_ms;
}

void turn_run(int64_t max_wait_ms)
{
    /* As in Redis nothing expires by itself while clients are paused; and nothing while it is being loaded. */
    int64_t wait_ms = likely(client_pause_mode == PAUSE_OFF && !(save_hinders & SAVE_LOADS)) ? work() : -1;
    if (client_readers || client_writers)
        wait_ms = 0;
    if (wait_ms >= 0 && (max_wait_ms < 0 || wait_ms < max_wait_ms))
        max_wait_ms = wait_ms;
    dispatch_measure();
    read_leftovers();
    loop_turn(max_wait_ms);
    run_batch();
    batch.scratch_used = 0;
    turn_write_all();
    client_free_closed();
    server_stats.turns++;
    last.cycles = cycles_now() - loop_woke;
    server_stats.turn_cycles += last.cycles;
}
