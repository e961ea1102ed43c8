# Measures processes from outside: memory and CPU time out of /proc, the peak of a child.
import os
import pathlib
import re
import resource
import subprocess

MIB = 1048576


def memory(pid):
    """{"RssAnon", "VmRSS", "VmHWM", …: bytes} of a running process."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return {name: int(kib) * 1024 for name, kib in re.findall(r"^(\w+):\s+(\d+) kB$", text, re.MULTILINE)}


def cpu_seconds(pid):
    """
    CPU time that a process has used, all of its threads, user and kernel. In nanoseconds where the kernel says so; the
    clock ticks of /proc/PID/stat (10 ms) are what threads that ended are counted in.
    """
    ticks = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    by_ticks = (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")
    by_threads = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            by_threads += int(pathlib.Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0])
        except (OSError, IndexError):
            return by_ticks
    return max(by_threads / 1e9, by_ticks - 0.01)


def peak_of(command):
    """
    Runs a command that writes more to standard output than a pipe holds, and looks at its peak resident memory shortly
    before it can end. (The kernel's ru_maxrss would count this process too, from which it was forked.) → bytes
    """
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    child.stdout.read(100_000)
    peak = memory(child.pid)["VmHWM"]
    child.stdout.read()
    if child.wait(30) != 0:
        raise RuntimeError(f"{command[0]}: exit status {child.returncode}")
    return peak


def on_cores(cores):
    """For subprocess' preexec_fn: keeps the child on these cores."""
    return lambda: os.sched_setaffinity(0, cores)


def cores_for_server_and_load():
    """({core of the server}, {the others}); the same for both where there is only one."""
    cores = sorted(os.sched_getaffinity(0))
    return {cores[0]}, set(cores[1:]) or {cores[0]}


def allow_many_files():
    """A load generator opens a few hundred connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
