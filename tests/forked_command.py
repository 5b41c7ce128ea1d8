"""``llm-service`` for tests that type it often: a process that has imported everything forks itself for each call.

Importing takes longer than most commands do. ``forked_command(folder)`` starts that process and puts a program into
``folder`` that hands its arguments, environment and open files over, and ends with the command's exit code. A command
that goes on until it gets a signal is not for this: the signal would reach the program only.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

CLIENT = """#!{python} -ISs
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as line:
    line.connect({address!r})
    order = json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode()
    socket.send_fds(line, [len(order).to_bytes(4, "big")], [0, 1, 2])
    line.sendall(order)
    sys.exit(line.recv(1)[0])
"""


@contextmanager
def forked_command(folder: Path) -> Iterator[Path]:
    """The program, for as long as the block lasts."""
    address, program = str(folder / "socket"), folder / "llm-service"
    program.write_text(CLIENT.format(python=sys.executable, address=address))
    program.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        source = str(Path(__file__).parent.parent / "src")
        environment = {**os.environ, "PYTHONPATH": source}
        with subprocess.Popen(
            [sys.executable, __file__, str(listening.fileno())], pass_fds=[listening.fileno()], env=environment
        ) as process:
            try:
                yield program
            finally:
                process.kill()


def _run(arguments: list[str], environment: dict[str, str], folder: str, files: list[int]) -> NoReturn:
    """The command, in a process of its own, which is left without taking everything that was imported apart."""
    from llm_service.cli import main

    for number, file in enumerate(files):
        os.dup2(file, number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    code: object = 1
    try:
        main(arguments, prog_name="llm-service")
    except SystemExit as end:
        code = end.code
    except Exception:  # noqa: BLE001 - the process ends here, and says why
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)


def _serve(listening: socket.socket) -> None:
    import llm_service.api
    import llm_service.cli  # noqa: F401

    while True:
        line, _ = listening.accept()
        with line:
            size, files, _, _ = socket.recv_fds(line, 4, 3)
            order = json.loads(line.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL))
            if (child := os.fork()) == 0:
                listening.close()
                _run(*order, files)
            _, status = os.waitpid(child, 0)
            line.sendall(bytes([os.waitstatus_to_exitcode(status) & 0xFF]))
            for file in files:
                os.close(file)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
