import asyncio
import importlib.metadata
import os

from arq import create_pool
from arq.connections import RedisSettings
from arq.worker import Worker, func

VERSION = importlib.metadata.version("arq")
PROMISES = (
    "The job is in the memory of Redis: with appendfsync everysec a crash loses about the last second, and a wiped Redis loses"
    " everything queued."
)
SETTINGS = "polls every 10 ms (0.5 s by default); keeps no results; has no call for batches: 100 calls at a time"
IDLE_GAP_MS = (20, 40)
REDIS = RedisSettings.from_dsn(os.environ["PEERS_REDIS_URL"])


class Producer:
    async def open(self):
        self.pool = await create_pool(REDIS)

    async def single(self, n):
        await self.pool.enqueue_job("noop", n)

    async def batch(self, numbers):
        await asyncio.gather(*(self.single(n) for n in numbers))

    async def left(self):
        return await self.pool.zcard("arq:queue")

    # The Redis database is the peers' own.
    async def purge(self):
        await self.pool.flushdb()


def work(concurrency, started, ready):
    async def noop(_, n):
        started(n)

    async def on_startup(_):
        ready()

    asyncio.set_event_loop(asyncio.new_event_loop())
    worker = Worker(
        [func(noop, name="noop")],
        redis_settings=REDIS,
        max_jobs=concurrency,
        poll_delay=0.01,
        keep_result=0,
        log_results=False,
        on_startup=on_startup,
    )
    try:
        worker.run()
    except asyncio.CancelledError:
        pass  # stopped while jobs ran
