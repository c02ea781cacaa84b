package dev.lintel.store;

/** What every store does: a contract that is named here holds for all of them. */
interface StoreContract
    extends ReplaysContract,
        RecordsContract,
        ForgettingContract,
        FindingsContract,
        StoredFilesContract,
        BatchesContract,
        ChangesContract,
        CallerKeysContract,
        ToldContract,
        ActsContract,
        ApprovalsContract,
        SecretsContract {}
