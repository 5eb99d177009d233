-- The first schema. Tokens in braces are types (src/migration.rs). Every unique index and primary
-- key has a name, because conflicts are reported by it. Compared names have a `_key` column.

-- The cloud ----------------------------------------------------------------------------------

CREATE TABLE clouds (
    id {int} NOT NULL,
    keys_version {int} NOT NULL,
    CONSTRAINT clouds_pkey PRIMARY KEY (id)
) {table};
INSERT INTO clouds (id, keys_version) VALUES (1, 1);

CREATE TABLE signing_keys (
    kid {text} NOT NULL,
    purpose {text} NOT NULL,
    algorithm {text} NOT NULL,
    public_jwk {json} NOT NULL,
    sealed {bytes} NOT NULL,
    state {text} NOT NULL,
    created {timestamp} NOT NULL,
    changed {timestamp} NOT NULL,
    CONSTRAINT signing_keys_pkey PRIMARY KEY (kid)
) {table};
CREATE UNIQUE INDEX signing_keys_active ON signing_keys (purpose) WHERE state = 'active';

CREATE TABLE tenants (
    id {uuid} NOT NULL,
    display_name {text} NOT NULL,
    initial_domain {text} NOT NULL,
    enabled {bool} NOT NULL,
    policy_version {int} NOT NULL,
    worker_enabled {bool} NOT NULL,
    publishes_domains {bool} NOT NULL,
    created {timestamp} NOT NULL,
    properties {json} NOT NULL,
    CONSTRAINT tenants_pkey PRIMARY KEY (id)
) {table};
CREATE UNIQUE INDEX tenants_initial_domain ON tenants (initial_domain);

CREATE TABLE domains (
    name {text} NOT NULL,
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    is_default {bool} NOT NULL,
    is_initial {bool} NOT NULL,
    CONSTRAINT domains_pkey PRIMARY KEY (name)
) {table};
CREATE INDEX domains_tenant ON domains (tenant_id, name);

CREATE TABLE partner_configurations (
    cloud {text} NOT NULL,
    statement {text} NOT NULL,
    issued_at {int} NOT NULL,
    expires_at {int} NOT NULL,
    entity_keys {text} NOT NULL,
    revoked {json} NOT NULL,
    pinned {text},
    confirmed {timestamp} NOT NULL,
    shut {text},
    CONSTRAINT partner_configurations_pkey PRIMARY KEY (cloud)
) {table};

-- What works once, and what is counted ---------------------------------------------------------

CREATE TABLE used_ids (
    purpose {text} NOT NULL,
    issuer {text} NOT NULL,
    id {text} NOT NULL,
    expires {timestamp} NOT NULL,
    CONSTRAINT used_ids_pkey PRIMARY KEY (purpose, issuer, id)
) {table};
CREATE INDEX used_ids_expires ON used_ids (expires);

CREATE TABLE throttles (
    name {text} NOT NULL,
    failures {int} NOT NULL,
    window_start {timestamp} NOT NULL,
    blocked_until {timestamp},
    expires {timestamp} NOT NULL,
    CONSTRAINT throttles_pkey PRIMARY KEY (name)
) {table};
CREATE INDEX throttles_expires ON throttles (expires);

CREATE TABLE counters (
    name {text} NOT NULL,
    window_start {timestamp} NOT NULL,
    total {int} NOT NULL,
    CONSTRAINT counters_pkey PRIMARY KEY (name)
) {table};
CREATE INDEX counters_window ON counters (window_start);

-- Browsers and sign-ins under way --------------------------------------------------------------

CREATE TABLE sessions (
    id {uuid} NOT NULL,
    hash {bytes} NOT NULL,
    created {timestamp} NOT NULL,
    expires {timestamp} NOT NULL,
    persistent {bool} NOT NULL,
    accounts {json} NOT NULL,
    version {int} NOT NULL,
    CONSTRAINT sessions_pkey PRIMARY KEY (id)
) {table};
CREATE UNIQUE INDEX sessions_hash ON sessions (hash);
CREATE INDEX sessions_expires ON sessions (expires);

CREATE TABLE sign_ins (
    id {uuid} NOT NULL,
    hash {bytes} NOT NULL,
    tenant_id {uuid},
    created {timestamp} NOT NULL,
    expires {timestamp} NOT NULL,
    version {int} NOT NULL,
    data {json} NOT NULL,
    CONSTRAINT sign_ins_pkey PRIMARY KEY (id)
) {table};
CREATE UNIQUE INDEX sign_ins_hash ON sign_ins (hash);
CREATE INDEX sign_ins_expires ON sign_ins (expires);

CREATE TABLE pushed_requests (
    hash {bytes} NOT NULL,
    tenant_id {uuid} NOT NULL,
    resource_cloud {text} NOT NULL,
    created {timestamp} NOT NULL,
    expires {timestamp} NOT NULL,
    used_at {timestamp},
    data {json} NOT NULL,
    CONSTRAINT pushed_requests_pkey PRIMARY KEY (hash)
) {table};
CREATE INDEX pushed_requests_expires ON pushed_requests (expires);

CREATE TABLE codes (
    hash {bytes} NOT NULL,
    tenant_id {uuid} NOT NULL,
    created {timestamp} NOT NULL,
    expires {timestamp} NOT NULL,
    used {timestamp},
    family {uuid},
    session {uuid},
    data {json} NOT NULL,
    CONSTRAINT codes_pkey PRIMARY KEY (hash)
) {table};
CREATE INDEX codes_expires ON codes (expires);
CREATE INDEX codes_session ON codes (session) WHERE used IS NULL;

CREATE TABLE token_families (
    id {uuid} NOT NULL,
    tenant_id {uuid} NOT NULL,
    user_id {uuid},
    client {uuid} NOT NULL,
    sid {text} NOT NULL,
    lease_id {uuid},
    created {timestamp} NOT NULL,
    expires {timestamp} NOT NULL,
    revoked {timestamp},
    data {json} NOT NULL,
    CONSTRAINT token_families_pkey PRIMARY KEY (id)
) {table};
CREATE INDEX token_families_sid ON token_families (sid);
CREATE INDEX token_families_lease ON token_families (lease_id) WHERE lease_id IS NOT NULL;
CREATE INDEX token_families_expires ON token_families (expires);

CREATE TABLE refresh_tokens (
    hash {bytes} NOT NULL,
    family_id {uuid} NOT NULL REFERENCES token_families (id) ON DELETE CASCADE,
    tenant_id {uuid} NOT NULL,
    created {timestamp} NOT NULL,
    expires {timestamp} NOT NULL,
    used {timestamp},
    successor_sealed {bytes},
    CONSTRAINT refresh_tokens_pkey PRIMARY KEY (hash)
) {table};
CREATE INDEX refresh_tokens_family ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_answered ON refresh_tokens (used) WHERE successor_sealed IS NOT NULL;

CREATE TABLE app_sessions (
    hash {bytes} NOT NULL,
    app {text} NOT NULL,
    tenant_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    created {timestamp} NOT NULL,
    expires {timestamp} NOT NULL,
    data {bytes} NOT NULL,
    CONSTRAINT app_sessions_pkey PRIMARY KEY (hash)
) {table};
CREATE INDEX app_sessions_expires ON app_sessions (expires);

CREATE TABLE outbox_mails (
    id {uuid} NOT NULL,
    tenant_id {uuid} NOT NULL,
    created {timestamp} NOT NULL,
    next_attempt {timestamp} NOT NULL,
    attempts {int} NOT NULL,
    sent {timestamp},
    failed {text},
    sealed {bytes} NOT NULL,
    CONSTRAINT outbox_mails_pkey PRIMARY KEY (id)
) {table};
CREATE INDEX outbox_mails_due ON outbox_mails (next_attempt) WHERE sent IS NULL;

-- The directory of a tenant ----------------------------------------------------------------------

CREATE TABLE users (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    id {uuid} NOT NULL,
    upn {text} NOT NULL,
    upn_key {text} NOT NULL,
    display_name {text} NOT NULL,
    display_name_key {text} NOT NULL,
    mail {text},
    mail_key {text},
    user_type {text} NOT NULL,
    account_enabled {bool} NOT NULL,
    external_cloud {text},
    external_tenant {uuid},
    external_object {uuid},
    external_state {text},
    external_state_changed {timestamp},
    home_upn {text},
    home_upn_key {text},
    sessions_valid_from {timestamp} NOT NULL,
    created {timestamp} NOT NULL,
    deleted {timestamp},
    version {int} NOT NULL,
    properties {json} NOT NULL,
    CONSTRAINT users_pkey PRIMARY KEY (tenant_id, id)
) {table};
CREATE UNIQUE INDEX users_upn ON users (tenant_id, upn_key) WHERE deleted IS NULL;
CREATE UNIQUE INDEX users_external
    ON users (tenant_id, external_cloud, external_tenant, external_object);
CREATE INDEX users_identity ON users (external_cloud, external_tenant, external_object);
CREATE INDEX users_home_name ON users (tenant_id, external_cloud, external_tenant, home_upn_key);
CREATE INDEX users_name ON users (tenant_id, display_name_key, id);
CREATE INDEX users_mail ON users (tenant_id, mail_key);
CREATE INDEX users_deleted ON users (tenant_id, deleted) WHERE deleted IS NOT NULL;

CREATE TABLE passwords (
    tenant_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    hash {text} NOT NULL,
    changed {timestamp} NOT NULL,
    must_change {bool} NOT NULL,
    CONSTRAINT passwords_pkey PRIMARY KEY (tenant_id, user_id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) {table};

CREATE TABLE password_links (
    hash {bytes} NOT NULL,
    tenant_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    expires {timestamp} NOT NULL,
    used {timestamp},
    CONSTRAINT password_links_pkey PRIMARY KEY (hash)
) {table};
CREATE INDEX password_links_expires ON password_links (expires);

CREATE TABLE factors (
    tenant_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    sealed_secret {bytes} NOT NULL,
    last_step {int},
    created {timestamp} NOT NULL,
    CONSTRAINT factors_pkey PRIMARY KEY (tenant_id, user_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) {table};

CREATE TABLE groups (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    id {uuid} NOT NULL,
    display_name {text} NOT NULL,
    display_name_key {text} NOT NULL,
    mail_nickname {text} NOT NULL,
    mail_nickname_key {text} NOT NULL,
    mail_enabled {bool} NOT NULL,
    security_enabled {bool} NOT NULL,
    created {timestamp} NOT NULL,
    deleted {timestamp},
    version {int} NOT NULL,
    properties {json} NOT NULL,
    CONSTRAINT groups_pkey PRIMARY KEY (tenant_id, id)
) {table};
CREATE INDEX groups_name ON groups (tenant_id, display_name_key, id);
CREATE INDEX groups_deleted ON groups (tenant_id, deleted) WHERE deleted IS NOT NULL;

CREATE TABLE group_members (
    tenant_id {uuid} NOT NULL,
    group_id {uuid} NOT NULL,
    member_id {uuid} NOT NULL,
    member_kind {text} NOT NULL,
    CONSTRAINT group_members_pkey PRIMARY KEY (tenant_id, group_id, member_id),
    FOREIGN KEY (tenant_id, group_id) REFERENCES groups (tenant_id, id) ON DELETE CASCADE
) {table};
CREATE INDEX group_members_member ON group_members (tenant_id, member_id);

CREATE TABLE group_owners (
    tenant_id {uuid} NOT NULL,
    group_id {uuid} NOT NULL,
    member_id {uuid} NOT NULL,
    member_kind {text} NOT NULL,
    CONSTRAINT group_owners_pkey PRIMARY KEY (tenant_id, group_id, member_id),
    FOREIGN KEY (tenant_id, group_id) REFERENCES groups (tenant_id, id) ON DELETE CASCADE
) {table};
CREATE INDEX group_owners_member ON group_owners (tenant_id, member_id);

CREATE TABLE applications (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    id {uuid} NOT NULL,
    app_id {uuid} NOT NULL,
    display_name {text} NOT NULL,
    display_name_key {text} NOT NULL,
    created {timestamp} NOT NULL,
    deleted {timestamp},
    version {int} NOT NULL,
    properties {json} NOT NULL,
    CONSTRAINT applications_pkey PRIMARY KEY (tenant_id, id)
) {table};
CREATE UNIQUE INDEX applications_app_id ON applications (app_id) WHERE deleted IS NULL;
CREATE INDEX applications_name ON applications (tenant_id, display_name_key, id);

CREATE TABLE application_secrets (
    tenant_id {uuid} NOT NULL,
    key_id {uuid} NOT NULL,
    application_id {uuid} NOT NULL,
    hash {bytes} NOT NULL,
    hint {text} NOT NULL,
    display_name {text},
    start_at {timestamp} NOT NULL,
    end_at {timestamp} NOT NULL,
    CONSTRAINT application_secrets_pkey PRIMARY KEY (tenant_id, key_id),
    FOREIGN KEY (tenant_id, application_id) REFERENCES applications (tenant_id, id) ON DELETE CASCADE
) {table};
CREATE INDEX application_secrets_application ON application_secrets (tenant_id, application_id);

CREATE TABLE service_principals (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    id {uuid} NOT NULL,
    app_id {uuid} NOT NULL,
    display_name {text} NOT NULL,
    display_name_key {text} NOT NULL,
    account_enabled {bool} NOT NULL,
    app_role_assignment_required {bool} NOT NULL,
    created {timestamp} NOT NULL,
    deleted {timestamp},
    version {int} NOT NULL,
    properties {json} NOT NULL,
    CONSTRAINT service_principals_pkey PRIMARY KEY (tenant_id, id)
) {table};
CREATE UNIQUE INDEX service_principals_app_id
    ON service_principals (tenant_id, app_id) WHERE deleted IS NULL;
CREATE INDEX service_principals_name ON service_principals (tenant_id, display_name_key, id);

CREATE TABLE app_role_assignments (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    principal_id {uuid} NOT NULL,
    principal_kind {text} NOT NULL,
    resource_id {uuid} NOT NULL,
    app_role_id {uuid} NOT NULL,
    created {timestamp} NOT NULL,
    CONSTRAINT app_role_assignments_pkey PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, resource_id) REFERENCES service_principals (tenant_id, id) ON DELETE CASCADE
) {table};
CREATE UNIQUE INDEX app_role_assignments_triple
    ON app_role_assignments (tenant_id, principal_id, resource_id, app_role_id);
CREATE INDEX app_role_assignments_resource ON app_role_assignments (tenant_id, resource_id, id);

CREATE TABLE permission_grants (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    client_id {uuid} NOT NULL,
    principal_id {uuid},
    resource_id {uuid} NOT NULL,
    scope {text} NOT NULL,
    CONSTRAINT permission_grants_pkey PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES service_principals (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, resource_id) REFERENCES service_principals (tenant_id, id) ON DELETE CASCADE
) {table};
CREATE UNIQUE INDEX permission_grants_everyone
    ON permission_grants (tenant_id, client_id, resource_id) WHERE principal_id IS NULL;
CREATE UNIQUE INDEX permission_grants_principal
    ON permission_grants (tenant_id, client_id, resource_id, principal_id);

CREATE TABLE role_assignments (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    id {uuid} NOT NULL,
    role_id {uuid} NOT NULL,
    principal_id {uuid} NOT NULL,
    principal_kind {text} NOT NULL,
    -- The application or service principal that it is limited to; NULL is the whole tenant.
    scope_id {uuid},
    created {timestamp} NOT NULL,
    CONSTRAINT role_assignments_pkey PRIMARY KEY (tenant_id, id)
) {table};
CREATE UNIQUE INDEX role_assignments_pair ON role_assignments (tenant_id, role_id, principal_id)
    WHERE scope_id IS NULL;
CREATE UNIQUE INDEX role_assignments_scope ON role_assignments (tenant_id, role_id, principal_id, scope_id);
CREATE INDEX role_assignments_principal ON role_assignments (tenant_id, principal_id);

-- Roles that are in use, whether somebody holds them now or not.
CREATE TABLE active_roles (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    role_id {uuid} NOT NULL,
    CONSTRAINT active_roles_pkey PRIMARY KEY (tenant_id, role_id)
) {table};

-- Policies of a tenant ---------------------------------------------------------------------------

CREATE TABLE cross_tenant_policies (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    document {json} NOT NULL,
    version {int} NOT NULL,
    CONSTRAINT cross_tenant_policies_pkey PRIMARY KEY (tenant_id)
) {table};

CREATE TABLE partners (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    partner_tenant {uuid} NOT NULL,
    cloud {text} NOT NULL,
    document {json} NOT NULL,
    name {text} NOT NULL,
    domains {json} NOT NULL,
    created {timestamp} NOT NULL,
    version {int} NOT NULL,
    CONSTRAINT partners_pkey PRIMARY KEY (tenant_id, partner_tenant)
) {table};

CREATE TABLE conditional_access_policies (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    id {uuid} NOT NULL,
    display_name {text} NOT NULL,
    display_name_key {text} NOT NULL,
    state {text} NOT NULL,
    document {json} NOT NULL,
    created {timestamp} NOT NULL,
    modified {timestamp},
    deleted {timestamp},
    version {int} NOT NULL,
    CONSTRAINT conditional_access_policies_pkey PRIMARY KEY (tenant_id, id)
) {table};

CREATE TABLE named_locations (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    id {uuid} NOT NULL,
    display_name {text} NOT NULL,
    display_name_key {text} NOT NULL,
    state {text} NOT NULL,
    document {json} NOT NULL,
    created {timestamp} NOT NULL,
    modified {timestamp},
    deleted {timestamp},
    version {int} NOT NULL,
    CONSTRAINT named_locations_pkey PRIMARY KEY (tenant_id, id)
) {table};

CREATE TABLE authorization_policies (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    document {json} NOT NULL,
    version {int} NOT NULL,
    CONSTRAINT authorization_policies_pkey PRIMARY KEY (tenant_id)
) {table};

CREATE TABLE policy_history (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    kind {text} NOT NULL,
    key {text} NOT NULL,
    from_version {int} NOT NULL,
    to_version {int},
    document {json} NOT NULL,
    CONSTRAINT policy_history_pkey PRIMARY KEY (tenant_id, kind, key, from_version)
) {table};

-- Guests -----------------------------------------------------------------------------------------

CREATE TABLE invitations (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    invited_cloud {text} NOT NULL,
    invited_tenant {uuid} NOT NULL,
    invited_object {uuid} NOT NULL,
    email {text} NOT NULL,
    redirect_url {text} NOT NULL,
    status {text} NOT NULL,
    inviter {uuid} NOT NULL,
    inviter_name {text} NOT NULL,
    send_mail {bool} NOT NULL,
    message {json} NOT NULL,
    created {timestamp} NOT NULL,
    version {int} NOT NULL,
    CONSTRAINT invitations_pkey PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) {table};
CREATE INDEX invitations_user ON invitations (tenant_id, user_id);

CREATE TABLE invitation_tickets (
    hash {bytes} NOT NULL,
    tenant_id {uuid} NOT NULL,
    invitation_id {uuid} NOT NULL,
    created {timestamp} NOT NULL,
    revoked {timestamp},
    CONSTRAINT invitation_tickets_pkey PRIMARY KEY (hash),
    FOREIGN KEY (tenant_id, invitation_id) REFERENCES invitations (tenant_id, id) ON DELETE CASCADE
) {table};
CREATE INDEX invitation_tickets_invitation ON invitation_tickets (tenant_id, invitation_id);

CREATE TABLE releases (
    tenant_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    resource_cloud {text} NOT NULL,
    resource_tenant {uuid} NOT NULL,
    granted {timestamp} NOT NULL,
    CONSTRAINT releases_pkey PRIMARY KEY (tenant_id, user_id, resource_cloud, resource_tenant),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) {table};

CREATE TABLE leases (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    home_cloud {text} NOT NULL,
    home_tenant {uuid} NOT NULL,
    home_object {uuid} NOT NULL,
    client_app {uuid} NOT NULL,
    resource_app {uuid} NOT NULL,
    sealed_grant {bytes} NOT NULL,
    facts {json} NOT NULL,
    confirmed {timestamp} NOT NULL,
    expires {timestamp} NOT NULL,
    ended {timestamp},
    renewing_until {timestamp},
    created {timestamp} NOT NULL,
    version {int} NOT NULL,
    CONSTRAINT leases_pkey PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) {table};
CREATE INDEX leases_user ON leases (tenant_id, user_id);
CREATE INDEX leases_expires ON leases (expires);

CREATE TABLE lease_grants (
    hash {bytes} NOT NULL,
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    resource_cloud {text} NOT NULL,
    resource_tenant {uuid} NOT NULL,
    client_app {uuid} NOT NULL,
    resource_app {uuid} NOT NULL,
    dpop_jkt {text} NOT NULL,
    sid {text} NOT NULL,
    session_exp {timestamp} NOT NULL,
    data {json} NOT NULL,
    created {timestamp} NOT NULL,
    revoked {timestamp},
    CONSTRAINT lease_grants_pkey PRIMARY KEY (hash)
) {table};
CREATE INDEX lease_grants_sid ON lease_grants (sid);
CREATE INDEX lease_grants_user ON lease_grants (tenant_id, user_id);
CREATE INDEX lease_grants_cloud ON lease_grants (resource_cloud);
CREATE INDEX lease_grants_expires ON lease_grants (session_exp);

-- Records ----------------------------------------------------------------------------------------

CREATE TABLE sign_in_records (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    created {timestamp} NOT NULL,
    correlation_id {uuid} NOT NULL,
    user_id {uuid},
    user_principal_name {text} NOT NULL,
    user_principal_name_key {text} NOT NULL,
    user_display_name {text} NOT NULL,
    user_display_name_key {text} NOT NULL,
    app_id {uuid},
    resource_id {uuid},
    error_code {int} NOT NULL,
    is_interactive {bool} NOT NULL,
    home_cloud {text},
    home_tenant {uuid},
    resource_cloud {text},
    resource_tenant_id {uuid},
    event {text} NOT NULL,
    facts {json},
    properties {json} NOT NULL,
    sequence {int},
    CONSTRAINT sign_in_records_pkey PRIMARY KEY (tenant_id, id)
) {table};
CREATE UNIQUE INDEX sign_in_records_sequence
    ON sign_in_records (tenant_id, sequence) WHERE sequence IS NOT NULL;
CREATE INDEX sign_in_records_user ON sign_in_records (tenant_id, user_id, created);
CREATE INDEX sign_in_records_unnumbered ON sign_in_records (tenant_id, id) WHERE sequence IS NULL;
CREATE INDEX sign_in_records_created ON sign_in_records (tenant_id, created, id);
CREATE INDEX sign_in_records_correlation ON sign_in_records (tenant_id, correlation_id);

CREATE TABLE audit_records (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    created {timestamp} NOT NULL,
    correlation_id {uuid} NOT NULL,
    category {text} NOT NULL,
    category_key {text} NOT NULL,
    activity {text} NOT NULL,
    activity_key {text} NOT NULL,
    result {text} NOT NULL,
    initiated_by {json} NOT NULL,
    properties {json} NOT NULL,
    sequence {int},
    CONSTRAINT audit_records_pkey PRIMARY KEY (tenant_id, id)
) {table};
CREATE UNIQUE INDEX audit_records_sequence
    ON audit_records (tenant_id, sequence) WHERE sequence IS NOT NULL;
CREATE INDEX audit_records_unnumbered ON audit_records (tenant_id, id) WHERE sequence IS NULL;
CREATE INDEX audit_records_created ON audit_records (tenant_id, created, id);
