/* Crashes and failing disks, with real files behind a VFS that counts writes, syncs and truncations: at the
 * n-th it either kills the process or fails as a disk does, for n = 1, 2, 3 … After each: what committed is
 * whole, and the log read again from its start counts every transaction exactly once. */
#include "tests/unit/ledger_kit.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

enum { TRANSACTIONS = 24, BATCH = 4, ITEMS = 6, FAULTS_MAX = 5000 };

/* ---- the VFS ---- */

struct fault {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    unsigned seen, at; /* at: the call that fails, from 1; 0: none */
    int code;          /* what it fails with; 0: the process is killed */
    bool lasting;      /* and so do all later ones */
};

struct fault_file {
    sqlite3_file base;
    struct fault *fault;
    sqlite3_file *real; /* right behind this struct */
};

static struct fault_file *file_of(sqlite3_file *f)
{
    return (struct fault_file *)f;
}

static int touch_disk(sqlite3_file *f)
{
    struct fault *fault = file_of(f)->fault;
    fault->seen++;
    bool fails = fault->at != 0 && (fault->seen == fault->at || (fault->lasting && fault->seen > fault->at));
    if (fails && fault->code == 0) {
        (void)kill(getpid(), SIGKILL);
    }
    return fails ? fault->code : SQLITE_OK;
}

static int file_close(sqlite3_file *f)
{
    sqlite3_file *real = file_of(f)->real;
    return real->pMethods->xClose(real);
}

static int file_read(sqlite3_file *f, void *out, int size, sqlite3_int64 offset)
{
    sqlite3_file *real = file_of(f)->real;
    return real->pMethods->xRead(real, out, size, offset);
}

static int file_write(sqlite3_file *f, const void *data, int size, sqlite3_int64 offset)
{
    int code = touch_disk(f);
    sqlite3_file *real = file_of(f)->real;
    if (code != SQLITE_OK) { /* torn: half of it arrives */
        (void)real->pMethods->xWrite(real, data, size / 2, offset);
        return code;
    }
    return real->pMethods->xWrite(real, data, size, offset);
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    int code = touch_disk(f);
    sqlite3_file *real = file_of(f)->real;
    return code != SQLITE_OK ? code : real->pMethods->xTruncate(real, size);
}

static int file_sync(sqlite3_file *f, int flags)
{
    int code = touch_disk(f);
    sqlite3_file *real = file_of(f)->real;
    (void)flags; /* a real one would only make the test slow: nothing here cuts the power */
    (void)real;
    return code == SQLITE_FULL ? SQLITE_IOERR_FSYNC : code;
}

static int file_size(sqlite3_file *f, sqlite3_int64 *out)
{
    sqlite3_file *real = file_of(f)->real;
    return real->pMethods->xFileSize(real, out);
}

static int file_lock(sqlite3_file *f, int level)
{
    sqlite3_file *real = file_of(f)->real;
    return real->pMethods->xLock(real, level);
}

static int file_unlock(sqlite3_file *f, int level)
{
    sqlite3_file *real = file_of(f)->real;
    return real->pMethods->xUnlock(real, level);
}

static int file_reserved(sqlite3_file *f, int *out)
{
    sqlite3_file *real = file_of(f)->real;
    return real->pMethods->xCheckReservedLock(real, out);
}

static int file_control(sqlite3_file *f, int op, void *arg)
{
    sqlite3_file *real = file_of(f)->real;
    return real->pMethods->xFileControl(real, op, arg);
}

static int file_sector_size(sqlite3_file *f)
{
    sqlite3_file *real = file_of(f)->real;
    return real->pMethods->xSectorSize(real);
}

static int file_characteristics(sqlite3_file *f)
{
    (void)f;
    return 0; /* promises nothing */
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
    static const sqlite3_io_methods methods = {
        .iVersion = 1, /* no shared memory: an exclusive WAL needs none */
        .xClose = file_close,
        .xRead = file_read,
        .xWrite = file_write,
        .xTruncate = file_truncate,
        .xSync = file_sync,
        .xFileSize = file_size,
        .xLock = file_lock,
        .xUnlock = file_unlock,
        .xCheckReservedLock = file_reserved,
        .xFileControl = file_control,
        .xSectorSize = file_sector_size,
        .xDeviceCharacteristics = file_characteristics,
    };
    struct fault *fault = vfs->pAppData;
    struct fault_file *file = file_of(f);
    file->fault = fault;
    file->real = (sqlite3_file *)(void *)(file + 1);
    int code = fault->real->xOpen(fault->real, name, file->real, flags, out_flags);
    file->base.pMethods = code == SQLITE_OK ? &methods : NULL;
    return code;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    struct fault *fault = vfs->pAppData;
    (void)sync_folder; /* as with file_sync */
    return fault->real->xDelete(fault->real, name, 0);
}

static void fault_register(struct fault *fault)
{
    *fault = (struct fault){.real = sqlite3_vfs_find(NULL)};
    fault->vfs = *fault->real;
    fault->vfs.pNext = NULL;
    fault->vfs.zName = "fault";
    fault->vfs.pAppData = fault;
    fault->vfs.szOsFile = (int)sizeof(struct fault_file) + fault->real->szOsFile;
    fault->vfs.xOpen = vfs_open;
    fault->vfs.xDelete = vfs_delete;
    assert_int_equal(sqlite3_vfs_register(&fault->vfs, 0), SQLITE_OK);
}

/* ---- the log: the same transactions each time it is read ---- */

static void draw(uint64_t sequence, char item[24], struct txn_line *line, struct txn *txn)
{
    uint64_t state = sequence;
    (void)snprintf(item, 24, "Item_%u", (unsigned)kit_below(&state, ITEMS));
    *line = kit_line(item, (int64_t)kit_below(&state, 9) - 4);
    *txn = kit_txn(sequence, line, 1);
}

static int64_t model_of(const char *item)
{
    int64_t sum = 0;
    for (uint64_t sequence = 1; sequence <= TRANSACTIONS; sequence++) {
        char name[24];
        struct txn_line line;
        struct txn txn;
        draw(sequence, name, &line, &txn);
        sum += strcmp(name, item) == 0 ? line.quantity_e4 : 0;
    }
    return sum;
}

/* Books all in batches, trimming in between, until something fails. *committed counts whole batches'
 * transactions. */
static enum err_class read_log(struct kit *k, uint64_t *counted, struct err *e)
{
    enum err_class class = ERR_OK;
    for (uint64_t sequence = 1; class == ERR_OK && sequence <= TRANSACTIONS;) {
        class = ledger_begin(k->l, e);
        if (class != ERR_OK) {
            return class;
        }
        uint64_t in_batch = 0;
        for (int i = 0; class == ERR_OK && i < BATCH && sequence <= TRANSACTIONS; i++, sequence++) {
            char item[24];
            struct txn_line line;
            struct txn txn;
            draw(sequence, item, &line, &txn);
            const struct ledger_source source = {.file_id = 7, .file = "pos.log", .offset = sequence};
            enum ledger_verdict verdict = LEDGER_QUARANTINED;
            struct err reason;
            class = ledger_book(k->l, &txn, &source, &verdict, &reason, e);
            assert_true(class != ERR_OK || verdict == LEDGER_COUNTED || verdict == LEDGER_DUPLICATE);
            in_batch += verdict == LEDGER_COUNTED;
        }
        if (class == ERR_OK) {
            class = ledger_commit(k->l, e);
        } else {
            ledger_rollback(k->l);
        }
        *counted += class == ERR_OK ? in_batch : 0;
        unsigned deleted = 0;
        if (class == ERR_OK && sequence % 3 == 0) {
            class = ledger_applied(k->l, kit_head(k).seq, KIT_NOW_MS + (int64_t)sequence * 86400000 * 20, e);
        }
        if (class == ERR_OK && sequence % 3 == 0) {
            class = ledger_trim(k->l, 3, &deleted, e);
        }
    }
    return class;
}

/* Opens without faults (and without syncs, which would only take time): what committed is whole; the log read
 * again counts the rest, each once. */
static void recover(struct kit *k, uint64_t committed_at_least)
{
    k->vfs = "fault";
    kit_open(k);
    if (kit_head(k).generation == 0) {
        kit_provision(k);
    }
    kit_check_invariants(k);
    uint64_t before = kit_head(k).seq - 1; /* all events but the restore are transactions */
    assert_true(before >= committed_at_least && before % BATCH == 0);
    uint64_t counted = 0;
    kit_ok(read_log(k, &counted, e));
    assert_int_equal(before + counted, TRANSACTIONS);
    kit_check_invariants(k);
    for (int i = 0; i < ITEMS; i++) {
        char item[24];
        (void)snprintf(item, sizeof item, "Item_%d", i);
        struct kit_row row = kit_row(k, item);
        assert_int_equal(row.on_hand, model_of(item));
        assert_int_equal(row.recorded, model_of(item));
    }
}

/* Opens, provisions and reads the whole log behind the faulty VFS. */
static enum err_class live(struct kit *k, uint64_t *counted, struct err *e)
{
    k->vfs = "fault";
    enum err_class class = kit_try_open(k, e);
    if (class != ERR_OK) {
        k->l = NULL;
        return class;
    }
    struct kit_part part;
    kit_part(k, &part, 1, 1);
    class = kit_restore(k, &part, e);
    return class == ERR_OK ? read_log(k, counted, e) : class;
}

/* ---- the tests ---- */

/* Every second failure lasts: `odd` says which. */
static unsigned fail_each_call(struct fault *fault, int code, bool odd)
{
    for (unsigned at = 1; at < FAULTS_MAX; at++) {
        struct kit k;
        kit_new(&k, 7);
        fault->seen = 0;
        fault->at = at;
        fault->code = code;
        fault->lasting = (at % 2 == 1) == odd;
        uint64_t counted = 0;
        struct err why = {0};
        enum err_class class = live(&k, &counted, &why);
        bool reached = fault->seen >= at;
        if (class == ERR_OK) {
            assert_int_equal(counted, TRANSACTIONS);
        } else {
            assert_true(reached);
            assert_true(class == ERR_FATAL || class == ERR_FULL);
            assert_true(why.message[0] != '\0');
        }
        ledger_close(k.l);
        k.l = NULL;
        fault->at = 0;
        recover(&k, counted);
        kit_end(&k);
        if (!reached) {
            return at - 1;
        }
    }
    fail_msg("still failing at call %d", FAULTS_MAX);
    return 0;
}

static void test_io_errors_at_every_call(void **state)
{
    unsigned calls = fail_each_call(*state, SQLITE_IOERR_WRITE, false);
    print_message("%u calls\n", calls);
    assert_true(calls > 50);
}

static void test_a_full_disk_at_every_call(void **state)
{
    assert_true(fail_each_call(*state, SQLITE_FULL, true) > 50);
}

/* A full disk that has space again: the same ledger goes on, without being opened anew. */
static void test_a_full_disk_passes(void **state)
{
    struct fault *fault = *state;
    struct kit k;
    kit_new(&k, 7);
    k.vfs = "fault";
    kit_open(&k);
    kit_provision(&k);
    fault->seen = 0;
    fault->at = 1;
    fault->code = SQLITE_FULL;
    fault->lasting = true;
    uint64_t counted = 0;
    struct err why = {0};
    assert_int_equal(read_log(&k, &counted, &why), ERR_FULL);
    assert_int_equal(kit_head(&k).seq, 1);
    fault->at = 0;
    kit_ok(read_log(&k, &counted, e));
    assert_int_equal(counted, TRANSACTIONS);
    kit_check_invariants(&k);
    ledger_close(k.l);
    k.l = NULL;
    recover(&k, TRANSACTIONS);
    kit_end(&k);
}

/* Kills the process at every call: the files stay as they were written. */
static void test_kills_at_every_call(void **state)
{
    struct fault *fault = *state;
    unsigned kills = 0;
    for (unsigned at = 1; at < FAULTS_MAX; at++) {
        struct kit k;
        kit_new(&k, 7);
        int told[2];
        assert_int_equal(pipe(told), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            *fault =
                (struct fault){.vfs = fault->vfs, .real = fault->real, .at = at, .code = 0, .lasting = false};
            uint64_t counted = 0;
            struct err why = {0};
            enum err_class class = live(&k, &counted, &why);
            ssize_t written = write(told[1], &counted, sizeof counted);
            _exit(class == ERR_OK && written == sizeof counted ? 0 : 1);
        }
        (void)close(told[1]);
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        uint64_t counted = 0;
        (void)read(told[0], &counted, sizeof counted);
        (void)close(told[0]);
        assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
        recover(&k, counted);
        kit_end(&k);
        if (!WIFSIGNALED(status)) {
            break;
        }
        kills++;
    }
    print_message("%u kills\n", kills);
    assert_true(kills > 50);
}

static int set_up(void **state)
{
    struct fault *fault = calloc(1, sizeof *fault);
    assert_non_null(fault);
    fault_register(fault);
    *state = fault;
    return 0;
}

static int tear_down(void **state)
{
    struct fault *fault = *state;
    (void)sqlite3_vfs_unregister(&fault->vfs);
    free(fault);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_io_errors_at_every_call, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_full_disk_at_every_call, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_full_disk_passes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_kills_at_every_call, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
