"""Imported once by the process that all lives are forked from: what each would make anew."""

import gc

from broker.wire import explain

explain._schema()
gc.freeze()  # else the first collection of each life copies every page of what it shares
