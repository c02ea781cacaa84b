package dev.lintel;

/**
 * Whom a client's certificate stands for.
 *
 * @param subject attributes that its subject must have, such as {@code CN=billing,O=Acme}; empty
 *     for any
 * @param san one of its alternative names, such as {@code spiffe://acme/billing}; empty for any
 */
public record ClientName(String subject, String san, String tenant, String app) {}
