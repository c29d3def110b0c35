/* maxmemory: what is refused once memory is used up, and that it ends with the shortage. */
#include "tests/wire/wire.h"

WIRE_SUITE(maxmemory);

#define OOM "OOM command not allowed when used memory > 'maxmemory'."

Test(maxmemory, writes_are_refused_and_reads_and_deletes_go_on)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET k v");
    expect_ok(c, "SET n 1");
    wire_config("maxmemory", "1");
    expect_error(c, OOM, "SET other v");
    expect_error(c, OOM, "INCR n");
    expect_error(c, OOM, "APPEND k more");
    expect_bulk(c, "v", "GET k");
    expect_int(c, 1, "EXPIRE k 100");
    expect_int(c, 1, "DEL k");
    expect_nil(c, "GET other");
    expect_bulk(c, "1", "GET n");
    wire_config("maxmemory", "0");
    expect_int(c, 2, "INCR n");
}

Test(maxmemory, a_transaction_that_needs_memory_is_refused_whole)
{
    redisContext *c = wire_client();
    expect_ok(c, "SET filler x");
    wire_config("maxmemory", "1");
    expect_ok(c, "MULTI");
    expect_error(c, OOM, "SET k v");
    expect_error(c, "EXECABORT Transaction discarded because of previous errors.", "EXEC");
    expect_ok(c, "MULTI");
    expect(c, "+QUEUED", "GET k");
    expect(c, "[nil]", "EXEC");
    wire_config("maxmemory", "0");
    expect_ok(c, "MULTI");
    expect(c, "+QUEUED", "SET k v");
    wire_config("maxmemory", "1");
    expect_error(c, "EXECABORT Transaction discarded because of: " OOM, "EXEC");
    wire_config("maxmemory", "0");
    expect_nil(c, "GET k");
}
