"""The service in a process of its own whose clock starts at a given instant.

Run as `python -m tests.service.serves_at DATABASE INSTANT`; it prints its address.
"""

import asyncio
import logging
import sys
from datetime import datetime
from pathlib import Path

from broker.__main__ import run_service
from broker.clock import ShiftedClock
from broker.service import Service
from tests.web.running import settings

if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    # So seldom that what is due at the start is handled by nothing but the start.
    config = settings(Path(sys.argv[1]), sweep_seconds=3600)
    service = Service(config, ShiftedClock(datetime.fromisoformat(sys.argv[2])))
    asyncio.run(run_service(service, lambda _: ""))
