//! Cycle counts of every instruction class against the documented table (ARM DDI 0165B, chapter 8, for zero-wait
//! memory), as small programs that every path through the processor must take exactly that long for.
//!
//! Interlocks that the table names are here as pairs; `timing` has more of them. Registers: r1 points at sixteen words
//! that all hold 0x200, r2 is 0, r7 points nowhere, r10 is a status word, r14 is 0x200, the stack is in the data; Z is
//! clear. The code is at 0x100.

use super::*;

/// A row of the table, what is executed (one or two instructions), its words, and the cycles of it all.
type Row<T> = (&'static str, &'static str, &'static [T], u64);

#[rustfmt::skip]
const ARM: &[Row<u32>] = &[
    ("data processing", "add r0, r3, r4", &[0xe0830004], 1),
    ("data processing", "mov r0, #1", &[0xe3a00001], 1),
    ("data processing", "rscs r0, r3, #255", &[0xe2f300ff], 1),
    ("data processing", "cmp r3, r4", &[0xe1530004], 1),
    ("data processing", "teq r3, #1", &[0xe3330001], 1),
    ("data processing", "ands r0, r3, r4, lsl #3", &[0xe0130184], 1),
    ("data processing", "mvn r0, r3, rrx", &[0xe1e00063], 1),
    ("data processing", "addeq r0, r3, r4", &[0x00830004], 1),
    ("data processing, +1 register-specified shift", "add r0, r3, r4, lsl r2", &[0xe0830214], 2),
    ("data processing, +1 register-specified shift", "movs r0, r3, asr r4", &[0xe1b00453], 2),
    ("data processing, +1 register-specified shift", "cmp r3, r4, ror r2", &[0xe1530274], 2),
    ("data processing, +1 register-specified shift", "addeq r0, r3, r4, lsl r2", &[0x00830214], 1),
    ("data processing, PC written by add and subtract", "add pc, pc, r2", &[0xe08ff002], 3),
    ("data processing, PC written by add and subtract", "sub pc, r14, #4", &[0xe24ef004], 3),
    ("data processing, PC written by add and subtract", "rsb pc, r2, #512", &[0xe262fc02], 3),
    ("data processing, PC written by logic and MOV", "mov pc, r14", &[0xe1a0f00e], 4),
    ("data processing, PC written by logic and MOV", "orr pc, r14, r2", &[0xe18ef002], 4),
    ("data processing, PC written by logic and MOV", "bic pc, r14, #4", &[0xe3cef004], 4),
    ("CLZ and QADD family", "clz r0, r3", &[0xe16f0f13], 1),
    ("CLZ and QADD family", "clz r0, r3; add r5, r0, r4", &[0xe16f0f13, 0xe0805004], 2),
    ("CLZ and QADD family", "qadd r0, r3, r4", &[0xe1040053], 1),
    ("CLZ and QADD family", "qsub r0, r3, r4", &[0xe1240053], 1),
    ("CLZ and QADD family", "qdadd r0, r3, r4", &[0xe1440053], 1),
    ("CLZ and QADD family", "qdsub r0, r3, r4", &[0xe1640053], 1),
    ("CLZ and QADD family", "qadd r0, r3, r4; add r5, r3, r4", &[0xe1040053, 0xe0835004], 2),
    ("QADD family, +1 if used next", "qadd r0, r3, r4; add r5, r0, r4", &[0xe1040053, 0xe0805004], 3),
    ("QADD family, +1 if used next", "qdsub r0, r3, r4; str r0, [r1]", &[0xe1640053, 0xe5810000], 3),
    ("MUL, MLA", "mul r0, r3, r4", &[0xe0000493], 2),
    ("MUL, MLA", "mla r0, r3, r4, r5", &[0xe0205493], 2),
    ("MUL, MLA", "mul r0, r3, r4; add r5, r3, r4", &[0xe0000493, 0xe0835004], 3),
    ("MUL, MLA, +1 if used at once", "mul r0, r3, r4; add r5, r0, r4", &[0xe0000493, 0xe0805004], 4),
    ("MUL, MLA, +1 if used at once", "mla r0, r3, r4, r5; mul r6, r0, r4", &[0xe0205493, 0xe0060490], 5),
    ("MUL, MLA, but not as accumulator", "mul r0, r3, r4; mla r5, r3, r4, r0", &[0xe0000493, 0xe0250493], 4),
    ("MUL, MLA with S", "muls r0, r3, r4", &[0xe0100493], 4),
    ("MUL, MLA with S", "mlas r0, r3, r4, r5", &[0xe0305493], 4),
    ("MUL, MLA with S", "muls r0, r3, r4; add r5, r0, r4", &[0xe0100493, 0xe0805004], 5),
    ("long multiplies", "umull r0, r5, r3, r4", &[0xe0850493], 3),
    ("long multiplies", "smull r0, r5, r3, r4", &[0xe0c50493], 3),
    ("long multiplies", "umlal r0, r5, r3, r4", &[0xe0a50493], 3),
    ("long multiplies", "smlal r0, r5, r3, r4", &[0xe0e50493], 3),
    ("long multiplies with S", "umulls r0, r5, r3, r4", &[0xe0950493], 5),
    ("long multiplies with S", "smulls r0, r5, r3, r4", &[0xe0d50493], 5),
    ("long multiplies with S", "umlals r0, r5, r3, r4", &[0xe0b50493], 5),
    ("long multiplies with S", "smlals r0, r5, r3, r4", &[0xe0f50493], 5),
    ("half-word multiplies", "smulbb r0, r3, r4", &[0xe1600483], 1),
    ("half-word multiplies", "smlatb r0, r3, r4, r5", &[0xe10054a3], 1),
    ("half-word multiplies", "smulwt r0, r3, r4", &[0xe12004e3], 1),
    ("half-word multiplies", "smlawb r0, r3, r4, r5", &[0xe1205483], 1),
    ("half-word multiplies", "smlabb r0, r3, r4, r5; smlabb r6, r3, r4, r0", &[0xe1005483, 0xe1060483], 2),
    ("half-word multiplies, +1 if used at once", "smulbb r0, r3, r4; add r5, r0, r4", &[0xe1600483, 0xe0805004], 3),
    ("half-word multiplies, +1 if used at once", "smlawb r0, r3, r4, r5; add r5, r0, r4", &[0xe1205483, 0xe0805004], 3),
    ("SMLALxy", "smlalbb r0, r5, r3, r4", &[0xe1450483], 2),
    ("SMLALxy, +1 if used at once", "smlalbb r0, r5, r3, r4; add r6, r5, r4", &[0xe1450483, 0xe0856004], 4),
    ("LDR word", "ldr r0, [r1]", &[0xe5910000], 1),
    ("LDR word", "ldr r0, [r1, #4]!", &[0xe5b10004], 1),
    ("LDR word", "ldr r0, [r1], #4", &[0xe4910004], 1),
    ("LDR word", "ldr r0, [r1, r2]", &[0xe7910002], 1),
    ("LDR word", "ldr r0, [r1, -r2]", &[0xe7110002], 1),
    ("LDR word", "ldr r0, [r1]; add r5, r3, r4", &[0xe5910000, 0xe0835004], 2),
    ("LDR word, +1 if used next", "ldr r0, [r1]; add r5, r0, r4", &[0xe5910000, 0xe0805004], 3),
    ("LDR word, +1 if used next", "ldr r0, [r1]; str r0, [r1, #4]", &[0xe5910000, 0xe5810004], 3),
    ("LDR word, +1 shifted register offset", "ldr r0, [r1, r2, lsl #2]", &[0xe7910102], 2),
    ("LDR word, +1 shifted register offset", "ldr r0, [r1, r2, lsl #2]; add r5, r0, r4", &[0xe7910102, 0xe0805004], 4),
    ("LDR into PC", "ldr pc, [r1]", &[0xe591f000], 5),
    ("LDR into PC", "ldr pc, [r1, r2]", &[0xe791f002], 5),
    ("LDR into PC with scaled offset", "ldr pc, [r1, r2, lsl #2]", &[0xe791f102], 6),
    ("LDRB, LDRH, LDRSB, LDRSH", "ldrb r0, [r1]", &[0xe5d10000], 1),
    ("LDRB, LDRH, LDRSB, LDRSH", "ldrh r0, [r1]", &[0xe1d100b0], 1),
    ("LDRB, LDRH, LDRSB, LDRSH", "ldrsb r0, [r1]", &[0xe1d100d0], 1),
    ("LDRB, LDRH, LDRSB, LDRSH", "ldrsh r0, [r1, #2]!", &[0xe1f100f2], 1),
    ("LDRB, LDRH, LDRSB, LDRSH", "ldrb r0, [r1, r2, lsl #2]", &[0xe7d10102], 2),
    ("LDRB, LDRH, LDRSB, LDRSH, +2 if used next", "ldrb r0, [r1]; add r5, r0, r4", &[0xe5d10000, 0xe0805004], 4),
    ("LDRB, LDRH, LDRSB, LDRSH, +2 if used next", "ldrh r0, [r1]; add r5, r0, r4", &[0xe1d100b0, 0xe0805004], 4),
    ("LDRB, LDRH, LDRSB, LDRSH, +2 if used next", "ldrsb r0, [r1]; add r5, r0, r4", &[0xe1d100d0, 0xe0805004], 4),
    ("LDRB, LDRH, LDRSB, LDRSH, +2 if used next", "ldrsh r0, [r1]; add r5, r0, r4", &[0xe1d100f0, 0xe0805004], 4),
    ("LDRD", "ldrd r4, r5, [r1]", &[0xe1c140d0], 2),
    ("LDRD", "ldrd r4, r5, [r1]; add r6, r4, r3", &[0xe1c140d0, 0xe0846003], 3),
    ("LDRD, +1 last word used next", "ldrd r4, r5, [r1]; add r6, r5, r3", &[0xe1c140d0, 0xe0856003], 4),
    ("STR", "str r0, [r1]", &[0xe5810000], 1),
    ("STR", "strb r0, [r1], #1", &[0xe4c10001], 1),
    ("STR", "strh r0, [r1, r2]", &[0xe18100b2], 1),
    ("STR", "str r0, [r1, r2]", &[0xe7810002], 1),
    ("STR", "strd r4, r5, [r1]", &[0xe1c140f0], 2),
    ("STR with scaled offset", "str r0, [r1, r2, lsl #2]", &[0xe7810102], 2),
    ("STR with scaled offset", "strb r0, [r1, r2, lsl #2]", &[0xe7c10102], 2),
    ("LDM", "ldmia r1, {r3}", &[0xe8910008], 2),
    ("LDM", "ldmia r1, {r3, r4}", &[0xe8910018], 2),
    ("LDM", "ldmia r1!, {r3, r4, r5}", &[0xe8b10038], 3),
    ("LDM", "ldmdb r1, {r3-r6}", &[0xe9110078], 4),
    ("LDM", "ldmib r1, {r0, r2-r12}", &[0xe9911ffd], 12),
    ("LDM", "ldmia r1, {r0, r2-r14}", &[0xe8917ffd], 14),
    ("LDM", "ldmia r1, {r3, r4}; add r5, r3, r6", &[0xe8910018, 0xe0835006], 3),
    ("LDM, +1 if the last is used next", "ldmia r1, {r3, r4}; add r5, r4, r6", &[0xe8910018, 0xe0845006], 4),
    ("LDM with PC", "ldmia r1, {pc}", &[0xe8918000], 5),
    ("LDM with PC", "ldmia r1!, {r3, pc}", &[0xe8b18008], 6),
    ("LDM with PC", "ldmia r1, {r3-r12, pc}", &[0xe8919ff8], 15),
    ("STM", "stmia r1, {r3}", &[0xe8810008], 2),
    ("STM", "stmia r1, {r3, r4}", &[0xe8810018], 2),
    ("STM", "stmdb r1!, {r3-r7}", &[0xe92100f8], 5),
    ("STM", "stmia r1, {r0-r12, r14}", &[0xe8815fff], 14),
    ("B, BL, BX, BLX", "b 0x200", &[0xea00003e], 3),
    ("B, BL, BX, BLX", "bl 0x200", &[0xeb00003e], 3),
    ("B, BL, BX, BLX", "bx r14", &[0xe12fff1e], 3),
    ("B, BL, BX, BLX", "blx r14", &[0xe12fff3e], 3),
    ("B, BL, BX, BLX", "blx 0x200", &[0xfa00003e], 3),
    ("B, BL, BX, BLX", "bne 0x200", &[0x1a00003e], 3),
    ("B, BL, BX, BLX not taken", "beq 0x200", &[0x0a00003e], 1),
    ("B, BL, BX, BLX not taken", "bleq 0x200", &[0x0b00003e], 1),
    ("B, BL, BX, BLX not taken", "bxeq r14", &[0x012fff1e], 1),
    ("B, BL, BX, BLX not taken", "blxeq r14", &[0x012fff3e], 1),
    ("SWP", "swp r0, r3, [r1]", &[0xe1010093], 2),
    ("SWP", "swpb r0, r3, [r1]", &[0xe1410093], 2),
    ("MRS", "mrs r0, cpsr", &[0xe10f0000], 2),
    ("MSR, flags only", "msr cpsr_f, r3", &[0xe128f003], 1),
    ("MSR, flags only", "msr cpsr_f, #0xf0000000", &[0xe328f20f], 1),
    ("MSR, control byte", "msr cpsr_c, #0xdf", &[0xe321f0df], 3),
    ("MSR, control byte", "msr cpsr_fc, r10", &[0xe129f00a], 3),
    ("SWI, undefined, exception entry", "svc #1", &[0xef000001], 3),
    ("SWI, undefined, exception entry", "udf", &[0xe7f000f0], 3),
    ("SWI, undefined, exception entry", "bkpt", &[0xe1200070], 3),
    ("SWI, undefined, exception entry", "ldr r0, [r7] from nowhere", &[0xe5970000], 3),
    ("SWI, undefined, exception entry", "cdp p1", &[0xee000110], 3),
    ("MCR, MRC", "mcr p15, 0, r0, c7, c10, 4", &[0xee070f9a], 1),
    ("MCR, MRC", "mrc p15, #0, r0, c1, c0, #0", &[0xee110f10], 1),
    ("PLD", "pld [r1]", &[0xf5d1f000], 1),
];

#[rustfmt::skip]
const THUMB: &[Row<u16>] = &[
    ("data processing", "lsls r0, r3, #2", &[0x0098], 1),
    ("data processing", "adds r0, r3, r4", &[0x1918], 1),
    ("data processing", "subs r0, r3, #1", &[0x1e58], 1),
    ("data processing", "movs r0, #1", &[0x2001], 1),
    ("data processing", "cmp r3, #1", &[0x2b01], 1),
    ("data processing", "adds r3, #200", &[0x33c8], 1),
    ("data processing", "ands r3, r4", &[0x4023], 1),
    ("data processing", "rsbs r0, r3, #0", &[0x4258], 1),
    ("data processing", "mvns r0, r3", &[0x43d8], 1),
    ("data processing", "mov r8, r3", &[0x4698], 1),
    ("data processing", "add r3, r8", &[0x4443], 1),
    ("data processing", "cmp r8, r3", &[0x4598], 1),
    ("data processing", "add r0, sp, #8", &[0xa802], 1),
    ("data processing", "add r0, pc, #4", &[0xa001], 1),
    ("data processing", "add sp, #8", &[0xb002], 1),
    ("data processing, +1 register-specified shift", "lsls r3, r2", &[0x4093], 2),
    ("data processing, +1 register-specified shift", "asrs r3, r2", &[0x4113], 2),
    ("data processing, +1 register-specified shift", "rors r3, r2", &[0x41d3], 2),
    ("data processing, PC written by add and subtract", "add pc, r2", &[0x4497], 3),
    ("data processing, PC written by logic and MOV", "mov pc, lr", &[0x46f7], 4),
    ("MUL, MLA with S", "muls r3, r4, r3", &[0x4363], 4),
    ("LDR word", "ldr r0, [r1]", &[0x6808], 1),
    ("LDR word", "ldr r0, [r1, r2]", &[0x5888], 1),
    ("LDR word", "ldr r0, [sp, #4]", &[0x9801], 1),
    ("LDR word", "ldr r0, [pc, #4]", &[0x4801], 1),
    ("LDR word", "ldr r0, [r1]; adds r5, r3, r4", &[0x6808, 0x191d], 2),
    ("LDR word, +1 if used next", "ldr r0, [r1]; adds r5, r0, r4", &[0x6808, 0x1905], 3),
    ("LDR word, +1 if used next", "ldr r0, [r1, r2]; mov r8, r0", &[0x5888, 0x4680], 3),
    ("LDRB, LDRH, LDRSB, LDRSH", "ldrb r0, [r1]", &[0x7808], 1),
    ("LDRB, LDRH, LDRSB, LDRSH", "ldrh r0, [r1, r2]", &[0x5a88], 1),
    ("LDRB, LDRH, LDRSB, LDRSH", "ldrsb r0, [r1, r2]", &[0x5688], 1),
    ("LDRB, LDRH, LDRSB, LDRSH", "ldrsh r0, [r1, r2]", &[0x5e88], 1),
    ("LDRB, LDRH, LDRSB, LDRSH, +2 if used next", "ldrb r0, [r1]; adds r5, r0, r4", &[0x7808, 0x1905], 4),
    ("LDRB, LDRH, LDRSB, LDRSH, +2 if used next", "ldrh r0, [r1]; cmp r0, #1", &[0x8808, 0x2801], 4),
    ("LDRB, LDRH, LDRSB, LDRSH, +2 if used next", "ldrsb r0, [r1, r2]; adds r5, r0, r4", &[0x5688, 0x1905], 4),
    ("LDRB, LDRH, LDRSB, LDRSH, +2 if used next", "ldrsh r0, [r1, r2]; adds r5, r0, r4", &[0x5e88, 0x1905], 4),
    ("STR", "str r0, [r1]", &[0x6008], 1),
    ("STR", "strb r0, [r1]", &[0x7008], 1),
    ("STR", "strh r0, [r1]", &[0x8008], 1),
    ("STR", "str r0, [r1, r2]", &[0x5088], 1),
    ("STR", "str r0, [sp, #4]", &[0x9001], 1),
    ("LDM", "ldm r1!, {r3}", &[0xc908], 2),
    ("LDM", "ldm r1!, {r3, r4}", &[0xc918], 2),
    ("LDM", "ldm r1!, {r0, r2, r3, r4, r5, r6, r7}", &[0xc9fd], 7),
    ("LDM", "pop {r3, r4, r5}", &[0xbc38], 3),
    ("LDM, +1 if the last is used next", "ldm r1!, {r3, r4}; adds r5, r4, r6", &[0xc918, 0x19a5], 4),
    ("LDM, +1 if the last is used next", "pop {r3, r4}; adds r5, r4, r6", &[0xbc18, 0x19a5], 4),
    ("LDM with PC", "pop {pc}", &[0xbd00], 5),
    ("LDM with PC", "pop {r3, r4, pc}", &[0xbd18], 7),
    ("STM", "stm r1!, {r3}", &[0xc108], 2),
    ("STM", "stm r1!, {r3, r4, r5}", &[0xc138], 3),
    ("STM", "push {r3}", &[0xb408], 2),
    ("STM", "push {r3, r4, r5, lr}", &[0xb538], 4),
    ("B, BL, BX, BLX", "b #0x200", &[0xe07e], 3),
    ("B, BL, BX, BLX", "bne #0x180", &[0xd13e], 3),
    ("B, BL, BX, BLX", "bx lr", &[0x4770], 3),
    ("B, BL, BX, BLX", "blx lr", &[0x47f0], 3),
    ("B, BL, BX, BLX, the pair of Thumb", "bl #0x200", &[0xf000, 0xf87e], 4),
    ("B, BL, BX, BLX, the pair of Thumb", "blx #0x200", &[0xf000, 0xe87e], 4),
    ("B, BL, BX, BLX not taken", "beq #0x180", &[0xd03e], 1),
    ("SWI, undefined, exception entry", "svc #1", &[0xdf01], 3),
    ("SWI, undefined, exception entry", "udf", &[0xde00], 3),
    ("SWI, undefined, exception entry", "bkpt", &[0xbe00], 3),
    ("SWI, undefined, exception entry", "ldr r0, [r7] from nowhere", &[0x6838], 3),
];

const DATA: u32 = 0x0040_0100;

/// The start that the rows assume.
fn ready(mut cpu: Cpu) -> Cpu {
    for n in 0..16 {
        assert!(cpu.tcm_write(DATA + 4 * n, &0x200u32.to_le_bytes()));
    }
    for (n, value) in [
        (1, DATA),
        (2, 0),
        (3, 0x1234_5678),
        (4, 3),
        (5, 7),
        (7, 0x5000_0000),
        (10, 0xdf),
        (13, DATA),
        (14, 0x200),
    ] {
        cpu.set_register(n, value);
    }
    cpu
}

/// Executes `count` instructions by every path, one at a time and at one go, and expects that many cycles.
fn takes(cycles: u64, count: u64, what: &str, start: impl Fn() -> Cpu) {
    for (name, path) in PATHS {
        let mut cpu = start();
        let mut bus = Outside::default();
        while cpu.instructions() < count {
            let next = cpu.cycles() + 1;
            path(&mut cpu, &mut bus, next);
        }
        assert_eq!(
            cpu.cycles(),
            cycles,
            "{what}, by {name}, one instruction at a time"
        );
        let mut whole = start();
        path(&mut whole, &mut Outside::default(), cycles);
        assert_eq!(
            (whole.cycles(), whole.instructions()),
            (cycles, count),
            "{what}, by {name}, at one go"
        );
        assert_eq!(whole.state(), cpu.state(), "{what}, by {name}");
    }
}

#[test]
fn arm_instructions_take_the_documented_cycles() {
    for (row, text, code, cycles) in ARM {
        takes(*cycles, code.len() as u64, &format!("{row}: {text}"), || {
            ready(arm(code))
        });
    }
}

#[test]
fn thumb_instructions_take_the_documented_cycles() {
    for (row, text, code, cycles) in THUMB {
        takes(*cycles, code.len() as u64, &format!("{row}: {text}"), || {
            ready(thumb(code))
        });
    }
}

/// "n (min 2)", "n+4 with PC", "+1 if the last is used next".
#[test]
fn block_transfers_take_a_cycle_a_register() {
    for n in 1..=12u64 {
        let list = ((1 << n) - 1) << 2 & 0x7ffc_u32;
        let count = u64::from(list.count_ones());
        let last = list.ilog2();
        for up in [0, 1 << 23] {
            for write in [0, 1 << 21] {
                let block = |load: u32, list: u32| 0xe801_0000 | up | write | load << 20 | list;
                let what = |load: &str| format!("{load} of {count} registers");
                takes(count.max(2), 1, &what("STM"), || ready(arm(&[block(0, list)])));
                takes(count.max(2), 1, &what("LDM"), || ready(arm(&[block(1, list)])));
                takes(count.max(2) + 2, 2, &what("LDM and use"), || {
                    ready(arm(&[block(1, list), 0xe1a0_0000 | last]))
                });
                takes(count + 5, 1, &what("LDM with PC"), || {
                    ready(arm(&[block(1, list | 1 << 15)]))
                });
            }
        }
    }
}

/// The ways back from an exception are data processing and LDM that write the PC.
#[test]
fn exception_returns_take_what_their_class_takes() {
    for (code, cycles) in [
        (0xe25e_f004u32 /* subs pc, lr, #4 */, 3),
        (0xe1b0_f00e /* movs pc, lr */, 4),
        (0xe8d1_8001 /* ldmia r1, {r0, pc}^ */, 6),
    ] {
        takes(cycles, 1, "a return", || {
            let mut cpu = arm(&[code]);
            cpu.set_cpsr(0xd2);
            cpu.set_spsr(Mode::Irq, 0xdf);
            ready(cpu)
        });
    }
}

#[test]
fn interrupts_take_three_cycles_to_enter() {
    for (name, path) in PATHS {
        for (irq, fiq, vector) in [(true, false, 0x18), (false, true, 0x1c)] {
            let mut cpu = arm(&[]);
            cpu.set_cpsr(0x1f);
            let mut bus = Outside {
                irq,
                fiq,
                ..Outside::default()
            };
            path(&mut cpu, &mut bus, 3);
            assert_eq!(
                (cpu.cycles(), cpu.instructions(), cpu.register(15)),
                (3, 0, vector),
                "{name}"
            );
        }
    }
}

/// SARK documents `sub r0, #1; bcs .-2` as four cycles a turn; the turn that ends it takes two.
#[test]
fn the_delay_loop_takes_four_cycles_a_turn_by_every_path() {
    for turns in [0u32, 1, 2, 49, 50, 1000] {
        takes(
            4 * u64::from(turns) + 2,
            2 * u64::from(turns) + 2,
            "the delay loop",
            || {
                let mut cpu = thumb(&[0x3801, 0xd2fd, 0xe7fe]);
                cpu.set_register(0, turns);
                cpu
            },
        );
    }
}
