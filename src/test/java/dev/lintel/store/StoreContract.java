package dev.lintel.store;

/** What every store does: a contract that is named here holds for all of them. */
interface StoreContract
    extends AuditContract,
        ReplaysContract,
        RecordsContract,
        ManyCallsContract,
        ForgettingContract,
        PayloadsContract,
        FindingsContract,
        CostsContract,
        OpinionsContract,
        StoredFilesContract,
        BatchesContract,
        ChangesContract,
        CallerKeysContract,
        ToldContract,
        ActsContract,
        ApprovalsContract,
        SecretsContract {}
