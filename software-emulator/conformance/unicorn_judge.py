"""Unicorn (QEMU's translator) as an ARM946, which is ARMv5TE.

Unicorn stops where an exception would be taken, with the state before it; the entry itself is `state.entry`. It has no
interrupts either: the lines are looked at before each instruction, here.
"""

from unicorn import (UC_ARCH_ARM, UC_ERR_FETCH_PROT, UC_ERR_FETCH_UNMAPPED, UC_ERR_INSN_INVALID, UC_ERR_READ_UNMAPPED,
                     UC_ERR_WRITE_UNMAPPED, UC_HOOK_CODE, UC_HOOK_INTR, UC_HOOK_MEM_WRITE, UC_MODE_ARM, Uc, UcError)
from unicorn import arm_const as arm

from state import (CODE, CONTROL_AT, CPSR_AT, DATA, FIQ, FIQ_OFF, HIGH_VECTORS, IRQ_OFF, LINES, LINES_AT, PC_AT, REGIONS,
                   SPSR_AT, SYSTEM, THUMB, USER, WITH_SPSR, WORDS, Outcome, entry, place)

R = [getattr(arm, f"UC_ARM_REG_R{n}") for n in range(15)] + [arm.UC_ARM_REG_PC]
CPSR, SPSR = arm.UC_ARM_REG_CPSR, arm.UC_ARM_REG_SPSR
CONTROL_REGISTER = (15, 0, 0, 1, 0, 0, 0)
# Beyond the address space: Unicorn stops by the hooks alone.
NEVER = 1 << 40
INTERRUPTS = {2: "software", 4: "data abort", 7: "prefetch abort"}
ERRORS = {UC_ERR_INSN_INVALID: "undefined", UC_ERR_READ_UNMAPPED: "data abort", UC_ERR_WRITE_UNMAPPED: "data abort",
          UC_ERR_FETCH_UNMAPPED: "prefetch abort", UC_ERR_FETCH_PROT: "prefetch abort"}
MOST_STEPS = 1500


class Endless(Exception):
    """A program that does not end in time."""


class UnicornJudge:
    name = "unicorn"

    def __init__(self):
        self.uc = uc = Uc(UC_ARCH_ARM, UC_MODE_ARM)
        uc.ctl_set_cpu_model(arm.UC_CPU_ARM_946)
        for at, size in REGIONS:
            uc.mem_map(at, size)
        uc.hook_add(UC_HOOK_CODE, self.before)
        uc.hook_add(UC_HOOK_INTR, self.raised)
        uc.hook_add(UC_HOOK_MEM_WRITE, self.stored, begin=LINES, end=LINES + 3)

    def before(self, uc, address, _size, _):
        """Before each instruction."""
        if self.steps == self.limit:
            self.event = "end"
            return uc.emu_stop()
        if self.lines:
            status = uc.reg_read(CPSR)
            if self.lines & 2 and not status & FIQ_OFF:
                self.event = "fiq"
            elif self.lines & 1 and not status & IRQ_OFF:
                self.event = "irq"
            if self.event:
                return uc.emu_stop()
        if address in self.ends:
            self.event = "end"
            return uc.emu_stop()
        self.steps += 1

    def raised(self, uc, number, _):
        self.event = INTERRUPTS[number]
        uc.emu_stop()

    def stored(self, _uc, _access, _address, _size, value, _):
        self.lines = value

    def load(self, case):
        uc, words = self.uc, case.words
        batch = []
        for at, mode in enumerate(WITH_SPSR):
            batch.append((CPSR, 0xC0 | mode))
            first = 8 if mode == FIQ else 13
            batch += [(R[n], words[place(mode, n)]) for n in range(first, 15)]
            batch.append((SPSR, words[SPSR_AT + at]))
        batch.append((CPSR, 0xC0 | SYSTEM))
        batch += [(R[n], words[place(USER, n)]) for n in range(15)]
        batch.append((CPSR, words[CPSR_AT]))
        uc.reg_write_batch(batch)
        if uc.reg_read(arm.UC_ARM_REG_CP_REG, CONTROL_REGISTER) != words[CONTROL_AT]:
            uc.reg_write(arm.UC_ARM_REG_CP_REG, (*CONTROL_REGISTER, words[CONTROL_AT]))
        for at, memory in ((0, case.vectors), (HIGH_VECTORS, case.vectors), (case.code_at, case.code_padded()),
                           (case.data_at, bytes(case.data))):
            uc.mem_write(at, memory)
        # What was translated from there is not noticed to be out of date.
        uc.ctl_flush_tb()
        uc.mem_write(LINES, words[LINES_AT].to_bytes(4, "little"))
        self.lines = words[LINES_AT]

    def outcome(self, case):
        uc = self.uc
        status = uc.reg_read(CPSR)
        words = [0] * WORDS
        words[CONTROL_AT] = uc.reg_read(arm.UC_ARM_REG_CP_REG, CONTROL_REGISTER)
        words[LINES_AT], words[CPSR_AT] = self.lines, status
        words[PC_AT] = uc.reg_read(R[15])
        for at, mode in enumerate(WITH_SPSR):
            uc.reg_write(CPSR, 0xC0 | mode)
            first = 8 if mode == FIQ else 13
            got = uc.reg_read_batch(R[first:15] + [SPSR])
            for n in range(first, 15):
                words[place(mode, n)] = got[n - first]
            words[SPSR_AT + at] = got[-1]
        uc.reg_write(CPSR, 0xC0 | SYSTEM)
        words[place(USER, 0):place(USER, 0) + 15] = uc.reg_read_batch(R[:15])
        return Outcome(words, bytes(uc.mem_read(case.code_at, CODE)), bytes(uc.mem_read(case.data_at, DATA)))

    def judge(self, case):
        """The state after a case, and the exceptions on the way."""
        uc = self.uc
        self.load(case)
        self.steps, self.limit, self.ends = 0, case.judge_steps or MOST_STEPS, case.ends
        pc, exceptions = case.words[PC_AT], []
        while True:
            self.event = None
            try:
                uc.emu_start(pc | bool(uc.reg_read(CPSR) & THUMB), NEVER)
            except UcError as error:
                if error.errno not in ERRORS:
                    raise
                self.event = ERRORS[error.errno]
            pc = uc.reg_read(R[15])
            if self.event == "end":
                if case.ends and pc not in case.ends:
                    raise Endless
                break
            if self.event is None:
                raise RuntimeError(f"Unicorn stopped at {pc:#x} without a reason")
            if self.event == "prefetch abort" and not self.fetched(pc):
                # Nothing was executed, but a step it is.
                if self.steps == self.limit:
                    break
                self.steps += 1
            exceptions.append(self.event)
            pc = self.enter(self.event, pc)
            if self.steps == self.limit:
                break
        return self.outcome(case), exceptions

    @staticmethod
    def fetched(pc):
        """Whether there is an instruction at this address, so that a prefetch abort is a breakpoint's."""
        return any(at <= pc < at + size for at, size in REGIONS)

    def enter(self, kind, pc):
        uc = self.uc
        status = uc.reg_read(CPSR)
        control = uc.reg_read(arm.UC_ARM_REG_CP_REG, CONTROL_REGISTER)
        # After SWI the PC is already past it.
        following = pc if kind == "software" else pc + (2 if status & THUMB else 4)
        mode, link, after, vector = entry(kind, status, control, pc, following)
        uc.reg_write(CPSR, after)
        uc.reg_write(SPSR, status)
        uc.reg_write(R[14], link)
        uc.reg_write(R[15], vector)
        return vector
