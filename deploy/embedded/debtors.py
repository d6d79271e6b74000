"""Finding a debtor's reference by national id in claims-api's own file: for the sandbox's debtor tokens."""

from __future__ import annotations

import claims_api.settings
from claims_api.crypto import Vault, read_keyring
from claims_api.store.debtors import find_by_national_id
from embedded.settings import EmbeddedSettings
from shared.db import Database
from shared.party import check_national_id
from shared.sealing import read_public


def debtor_ref_of(settings: EmbeddedSettings, national_id: str) -> str | None:
    """Return the reference of the person with this national id, or None when nobody has it.

    Raises PartyIdError for a number that is none. The number is looked up by its blind index; nothing is written.
    """
    number = check_national_id(national_id, allow_synthetic=settings.synthetic_ids).value
    ours = claims_api.settings.Settings(data_dir=settings.data_dir)
    if not ours.key_file.exists() or not (settings.data_dir / "db" / "claims-api.db").exists():
        return None
    vault = Vault(read_keyring(ours.key_file, read_public(ours.sealing_key_file)))
    db = Database(ours.database("claims-api"), "claims-api")
    try:
        with db.read() as tx:
            return find_by_national_id(tx, vault, number)
    finally:
        db.close()
