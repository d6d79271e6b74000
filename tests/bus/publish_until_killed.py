"""Publish numbered records for ever, printing each number once the log has it. Run as a child, then killed.

Arguments: the log's path, the first number.
"""

from __future__ import annotations

import asyncio
import sys
from itertools import count
from pathlib import Path

from bus.behaviour import Names

from shared.bus import NewRecord
from shared.bus.embedded import EmbeddedBus
from shared.clock import SystemMachine

PUBLISHERS = 4


async def main(path: Path, first: int) -> None:
    names = Names()
    bus = EmbeddedBus(path, names.catalogue(), machine=SystemMachine())
    await bus.start()
    numbers = count(first)

    async def publish(key: str) -> None:
        while True:
            number = next(numbers)
            await bus.publish([NewRecord(names.events, key, str(number).encode() * 50)])
            print(number, flush=True)

    await asyncio.gather(*(publish(f"k{number}") for number in range(PUBLISHERS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
