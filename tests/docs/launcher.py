#!/usr/bin/env python3
"""Stands for torchrun, srun or mpirun, by the name it is called with: starts two processes of a command on this machine, with the variables
that the one of that name sets. Options that the documentation gives them are accepted, others are an error.

usage: torchrun|srun|mpirun OPTION... COMMAND...
"""

import argparse
import os
import pathlib
import socket
import subprocess
import sys

SIZE = 2
HERE = "127.0.0.1"  # in place of node1


def torchrun(_, rank, port):
    # The store of torchrun's agent, which newer ones offer to their processes, would take PyTorch to make.
    return {"RANK": rank, "WORLD_SIZE": SIZE, "LOCAL_RANK": rank, "LOCAL_WORLD_SIZE": SIZE, "GROUP_RANK": 0, "MASTER_ADDR": HERE,
            "MASTER_PORT": port, "TORCHELASTIC_USE_AGENT_STORE": False, "OMP_NUM_THREADS": 1}


def srun(_, rank, port):
    # PMI_RANK and PMI_SIZE come with Slurm's own library of that interface.
    return {"SLURM_PROCID": rank, "SLURM_STEP_NUM_TASKS": SIZE, "SLURM_LOCALID": rank, "SLURM_NTASKS": SIZE, "PMI_RANK": rank, "PMI_SIZE": SIZE,
            "SLURM_LAUNCH_NODE_IPADDR": HERE, "MASTER_PORT": port}


def mpirun(options, rank, port):
    if options.genv:
        own = {"PMI_RANK": rank, "PMI_SIZE": SIZE, "MPI_LOCALRANKID": rank, "MPI_LOCALNRANKS": SIZE}
    else:
        own = {f"OMPI_COMM_WORLD_{name}": value for name, value in (("RANK", rank), ("SIZE", SIZE), ("LOCAL_RANK", rank), ("LOCAL_SIZE", SIZE))}
    handed_on = dict([*(name.split("=", 1) for name in options.x), *options.genv])
    return {**own, **{name: HERE if name == "MASTER_ADDR" else value for name, value in handed_on.items()}, "MASTER_PORT": port}


# Of each its variables, and the options with the number of their values. Slurm and MPI leave MASTER_PORT to the user, whose
# default may be taken here.
STARTERS = {
    "torchrun": (torchrun, {"--nnodes": 1, "--nproc-per-node": 1, "--rdzv-backend": 1, "--rdzv-endpoint": 1, "--no-python": 0}),
    "srun": (srun, {"--nodes": 1, "--ntasks-per-node": 1}),
    "mpirun": (mpirun, {"-np": 1, "-x": 1, "-genv": 2}),
}


def free_port():
    with socket.socket() as s:
        s.bind((HERE, 0))
        return s.getsockname()[1]


def main():
    name = pathlib.Path(sys.argv[0]).name
    variables, options = STARTERS[name]
    parser = argparse.ArgumentParser(prog=name, allow_abbrev=False)
    for option, values in options.items():
        if option in ("-x", "-genv"):
            parser.add_argument(option, nargs=None if values == 1 else values, action="append", default=[])
        elif values:
            parser.add_argument(option)
        else:
            parser.add_argument(option, action="store_true")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    found, port = parser.parse_args(), free_port()
    if name == "torchrun" and not found.no_python:
        parser.error("without --no-python it starts Python")
    started = [subprocess.Popen(found.command, env={**os.environ, **{key: str(value) for key, value in variables(found, rank, port).items()}})
               for rank in range(SIZE)]
    sys.exit(max(abs(process.wait()) for process in started))


if __name__ == "__main__":
    main()
