from support.toy import METADATA

from shared.migrate import run

run(METADATA)
