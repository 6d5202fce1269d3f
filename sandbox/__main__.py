"""`python -m sandbox`: the local AWS on loopback, until SIGTERM or Ctrl-C."""

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from queue import Empty, SimpleQueue

from sandbox import claims

SAVE_EVERY = 5.0


def main(arguments: list[str] | None = None) -> int:
    """Run the sandbox; returns the exit code: 0 after a clean end, 2 if it could not start."""
    asked = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("sandbox").setLevel(logging.INFO)
    ending: SimpleQueue[int] = SimpleQueue()  # an Event's lock may deadlock when two signals come at once
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _: ending.put(got))
    os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "1"  # no page in a browser may call this AWS
    try:
        listening = claims.port(asked.port)
    except OSError as problem:
        return _no(f"cannot listen on {claims.HOST}:{asked.port}: {problem.strerror}")
    try:
        held = claims.directory(asked.state) if asked.state else None
    except OSError as problem:
        listening.close()
        return _no(f"cannot use {asked.state}: {problem.strerror or problem}")
    # moto takes seconds to import: the signals and claims above must not wait for it.
    from sandbox import server, state, weather
    from sandbox.clock import clock
    from sandbox.endpoints import serving as endpoints
    from sandbox.weather import buckets
    from sandbox.wsgi import inner_application

    keeper = state.keep_in(asked.state) if asked.state else None
    serving = server.serve(listening)
    inner_application()
    if asked.frozen:
        clock.freeze()
    beginning = state.Keeper(asked.begin_as) if asked.begin_as else keeper
    restored = beginning.restore() if beginning else False
    clock.set_speed(asked.speed)
    buckets.enabled = asked.limits == "on"
    weather.start()
    if asked.endpoints == "on":
        endpoints.start(serving.port, restored=restored)
    clock.start()
    threading.Thread(target=serving.serve_forever, args=(0.1,), daemon=True, name="sandbox-server").start()
    print(  # noqa: T201 - whoever started this process waits for the line
        f"sandbox ready at http://{claims.HOST}:{serving.port} "
        f"(speed {asked.speed:g}{', frozen' if asked.frozen else ''}{', restored' if restored else ''})",
        flush=True,
    )
    while not _ended(ending):
        if keeper:
            keeper.save_if_changed()
    serving.shutdown()
    endpoints.stop()
    if keeper:
        keeper.save_if_changed()
    if held:
        held.close()
    return 0


def _ended(ending: SimpleQueue[int]) -> bool:
    try:
        ending.get(timeout=SAVE_EVERY)
    except Empty:
        return False
    return True


def _no(why: str) -> int:
    print(f"sandbox: {why}", file=sys.stderr)  # noqa: T201
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=_port, default=5001, help="on 127.0.0.1; 0 picks a free one (default 5001)")
    parser.add_argument("--state", type=Path, help="directory to keep the state in; without it nothing is kept")
    parser.add_argument(
        "--begin-as",
        type=Path,
        help="directory with the state to begin with, instead of that of --state; it stays as it is",
    )
    parser.add_argument("--speed", type=_speed, default=1.0, help="AWS's seconds per real second (default 1)")
    parser.add_argument("--frozen", action="store_true", help="time moves only when told to")
    parser.add_argument(
        "--endpoints",
        choices=("on", "off"),
        default=os.environ.get("SANDBOX_ENDPOINTS", "on"),
        help="whether somebody is behind the endpoints of databases and caches (default on, or SANDBOX_ENDPOINTS)",
    )
    parser.add_argument("--limits", choices=("on", "off"), default="on", help="AWS's request rates (default on)")
    return parser


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError("a port is between 0 and 65535")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0.01 <= speed <= 10_000:
        raise argparse.ArgumentTypeError("speed is between 0.01 and 10000")
    return speed


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # everything is saved; taking moto's modules apart would only take a second more
