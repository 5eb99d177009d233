-- Owners of applications and of service principals; those of groups have a table of their own.
CREATE TABLE object_owners (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    object_id {uuid} NOT NULL,
    owner_id {uuid} NOT NULL,
    owner_kind {text} NOT NULL,
    CONSTRAINT object_owners_pkey PRIMARY KEY (tenant_id, object_id, owner_id)
) {table};
