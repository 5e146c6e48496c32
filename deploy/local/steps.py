"""Steps of a start as people see them: a running clock on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.progress import TimeElapsedColumn as Elapsed

Tell = Callable[[str], None]
Advance = Callable[[int], None]


class Steps:
    """Shows one step after the other with the seconds that each took."""

    def __init__(self, console: Console) -> None:
        self.console = console

    @contextmanager
    def step(self, what: str) -> Iterator[Tell]:
        """A step; the callback says what it is just doing."""
        began = time.monotonic()
        with self._progress() as progress:
            task = progress.add_task(what, total=None)

            def tell(line: str) -> None:
                progress.update(task, description=f"{what} [dim]{line}[/]")
                if not self.console.is_terminal:
                    self.say(f"[dim]… {line}[/]")

            yield tell
        self._done(what, began)

    @contextmanager
    def counted(self, what: str, total: int) -> Iterator[Advance]:
        """A step of `total` parts; the callback is told how many more are done."""
        began = time.monotonic()
        with self._progress(BarColumn(bar_width=30), MofNCompleteColumn()) as progress:
            task = progress.add_task(what, total=total)
            yield lambda more: progress.advance(task, more)
        self._done(f"{what} [dim]{total}[/]", began)

    def say(self, line: str) -> None:
        """A line that stays."""
        self.console.print(line, highlight=False, soft_wrap=True)

    def _progress(self, *columns: TextColumn | BarColumn | MofNCompleteColumn) -> Progress:
        return Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            *columns,
            Elapsed(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )

    def _done(self, what: str, began: float) -> None:
        self.say(f"[green]✓[/] {what} [cyan]{time.monotonic() - began:.1f} s[/]")
