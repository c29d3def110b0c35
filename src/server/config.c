/* config: see config.h. Here: lookup, CONFIG SET's all or nothing, and the hooks. */
#include "server/config.h"

#include "base/log.h"
#include "base/mem.h"
#include "server/config_priv.h"
#include "server/config_table.h"
#include "server/config_value.h"

struct hook {
    const struct setting *setting;
    bool (*apply)(const char **error);
};
static struct hook *hooks;
static unsigned hook_count;

static char *path;
static char **warnings;
static unsigned warning_count;

void config_init(void)
{
    setting_init_all();
}

void config_deinit(void)
{
    setting_deinit_all();
    mem_free(hooks);
    hooks = NULL;
    hook_count = 0;
    mem_free(path);
    path = NULL;
    config_drop_warnings();
}

const char *config_path(void)
{
    return path ? path : "";
}

void config_set_path(const char *text)
{
    mem_free(path);
    path = text ? mem_dup(text, strlen(text)) : NULL;
}

void config_add_warning(struct slice text)
{
    for (unsigned i = 0; i < warning_count; i++)
        if (slice_eq(slice_of(warnings[i]), text))
            return;
    warnings = mem_realloc(warnings, (warning_count + 1) * sizeof(*warnings));
    warnings[warning_count++] = mem_dup(text.ptr, text.len);
}

void config_drop_warnings(void)
{
    for (unsigned i = 0; i < warning_count; i++)
        mem_free(warnings[i]);
    mem_free(warnings);
    warnings = NULL;
    warning_count = 0;
}

void config_warn(void)
{
    for (unsigned i = 0; i < warning_count; i++)
        log_warning("%s", warnings[i]);
    config_drop_warnings();
}

bool config_get(const char *name, struct buf *out)
{
    const struct setting *s = setting_find(slice_of(name));
    if (s)
        setting_get(s, out);
    return s != NULL;
}

bool config_is_sensitive(struct slice name)
{
    const struct setting *s = setting_find(name);
    return s && (s->flags & SETTING_SENSITIVE);
}

/* ---- hooks -------------------------------------------------------------------- */

void config_on_change(const char *name, bool (*apply)(const char **error))
{
    const struct setting *s = setting_find(slice_of(name));
    if (!s)
        return;
    hooks = mem_realloc(hooks, (hook_count + 1) * sizeof(*hooks));
    hooks[hook_count++] = (struct hook){s, apply};
}

/* ---- several at once ------------------------------------------------------------ */

struct change {
    const struct setting *setting;
    struct slice name, value; /* as given */
    struct buf before;
    bool changed;
};

/* The hook at i ran already in this round for an earlier setting. */
static bool hook_ran(unsigned i, const struct change *changes, unsigned count)
{
    for (unsigned j = 0; j < i; j++)
        for (unsigned k = 0; k < count; k++)
            if (hooks[j].apply == hooks[i].apply && changes[k].changed &&
                changes[k].setting == hooks[j].setting)
                return true;
    return false;
}

/* Runs the hooks of what changed. Returns the setting whose hook refused, NULL: none did. */
static const struct setting *run_hooks(const struct change *changes, unsigned count, const char **error)
{
    for (unsigned i = 0; i < hook_count; i++)
        for (unsigned k = 0; k < count; k++) {
            if (!changes[k].changed || changes[k].setting != hooks[i].setting || hook_ran(i, changes, count))
                continue;
            *error = NULL;
            if (!hooks[i].apply(error))
                return hooks[i].setting;
            break;
        }
    return NULL;
}

static void restore(struct change *changes, unsigned count)
{
    for (unsigned i = count; i-- > 0;) {
        const char *error;
        if (!setting_set_text(changes[i].setting, config_text(&changes[i].before), &error))
            log_warning("Failed restoring failed CONFIG SET command. Error setting %s: %s",
                        changes[i].setting->name, error ? error : "unknown error");
    }
}

/* Redis's refusals before anything is looked at; the name that they blame goes to *blamed. */
static bool may_set(struct change *changes, unsigned count, bool local, const char **error,
                    struct slice *blamed)
{
    for (unsigned i = 0; i < count; i++) {
        const struct setting *s = changes[i].setting = setting_find(changes[i].name);
        *blamed = changes[i].name;
        *error = NULL;
        if (!s)
            return false;
        if (s->flags & SETTING_IMMUTABLE)
            *error = "can't set immutable config";
        else if ((s->flags & SETTING_PROTECTED) && !config_allows(config.enable_protected_configs, local))
            *error = "can't set protected config";
        for (unsigned j = 0; j < i && !*error; j++) /* name and alias together pass, as in Redis */
            if (slice_eq_nocase(changes[j].name, changes[i].name))
                *error = "duplicate parameter";
        if (*error)
            return false;
    }
    return true;
}

/* Sets all of them and runs the hooks, or leaves everything as it was. */
static bool set_all(struct change *changes, unsigned count, const char **error, struct slice *blamed)
{
    for (unsigned i = 0; i < count; i++)
        setting_get(changes[i].setting, &changes[i].before);
    for (unsigned i = 0; i < count; i++)
        if (!setting_set_text(changes[i].setting, changes[i].value, error)) {
            const char *name = changes[i].setting->name;
            const char *alias = changes[i].setting->alias;
            *blamed = slice_of(alias && slice_is(changes[i].name, alias) ? alias : name);
            restore(changes, i);
            return false;
        }
    for (unsigned i = 0; i < count; i++) {
        struct buf now = BUF_EMPTY;
        setting_get(changes[i].setting, &now);
        changes[i].changed = !slice_eq(config_text(&now), config_text(&changes[i].before));
        buf_deinit(&now);
    }
    const struct setting *failed = run_hooks(changes, count, error);
    if (!failed)
        return true;
    log_warning(
        "Failed applying new configuration. Possibly related to new %s setting. Restoring previous settings.",
        failed->name);
    *blamed = slice_of(failed->name);
    restore(changes, count);
    const char *again = NULL;
    if (run_hooks(changes, count, &again))
        log_warning("Failed applying restored failed CONFIG SET command: %s",
                    again ? again : "unknown error");
    return false;
}

bool config_set_pairs(const struct slice *pairs, unsigned count, bool local, struct buf *error)
{
    struct change *changes = mem_zalloc(count ? count : 1, sizeof(*changes));
    for (unsigned i = 0; i < count; i++) {
        changes[i].name = pairs[2 * i];
        changes[i].value = pairs[2 * i + 1];
    }
    const char *reason = NULL;
    struct slice blamed = {NULL, 0};
    bool fine = may_set(changes, count, local, &reason, &blamed);
    if (!fine && !reason)
        buf_printf(error, "ERR Unknown option or number of arguments for CONFIG SET - '%.*s'",
                   (int)blamed.len, blamed.ptr);
    else if (!fine || !(fine = set_all(changes, count, &reason, &blamed)))
        buf_printf(error, "ERR CONFIG SET failed (possibly related to argument '%.*s')%s%s", (int)blamed.len,
                   blamed.ptr, reason ? " - " : "", reason ? reason : "");
    for (unsigned i = 0; i < count; i++)
        buf_deinit(&changes[i].before);
    mem_free(changes);
    return fine;
}

bool config_set(const char *name, struct slice value, const char **error)
{
    struct change change = {.setting = setting_find(slice_of(name)), .name = slice_of(name), .value = value};
    struct slice blamed;
    *error = "unknown setting";
    if (!change.setting)
        return false;
    bool fine = set_all(&change, 1, error, &blamed);
    buf_deinit(&change.before);
    return fine;
}
