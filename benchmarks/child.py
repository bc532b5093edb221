"""Runs a command and prints what it took as JSON: `python child.py COMMAND ...`.

A process of its own, and a small one: on Linux the peak memory of a child counts what its parent had when it forked.
"""

import json
import os
import subprocess
import sys
import time


def main() -> None:
    began = time.perf_counter()
    with subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL) as process:
        if hasattr(os, "wait4"):
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            unit = 1 if sys.platform == "darwin" else 1024
            peak = usage.ru_maxrss * unit / 1e6
            cpu = usage.ru_utime + usage.ru_stime
        else:
            process.wait()
            peak = cpu = None
    seconds = time.perf_counter() - began
    print(json.dumps({"code": process.returncode, "seconds": seconds, "cpu": cpu, "megabytes": peak}))


if __name__ == "__main__":
    main()
