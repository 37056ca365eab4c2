"""Armulator, a transcription of the architecture manual's pseudo-code, set to version 5 with the old alignment rules.

It judges what Unicorn does not model: words at odd addresses, alignment faults, and the entry into exceptions.
"""

import contextlib
import io
import json
import os
import tempfile
from importlib import resources

from armulator.armv6.arm_exceptions import DataAbortException
from armulator.armv6.arm_v6 import ArmV6
from armulator.armv6.enums import DAbort
from armulator.armv6.registers import RName

from state import (ALIGNMENT, CODE, CONTROL_AT, CPSR_AT, DATA, FIQ_OFF, HIGH, HIGH_VECTORS, IRQ_OFF, LINES_AT, PC_AT,
                   REGIONS, SPSR_AT, USER_AT, WORDS, Outcome)

# The bit of its control register that allows SWP, as all processors of this age do.
SWAP = 1 << 10
SPSRS = ["spsr_fiq", "spsr_irq", "spsr_svc", "spsr_abt", "spsr_und"]
# Their names for the registers of a state, in its order.
ORDER = ([RName[f"R{n}usr"] for n in range(13)] + [RName.SPusr, RName.LRusr]
         + [RName[f"R{n}fiq"] for n in range(8, 13)] + [RName.SPfiq, RName.LRfiq]
         + [RName[f"{r}{m}"] for m in ("irq", "svc", "abt", "und") for r in ("SP", "LR")])


class Unpredictable(Exception):
    """Armulator says that the architecture does not define this."""


class ArmulatorJudge:
    name = "armulator"

    def __init__(self):
        settings = json.loads(resources.files("armulator.armv6").joinpath("arm_configurations.json").read_text())
        settings.update(arch_version=5, have_security_ext=False,
                        memory_list=[{"mem_type": "RAM", "beginning": at, "end": at + size} for at, size in REGIONS])
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "settings.json")
            with open(path, "w") as file:
                json.dump(settings, file)
            self.cpu = ArmV6(path)
        self.cpu.take_reset()
        hub = self.cpu.mem
        find = hub.get_memory_by_address

        def get_memory_by_address(address):
            memory = find(address)
            if memory is None:
                raise DataAbortException(DAbort.SYNC_EXTERNAL, False)
            return memory

        hub.get_memory_by_address = get_memory_by_address

    def memory(self, at, length):
        for memory in self.cpu.mem.memories:
            if memory.beginning <= at < memory.end:
                return memory.mem.memory_array, at - memory.beginning, at - memory.beginning + length
        raise ValueError(f"no memory at {at:#x}")

    def write(self, at, data):
        array, start, end = self.memory(at, len(data))
        array[start:end] = data

    def read(self, at, length):
        array, start, end = self.memory(at, length)
        return bytes(array[start:end])

    def judge(self, case):
        cpu, words = self.cpu, case.words
        registers = cpu.registers
        control = words[CONTROL_AT]
        registers.sctlr.value = control & (ALIGNMENT | HIGH) | SWAP | 0x78
        registers.cpsr.value = words[CPSR_AT]
        for name, value in zip(ORDER, words[USER_AT:]):
            registers._R[name] = value
        for name, value in zip(SPSRS, words[SPSR_AT:]):
            setattr(registers, name, value)
        registers._R[RName.PC] = words[PC_AT]
        for at, data in ((0, case.vectors), (HIGH_VECTORS, case.vectors), (case.code_at, case.code_padded()),
                         (case.data_at, case.data)):
            self.write(at, data)
        lines, status = words[LINES_AT], words[CPSR_AT]
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            if lines & 2 and not status & FIQ_OFF:
                registers.take_physical_fiq_exception()
            elif lines & 1 and not status & IRQ_OFF:
                registers.take_physical_irq_exception()
            for _ in range(case.judge_steps):
                try:
                    cpu.emulate_cycle()
                except AttributeError as error:
                    # What it calls unpredictable it decodes as nothing.
                    if "NoneType" not in str(error):
                        raise
                    raise Unpredictable from error
        if "unpredictable" in said.getvalue():
            raise Unpredictable
        out = [0] * WORDS
        out[CONTROL_AT] = control & ~(ALIGNMENT | HIGH) | registers.sctlr.value & (ALIGNMENT | HIGH)
        out[LINES_AT], out[CPSR_AT] = lines, registers.cpsr.value
        out[PC_AT] = registers._R[RName.PC]
        out[USER_AT:SPSR_AT] = [registers._R[name] for name in ORDER]
        out[SPSR_AT:] = [getattr(registers, name) for name in SPSRS]
        return Outcome(out, self.read(case.code_at, CODE), self.read(case.data_at, DATA)), []
