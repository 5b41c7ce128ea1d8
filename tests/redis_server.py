"""A real Redis on loopback, without a disk, which can be stopped and started."""

import asyncio
import shutil
import socket
import subprocess

INSTALLED = shutil.which("redis-server") is not None


class RedisServer:
    """Listens on a port that is free when it is made, and on the same one whenever it is started."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        quiet = ["--save", "", "--appendonly", "no", "--loglevel", "warning"]
        self.process = subprocess.Popen(["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", *quiet])
        async with asyncio.timeout(10):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.02)
                else:
                    writer.close()
                    return

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
