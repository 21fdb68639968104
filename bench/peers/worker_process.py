import asyncio
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
LINE_BYTES = 1 << 24


class WorkerProcess:
    """What the driver knows about a worker in a process of its own."""

    @classmethod
    async def start(cls, peer, concurrency, mode):
        worker = cls()
        worker.count, worker.first, worker.starts = 0, None, {}
        worker.process = await asyncio.create_subprocess_exec(
            sys.executable, str(HERE / "worker.py"), peer, str(concurrency), mode, stdout=asyncio.subprocess.PIPE, limit=LINE_BYTES
        )
        if not await worker.process.stdout.readline():
            raise RuntimeError(f"the worker of {peer} ended with {await worker.process.wait()}")
        worker.reader = asyncio.create_task(worker.listen())
        return worker

    async def listen(self):
        while line := await self.process.stdout.readline():
            message = json.loads(line)
            self.count, self.first = message["count"], message["first"]
            self.starts.update(message["starts"])

    def memory(self, field):
        """VmRSS: now; VmHWM: the most so far. In MB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return round(int(re.search(rf"{field}:\s+(\d+)", status)[1]) / 1024, 1)

    async def stop(self):
        self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), 10)
        except asyncio.TimeoutError:
            self.process.kill()
            await self.process.wait()
        await self.reader
