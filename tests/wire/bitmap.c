/* Bits of strings: every option, limits, and against a bit at a time. */
#include "tests/wire/events.h"
#include "tests/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

WIRE_SUITE(bitmap);

#define NOT_INTEGER "ERR value is not an integer or out of range"
#define SYNTAX "ERR syntax error"
#define BAD_OFFSET "ERR bit offset is not an integer or out of range"
#define BAD_BIT "ERR bit is not an integer or out of range"
#define BAD_TYPE                                                                                             \
    "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."

Test(bitmap, setbit_and_getbit)
{
    redisContext *c = wire_client();
    expect_int(c, 0, "GETBIT k 0");
    expect_int(c, 0, "SETBIT k 7 1");
    expect_bytes(c, "\x01", 1, "GET k");
    expect_int(c, 1, "GETBIT k 7");
    expect_int(c, 1, "SETBIT k 7 0");
    expect_bytes(c, "\0", 1, "GET k");
    expect_int(c, 0, "SETBIT k 100 1");
    expect_int(c, 13, "STRLEN k");
    expect_int(c, 1, "GETBIT k 100");
    expect_int(c, 0, "GETBIT k 101");
    expect_int(c, 0, "GETBIT k 4294967295");
    expect_int(c, 0, "SETBIT zeros 79 0");
    expect_int(c, 10, "STRLEN zeros");
    expect_ok(c, "SET n 1"); /* 0x31 */
    expect_int(c, 1, "GETBIT n 7");
    expect_int(c, 0, "GETBIT n 6");
    expect_int(c, 0, "SETBIT n 6 1");
    expect_bulk(c, "3", "GET n");
    expect_int(c, 4, "INCR n");
    expect_int(c, 1, "EXPIRE n 100");
    expect_int(c, 0, "SETBIT n 200000 1");
    expect_int(c, 25001, "STRLEN n");
    expect_between(c, 1, 100, "TTL n");
}

Test(bitmap, setbit_and_getbit_refuse)
{
    redisContext *c = wire_client();
    static const char *offsets[] = {"-1", "a", "4294967296", "9223372036854775807", "9223372036854775808",
                                    "#1", ""};
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        expect_error(c, BAD_OFFSET, "SETBIT k %s 1", offsets[i]);
        expect_error(c, BAD_OFFSET, "GETBIT k %s", offsets[i]);
    }
    expect_error(c, BAD_BIT, "SETBIT k 0 2");
    expect_error(c, BAD_BIT, "SETBIT k 0 -1");
    expect_error(c, BAD_BIT, "SETBIT k 0 a");
    expect_int(c, 0, "EXISTS k");
    expect_error(c, "ERR wrong number of arguments for 'setbit' command", "SETBIT k 0");
    expect_error(c, "ERR wrong number of arguments for 'getbit' command", "GETBIT k");
}

Test(bitmap, bitcount_takes_ranges)
{
    redisContext *c = wire_client();
    expect_int(c, 0, "BITCOUNT k");
    expect_int(c, 0, "BITCOUNT k 0 -1");
    expect_ok(c, "SET k foobar");
    static const struct {
        int wanted;
        const char *range;
    } cases[] = {
        {26, ""},
        {4, " 0 0"},
        {6, " 1 1"},
        {26, " 0 -1"},
        {18, " 1 -2"},
        {0, " -2 1"},
        {26, " 0 1000"},
        {0, " 6 7"},
        {0, " -1 -2"},
        {26, " -100 100"},
        {6, " 1 1 BYTE"},
        {17, " 5 30 BIT"},
        {26, " 0 -1 bit"},
        {1, " -2 -2 BIT"},
        {4, " -8 -1 BIT"},
        {0, " -100 -101"},
        {4, " -100 -100"},
        {0, " 48 100 BIT"},
        {1, " 1 1 BIT"},
        {0, " 0 0 BIT"},
        {4, " 0 7 BIT"},
        {10, " 0 15 BIT"},
        {26, " -9223372036854775808 9223372036854775807 BIT"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char command[80];
        snprintf(command, sizeof command, "BITCOUNT k%s", cases[i].range);
        expect_int(c, cases[i].wanted, command);
    }
    expect_ok(c, "SET n 123");
    expect_int(c, 10, "BITCOUNT n");
    expect_error(c, SYNTAX, "BITCOUNT k 0");
    expect_error(c, SYNTAX, "BITCOUNT k 0 1 HALF");
    expect_error(c, SYNTAX, "BITCOUNT k 0 1 BIT x");
    expect_error(c, NOT_INTEGER, "BITCOUNT k a 1");
    expect_error(c, NOT_INTEGER, "BITCOUNT k 0 b");
    expect_error(c, "ERR wrong number of arguments for 'bitcount' command", "BITCOUNT");
    expect_int(c, 0, "BITCOUNT k -1 -2 HALF");
    /* Where there is nothing to count nobody looks at the range. */
    expect_int(c, 0, "BITCOUNT none a 1");
    expect_int(c, 0, "BITCOUNT none 0");
    expect_int(c, 0, "BITCOUNT none 0 1 HALF");
}

Test(bitmap, bitpos_finds_the_first)
{
    redisContext *c = wire_client();
    expect_int(c, -1, "BITPOS none 1");
    expect_int(c, 0, "BITPOS none 0");
    expect_int(c, 0, "BITPOS none 0 5 7");
    expect_int(c, -1, "BITPOS none 1 0 -1 BIT");
    expect_int(c, -1, "BITPOS none 1 a b HALF");
    expect_ok(c, "SET e %s", "");
    expect_int(c, -1, "BITPOS e 0");
    expect_int(c, -1, "BITPOS e 1");
    expect_int(c, -1, "BITPOS e 0 0");
    expect_ok(c, "SET k %b", "\xff\xf0\x00", (size_t)3);
    expect_ok(c, "SET ones %b", "\xff\xff\xff", (size_t)3);
    expect_ok(c, "SET zeros %b", "\0\0\0", (size_t)3);
    static const struct {
        int wanted;
        const char *command;
    } cases[] = {
        {12, "k 0"},
        {0, "k 1"},
        {8, "k 1 1"},
        {-1, "k 1 2"},
        {16, "k 0 2"},
        {-1, "k 0 0 0"},
        {12, "k 0 0 -1"},
        {12, "k 0 -2"},
        {-1, "k 1 -1"},
        {8, "k 1 1 1 BYTE"},
        {9, "k 1 9 20 BIT"},
        {12, "k 0 9 20 BIT"},
        {-1, "k 0 9 11 BIT"},
        {-1, "k 1 12 23 BIT"},
        {13, "k 0 13 13 bit"},
        {-1, "k 0 5 3"},
        {-1, "k 0 100"},
        {-1, "k 0 100 200"},
        {24, "ones 0"},
        {24, "ones 0 1"},
        {-1, "ones 0 0 -1"},
        {-1, "ones 0 1 2"},
        {-1, "ones 0 3"},
        {-1, "ones 0 0 -1 BIT"},
        {0, "ones 1"},
        {16, "ones 1 -1"},
        {23, "ones 1 -1 -1 BIT"},
        {-1, "zeros 1"},
        {0, "zeros 0"},
        {-1, "zeros 1 -1 -1"},
        {0, "ones 1 -100 -100"},
        {0, "ones 1 -100 100"},
        {-1, "ones 0 -100 100"},
        {0, "zeros 0 -100 -99 BIT"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char command[80];
        snprintf(command, sizeof command, "BITPOS %s", cases[i].command);
        expect_int(c, cases[i].wanted, command);
    }
    expect_error(c, "ERR The bit argument must be 1 or 0.", "BITPOS k 2");
    expect_error(c, "ERR The bit argument must be 1 or 0.", "BITPOS k -1");
    expect_error(c, NOT_INTEGER, "BITPOS k a");
    expect_error(c, NOT_INTEGER, "BITPOS k 1 a");
    expect_error(c, NOT_INTEGER, "BITPOS k 1 0 a");
    expect_error(c, SYNTAX, "BITPOS k 1 0 1 HALF");
    expect_error(c, SYNTAX, "BITPOS k 1 0 1 BIT x");
    expect_error(c, "ERR wrong number of arguments for 'bitpos' command", "BITPOS k");
}

Test(bitmap, counting_and_finding_agree_with_a_bit_at_a_time)
{
    redisContext *c = wire_client();
    enum { bytes = 200 };
    unsigned char map[bytes];
    srandom(3);
    for (int i = 0; i < bytes; i++)
        map[i] = i < 60 ? 0 : i < 120 ? 0xff : (unsigned char)random();
    expect_ok(c, "SET k %b", map, (size_t)bytes);
    for (int round = 0; round < 500; round++) {
        long first = random() % (bytes * 8), last = random() % (bytes * 8), count = 0, one = -1, zero = -1;
        for (long i = first; i <= last; i++) {
            bool bit = map[i / 8] & (128 >> i % 8);
            count += bit;
            one = bit && one < 0 ? i : one;
            zero = !bit && zero < 0 ? i : zero;
        }
        expect_int(c, count, "BITCOUNT k %ld %ld BIT", first, last);
        expect_int(c, one, "BITPOS k 1 %ld %ld BIT", first, last);
        expect_int(c, zero, "BITPOS k 0 %ld %ld BIT", first, last);
    }
}

Test(bitmap, bitop_combines)
{
    redisContext *c = wire_client();
    expect_ok(c, "MSET a %b b %b c %b", "\xf0\x0f\xff", (size_t)3, "\xff\xff", (size_t)2, "\x0f", (size_t)1);
    expect_int(c, 3, "BITOP AND d a b");
    expect_bytes(c, "\xf0\x0f\0", 3, "GET d");
    expect_int(c, 3, "BITOP or d a b none");
    expect_bytes(c, "\xff\xff\xff", 3, "GET d");
    expect_int(c, 3, "BITOP XOR d a b c");
    expect_bytes(c, "\0\xf0\xff", 3, "GET d");
    expect_int(c, 3, "BITOP NOT d a");
    expect_bytes(c, "\x0f\xf0\0", 3, "GET d");
    expect_int(c, 3, "BITOP AND d a none");
    expect_bytes(c, "\0\0\0", 3, "GET d");
    expect_int(c, 1, "BITOP OR d c");
    expect_bytes(c, "\x0f", 1, "GET d");
    expect_int(c, 3, "BITOP XOR a a a");
    expect_bytes(c, "\0\0\0", 3, "GET a");
    expect_int(c, 2, "BITOP NOT b b");
    expect_bytes(c, "\0\0", 2, "GET b");
    expect_int(c, 1, "EXPIRE c 100");
    expect_int(c, 1, "BITOP OR c c");
    expect_int(c, -1, "TTL c");
    expect_int(c, 0, "BITOP AND c none other");
    expect_int(c, 0, "EXISTS c");
    expect_int(c, 0, "BITOP NOT none none");
    expect_ok(c, "MSET n 1 m 2");
    expect_int(c, 1, "BITOP OR n n m");
    expect_bulk(c, "3", "GET n");
    expect_int(c, 4, "INCR n");
    expect_error(c, SYNTAX, "BITOP NAND d a b");
    expect_error(c, "ERR BITOP NOT must be called with a single source key.", "BITOP NOT d a b");
    expect_error(c, "ERR wrong number of arguments for 'bitop' command", "BITOP AND d");
}

Test(bitmap, bitop_of_long_strings)
{
    redisContext *c = wire_client();
    enum { n = 100003 };
    unsigned char *s[3], *wanted = malloc(n);
    static const size_t len[3] = {n, n / 2, 16384};
    srandom(5);
    for (int i = 0; i < 3; i++) {
        s[i] = malloc(n);
        for (size_t j = 0; j < n; j++)
            s[i][j] = j < len[i] ? (unsigned char)random() : 0;
        expect_ok(c, "SET s%d %b", i, s[i], len[i]);
    }
    static const char *names[] = {"AND", "OR", "XOR"};
    for (int op = 0; op < 3; op++) {
        for (size_t j = 0; j < n; j++)
            wanted[j] = op == 0   ? s[0][j] & s[1][j] & s[2][j]
                        : op == 1 ? s[0][j] | s[1][j] | s[2][j]
                                  : s[0][j] ^ s[1][j] ^ s[2][j];
        expect_int(c, n, "BITOP %s d s2 s0 s1", names[op]);
        expect_bytes(c, (char *)wanted, n, "GET d");
    }
    /* The destination's memory is used again, also when it is a source or ends. */
    for (size_t j = 0; j < n; j++)
        wanted[j] ^= s[0][j];
    expect_int(c, 1, "EXPIRE d 100");
    expect_int(c, n, "BITOP XOR d d s0");
    expect_bytes(c, (char *)wanted, n, "GET d");
    expect_int(c, -1, "TTL d");
    for (size_t j = 0; j < n; j++)
        wanted[j] = j < n / 2 ? s[1][j] : 0;
    expect_int(c, n / 2, "BITOP OR d s1");
    expect_bytes(c, (char *)wanted, n / 2, "GET d");
    expect_int(c, n, "SETRANGE d %d x", n - 1);
    wanted[n - 1] = 'x';
    expect_bytes(c, (char *)wanted, n, "GET d");
    for (size_t j = 0; j < n; j++)
        wanted[j] = (unsigned char)~s[0][j];
    expect_int(c, n, "BITOP NOT s0 s0");
    expect_bytes(c, (char *)wanted, n, "GET s0");
    for (int i = 0; i < 3; i++)
        free(s[i]);
    free(wanted);
}

Test(bitmap, bitfield_reads_and_writes)
{
    redisContext *c = wire_client();
    expect(c, "[]", "BITFIELD k");
    expect(c, "[0]", "BITFIELD k GET u8 0");
    expect_int(c, 0, "EXISTS k");
    expect(c, "[0 255 -1]", "BITFIELD k SET u8 0 255 GET u8 0 GET i8 0");
    expect(c, "[255 0]", "BITFIELD k SET u8 0 0 GET u8 0");
    expect(c, "[0 -128]", "BITFIELD k SET i8 #1 -128 GET i8 8");
    expect_bytes(c, "\0\x80", 2, "GET k");
    expect(c, "[0 7 7]", "BITFIELD k SET u3 21 7 GET u3 21 GET u4 20");
    expect(c, "[100 200]", "BITFIELD i INCRBY u32 0 100 INCRBY u32 0 100");
    expect(c, "[0 9223372036854775807]", "BITFIELD w SET i64 3 9223372036854775807 GET i64 3");
    expect(c, "[-9223372036854775808]", "BITFIELD w INCRBY i64 3 1");
    expect(c, "[0 9223372036854775807]", "BITFIELD v SET u63 1 9223372036854775807 GET u63 1");
    expect(c, "[5]", "BITFIELD five INCRBY u8 #100 5");
    expect_int(c, 101, "STRLEN five");
    expect_ok(c, "SET n 12");
    expect(c, "[49 50]", "BITFIELD n GET u8 0 GET u8 8");
    expect(c, "[49]", "BITFIELD n SET u8 0 51");
    expect_bulk(c, "32", "GET n");
    expect(c, "[50 0]", "BITFIELD_RO n GET u8 8 GET u8 100");
    expect(c, "[]", "BITFIELD_RO n");
    expect(c, "[0]", "BITFIELD_RO none GET i64 0");
}

Test(bitmap, bitfield_overflows_as_told)
{
    redisContext *c = wire_client();
    expect(c, "[0 0]", "BITFIELD k SET u8 0 256 GET u8 0");
    expect(c, "[255 4]", "BITFIELD k INCRBY u8 0 255 INCRBY u8 0 5");
    expect(c, "[255 255]", "BITFIELD k OVERFLOW SAT INCRBY u8 0 300 GET u8 0");
    expect(c, "[0 255]", "BITFIELD k OVERFLOW SAT INCRBY u8 0 -300 INCRBY u8 0 255");
    expect(c, "[nil 255]", "BITFIELD k OVERFLOW FAIL INCRBY u8 0 1 GET u8 0");
    expect(c, "[nil 255]", "BITFIELD k OVERFLOW FAIL SET u8 0 256 GET u8 0");
    expect(c, "[255 255]", "BITFIELD k OVERFLOW SAT SET u8 0 -1 GET u8 0");
    expect(c, "[0 -128 127 -128]",
           "BITFIELD s SET i8 0 128 GET i8 0 OVERFLOW SAT INCRBY i8 0 1000 INCRBY i8 0 -1000");
    expect(c, "[nil -128 127]",
           "BITFIELD s OVERFLOW FAIL INCRBY i8 0 -1 GET i8 0 OVERFLOW WRAP INCRBY i8 0 -1");
    expect(c, "[9223372036854775807 nil]",
           "BITFIELD m INCRBY i64 0 9223372036854775807 OVERFLOW fail INCRBY i64 0 1");
    expect(c, "[9223372036854775807 -9223372036854775808]",
           "BITFIELD m overflow sat INCRBY i64 0 1 overflow wrap INCRBY i64 0 1");
    expect(c, "[nil]", "BITFIELD m OVERFLOW FAIL INCRBY i64 0 -1");
    expect(c, "[1 0 1]", "BITFIELD one INCRBY u1 0 1 INCRBY u1 0 1 INCRBY u1 0 -1");
    expect(c, "[-1 0 -1]", "BITFIELD two INCRBY i1 0 1 INCRBY i1 0 1 INCRBY i1 0 -1");
    expect3(resp3_client(), "[nil]", "BITFIELD k OVERFLOW FAIL INCRBY u8 0 1");
}

Test(bitmap, bitfield_refuses)
{
    redisContext *c = wire_client();
    static const char *types[] = {"u64", "i65", "u0", "i0", "x8", "u", "", "8", "u-1", "u8a", "U8", "u08"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        expect_error(c, BAD_TYPE, "BITFIELD k GET %s 0", types[i]);
    static const char *offsets[] = {"-1",  "a", "#", "#-1", "#a", "4294967296", "#9223372036854775807",
                                    "##1", ""};
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++)
        expect_error(c, BAD_OFFSET, "BITFIELD k GET u8 %s", offsets[i]);
    expect_error(c, SYNTAX, "BITFIELD k FOO u8 0");
    expect_error(c, SYNTAX, "BITFIELD k GET u8");
    expect_error(c, SYNTAX, "BITFIELD k SET u8 0");
    expect_error(c, SYNTAX, "BITFIELD k INCRBY u8 0");
    expect_error(c, SYNTAX, "BITFIELD k OVERFLOW");
    expect_error(c, "ERR Invalid OVERFLOW type specified", "BITFIELD k OVERFLOW x GET u8 0");
    expect_error(c, NOT_INTEGER, "BITFIELD k SET u8 0 a");
    expect_error(c, NOT_INTEGER, "BITFIELD k INCRBY u8 0 9223372036854775808");
    expect_error(c, SYNTAX, "BITFIELD k SET u8 0 1 GET u8");
    expect_int(c, 0, "EXISTS k");
    expect_error(c, "ERR BITFIELD_RO only supports the GET subcommand", "BITFIELD_RO k SET u8 0 1");
    expect_error(c, "ERR BITFIELD_RO only supports the GET subcommand",
                 "BITFIELD_RO k GET u8 0 INCRBY u8 0 1");
    expect_error(c, "ERR wrong number of arguments for 'bitfield' command", "BITFIELD");
    expect_error(c, "ERR wrong number of arguments for 'bitfield_ro' command", "BITFIELD_RO");
}

Test(bitmap, many_fields_in_one_command)
{
    redisContext *c = wire_client();
    enum { ops = 1000 };
    const char *argv[2 + 4 * ops] = {"BITFIELD", "k"};
    for (int i = 0; i < ops; i++) {
        argv[2 + 4 * i] = "INCRBY";
        argv[3 + 4 * i] = "u16";
        argv[4 + 4 * i] = i % 2 ? "#1" : "#0";
        argv[5 + 4 * i] = "3";
    }
    redisReply *r = redisCommandArgv(c, 2 + 4 * ops, argv, NULL);
    cr_assert(r && r->elements == ops);
    for (size_t i = 0; i < ops; i++)
        cr_assert_eq(r->element[i]->integer, (long long)(i / 2 + 1) * 3);
    freeReplyObject(r);
}

Test(bitmap, changes_are_told)
{
    redisContext *c = wire_client(), *l = events_listener();
    expect_int(c, 0, "SETBIT k 1 1");
    expect_event(l, "setbit", "k");
    if (!wire_is_redis())
        expect_int(c, 1, "SETBIT k 1 1"); /* nothing changes: nothing is told, as in 7.2 */
    expect_int(c, 1, "GETBIT k 1");
    expect(c, "[0]", "BITFIELD k SET u8 8 1");
    expect_event(l, "setbit", "k");
    if (!wire_is_redis())
        expect(c, "[1]", "BITFIELD k SET u8 8 1");
    expect(c, "[1]", "BITFIELD k GET u8 8");
    /* Growing is told with a write that succeeds, though it changes no bit; not without one. */
    expect(c, "[nil]", "BITFIELD grown OVERFLOW FAIL INCRBY u8 0 2147483647");
    expect_int(c, 1, "STRLEN grown");
    expect(c, "[0]", "BITFIELD grown SET u8 8 0");
    expect_event(l, "setbit", "grown");
    expect_int(c, 2, "BITOP NOT d k");
    expect_event(l, "set", "d");
    expect_int(c, 0, "BITOP AND d none none");
    expect_event(l, "del", "d");
    expect_int(c, 0, "BITOP AND d none none");
    expect_int(c, 1, "BITCOUNT k 0 0");
    expect_ok(c, "SET end 1");
    expect_event(l, "set", "end");
}

Test(bitmap, other_types_are_refused)
{
    redisContext *c = wire_client();
    expect_int(c, 1, "RPUSH l x");
    static const char *commands[] = {"GETBIT l 0",
                                     "SETBIT l 0 1",
                                     "BITCOUNT l",
                                     "BITCOUNT l 0 1",
                                     "BITCOUNT l x 1",
                                     "BITPOS l 1",
                                     "BITPOS l 1 x",
                                     "BITFIELD l",
                                     "BITFIELD l GET u8 0",
                                     "BITFIELD l SET u8 0 1",
                                     "BITFIELD_RO l GET u8 0",
                                     "BITOP AND d l",
                                     "BITOP OR d none l"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        expect_error(c, "WRONGTYPE Operation against a key holding the wrong kind of value", commands[i]);
    expect_ok(c, "SET k v");
    expect_int(c, 1, "BITOP OR l k");
    expect_bulk(c, "v", "GET l");
}
