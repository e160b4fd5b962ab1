"""Scenarios run and told, one after another: what the command line calls."""

from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from broker.scenarios.files import read_scenario, scenario_paths
from broker.scenarios.run import run_scenario
from broker.scenarios.stage import make_template
from broker.scenarios.timeline import print_timeline


async def replay_scenarios(paths: list[Path], console: Console) -> int:
    """Run every scenario among these files and folders; gives how many went otherwise.

    Raises FaultyScenario.
    """
    scenarios = [read_scenario(path) for path in scenario_paths(paths)]
    failed = 0
    with TemporaryDirectory() as folder:
        template = make_template(Path(folder) / "register.sqlite")
        for number, scenario in enumerate(scenarios):
            own = Path(folder) / str(number)
            own.mkdir()
            report = await run_scenario(scenario, template=template, folder=own)
            print_timeline(report, console)
            failed += bool(report.failures)
    console.print(f"\nscenarios: {len(scenarios)}, otherwise than they say: {failed}")
    return failed
