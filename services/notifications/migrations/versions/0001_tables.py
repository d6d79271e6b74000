"""Every table of notifications: parties, mailings, letters, the archive, and the plumbing's own."""

import sqlalchemy as sa
from alembic import op

from shared.db import Instant, JsonType
from shared.tables import RowId

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "dead_letter",
        sa.Column("row", RowId, autoincrement=True, nullable=False),
        sa.Column("epoch", sa.String(64), nullable=False),
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("headers", JsonType, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_dead_letter")),
        sa.UniqueConstraint("epoch", "topic", "part", "offset", name=op.f("uq_dead_letter_epoch_topic_part_offset")),
    )
    op.create_table(
        "document_content",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_document_content")),
    )
    op.create_table(
        "events",
        sa.Column("row", RowId, autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(36), nullable=False),
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(120), nullable=False),
        sa.Column("headers", JsonType, nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_events")),
        sa.UniqueConstraint("event_id", name=op.f("uq_events_event_id")),
        sa.UniqueConstraint("topic", "key", "version", name=op.f("uq_events_topic_key_version")),
    )
    op.create_table(
        "idempotency",
        sa.Column("client", sa.String(120), nullable=False),
        sa.Column("route", sa.String(200), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("client", "route", "key", name=op.f("pk_idempotency")),
    )
    op.create_index(op.f("ix_idempotency_created_at"), "idempotency", ["created_at"], unique=False)
    op.create_table(
        "inbox_offset",
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("next_offset", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("topic", "part", name=op.f("pk_inbox_offset")),
    )
    op.create_table(
        "inbox_version",
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("topic", "key", name=op.f("pk_inbox_version")),
    )
    op.create_table(
        "mailing",
        sa.Column("mailing_id", sa.String(80), nullable=False),
        sa.Column("case_id", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("is_demand", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("facts", JsonType, nullable=False),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("asked_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_reason", sa.String(80), nullable=True),
        sa.Column("withdrawn_after_dispatch", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("mailing_id", name=op.f("pk_mailing")),
    )
    op.create_index("ix_mailing_case_id_created_at", "mailing", ["case_id", "created_at"], unique=False)
    op.create_index(op.f("ix_mailing_state"), "mailing", ["state"], unique=False)
    op.create_table(
        "operator_action",
        sa.Column("row", RowId, autoincrement=True, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("who", sa.String(120), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("target", sa.String(200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_operator_action")),
    )
    op.create_table(
        "outbox",
        sa.Column("seq", RowId, autoincrement=True, nullable=False),
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("event_id", sa.String(36), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_outbox")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_topic_shard_seq", "outbox", ["topic", "shard", "seq"], unique=False)
    op.create_table(
        "parked_event",
        sa.Column("event_id", sa.String(36), nullable=False),
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("headers", JsonType, nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("parked_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_parked_event")),
    )
    op.create_index("ix_parked_event_topic_key_version", "parked_event", ["topic", "key", "version"], unique=False)
    op.create_table(
        "parked_key",
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("reason", sa.String(80), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("discard_requested_by", sa.String(120), nullable=True),
        sa.PrimaryKeyConstraint("topic", "key", name=op.f("pk_parked_key")),
    )
    op.create_table(
        "party",
        sa.Column("debtor_ref", sa.String(80), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("erased", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", JsonType, nullable=True),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("sealed_national_id", sa.String(), nullable=True),
        sa.Column("org_number", sa.String(9), nullable=True),
        sa.PrimaryKeyConstraint("debtor_ref", name=op.f("pk_party")),
    )
    op.create_table(
        "stream_version",
        sa.Column("topic", sa.String(40), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("topic", "key", name=op.f("pk_stream_version")),
    )
    op.create_table(
        "letter",
        sa.Column("letter_id", sa.String(80), nullable=False),
        sa.Column("mailing_id", sa.String(80), nullable=False),
        sa.Column("case_id", sa.String(80), nullable=False),
        sa.Column("case_number", sa.String(80), nullable=False),
        sa.Column("debtor_ref", sa.String(80), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("party_version", sa.BigInteger(), nullable=False),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.Column("deadline", sa.Date(), nullable=True),
        sa.Column("amount_ore", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.String(2), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(20), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("submitted_on", sa.Date(), nullable=True),
        sa.Column("retry_at", Instant(), nullable=True),
        sa.Column("dispatched_on", sa.Date(), nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("failure", sa.String(80), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailing.mailing_id"], name=op.f("fk_letter_mailing_id_mailing")),
        sa.PrimaryKeyConstraint("letter_id", name=op.f("pk_letter")),
    )
    op.create_index(
        "ix_letter_case_id_created_at_letter_id", "letter", ["case_id", "created_at", "letter_id"], unique=False
    )
    op.create_index("ix_letter_debtor_ref_created_at", "letter", ["debtor_ref", "created_at"], unique=False)
    op.create_index(op.f("ix_letter_mailing_id"), "letter", ["mailing_id"], unique=False)
    op.create_index("ix_letter_state_created_at", "letter", ["state", "created_at"], unique=False)
    op.create_index("ix_letter_unit_created_at", "letter", ["unit", "created_at"], unique=False)
    op.create_table(
        "document",
        sa.Column("document_id", sa.String(80), nullable=False),
        sa.Column("direction", sa.String(3), nullable=False),
        sa.Column("media_type", sa.String(40), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("letter_id", sa.String(80), nullable=True),
        sa.Column("uploaded_by", sa.String(120), nullable=True),
        sa.Column("unit", sa.String(80), nullable=True),
        sa.Column("debtor_ref", sa.String(80), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.letter_id"], name=op.f("fk_document_letter_id_letter")),
        sa.ForeignKeyConstraint(
            ["sha256"], ["document_content.sha256"], name=op.f("fk_document_sha256_document_content")
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_document")),
        sa.UniqueConstraint("letter_id", name=op.f("uq_document_letter_id")),
    )
    op.create_index(op.f("ix_document_sha256"), "document", ["sha256"], unique=False)
