"""Becomes another program, tied to the life of the process that asked for it.

    python -I -S tied.py <pid of the parent> <program> [arguments...]

On Linux the kernel kills the program when its parent dies, even by SIGKILL. This is a program
of its own, and not a function run between fork and exec, because nothing that takes a lock is
safe there while the parent has other threads.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent, then become the program."""
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != int(parent):  # it died before it could be heard
            sys.exit(1)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
