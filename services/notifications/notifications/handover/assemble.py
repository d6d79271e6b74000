"""Putting a package together: the petition as PDF and JSON, the letters that prove it, and a manifest with hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from notifications.domain.elan import as_json
from notifications.domain.petition import Petition, Proof, check
from notifications.handover import File, Package
from notifications.petition_page import petition_pdf
from notifications.render import Renderer

PDF, JSON = "application/pdf", "application/json"


def assemble(renderer: Renderer, petition: Petition, folder: str, letters: Mapping[str, bytes]) -> Package:
    """Return the package of a petition; ``letters`` are the PDFs of its proofs, by letter. The same each time.

    Raises Unfit for one that must not be handed in, Unprintable for one that cannot be set.
    """
    check(petition)
    files = [
        _file("begjaering.pdf", PDF, petition_pdf(renderer, petition)),
        _file("begjaering.json", JSON, as_json(petition)),
    ]
    attached = {proof.file: proof for claim in petition.claims for proof in claim.proofs if proof.file}
    files += [_file(name, PDF, letters[proof.letter_id or ""]) for name, proof in sorted(attached.items())]
    manifest = _manifest(petition, files, attached)
    files.append(_file("manifest.json", JSON, (json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode()))
    return Package(
        package_id=petition.petition_id,
        folder=folder,
        body=petition.body,
        address=petition.body_address,
        files=tuple(files),
    )


def _file(name: str, media_type: str, content: bytes) -> File:
    return File(name=name, media_type=media_type, content=content, sha256=hashlib.sha256(content).hexdigest())


def _manifest(petition: Petition, files: list[File], attached: Mapping[str, Proof]) -> dict[str, object]:
    missing = sorted(
        {(p.kind, p.sent_on.isoformat()) for claim in petition.claims for p in claim.proofs if p.file is None}
    )
    return {
        "package_id": petition.petition_id,
        "case_number": petition.case_number,
        "kind": petition.kind,
        "body": petition.body,
        "address": list(petition.body_address),
        "frozen_on": petition.frozen_on.isoformat(),
        "total_ore": petition.total_ore,
        "files": [
            {
                "name": file.name,
                "media_type": file.media_type,
                "bytes": len(file.content),
                "sha256": file.sha256,
                "letter_id": attached[file.name].letter_id if file.name in attached else None,
            }
            for file in files
        ],
        "copies_to_add": [{"kind": kind, "sent_on": day} for kind, day in missing],
    }
