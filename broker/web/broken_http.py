"""What is not HTTP at all: aiohttp answers it and hangs up; here is what the log says of it.

No handler sees such bytes, so the answer is aiohttp's own short text with a status of 400.
"""

import logging

from aiohttp.http_exceptions import HttpProcessingError


def leave_out_what_was_sent(record: logging.LogRecord) -> bool:
    """A filter for aiohttp's log: of broken HTTP one line remains, without trace and bytes.

    What strangers send must neither fill the log nor write lines of its own into it.
    """
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError):
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.msg = f"broken HTTP was refused: {type(error).__name__}"
        record.args, record.exc_info, record.exc_text = None, None, None
    return True
