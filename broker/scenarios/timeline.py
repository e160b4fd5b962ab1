"""A scenario told to people: when, who did what, who was told what, and which rule owes it."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from broker.engine.calendar import LJUBLJANA, end_of, plus_days
from broker.scenarios.files import instant_of
from broker.scenarios.run import Happening, Report
from broker.scenarios.stage import Delivered

_OWED_BY = {
    "ApprovalNotice": "A12, A15; 002 a.195(4), a.196(1)",
    "RejectionNotice": "A14, A17; 002 a.195(6), a.197",
    "SupplyConfirmationInvitation": "B6; 002 a.192(3)",
    "ObjectionDecision": "B7; 002 a.192(3)",
    "WithdrawalNotice": "interpretation 11; 002 a.192(3)",
    "WithdrawalConfirmation": "A13; 002 a.195(5)",
    "SwitchCompleted": "A28; 002 a.201",
    "SwitchFailed": "A29; 002 a.202",
    "ReadingRejection": "A26, C1; 002 a.153(2), a.200(2)",
    "ReadingOrder": "A19; 002 a.199(1)",
    "SiteVisitNotice": "A21; 002 a.199(1)",
    "ReceiptConfirmation": "A10, A37; 002 a.194",
    "FinalSettlement": "A24, A30; 002 a.200(1), a.203",
    "RegisterChangeNotice": "A32; 002 a.141",
    "MasterDataResponse": "A4; 002 a.190(5)",
    "SwitchExecuted": "A27; 002 a.200(4)",
}
_OWED_TO_OLD = {"ApprovalNotice": "A12, A16; 002 a.195(4), a.196(2)"}
_ITSELF_TELLING = (
    "Ground/Code",
    "Ground/Text",
    "ReadFor",
    "Register/Quantity",
    "EffectiveOn",
    "Share",
    "AnswerBy",
    "Decision",
)
_TELLING = (
    "ExpectedDate",
    "ReadingPeriod/From",
    "ReadingPeriod/To",
    "SwitchDate",
    "Register/Value",
)
_FUNCTIONS = {"1": ["cancels the one before"], "5": ["replaces the one before"]}


def print_timeline(report: Report, console: Console) -> None:
    """The whole scenario, with what was not as expected at the end."""
    scenario = report.scenario
    console.print(f"\n[bold]{escape(scenario.title)}[/bold]", highlight=False)
    console.print(f"{scenario.path}  ·  {', '.join(scenario.rules)}", style="dim", highlight=False)
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    for happening in report.happenings:
        table.add_row(_when(happening), "\n".join(_lines(happening)))
    console.print(table, highlight=False)
    for failure in report.failures:
        console.print(f"[red]✗[/red] {escape(failure)}", highlight=False)
    if not report.failures:
        console.print("[green]✓[/green] as expected; the journal gives the same state")


def _when(happening: Happening) -> str:
    local = happening.at.astimezone(LJUBLJANA)
    midnight = local.time().isoformat() == "00:00:00"
    seconds = ":%S" if local.second else ""
    text = f"{local:%a %d %b %Y %H:%M{seconds}}"
    if midnight:
        before = plus_days(local.date(), -1)
        text = f"{before:%a %d %b %Y} 24:00"
    return f"[cyan]{text}[/cyan] [dim]{local:%Z}[/dim]"


def _lines(happening: Happening) -> list[str]:
    lines = []
    if happening.note:
        lines.append(f"[italic]{escape(happening.note)}[/italic]")
    answer = f"  →  {happening.answer}" if happening.answer else ""
    if happening.what:
        lines.append(f"[bold]{escape(happening.who)}[/bold] {escape(happening.what + answer)}")
    lines += [
        f"   ⏱ {kind}: {_limit(act_at)}  [dim]({escape(source)})[/dim]"
        for kind, act_at, source in happening.deadlines
    ]
    return lines + [_notice(document) for document in happening.notices]


def _limit(text: str) -> str:
    """An hour to act by the clock of the law; the end of a day as 24:00."""
    local = instant_of(text).astimezone(LJUBLJANA)
    before = plus_days(local.date(), -1)
    if end_of(before) == local:
        return f"{before:%a %d %b %Y} 24:00"
    return f"{local:%a %d %b %Y %H:%M}"


def _notice(document: Delivered) -> str:
    old = bool(document.value("OldSupply/Point/AccountingPoint"))
    owed = _OWED_BY[document.kind]
    owed = _OWED_TO_OLD.get(document.kind, owed) if old else owed
    part = "OldSupply/" if old else "NewSupply/"
    told = [f"{path} {value}" for path in _TELLING if (value := document.value(part + path))]
    told += [value for path in _ITSELF_TELLING if (value := document.value(path))]
    told += _FUNCTIONS.get(document.value("Header/Corrects/Function"), [])
    details = f": {', '.join(told)}" if told else ""
    return (
        f"   ✉ [green]{document.kind}[/green] to {escape(_recipient(document))}"
        f"{escape(details)}  [dim]({escape(owed)})[/dim]"
    )


def _recipient(document: Delivered) -> str:
    """Whose mailbox it is, and to which customer the operator delivers it (A37)."""
    customer = document.value("Header/DeliverToCustomer/Name")
    return f"{document.to.name}, for {customer}" if customer else document.to.name
