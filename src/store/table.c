#include "store/table.h"

#include "store/fields.h"
#include "store/list.h"
#include "store/set.h"
#include "store/zset.h"

const struct table_ops *const table_ops[TYPE_COUNT] = {
    [TYPE_LIST] = &list_table_ops,
    [TYPE_SET] = &set_table_ops,
    [TYPE_ZSET] = &zset_table_ops,
    [TYPE_HASH] = &fields_table_ops,
};
