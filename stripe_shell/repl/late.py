"""Late responses: shows those that arrive after Ctrl-C above the prompt, or before the next one."""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from prompt_toolkit.application import Application, run_in_terminal


class LateAnswers:
    """Queues reports from any thread and runs them in the thread of the prompt."""

    def __init__(self) -> None:
        self._reports: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._application: Application[Any] | None = None

    def attach(self, application: Application[Any]) -> None:
        """Shows later reports above the prompt of this application while it runs."""
        self._application = application

    def add(self, report: Callable[[], None]) -> None:
        """Schedules `report` to be called in the thread of the prompt. Thread-safe."""
        self._reports.put(report)
        application = self._application
        loop = application.loop if application is not None else None
        if loop is not None and application is not None and application.is_running:
            loop.call_soon_threadsafe(self._interrupt, application)

    def report_all(self) -> None:
        """Calls the queued reports in the order of their arrival."""
        while True:
            try:
                report = self._reports.get_nowait()
            except Empty:
                return
            report()

    def _interrupt(self, application: Application[Any]) -> None:
        async def above_the_prompt() -> None:
            await run_in_terminal(self.report_all)

        if not self._reports.empty():
            application.create_background_task(above_the_prompt())
