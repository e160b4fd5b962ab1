"""The payer of the network charge stands at the point whose meter measures, like readings (A34).

A migration that has been released is never edited; a change is a new one.
"""

from sqlite_utils import Database, Migrations

payers = Migrations("payers")

# What stood at a point that is measured elsewhere; of two of one day either says the same.
_MOVE = """
UPDATE OR REPLACE network_charge_payers
SET accounting_point = (SELECT measured_at FROM accounting_points
    WHERE accounting_points.accounting_point = network_charge_payers.accounting_point)
WHERE accounting_point IN (SELECT accounting_point FROM accounting_points
    WHERE measured_at IS NOT NULL)
"""


@payers(name="0001_payers_at_meters")
def _payers_at_meters(db: Database) -> None:
    db.execute(_MOVE)
